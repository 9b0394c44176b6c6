"""`testfleet report`: what a run has reported, again, in any form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, HtmlOption, JunitOption, ReportOption, SarifOption
from testfleet.cli.outputs import Outputs
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.contracts.report import RunReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    run: Annotated[str, typer.Argument(help="Id of the run, as `testfleet runs` shows it.")],
    *,
    report: ReportOption = None,
    junit: JunitOption = None,
    sarif: SarifOption = None,
    html: HtmlOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Show the report of a run that has ended, and write it in the forms that are asked for.

    Ends with 0 whatever the outcome of the run was.
    """
    outputs = Outputs(report, junit, sarif, html, json)
    outputs.check()

    from testfleet.cli.client import connect
    from testfleet.workflow.keys import RunKeys

    client = connect(env, say)
    found = _load(client, run)
    outputs.write(found, lambda: client.objects.get(RunKeys(run).junit) or b"")


def _load(client: Client, run: str) -> RunReport:
    from pydantic import ValidationError

    from testfleet.contracts.report import RunReport
    from testfleet.workflow.keys import RunKeys

    body = client.objects.get(RunKeys(run).report)
    if body is None:
        raise UsageError(
            f"run {run!r} has no report: it is unknown, expired, or goes on",
            hint="`testfleet runs` lists runs",
        )
    try:
        return RunReport.model_validate_json(body)
    except ValidationError as exc:
        raise UsageError(
            f"the report of run {run} cannot be read: {exc.errors()[0]['msg']}",
            hint="a newer version has written it: use that one",
        ) from exc
