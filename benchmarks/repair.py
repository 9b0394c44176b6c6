"""`testfleet fix` on planted bugs of real packages, beside random search.

    python -m benchmarks.repair_bugs.build            # once: fetches packages, writes the bugs
    python -m benchmarks.repair [--sample 40] [--split dev] [--budget 60] [--label NAME]

Each bug is given to the command as a user would, with the rewrite engine alone, on one core. A
patch that it calls fixed counts as correct when the program then answers every case of an
independent set, up to 150 that no test of the project has, as the right one does. Goes on where it
was stopped: results lie in `.cache/repair_bugs/results-LABEL.jsonl`; another label starts afresh.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import describe_conditions, guarded, verdict
from benchmarks.repair_bugs.packages import CACHE
from benchmarks.repair_bugs.peer import random_search
from benchmarks.repair_bugs.trials import Made, Record, fix, read_bug

TARGET_CORRECT = 0.70
TARGET_PRECISION = 0.95
TARGET_MEDIAN_S = 10.0
TARGET_RATE = 300
SEED = 6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=40, help="bugs, 0 for all")
    parser.add_argument("--split", choices=("dev", "held-out"), default="held-out")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds a bug")
    parser.add_argument("--label", default="last")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    bugs = sample(options.split, options.sample, options.seed)
    results = CACHE / f"results-{options.split}-{options.label}.jsonl"
    ours = measure(bugs, results, lambda bug: fix(bug, options.budget))
    print(describe_conditions())
    print(f"{len(ours)} bugs, {options.split}, {options.budget:g} s each, one core")
    met = report(ours)
    report_by(ours)
    if not options.no_peer:
        peer = results.with_name(f"peer-{options.split}.jsonl")
        report_peer(measure(bugs, peer, lambda bug: random_search(bug, options.budget)))
    return 0 if met else 1


def sample(split: str, count: int, seed: int) -> list[Made]:
    """Bugs drawn from all of a split, the same for the same seed."""
    folders = sorted((CACHE / split).iterdir()) if (CACHE / split).is_dir() else []
    random.Random(seed).shuffle(folders)
    return [read_bug(folder) for folder in folders[: count or None]]


def measure(bugs: Sequence[Made], path: Path, one: Callable[[Made], Record]) -> list[Record]:
    """Each bug's record, from the file where it is there already."""
    known: dict[str, Record] = {}
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            record = Record(**json.loads(line))
            known[record.bug] = record
    for bug in bugs:
        if bug.folder.name not in known:
            known[bug.folder.name] = one(bug)
            with path.open("a", encoding="utf-8") as out:
                out.write(known[bug.folder.name].as_json() + "\n")
    return [known[bug.folder.name] for bug in bugs]


def report(records: Sequence[Record]) -> bool:
    """Prints the totals; True when the targets are met."""
    fixed = [one for one in records if one.status == "fixed"]
    correct = [one for one in fixed if one.correct]
    share = len(correct) / len(records)
    precision = len(correct) / len(fixed) if fixed else 0.0
    times = sorted(one.wall_s for one in fixed) or [0.0]
    cpu = sorted(one.cpu_s for one in fixed) or [0.0]
    print(f"called fixed        {len(fixed) / len(records):6.1%}")
    print(f"fixed and correct   {share:6.1%}   target {TARGET_CORRECT:.0%}")
    print(f"precision           {precision:6.1%}   target {TARGET_PRECISION:.0%}")
    suggested = sum(one.suggested_correct for one in records) / len(records)
    print(f"right one suggested {suggested:6.1%}   of all, beside those fixed")
    print(
        f"median, p90 of fixed {median(times):.1f} s, {times[int(len(times) * 0.9) - 1]:.1f} s;"
        f" of CPU {median(cpu):.1f} s   target {TARGET_MEDIAN_S:g} s"
    )
    for top in (1, 5, 10):
        within = sum(0 < one.rank <= top for one in records) / len(records)
        print(f"localised in top {top:<2} {within:6.1%}")
    tried = 60 * sum(one.tried for one in records)
    wall_s, cpu_s = (sum(getattr(one, name) for one in records) for name in ("wall_s", "cpu_s"))
    print(
        f"candidates a minute  {tried / max(wall_s, 1e-9):.0f} of wall time,"
        f" {tried / max(cpu_s, 1e-9):.0f} of CPU time, with everything around"
        f"   target {TARGET_RATE}"
    )
    print("status", dict(Counter(one.status for one in records)))
    met = share >= TARGET_CORRECT and precision >= TARGET_PRECISION
    met = met and median(times) <= TARGET_MEDIAN_S
    print(verdict(met=met))
    return met


def report_by(records: Sequence[Record]) -> None:
    """Prints shares by kind of bug, and precision by template."""
    for name, key in (("kind", "kind"), ("template", "template")):
        groups: dict[str, list[Record]] = defaultdict(list)
        for one in records:
            groups[str(getattr(one, key))].append(one)
        print(f"\n{name:26} bugs  fixed  correct")
        for label, group in sorted(groups.items(), key=lambda item: -len(item[1])):
            fixed = sum(one.status == "fixed" for one in group)
            print(f"{label or '-':26} {len(group):4} {fixed:6} {sum(o.correct for o in group):8}")


def report_peer(records: Sequence[Record]) -> None:
    """Prints the totals of random search."""
    fixed = [one for one in records if one.status == "fixed"]
    correct = sum(one.correct for one in fixed)
    print(
        f"\npeer, random search over statements: called fixed {len(fixed) / len(records):.1%},"
        f" correct {correct / len(records):.1%}, precision {correct / max(len(fixed), 1):.1%}"
    )


if __name__ == "__main__":
    raise SystemExit(guarded(main))
