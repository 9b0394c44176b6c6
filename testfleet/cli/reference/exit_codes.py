"""docs/reference/exit-codes.md, from the errors and from the edge where they become exits."""

from __future__ import annotations

import inspect

from testfleet import errors
from testfleet.cli.main import INTERNAL_ERROR, INTERRUPTED
from testfleet.cli.reference.markdown import page, prose, table
from testfleet.contracts.report import RunStatus
from testfleet.errors import TestfleetError

_INTRO = """\
A script can rely on these. The error itself stands on standard error: what failed, what was
received, what is allowed; then, on a line that begins with `hint:`, what to do next. Causes and
remedies: [Troubleshoot](../how-to/troubleshoot.md)."""

_RUNS = {
    RunStatus.PASSED: (0, "every test has an outcome, and none failed"),
    RunStatus.PASSED_WITH_QUARANTINED: (0, "some failed, each of them in quarantine"),
    RunStatus.FAILED: (1, "every test has an outcome, and some failed"),
    RunStatus.INCOMPLETE: (
        3,
        "something was lost, cancelled or never ran; it never counts as passed",
    ),
    RunStatus.REJECTED: (
        5,
        "nothing to run; or 2, when testfleet.toml, the environment or the request is wrong",
    ),
}
_EDGES = (
    (INTERNAL_ERROR, "a defect in Testfleet; the trace is in `.testfleet/crash.log`"),
    (INTERRUPTED, "Ctrl-C or SIGTERM: the run was stopped, its workers were ended"),
)


def error_classes() -> list[type[TestfleetError]]:
    """Every error of `testfleet.errors` below the base, in the order of the file."""
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    ours = [
        each for each in found if issubclass(each, TestfleetError) and each is not TestfleetError
    ]
    return sorted(ours, key=lambda each: inspect.getsourcelines(each)[1])


def exit_codes_page() -> str:
    """The text of the page."""
    runs = ((f"{code}", f"`{status.value}`", text) for status, (code, text) in _RUNS.items())
    raised = (
        (f"{each.exit_code}", f"`{each.__name__}`", prose(each.__doc__)) for each in error_classes()
    )
    edges = ((f"{code}", text) for code, text in _EDGES)
    return page(
        "Exit codes",
        [
            _INTRO,
            "## `testfleet run`, by the report's `status`",
            table(("Code", "Status", "Meaning"), runs),
            "## Errors of any command",
            table(("Code", "Error", "Meaning"), raised),
            "## Ends that no error names",
            table(("Code", "Meaning"), edges),
        ],
    )
