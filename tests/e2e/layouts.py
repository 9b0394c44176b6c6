"""Small projects in the shapes that real ones have: what each holds, by the names of its files.

EVERYDAY is one project of many folders, none of which needs settings of its own. Each of OTHERS has
a configuration that decides what is collected or how, and so is a project by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

Files = dict[str, str]


@dataclass(frozen=True)
class Layout:
    """A project, and how it is run."""

    files: Files
    args: tuple[str, ...] = ()
    """After `--`, for both."""
    plain_args: tuple[str, ...] = ()
    """For plain pytest only, where the fleet differs on purpose."""
    suite_root: str = "."


def _text(source: str) -> str:
    return dedent(source).lstrip("\n")


_PASS = "def test_passes(): pass\n"

_UNITTEST = _text("""
    import unittest

    def setUpModule():
        global ready
        ready = True

    class Things(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.things = [1, 2]

        def setUp(self):
            self.thing = self.things[0]

        def test_right(self):
            self.assertTrue(ready)

        def test_wrong(self):
            self.assertEqual(self.thing, 2)

        def test_subtests(self):
            for n in range(4):
                with self.subTest(n=n):
                    self.assertLess(n, 3)

        @unittest.skip("not now")
        def test_left_out(self):
            raise AssertionError

        @unittest.expectedFailure
        def test_known(self):
            self.fail()

        @unittest.expectedFailure
        def test_known_no_more(self):
            pass

    class Broken(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            raise OSError("no server")

        def test_one(self): pass
        def test_two(self): pass

    class Later(unittest.TestCase):
        def setUp(self):
            self.addCleanup(self.fail, "cleanup")
        def test_cleanup(self): pass

    class Asynchronous(unittest.IsolatedAsyncioTestCase):
        async def test_awaits(self):
            import asyncio
            await asyncio.sleep(0)
""")

_XUNIT = _text("""
    log = []
    def setup_module(module): log.append("module")
    def teardown_module(module): raise RuntimeError("teardown of the module")
    def setup_function(function): log.append(function.__name__)
    def test_module_was_set_up(): assert log == ["module", "test_module_was_set_up"]

    class TestClass:
        @classmethod
        def setup_class(cls): cls.value = 1
        def setup_method(self, method): self.method = method.__name__
        def teardown_method(self, method):
            if self.method == "test_torn":
                raise RuntimeError("teardown")
        def test_set_up(self): assert self.value == 1
        def test_torn(self): pass
        def test_failed_and_torn(self): self.method = "test_torn"; assert False

    class TestWithInit:
        def __init__(self): pass
        def test_never_collected(self): pass

    def test_last(): pass
""")

_FIXTURES = _text("""
    import pytest

    @pytest.fixture(scope="session")
    def session_things(): yield []

    @pytest.fixture(scope="module", autouse=True)
    def module_things(session_things):
        session_things.append("module")
        yield session_things

    @pytest.fixture(params=[1, 2, 3], scope="class")
    def number(request): return request.param

    @pytest.fixture
    def broken(): raise LookupError("the fixture")

    @pytest.fixture
    def breaks_later():
        yield
        raise LookupError("at teardown")

    class TestShared:
        def test_a(self, number, session_things): session_things.append(number)
        def test_b(self, number, module_things): assert number != 2

    def test_error(broken): pass
    def test_teardown(breaks_later): pass
    def test_fails_and_teardown(breaks_later): assert 0
    def test_unknown_fixture(nobody): pass
    def test_order(session_things): assert session_things == ["module", 1, 2, 3]
    @pytest.mark.usefixtures("broken")
    @pytest.mark.skip
    def test_skipped(): pass
    def test_tmp(tmp_path, tmp_path_factory, monkeypatch, capsys, caplog, request, cache=None):
        assert tmp_path.is_dir()
""")

_MARKS = _text("""
    import sys, warnings, pytest

    @pytest.mark.xfail(strict=True)
    def test_strict_xpass(): pass
    @pytest.mark.xfail
    def test_xpass(): pass
    @pytest.mark.xfail(reason="bug 7")
    def test_xfail(): assert 0
    @pytest.mark.xfail(raises=ValueError)
    def test_other_error(): raise KeyError
    @pytest.mark.xfail(run=False)
    def test_not_run(): raise SystemExit
    @pytest.mark.skipif("sys.platform != 'plan9'", reason="only there")
    def test_skipif(): pass
    def test_imperative_xfail(): pytest.xfail("later")
    def test_imperative_skip(): pytest.skip("later")
    def test_importorskip(): pytest.importorskip("no_such_module_anywhere")
    def test_pytest_fail(): pytest.fail("told so", pytrace=False)
    def test_keyboard(): raise ValueError("several\\nlines\\r\\nand \\x1b[31mcolour")
    def test_system_exit(): sys.exit(0)
    def test_warns(): warnings.warn("watch out")
    def test_returns(): return 1
    @pytest.mark.parametrize("a", [])
    def test_nothing(a): pass
    @pytest.mark.unheard_of
    def test_unknown_mark(): pass
    def test_async_without_a_plugin_is_a_plain_one(): pass
    async def test_async(): pass
    def test_yields():
        yield
""")

_PARAMETERS = _text("""
    import pytest

    IDS = [
        "a::b", "a/b.py::c", "[x]", "]", "a b", "ü", "", "-k", "x]::[y", "☃", "a\\nb", "\\x00"
    ]

    @pytest.mark.parametrize("value", range(len(IDS)), ids=IDS)
    def test_ids(value): assert value % 2 == 0

    @pytest.mark.parametrize("value", ["a::b", "c/d", b"\\xff", "\\\\", "'", '"', "<&>", "\\ud800"])
    @pytest.mark.parametrize("other", [None, 1.5, True, object, ValueError])
    def test_values(value, other): pass

    @pytest.mark.parametrize("value", [
        pytest.param(1, marks=pytest.mark.skip), pytest.param(2, marks=pytest.mark.xfail), 3, 3, 3,
    ])
    def test_marked(value): assert value != 2

    @pytest.mark.parametrize(("one", "two"), [(1, 2), (3, 4)], indirect=["one"])
    class TestIndirect:
        @pytest.fixture
        def one(self, request): return request.param + 1
        def test_indirect(self, one, two): assert one == two

    def pytest_generate_tests(metafunc):
        if "generated" in metafunc.fixturenames:
            metafunc.parametrize("generated", ["x", "y"])
    def test_generated(generated): assert generated == "x"
""")

_SUBTESTS = _text("""
    import pytest

    def test_all_well(subtests):
        for n in range(3):
            with subtests.test("loop", n=n):
                pass
    def test_one_fails(subtests):
        for n in range(3):
            with subtests.test(n=n):
                assert n != 1
    def test_sub_skips_test_fails(subtests):
        with subtests.test():
            pytest.skip("no")
        assert 0
    def test_sub_skips(subtests):
        with subtests.test():
            pytest.skip("no")
""")

_HOOKED_CONFTEST = _text("""
    import pytest

    def pytest_generate_tests(metafunc):
        if "colour" in metafunc.fixturenames:
            metafunc.parametrize("colour", ["red", "green"])

    def pytest_collection_modifyitems(config, items):
        mine = [item for item in items if "hooked" in item.nodeid]
        dropped = [item for item in mine if "unwanted" in item.nodeid]
        config.hook.pytest_deselected(items=dropped)
        kept = [item for item in items if item not in dropped]
        kept.sort(key=lambda item: item.nodeid, reverse=True)
        items[:] = kept
        for item in mine:
            if "slow" in item.name:
                item.add_marker(pytest.mark.skip(reason="slow"))

    collect_ignore = ["test_ignored.py"]
    collect_ignore_glob = ["*_old.py"]
""")

_YAML_CONFTEST = _text("""
    import pytest

    def pytest_collect_file(parent, file_path):
        if file_path.suffix == ".spec" and file_path.name.startswith("test"):
            return SpecFile.from_parent(parent, path=file_path)

    class SpecFile(pytest.File):
        def collect(self):
            for line in self.path.read_text().splitlines():
                name, _, value = line.partition("=")
                yield SpecItem.from_parent(self, name=name.strip(), value=value.strip())

    class SpecItem(pytest.Item):
        def __init__(self, *, value, **kwargs):
            super().__init__(**kwargs)
            self.value = value
        def runtest(self):
            assert eval(self.value)
        def reportinfo(self):
            return self.path, 0, f"spec: {self.name}"
""")

EVERYDAY: Files = {
    "unit/test_unittest.py": _UNITTEST,
    "unit/test_xunit.py": _XUNIT,
    "unit/test_fixtures.py": _FIXTURES,
    "unit/test_marks.py": _MARKS,
    "unit/test_parameters.py": _PARAMETERS,
    "unit/test_subtests.py": _SUBTESTS,
    "unit/test_empty.py": "",
    "unit/test_skipped_module.py": (
        "import pytest\npytest.skip('not here', allow_module_level=True)\n"
    ),
    "unit/test_needs_module.py": 'import pytest\npytest.importorskip("no_such_module")\n' + _PASS,
    "unit/test_marked_module.py": "import pytest\npytestmark = pytest.mark.skip\n" + _PASS,
    "unit/test_syntax_error.py": "def test_passes(:\n",
    "unit/test_import_error.py": "import no_such_module\n" + _PASS,
    "unit/test_raises_on_import.py": "raise RuntimeError('on import')\n",
    "unit/test_fails_on_import.py": "import pytest\npytest.fail('on import')\n",
    "unit/test_unknown_parameter.py": (
        "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_bad(): pass\n"
        "def test_good(): pass\n"
    ),
    "unit/test_bad_encoding.py": "# \udcff\n" + _PASS,
    "unit/ending_test.py": _PASS,
    "unit/test_text.txt": ">>> 1 + 1\n2\n",
    "unit/test_wrong.txt": "Text.\n\n>>> 1 + 1\n3\n>>> 2\n2\n",
    "unit/notes.txt": ">>> 1\n2\n",
    "pack/__init__.py": "",
    "pack/code.py": "VALUE = 3\n",
    "pack/tests/__init__.py": "SHARED = 4\n",
    "pack/tests/conftest.py": "import pytest\n@pytest.fixture\ndef value(): return 3\n",
    "pack/tests/test_inside.py": (
        "from ..code import VALUE\nfrom . import SHARED\n"
        "def test_value(value): assert VALUE == value\ndef test_shared(): assert SHARED == 3\n"
    ),
    "one/__init__.py": "",
    "one/test_same.py": _PASS,
    "two/__init__.py": "",
    "two/test_same.py": "def test_passes(): assert 0\n",
    "hooked/conftest.py": _HOOKED_CONFTEST,
    "hooked/test_hooked.py": (
        "def test_colour(colour): assert colour == 'red'\ndef test_unwanted(): pass\n"
        "def test_slow(): assert 0\nclass TestB:\n"
        "    def test_unwanted(self): pass\n    def test_wanted(self): pass\n"
    ),
    "hooked/test_ignored.py": _PASS,
    "hooked/test_very_old.py": _PASS,
    "hooked/sub/conftest.py": "import pytest\n@pytest.fixture\ndef colour(): return 'blue'\n",
    "hooked/sub/test_override.py": "def test_sub(): pass\n",
    "specs/conftest.py": _YAML_CONFTEST,
    "specs/test_first.spec": "right = 1 == 1\nwrong = 1 == 2\n",
    "specs/deep/test_second.spec": "right = True\n",
    "specs/ignored.spec": "never = False\n",
    "skipping/conftest.py": (
        "import pytest\n@pytest.fixture(autouse=True)\ndef never(): pytest.skip('never here')\n"
    ),
    "skipping/test_a.py": _PASS,
    "with space/test_näme ünï.py": _PASS,
    "with space/test_new\nline.py": _PASS,
    "with space/test_[brackets].py": _PASS,
    "with space/test_*star.py": _PASS,
    "a.dot/test_dotted.py": _PASS,
    "build/test_never.py": _PASS,
    ".hidden/test_never.py": _PASS,
}

_TWO_FILES = {
    "test_a.py": "def test_bad(): assert 0\ndef test_good(): pass\n",
    "test_b.py": "def test_good(): pass\ndef test_also_bad(): assert 0\n",
}


def _ini(text: str) -> Files:
    return {"pytest.ini": "[pytest]\n" + dedent(text).lstrip("\n")}


_ACROSS_FILES: Files = {
    "shared.py": "seen = []\n",
    # pytest-dependency: by node id and by name, in classes and modules, failed and unknown ones.
    "deps/test_a.py": _text("""
        import pytest

        @pytest.mark.dependency
        def test_good(): pass

        @pytest.mark.dependency(name="bad")
        def test_bad(): assert 0

        @pytest.mark.dependency(depends=["test_good"])
        def test_inside(): pass
    """),
    "deps/test_b.py": _text("""
        import pytest

        @pytest.mark.dependency(depends=["deps/test_a.py::test_good"], scope="session")
        def test_after_good(): pass

        @pytest.mark.dependency(depends=["bad"], scope="session")
        class TestAfterBad:
            def test_never(self): pass

        @pytest.mark.dependency(depends=["nobody"], scope="session")
        def test_after_nobody(): pass
    """),
    "deps/test_c.py": _text("""
        import pytest
        from pytest_dependency import depends

        pytestmark = pytest.mark.dependency(
            depends=["deps/test_b.py::test_after_good"], scope="session"
        )

        def test_after_two(): pass

        def test_at_run_time(request):
            depends(request, ["bad"], scope="session")
    """),
    # pytest-order: numbered through the session, and by names of tests elsewhere.
    "order/test_a.py": _text("""
        import pytest, shared

        @pytest.mark.order(2)
        def test_second(): assert shared.seen == ["first"]; shared.seen.append("second")

        @pytest.mark.order("last")
        def test_last(): assert shared.seen == ["first", "second", "third"]
    """),
    "order/test_b.py": _text("""
        import pytest, shared

        @pytest.mark.order(1)
        def test_first(): assert shared.seen == []; shared.seen.append("first")

        @pytest.mark.order(3)
        class TestThird:
            def test_third(self): shared.seen.append("third")
    """),
    "order/test_c.py": _text("""
        import pytest, shared

        @pytest.mark.order(after="test_d.py::test_made")
        def test_used(): assert shared.made
    """),
    "order/test_d.py": "import shared\ndef test_made(): shared.made = True\n",
    "free/test_a.py": _PASS,
    "free/test_b.py": _PASS,
}

OTHERS: dict[str, Layout] = {
    "marks that act across files": Layout(
        _ini("pythonpath = .\naddopts = --import-mode=importlib") | _ACROSS_FILES
    ),
    "addopts that end early or distribute": Layout(
        _ini("addopts = -n 2 --dist=loadfile -x --maxfail=1 --lf --ff --sw") | _TWO_FILES,
        plain_args=("-o", "addopts="),
    ),
    "addopts that choose": Layout(
        _ini("""
            addopts = -k 'not bad' -m 'not slow' --strict-markers -p no:cacheprovider
            markers =
                slow: takes long
        """)
        | _TWO_FILES
        | {
            "test_c.py": "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\n" + _PASS,
            "test_d.py": "import pytest\n@pytest.mark.slow\ndef test_slow(): pass\n",
            "test_e.py": "import pytest\n@pytest.mark.quick\ndef test_unknown_mark(): pass\n",
        }
    ),
    "doctests in modules": Layout(
        {
            "pyproject.toml": _text("""
                [tool.pytest.ini_options]
                addopts = "--doctest-modules --doctest-glob='*.rst' --doctest-continue-on-failure"
                doctest_optionflags = ["ELLIPSIS", "NORMALIZE_WHITESPACE"]
                pythonpath = ["src"]
            """),
            "src/lib/__init__.py": '"""\n>>> 1 + 1\n2\n"""\n',
            "src/lib/code.py": _text("""
                def double(n):
                    '''
                    >>> double(2)
                    4
                    >>> double(3)
                    7
                    '''
                    return n * 2

                class Half:
                    '''
                    >>> Half().of(4)
                    2...
                    '''
                    def of(self, n): return n / 2
            """),
            "src/lib/plain.py": "VALUE = 1\n",
            "tests/test_code.py": (
                "from lib.code import double\ndef test_double(): assert double(1) == 2\n"
            ),
            "README.rst": "Use it:\n\n>>> from lib import code\n>>> code.double(1)\n2\n",
            "docs/guide.rst": ">>> 1\n2\n",
            "setup.py": "from setuptools import setup\nsetup()\n",
        }
    ),
    "globs in testpaths, own names": Layout(
        _ini("""
            testpaths =
                packages/*/checks
                extra
            python_files = check_*.py *_spec.py
            python_classes = Check *Suite
            python_functions = check_* it_*
            norecursedirs = wip
        """)
        | {
            "packages/a/checks/check_one.py": (
                "def check_it(): pass\ndef test_no(): assert 0\n"
                "class CheckThis:\n    def it_works(self): assert 0\n"
                "class ThatSuite:\n    def check_it(self): pass\n"
            ),
            "packages/b/checks/thing_spec.py": "def it_is(): pass\n",
            "packages/b/checks/wip/check_two.py": "def check_it(): assert 0\n",
            "packages/b/check_outside.py": "def check_it(): assert 0\n",
            "extra/check_more.py": "def check_it(): pass\n",
            "check_top.py": "def check_it(): assert 0\n",
        }
    ),
    "equal names by importlib": Layout(
        _ini("addopts = --import-mode=importlib")
        | {
            "a/test_same.py": _PASS,
            "b/test_same.py": "def test_passes(): assert 0\n",
            "b/helper.py": "",
            "c/test_helper.py": "import helper\n",
        }
    ),
    "folders that are no packages": Layout(
        {
            "a/conftest.py": "import pytest\n@pytest.fixture\ndef who(): return 'a'\n",
            "a/test_a.py": "def test_who(who): assert who == 'a'\n",
            "a/helper.py": "VALUE = 1\n",
            "a/test_same.py": _PASS,
            "b/conftest.py": "import pytest\n@pytest.fixture\ndef who(): return 'b'\n",
            "b/test_b.py": "import helper\ndef test_helper_of_a(who): assert helper.VALUE\n",
            "b/test_same.py": _PASS,
            "c/deep/test_c.py": "import helper\n" + _PASS,
            "d/test_d.py": (
                "import sys\nfrom pathlib import Path\nFOLDERS = ['d', 'deep', 'b', 'a']\n"
                "def test_path(): assert [Path(p).name for p in sys.path[:4]] == FOLDERS\n"
            ),
        }
    ),
    "src, a package of tests, strict settings": Layout(
        {
            "setup.cfg": _text("""
                [tool:pytest]
                pythonpath = src
                testpaths = tests
                xfail_strict = true
                filterwarnings =
                    error
                    ignore:old
            """),
            "src/app/__init__.py": "NAME = 'app'\n",
            "tests/__init__.py": "",
            "tests/helpers.py": "def nothing(): pass\n",
            "tests/conftest.py": "pytest_plugins = ['tests.plugin']\n",
            "tests/plugin.py": "import pytest\n@pytest.fixture\ndef plugged(): return 1\n",
            "tests/unit/__init__.py": "",
            "tests/unit/test_app.py": (
                "import pytest\nfrom app import NAME\nfrom tests.helpers import nothing\n"
                "def test_name(plugged): assert NAME == 'app'\n"
                "@pytest.mark.xfail\ndef test_strict(): pass\n"
            ),
            "tests/test_warnings.py": (
                "import warnings\ndef test_bad(): warnings.warn('new')\n"
                "def test_good(): warnings.warn('old')\n"
            ),
            "tests/test_escape.py": "def test_escape(): assert '\\d'\n",
        }
    ),
    "tests in the package, by its name": Layout(
        {
            "pytest.ini": "[pytest]\npythonpath = .\n",
            "lib/__init__.py": "",
            "lib/tests/__init__.py": "",
            "lib/tests/test_lib.py": _PASS,
            "lib/tests/test_more.py": _PASS,
            "other/test_never.py": _PASS,
        },
        args=("--pyargs", "lib.tests"),
    ),
    "the root is a package": Layout(
        {"__init__.py": "", "code.py": "V = 1\n", "test_root.py": "from .code import V\n" + _PASS}
    ),
    "a suite in a folder, settings above": Layout(
        {
            "pytest.ini": "[pytest]\npython_files = t_*.py\n",
            "backend/t_b.py": (
                "from pathlib import Path\ndef test_folder(): assert Path('t_b.py').is_file()\n"
            ),
            "backend/test_never.py": _PASS,
            "t_above.py": _PASS,
            "testfleet.toml": "[suites.b]\nroot = 'backend'\n",
        },
        suite_root="backend",
    ),
    "named files, node ids and parameters": Layout(
        {
            "test_a.py": (
                "import pytest\n@pytest.mark.parametrize('n', ['x', 'y'])\n"
                "def test_p(n): pass\ndef test_q(): pass\n"
            ),
            "test_b.py": (
                "class TestC:\n    def test_in(self): pass\n    def test_gone(self): pass\n"
                "def test_out(): pass\n"
            ),
            "test_c.py": _PASS,
            "odd_name.py": _PASS,
            "d/test_d.py": _PASS,
            "d/test_ignored.py": _PASS,
            "d/e/test_e.py": _PASS,
        },
        args=(
            *("test_a.py::test_p[y]", "test_b.py::TestC", "odd_name.py", "d"),
            *("--deselect", "test_b.py::TestC::test_gone", "--ignore-glob", "*_ignored.py"),
        ),
    ),
    "a conftest that adds options and turns all around": Layout(
        {
            "conftest.py": _text("""
                import pytest

                def pytest_addoption(parser):
                    parser.addoption("--colour", default="red")
                    parser.addini("greeting", "what to say", default="hello")

                def pytest_configure(config):
                    config.addinivalue_line("markers", "mine: of ours")

                @pytest.fixture
                def colour(request): return request.config.getoption("--colour")

                def pytest_collection_modifyitems(session, items):
                    items.reverse()

                def pytest_runtest_setup(item):
                    if item.get_closest_marker("mine") and item.config.getini("greeting") != "hi":
                        pytest.skip("no greeting")
            """),
            "pytest.ini": "[pytest]\ngreeting = hi\n",
            "test_a.py": (
                "import pytest\nstate = []\n"
                "def test_1(): assert state\n"
                "def test_2(colour): state.append(1); assert colour == 'blue'\n"
                "@pytest.mark.mine\ndef test_mine(): pass\n"
            ),
            "test_b.py": "def test_colour(colour): assert colour == 'red'\n",
        },
        args=("--colour", "blue"),
    ),
}
