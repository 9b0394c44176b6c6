"""`testfleet flaky`: which tests fail by chance, how often, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, PathArgument, SuiteOption
from testfleet.cli.suite_project import suite_project

if TYPE_CHECKING:
    from datetime import date

    from testfleet.contracts.history import TestHistory
    from testfleet.contracts.quarantine import QuarantineConfig
    from testfleet.triage.flaky.quarantine import Proposal, Standing
    from testfleet.triage.flaky.rate import Ranked

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("flaky")(flaky)


def flaky(
    path: PathArgument = Path(),
    *,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Rank the tests that fail by chance, by the time that it costs, and tell who is in quarantine.

    A test was flaky in a run when it failed first and passed when it was run again.
    """
    project = suite_project(path, suite, env)

    from testfleet.cli.client import connect
    from testfleet.contracts.base import utc_now

    tests = connect(env, say).history.details(project.key).tests
    view = _view(tests, project.quarantine, utc_now().date())
    if json:
        print_json({"suite": project.suite.name, **_as_json(view)})
    else:
        _print(project.suite.name, view)


@dataclass(frozen=True)
class _View:
    ranked: list[Ranked]
    standings: list[Standing]
    proposals: list[Proposal]


def _view(
    tests: dict[str, TestHistory], entries: tuple[QuarantineConfig, ...], today: date
) -> _View:
    from testfleet.triage.flaky.quarantine import proposals, standings
    from testfleet.triage.flaky.rate import rank

    return _View(rank(tests), standings(entries, tests, today), proposals(entries, tests, today))


def _as_json(view: _View) -> dict[str, Any]:
    return {
        "tests": [
            {
                "test": each.test,
                "rate": each.rate.model_dump(),
                "flaky": each.flaky,
                "failed": each.failed,
                "duration_s": each.duration_s,
                "cost_s_per_100_runs": round(each.cost_s, 3),
            }
            for each in view.ranked
        ],
        "quarantine": [
            {
                "test": each.test,
                "owner": each.entry.owner,
                "until": each.entry.until.isoformat(),
                "reason": each.entry.reason,
                "holds": each.holds,
                "passed_in_a_row": each.passed,
                "should_leave": each.should_leave,
            }
            for each in view.standings
        ],
        "proposed": [
            {"test": each.test, "rate": each.rate.model_dump(), "reason": each.reason}
            for each in view.proposals
        ],
    }


def _print(suite: str, view: _View) -> None:
    plain = out()
    if not view.ranked:
        plain.print(f"no test of suite {suite} is known to be flaky", markup=False)
    else:
        _print_ranked(view.ranked)
    for each in view.standings:
        plain.print(f"in quarantine: {each.test} ({_standing(each)})", markup=False)
    for proposal in view.proposals:
        plain.print(f"should be in quarantine: {proposal.test}: {proposal.reason}", markup=False)


def _print_ranked(ranked: list[Ranked]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title="flaky tests", box=box.SIMPLE, pad_edge=False, title_justify="left")
    table.add_column("test")
    for name in ("rate", "90 % between", "runs", "flaky", "seconds", "costs in 100 runs"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in ranked[:_SHOWN]:
        rate = each.rate
        table.add_row(
            Text(each.test),
            f"{rate.mean:.1%}",
            f"{rate.low:.1%} and {rate.high:.1%}",
            str(rate.runs),
            str(each.flaky),
            f"{each.duration_s:.2f}",
            f"{each.cost_s:.1f} s",
        )
    out().print(table)
    if len(ranked) > _SHOWN:
        say(f"{len(ranked) - _SHOWN} more; --json lists all")


def _standing(each: Standing) -> str:
    owner = f"owner {each.entry.owner}"
    if each.should_leave:
        return f"{owner}; it passed {each.passed} times in a row: take it out"
    if not each.holds:
        return f"{owner}; expired on {each.entry.until}: it blocks again"
    return f"{owner}, until {each.entry.until}"
