"""`testfleet risk`: how risky a change is, why, and what should be done about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, PathArgument, SuiteOption

if TYPE_CHECKING:
    from testfleet.planning.risk.score import Recommendation, TestChoice
    from testfleet.workflow.risk_report import RiskReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(risk)


def risk(
    rev: Annotated[
        str, typer.Argument(help="What has changed since the branch left this revision.")
    ],
    path: PathArgument = Path(),
    *,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="CSV with the columns commit,failed: what came of past commits.",
        ),
    ] = None,
    predict: Annotated[
        bool, typer.Option("--predict", help="Tell how long the tests take. Needs the fleet.")
    ] = False,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Judge the risk of what has changed since REV. Runs none of the project's code."""
    from testfleet.cli.request import project_root
    from testfleet.config import load_risk_rules
    from testfleet.planning.project import load_project
    from testfleet.planning.risk.score import recommend
    from testfleet.planning.source_tree import DirectoryTree
    from testfleet.scm.working_tree import list_files
    from testfleet.workflow.risk_report import RiskRequest, as_json, risk_since

    root = project_root(path)
    files = list_files(root, ())
    project = load_project(DirectoryTree(root, files))
    rules = project.risk.over(load_risk_rules())
    report = risk_since(RiskRequest(root, rev, frozenset(files), rules, _outcomes(outcomes)))
    seconds = _seconds(rev, path, suite, env) if predict else {}
    advice = recommend(report.risk, rules, seconds)
    if json:
        print_json(as_json(report, advice))
    else:
        _print(report, advice, rev)


def _outcomes(path: Path | None) -> dict[str, bool]:
    from testfleet.errors import UsageError
    from testfleet.planning.risk.outcomes import read_outcomes

    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_outcomes(lines, str(path))
    except OSError as exc:
        raise UsageError(
            f"--outcomes {path}: {exc.strerror}",
            hint="name a CSV file with the columns commit,failed",
        ) from None


def _seconds(rev: str, path: Path, suite: str | None, env: str) -> dict[TestChoice, float]:
    """What plans of all tests, of the impacted ones and of the smoke tests would take."""
    from testfleet.cli.client import connect
    from testfleet.cli.request import RunOptions, draft_run
    from testfleet.contracts.run import Mode
    from testfleet.errors import NothingToRunError
    from testfleet.planning.risk.score import TestChoice

    client = connect(env, say)
    found = {}
    for choice in TestChoice:
        options = RunOptions(
            path=path,
            suite=suite,
            mode=Mode.LIGHTWEIGHT if choice is TestChoice.SMOKE else Mode.FULL,
            env=env,
            changed_since=rev if choice is TestChoice.IMPACTED else None,
        )
        try:
            found[choice] = draft_run(options).preview(client).plan.predicted_s
        except NothingToRunError:
            found[choice] = 0.0
    return found


def _print(report: RiskReport, advice: Recommendation, rev: str) -> None:
    risk = report.risk
    count = len(report.changes)
    files = f"{count} changed file{'s' * (count != 1)}"
    by_category = ", ".join(f"{number} {name.value}" for name, number in risk.files.items())
    out().print(f"risk {risk.score:.2f}, category {risk.category.value}", markup=False)
    out().print(f"{files} since {rev}" + (f": {by_category}" if by_category else ""), markup=False)
    for factor in risk.factors:
        if factor.adds > 0:
            out().print(f"- +{factor.adds:.2f} {factor.name}: {factor.reason}", markup=False)
    for reason in advice.reasons:
        out().print(f"=> {reason}", markup=False)
    if advice.predicted_s is not None:
        out().print(f"=> about {advice.predicted_s:.1f} s", markup=False)
    basis = f"{risk.learnt_from} past outcomes" if risk.learnt_from else "the rules alone"
    out().print(f"weights: {basis}", markup=False)
