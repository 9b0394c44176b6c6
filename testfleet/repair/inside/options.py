"""Options of pytest that would get in the way."""

from __future__ import annotations

from typing import Any


def calm(options: Any) -> None:
    """Switch off pytest-xdist and the choice of tests by what failed last time."""
    for name, value in (("numprocesses", 0), ("dist", "no"), ("tx", []), ("distload", False)):
        if hasattr(options, name):
            setattr(options, name, value)
    for name in ("lf", "stepwise", "stepwise_skip"):
        if hasattr(options, name):
            setattr(options, name, False)


def be_brief(options: Any) -> None:
    """No debugger, no early end, short tracebacks."""
    options.usepdb = False
    options.maxfail = 0
    options.continue_on_collection_errors = True
    if options.tbstyle == "auto":
        options.tbstyle = "short"


def explain_nothing() -> None:
    """Let failed assertions tell no differences between values."""
    from _pytest.assertion import util  # noqa: PLC0415  private, hence close to its use

    util._reprcompare = None
