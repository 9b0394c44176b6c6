"""What is asked of the fork server, and what it answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from testfleet.repair.engine import Frame


@dataclass(frozen=True)
class Ask:
    """One child: which files are changed, which tests run, how long, and what is told of them."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    """Changed content by relative path."""
    ids: Sequence[str] = ()
    """Tests in the order in which they run; empty for all."""
    paths: Sequence[str] = ()
    """Relative paths of the files that these are in; empty for what pytest finds."""
    gate: int = 1_000_000_000
    """So many of `ids` run in any case; after that, a failure ends the rest."""
    quick: bool = False
    """Without texts for people."""
    limit_s: float = 60.0
    test_limit_s: float = 60.0
    """A test that takes longer is interrupted."""
    silence_s: float = 1e6
    """A child that says nothing for so long is ended."""
    trace: Sequence[str] = ()
    """Relative paths of the files whose executed lines are told, test by test."""
    tell_items: bool = False
    bytecode: bool = False
    """Whether byte code may be kept: only of unchanged sources."""
    memory_mb: int = 1024
    fresh: bool = False
    """Whether each file of the copy is looked at before, for what earlier children wrote."""
    record: Mapping[str, Any] | None = None
    """`path` of a file to keep calls in, and which: `tests` and `own` (relative paths), and
    `functions` (path and name)."""
    replay: Mapping[str, Any] | None = None
    """`path` of such a file, and `limit_s`: its calls are made, no test runs."""

    def message(self, root: str) -> dict[str, Any]:
        """As the server wants it."""
        return {
            "kind": "run",
            "root": root,
            "files": {
                f"{root}/{path}": base64.b64encode(content).decode("ascii")
                for path, content in self.files.items()
            },
            "ids": list(self.ids),
            "paths": [f"{root}/{path}" for path in self.paths],
            "gate": self.gate,
            "quick": self.quick,
            "limit_s": self.limit_s,
            "test_limit_s": self.test_limit_s,
            "silence_s": self.silence_s,
            "trace": list(self.trace),
            "tell_items": self.tell_items,
            "tell_starts": not self.quick,
            "bytecode": self.bytecode,
            "memory_mb": self.memory_mb,
            "fresh": self.fresh,
            "record": {**self.record, "root": root} if self.record else None,
            "replay": dict(self.replay) if self.replay else None,
        }


@dataclass(frozen=True)
class TestRun:
    """How one test ended in a child."""

    __test__ = False

    id: str
    outcome: str
    """passed, failed, skipped, xfailed, xpassed; timeout and lost when its process was ended."""
    seconds: float = 0.0
    exception: str = ""
    message: str = ""
    longrepr: str = ""
    frames: tuple[Frame, ...] = ()
    """Of the traceback, outermost first, in the project's own files, tests included."""
    chain: tuple[Frame, ...] = ()
    """Also of the exceptions that it was raised from."""
    hung: tuple[Frame, ...] = ()
    """Where it was when its time was over."""
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Executed lines by path."""

    @property
    def passed(self) -> bool:
        """A test that is skipped has not passed."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class Answer:
    """What one child has told."""

    outcome: str
    """ended, timeout or died."""
    seconds: float
    tests: Mapping[str, TestRun]
    broken: Mapping[str, TestRun] = field(default_factory=dict)
    """Files that could not be collected, by id."""
    items: Sequence[tuple[str, str, str]] = ()
    """Id, absolute path of the file and kind of each test that was collected."""
    imported: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Lines that were executed by collection alone."""
    modules: Sequence[str] = ()
    """Of others, imported by the child."""
    stopped: str = ""
    """Why pytest ended early."""
    data: Sequence[Mapping[str, Any]] = ()
    """Messages of other kinds."""

    @property
    def passed(self) -> frozenset[str]:
        """Tests that passed."""
        return frozenset(test.id for test in self.tests.values() if test.passed)


def read_answer(raw: Mapping[str, Any]) -> Answer:
    """From the server's message."""
    reader = _Reader()
    for message in raw["messages"]:
        reader.read(message)
    reader.close(raw["outcome"])
    return Answer(
        outcome=raw["outcome"],
        seconds=raw["seconds"],
        tests=reader.tests,
        broken=reader.broken,
        items=reader.items,
        imported=reader.imported,
        modules=reader.modules,
        stopped=reader.stopped,
        data=reader.data,
    )


class _Reader:
    def __init__(self) -> None:
        self.tests: dict[str, TestRun] = {}
        self.broken: dict[str, TestRun] = {}
        self.items: list[tuple[str, str, str]] = []
        self.imported: Mapping[str, Sequence[int]] = {}
        self.modules: Sequence[str] = ()
        self.stopped = ""
        self.data: list[Mapping[str, Any]] = []
        self._running = ""

    def read(self, message: Mapping[str, Any]) -> None:
        kind = message.get("kind")
        if kind == "test":
            self.tests[message["id"]] = _test(message)
            self._running = ""
        elif kind == "start":
            self._running = message["id"]
        elif kind == "broken":
            self.broken[message["id"]] = _test({**message, "outcome": "failed"})
        elif kind == "items":
            self.items = [(test, path, sort) for test, path, sort in message["items"]]
        elif kind == "imported":
            self.imported, self.modules = message["lines"], message["modules"]
        elif kind == "stopped":
            self.stopped = message["reason"]
        elif kind != "end":
            self.data.append(message)

    def close(self, outcome: str) -> None:
        """The test that ran when the process ended has an outcome as well."""
        if self._running and outcome != "ended":
            how = "timeout" if outcome == "timeout" else "lost"
            self.tests[self._running] = TestRun(self._running, how)


def _test(message: Mapping[str, Any]) -> TestRun:
    failure = message.get("failure") or {}
    return TestRun(
        id=message["id"],
        outcome=message["outcome"],
        seconds=message.get("seconds", 0.0),
        exception=failure.get("exception", ""),
        message=failure.get("message", ""),
        longrepr=failure.get("longrepr", ""),
        frames=_frames(failure.get("frames")),
        chain=_frames(failure.get("chain")),
        hung=_frames(message.get("frames_at_limit")),
        lines=message.get("lines") or {},
    )


def _frames(raw: Sequence[Sequence[Any]] | None) -> tuple[Frame, ...]:
    return tuple(Frame(path, line, function) for path, line, function in raw or ())
