"""Entry of the `testfleet` command: its list, and the edge where errors become exits."""

from __future__ import annotations

import io
import sys
import traceback
from typing import NoReturn

import typer

from testfleet.cli import (
    classify_command,
    fix_command,
    flaky_command,
    fleet_commands,
    history_command,
    impact_command,
    inspect_commands,
    override_command,
    plan_command,
    prioritise_command,
    profiles_command,
    quotas_command,
    repair_command,
    replay_command,
    retrain_command,
    risk_command,
    run_command,
    simulate_command,
    stop_command,
)
from testfleet.cli.console import show_error
from testfleet.errors import TestfleetError

INTERNAL_ERROR = 70
"""Exit code of a defect in Testfleet itself, as sysexits.h has it."""
INTERRUPTED = 130

app = typer.Typer(
    name="testfleet",
    help="Run a repository's tests on a serverless fleet, with the results of a run at home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
fleet_commands.register(app)
run_command.register(app)
plan_command.register(app)
inspect_commands.register(app)
stop_command.register(app)
impact_command.register(app)
simulate_command.register(app)
profiles_command.register(app)
quotas_command.register(app)
risk_command.register(app)
history_command.register(app)
flaky_command.register(app)
replay_command.register(app)
classify_command.register(app)
override_command.register(app)
retrain_command.register(app)
prioritise_command.register(app)
fix_command.register(app)
repair_command.register(app)


def main() -> NoReturn:
    """Run the command line and exit."""
    args, framework_args = split_framework_args(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # What a terminal or a pipe has no letters for is written as an escape, and ends nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=args, obj=framework_args)
    except TestfleetError as exc:
        show_error(str(exc), exc.hint)
        sys.exit(exc.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as exc:  # noqa: BLE001  the process edge: a user never sees a traceback
        sys.exit(_report_unexpected(exc))
    sys.exit(0)


def split_framework_args(argv: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """What stands before the first `--` is ours, what stands after it is the test framework's."""
    if "--" not in argv:
        return argv, ()
    cut = argv.index("--")
    return argv[:cut], tuple(argv[cut + 1 :])


def _report_unexpected(error: Exception) -> int:
    if type(error).__module__.startswith(("botocore", "urllib3")):
        show_error(
            f"the fleet does not answer as it should: {error}",
            "see `testfleet status`; `testfleet down` and `testfleet up` start it anew",
        )
        return 3
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        show_error(f"{error.strerror or error}{where}", "free or mend it, then run again")
        return 3
    show_error(f"internal error: {type(error).__name__}: {error}", _keep_traceback())
    return INTERNAL_ERROR


def _keep_traceback() -> str:
    from testfleet.cli.home import home

    try:
        path = home() / "crash.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(traceback.format_exc(), "utf-8")
    except OSError:
        return "please report it"
    return f"please report it with {path}"
