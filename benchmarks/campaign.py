"""Fault campaign: whatever breaks in the fleet, every test is reported once, as it is at home.

    python -m benchmarks.campaign [--runs 200] [--minutes 60] [--at-once 3] [--seed 1]

Runs of a suite of 200 tests, of which some fail and some are skipped, on an embedded AWS in which
workers are killed (one call in five), throttled and called twice, and S3 and DynamoDB answer late
or not at all, and clocks jump: see benchmarks/faults.py. Each run's stream of events must have no
gap and tell nothing twice, and look the same to whoever is given it twice and in any order. Runs
without faults come first, a tenth as many, to tell what the faults cost: throughput may fall by the
share of the workers' time that was killed, and by 5 % of that share.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.campaign_stream import Streams
from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import TESTFLEET, clean_environment, describe_conditions, guarded, verdict
from testfleet.config import ROOT
from testfleet.errors import FleetError

FILES, TESTS_PER_FILE = 20, 10
FAILING, SKIPPED = 3, 7
"""Numbers of the files whose first test fails, or is skipped."""
LIMIT_S = 300.0
START_LIMIT_S = 30.0

_FILE = """
import time, pytest
{tests}
"""
_BODIES = {"passed": "time.sleep(0.02)", "failed": "assert 1 == 2", "skipped": "pytest.skip('no')"}


@dataclass(frozen=True)
class Run:
    """One run and what is wrong with its report."""

    wall_s: float
    code: int | None
    outcomes: Counter[str]
    missing: int
    twice: int
    wrong: tuple[str, ...]
    said: str
    """The end of what the command printed as its errors."""
    run_id: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether each test is there once, with its outcome."""
        return self.code is not None and not (self.missing or self.twice or self.wrong)


@dataclass(frozen=True)
class Many:
    """Runs, and how long they took together."""

    runs: list[Run]
    wall_s: float

    @property
    def per_hour(self) -> float:
        """Tests that were reported in an hour, each once."""
        return 3600 * sum(sum(run.outcomes.values()) for run in self.runs) / self.wall_s


def write_suite(folder: Path) -> dict[str, str]:
    """The suite; answers the outcome of each test."""
    expected = {}
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    for file in range(FILES):
        tests = []
        for test in range(TESTS_PER_FILE):
            special = {FAILING: "failed", SKIPPED: "skipped"}.get(file % 10, "passed")
            outcome = special if test == 0 else "passed"
            tests.append(f"def test_{test}():\n    {_BODIES[outcome]}\n")
            expected[f"test_part_{file:02}.py::test_{test}"] = outcome
        text = _FILE.format(tests="\n".join(tests))
        (folder / f"test_part_{file:02}.py").write_text(text, "utf-8")
    return expected


def run_once(fleet: OwnFleet, suite: Path, expected: dict[str, str]) -> Run:
    """One run from its start to its end."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        report = Path(name, "report.json")
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [TESTFLEET, "run", suite, "--report", report],
                cwd=ROOT,
                env=clean_environment() | fleet.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=LIMIT_S,
            )
            code: int | None = done.returncode
            said = done.stderr.decode("utf-8", "replace")[-500:]
        except subprocess.TimeoutExpired:
            code, said = None, "it did not end"
        wall_s = time.perf_counter() - start
        told = json.loads(report.read_text("utf-8")) if report.is_file() else {"tests": []}
    tests = told["tests"]
    times = Counter(test["id"] for test in tests)
    wrong = tuple(
        f"{test['id']} {test['outcome']}"
        for test in tests
        if test["outcome"] != expected.get(test["id"])
    )
    return Run(
        wall_s=wall_s,
        code=code,
        outcomes=Counter(test["outcome"] for test in tests),
        missing=len(expected.keys() - times.keys()),
        twice=sum(count > 1 for count in times.values()),
        wrong=wrong,
        said=said,
        run_id=told.get("run_id", ""),
    )


@contextmanager
def faulty_daemon(home: Path, seed: int) -> Iterator[None]:
    """The daemon of a fleet, ready to fail."""
    home.mkdir(parents=True)
    # As the command's own interpreter is called, or it would start a daemon of its own.
    python = TESTFLEET.read_text("utf-8").split("\n", 1)[0].removeprefix("#!")
    command = [python, "-m", "benchmarks.faults", "--seed", str(seed)]
    with (home.parent / f"{home.name}.faults.txt").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--state", str(home)],
            cwd=ROOT,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            end_s = time.monotonic() + START_LIMIT_S
            while not (home / "daemon.json").exists():
                if process.poll() is not None or time.monotonic() > end_s:
                    raise FleetError("the faulty daemon did not start", hint=f"see {log.name}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(30)


def run_many(fleet: OwnFleet, options: argparse.Namespace, count: int) -> Many:
    """So many runs, or as many as the time allows, some at once, shown as they end."""
    began, runs = time.monotonic(), list[Run]()
    with tempfile.TemporaryDirectory(prefix="campaign-suite-") as name:
        suites = []
        for at in range(options.at_once):
            suite = Path(name, f"suite-{at}")
            suite.mkdir()
            suites.append((suite, write_suite(suite)))

        def one(number: int) -> Run | None:
            if time.monotonic() - began > 60 * options.minutes:
                return None
            return run_once(fleet, *suites[number % len(suites)])

        with ThreadPoolExecutor(options.at_once) as pool:
            for run in filter(None, pool.map(one, range(count))):
                runs.append(run)
                if not run.is_sound or len(runs) % 20 == 0:
                    show(len(runs), run)
    return Many(runs, time.monotonic() - began)


def read_faults(log: Path) -> Counter[str]:
    """What has gone wrong, by kind. Raises FleetError when nothing has."""
    if not log.exists():
        raise FleetError(
            "nothing went wrong: another daemon has taken the place of the faulty one",
            hint="leave the checkout as it is while the campaign goes on",
        )
    return Counter(log.read_text("utf-8").split())


def killed_share(log: Path) -> float:
    """Of the seconds that workers have worked, those that have brought no result."""
    seconds = {"lost": 0.0, "spent": 0.0}
    for line in log.read_text("utf-8").splitlines():
        kind, _, number = line.partition(" ")
        seconds[kind] += float(number)
    return seconds["lost"] / seconds["spent"]


def show_throughput(plain: Many, faulty: Many, killed: float) -> bool:
    """Print what the faults have cost; whether it is what was killed, and little more."""
    loss = 1 - faulty.per_hour / plain.per_hour
    met = loss <= 1.05 * killed
    print(f"{3600 / faulty.wall_s * len(faulty.runs):.0f} runs an hour with faults")
    print(
        f"throughput fell by {loss:.1%}, killed were {killed:.1%} of the workers' time:"
        f" asked at most {1.05 * killed:.1%}: {verdict(met=met)}"
    )
    return met


def show(number: int, run: Run) -> None:
    counts = ", ".join(f"{count} {name}" for name, count in sorted(run.outcomes.items()))
    flaw = "" if run.is_sound else f"  <- WRONG: {run.missing} missing, {run.twice} twice"
    print(
        f"run {number:>4}: exit {run.code}, {run.wall_s:>5.1f} s, {counts or 'no report'}{flaw}",
        *run.wrong[:3],
        flush=True,
    )
    if not run.is_sound:
        print(run.said)


def middle(runs: Sequence[Run]) -> float:
    return statistics.median(run.wall_s for run in runs)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=600, help="start no run after that")
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(describe_conditions() + "\n", flush=True)
    with own_fleet("campaign") as fleet, faulty_daemon(fleet.home, options.seed):
        fleet.up()
        plain = run_many(fleet, options, max(options.at_once, options.runs // 10))
        (fleet.home / "faults").touch()
        faulty = run_many(fleet, options, options.runs)
        noted = read_faults(fleet.home / "faults.log")
        killed = killed_share(fleet.home / "faults.seconds")
        (fleet.home / "faults").unlink()
        flaws = look_at_streams(fleet, options.seed, faulty.runs)
    runs = faulty.runs
    sound = sum(run.is_sound for run in runs)
    faults = ", ".join(f"{count} {name}" for name, count in sorted(noted.items()))
    print(f"\n{len(runs)} runs of {FILES * TESTS_PER_FILE} tests with {faults}:")
    print(f"{sound} reported each test once with its outcome at home")
    print(f"{len(runs) - flaws} streams of events told each fact once, in any delivery")
    print(f"median wall {middle(runs):.1f} s, without faults {middle(plain.runs):.1f} s")
    show_throughput(plain, faulty, killed)
    is_right = sound == len(runs) and not flaws and all(run.is_sound for run in plain.runs)
    return 0 if is_right else 1


def look_at_streams(fleet: OwnFleet, seed: int, runs: Sequence[Run]) -> int:
    """How many have flaws, which are shown."""
    streams, wrong = Streams.of(fleet.home, seed), 0
    for run in runs:
        if run.run_id and (flaws := streams.flaws(run.run_id)):
            wrong += 1
            print(f"{run.run_id}: {'; '.join(flaws[:3])}  <- WRONG")
    return wrong


if __name__ == "__main__":
    sys.exit(guarded(main))
