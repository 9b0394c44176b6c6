"""What `testfleet status RUN` prints, and when it stops to wait."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from testfleet.cli import run_status
from testfleet.contracts.event import EventKind, RunEvent
from testfleet.errors import IncompleteError

RUN = "20260101-000000-abcdef"


def test_a_test_cannot_send_orders_to_the_terminal():
    event = RunEvent(
        run_id=RUN,
        sequence=1,
        at=datetime.now(UTC),
        kind=EventKind.TEST_FAILED,
        text="failed: \x1b]0;owned\x07\x1b[2J\r\nok",
    )
    assert run_status._line(event).isprintable()


@pytest.mark.parametrize("state", ["SUCCEEDED", "ABORTED", "MISSING"])
def test_nobody_waits_for_the_report_of_a_run_that_is_over_and_has_none(monkeypatch, state):
    monkeypatch.setattr(run_status, "_PAUSE_S", 0)
    records = SimpleNamespace(run_id=RUN, resumptions=list)
    watch = SimpleNamespace(report=None, records=records, news=list)
    client = SimpleNamespace(executions=SimpleNamespace(state=lambda *_: state))
    with pytest.raises(IncompleteError, match="without a report"):
        run_status._follow(watch, client, json=False)
