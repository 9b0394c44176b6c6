"""What patches do: their answers to calls recorded from the tests, and to neighbours of these."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.repair.baseline import Baseline
from testfleet.repair.reach import Reach
from testfleet.repair.search import Repair
from testfleet.repair.sources import Source
from testfleet.repair.validate.messages import Ask
from testfleet.repair.validate.server import ForkServer, ServerLostError

REPLAY_S: Final = 1.5
"""Of all calls of one patch together."""
ALL_S: Final = 5.0
"""For the replies of all patches, but for the first `LEAST_HEARD` of them."""
LEAST_HEARD: Final = 4
RECORD_S: Final = 20.0
RECORD_TEST_S: Final = 2.0
"""Processor time of one test that is recorded, and of all passing ones among them."""
MOST_TESTS: Final = 80
"""Tests that calls are recorded from."""
LEAST_NORMAL: Final = 0.5
"""Share of the weight that must return from a made-up call, or it is taken for one that breaks
what the function asks of its arguments."""


@dataclass(frozen=True)
class Scene:
    """Where patches are compared."""

    server: ForkServer
    baseline: Baseline
    sources: Mapping[str, Source]
    test_files: frozenset[str]
    base: Mapping[str, bytes]
    reach: Reach


@dataclass(frozen=True)
class Reply:
    """How one call ended: `ok`, `raised`, `hung` or `skipped`; what came of it."""

    how: str
    what: str
    kind: str
    """Type of what came of it."""
    direct: bool
    """A test makes this very call."""

    @property
    def mark(self) -> str:
        """Equal for what a caller cannot tell apart."""
        return f"{self.how}:{self.what}"


@dataclass(frozen=True)
class Replies:
    """What was answered to the same calls."""

    rows: list[list[Reply]]
    """Of each patch; empty ones when no calls could be recorded. Fewer than there are patches when
    the time was over: then the last ones were not heard."""
    before: list[Reply]
    """Of the program without any patch."""


def replies_of(scene: Scene, repairs: Sequence[Repair], tests: Sequence[str]) -> Replies:
    """The replies of all patches, and of the program before them."""
    deadline = time.monotonic() + ALL_S
    path = str(scene.server.copy.scratch / "calls.bin")
    paths = _record(scene, repairs, tests, path)
    if not paths:
        return Replies([[] for _ in repairs], [])
    replay = {"path": path, "limit_s": REPLAY_S}
    found: list[list[Reply]] = []
    for repair in repairs:
        if len(found) >= LEAST_HEARD and time.monotonic() > deadline:
            break
        found.append(_replay(scene, repair.files, paths, replay))
    return Replies(found, _replay(scene, {}, paths, replay))


def failures(replies: Sequence[Reply], before: Sequence[Reply]) -> frozenset[str]:
    """Exceptions on made-up calls that the program answered with a value before the patch."""
    if len(replies) != len(before):
        return frozenset()
    return frozenset(
        reply.what
        for reply, old in zip(replies, before, strict=True)
        if reply.how == "raised" and old.how == "ok" and not reply.direct
    )


def behaviours(
    replies: Sequence[Sequence[Reply]], weights: Sequence[float]
) -> list[tuple[str, ...]]:
    """A key for each patch: the same for those that answer all calls alike that count."""
    most = max((len(row) for row in replies), default=0)
    whole = [row for row in replies if len(row) == most]
    heard = [weight for row, weight in zip(replies, weights, strict=True) if len(row) == most]
    counting = [at for at in range(most) if _counts([row[at] for row in whole], heard)]
    found = []
    for order, row in enumerate(replies):
        if len(row) == most and most:
            found.append(tuple(row[at].mark for at in counting))
        else:
            found.append((f"unheard {order}",))
    return found


def kinds_of(replies: Sequence[Reply]) -> int:
    """How many types of values a patch makes the functions return. One that adds to them, such as
    False where numbers are returned, is less natural."""
    return len({reply.kind for reply in replies if reply.how == "ok"})


def _counts(column: Sequence[Reply], weights: Sequence[float]) -> bool:
    if any(reply.how == "skipped" for reply in column):
        return False
    if column[0].direct:
        return True
    normal = sum(weight for reply, weight in zip(column, weights, strict=True) if reply.how == "ok")
    return normal >= LEAST_NORMAL * sum(weights)


def _record(scene: Scene, repairs: Sequence[Repair], tests: Sequence[str], path: str) -> list[str]:
    """Record calls; the test files that must be collected before they can be made again."""
    baseline = scene.baseline
    chosen = _worth_watching(scene, repairs, tests)
    paths = sorted({baseline.file_of(test) for test in chosen})
    record = {
        "path": path,
        "tests": sorted(scene.test_files | baseline.doctests),
        "own": sorted(scene.sources),
        "functions": sorted(_functions(scene, repairs)),
    }
    # With the best patch in place: before it, a call may fail before it comes to others.
    files = {**scene.base, **repairs[0].files}
    ask = Ask(
        files=files,
        ids=chosen,
        paths=paths,
        quick=True,
        test_limit_s=RECORD_TEST_S,
        limit_s=RECORD_S,
        record=record,
    )
    try:
        answer = scene.server.ask(ask)
    except ServerLostError:
        return []
    count = sum(message["count"] for message in answer.data if message["kind"] == "recorded")
    return paths if count else []


def _worth_watching(scene: Scene, repairs: Sequence[Repair], tests: Sequence[str]) -> list[str]:
    """The targets, and the quickest of the passing tests that patches can reach."""
    baseline = scene.baseline
    edits = [edit for repair in repairs for edit in repair.candidate.edits]
    near = sorted(scene.reach.tests(edits), key=lambda test: baseline.tests[test].seconds)
    chosen, left_s = list(tests), RECORD_TEST_S
    for test in near:
        left_s -= baseline.tests[test].seconds
        if left_s < 0:
            break
        chosen.append(test)
    return chosen[:MOST_TESTS]


def _functions(scene: Scene, repairs: Sequence[Repair]) -> set[tuple[str, str]]:
    """Path and name of the functions that patches change."""
    edits = [edit for repair in repairs for edit in repair.candidate.edits]
    named = {(edit.path, scene.reach.span(edit)[2].rpartition(".")[2]) for edit in edits}
    return {(path, name) for path, name in named if name}


def _replay(
    scene: Scene,
    files: Mapping[str, bytes],
    paths: Sequence[str],
    replay: Mapping[str, object],
) -> list[Reply]:
    ask = Ask(
        files={**scene.base, **files},
        paths=paths,
        quick=True,
        limit_s=REPLAY_S + 3.0,
        replay=replay,
    )
    try:
        answer = scene.server.ask(ask)
    except ServerLostError:
        return []
    rows = [message["rows"] for message in answer.data if message["kind"] == "answers"]
    return [Reply(*row) for row in rows[0]] if rows else []
