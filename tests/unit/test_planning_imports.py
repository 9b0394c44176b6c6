"""What a file says about the files it needs."""

import json

import pytest

from testfleet.planning.impact.imports.facts import FileFacts, Reach, from_row, to_row
from testfleet.planning.impact.imports.files import FileKind, kind_of
from testfleet.planning.impact.imports.python_source import read_python, read_text


def facts(source):
    return read_python(source.encode())


def unknown(source):
    return [one.what for one in facts(source).unknown]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b, c as d", ("a.b", "c")),
        ("from a import b, c", ("a.b", "a.c")),
        ("from .a import b\nfrom .. import c\nfrom . import d", ("..c", ".a.b", ".d")),
        ("from a import *\nfrom . import *", (".*", "a.*")),
        (
            "def f():\n    try:\n        import a\n    except ImportError:\n        import b",
            ("a", "b"),
        ),
        ("if TYPE_CHECKING:\n    import a", ("a",)),
        ("async def f():\n    with x:\n        from a import b", ("a.b",)),
        ("import importlib\nimportlib.import_module('a.b')", ("a.b", "importlib")),
        (
            "from importlib import import_module as load\nload('a')",
            ("a", "importlib.import_module"),
        ),
        ("__import__('a')", ("a",)),
        ("import pytest\nx = pytest.importorskip('a.b')", ("a.b", "pytest")),
        ("import importlib as i\ni.import_module('.a', __package__)", (".a", "importlib")),
        ("import importlib as i\ni.import_module('..a', 'p.q.r')", ("importlib", "p.q.a")),
        ('def f():\n    """\n    >>> from a import b\n    """', ("a.b",)),
    ],
)
def test_imports_are_found_wherever_they_stand(source, expected):
    assert facts(source).imports == expected


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module as load\nlist(map(load, names))",
        "__import__('a' + b)",
        "import importlib.util as u\nu.spec_from_file_location('a', path)",
        "import runpy\nrunpy.run_path('x.py')",
        "from importlib.metadata import entry_points\nentry_points(group='x')",
        "import pkgutil\npkgutil.walk_packages(p)",
        "exec(code)",
        "pytest_plugins = names()",
        "import django",
        "def test(pytester): ...",
        "import subprocess, sys\nsubprocess.run([sys.executable, script])",
        "import subprocess\nsubprocess.run('python -m x', shell=True)",
        "import os\nos.system('make all')",
        "import sys\nrun([sys.executable, '-m', 'pytest'])",
        "from helpers import run\nrun(['bash', 'x.sh'])",
        "from pathlib import Path\nsorted(Path(__file__).parent.glob('*.py'))",
        "import os\nos.listdir('src')",
        "from pathlib import Path\nopen(Path(__file__).with_name(f'{case}.py'))",
        "def broken(:",
        "x = '\\0'\n\0",
    ],
)
def test_what_cannot_be_read_is_unknown(source):
    assert unknown(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('x')\nx.execute(y)\nmodel.eval()",
        "import subprocess\nsubprocess.run(['git', 'status'])",
        "import ast\nfor node in ast.walk(tree): print(__file__)",
        "from pathlib import Path\ndef f(folder: Path): return folder.glob('*')",
        "eval('1 + 1')\ncompile(s, '<x>', 'eval')",
        "if __name__ == '__main__':\n    import unittest\n    unittest.main()",
        "nodes = ['node', 'time']\nprint('make it so')",
    ],
)
def test_what_only_looks_like_it_is_known(source):
    assert unknown(source) == []


def test_a_program_with_a_computed_name_counts_in_tests_only():
    (one,) = facts("import subprocess\nsubprocess.run(command)").unknown
    assert one.reach is Reach.IF_TEST


def test_plain_python_in_a_process_is_read_like_an_import():
    found = facts(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'tool.run', '-v'])\n"
        "subprocess.run([sys.executable, '-I', '-c', 'import a.b'])\n"
    )
    assert {"tool.run", "tool.run.__main__", "a.b"} <= set(found.imports)
    assert all(one.reach is Reach.IF_TEST for one in found.unknown)


def test_strings_that_may_name_files_are_kept_and_docstrings_are_not():
    found = facts('"""see a.b"""\nx = "pkg.mod.attr"\ny = f"{root}/data/x.py"\nz = "plain words"')
    assert found.strings == ("data/x.py", "pkg.mod.attr")


def test_hooks_for_the_whole_session_are_told_from_those_for_a_folder():
    assert facts("def pytest_configure(config): ...").rules_session
    assert not facts("def pytest_runtest_setup(item): ...").rules_session


def test_doctests_of_a_text_import_too():
    assert read_text(b"Title\n\n>>> import a.b\n>>> print(1)\n1\n").imports == ("a.b",)


def test_facts_survive_a_row():
    found = facts("from a import *\n__all__ = ['x', *y]\nexec(z)\nimport sys\nsys.path.append('q')")
    assert from_row(json.loads(json.dumps(to_row(found)))) == found
    assert found.edits_path
    assert found.exports == ("*", "x")


@pytest.mark.parametrize("row", [[], [1] * 8, [["a"]] * 8, [*to_row(FileFacts())[:7], "x"]])
def test_a_broken_row_is_refused(row):
    with pytest.raises((ValueError, TypeError)):
        from_row(row)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/a.py", FileKind.PYTHON),
        ("web/a.tsx", FileKind.SCRIPT),
        ("pyproject.toml", FileKind.CONFIGURATION),
        ("docs/requirements.txt", FileKind.CONFIGURATION),
        ("poetry.lock", FileKind.CONFIGURATION),
        ("setup.py", FileKind.CONFIGURATION),
        ("web/tsconfig.build.json", FileKind.CONFIGURATION),
        ("README.md", FileKind.DOCUMENT),
        ("LICENSE", FileKind.DOCUMENT),
        ("docs/picture.png", FileKind.DOCUMENT),
        ("tests/README.md", FileKind.DATA),
        ("notes.txt", FileKind.DATA),
        ("src/fast.c", FileKind.DATA),
        ("picture.png", FileKind.DATA),
    ],
)
def test_the_kind_of_a_file_follows_from_its_names(path, kind):
    assert kind_of(path) is kind
