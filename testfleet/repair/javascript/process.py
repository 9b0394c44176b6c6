"""A Node.js process that answers questions, a line of JSON each."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from testfleet.errors import TestfleetError

_CHUNK: Final = 1 << 20
_LONGEST_LINE: Final = 64 << 20
"""Bytes. Whoever prints more without a line's end is no runner that answers."""
_WORDS: Final = 64 << 10
"""Bytes of the end of what was printed as errors."""


class NodeError(TestfleetError):
    """The process ended, took too long, or could not answer."""


class SlowError(NodeError):
    """No answer came in time: the process is of no use any more."""


@dataclass
class NodeProcess:
    """Questions to one process. `token` begins a line that is an answer, where others print."""

    command: Sequence[str]
    folder: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    token: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _rest: bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Begin anew."""
        self.stop()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        self._rest = b""
        self._process = subprocess.Popen(
            list(self.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self.folder,
            env={key: value for key, value in self.env.items() if key != "NODE_OPTIONS"},
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it with all that it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def ask(self, what: str, limit_s: float, **question: object) -> dict[str, Any]:
        """The answer. Raises NodeError."""
        process = self._process
        if process is None or process.stdin is None:
            raise NodeError("node is not running")
        try:
            process.stdin.write(json.dumps({"do": what, **question}).encode() + b"\n")
            process.stdin.flush()
        except OSError as exc:
            raise NodeError(f"node ended: {self._last_words()}") from exc
        try:
            answer: dict[str, Any] = json.loads(self._answer(time.monotonic() + limit_s))
        except (ValueError, RecursionError) as exc:
            raise NodeError(f"cannot {what}: the answer cannot be read") from exc
        if "error" in answer:
            raise NodeError(f"cannot {what}: {str(answer['error']).splitlines()[0]}")
        return answer

    def _answer(self, deadline: float) -> bytes:
        mark = self.token.encode()
        while True:
            line = self._line(deadline)
            if line.strip() and line.startswith(mark):
                return line.removeprefix(mark)

    def _line(self, deadline: float) -> bytes:
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101 - see `ask`
        parts, size = [self._rest], len(self._rest)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in parts[-1]:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise SlowError("no answer in time")
                chunk = os.read(process.stdout.fileno(), _CHUNK)
                if not chunk:
                    raise NodeError(f"node ended: {self._last_words()}")
                parts.append(chunk)
                size += len(chunk)
                if size > _LONGEST_LINE:
                    raise NodeError(f"a line of more than {_LONGEST_LINE >> 20} MB was printed")
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _WORDS))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        telling = [line for line in lines if "rror" in line]
        return (telling or lines or ["it said nothing"])[0]
