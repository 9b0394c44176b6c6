"""The Node.js process that holds one project and tries changes on it in memory."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from testfleet.errors import TestfleetError
from testfleet.repair.typescript.model import Check, Complaint, Edit, Proposal, plain_edits

TYPES: Final = Path(__file__).parent / "node" / "service.mjs"
LINT: Final = Path(__file__).parent / "node" / "lint.mjs"
_MEMORY_MB: Final = 4096
_OPEN_S: Final = 180.0
"""The first check of the whole program."""
_ANSWER_S: Final = 120.0
_CHUNK: Final = 1 << 20


class ServiceError(TestfleetError):
    """The process ended, took too long, or could not answer."""


class Service:
    """Questions to the process, one at a time. Use it with `with`."""

    def __init__(self, node: str, root: Path, config: str, script: Path = TYPES) -> None:
        self._root = root
        self._open = {"root": str(root), "config": config}
        self._node, self._script = node, script
        self._rest = b""
        self.version = ""
        self.own_compiler = True
        """Whether the project's own TypeScript answers, rather than Testfleet's."""
        self.files: tuple[str, ...] = ()
        self.references: tuple[str, ...] = ()
        """Configurations that this one refers to."""
        self.complaints: tuple[Complaint, ...] = ()
        self.faults: list[str] = []
        """Families of templates that broke off: defects of ours, for tests and bug reports."""

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [self._node, f"--max-old-space-size={_MEMORY_MB}", str(self._script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._root,
            env={key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"},
            start_new_session=True,
        )
        try:
            answer = self._ask("open", _OPEN_S, **self._open)
        except BaseException:
            self.__exit__()
            raise
        self.version, self.own_compiler = str(answer["version"]), bool(answer["own"])
        self.files, self.references = tuple(answer["files"]), tuple(answer["references"])
        self._take(answer)
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def proposals(self, complaint: int, engines: Sequence[str]) -> list[Proposal]:
        """Changes that may remove a complaint, given by its index, the most promising first."""
        answer = self._ask("candidates", _ANSWER_S, diagnostic=complaint, engines=list(engines))
        self.faults += answer["faults"]
        return [Proposal.read(raw) for raw in answer["candidates"]]

    def check(self, edits: Sequence[Edit], limit_s: float = _ANSWER_S) -> Check:
        """What these edits would do to the program as it was last kept."""
        return Check.read(self._ask("check", limit_s, edits=plain_edits(edits)))

    def keep(self, edits: Sequence[Edit]) -> None:
        """From now on the program has these edits, in memory; `complaints` are new."""
        self._take(self._ask("keep", _OPEN_S, edits=plain_edits(edits)))

    def scripts(self, files: Sequence[str]) -> list[str]:
        """The JavaScript that files become, without comments and layout."""
        return list(map(str, self._ask("scripts", _ANSWER_S, files=list(files))["scripts"]))

    def undo(self) -> None:
        """The program is what it was before the last `keep`."""
        self._take(self._ask("undo", _OPEN_S))

    def _take(self, answer: dict[str, Any]) -> None:
        self.complaints = tuple(Complaint.read(raw) for raw in answer["diagnostics"])

    def _ask(self, what: str, limit_s: float, **question: object) -> dict[str, Any]:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            stdin.write(json.dumps({"do": what, **question}).encode() + b"\n")
            stdin.flush()
        except OSError as exc:
            raise ServiceError(f"node ended: {self._last_words()}") from exc
        answer: dict[str, Any] = json.loads(self._line(limit_s))
        if "error" in answer:
            raise ServiceError(f"cannot {what} {self._root}: {answer['error']}")
        return answer

    def _line(self, limit_s: float) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it was opened as a pipe
        parts = [self._rest]
        deadline = time.monotonic() + limit_s
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ServiceError(
                        f"{self._script.stem} took over {limit_s:.0f} s for one answer"
                    )
                chunk = os.read(stdout.fileno(), _CHUNK)
                if not chunk:
                    raise ServiceError(f"node ended: {self._last_words()}")
                parts.append(chunk)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        telling = [line for line in lines if "rror" in line]
        return (telling or lines or ["it said nothing"])[0]
