"""A shard's units run in the order of the plan where that is part of it, else as at home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.execution_samples import Bench, bench

FILES = {f"test_{name}.py": "def test_one(): pass\ndef test_two(): pass\n" for name in "abc"}
UNITS = ("test_c.py", "test_a.py", "test_b.py")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("order")) as made:
        yield made


def files_in_order(worker: Bench, *, ordered: bool) -> list[str]:
    result = worker.run(FILES, units=UNITS, ordered=ordered)
    return list(dict.fromkeys(test.file for test in result.tests))


def test_files_run_in_the_order_of_the_plan_where_it_is_wanted(worker: Bench) -> None:
    assert files_in_order(worker, ordered=True) == list(UNITS)


def test_files_run_as_at_home_otherwise(worker: Bench) -> None:
    assert files_in_order(worker, ordered=False) == sorted(UNITS)
