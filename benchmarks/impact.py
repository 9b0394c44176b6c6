"""Is change impact safe, and how much does it select: by mutation, beside pytest-testmon.

    python -m benchmarks.impact [NAME ...] [--mutants 6] [--seed 1]

First each file that a unit was seen to load is taken for changed, and must select it: `loaded`
counts these pairs. Then one function of the project is changed at a time, so that it raises or
returns None, in a copy of the suite, and all tests run: each that fails now and did not before must
be in a selected unit. Whatever is not selected is a miss. The functions are drawn from those that
some test enters; `tried` counts the mutants, and those that a test noticed, `traced` the units of
which a record could be kept.

Three selections are compared: `static` reads the imports only; `coverage` also has what each unit
entered before the change, recorded once by a worker's recorder, each unit in a process of its own;
`testmon` is pytest-testmon after one run of the whole suite, as its users have it. `units` and
`seconds` are the shares of the suite that are selected (testmon: files with a selected test), as
means over the mutants. The last column is the slowest static selection in seconds. Real commits
would be better; the archives of the suites bring no history, so mutation is the measure.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.impact_copy import Copy
from benchmarks.impact_trial import Experiment
from benchmarks.measure import describe_conditions, describe_load, guarded, verdict
from benchmarks.suites import CACHE, Suite, install, load_suites, prepare

TOOLS = ("pytest-testmon==2.2.0", "coverage==7.17.3")
"""The second is what the first records with."""
USUAL = ("jinja2", "parso", "attrs", "click")


def install_tools() -> Path:
    """pytest-testmon and coverage.py, in a folder that PYTHONPATH names."""
    folder = CACHE / "impact" / "-".join(tool.replace("==", "-") for tool in TOOLS)
    if not (folder / "testmon").is_dir():
        install("--no-deps", "--target", folder, *TOOLS)
    return folder


def run_suite(suite: Suite, options: argparse.Namespace, tools: Path) -> Experiment:
    prepare(suite)
    with tempfile.TemporaryDirectory(prefix="impact-") as folder:
        root = Path(folder).resolve() / suite.name
        leave_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".pytest_cache")
        shutil.copytree(suite.folder, root, ignore=leave_out, symlinks=True)
        experiment = Experiment(Copy(suite, root, tools))
        experiment.scores["static"].misses += experiment.unfollowed()
        done = 0
        for target in experiment.mutants(options.seed):
            if done == options.mutants:
                break
            ended = experiment.try_out(done, target)
            done += ended
            how = "" if ended else ", which hangs, so another is taken"
            print(f"{suite.name}: {target.path} {target.name}{how}", file=sys.stderr, flush=True)
        return experiment


def show(suite: Suite, done: Experiment) -> bool:
    """One line of the table, and each miss of ours below it."""
    ours = [done.scores["static"], done.scores["coverage"]]
    cells = " ".join(score.cells() for score in done.scores.values())
    slowest = max(ours[0].seconds, default=0.0)
    tried = f"{len(ours[0].shares)}/{done.failing}"
    counts = f"{len(done.units):>5} {len(done.coverage.units):>6} {done.pairs:>6} {tried:>6}"
    print(f"{suite.name:<15} {counts} {cells} {slowest:>6.2f}")
    misses = [miss for score in ours for miss in score.misses]
    print("".join(f"    MISSED: {miss}\n" for miss in misses), end="", flush=True)
    return not misses


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(USUAL))
    parser.add_argument("--mutants", type=int, default=6, help="of each suite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tools = install_tools()
    print(f"{describe_conditions()}, {', '.join(TOOLS)}, seed {options.seed}\n")
    print(f"{'':<42} {'static':^27} {'coverage':^27} {'testmon':^27}")
    columns = f"{'missed':>9} {'units':>8} {'seconds':>8}"
    counts = f"{'suite':<15} {'units':>5} {'traced':>6} {'loaded':>6} {'tried':>6}"
    print(f"{counts} {columns} {columns} {columns} {'s':>6}", flush=True)
    safe = [show(one, run_suite(one, options, tools)) for one in load_suites(options.names)]
    print(f"\nno failing test missed: {verdict(met=all(safe))}; load after {describe_load()}")
    return 0 if all(safe) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
