"""A worker runs files after those that they need, and skips them when these have failed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.result import ShardResult
from testfleet.execution.pytest_sequence import Sequence
from tests.execution_samples import Bench, bench, outcomes

LOG = "import pathlib\nlog = pathlib.Path(__file__).with_name('log')\n"
READS = LOG + "def test_x(): assert log.read_text() == 'b'\n"
WRITES = LOG + "def test_x(): log.write_text('b')\n"
FAILS = "def test_x(): assert 0\n"
PASSES = "def test_x(): pass\n"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("sequence")) as made:
        yield made


def run(worker: Bench, needs: dict[str, str], **bodies: str) -> ShardResult:
    """Files in the order given; `needs` names for some the file that they need."""
    return worker.run(
        {f"test_{name}.py": body for name, body in bodies.items()},
        units=tuple(f"test_{name}.py" for name in bodies),
        dependencies=tuple(
            Dependency(units=(f"test_{late}.py",), providers=(f"test_{soon}.py",))
            for late, soon in needs.items()
        ),
    )


def by_file(result: ShardResult) -> dict[str, str]:
    return {name.partition("::")[0]: outcome for name, outcome in outcomes(result).items()}


def messages(result: ShardResult) -> dict[str, str]:
    return {test.file: test.message for test in result.tests}


def test_a_file_runs_after_the_one_that_it_needs(worker: Bench) -> None:
    result = run(worker, {"a": "b"}, b=WRITES, a=READS)
    assert by_file(result) == {"test_a.py": "passed", "test_b.py": "passed"}


def test_what_needs_a_failed_file_is_skipped_through_others_too(worker: Bench) -> None:
    result = run(worker, {"a": "b", "c": "a"}, b=FAILS, a=PASSES, c=PASSES, d=PASSES)
    reason = "Skipped: blocked by test_b.py (failed)"
    assert messages(result)["test_a.py"] == messages(result)["test_c.py"] == reason
    assert by_file(result)["test_d.py"] == "passed"


def test_a_file_that_cannot_be_imported_has_failed(worker: Bench) -> None:
    result = run(worker, {"a": "b"}, b="import nothing_of_that_name\n", a=PASSES)
    assert by_file(result) == {"test_a.py": "skipped", "test_b.py": "error"}


def test_a_failure_is_remembered_after_the_process_has_died(worker: Bench) -> None:
    dies = "import os\ndef test_x(): os._exit(1)\n"
    result = run(worker, {"a": "b"}, b=FAILS, c=dies, a=PASSES)
    assert by_file(result) == {
        "test_a.py": "skipped",
        "test_b.py": "failed",
        "test_c.py": "failed",
    }


def test_skipped_tests_keep_nobody_from_running(worker: Bench) -> None:
    skips = "import pytest\n@pytest.mark.skip\ndef test_x(): pass\n"
    assert by_file(run(worker, {"a": "b"}, b=skips, a=PASSES))["test_a.py"] == "passed"


def sequence(units: str, *needs: str, mixed: str = "", ordered: bool = False) -> Sequence:
    rules = [(list(need.split(">")[0]), list(need.split(">")[1])) for need in needs]
    groups = [list(group) for group in mixed.split()]
    return Sequence(
        {
            "units": list(units),
            "ordered": ordered,
            "mixed": groups,
            "dependencies": rules,
            "failed": [],
        }
    )


def arranged(items: str, order: Sequence) -> str:
    tests = list(items)
    order.arrange(tests, str)
    return "".join(tests)


@pytest.mark.parametrize(
    ("needs", "ordered", "after"),
    [((), True, "cabab"), (("a>c",), False, "cabab"), (("b>a",), False, "caabb")],
)
def test_files_that_other_plugins_mix_stay_mixed_unless_they_need_each_other(
    needs: tuple[str, ...], ordered: bool, after: str
) -> None:
    assert arranged("ababc", sequence("cab", *needs, mixed="ab", ordered=ordered)) == after


@pytest.mark.parametrize(
    ("items", "after"),
    [
        ("zxaby", "zxaby"),  # b needs a, and comes after it: as at home
        ("bbaa", "aabb"),
        ("zbxay", "zaybx"),
        ("abab", "aabb"),
    ],
)
def test_tests_are_moved_only_where_their_order_would_not_do(items: str, after: str) -> None:
    assert arranged(items, sequence("ab", "b>a")) == after


@given(st.permutations(list("aabbccddxx")))
def test_no_test_is_lost_and_all_come_after_what_they_need(items: list[str]) -> None:
    tests = list(items)
    sequence("abcd", "b>a", "d>bc").arrange(tests, str)
    assert sorted(tests) == sorted(items)
    for late, soon in ("ba", "db", "dc"):
        assert tests.index(late) > len(tests) - 1 - tests[::-1].index(soon)
