"""How `testfleet fix` shows what it does and what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testfleet.cli.console import err, out, say

if TYPE_CHECKING:
    from testfleet.contracts.repair import FixReport

_LINES_SHOWN = 5


class Progress:
    """A live line on a terminal, silence elsewhere."""

    def __init__(self) -> None:
        self._status = err().status("starting") if err().is_terminal else None

    def __enter__(self) -> Progress:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, text: str) -> None:
        """Say what goes on."""
        if self._status is not None:
            self._status.update(text)


def print_report(report: FixReport, *, applied: bool) -> None:
    """For a person: the status, the patch, what speaks against it, what to do next."""
    words = report.status.value.replace("_", " ")
    _plain(f"{words}: {report.reason}" if report.reason else words)
    if report.patch:
        _plain(report.patch.rstrip("\n"))
        _plain(f"{report.engine} ({report.template}), {report.consensus:.0%} of the vote")
    for concern in report.concerns:
        _plain(f"- {concern}")
    _print_suggestions(report)
    _say_what_next(report, applied=applied)


def _plain(text: str) -> None:
    out().print(text, markup=False)


def _print_suggestions(report: FixReport) -> None:
    for suggestion in report.suggestions:
        _plain(f"suggestion, {suggestion.share:.0%} of the vote ({suggestion.template}):")
        _plain(suggestion.patch.rstrip("\n"))
        for concern in suggestion.concerns:
            _plain(f"- {concern}")
    if not report.patch:
        for line in report.localisation[:_LINES_SHOWN]:
            _plain(f"suspicious: {line.path}:{line.line}: {'; '.join(line.reasons)}")


def _say_what_next(report: FixReport, *, applied: bool) -> None:
    counts = report.candidates
    if counts.tried:
        say(
            f"{counts.tried} candidates tried, {counts.plausible} plausible, {counts.validated}"
            f" validated, {report.time_s:.1f} s"
        )
    if applied:
        say("applied; `testfleet fix --undo` takes it back")
    elif report.patch:
        say("to write it into the working tree: testfleet fix --apply")
