"""How fast the fleet is up, how much memory it takes when idle, how fast the command answers.

    python -m benchmarks.fleet [--repeat 3]

Each repeat has a fleet of its own. `cold` is the first `up` after installation: synthesis, start,
deployment. `warm` is an `up` when only the daemon has to be started again, `no-op` one when it
runs. Memory is that of the daemon and all its children a moment after `up`, and again after a run
of the example, when its workers stay warm for the next.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import TESTFLEET, describe_conditions, guarded, run_timed, verdict
from benchmarks.suites import CACHE
from testfleet.config import ROOT

SETTLE_S = 3.0
HELP_RUNS = 10
_MB = 1024 * 1024


@dataclass(frozen=True)
class Claim:
    """What the README says of one number."""

    name: str
    limit: float
    unit: str


CLAIMS = (
    Claim("up, cold", 25.0, "s"),
    Claim("up, warm", 3.0, "s"),
    Claim("up, no-op", 3.0, "s"),
    Claim("idle after up, RSS", 300.0, "MB"),
    Claim("idle after up, PSS", 300.0, "MB"),
    Claim("idle after a run, RSS", 300.0, "MB"),
    Claim("idle after a run, PSS", 300.0, "MB"),
    Claim("testfleet --help", 0.3, "s"),
)

Numbers = dict[str, list[float]]


def measure_up(fleet: OwnFleet, found: Numbers) -> None:
    """Cold, no-op, warm; and what the idle fleet takes."""
    found["up, cold"].append(fleet.up().wall_s)
    found["up, no-op"].append(fleet.up().wall_s)
    keep_memory(fleet, "idle after up", found)
    fleet.command("run", ROOT / "examples" / "shop", log=fleet.home.with_suffix(".run.txt"))
    keep_memory(fleet, "idle after a run", found)
    fleet.down()
    found["up, warm"].append(fleet.up().wall_s)


def keep_memory(fleet: OwnFleet, name: str, found: Numbers) -> None:
    """Resident memory counts shared pages in each process, proportional memory once."""
    time.sleep(SETTLE_S)
    log = fleet.home.with_suffix(".status.json")
    fleet.command("status", "--json", log=log)
    daemon = psutil.Process(json.loads(log.read_text("utf-8"))["pid"])
    sizes = [one.memory_full_info() for one in (daemon, *daemon.children(recursive=True))]
    found[f"{name}, RSS"].append(sum(size.rss for size in sizes) / _MB)
    found[f"{name}, PSS"].append(sum(size.pss for size in sizes) / _MB)


def measure_help(found: Numbers) -> None:
    """The command beside an interpreter that does nothing, by turns."""
    log = CACHE / "results" / "help.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    commands: dict[str, list[str | Path]] = {
        "testfleet --help": [TESTFLEET, "--help"],
        "python -c pass": [TESTFLEET.with_name("python"), "-c", "pass"],
    }
    for _ in range(HELP_RUNS):
        for name, command in commands.items():
            found[name].append(run_timed(command, ROOT, log).wall_s)


def show(found: Numbers) -> bool:
    """Print the medians beside the targets; says whether all are met."""
    met = True
    for claim in CLAIMS:
        value = statistics.median(found[claim.name])
        met = met and value <= claim.limit
        span = f"{min(found[claim.name]):.2f} to {max(found[claim.name]):.2f}"
        print(
            f"{claim.name:<24}{value:>8.2f} {claim.unit:<3} target {claim.limit:g} {claim.unit}:"
            f" {verdict(met=value <= claim.limit):<7} ({span})"
        )
    print(f"{'python -c pass':<24}{statistics.median(found['python -c pass']):>8.2f} s")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(describe_conditions() + "\n", flush=True)
    found: Numbers = defaultdict(list)
    for at in range(options.repeat):
        with own_fleet(f"up-{at}") as fleet:
            measure_up(fleet, found)
    measure_help(found)
    show(found)
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
