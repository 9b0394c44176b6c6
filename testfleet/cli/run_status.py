"""`testfleet status RUN`: what happens to one run, event by event."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from testfleet.cli.console import say
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.contracts.event import RunEvent
    from testfleet.workflow.events.recorder import Recorder
    from testfleet.workflow.events.standing import Standing

LATEST: Final = "latest"
_PAUSE_S: Final = 0.5
_ASK_EVERY: Final = 8
"""Looks between two questions whether the workflow still runs."""
_TELL_S: Final = 10.0
"""Seconds between two lines that tell how a followed run stands."""


def show_run(run: str, env: str, *, follow: bool, json: bool) -> int:
    """Print its events so far, or until it ends; the exit code of the command."""
    from testfleet.cli.client import connect

    client = connect(env, say)
    recorder = client.recorder(_named(run, client))
    teller = Teller(recorder, json=json)
    teller.tell()
    if follow:
        return _follow(teller, client)
    if not json:
        teller.tell_standing()
    return 0


class Teller:
    """Prints a run's stream as far as it has come."""

    def __init__(self, recorder: Recorder, *, json: bool) -> None:
        from testfleet.workflow.events.standing import Standing

        self.recorder = recorder
        self._json = json
        self._standing: Standing = Standing()

    @property
    def has_ended(self) -> bool:
        """Whether the last event was the run's end."""
        return bool(self._standing.status)

    def tell(self) -> None:
        """Print what is new."""
        for event in self.recorder.record():
            self._standing.apply(event)
            line = event.model_dump_json(exclude_defaults=True) if self._json else _line(event)
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def tell_standing(self) -> None:
        """Print how many tests have run, and how long the others may take."""
        from testfleet.contracts.base import utc_now

        if self.has_ended or self._json:
            return
        remaining = self._standing.remaining_s(utc_now())
        told = "planning"
        if remaining is not None:
            done = self._standing.counts.total()
            told = f"running: {done} tests so far, about {remaining:.0f} s of tests left"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()


def _named(run: str, client: Client) -> str:
    from testfleet.contracts.run import RUN_ID_PATTERN

    if run == LATEST:
        rows = list(client.runs.recent(1))
        if not rows:
            raise UsageError("no runs yet", hint="`testfleet run PATH` makes the first")
        return rows[0].run_id
    from testfleet.workflow.keys import RunKeys

    if not RUN_ID_PATTERN.match(run) or not client.objects.exists(RunKeys(run).request):
        raise UsageError(f"no run {run!r}", hint="`testfleet runs` lists them")
    return run


def _follow(teller: Teller, client: Client) -> int:
    from testfleet.cli.run_command import exit_code
    from testfleet.errors import IncompleteError

    looks, told_at = 0, time.monotonic()
    records = teller.recorder.facts.records
    while not teller.has_ended:
        time.sleep(_PAUSE_S)
        looks += 1
        is_over = looks % _ASK_EVERY == 0 and _has_ended(teller, client)
        teller.tell()
        if time.monotonic() - told_at >= _TELL_S:
            told_at = time.monotonic()
            teller.tell_standing()
        if is_over and not teller.has_ended:
            raise IncompleteError(
                f"run {records.run_id}: the workflow ended without a report",
                hint=f"`testfleet resume {records.run_id}` lets it go on",
            )
    report = teller.recorder.facts.report
    return exit_code(report) if report is not None else 0


def _has_ended(teller: Teller, client: Client) -> bool:
    records = teller.recorder.facts.records
    resumed = len(records.resumptions())
    # The report is there before an execution ends well: it is read once more after this.
    return client.executions.state(records.run_id, resumed) != "RUNNING"


def _line(event: RunEvent) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in event.counts.items())
    parts = [event.shard_id, event.test, event.text or counts]
    told = "".join(char if char.isprintable() else " " for char in "  ".join(filter(None, parts)))
    return f"{event.at.astimezone():%H:%M:%S}  {event.kind.value:<14}  {told}"
