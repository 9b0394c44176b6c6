"""`testfleet prioritise`: which files to run first, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, PathArgument, SuiteOption
from testfleet.contracts.history import HistoryDetails, TestHistory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testfleet.cli.request import Draft
    from testfleet.contracts.history import UnitHistory
    from testfleet.contracts.plan import Unit
    from testfleet.planning.priority.units import Change, Ranked

_UNITS_SHOWN = 30
_TESTS_SHOWN = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(prioritise)


def prioritise(
    context: typer.Context,
    path: PathArgument = Path(),
    *,
    suite: SuiteOption = None,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="REV",
            help="What changed since the branch left REV counts too: changed tests are sooner,"
            " those that no change can reach last.",
        ),
    ] = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Show which test files of PATH to run first so that failures come early, and why.

    From the verdicts and durations of past runs; without any, the shortest first.
    """
    from testfleet.cli.request import RunOptions, draft_run

    options = RunOptions(
        path=path,
        suite=suite,
        framework_args=context.obj or (),
        env=env,
        changed_since=changed_since,
    )
    found = _rank(draft_run(options))
    if json:
        print_json(found.data())
    else:
        found.print()


@dataclass(frozen=True)
class _Past:
    units: Mapping[str, UnitHistory]
    details: HistoryDetails


@dataclass(frozen=True)
class _Found:
    suite: str
    order: Sequence[Ranked]
    tests: Mapping[str, list[str]]
    """Of each file, its tests that failed before, oftenest first."""

    def data(self) -> dict[str, Any]:
        return {
            "suite": self.suite,
            "units": [
                {
                    "unit": one.unit,
                    "share": one.share,
                    "priority": one.priority,
                    "predicted_s": one.predicted_s,
                    "reasons": list(one.reasons),
                    "tests": self.tests.get(one.unit, []),
                }
                for one in self.order
            ],
        }

    def print(self) -> None:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE, pad_edge=False)
        table.add_column("first to run")
        table.add_column("share of failures", justify="right")
        table.add_column("why")
        for one in self.order[:_UNITS_SHOWN]:
            suspects = self.tests.get(one.unit, [])[:_TESTS_SHOWN]
            names = [name.partition("::")[2] or name for name in suspects]
            why = "; ".join([*one.reasons, *(["mostly " + ", ".join(names)] if names else [])])
            table.add_row(one.unit, f"{one.share:.1%}", why)
        out().print(table)
        more = len(self.order) - _UNITS_SHOWN
        if more > 0:
            out().print(f"and {more} more; --json prints all", markup=False)


def _rank(draft: Draft) -> _Found:
    from testfleet.planning.discovery.discover import discover
    from testfleet.planning.prediction.predict import predict
    from testfleet.planning.priority.units import ranked
    from testfleet.planning.source_tree import DirectoryTree

    past = _past(draft)
    tree = DirectoryTree(draft.root, draft.files)
    units = discover(tree, draft.suite, draft.options.framework_args, past.units).units
    order = ranked(predict(units, past.units), past.units, _change(draft, units))
    return _Found(draft.suite.name, order, _suspects(past.details.tests))


def _change(draft: Draft, units: Sequence[Unit]) -> Change:
    from testfleet.planning.priority.units import NO_CHANGE

    chosen = draft.reached()
    if draft.changes is None or chosen is None:
        return NO_CHANGE
    return replace(
        NO_CHANGE,
        paths=tuple(change.path for change in draft.changes),
        unreached=frozenset(unit.id for unit in units).difference(chosen),
    )


def _suspects(tests: Mapping[str, TestHistory]) -> dict[str, list[str]]:
    failed = [(name, test) for name, test in tests.items() if test.failed + test.flaky]
    failed.sort(key=lambda one: (-(one[1].failed + one[1].flaky) / max(one[1].runs, 1), one[0]))
    found: dict[str, list[str]] = {}
    for name, _ in failed:
        found.setdefault(name.partition("::")[0], []).append(name)
    return found


def _past(draft: Draft) -> _Past:
    """What past runs tell. A fleet on this machine is not started for it."""
    from testfleet.cli.client import connect
    from testfleet.config import load_environment
    from testfleet.local.fleet import Fleet

    if load_environment(draft.options.env).embedded and not Fleet().status().is_up:
        return _Past({}, HistoryDetails())
    store = connect(draft.options.env, say).history
    return _Past(store.load(draft.history_key), store.details(draft.history_key))
