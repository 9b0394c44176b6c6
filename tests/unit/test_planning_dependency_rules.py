import pytest

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.project import DependsConfig
from testfleet.errors import UsageError
from testfleet.planning.dependencies.rules import DependsTable

UNITS = ("tests/db/test_a.py", "tests/db/test_b.py", "tests/test_smoke.py", "tests/web/test_c.py")


def entry(units: str, depends_on: str = "", provides: str = "") -> DependsConfig:
    return DependsConfig(
        units=tuple(units.split()),
        depends_on=tuple(depends_on.split()),
        provides=tuple(provides.split()),
    )


def rules(*entries: DependsConfig, elsewhere: tuple[str, ...] = ()) -> tuple[Dependency, ...]:
    units = dict.fromkeys(UNITS)
    return DependsTable("default", entries, units, frozenset(elsewhere)).dependencies()


def test_names_and_globs_become_files() -> None:
    found = rules(
        entry("tests/db/*", provides="database"), entry("tests/web/*", "database test_smoke.py")
    )
    assert found == (
        Dependency(
            units=("tests/web/test_c.py",),
            providers=("tests/db/test_a.py", "tests/db/test_b.py", "tests/test_smoke.py"),
        ),
    )


def test_a_name_may_be_provided_by_several_entries() -> None:
    found = rules(
        entry("tests/db/test_a.py", provides="ready"),
        entry("tests/test_smoke.py", provides="ready other"),
        entry("tests/web/*", "ready"),
    )
    assert found[0].providers == ("tests/db/test_a.py", "tests/test_smoke.py")


def test_what_all_need_does_not_need_itself() -> None:
    (found,) = rules(entry("tests/*", "tests/test_smoke.py"))
    assert found.providers == ("tests/test_smoke.py",)
    assert "tests/test_smoke.py" not in found.units
    assert len(found.units) == 3


def test_a_single_file_never_waits_for_itself() -> None:
    assert rules(entry("tests/test_smoke.py", "tests/test_smoke.py")) == ()
    (found,) = rules(entry("tests/web/*", "tests/web/* tests/test_smoke.py"))
    assert found.providers == ("tests/test_smoke.py",)


def test_files_that_all_need_all_of_them_are_a_circle() -> None:
    circle = r"tests/db/test_a\.py -> tests/db/test_b\.py -> tests/db/test_a\.py"
    with pytest.raises(UsageError, match=circle):
        rules(entry("tests/db/*", "tests/db/*"))


def test_the_entry_that_closes_a_circle_is_named() -> None:
    circle = r"depends\.1\.depends_on: .*: tests/db/test_a\.py -> tests/web/test_c\.py -> "
    with pytest.raises(UsageError, match=circle) as caught:
        rules(
            entry("tests/db/test_a.py", provides="database"),
            entry("tests/db/test_a.py", "tests/web/*"),
            entry("tests/web/*", "database"),
        )
    assert "a needs b" in caught.value.hint


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'databse' is no name that an entry provides") as caught:
        rules(entry("tests/db/*", provides="database"), entry("tests/web/*", "databse"))
    assert "did you mean `database`?" in caught.value.hint


def test_a_run_of_some_of_the_tests_may_leave_out_what_a_glob_names() -> None:
    wanted = entry("tests/web/*", "tests/api/*")
    with pytest.raises(UsageError, match="'tests/api/\\*'"):
        rules(wanted)
    assert rules(wanted, elsewhere=("tests/api/test_d.py",)) == ()


def test_thousands_of_entries_stay_quick_to_read() -> None:
    units = dict.fromkeys(f"tests/test_{at:05}.py" for at in range(10_000))
    names = list(units)
    entries = [entry(names[at + 1], names[at]) for at in range(5_000)]
    assert len(DependsTable("default", entries, units).dependencies()) == 5_000
