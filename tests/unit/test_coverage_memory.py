"""What is kept of recorded coverage."""

from datetime import UTC, datetime

import pytest

from testfleet.contracts.coverage import UnitTrace
from testfleet.contracts.result import Host, ShardResult
from testfleet.workflow.coverage_memory import CoverageMemory
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import coverage_key
from tests.execution_samples import pack

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
FILES = {"shop.py": "def f():\n    return 1\n", "test_a.py": "import shop\n"}


def result(*traces):
    return ShardResult(
        run_id="r", shard_id="s", host=Host(kind="local", name="x", cpu_count=1, memory_mb=1),
        started_at=MOMENT, finished_at=MOMENT, attempts=1, units=(), tests=(), traces=traces,
    )  # fmt: skip


@pytest.fixture
def memory():
    objects = InMemoryObjects()
    objects.put("sources/1", pack(FILES))
    return CoverageMemory(objects, "suite")


def test_what_a_run_recorded_is_recalled(memory):
    trace = UnitTrace(unit="test_a.py", entered={"shop.py": (2,), "test_a.py": (), "gone.py": ()})
    memory.remember("sources/1", [result(), result(trace)])
    known = memory.recall()
    assert known.paths == ("shop.py", "test_a.py")
    assert known.units["test_a.py"].files.keys() == {"shop.py", "test_a.py"}
    assert len(known.units["test_a.py"].files["shop.py"].blocks) == 1


def test_a_run_that_recorded_nothing_leaves_what_is_known(memory):
    memory.remember("sources/1", [result()])
    assert memory.recall() is None


@pytest.mark.parametrize("body", [b"", b"no gzip", b"\x1f\x8b\x08torn"])
def test_a_record_that_cannot_be_read_is_not_used(memory, body):
    memory.objects.put(coverage_key("suite"), body)
    assert memory.recall() is None
