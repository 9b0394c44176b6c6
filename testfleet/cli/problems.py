"""What a person reads first of a red run: the problems behind its failures, most urgent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from testfleet.cli.console import clip
from testfleet.contracts.failure import (
    Failure,
    FailureCluster,
    FailureVerdict,
    FlakyCategory,
    Judgement,
    Priority,
    Sighting,
)

if TYPE_CHECKING:
    from rich.console import Console

    from testfleet.contracts.report import RunReport

_SHOWN: Final = 8
_STYLE: Final = {
    Priority.CRITICAL: "bold red",
    Priority.HIGH: "red",
    Priority.MEDIUM: "yellow",
    Priority.LOW: "dim",
}
_TELLING_RUNS: Final = 5
"""Of fewer runs a share says nothing."""
_PERSON: Final = "none"
"""Engine of a route that leads to a person."""


@dataclass(frozen=True)
class Problem:
    """One cluster beside the failures in it."""

    cluster: FailureCluster
    failures: tuple[Failure, ...]

    @property
    def judgement(self) -> Judgement | None:
        """Of the test to look at."""
        found = (each for each in self.failures if each.test == self.cluster.representative)
        return next((each.judgement for each in found), None)

    @property
    def in_quarantine(self) -> int:
        """Tests that do not block."""
        return sum(each.quarantined for each in self.failures)


def problems_of(report: RunReport) -> list[Problem]:
    """The problems of a run, the most urgent first."""
    inside: dict[str, list[Failure]] = {each.id: [] for each in report.clusters}
    for failure in report.failures:
        inside.setdefault(failure.cluster, []).append(failure)
    return [Problem(each, tuple(inside[each.id])) for each in report.clusters]


def print_problems(console: Console, report: RunReport) -> None:
    """A heading, and a few lines for each of the first problems."""
    problems = problems_of(report)
    if not problems:
        return
    console.print(f"\n[bold]{heading(report)}[/bold]")
    for number, problem in enumerate(problems[:_SHOWN], 1):
        _print_problem(console, number, problem, report.run_id)
    if len(problems) > _SHOWN:
        console.print(f"… and {len(problems) - _SHOWN} more problems: see the report", style="dim")


def heading(report: RunReport) -> str:
    """`3 problems behind 400 failures, 2 of them flaky`."""
    verdicts = Counter(each.judgement.verdict for each in report.failures if each.judgement)
    counts = {
        "flaky": verdicts[FailureVerdict.FLAKY],
        "in quarantine": sum(each.quarantined for each in report.failures),
    }
    more = [f"{count} {what}" for what, count in counts.items() if count]
    tail = f" ({', '.join(more)})" if more else ""
    failures = _many(len(report.failures), "failure")
    return f"{_many(len(report.clusters), 'problem')} behind {failures}{tail}"


def _print_problem(console: Console, number: int, problem: Problem, run_id: str) -> None:
    cluster, route = problem.cluster, problem.cluster.route
    priority = route.priority if route else Priority.LOW
    console.print(f"{number:>2}  ", end="", style="bold")
    console.print(f"{priority.name.lower():<9}", end="", style=_STYLE[priority])
    console.print(" · ".join(_facts(problem)), markup=False, style="bold")
    for line in (clip(cluster.title), *details(problem, run_id)):
        console.print(f"    {line}", markup=False, style="" if line == cluster.title else "dim")


def _facts(problem: Problem) -> Iterator[str]:
    cluster, told = problem.cluster, problem.cluster.classification
    files = f" in {cluster.files} files" if cluster.files > 1 else ""
    yield f"{_many(cluster.count, 'test')}{files}"
    if told:
        yield f"{told.cause.value} ({told.domain.value}, {told.confidence:.0%} sure)"
    judgement = problem.judgement
    if judgement and judgement.verdict is not FailureVerdict.UNCONFIRMED:
        yield judgement.verdict.value
    if problem.in_quarantine:
        yield "in quarantine" if problem.in_quarantine == cluster.count else "partly in quarantine"


def details(problem: Problem, run_id: str) -> Iterator[str]:
    """Where, since when, who is suspected, and who acts: a line each."""
    cluster = problem.cluster
    yield clip(_where(cluster))
    yield clip(" · ".join([_since(cluster.first_seen, run_id), *_blame(cluster)]))
    if problem.judgement and (why := chance(problem.judgement)):
        yield clip(why)
    for entry in {each.quarantine for each in problem.failures if each.quarantine}:
        yield clip(f"quarantine: {entry.owner} until {entry.until} {entry.reason}".rstrip())
    yield clip(f"who acts: {actor(cluster)}")


def _where(cluster: FailureCluster) -> str:
    place, _, function = cluster.where.partition(", in ")
    file, _, test = cluster.representative.partition("::")
    if cluster.count == 1 and place.startswith(f"{file}:") and function in test:
        return f"{place} · {test}"
    return " · ".join([*filter(None, [cluster.where]), f"e.g. {cluster.representative}"])


def chance(judgement: Judgement) -> str:
    """Why a flaky test is thought to be so, and how often it is."""
    if judgement.verdict is not FailureVerdict.FLAKY:
        return ""
    category = judgement.category or FlakyCategory.UNKNOWN
    what = "flaky" if category is FlakyCategory.UNKNOWN else f"flaky, {category.value}"
    rate = judgement.rate
    is_known = rate is not None and rate.runs >= _TELLING_RUNS
    often = f" · in {rate.mean:.0%} of its {rate.runs} runs" if rate and is_known else ""
    return f"{what}: {judgement.reason}{often}"


def actor(cluster: FailureCluster) -> str:
    """The repair engine, or what a person is to do first."""
    route = cluster.route
    if route is None:
        return "a person"
    if route.engine == _PERSON:
        return f"a person: {route.actions[0]}" if route.actions else "a person"
    model = f" with {route.model}" if route.model else ""
    return f"engine {route.engine}{model}"


def _since(first: Sighting | None, run_id: str) -> str:
    if first is None or first.run_id == run_id:
        return "new in this run"
    commit = f", commit {first.commit[:12]}" if first.commit else ""
    return f"since {first.at:%Y-%m-%d}, run {first.run_id}{commit}"


def _blame(cluster: FailureCluster) -> Iterator[str]:
    if cluster.suspects:
        first = cluster.suspects[0]
        name = first.name[:12] if first.kind == "commit" else first.name
        yield f"suspect: {first.kind} {name}, {first.reason}"
    if cluster.similar:
        like = cluster.similar[0]
        yield f"much like {like.id[:8]} of run {like.last_seen.run_id}"


def judgements_of(report: RunReport) -> Mapping[str, Judgement]:
    """By test id."""
    return {each.test: each.judgement for each in report.failures if each.judgement}


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
