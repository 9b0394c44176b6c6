"""The problems behind a run's failures, each with its text, its evidence and its tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from testfleet.contracts.failure import (
    Classification,
    Failure,
    FailureCluster,
    FailureVerdict,
    Judgement,
    Priority,
    Route,
    Suspect,
)
from testfleet.contracts.report import RunReport
from testfleet.results.html.text import clip, html, many

MAX_PROBLEMS: Final = 200
_TESTS: Final = 12
_EVIDENCE: Final = 40
_LINE: Final = 400


def problems(report: RunReport) -> str:
    """One card for each cluster, the most urgent first and open."""
    inside: defaultdict[str, list[Failure]] = defaultdict(list)
    for failure in report.failures:
        inside[failure.cluster].append(failure)
    shown = report.clusters[:MAX_PROBLEMS]
    cards = "".join(
        _card(number, cluster, inside[cluster.id]) for number, cluster in enumerate(shown)
    )
    rest = len(report.clusters) - len(shown)
    more = f"<p class=dim>… and {many(rest, 'more problem')} in the JSON report</p>" if rest else ""
    return cards + more


def _card(number: int, cluster: FailureCluster, failures: Sequence[Failure]) -> str:
    route = cluster.route
    priority = (route.priority if route else Priority.LOW).name.lower()
    parts = [
        f"<p class=told>{html(cluster.text)}</p>" if cluster.text else "",
        f"<dl>{''.join(_facts(cluster, failures))}</dl>",
        _evidence(cluster.classification),
        _tests(number, failures),
    ]
    return (
        f'<details class="problem {priority}"{" open" if number < _OPEN else ""}>'
        f"<summary><span class=priority>{priority}</span>"
        f"<span class=title>{html(clip(cluster.title, _LINE))}</span>"
        f"<span class=count>{' · '.join(_tags(cluster, failures))}</span></summary>"
        f"<div class=inside>{''.join(parts)}</div></details>"
    )


def _tags(cluster: FailureCluster, failures: Sequence[Failure]) -> Iterator[str]:
    yield many(cluster.count, "test")
    verdicts = {each.judgement.verdict for each in failures if each.judgement}
    for verdict in sorted(verdicts - {FailureVerdict.UNCONFIRMED}):
        yield verdict.value
    if any(each.quarantined for each in failures):
        yield "in quarantine"


def _facts(cluster: FailureCluster, failures: Sequence[Failure]) -> Iterator[str]:
    if cluster.classification:
        told = cluster.classification
        what = f"{told.cause.value} ({told.domain.value}), {told.confidence:.0%} sure"
        yield _fact("Class", html(f"{what}, by {told.model}"))
    if cluster.where:
        yield _fact("Where", f"<code>{html(cluster.where)}</code>")
    if cluster.first_seen:
        seen = cluster.first_seen
        commit = f", commit <code>{html(seen.commit[:12])}</code>" if seen.commit else ""
        yield _fact("First seen", f"{seen.at:%Y-%m-%d %H:%M} UTC, run {html(seen.run_id)}{commit}")
    if cluster.suspects:
        yield _fact("Suspects", _list(_suspect(each) for each in cluster.suspects))
    if cluster.route:
        yield _fact("Who acts", _actor(cluster.route))
    for judgement in _telling(failures):
        yield _fact("Judged", html(_judged(judgement)))
    for entry in {each.quarantine for each in failures if each.quarantine}:
        told_of = f"{entry.test}: owner {entry.owner}, until {entry.until} {entry.reason}"
        yield _fact("Quarantine", html(told_of.strip()))
    if cluster.similar:
        yield _fact(
            "Much like",
            _list(
                f"{html(clip(each.title, _LINE))} <span class=dim>({each.similarity:.0%}, run "
                f"{html(each.last_seen.run_id)})</span>"
                for each in cluster.similar
            ),
        )


def _telling(failures: Sequence[Failure]) -> list[Judgement]:
    """Each judgement that says more than the one before it, a few of them."""
    found = {
        (each.judgement.verdict, each.judgement.category, each.judgement.polluter): each.judgement
        for each in failures
        if each.judgement and each.judgement.verdict is not FailureVerdict.UNCONFIRMED
    }
    return list(found.values())[:3]


def _judged(judgement: Judgement) -> str:
    category = f", {judgement.category.value}" if judgement.category else ""
    text = f"{judgement.verdict.value}{category}: {judgement.reason}"
    rate = judgement.rate
    if rate is None or not rate.runs:
        return text
    return (
        f"{text}. In {many(rate.runs, 'run')} it was by chance {rate.mean:.1%} of the time"
        f" (90 % between {rate.low:.1%} and {rate.high:.1%})"
    )


def _suspect(suspect: Suspect) -> str:
    name = suspect.name[:12] if suspect.kind == "commit" else suspect.name
    return f"{suspect.kind} <code>{html(name)}</code> {html(clip(suspect.reason, _LINE))}"


def _actor(route: Route) -> str:
    model = f" with {route.model}" if route.model else ""
    engine = "a person" if route.engine == "none" else f"engine {route.engine}{model}"
    return html(engine) + (_list(html(each) for each in route.actions) if route.actions else "")


def _evidence(told: Classification | None) -> str:
    if told is None or not told.evidence:
        return ""
    lines = "\n".join(html(clip(each.text, _LINE)) for each in told.evidence[:_EVIDENCE])
    return f"<h3>The lines that decided</h3><pre tabindex=0>{lines}</pre>"


def _tests(number: int, failures: Sequence[Failure]) -> str:
    names = _list(f"<code>{html(clip(each.test, _LINE))}</code>" for each in failures[:_TESTS])
    button = (
        f"<button type=button data-cluster={number}>Show {many(len(failures), 'test')} in the "
        "table</button>"
    )
    return f"<h3>Tests</h3>{names}{button}"


def _fact(name: str, value: str) -> str:
    return f"<dt>{name}</dt><dd>{value}</dd>"


def _list(items: Iterator[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


_OPEN: Final = 1
