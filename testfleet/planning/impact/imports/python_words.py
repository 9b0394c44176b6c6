"""The names by which Python code reaches files that no import statement names."""

from __future__ import annotations

import re
from typing import Final

NAMED: Final = frozenset(
    """
    import_module __import__ importorskip run_module
    importlib.util.find_spec pydoc.locate pkgutil.resolve_name
    import_string logging.config._resolve zope.dottedname.resolve.resolve
    """.split()  # noqa: SIM905 (a list of single words is what a reader can check)
)
"""Functions whose first argument is a module's name. Here and below: the last part of a qualified
name, or all of it where the last part alone is a common word."""

COMPUTED: Final = frozenset(
    """
    spec_from_file_location SourceFileLoader SourcelessFileLoader exec_module load_module run_path
    imp.load_source builtins.exec exec builtins.compile compile
    entry_points iter_entry_points load_setuptools_entrypoints load_entry_point
    walk_packages iter_modules sys.meta_path sys.path_hooks
    loadTestsFromName loadTestsFromNames pytest.main runpytest_subprocess
    logging.config.fileConfig fileConfig
    """.split()  # noqa: SIM905
)
"""What loads modules that no literal names."""

DOTTED_TAILS: Final = frozenset({"patch", "setattr", "delattr"})
"""Methods of mocks and of pytest's `monkeypatch` whose first argument is, or may be, a dotted name.
`python_resolvers.py` tells them from their namesakes."""

DOTTED: Final = frozenset(
    "unittest.mock.patch.dict unittest.mock.patch.multiple".split()  # noqa: SIM905
)
"""Functions whose first argument is an object or its dotted name."""

MACHINERY: Final = frozenset(
    "builtins __builtins__ importlib importlib.util pkgutil pydoc runpy".split()  # noqa: SIM905
)
"""Modules whose functions import by name."""

PACKAGE_FILES: Final = frozenset(
    [
        "pkgutil.get_data",
        *(
            f"{module}.{name}"
            for module in ("importlib.resources", "importlib_resources")
            for name in (
                *("contents", "open_binary", "open_text", "path", "read_binary", "read_text"),
            )
        ),
    ]
)
"""Functions that reach a file of a package by the package's name, then the file's."""

READ_SOURCE: Final = frozenset(
    """
    linecache.getline linecache.getlines tokenize.open py_compile.compile compileall.compile_file
    """.split()  # noqa: SIM905
)
"""Functions that read a Python file whose path they are given."""

TAKE_ALL_SOURCE: Final = frozenset(
    "compileall.compile_dir compileall.compile_path".split()  # noqa: SIM905
)
"""Functions that read all Python files of a folder; and `PyZipFile.writepy`."""

PROCESSES: Final = frozenset(
    """
    Popen check_call check_output getstatusoutput create_subprocess_exec create_subprocess_shell
    subprocess.run subprocess.call subprocess.getoutput os.system os.popen pexpect.spawn pty.spawn
    posix_spawn posix_spawnp os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp
    os.execvpe os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp
    os.spawnvpe
    """.split()  # noqa: SIM905
)
"""What starts a program."""

WALKS: Final = frozenset(
    "rglob glob iglob iterdir listdir scandir copytree walk fwalk".split()  # noqa: SIM905
)
"""What goes through a folder."""

PLACES: Final = frozenset(
    "__file__ __path__ getcwd cwd rootpath rootdir startpath startdir".split()  # noqa: SIM905
)
"""What tells code where it, or the project, lies."""

PYTESTERS: Final = frozenset({"pytester", "testdir"})
"""Fixtures that run pytest on files which a test has written."""

CONVENTIONAL: Final = frozenset(
    "celery django hydra lazy_loader scrapy stevedore".split()  # noqa: SIM905
)
"""Packages that import a project's modules by names of their own making."""

LOCAL_HOOKS: Final = re.compile(
    r"pytest_(runtest_|pycollect_|collect_file|collect_directory|collectstart|generate_tests"
    r"|itemcollected|make_collect_report|fixture_|pyfunc_call|exception_interact|ignore_collect"
    r"|make_parametrize_id|assert|markeval_namespace)"
)
"""Hooks that pytest calls only for what lies below the folder of the conftest.py."""

_RUNNERS: Final = frozenset(
    """
    bash bun cargo celery cmd coverage dash deno django-admin docker env fish flask gunicorn hatch
    invoke jupyter just ksh make mypy ninja node nohup nox npm npx pdm pip pipx pnpm podman poetry
    powershell pwsh py.test pytest rye sh sphinx-build sudo time timeout tox uv uvicorn uvx xargs
    yarn zsh
    """.split()  # noqa: SIM905
)
_PYTHON: Final = re.compile(r"(python|pypy|ipython)[\d.]*(\.exe)?")

_MODULES_THAT_RUN: Final = frozenset(
    "build cProfile doctest pdb profile runpy timeit trace unittest zipapp".split()  # noqa: SIM905
)

COMMAND: Final = re.compile(
    r"(python|pypy)[\d.]*|(ba|z)?sh|(py\.?test|tox|nox|npm|npx|uv|poetry|hatch)"
)
"""First words of a command that no English sentence begins with."""

WORD: Final = re.compile(r"[A-Za-z_][\w-]*(?:[./][\w-]+)+")
"""In a string: what may be a dotted module or a path."""

FOLDER: Final = re.compile(r"[A-Za-z_.][\w./-]{0,100}")
"""A string that may be a folder."""

ENDING: Final = re.compile(r"(?:.*[*\s/])?(\.(?:md|markdown|rst|adoc|txt|svg|png))")
"""A string that may be the end of a document's name, or a pattern for it."""

COMPUTED_SOURCE: Final = re.compile(r"(?:.*[*\s/])?\.py", re.DOTALL)
"""A string that ends the name of some Python file, as in `f"{case}.py"`."""


def runs_code(program: str) -> bool:
    """Whether a program, or `python -m` of a module, by that name may run the project's code."""
    name = program.rpartition("/")[2]
    return "/" in program or name in _RUNNERS or _PYTHON.fullmatch(name) is not None


def module_runs_code(module: str) -> bool:
    """The same for a module that Python is started with."""
    return runs_code(module) or module in _MODULES_THAT_RUN
