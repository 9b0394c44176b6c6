from pathlib import Path

import pytest

from testfleet.errors import UsageError
from testfleet.planning.discovery.pytest_args import parse_args, path_of
from testfleet.planning.discovery.pytest_config import (
    ini_section,
    locate_config,
    read_config,
    settings_above,
)
from tests.planning_samples import MemoryTree

INI = "[pytest]\ntestpaths = ini\n"
PYPROJECT = '[tool.pytest.ini_options]\ntestpaths = ["pyproject"]\n'


def test_an_ini_section_reads_continued_lines_and_skips_comments() -> None:
    text = (
        "[tox]\nx = 1\n[pytest]\n# no\naddopts =\n  -q\n  ; no\n  --strict\nname: value\nodd line\n"
    )
    assert ini_section(text, "pytest") == {"addopts": "-q\n--strict", "name": "value"}


def test_an_ini_file_without_the_section_has_none() -> None:
    assert ini_section("[tox]\nenvlist = py\n", "pytest") is None
    assert ini_section("[pytest]\n", "pytest") == {}


@pytest.mark.parametrize(
    ("files", "winner"),
    [
        ({"pytest.ini": INI, "pyproject.toml": PYPROJECT}, "pytest.ini"),
        ({"pytest.toml": "[pytest]\ntestpaths = ['a']", "pytest.ini": INI}, "pytest.toml"),
        ({"pytest.ini": "", "pyproject.toml": PYPROJECT}, "pytest.ini"),
        ({".pytest.ini": INI, "tox.ini": INI}, ".pytest.ini"),
        ({"pyproject.toml": PYPROJECT, "tox.ini": INI}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.black]\n", "tox.ini": INI}, "tox.ini"),
        ({"tox.ini": "[tox]\n", "setup.cfg": "[tool:pytest]\ntestpaths=a"}, "setup.cfg"),
        ({"setup.cfg": "[metadata]\nname=a\n"}, None),
    ],
)
def test_the_first_file_about_pytest_wins(files: dict[str, str], winner: str | None) -> None:
    assert locate_config(MemoryTree(files), ["."]).file == winner


def test_the_configuration_nearest_to_the_start_wins() -> None:
    tree = MemoryTree({"pytest.ini": INI, "a/pytest.ini": INI, "a/b/tests/test_x.py": ""})
    assert locate_config(tree, ["a/b/tests"]).folder == "a"


def test_native_toml_and_ini_options_give_the_same_words() -> None:
    native = read_config(
        MemoryTree({"pyproject.toml": "[tool.pytest]\na = ['x y', 'z']"}), "pyproject.toml"
    )
    options = read_config(
        MemoryTree({"pyproject.toml": "[tool.pytest.ini_options]\na = \"'x y' z\""}),
        "pyproject.toml",
    )
    assert native is not None
    assert options is not None
    assert native.words("a") == options.words("a") == ("x y", "z")


def test_a_broken_toml_file_is_named_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml: .*line 2"):
        locate_config(MemoryTree({"pyproject.toml": "[tool]\nx = = 1\n"}), ["."])


def test_quotes_that_do_not_close_are_told_with_file_and_key() -> None:
    config = locate_config(MemoryTree({"pytest.ini": "[pytest]\naddopts = -k 'a\n"}), ["."])
    with pytest.raises(UsageError, match=r"pytest\.ini: addopts: No closing quotation"):
        config.words("addopts")


def in_tree(word: str) -> bool:
    return word in ("tests", "src", "test_a.py")


@pytest.mark.parametrize(
    ("line", "positional"),
    [
        ("tests", ["tests"]),
        ("-k tests", []),
        ("-ktests src", ["src"]),
        ("-x tests", ["tests"]),
        ("-vxk tests src", ["src"]),
        ("-n 2 tests", ["tests"]),
        ("-p no:cacheprovider tests", ["tests"]),
        ("--tb short tests", ["tests"]),
        ("--tb=short tests", ["tests"]),
        ("--doctest-modules src", ["src"]),
        ("--some-plugin src", []),
        ("--some-plugin src tests", ["tests"]),
        ("--some-plugin test_a.py", ["test_a.py"]),
        ("test_a.py::test_x[tests::y] nowhere", ["test_a.py::test_x[tests::y]"]),
        ("-- tests", ["tests"]),
    ],
)
def test_only_what_cannot_be_an_options_value_is_a_path(line: str, positional: list[str]) -> None:
    assert parse_args(line.split(), in_tree).positional == positional


def test_the_last_value_and_all_overrides_are_kept() -> None:
    args = parse_args(["-c", "a.ini", "--config-file=b.ini", "-o", "x=1", "-oy=2"], in_tree)
    assert args.last("--config-file") == "b.ini"
    assert args.overrides() == {"x": "1", "y": "2"}


def test_the_path_of_a_node_id_ends_before_its_names() -> None:
    assert path_of("a/test_b.py::TestC::test_d[x::y/z]") == "a/test_b.py"
    assert path_of("odd[name]/test_a.py") == "odd[name]/test_a.py"
    assert path_of("odd[name]/test_a.py::test_x[1]") == "odd[name]/test_a.py"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"pytest.ini": ""}, "pytest.ini"),
        ({"a/tox.ini": "[tox]\n", "pyproject.toml": PYPROJECT}, "pyproject.toml"),
        ({"pyproject.toml": "[broken", "setup.py": ""}, "setup.py"),
        ({"setup.py": "", "a/b/setup.py": ""}, None),
        ({"setup.py": "", "setup.cfg": "[tool:pytest]\n"}, "setup.cfg"),
    ],
)
def test_settings_above_a_tree_are_found_as_pytest_finds_them(
    tmp_path: Path, files: dict[str, str], found: str | None
) -> None:
    root = tmp_path / "a" / "b"
    root.mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert settings_above(root) == (tmp_path / found if found else None)
