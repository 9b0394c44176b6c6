"""What `testfleet fix` answers about failing JavaScript tests."""

from __future__ import annotations

from typing import Final

from testfleet.contracts.repair import CandidateCounts, FixReport, FixStatus, Suggestion
from testfleet.repair.javascript.repair import Outcome, Repair
from testfleet.repair.javascript.vote import THRESHOLD, Group
from testfleet.repair.typescript.texts import Batches, files_of

SUGGESTIONS: Final = 5
LINES_SHOWN: Final = 30


def report_of(repair: Repair) -> FixReport:
    """The answer as a contract, but for the time."""
    outcome = repair.outcome
    share = min((one.share for one in outcome.chosen), default=0.0)
    fixed = bool(outcome.chosen) and not outcome.left and share >= THRESHOLD
    status = _status(outcome, fixed=fixed)
    best = outcome.chosen[-1].best.draft.proposal if fixed else None
    return FixReport(
        status=status,
        reason=_reason(outcome, status),
        patch=repair.texts.diff(outcome.batches) if fixed else "",
        files=files_of(outcome.batches) if fixed else (),
        engine=best.engine if best else "",
        template=best.template if best else "",
        consensus=round(share, 4),
        concerns=tuple(outcome.notes),
        tests=outcome.tests,
        candidates=_counts(repair),
        suggestions=() if fixed else tuple(_suggestions(repair)),
        localisation=tuple(outcome.lines[:LINES_SHOWN]),
    )


def _status(outcome: Outcome, *, fixed: bool) -> FixStatus:
    if fixed:
        return FixStatus.FIXED
    return FixStatus.SUGGESTED if outcome.chosen else FixStatus.NOT_FIXED


def _reason(outcome: Outcome, status: FixStatus) -> str:
    if status is FixStatus.FIXED:
        return ""
    if status is FixStatus.NOT_FIXED:
        return outcome.reason
    if outcome.left:
        more = f": {outcome.reason}" if outcome.reason else ""
        return f"{len(outcome.left)} tests still fail, the first is {outcome.left[0]}{more}"
    worst = min(outcome.chosen, key=lambda one: one.share)
    return (
        f"patches that behave differently turn the tests green, and the best of them has"
        f" {worst.share:.0%} of the vote ({THRESHOLD:.0%} is asked for): add a test that tells"
        " them apart, or choose one"
    )


def _counts(repair: Repair) -> CandidateCounts:
    return CandidateCounts(
        generated=repair.budget.generated,
        tried=repair.budget.tried,
        plausible=repair.outcome.plausible,
        validated=len(repair.outcome.groups),
    )


def _suggestions(repair: Repair) -> list[Suggestion]:
    outcome = repair.outcome
    before = outcome.batches[:-1]
    return [_suggestion(repair, group, before) for group in outcome.groups[:SUGGESTIONS]]


def _suggestion(repair: Repair, group: Group, before: Batches) -> Suggestion:
    proposal = group.best.draft.proposal
    return Suggestion(
        patch=repair.texts.diff([*before, proposal.edits]),
        engine=proposal.engine,
        template=proposal.template,
        share=round(group.share, 4),
        concerns=tuple(filter(None, [proposal.concern])),
    )
