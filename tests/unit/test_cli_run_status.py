"""What `testfleet status RUN` prints, and when it stops to wait."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from testfleet.cli import run_status
from testfleet.contracts.event import EventKind, RunEvent
from testfleet.errors import IncompleteError

RUN = "20260101-000000-abcdef"


def an_event(sequence, kind, **more):
    return RunEvent(run_id=RUN, sequence=sequence, at=datetime.now(UTC), kind=kind, **more)


class Recorder:
    """Answers with what it was given, look by look."""

    def __init__(self, *looks):
        self.looks = list(looks)
        records = SimpleNamespace(run_id=RUN, resumptions=list)
        report = SimpleNamespace(status="passed", totals=None)
        self.facts = SimpleNamespace(records=records, report=report)

    def record(self):
        return self.looks.pop(0) if self.looks else []


def test_a_test_cannot_send_orders_to_the_terminal():
    text = "failed: \x1b]0;owned\x07\x1b[2J\r\nok"
    assert run_status._line(an_event(1, EventKind.TEST_FAILED, text=text)).isprintable()


@pytest.mark.parametrize("state", ["SUCCEEDED", "ABORTED", "MISSING"])
def test_nobody_waits_for_the_report_of_a_run_that_is_over_and_has_none(monkeypatch, state):
    monkeypatch.setattr(run_status, "_PAUSE_S", 0)
    client = SimpleNamespace(executions=SimpleNamespace(state=lambda *_: state))
    with pytest.raises(IncompleteError, match="without a report"):
        run_status._follow(run_status.Teller(Recorder(), json=False), client)


def test_who_follows_a_run_hears_how_it_stands_and_goes_when_it_ends(monkeypatch, capsys):
    monkeypatch.setattr(run_status, "_PAUSE_S", 0)
    monkeypatch.setattr(run_status, "_TELL_S", 0)
    monkeypatch.setattr("testfleet.cli.run_command.exit_code", lambda _: 7)
    planned = an_event(1, EventKind.ROUND_PLANNED, shards=2, workers=1, predicted_s=8)
    recorder = Recorder([planned], [], [an_event(2, EventKind.RUN_FINISHED, text="passed")])
    assert run_status._follow(run_status.Teller(recorder, json=False), None) == 7
    said = capsys.readouterr().out
    assert "running: 0 tests so far, about 8 s of tests left" in said
    assert said.splitlines()[-1].endswith("run-finished    passed")
