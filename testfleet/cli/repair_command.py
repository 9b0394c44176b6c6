"""`testfleet repair`: the fleet repairs what a run has shown."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption
from testfleet.errors import IncompleteError, UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.contracts.repair_config import RepairConfig
    from testfleet.contracts.repair_work import RepairRequest, RepairSummary

_NOTHING_FAILED = 5
_POLL_S = 0.5
_ASK_EVERY = 10
_HINT_RUNS = "`testfleet runs` lists runs"

RunArgument = Annotated[
    str, typer.Argument(help="Id of a red run, as `testfleet runs` shows it, or of a repair.")
]
ClusterOption = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="ID", help="Failures of this cause only; default: all."),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine", metavar="NAMES", help="Engines, comma-separated; default: by routing."
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option("--budget", metavar="SECONDS", help="Time of each worker's search, by cause."),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", help="For all workers of one cause together."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Workers that search for one cause's repair."),
]
PullRequestOption = Annotated[
    bool | None,
    typer.Option(
        "--pull-request/--no-pull-request", help="Open one for each fix; default: the project says."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(repair)


def repair(
    run: RunArgument,
    *,
    cluster: ClusterOption = None,
    engine: EngineOption = None,
    budget: BudgetOption = None,
    max_cost: MaxCostOption = None,
    workers: WorkersOption = None,
    pull_request: PullRequestOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Repair the failures of RUN on the fleet: a search on several workers for each cause, a
    proof by the whole suite, a pull request for each fix. With the id of a repair: show that one.

    Exit codes: 0 every cause is fixed, 1 one is not, 2 bad usage, 3 incomplete, 5 nothing to
    repair.
    """
    from testfleet.cli.client import connect
    from testfleet.contracts.repair_work import REPAIR_ID_PATTERN
    from testfleet.contracts.run import RUN_ID_PATTERN

    is_repair = bool(REPAIR_ID_PATTERN.match(run))
    if not is_repair and not RUN_ID_PATTERN.match(run):
        raise UsageError(f"{run!r} is no id of a run or a repair", hint=_HINT_RUNS)
    given = _given(budget, max_cost, workers)
    client = connect(env, say)
    if is_repair:
        repair_id = run
    else:
        from testfleet.workflow.repairs.starting import RepairLauncher, project_wants

        _check_run(client, run)
        wants = project_wants(client.objects, run)
        request = _request(run, cluster or (), engine, wants, pull_request).model_copy(
            update={"budget": wants.budget.model_copy(update=given)}
        )
        RepairLauncher(client.objects, client.repairs).launch(request)
        repair_id = request.repair_id
        say(f"repair {repair_id}")
    summary = _wait(client, repair_id)
    if json:
        print_json(summary.model_dump(mode="json"))
    else:
        from testfleet.cli.repair_view import print_summary

        print_summary(summary)
    raise typer.Exit(_exit_code(summary))


def _check_run(client: Client, run: str) -> None:
    from testfleet.workflow.keys import RunKeys

    if not client.objects.exists(RunKeys(run).report):
        raise UsageError(
            f"run {run!r} has no report: it is unknown, expired, or goes on", hint=_HINT_RUNS
        )


def _request(
    run: str,
    clusters: list[str] | tuple[()],
    engine: str | None,
    wants: RepairConfig,
    pull_request: bool | None,  # noqa: FBT001  as the option has it, or not at all
) -> RepairRequest:
    from testfleet.contracts.base import utc_now
    from testfleet.contracts.repair_work import RepairRequest
    from testfleet.repair.engines import engines_named

    names = tuple(name.strip() for name in (engine or "").split(",") if name.strip())
    if names:
        engines_named(names)  # Refuses an unknown name here rather than on a worker.
    return RepairRequest(
        repair_id=f"{run}-{secrets.token_hex(3)}",
        run_id=run,
        requested_at=utc_now(),
        clusters=tuple(clusters),
        engines=names or wants.engines,
        pull_request=wants.pull_request if pull_request is None else pull_request,
    )


def _given(seconds: float | None, usd: float | None, slices: int | None) -> dict[str, object]:
    """What of the budget was asked for. Raises BadParameter."""
    from pydantic import ValidationError

    from testfleet.contracts.repair_work import RepairBudget

    asked = {"seconds": seconds, "usd": usd, "slices": slices}
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        return RepairBudget.model_validate(given).model_dump(include=set(given))
    except ValidationError as exc:
        option = {"seconds": "--budget", "usd": "--max-cost", "slices": "--workers"}
        problem = exc.errors()[0]
        name = option[str(problem["loc"][0])]
        raise typer.BadParameter(f"{name}: {problem['msg']}, got {problem['input']}") from exc


def _wait(client: Client, repair_id: str) -> RepairSummary:
    """Until the summary is there. Ctrl-C cancels the repair."""
    from testfleet.contracts.repair_work import RepairSummary
    from testfleet.workflow.repairs.keys import RepairKeys

    keys = RepairKeys(repair_id)
    if not client.objects.exists(keys.request):
        raise UsageError(f"no repair {repair_id}: it is unknown, or expired", hint=_HINT_RUNS)
    asked = 0
    try:
        while (body := client.objects.get(keys.summary)) is None:
            asked += 1
            if asked % _ASK_EVERY == 0:
                _refuse_dead(client, repair_id)
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        client.objects.put(keys.cancel, b"cancelled by the client")
        say("the repair is cancelled: workers end within a second or two")
        raise
    return RepairSummary.model_validate_json(body)


def _refuse_dead(client: Client, repair_id: str) -> None:
    from testfleet.workflow.repairs.keys import RepairKeys

    state = client.repairs.state(repair_id)
    if state in ("RUNNING", "SUCCEEDED"):
        return
    if not client.objects.exists(RepairKeys(repair_id).summary):
        raise IncompleteError(
            f"repair {repair_id}: the workflow is {state} and left no summary",
            hint="`testfleet repair RUN` starts another",
        )


def _exit_code(summary: RepairSummary) -> int:
    from testfleet.contracts.repair import FixStatus

    if summary.problem:
        return IncompleteError.exit_code
    if not summary.verdicts:
        return _NOTHING_FAILED
    fixed = all(verdict.report.status is FixStatus.FIXED for verdict in summary.verdicts)
    return 0 if fixed and not summary.left_out else 1
