"""How near the simulator comes to real runs: their shards replayed, beside what they took.

    python -m benchmarks.simulate_replay

Reads the reports that `benchmarks.run_suites` has left: two runs of each suite on the emulator of
this machine. Each is simulated with the shards that it had and the seconds that its tests took, on
the `local` profiles, and compared with the time from the start of its first worker to the end of
its last. What pytest does outside of tests (import, collection, reporting) is in no report, so the
simulator cannot know it; `outside` says how much of the workers' time that was. Errors beyond it
are the simulator's own.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measure import guarded
from benchmarks.suites import CACHE
from testfleet.config import load_environment
from testfleet.contracts.report import RunReport
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.simulation.limits import limits_of
from testfleet.planning.simulation.reports import replay_of
from testfleet.planning.simulation.simulator import simulate


def replay(path: Path) -> float:
    """Print one line. The error as a share of the real time."""
    report = RunReport.model_validate_json(path.read_bytes())
    local = load_environment("local")
    found = replay_of(report, Place.of(local), limits_of(local))
    predicted_s = simulate(found.scenario).makespan_s
    error = predicted_s / found.real_s - 1
    print(
        f"{path.stem:<24}{len(found.scenario.assignment.shards):>7}{found.real_s:>9.2f}"
        f"{predicted_s:>11.2f}{error:>8.0%}{_outside(report):>9.0%}"
    )
    return error


def _outside(report: RunReport) -> float:
    """Share of the workers' time that no test accounts for."""
    worked_s = sum(
        (shard.finished_at - shard.started_at).total_seconds()
        for shard in report.shards
        if shard.started_at and shard.finished_at and shard.id.startswith("r1-")
    )
    tested_s = sum(test.duration_s for test in report.tests)
    return max(0.0, 1 - tested_s / worked_s)


def main() -> int:
    paths = [
        path
        for kind in ("first", "warm")
        for path in sorted((CACHE / "results").glob(f"*-{kind}.json"))
    ]
    if not paths:
        raise UsageError(
            f"no reports of real runs in {CACHE / 'results'}",
            hint="python -m benchmarks.run_suites makes them",
        )
    print("run                      shards     real  predicted   error  outside")
    errors = [replay(path) for path in paths]
    print(
        f"\nmedian of {len(errors)} runs: {statistics.median(errors):+.0%},"
        f" of the errors without their sign {statistics.median(map(abs, errors)):.0%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
