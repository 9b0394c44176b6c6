import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.planning.dependencies.markers import FileMarks, read_marks
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from tests.planning_samples import MemoryTree

PLAIN = "def test_x(): pass\n"
PROVIDER = "@pytest.mark.dependency(name='login')\ndef test_x(): pass\n"
NEEDS = "@pytest.mark.dependency(depends=[{}], scope='{}')\ndef test_x(): pass\n"


def marks(source: str, prefix: str = "") -> FileMarks:
    found = read_marks(f"import pytest\n{source}".encode(), prefix)
    assert found is not None
    return found


def look(files: dict[str, str], *args: str) -> Discovery:
    sources = {path: f"import pytest\n{text}" for path, text in files.items()}
    return PytestFramework().discover(DiscoveryRequest(MemoryTree(sources), args=args))


def needs(name: str, scope: str = "session") -> str:
    return NEEDS.format(repr(name), scope)


@pytest.mark.parametrize(
    "source",
    [
        needs("a.py::test_a"),
        "pytestmark = [pytest.mark.dependency(depends=['a.py::test_a'], scope='session')]",
        "from pytest import mark\n@mark.dependency(depends=('a.py::test_a',), scope='session')\n"
        "class TestA: pass",
        "need = pytest.mark.dependency\n@need(depends=['a.py::test_a'], scope='session')\n"
        "def test_x(): pass",
        "A = 'a.py::test_a'\nS = 'session'\n"
        "pytest.param(1, marks=pytest.mark.dependency(depends=[A],"
        " scope=S))",
        "from pytest_dependency import depends\n"
        "def test_x(request): depends(request, ['a.py::test_a'], scope='session')",
    ],
)
def test_what_tests_need_is_read_wherever_it_is_written(source: str) -> None:
    assert marks(source).needs == {("session", "a.py::test_a")}
    assert not marks(source).has_unknown_need


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.order(3)\ndef test_x(): pass",
        "@pytest.mark.order('second_to_last')\ndef test_x(): pass",
        "@pytest.mark.order(index=NUMBER + 1)\ndef test_x(): pass",
        "@pytest.mark.run(order=1)\ndef test_x(): pass",
        "@pytest.mark.first\ndef test_x(): pass",
        "@pytest.mark.m12\ndef test_x(): pass",
    ],
)
def test_numbers_count_in_the_whole_session(source: str) -> None:
    assert marks(source, prefix="m").is_numbered


def test_what_comes_before_or_after_another_file_is_read() -> None:
    source = (
        "@pytest.mark.order(after=['sub/test_b.py::test_y', 'TestA::test_z', 'test_w'])\n"
        "def test_x(): pass"
    )
    assert marks(source) == FileMarks(places={"sub/test_b.py"})


def test_computed_arguments_are_unknown() -> None:
    found = marks(
        "@pytest.mark.dependency(name=f'{N}', depends=make(), scope='session')\ndef test_x(): pass"
    )
    assert found.has_unknown_need
    assert found.has_unknown_name


@pytest.mark.parametrize(
    "source", ["@pytest.mark.skip\ndef test_x(): subprocess.run('ls')", "def (:", "", "\0"]
)
def test_files_without_such_marks_say_nothing(source: str) -> None:
    assert read_marks(source.encode()) is None


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(noise: bytes) -> None:
    read_marks(b"@pytest.mark.order(" + noise)


def test_a_file_that_names_a_test_of_another_shares_its_shard() -> None:
    found = look({"test_a.py": PLAIN, "test_b.py": needs("test_a.py::test_x"), "test_c.py": PLAIN})
    assert found.together == (("test_a.py", "test_b.py"),)
    assert any("depend on each other's" in note for note in found.notes)


def test_a_name_binds_the_files_that_give_it() -> None:
    files = {"test_a.py": PROVIDER, "test_b.py": needs("login"), "test_c.py": needs("other")}
    assert look(files).together == (("test_a.py", "test_b.py"), ("test_c.py",))


def test_the_scope_of_a_package_ends_with_it() -> None:
    files = {
        **{f"{folder}/__init__.py": "" for folder in "pq"},
        **{f"{folder}/test_a.py": PROVIDER for folder in "pq"},
        **{f"{folder}/test_b.py": needs("login", "package") for folder in "pq"},
    }
    assert look(files).together == (
        ("p/test_a.py", "p/test_b.py"),
        ("q/test_a.py", "q/test_b.py"),
    )


def test_marks_inside_a_file_keep_it_whole_and_bind_nothing_else() -> None:
    inner = "@pytest.mark.dependency\ndef test_x(): pass\n" + needs("test_x", "module")
    assert look({"test_a.py": inner, "test_b.py": inner}).together == (
        ("test_a.py",),
        ("test_b.py",),
    )


NUMBERED = "@pytest.mark.order(1)\ndef test_x(): pass\n"


def test_numbered_files_share_a_shard_unless_the_scope_is_the_file() -> None:
    files = {"test_a.py": NUMBERED, "test_b.py": PLAIN, "test_c.py": NUMBERED}
    found = look(files)
    assert found.together == (("test_a.py", "test_c.py"),)
    assert any("--order-scope=module" in note for note in found.notes)
    for args in (("--order-scope=module",), ("--order-scope", "class")):
        assert look(files, *args).together == (("test_a.py",), ("test_c.py",))


def test_a_label_is_relative_to_a_folder_above_the_test() -> None:
    after = "@pytest.mark.order(after='test_b.py::test_x')\ndef test_x(): pass\n"
    files = {"p/test_a.py": after, "p/test_b.py": PLAIN, "q/test_b.py": PLAIN}
    found = look(files, "--import-mode=importlib")
    assert found.together == (("p/test_a.py", "p/test_b.py"),)


def test_what_cannot_be_read_binds_all_files_with_such_marks() -> None:
    computed = "@pytest.mark.dependency(depends=find(), scope='session')\ndef test_x(): pass\n"
    files = {"test_a.py": PROVIDER, "test_b.py": PLAIN, "test_c.py": computed}
    found = look(files)
    assert found.together == (("test_a.py", "test_c.py"),)
    assert any("cannot be read" in note for note in found.notes)


def test_marks_that_a_conftest_gives_bind_what_lies_below_it() -> None:
    hook = (
        "def pytest_collection_modifyitems(items):\n  items[0].add_marker(pytest.mark.order(0))\n"
    )
    files = {"p/conftest.py": hook, "p/test_a.py": PLAIN, "p/test_b.py": PLAIN, "test_c.py": PLAIN}
    assert look(files).together == (("p/test_a.py", "p/test_b.py"),)
