"""The project's own test runner, held in memory: a run costs little more than its tests."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from testfleet.repair.javascript.process import NodeError, NodeProcess
from testfleet.repair.typescript.bench import Bench

_SCRIPT: Final = Path(__file__).parent / "node" / "runner.mjs"
_OPEN_S: Final = 60.0
_LOADING_S: Final = 20.0
"""More for the first run of a process, which loads what the tests import."""
_MEMORY_MB: Final = 2048
_WORN: Final = 400
"""Runs after which a process is replaced: what tests leave behind adds up."""


@dataclass(frozen=True)
class TestResult:
    """How one test went."""

    path: str
    name: str
    how: str
    """`passed`, `failed` or `skipped`."""
    said: str = ""
    """The failure with its stack."""
    kind: str = ""
    """Name of the error."""
    ms: float = 0.0
    meta: Mapping[str, Any] = field(default_factory=dict)

    __test__ = False

    @property
    def id(self) -> str:
        """File and full name, as reports have it."""
        return f"{self.path} {self.name}".strip()


class Runner:
    """Runs test files of a copy. Use it with `with`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._runs = 0
        self._changed: set[str] = set()
        confined = (sys.executable, "-P", "-m", "testfleet.repair.inside.confined")
        node = (bench.home.node, f"--max-old-space-size={_MEMORY_MB}", str(_SCRIPT))
        own = {"HOME": str(bench.scratch), "TMPDIR": str(bench.scratch), "CI": "1"}
        self._process = NodeProcess(
            (*confined, str(bench.copy.parent), "/dev", "--", *node),
            bench.copy,
            {**bench.env, **own, "NODE_ENV": bench.env.get("NODE_ENV", "test")},
            secrets.token_hex(8),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.stop()

    def put(self, files: Mapping[str, bytes]) -> None:
        """The copy has these contents, and everything else as it was at first."""
        before = set(self._bench.originals)
        self._changed |= before | set(files)
        self._bench.put(files)

    def run(
        self, files: Sequence[str] | None, limit_s: float, timeout_ms: int = 0
    ) -> dict[str, TestResult]:
        """Results by id; of all files when `files` is None. Raises NodeError; the next run then
        has a new process."""
        self._renew()
        limit_s += 0 if self._runs else _LOADING_S
        self._runs += 1
        changed = [str(self._bench.copy / path) for path in sorted(self._changed)]
        self._changed.clear()
        wanted = None if files is None else [str(self._bench.copy / path) for path in files]
        try:
            answer = self._process.ask(
                "run", limit_s, files=wanted, changed=changed, bail=0, timeout_ms=timeout_ms
            )
        except NodeError:
            self._process.stop()
            raise
        return self._read(answer["tests"])

    def _renew(self) -> None:
        if self._process.is_alive and self._runs < _WORN:
            return
        self._runs = 0
        self._process.start()
        home = self._bench.home
        answering = {"root": str(self._bench.copy), "runner": home.runner}
        self._process.ask("open", _OPEN_S, token=self._process.token, **answering)

    def _read(self, raw: Sequence[Mapping[str, Any]]) -> dict[str, TestResult]:
        found: dict[str, TestResult] = {}
        for one in raw:
            path = Path(os.path.relpath(one["path"], self._bench.copy)).as_posix()
            words = str(one["name"]), str(one["how"]), str(one.get("said") or "")
            kind, ms = str(one.get("kind") or ""), float(one.get("ms") or 0)
            result = TestResult(path, *words, kind, ms, one.get("meta") or {})
            if result.id not in found or result.how == "failed":
                found[result.id] = result
        return found
