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
    from testfleet.workflow.events import RunWatch

LATEST: Final = "latest"
_PAUSE_S: Final = 0.5
_ASK_EVERY: Final = 8
"""Looks between two questions whether the workflow still runs."""


def show_run(run: str, env: str, *, follow: bool, json: bool) -> int:
    """Print its events so far, or until it ends; the exit code of the command."""
    from testfleet.cli.client import connect
    from testfleet.contracts.base import utc_now
    from testfleet.workflow.events import RunWatch
    from testfleet.workflow.records import RunRecords

    client = connect(env, say)
    run_id = _named(run, client)
    watch = RunWatch(RunRecords(run_id, client.objects), utc_now, with_tests=json)
    _print(watch, json=json)
    if follow:
        return _follow(watch, client, json=json)
    if not json:
        _print_standing(watch)
    return 0


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


def _follow(watch: RunWatch, client: Client, *, json: bool) -> int:
    from testfleet.cli.run_command import exit_code
    from testfleet.errors import IncompleteError

    looks = 0
    while watch.report is None:
        time.sleep(_PAUSE_S)
        looks += 1
        is_over = looks % _ASK_EVERY == 0 and _has_ended(watch, client)
        _print(watch, json=json)
        if watch.report is None and is_over:
            raise IncompleteError(
                f"run {watch.records.run_id}: the workflow ended without a report",
                hint=f"`testfleet resume {watch.records.run_id}` lets it go on",
            )
    return exit_code(watch.report)


def _has_ended(watch: RunWatch, client: Client) -> bool:
    resumed = len(watch.records.resumptions())
    # The report is there before an execution ends well: it is read once more after this.
    return client.executions.state(watch.records.run_id, resumed) != "RUNNING"


def _print(watch: RunWatch, *, json: bool) -> None:
    for event in watch.news():
        line = event.model_dump_json(exclude_defaults=True) if json else _line(event)
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _line(event: RunEvent) -> str:
    parts = [event.shard_id, event.test, event.text]
    told = "".join(char if char.isprintable() else " " for char in "  ".join(filter(None, parts)))
    return f"{event.at.astimezone():%H:%M:%S}  {event.kind.value:<14}  {told}"


def _print_standing(watch: RunWatch) -> None:
    remaining = watch.remaining_s()
    if watch.report is not None:
        return
    told = "planning" if remaining is None else f"running, about {remaining:.0f} s of tests left"
    sys.stdout.write(f"{told}\n")
