"""A run's failures as they are reported: by cause, judged, with suspects, routes and a text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.failure import (
    Classification,
    Failure,
    FailureCluster,
    FailureVerdict,
    FlakyCategory,
    Judgement,
    PastCluster,
    Sighting,
    Suspect,
)
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome
from testfleet.contracts.routing import Routing
from testfleet.triage.cause_text import Facts, cause_text
from testfleet.triage.clusters.cluster import Cluster, cluster
from testfleet.triage.clusters.memory import recall, remember
from testfleet.triage.clusters.suspects import (
    MAX_SUSPECTS,
    CommitChange,
    changed_files,
    suspect_commits,
    suspect_files,
)
from testfleet.triage.fingerprints.fingerprint import FailureText
from testfleet.triage.flaky.quarantine import entry_of
from testfleet.triage.route import Branch, Concern, route

Classify = Callable[[Sequence[str]], Sequence[Classification | None]]
"""Classifications of texts, in order. None for what there was no time for."""

_RED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)
_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True)
class Scene:
    """What is known around a run's failures."""

    now: Sighting
    tests: int
    """All tests of the run."""
    branch: Branch = Branch.OTHER
    is_blocking: bool = False
    past: Sequence[PastCluster] = ()
    commits: Sequence[CommitChange] = ()
    """Since the last run that passed, newest first."""
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    """By test id, as far as somebody has looked."""
    quarantine: Sequence[QuarantineConfig] = ()


@dataclass(frozen=True)
class Triage:
    """What a report gets, and what is kept for the next run."""

    failures: tuple[Failure, ...]
    clusters: tuple[FailureCluster, ...]
    """The most urgent first."""
    past: tuple[PastCluster, ...]


def triage(
    tests: Sequence[TestReport], scene: Scene, classify: Classify, routing: Routing
) -> Triage:
    """Everything about the tests that failed at least once. Each cause is classified once."""
    red = {test.id: test for test in tests if test.outcome in _RED}
    found = cluster(_failure_text(test) for test in red.values())
    told = recall(found, scene.past, scene.now)
    classes = classify([_text(each) for each in found])
    judged = {test.id: _judgement(test, scene) for test in red.values()}
    inside = dict(zip((each.id for each in told), found, strict=True))
    clusters = [
        each.model_copy(
            update={"classification": label, "suspects": _suspects(inside[each.id], scene)}
        )
        for each, label in zip(told, classes, strict=True)
    ]
    concerns = [_concern(each, inside[each.id], judged, scene) for each in clusters]
    routes = route(concerns, routing)
    harmless = {each.name for each in concerns if each.is_harmless}
    clusters = [
        _with_text(each.model_copy(update={"route": way}), judged, scene)
        for each, way in zip(clusters, routes, strict=True)
    ]
    failures = tuple(
        failure for each in clusters for failure in _failures(each, inside[each.id], judged, scene)
    )
    return Triage(
        tuple(sorted(failures, key=lambda each: each.test)),
        tuple(sorted(clusters, key=lambda each: _urgency(each, harmless))),
        remember(scene.past, clusters, scene.now),
    )


def texts_of(tests: Sequence[TestReport]) -> list[str]:
    """For each cause among the tests that failed at least once the text that is classified."""
    red = [test for test in tests if test.outcome in _RED]
    return [_text(each) for each in cluster(_failure_text(test) for test in red)]


def _failure_text(test: TestReport) -> FailureText:
    return FailureText(test.id, test.file, test.message, test.longrepr, test.duration_s)


def _text(each: Cluster) -> str:
    text = each.representative.text
    return text.stack if text.message in text.stack else f"{text.message}\n{text.stack}"


def _judgement(test: TestReport, scene: Scene) -> Judgement:
    return scene.judgements.get(test.id) or usual_judgement(test)


def usual_judgement(test: TestReport) -> Judgement:
    """What the outcome alone tells of a failure."""
    if test.outcome is Outcome.FLAKY:
        return Judgement(
            verdict=FailureVerdict.FLAKY,
            category=FlakyCategory.UNKNOWN,
            reason="passed when it was run again",
        )
    if test.attempts > 1:
        return Judgement(verdict=FailureVerdict.REAL, reason="failed each time it was run again")
    return Judgement(verdict=FailureVerdict.UNCONFIRMED)


def _suspects(each: Cluster, scene: Scene) -> tuple[Suspect, ...]:
    commits = suspect_commits(each.trace, scene.commits)
    files = suspect_files(each.trace, changed_files(scene.commits))
    # Commits first among equals: they have an author.
    return tuple(sorted([*commits, *files], key=lambda found: -found.score)[:MAX_SUSPECTS])


def _concern(
    told: FailureCluster, each: Cluster, judged: Mapping[str, Judgement], scene: Scene
) -> Concern:
    tests = {member.text.test for member in each.members}
    first = told.first_seen or scene.now
    return Concern(
        name=told.id,
        classification=told.classification,
        verdict=_verdict([judged[test].verdict for test in tests]),
        tests=len(tests),
        of_tests=max(scene.tests, len(tests)),
        branch=scene.branch,
        age_days=max(0.0, (scene.now.at - first.at).total_seconds() / _SECONDS_A_DAY),
        is_blocking=scene.is_blocking,
        quarantined=all(_entry(test, scene) for test in tests),
    )


def _verdict(verdicts: Sequence[FailureVerdict]) -> FailureVerdict:
    """One real failure makes the cause real."""
    for verdict in (
        FailureVerdict.REAL,
        FailureVerdict.INFRASTRUCTURE,
        FailureVerdict.UNCONFIRMED,
    ):
        if verdict in verdicts:
            return verdict
    return FailureVerdict.FLAKY


def _with_text(
    told: FailureCluster, judged: Mapping[str, Judgement], scene: Scene
) -> FailureCluster:
    facts = Facts(told, scene.now.run_id, judged[told.representative])
    return told.model_copy(update={"text": cause_text(facts)})


def _failures(
    told: FailureCluster, each: Cluster, judged: Mapping[str, Judgement], scene: Scene
) -> list[Failure]:
    return [
        Failure(
            test=member.text.test,
            file=member.text.file,
            fingerprint=member.trace.fingerprint,
            cluster=told.id,
            classification=told.classification,
            judgement=judged[member.text.test],
            quarantined=_entry(member.text.test, scene) is not None,
            quarantine=_entry(member.text.test, scene),
        )
        for member in each.members
    ]


def _entry(test: str, scene: Scene) -> QuarantineConfig | None:
    return entry_of(test, scene.quarantine, scene.now.at.date())


def _urgency(told: FailureCluster, harmless: Collection[str]) -> tuple[int, bool, float, int, str]:
    way, last = told.route, told.id in harmless
    return (way.priority if way else 9, last, -way.score if way else 0.0, -told.count, told.id)
