"""`testfleet fix` in projects of many files, with one fault and the whole suite.

    python -m benchmarks.repair_suites [--planted 3] [--budget 300] [--python PATH]

Faults are planted in archives of `repair_bugs/suites.txt`, drawn by a seed; one counts when a few
tests of the suite then fail. Beside them stand the mined ones of `repair_bugs/mined.jsonl`. Fixed
means that the command says so, exact that the file is then what it was, apart from its layout.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import describe_conditions, guarded
from benchmarks.repair_bugs.faults import faults
from benchmarks.repair_bugs.mine import Hunk, undone
from benchmarks.repair_bugs.packages import Package, unpacked
from benchmarks.repair_bugs.runner import Runner
from benchmarks.repair_bugs.trials import command, differing_lines

BUGS = Path(__file__).with_name("repair_bugs")
MOST_FAILING = 12
DRAWS = 12
SEED = 6


@dataclass(frozen=True)
class Planted:
    """A project with a fault."""

    project: str
    tree: Path
    path: str
    right: str
    faulty: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", type=int, default=3, help="faults a project")
    parser.add_argument("--budget", type=float, default=300.0)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--no-mined", action="store_true")
    options = parser.parse_args()
    print(describe_conditions())
    bugs = [] if options.no_mined else list(mined())
    for name, version, sha256, folder in _suites():
        tree = unpacked(Package(name, version, sha256, "mined"))
        bugs += planted(name, tree, folder, Runner(options.python, tree), options.planted)
    results = [_measure(bug, options.budget) for bug in bugs]
    count = max(len(results), 1)
    print(f"{len(results)} bugs: top 5 {sum(0 < r[0] <= 5 for r in results) / count:.0%}"
          f" (target 70%), fixed {sum(r[1] for r in results) / count:.0%} (target 50%),"
          f" exactly {sum(r[2] for r in results) / count:.0%}")  # fmt: skip
    return 0


def _suites() -> Iterator[list[str]]:
    for line in (BUGS / "suites.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def planted(name: str, tree: Path, folder: str, runner: Runner, wanted: int) -> list[Planted]:
    """Faults in files of a folder that a few tests see."""
    found: list[Planted] = []
    rng = random.Random(f"{name} {SEED}")
    files = sorted((tree / folder).rglob("*.py"))
    files = [path for path in files if "test" not in path.relative_to(tree).as_posix()]
    if not runner.measure():
        print(f"{name}: its suite does not pass in time")
        return found
    for _ in range(DRAWS * wanted):
        path = rng.choice(files)
        text = path.read_text("utf-8")
        every = faults(text)
        if not every or len(found) == wanted:
            continue
        fault = rng.choice(every)
        relative = path.relative_to(tree).as_posix()
        if 0 < len(runner.failing(relative, fault.text)) <= MOST_FAILING:
            print(f"{name} {relative}:{fault.line} {fault.kind}, {len(runner.passing)} tests")
            found.append(Planted(name, tree, relative, text, fault.text))
    return found


def mined() -> Iterator[Planted]:
    """Bugs that people mended."""
    for line in (BUGS / "mined.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        tree = unpacked(Package(one["package"], one["version"], one["sha256"], "mined"))
        hunk = Hunk(one["path"], one["first"], tuple(one["now"]), tuple(one["before"]))
        text = (tree / hunk.path).read_text("utf-8")
        yield Planted(one["package"], tree, hunk.path, text, undone(text, hunk))


def _measure(bug: Planted, budget_s: float) -> tuple[int, bool, bool]:
    """Place of the faulty line, whether it is called fixed, whether exactly."""
    with tempfile.TemporaryDirectory(prefix="repair-") as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(bug.tree, project, symlinks=True)
        (project / bug.path).write_text(bug.faulty, "utf-8")
        report = command(project, budget_s, "rewrite", cores=2)
        text = (project / bug.path).read_text("utf-8")
    wanted = differing_lines(bug.faulty, bug.right)
    lines = [(one["path"], one["line"]) for one in report.get("localisation", ())]
    place = next((at for at, (p, n) in enumerate(lines, 1) if p == bug.path and n in wanted), 0)
    fixed = report.get("status") == "fixed"
    exact = fixed and ast.dump(ast.parse(text)) == ast.dump(ast.parse(bug.right))
    print(f"{bug.project} {bug.path}: line at {place}, {report.get('status')}"
          f" {report.get('template', '')} in {report.get('time_s', 0):.0f} s,"
          f" {'exact' if exact else report.get('reason', '')[:120]}", flush=True)  # fmt: skip
    return place, fixed, exact


if __name__ == "__main__":
    raise SystemExit(guarded(main))
