"""What broke, where, since when and what to try, in plain sentences. No model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.failure import (
    Cause,
    FailureCluster,
    FailureVerdict,
    FlakyCategory,
    Judgement,
)

_MAX_ACTIONS: Final = 3
_MAX_TITLE: Final = 160

WHAT: Final[dict[Cause, str]] = {
    Cause.ASSERTION: "An expectation does not hold",
    Cause.TYPE_ERROR: "Types do not fit together",
    Cause.SYNTAX: "A file cannot be parsed",
    Cause.IMPORT_OR_DEPENDENCY: "A module or package is missing",
    Cause.NULL_OR_ATTRIBUTE: "A value is missing where one is used",
    Cause.TIMEOUT: "Something took longer than it may",
    Cause.NETWORK: "Something on the network could not be reached",
    Cause.RESOURCE: "Memory, disk or another resource ran out",
    Cause.PORT_CONFLICT: "A port is taken already",
    Cause.PERMISSION_OR_CONFIG: "A permission or a setting is missing or wrong",
    Cause.RACE_OR_ORDER: "The order of what happens matters where it should not",
    Cause.SELECTOR: "An element was not found, or found more than once",
    Cause.SNAPSHOT: "What is made differs from its stored snapshot",
    Cause.RENDER: "A component cannot be rendered",
    Cause.INFRASTRUCTURE: "The machinery around the tests failed",
    Cause.OTHER: "Something failed",
}
"""How each cause is told."""

TRY: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.ASSERTION: (
        "Compare what was expected with what came, and decide which of them is right",
    ),
    Cause.TYPE_ERROR: ("Look at the declaration of the type that the message names",),
    Cause.SYNTAX: ("Open the file at the line that the message names",),
    Cause.IMPORT_OR_DEPENDENCY: (
        "Check that the package is declared and in the lock file",
        "Look for a module that was moved, renamed or deleted",
    ),
    Cause.NULL_OR_ATTRIBUTE: ("Find out where the missing value should have come from",),
    Cause.TIMEOUT: (
        "Look at what it waits for",
        "Compare its usual seconds with its limit: `testfleet history show`",
    ),
    Cause.NETWORK: ("Check that the host answers from where the tests run",),
    Cause.RESOURCE: ("Give the tests a larger profile, or close what they leave open",),
    Cause.PORT_CONFLICT: ("Let the system choose a free port",),
    Cause.PERMISSION_OR_CONFIG: ("Compare the settings here with those where the tests pass",),
    Cause.RACE_OR_ORDER: ("Wait for the event instead of for some time",),
    Cause.SELECTOR: ("Compare the query with what the page really shows",),
    Cause.SNAPSHOT: ("Read the difference, and store the snapshot anew if it is meant",),
    Cause.RENDER: ("Look at the component that the stack names first",),
    Cause.INFRASTRUCTURE: ("Look at the service that the message names, then run the tests again",),
    Cause.OTHER: ("Read the representative's message and stack",),
}
"""What to try first for each cause."""

_FLAKY: Final[dict[FlakyCategory, str]] = {
    FlakyCategory.ORDER_DEPENDENT: "Whether it passes depends on the tests that ran before it.",
    FlakyCategory.LEAK: "Another test leaves something behind that it stumbles over.",
    FlakyCategory.TIMING: "Whether it passes depends on how fast the machine is.",
    FlakyCategory.RESOURCE: "Whether it passes depends on what else the machine has to do.",
    FlakyCategory.NETWORK: "Whether it passes depends on the network.",
    FlakyCategory.RANDOMNESS: "Whether it passes is chance.",
    FlakyCategory.UNKNOWN: "It passed when it was run again; why it failed first is not known.",
}


@dataclass(frozen=True)
class Facts:
    """What the text is made from."""

    cluster: FailureCluster
    run_id: str
    """Of this run: what was first seen in it is new."""
    judgement: Judgement | None = None


def cause_text(facts: Facts) -> str:
    """A few sentences about one cluster."""
    sentences = [_what(facts.cluster), _where(facts.cluster), *_verdict(facts.judgement)]
    sentences += [_since(facts), *_suspects(facts.cluster), *_similar(facts.cluster)]
    return " ".join(sentence for sentence in [*sentences, _try(facts)] if sentence)


def summary_lines(clusters: Sequence[FailureCluster], limit: int = 10) -> list[str]:
    """What a terminal shows of the clusters: a heading, and two lines for each."""
    if not clusters:
        return []
    tests = sum(each.count for each in clusters)
    lines = [f"{_many(tests, 'failure')}, {_many(len(clusters), 'cause')}:"]
    for number, each in enumerate(clusters[:limit], 1):
        kind = f" [{each.classification.cause.value}]" if each.classification else ""
        lines.append(f"{number}. {_many(each.count, 'test')}{kind}: {_short(each.title)}")
        lines.append(f"   {each.where or each.representative}{_blame(each)}")
    if len(clusters) > limit:
        lines.append(f"and {len(clusters) - limit} more in the report")
    return lines


def _what(cluster: FailureCluster) -> str:
    told = cluster.classification
    what = WHAT[told.cause] if told else "Something failed"
    unsure = " probably" if told and told.confidence < _SURE else ""
    head = f"{what}{',' + unsure if unsure else ''}"
    return f"{head}: {_short(cluster.title).rstrip('.')}."


_SURE: Final = 0.6


def _where(cluster: FailureCluster) -> str:
    tests = _many(cluster.count, "test")
    files = f" in {_many(cluster.files, 'file')}" if cluster.files > 1 else ""
    fails = "fails" if cluster.count == 1 else "fail"
    place = f" at {cluster.where}" if cluster.where else ""
    return f"{tests}{files} {fails}{place}, e.g. {cluster.representative}."


def _verdict(judgement: Judgement | None) -> list[str]:
    if judgement is None or judgement.verdict is FailureVerdict.UNCONFIRMED:
        return []
    if judgement.verdict is FailureVerdict.REAL:
        return ["It failed again when it was run again."]
    if judgement.verdict is FailureVerdict.INFRASTRUCTURE:
        return ["The code is not to blame as far as one can see."]
    sentences = [_FLAKY[judgement.category or FlakyCategory.UNKNOWN]]
    if judgement.polluter:
        sentences.append(f"It fails after {judgement.polluter} and passes without it.")
    if judgement.rate and judgement.rate.runs:
        rate = judgement.rate
        sentences.append(
            f"It is flaky in {rate.mean:.0%} of its runs ({rate.low:.0%} to {rate.high:.0%})."
        )
    return sentences


def _since(facts: Facts) -> str:
    first = facts.cluster.first_seen
    if first is None:
        return ""
    commit = f", commit {first.commit[:12]}" if first.commit else ""
    if first.run_id == facts.run_id:
        return f"It is new in this run{commit}."
    return f"It was first seen on {first.at:%Y-%m-%d} in run {first.run_id}{commit}."


def _suspects(cluster: FailureCluster) -> list[str]:
    if not cluster.suspects:
        return []
    first = cluster.suspects[0]
    name = first.name[:12] if first.kind == "commit" else first.name
    return [f"Most suspicious is {first.kind} {name}: {first.reason.rstrip('.')}."]


def _similar(cluster: FailureCluster) -> list[str]:
    if not cluster.similar:
        return []
    first = cluster.similar[0]
    return [f"It resembles {first.id} of run {first.last_seen.run_id}: {_short(first.title)}."]


def _try(facts: Facts) -> str:
    told, route = facts.cluster.classification, facts.cluster.route
    actions = (*(route.actions if route else ()), *(TRY[told.cause] if told else TRY[Cause.OTHER]))
    chosen = list(dict.fromkeys(each.rstrip(".") for each in actions))[:_MAX_ACTIONS]
    return "To try: " + "; ".join(chosen) + "."


def _blame(cluster: FailureCluster) -> str:
    if not cluster.suspects:
        return ""
    first = cluster.suspects[0]
    name = first.name[:12] if first.kind == "commit" else first.name
    return f"; suspect: {first.kind} {name}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TITLE else line[: _MAX_TITLE - 1] + "…"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
