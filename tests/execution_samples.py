"""What the worker's tests share: a store that speaks presigned GET and PUT, and tasks for it."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testfleet.contracts.result import ShardResult
from testfleet.contracts.task import InterpreterEnvironment, Limits, TaskSource, Uploads, WorkerTask
from testfleet.execution.processes import carriers_of
from testfleet.execution.worker import WorkerOptions, run_task

HOSTILE = Path(__file__).parent.parent / "examples" / "hostile"


class Store:
    """Objects by path, behind HTTP on a free port. `failures` makes the next requests fail."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures: list[int] = []
        self.headers: list[dict[str, str]] = []
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = store.objects.get(self.path)
                self._answer(404 if body is None else 200, body or b"")

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                store.headers.append(dict(self.headers))
                if not store.failures:
                    store.objects[self.path] = body
                self._answer(200, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(store.failures.pop(0) if store.failures else status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Store:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Bench:
    """A store, a work folder, and the means to run a small project as one shard."""

    store: Store
    folder: Path
    options: WorkerOptions = field(init=False)
    shards: int = 0

    def __post_init__(self) -> None:
        self.options = WorkerOptions(work_root=self.folder / "work", exit_grace_s=1.0)

    def task(self, files: Mapping[str, str | bytes], **changes: Any) -> WorkerTask:
        """A task that runs the test files among these under this interpreter."""
        self.shards += 1
        archive = pack(files)
        sha256 = hashlib.sha256(archive).hexdigest()
        self.store.objects[f"/sources/{sha256}"] = archive
        shard = f"/shards/{self.shards}"
        tests = tuple(sorted(name for name in files if Path(name).name.startswith("test_")))
        values: dict[str, Any] = {
            "kind": "run",
            "run_id": f"run-{os.getpid()}",
            "shard_id": f"s{self.shards}",
            "repository": "example/project",
            "framework": "pytest",
            "source": TaskSource(url=f"{self.store.url}/sources/{sha256}", sha256=sha256),
            "environment": InterpreterEnvironment(python=sys.executable),
            "units": tests,
            "env": {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            "limits": Limits(time_s=60, test_timeout_s=20, memory_mb=2048),
            "cancel_url": f"{self.store.url}/cancel",
            "uploads": Uploads(
                result=f"{self.store.url}{shard}/result",
                progress=f"{self.store.url}{shard}/progress",
                log=f"{self.store.url}{shard}/log",
                partial=f"{self.store.url}{shard}/partial",
                stop=f"{self.store.url}/stop",
            ),
        }
        return WorkerTask(**{**values, **changes})

    def run(self, files: Mapping[str, str | bytes], **changes: Any) -> ShardResult:
        """Run them."""
        return run_task(self.task(files, **changes), self.options)

    def log(self) -> str:
        """What the last shard printed."""
        return self.store.objects[f"/shards/{self.shards}/log"].decode()

    def left_over(self, result: ShardResult) -> list[int]:
        """Processes of a shard that still live."""
        return list(carriers_of(f"{result.run_id}/{result.shard_id}"))


def pack(files: Mapping[str, str | bytes], mtime: int = 1_700_000_000) -> bytes:
    """A source archive of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in sorted(files.items()):
            body = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(body), mtime, 0o644
            tar.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def outcomes(result: ShardResult) -> dict[str, str]:
    """Outcome by test id; no id may be there twice."""
    found = {test.id: str(test.outcome) for test in result.tests}
    assert len(found) == len(result.tests)
    return found


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench with its store running."""
    with Store() as store:
        yield Bench(store, folder)


def hostile(name: str) -> dict[str, bytes]:
    """The files of one hostile project, with the innocent one beside them."""
    files = {}
    for folder in ("innocent", name):
        for path in sorted((HOSTILE / folder).rglob("*.py")):
            files[path.relative_to(HOSTILE / folder).as_posix()] = path.read_bytes()
    return files
