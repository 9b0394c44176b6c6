import pytest

from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from tests.planning_samples import MemoryTree

PLAIN = "def test_x(): pass\n"
PROVIDER = "import pytest\n@pytest.mark.dependency(name='a1')\ndef test_x(): pass\n"
SHARED = """import pytest
needs = pytest.mark.dependency(depends=["a1"], scope="session")
def need(name): return pytest.mark.dependency(depends=[name], scope="session")
class Base:
    @pytest.mark.dependency(depends=["a1"], scope="session")
    def test_b(self): pass
"""
USES = {
    "name": "from marks import needs\n@needs\ndef test_x(): pass\n",
    "attribute": "import marks\n@marks.needs\ndef test_x(): pass\n",
    "pytestmark": "from tests import marks as m\npytestmark = m.needs\ndef test_x(): pass\n",
    "helper": "from .marks import need\n@need('a1')\ndef test_x(): pass\n",
    "base class": "from tests.marks import Base\nclass TestG(Base): pass\n",
    "computed name": "from importlib import import_module\nm = import_module(NAME)\n"
    "@m.needs\ndef test_x(): pass\n",
}


class CountingTree(MemoryTree):
    """Counts how often a file is read."""

    reads = 0

    def read(self, path: str) -> bytes:
        self.reads += 1
        return super().read(path)


def look(files: dict[str, str], *args: str) -> Discovery:
    return PytestFramework().discover(DiscoveryRequest(MemoryTree(files), args=args))


def suite(test_b: str, **more: str) -> dict[str, str]:
    named = {f"tests/{name}.py": text for name, text in more.items()}
    tests = {"tests/test_a.py": PROVIDER, "tests/test_b.py": test_b, "tests/test_c.py": PLAIN}
    return {"tests/marks.py": SHARED, **tests, **named}


BOUND = (("tests/test_a.py", "tests/test_b.py"),)
ALL = (("tests/test_a.py", "tests/test_b.py", "tests/test_c.py"),)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_marks_from_another_module_bind_the_file_that_uses_them(use: str) -> None:
    assert look(suite(use)).together == BOUND


def test_marks_are_followed_through_modules_in_between() -> None:
    files = suite("from again import *\n@need\ndef test_x(): pass\n")
    files["tests/again.py"] = "from marks import needs as need\n"
    assert look(files).together == BOUND


def test_a_test_file_may_be_the_module_that_is_imported() -> None:
    files = {
        "test_a.py": SHARED + PROVIDER,
        "test_b.py": "from test_a import needs\n@needs\ndef test_x(): pass\n",
        "test_c.py": PLAIN,
    }
    assert look(files).together == (("test_a.py", "test_b.py"),)


@pytest.mark.parametrize(
    "plugin", ["from pytest_dependency import depends", "import pytest_dependency as d"]
)
def test_what_a_module_imports_of_the_plugin_may_be_imported_from_it(plugin: str) -> None:
    use = "import own\ndef test_x(request): own.depends(request, ['a1'], scope='session')\n"
    assert look(suite(use) | {"tests/own.py": f"{plugin}\n"}).together == BOUND


def test_pytest_mark_under_another_name_may_be_imported() -> None:
    use = "from own import m\n@m.dependency(depends=['a1'], scope='session')\ndef test_x(): pass\n"
    files = suite(use) | {"tests/own.py": "import pytest\nm = pytest.mark\n"}
    assert look(files).together == BOUND


@pytest.mark.parametrize("name", ["tests/test_c.py::test_x", "test_c.py::test_x"])
def test_what_a_helper_is_told_to_come_after_needs_no_mark(name: str) -> None:
    files = suite(f"from marks import after\n@after({name!r})\ndef test_x(): pass\n")
    files["tests/marks.py"] = "import pytest\ndef after(n): return pytest.mark.order(after=n)\n"
    assert look(files).together == ALL


def test_a_conftest_that_imports_marks_binds_what_lies_below_it_with_all_that_have_some() -> None:
    files = suite(PLAIN) | {
        "tests/sub/conftest.py": "from tests.marks import needs\n",
        "tests/sub/test_d.py": PLAIN,
    }
    assert look(files).together == (("tests/sub/test_d.py", "tests/test_a.py"),)


def test_a_plugin_with_marks_may_mark_every_test() -> None:
    hook = "import pytest\ndef pytest_itemcollected(item): item.add_marker(pytest.mark.order(0))\n"
    assert look(suite(PLAIN, marks=hook)).together == ALL
    assert look(suite(PLAIN), "-p", "tests.marks").together == ALL


def test_a_file_that_imports_something_else_is_free() -> None:
    free = "import os\nfrom tests import other\ndef test_x(): pass\n"
    assert look(suite(free, other="VALUE = 1\n")).together == (("tests/test_a.py",),)


def test_a_module_that_only_speaks_of_such_marks_binds_nothing() -> None:
    text = "NAME = 'pytest_dependency'\n# see pytest.mark\nmark = compile('mark.order')\n"
    files = {"src/marks.py": text, "test_a.py": "import marks\n" + PLAIN, "test_b.py": PLAIN}
    assert look(files).together == ()


def test_a_suite_without_such_marks_is_unbound_and_each_file_is_read_once() -> None:
    tree = CountingTree({"src/a.py": "import b\nbenchmark.run()\n", "test_a.py": PLAIN})
    assert PytestFramework().discover(DiscoveryRequest(tree)).together == ()
    assert tree.reads == 2
