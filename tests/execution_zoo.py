"""A project with one of everything that pytest can report, for pytest and for the worker."""

FILES = {
    "pyproject.toml": """
[tool.pytest.ini_options]
testpaths = ["tests", "src", "extra/test_named.py"]
addopts = "--doctest-modules -m 'not slow' -x -n 2"
python_files = ["test_*.py", "check_*.py", "__init__.py"]
pythonpath = ["src"]
markers = ["slow: left out"]
""",
    "conftest.py": """
import pytest

def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".yaml":
        return YamlFile.from_parent(parent, path=file_path)

class YamlFile(pytest.File):
    def collect(self):
        yield YamlItem.from_parent(self, name="first")
        yield YamlItem.from_parent(self, name="second")

class YamlItem(pytest.Item):
    def runtest(self):
        assert self.name == "first"
    def reportinfo(self):
        return str(self.path), 0, self.name

@pytest.fixture(scope="session")
def shared():
    yield 1

@pytest.fixture
def broken():
    raise RuntimeError("in setup")

@pytest.fixture
def breaks():
    yield
    raise RuntimeError("in teardown")
""",
    "extra/test_named.py": "def test_named(): pass\n",
    "extra/test_unnamed.py": "def test_unnamed(): pass\n",
    "tests/data.yaml": "x: 1\n",
    "tests/test_outcomes.py": """
import os, sys, pytest

def test_passes(shared): pass
def test_fails(): assert 1 == 2
def test_breaks_in_setup(broken): pass
def test_breaks_in_teardown(breaks): pass
def test_fails_and_breaks(breaks): assert 0
def test_skips_and_breaks(breaks): pytest.skip("now")
def test_reads_its_folder(): assert os.path.exists("pyproject.toml")
def test_knows_its_program(): assert os.path.basename(sys.argv[0]) == "pytest"
def test_finds_nothing_in_the_folder(): assert "" not in sys.path

@pytest.mark.skip(reason="never")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected_to_fail(): assert 0
@pytest.mark.xfail
def test_passes_unexpectedly(): pass
@pytest.mark.xfail(strict=True)
def test_passes_although_it_must_not(): pass
@pytest.mark.slow
def test_left_out(): assert 0
@pytest.mark.parametrize("v", ["a b", "x::y", "[z]", "\\u00e9", b"\\xff", 1.5, None, "a/b"])
def test_parameter(v): pass

class TestClass:
    @pytest.fixture(autouse=True)
    def prepare(self): self.x = 1
    def test_method(self): assert self.x
    def test_other(self): assert not self.x
""",
    "tests/test_unittest.py": """
import unittest

class TestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.y = 1
    def test_subtest_fails(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
    def test_subtest_passes(self):
        with self.subTest(1): pass
    @unittest.skip("never")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected_to_fail(self): self.fail()
    @unittest.expectedFailure
    def test_passes_unexpectedly(self): pass
""",
    "tests/test_subtests.py": """
import pytest

def test_one_fails(subtests):
    for i in range(3):
        with subtests.test(i=i): assert i != 1
def test_one_is_skipped(subtests):
    with subtests.test("m"): pytest.skip("now")
def test_all_pass(subtests):
    with subtests.test("m"): pass
""",
    "tests/test_syntax.py": "def test_x(:\n",
    "tests/test_import_error.py": "import there_is_no_such_module\n",
    "tests/test_skipped_module.py": """
import pytest
pytest.importorskip("there_is_no_such_module")
def test_never(): pass
""",
    "tests/test_class_error.py": """
import pytest

def test_beside(): pass
class TestBad:
    @pytest.mark.parametrize("unknown", [1])
    def test_bad(self): pass
""",
    "tests/test_empty.py": "",
    "tests/test_global.py": """
def test_skipped_from_elsewhere(): assert 0
def test_misses_a_fixture(of_sub): pass
""",
    "tests/sub/conftest.py": """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if "from_elsewhere" in item.name:
            item.add_marker(pytest.mark.skip(reason="by a conftest of another folder"))

@pytest.fixture
def of_sub(): return 3
""",
    "tests/sub/test_sub.py": "def test_sub(of_sub, shared): assert of_sub == 3\n",
    "tests/bad/conftest.py": "raise RuntimeError('bad conftest')\n",
    "tests/bad/test_in_bad.py": "def test_in_bad(): pass\n",
    "tests/one/__init__.py": "def test_in_init(): pass\n",
    "tests/one/test_same.py": "def test_same(): assert __name__.endswith('one.test_same')\n",
    "tests/two/__init__.py": "",
    "tests/two/test_same.py": "def test_same(): assert __name__.endswith('two.test_same')\n",
    "tests/plain/check_it.py": "def test_checked(tmp_path): pass\n",
    "src/lib/__init__.py": '"""\n>>> 2 + 2\n4\n"""\n',
    "src/lib/mod.py": 'def f():\n    """\n    >>> f()\n    7\n    """\n    return 8\n',
    "src/lib/optional.py": "import there_is_no_such_module\n",
}

RECORDER = """
import json, os, pytest

class Recorder:
    def __init__(self, config):
        self.config, self.seen = config, []
    def pytest_runtest_logreport(self, report):
        status = self.config.hook.pytest_report_teststatus(report=report, config=self.config)
        self.seen.append((str(report.nodeid), status[0]))
    def pytest_collectreport(self, report):
        if not report.passed:
            self.seen.append((str(report.nodeid), "error" if report.failed else "skipped"))
    def pytest_unconfigure(self):
        with open(os.environ["RECORD"], "w") as file:
            json.dump(self.seen, file)

def pytest_configure(config):
    config.pluginmanager.register(Recorder(config))
"""
"""A plugin that writes down what pytest itself calls each report, independently of ours."""

MEANING = {"xfailed": "skipped", "xpassed": "passed"}
GRAVITY = ["passed", "skipped", "error", "failed"]


def judge(seen):
    """Outcome by test id, the gravest of what pytest has said."""
    found = {}
    for nodeid, status in seen:
        outcome = MEANING.get(status, status)
        if outcome in GRAVITY:
            earlier = found.get(nodeid, "passed")
            found[nodeid] = max(outcome, earlier, key=GRAVITY.index)
    return found
