"""A worker that is given a node group of a file runs that group's tests, and only those."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testfleet.contracts.plan import group_id
from testfleet.contracts.result import ShardResult, UnitStatus
from tests.execution_samples import Bench, bench, outcomes

FILE = """
import pytest

class TestFirst:
    def test_one(self): pass
    @pytest.mark.parametrize("n", [1, 2])
    def test_many(self, n): assert n == 1

@pytest.mark.parametrize("text", ["a::b", "[c]"])
def test_texts(text): pass

class TestLast:
    def test_new(self): pass

def test_at_the_end(): pass
"""
FIRST, SECOND = group_id("test_a.py", 1, 2), group_id("test_a.py", 2, 2)
SPLITS = {"test_a.py": (("test_texts", "test_at_the_end"),)}
ALL = {
    "test_a.py::TestFirst::test_one": "passed",
    "test_a.py::TestFirst::test_many[1]": "passed",
    "test_a.py::TestFirst::test_many[2]": "failed",
    "test_a.py::TestLast::test_new": "passed",
}
OTHERS = {
    "test_a.py::test_texts[a::b]": "passed",
    "test_a.py::test_texts[[c]]": "passed",
    "test_a.py::test_at_the_end": "passed",
}


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("groups")) as made:
        yield made


def run(worker: Bench, body: str = FILE, **changes: Any) -> ShardResult:
    files = {"test_a.py": body, "test_b.py": "def test_b(): pass\n"}
    return worker.run(files, splits=SPLITS, **changes)


def statuses(result: ShardResult) -> dict[str, UnitStatus]:
    return {unit.id: unit.status for unit in result.units}


def test_a_group_runs_what_it_names(worker: Bench) -> None:
    result = run(worker, units=(SECOND,))
    assert outcomes(result) == OTHERS
    assert statuses(result) == {SECOND: UnitStatus.FINISHED}
    assert {test.file for test in result.tests} == {SECOND}


def test_the_first_group_also_runs_what_no_group_names(worker: Bench) -> None:
    assert outcomes(run(worker, units=(FIRST,))) == ALL


def test_groups_and_files_share_a_shard(worker: Bench) -> None:
    result = run(worker, units=("test_b.py", FIRST, SECOND))
    assert outcomes(result) == ALL | OTHERS | {"test_b.py::test_b": "passed"}
    assert statuses(result) == dict.fromkeys(["test_b.py", FIRST, SECOND], UnitStatus.FINISHED)


def test_the_rest_leaves_out_a_group_of_another_shard(worker: Bench) -> None:
    result = run(worker, units=(FIRST,), excluded=(SECOND,))
    assert outcomes(result) == ALL | {"test_b.py::test_b": "passed"}
    assert statuses(result) == dict.fromkeys([FIRST, "test_b.py"], UnitStatus.FINISHED)


def test_the_rest_leaves_out_a_file_all_groups_of_which_are_elsewhere(worker: Bench) -> None:
    result = run(worker, units=(), excluded=(FIRST, SECOND))
    assert outcomes(result) == {"test_b.py::test_b": "passed"}


def test_a_test_that_kills_its_process_costs_no_other_of_its_group(worker: Bench) -> None:
    body = FILE.replace("def test_one(self): pass", "def test_one(self): __import__('os')._exit(3)")
    result = run(worker, body, units=(FIRST, SECOND))
    assert outcomes(result) == ALL | OTHERS | {"test_a.py::TestFirst::test_one": "failed"}
    assert statuses(result) == dict.fromkeys([FIRST, SECOND], UnitStatus.FINISHED)


def test_a_file_that_cannot_be_imported_settles_all_its_groups(worker: Bench) -> None:
    result = run(worker, "import missing_module", units=(FIRST, SECOND))
    assert outcomes(result) == {"test_a.py": "error"}
    assert statuses(result) == dict.fromkeys([FIRST, SECOND], UnitStatus.FINISHED)


def test_a_file_that_kills_its_importer_settles_all_its_groups(worker: Bench) -> None:
    result = run(worker, "import os; os._exit(3)", units=(FIRST, SECOND, "test_b.py"))
    assert outcomes(result) == {"test_a.py": "error", "test_b.py::test_b": "passed"}
    assert set(statuses(result).values()) == {UnitStatus.FINISHED}
