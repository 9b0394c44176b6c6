"""All benchmarks, one after the other: `make bench`, or

    python benchmarks/run.py [NAME ...] [--repeat 1]

NAME is fleet, plan, balance, placement, risk, prioritise, kill, suites, impact, replay or thousand;
the last two read what suites leaves.
The defaults are small; for numbers to quote, `--repeat 3`.
Ends with 1 when a run had other outcomes than plain pytest, or a killed run lost a test.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def commands(repeat: int) -> dict[str, list[str]]:
    """What is run, in this order."""
    return {
        "fleet": ["benchmarks.fleet", f"--repeat={repeat}"],
        "plan": ["benchmarks.plan_units", f"--repeat={repeat}"],
        "balance": ["benchmarks.balance"],
        "placement": ["benchmarks.placement"],
        "risk": ["benchmarks.risk"],
        "prioritise": ["benchmarks.prioritise", "--budgets=0.5"],
        "kill": ["benchmarks.kill", f"--kills={3 * repeat}"],
        "suites": ["benchmarks.run_suites", f"--repeat={repeat}", f"--others={repeat // 3}"],
        "impact": ["benchmarks.impact", "jinja2", f"--mutants={3 * repeat}"],
        "replay": ["benchmarks.simulate_replay"],
        "thousand": ["benchmarks.simulate_thousand"],
    }


def main() -> int:
    known = commands(1)
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    failed = []
    for name in options.names or known:
        print(f"== {name} ==", flush=True)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *commands(options.repeat)[name]], cwd=ROOT, check=False
        )
        print(f"-- {name}: {time.perf_counter() - start:.0f} s\n", flush=True)
        if done.returncode != 0:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
