"""`testfleet fix`: from failing tests to a patch that the tests have proved."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from testfleet.cli.console import print_json, say
from testfleet.cli.fix_applying import apply_fix, place_of, undo_fix
from testfleet.cli.fix_view import Progress, print_report
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import PathArgument, SuiteOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from testfleet.contracts.change import FileChange
    from testfleet.contracts.repair import FixReport
    from testfleet.repair.project import Project

DEFAULT_BUDGET_S = 300.0
DEFAULT_CANDIDATES = 100_000
_NOTHING_FAILED = 5

TestOption = Annotated[
    list[str] | None,
    typer.Option("--test", metavar="ID", help="A failing test to repair; default: all that fail."),
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAMES", help="Engines, comma-separated; default: all."),
]
BudgetOption = Annotated[
    float, typer.Option("--budget", metavar="SECONDS", help="Time for everything together.")
]
CandidatesOption = Annotated[
    int, typer.Option("--max-candidates", metavar="N", help="Candidates to try at most.")
]
ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Write a fix into the working tree. --undo takes it back.")
]
BranchOption = Annotated[
    bool,
    typer.Option(
        "--branch", help="Commit a fix to a branch of its own; the working tree stays as it is."
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Apply to files with uncommitted changes, too.")
]
ModelsOption = Annotated[
    str | None,
    typer.Option(
        "--models", metavar="ENV", help="Ask the code models of this environment, e.g. dev."
    ),
]
PullRequestOption = Annotated[
    bool,
    typer.Option(
        "--pull-request",
        help="Prove a fix on its branch by the whole suite once more, push it to the local code"
        " host, and ask for its merge.",
    ),
]
UndoOption = Annotated[bool, typer.Option("--undo", help="Take the last applied fix back.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(fix)


def fix(
    context: typer.Context,
    path: PathArgument = Path(),
    *,
    test: TestOption = None,
    engine: EngineOption = None,
    budget: BudgetOption = DEFAULT_BUDGET_S,
    max_candidates: CandidatesOption = DEFAULT_CANDIDATES,
    suite: SuiteOption = None,
    models: ModelsOption = None,
    apply: ApplyOption = False,
    force: ForceOption = False,
    branch: BranchOption = False,
    pull_request: PullRequestOption = False,
    undo: UndoOption = False,
    json: JsonOption = False,
) -> None:
    """Search for a patch that turns failing tests of PATH green, and prove it by the whole suite.

    Works on a private copy, without a fleet and offline. Exit code 0: fixed, 1: not.
    """
    from testfleet.cli.request import project_root

    root = project_root(path)
    if undo:
        undo_fix(root, as_json=json)
        return
    _check(budget, max_candidates)
    from testfleet.cli.fix_memory import memory_engine, remember_fix
    from testfleet.cli.fix_model import model_engine, remember
    from testfleet.cli.fix_typescript import fix_here
    from testfleet.repair.engines import engines_named
    from testfleet.repair.fix import fix as search
    from testfleet.repair.job import FixJob

    signal.signal(signal.SIGTERM, _interrupt)
    names = [name.strip() for name in (engine or "").split(",") if name.strip()]
    past = place_of(root, "memory")
    with model_engine(names, models, past) as own, Progress() as progress:
        memory = memory_engine(past, names)
        asked = engines_named(names, [*own, memory])
        engines = asked if memory in asked else [*asked, memory]
        limits = budget, max_candidates
        project = None
        result = fix_here(root, names, test or (), limits, _changes(root), progress.show)
        if result is None:
            project = _project(root, suite, context.obj or ())
            job = FixJob(
                project=project,
                engines=engines,
                tests=test or (),
                budget_s=budget,
                max_candidates=max_candidates,
                changes=_changes(root),
                progress=progress.show,
            )
            result = search(job)
        remember(own, result.report)
        remember_fix(place_of(root, "memory"), memory, result)
    is_applied = False
    try:
        if apply and result.files:
            apply_fix(root, result, force=force)
            is_applied = True
        if branch and result.files and result.report.patch:
            from testfleet.repair.branch import commit_fix

            say(f"committed to {commit_fix(root, result.report, result.files)}")
        if pull_request and result.files:
            from testfleet.cli.fix_pull_request import open_pull_request

            open_pull_request(root, project, result, budget)
    finally:  # What took minutes to find is shown, too, when it cannot be written.
        if json:
            print_json(result.report.model_dump(mode="json"))
        else:
            print_report(result.report, applied=is_applied)
    raise typer.Exit(_exit_code(result.report))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Be ended like by Ctrl-C, so that the private copy is removed."""
    raise KeyboardInterrupt


def _check(budget: float, max_candidates: int) -> None:
    if not budget > 0 or budget == float("inf"):
        raise typer.BadParameter(f"--budget takes seconds above zero, like 60; got {budget}")
    if max_candidates < 1:
        raise typer.BadParameter(f"--max-candidates takes a number from 1; got {max_candidates}")


def _project(root: Path, suite: str | None, framework_args: Sequence[str]) -> Project:
    from testfleet.cli.interpreter import home_interpreter, home_variables
    from testfleet.contracts.project import PROJECT_FILE
    from testfleet.contracts.run import Mode
    from testfleet.errors import UsageError
    from testfleet.planning.project import load_project, resolve_suite
    from testfleet.planning.source_tree import DirectoryTree
    from testfleet.repair.project import Project
    from testfleet.scm.working_tree import list_files

    own = [PROJECT_FILE] if (root / PROJECT_FILE).is_file() else []
    config = load_project(DirectoryTree(root, own))
    chosen = resolve_suite(config, suite, Mode.FULL)
    files = tuple(list_files(root, config.source.include))
    if not files:
        raise UsageError(f"{root} has no files that are not ignored", hint="name another PATH")
    python = home_interpreter(root, config.environment)
    if python is None:
        raise UsageError(
            f"no interpreter with pytest for {root}",
            hint="make a .venv there, activate one, or name it in testfleet.toml:"
            " [environment] python",
        )
    return Project(
        root=root,
        files=files,
        python=python,
        args=(*chosen.args, *framework_args),
        env={**home_variables(), **chosen.env},
        folder=chosen.root,
    )


def _changes(root: Path) -> Sequence[FileChange]:
    """What the last commit and the working tree have changed; nothing where git has no say."""
    from testfleet.errors import UsageError
    from testfleet.scm.changes import changes_since

    try:
        return changes_since(root, "HEAD~1", frozenset())
    except UsageError:
        return ()


def _exit_code(report: FixReport) -> int:
    from testfleet.contracts.repair import FixStatus

    codes: Mapping[FixStatus, int] = {FixStatus.FIXED: 0, FixStatus.NOTHING_FAILED: _NOTHING_FAILED}
    return codes.get(report.status, 1)
