"""What `testfleet stop` and `resume` do before anything is asked of a fleet."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from testfleet.cli import client as clients
from testfleet.cli.stop_command import stop
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.ports import RunRow


class Executions:
    def __init__(self):
        self.stopped = []

    def state(self, run_id, resumed=0):
        return "RUNNING"

    def stop(self, run_id, resumed=0):
        self.stopped.append(run_id)


@pytest.fixture
def client(monkeypatch):
    rows = [
        RunRow(run_id=name, repository="r", suite="s", status=None, started_at=datetime.now(UTC))
        for name in ("20260101-000000-aaaaaa", "20260101-000000-bbbbbb")
    ]
    found = SimpleNamespace(
        objects=InMemoryObjects(),
        executions=Executions(),
        runs=SimpleNamespace(recent=lambda _limit: rows),
    )
    monkeypatch.setattr(clients, "connect", lambda *_: found)
    return found


def test_a_run_whose_request_is_gone_keeps_no_other_from_being_stopped(client):
    client.objects.put(RunKeys("20260101-000000-bbbbbb").request, b"{}")
    stop(everything=True, now=True)
    assert client.executions.stopped == ["20260101-000000-aaaaaa", "20260101-000000-bbbbbb"]
