"""The embedded AWS with faults: what `benchmarks.campaign` starts in place of the usual daemon.

    python -m benchmarks.faults --state FOLDER --seed 1 [the launcher's own options]

While FOLDER/faults exists, of the calls of the worker function some are throttled, some are
made twice, and for some a worker's process is killed a moment later; of the requests to S3 and
DynamoDB some are answered late, some with an error; and some results tell times of a clock that has
jumped by hours, back in the middle of the shard too. A seed gives the same chances, though not the
same order of events: that is the machine's.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from testfleet.local import launcher
from testfleet.local.home import FleetHome

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

KILLED, THROTTLED, DOUBLED = 0.2, 0.08, 0.05
"""Shares of the calls of the worker function."""
KILL_WITHIN_S = 1.5
REFUSED, LATE, LATE_S = 0.01, 0.03, 0.4
JUMPED, JUMP_S = 0.2, 7200
"""Share of results whose clock has jumped, and by how much at most."""
"""Shares of the requests to S3 and DynamoDB, and the longest delay."""


@dataclass
class Faults:
    """What goes wrong, and how often it has."""

    flag: Path
    log: Path
    chance: random.Random

    def call(self, call: Callable[..., Any], function: str, event: Any) -> Any:
        """Invoke a function, or not, or twice."""
        if not self.flag.exists() or "-worker" not in function:
            return call(function, event)
        lot = self.chance.random()
        if lot < THROTTLED:
            self._note("throttled")
            raise self._throttling()
        began = time.monotonic()
        try:
            return self._call_or_kill(lot, call, function, event)
        except Exception:
            # Capacity that was paid for and has brought no result.
            self._note_seconds("lost", time.monotonic() - began)
            raise
        finally:
            self._note_seconds("spent", time.monotonic() - began)

    def _call_or_kill(self, lot: float, call: Callable[..., Any], function: str, event: Any) -> Any:
        if lot < THROTTLED + KILLED:
            threading.Thread(target=self._kill_soon, daemon=True).start()
        elif lot < THROTTLED + KILLED + DOUBLED:
            self._note("doubled")
            threading.Thread(target=_quietly, args=(call, function, event), daemon=True).start()
        return call(function, event)

    async def request(self, app: Any, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or not, or late."""
        if scope["type"] == "http" and self.flag.exists() and _is_storage(scope):
            lot = self.chance.random()
            if lot < REFUSED:
                self._note("refused")
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            if lot < REFUSED + LATE:
                self._note("late")
                await asyncio.sleep(self.chance.uniform(0, LATE_S))
            if scope["method"] == "PUT" and scope["path"].endswith("/result.json"):
                receive = self._with_jumps(receive)
        await app(scope, receive, send)

    def _with_jumps(self, receive: Receive) -> Receive:
        if self.chance.random() >= JUMPED:
            return receive
        self._note("jumped")
        jumps = {each: self.chance.uniform(-JUMP_S, JUMP_S) for each in (b"started", b"finished")}

        async def receive_changed() -> dict[str, Any]:
            message = await receive()
            body = message.get("body", b"")
            # A time keeps its length, so the body keeps its own.
            return message | {"body": _TIMES.sub(lambda at: _moved(at, jumps[at[1]]), body)}

        return receive_changed

    def _kill_soon(self) -> None:
        time.sleep(self.chance.uniform(0, KILL_WITHIN_S))
        workers = [one for one in psutil.Process().children() if _is_worker(one)]
        if workers:
            self._note("killed")
            os.kill(self.chance.choice(workers).pid, signal.SIGKILL)

    def _throttling(self) -> Exception:
        from ministack.services import stepfunctions  # noqa: PLC0415  see `main`

        error: Exception = stepfunctions._ExecutionError(
            "Lambda.TooManyRequestsException", "Rate exceeded"
        )
        return error

    def _note_seconds(self, what: str, seconds: float) -> None:
        with self.log.with_name("faults.seconds").open("a", encoding="utf-8") as log:
            log.write(f"{what} {seconds:.3f}\n")

    def _note(self, what: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{what}\n")


_TIMES = re.compile(rb'"(started|finished)_at":"([^"]{26})Z"')


def _moved(at: re.Match[bytes], seconds: float) -> bytes:
    time_told = datetime.fromisoformat(at[2].decode()) + timedelta(seconds=seconds)
    return b'"%s_at":"%sZ"' % (at[1], time_told.isoformat(timespec="microseconds").encode())


def _is_storage(scope: dict[str, Any]) -> bool:
    """Whether it is one for S3 or DynamoDB: those for them are signed so, or presigned."""
    headers = b" ".join(value for _, value in scope["headers"])
    return b"/s3/" in headers or b"/dynamodb/" in headers or b"Signature" in scope["query_string"]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("-worker-" in part for part in process.cmdline())
    except psutil.Error:
        return False


def _quietly(call: Callable[..., Any], function: str, event: Any) -> None:
    try:
        call(function, event)
    except Exception as error:  # noqa: BLE001  nobody waits for the second of two calls
        sys.stderr.write(f"the second call has failed: {error}\n")


def main() -> int:
    """Change ministack, then be the daemon."""
    at = sys.argv.index("--seed")
    seed = int(sys.argv[at + 1])
    del sys.argv[at : at + 2]
    home = Path(sys.argv[sys.argv.index("--state") + 1])
    faults = Faults(home / "faults", home / "faults.log", random.Random(seed))

    prepare = launcher.configure

    def configure(home: FleetHome, port: int, environ: MutableMapping[str, str]) -> None:
        prepare(home, port, environ)
        # Ministack reads its settings when it is imported.
        import ministack.app as ministack  # noqa: PLC0415
        from ministack.services import stepfunctions  # noqa: PLC0415

        app, call = ministack.app, stepfunctions._call_lambda

        async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await faults.request(app, scope, receive, send)

        ministack.app = answer
        stepfunctions._call_lambda = lambda function, event: faults.call(call, function, event)

    launcher.configure = configure
    return launcher.main()


if __name__ == "__main__":
    sys.exit(main())
