"""How `testfleet repair` shows what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testfleet.cli.console import out, say
from testfleet.contracts.failure import Priority

if TYPE_CHECKING:
    from testfleet.contracts.repair_work import RepairSummary, RepairVerdict

_SUGGESTIONS_SHOWN = 2


def print_summary(summary: RepairSummary) -> None:
    """For a person: each cause, its patch or the reason, where the pull request is."""
    for verdict in summary.verdicts:
        _print_verdict(verdict)
    for reason in summary.left_out:
        _plain(f"left out: {reason}")
    if summary.problem:
        _plain(f"the workflow failed: {summary.problem}")
    seconds = (summary.finished_at - summary.started_at).total_seconds()
    fixed = sum(verdict.report.status.value == "fixed" for verdict in summary.verdicts)
    say(
        f"repair {summary.repair_id}: {fixed} of {len(summary.verdicts)} fixed in {seconds:.0f} s,"
        f" ${summary.usd:.4f} at AWS list prices"
    )


def _print_verdict(verdict: RepairVerdict) -> None:
    report = verdict.report
    words = report.status.value.replace("_", " ")
    priority = Priority(min(verdict.priority, max(Priority))).name.lower()
    _plain(f"{words}: {verdict.title} ({priority}, {verdict.cluster})")
    if report.reason:
        _plain(f"  {report.reason}")
    if report.patch:
        _plain(report.patch.rstrip("\n"))
        _plain(f"  {report.engine} ({report.template}), {report.consensus:.0%} of the vote")
    for suggestion in report.suggestions[:_SUGGESTIONS_SHOWN]:
        _plain(f"  suggestion, {suggestion.share:.0%} of the vote ({suggestion.template}):")
        _plain(suggestion.patch.rstrip("\n"))
    pull = verdict.pull_request
    if pull is not None:
        asked = f", reviewers {', '.join(pull.reviewers)}" if pull.reviewers else ""
        _plain(f"  pull request ({pull.state}): {pull.branch}, {pull.address}{asked}")
    for note in verdict.notes:
        _plain(f"  note: {note}")
    if verdict.lost:
        _plain(f"  {verdict.lost} workers were lost on the way")


def _plain(text: str) -> None:
    out().print(text, markup=False)
