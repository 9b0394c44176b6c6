"""What a worker needs beside the tests' own memory, and how long its clean-up takes.

    python -m benchmarks.worker_memory [--tests 2000]

The worker runs as on Fargate, as a program of its own, with a suite of many tests that each print a
line. Its memory is that of the worker's process and its helpers without the tests' processes; pages
that several processes share are divided among them. The clean-up is timed from the end of the last
test to the worker's end, with processes left that take no notice of SIGTERM.
"""

from __future__ import annotations

import argparse
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.measure import clean_environment, describe_conditions, guarded, verdict
from testfleet.config import ROOT
from testfleet.contracts.task import InterpreterEnvironment, Limits, TaskSource, Uploads, WorkerTask
from testfleet.execution.worker import TASK_URL
from testfleet.scm.working_tree import list_files, pack

MEMORY_MB, CLEAN_UP_S = 80.0, 5.0
_MB = 2**20
_TESTS = """
import pytest, time
@pytest.mark.parametrize("n", range({count}))
def test_it(n):
    print("a line of output", n)
    time.sleep(0.001)
"""
_STUBBORN = """
import pathlib, subprocess, time
def test_last():
    for _ in range(10): subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 600"])
    time.sleep(0.3)
    pathlib.Path({memo!r}).write_text(str(time.time()))
"""


class Store(http.server.BaseHTTPRequestHandler):
    """Presigned addresses: PUT keeps, GET gives back."""

    bodies: dict[str, bytes] = {}  # noqa: RUF012  one store for all requests

    def do_GET(self) -> None:
        """Give back."""
        body = self.bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def do_PUT(self) -> None:
        """Keep."""
        self.bodies[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def task_of(tree: Path, url: str) -> WorkerTask:
    """A task with the tree as its source, all of whose files are its units."""
    with tempfile.TemporaryFile() as packed:
        sha256 = pack(tree, list_files(tree), packed)
        packed.seek(0)
        Store.bodies["/source"] = packed.read()
    names = {name: f"{url}/{name}" for name in ("result", "progress", "log")}
    return WorkerTask(
        kind="run",
        run_id="20260101-000000-abcdef",
        shard_id="r1-0000",
        repository="benchmark",
        framework="pytest",
        source=TaskSource(url=f"{url}/source", sha256=sha256),
        environment=InterpreterEnvironment(python=sys.executable),
        units=tuple(sorted(path.name for path in tree.glob("test_*.py"))),
        limits=Limits(),
        uploads=Uploads(**names),
        cancel_url=f"{url}/cancel",
    )


def run_worker(url: str, folder: Path) -> tuple[float, float]:
    """Most MB beside the tests, and when it has ended."""
    env = clean_environment() | {TASK_URL: f"{url}/task", "TESTFLEET_WORK_ROOT": str(folder)}
    most = 0.0
    command = [sys.executable, "-m", "testfleet.execution.worker"]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    worker = psutil.Process(process.pid)
    while process.poll() is None:
        most = max(most, beside_tests_mb(worker))
        time.sleep(0.05)
    return most, time.time()


def beside_tests_mb(worker: psutil.Process) -> float:
    """The worker and those of its children that are not the tests'."""
    total = 0
    try:
        for one in (worker, *worker.children()):
            if one == worker or "guardian" in " ".join(one.cmdline()):
                total += one.memory_full_info().pss
    except psutil.Error:
        return 0.0
    return total / _MB


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tests", type=int, default=2000)
    options = parser.parse_args()
    print(describe_conditions() + "\n", flush=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        tree, memo = Path(name, "tree"), Path(name, "memo")
        tree.mkdir()
        (tree / "test_a.py").write_text(_TESTS.format(count=options.tests), "utf-8")
        (tree / "test_b.py").write_text(_STUBBORN.format(memo=str(memo)), "utf-8")
        Store.bodies["/task"] = task_of(tree, url).model_dump_json().encode()
        most, ended_at = run_worker(url, Path(name, "work"))
        clean_up_s = ended_at - float(memo.read_text("utf-8"))
    server.shutdown()
    result = Store.bodies["/result"]
    print(f"{options.tests} tests, a result of {len(result) / _MB:.1f} MB, pid {os.getpid()}")
    small, quick = 0 < most <= MEMORY_MB, clean_up_s <= CLEAN_UP_S
    print(f"{most:.0f} MB beside the tests, asked {MEMORY_MB:g}: {verdict(met=small)}")
    print(f"{clean_up_s:.1f} s from the last test to the end, processes left that ignore SIGTERM,")
    print(f"asked {CLEAN_UP_S:g}: {verdict(met=quick)}")
    return 0 if small and quick else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
