"""Runs in a row on one fleet: each as at home, and nothing of them is left.

    python -m benchmarks.in_a_row [--runs 100]

Tests of the suite start processes, take ports and make temporary folders, and clean up after
themselves or do not. After each run there may be no process, no temporary folder and no port of it;
over all runs the fleet's open files and memory may not grow. The clean-up of a shard may take 5 s:
the suite's last file leaves processes that take no notice of SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.errors import FleetError
from testfleet.execution.host import MARKER
from testfleet.execution.workspace import PREFIX

CLEAN_UP_S = 5.0
GROWTH_FILES, GROWTH_MB = 10, 60
"""That the fleet may have more after the last run than after the fifth."""
_MB = 2**20
_FIRST = 4

_FILES = {
    "test_clean.py": (
        "import tempfile\ndef test_it():\n    with tempfile.TemporaryDirectory(): pass\n"
    ),
    "test_port.py": (
        "import socket\ndef test_it():\n    with socket.create_server(('127.0.0.1', 0)): pass\n"
    ),
    "test_left.py": (
        "import subprocess, tempfile\n"
        "def test_folder(): tempfile.mkdtemp()\n"
        "def test_process(): subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    ),
    "test_stubborn.py": (
        "import subprocess\n"
        "def test_it():\n"
        "    for _ in range(5): subprocess.Popen(['sh', '-c', \"trap '' TERM; sleep 600\"])\n"
    ),
}
_EXPECTED = Counter({"passed": 5})


@dataclass(frozen=True)
class Look:
    """The fleet after a run."""

    wall_s: float
    outcomes: Counter[str]
    leaks: int
    """Findings of the report."""
    left: tuple[str, ...]
    files: int
    memory_mb: float


def look(fleet: OwnFleet, suite: Path, report: Path) -> Look:
    """Run once, and see what is left."""
    report.unlink(missing_ok=True)
    log = fleet.home.with_suffix(".row.txt")
    timed = fleet.command("run", suite, "--report", report, log=log)
    if not report.is_file():
        raise FleetError(f"a run ended with {timed.code} and left no report", hint=f"see {log}")
    told = json.loads(report.read_text("utf-8"))
    daemon = json.loads((fleet.home / "daemon.json").read_text("utf-8"))["process"]["pid"]
    family = [psutil.Process(daemon), *psutil.Process(daemon).children(recursive=True)]
    return Look(
        wall_s=timed.wall_s,
        outcomes=Counter(test["outcome"] for test in told["tests"]),
        leaks=len(told["leaks"]),
        left=tuple(left_over(told["run_id"], fleet.home)),
        files=sum(one.num_fds() for one in family),
        memory_mb=sum(one.memory_full_info().pss for one in family) / _MB,
    )


def left_over(run_id: str, home: Path) -> list[str]:
    """Processes and temporary folders of the run, and ports of such processes with them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER, "").startswith(run_id):
                found.append(f"process {process.pid} {process.name()}")
        except psutil.Error:
            continue
    for folder in {Path(tempfile.gettempdir()), home / "tmp"}:
        # Other fleets of this machine have theirs there, too: those of this one are new.
        found += [str(path) for path in folder.glob(f"{PREFIX}*") if _is_new(path)]
    return found


def _is_new(path: Path) -> bool:
    try:
        return path.stat().st_mtime > _BEGAN
    except OSError:
        return False


_BEGAN = time.time()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    print(describe_conditions() + "\n", flush=True)
    looks = []
    with own_fleet("row") as fleet, tempfile.TemporaryDirectory(prefix="row-") as name:
        suite = Path(name, "suite")
        suite.mkdir()
        for file, body in _FILES.items():
            (suite / file).write_text(body, "utf-8")
        fleet.up()
        for number in range(1, options.runs + 1):
            looks.append(look(fleet, suite, Path(name, "report.json")))
            if looks[-1].left or looks[-1].outcomes != _EXPECTED or number % 20 == 0:
                print(f"run {number}: {looks[-1]}", flush=True)
    return 0 if show(looks) else 1


def show(looks: list[Look]) -> bool:
    """Print what was found beside what was asked."""
    right = sum(one.outcomes == _EXPECTED for one in looks)
    clean = sum(not one.left for one in looks)
    told = sum(one.leaks >= 2 for one in looks)
    first, last = looks[min(_FIRST, len(looks) - 1)], looks[-1]
    files, memory = last.files - first.files, last.memory_mb - first.memory_mb
    met = [
        (f"{right} of {len(looks)} runs as at home", right == len(looks)),
        (f"{clean} left nothing", clean == len(looks)),
        (f"{told} reported what their tests had left", told == len(looks)),
        (f"open files of the fleet grew by {files}", files <= GROWTH_FILES),
        (f"its memory grew by {memory:.0f} MB", memory <= GROWTH_MB),
    ]
    for line, is_met in met:
        print(f"{line}: {verdict(met=is_met)}")
    print(f"median wall {statistics.median(one.wall_s for one in looks):.1f} s")
    return all(is_met for _, is_met in met)


if __name__ == "__main__":
    sys.exit(guarded(main))
