"""Kill campaign: SIGKILL in the middle of a run, and every test is reported all the same, once.

    python -m benchmarks.kill [--kills 5] [--seed 1]

Each round runs a suite of 60 tests, about 10 seconds in sequence, and at a random moment kills
(a) the process of a worker's Lambda function, or (b) the process that pytest runs in. The run has
to end by itself, with each of the 60 tests reported exactly once and no process of it left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import TESTFLEET, clean_environment, describe_conditions, guarded
from testfleet.config import ROOT
from testfleet.errors import FleetError

FILES, TESTS_PER_FILE = 12, 5
TESTS_S = 10.0
"""All tests in sequence."""
END_LIMIT_S = 120.0
PIDS = "CAMPAIGN_PIDS"

Victim = Literal["worker", "pytest"]

_CONFTEST = f"""
import os, pathlib

def pytest_runtest_logstart(nodeid):
    pathlib.Path(os.environ["{PIDS}"], str(os.getpid())).touch()
"""


@dataclass(frozen=True)
class Round:
    """One run in which something was killed."""

    victim: Victim
    moment_s: float
    """Seconds between the first test and the kill."""
    hit: bool
    """Whether there was still such a process."""
    code: int | None
    """What the command ended with; None when it had to be ended."""
    wall_s: float
    outcomes: Counter[str]
    missing: int
    twice: int
    left: int
    """Processes of tests that outlived the run."""

    @property
    def sound(self) -> bool:
        """Whether the run ended by itself with each test reported once and nothing left."""
        return self.code is not None and not (self.missing or self.twice or self.left)


def write_suite(folder: Path) -> set[str]:
    """A suite of 60 tests that wait; returns their ids."""
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (folder / "conftest.py").write_text(_CONFTEST, "utf-8")
    pause = TESTS_S / (FILES * TESTS_PER_FILE)
    ids = set()
    for at in range(FILES):
        tests = [f"test_{number}" for number in range(TESTS_PER_FILE)]
        body = "".join(f"\n\ndef {test}():\n    time.sleep({pause:.3f})\n" for test in tests)
        (folder / f"test_part_{at:02}.py").write_text(f"import time\n{body}", "utf-8")
        ids |= {f"test_part_{at:02}.py::{test}" for test in tests}
    return ids


def kill_once(fleet: OwnFleet, victim: Victim, chance: random.Random) -> Round:
    """Start a run, kill a process of that kind at a random moment, and see how the run ends."""
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        suite, pids, report = Path(name, "suite"), Path(name, "pids"), Path(name, "report.json")
        suite.mkdir()
        pids.mkdir()
        planned = write_suite(suite)
        moment_s = chance.uniform(0.0, TESTS_S / 2)
        start = time.perf_counter()
        process = start_run(fleet, suite, pids, report)
        wait_for_tests(process, pids)
        time.sleep(moment_s)
        hit = kill(choose(fleet, victim, pids, chance))
        code = wait_for_end(process)
        wall_s = time.perf_counter() - start
        left = sum(psutil.pid_exists(pid) for pid in known_pids(pids))
        tests = json.loads(report.read_text("utf-8"))["tests"] if report.is_file() else []
    times = Counter(test["id"] for test in tests)
    return Round(
        victim=victim,
        moment_s=moment_s,
        hit=hit,
        code=code,
        wall_s=wall_s,
        outcomes=Counter(test["outcome"] for test in tests),
        missing=len(planned - times.keys()),
        twice=sum(count > 1 for count in times.values()),
        left=left,
    )


def start_run(fleet: OwnFleet, suite: Path, pids: Path, report: Path) -> subprocess.Popen[bytes]:
    log = fleet.home.with_suffix(".kill.txt")
    with log.open("ab") as out:
        return subprocess.Popen(
            [TESTFLEET, "run", suite, "--report", report],
            cwd=ROOT,
            env=clean_environment() | fleet.env | {PIDS: str(pids)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def wait_for_tests(process: subprocess.Popen[bytes], pids: Path) -> None:
    """Until the first test has begun. Raises FleetError when none ever does."""
    end = time.monotonic() + END_LIMIT_S
    while not any(pids.iterdir()):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise FleetError("no test has begun: see the output in benchmarks/.cache/fleets")
        time.sleep(0.02)


def choose(
    fleet: OwnFleet, victim: Victim, pids: Path, chance: random.Random
) -> psutil.Process | None:
    """One of the processes of that kind that run now."""
    if victim == "pytest":
        running = [psutil.Process(pid) for pid in known_pids(pids) if psutil.pid_exists(pid)]
    else:
        daemon = json.loads((fleet.home / "daemon.json").read_text("utf-8"))["process"]["pid"]
        running = [one for one in psutil.Process(daemon).children() if is_worker(one)]
    return chance.choice(running) if running else None


def is_worker(process: psutil.Process) -> bool:
    """Whether this is the process of the worker function, by the name that its code lies under."""
    try:
        return any("-worker-" in part for part in process.cmdline())
    except psutil.Error:
        return False


def known_pids(pids: Path) -> list[int]:
    return sorted(int(path.name) for path in pids.iterdir())


def kill(process: psutil.Process | None) -> bool:
    """SIGKILL; whether there was something to kill."""
    if process is None:
        return False
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def show(done: Round) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in sorted(done.outcomes.items()))
    print(
        f"{done.victim:<8}{done.moment_s:>6.1f} s {'hit' if done.hit else 'too late':<9}"
        f" exit {'none' if done.code is None else done.code}"
        f" after {done.wall_s:>5.1f} s: {counts or 'no report'};"
        f" missing {done.missing}, twice {done.twice}, left behind {done.left}"
        f" {'' if done.sound else '  <- WRONG'}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=5, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(describe_conditions() + "\n", flush=True)
    chance = random.Random(options.seed)
    kinds: tuple[Victim, ...] = ("worker", "pytest")
    with own_fleet("kill") as fleet:
        fleet.up()
        rounds = []
        for victim in kinds * options.kills:
            rounds.append(kill_once(fleet, victim, chance))
            show(rounds[-1])
    sound, hit = sum(one.sound for one in rounds), sum(one.hit for one in rounds)
    print(f"\n{len(rounds)} runs, {hit} with a process killed: {sound} ended by themselves with")
    print(f"each of {FILES * TESTS_PER_FILE} tests reported once and no process left behind")
    return 0 if sound == len(rounds) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
