"""How early the right edit stands among the rewrite engine's candidates.

    python -m benchmarks.repair_ranks [--split dev] [--sample 100] [--first 2000] [--keep FILE]

Lines are localised and candidates run on the bare cases, without pytest, so this is quick. Right
is what gives the answers of the independent set. `--keep` writes what `train_rank` reads.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks.measure import guarded
from benchmarks.repair import SEED, sample
from benchmarks.repair_bugs.quick_fault import quick_fault
from benchmarks.repair_bugs.sift import plausible
from benchmarks.repair_bugs.trials import Made, rank_of
from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Fault
from testfleet.repair.rewrite.engine import RewriteEngine
from testfleet.repair.sources import apply_edits

VISIBLE = 10


@dataclass
class Ranked:
    """A bug's candidates and which of them are right."""

    bug: Made
    fault: Fault
    candidates: list[Candidate]
    passing: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    exact: int = -1
    line: int = 0
    """Place of the faulty line in the localisation, from 1."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "held-out"), default="dev")
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--first", type=int, default=2000, help="candidates looked at")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    ranked = []
    for bug in sample(options.split, options.sample, options.seed):
        one = rank(bug, options.first)
        if one is None:
            continue
        ranked.append(one)
        if options.keep:
            with options.keep.open("a", encoding="utf-8") as out:
                out.write(json.dumps(as_json(one)) + "\n")
        if options.split == "dev":
            print(one.bug.folder.name, one.line, _first(one.right), one.passing[:6], flush=True)
    report(ranked, by_kind=options.split == "dev")
    return 0


def rank(bug: Made, first: int) -> Ranked | None:
    """A bug's candidates, tried on its cases; None where no fault was seen."""
    fault = quick_fault(bug)
    if not fault.tests:
        return None
    lines = [{"path": line.path, "line": line.line} for line in fault.lines]
    found = Ranked(bug, fault, list(islice(RewriteEngine().candidates(fault), first)))
    found.line = rank_of(bug, lines)
    texts = [apply_edits(fault.sources[c.path], list(c.edits)) for c in found.candidates]
    harness = bug.test.harness
    found.passing = plausible(harness, texts, bug.cases[:VISIBLE])
    passing = [texts[at] for at in found.passing]
    found.right = [found.passing[at] for at in plausible(harness, passing, bug.cases, limit_s=3.0)]
    wanted = _dumped(bug.right)
    same = [at for at in found.right if _dumped(texts[at]) == wanted]
    found.exact = same[0] if same else -1
    return found


def as_json(one: Ranked) -> dict[str, object]:
    """What training needs."""
    return {
        "bug": one.bug.folder.name,
        "package": one.bug.package,
        "kind": one.bug.kind,
        "lines": [line.model_dump(mode="json") for line in one.fault.lines],
        "tests": [
            {"exception": test.exception, "message": test.message[:2000]}
            for test in one.fault.tests
        ],
        "sources": {p: t for p, t in one.fault.sources.items() if p not in one.fault.test_files},
        "candidates": [candidate.model_dump(mode="json") for candidate in one.candidates],
        "passing": one.passing,
        "right": one.right,
    }


def _dumped(text: str) -> str:
    return ast.dump(ast.parse(text))


def _first(places: Sequence[int]) -> int:
    return places[0] + 1 if places else 0


def report(ranked: Sequence[Ranked], *, by_kind: bool) -> None:
    """Prints where right edits stand."""
    groups: dict[str, list[Ranked]] = defaultdict(list)
    for one in ranked:
        groups["all"].append(one)
        if by_kind:
            groups[one.bug.kind].append(one)
    print(f"{'kind':22} bugs  right within 50  300 2000   first passing is right")
    for kind, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        counts = [sum(0 < _first(one.right) <= n for one in group) for n in (50, 300, 2000)]
        agree = sum(bool(one.right) and one.right[0] == one.passing[0] for one in group)
        shares = " ".join(f"{count / len(group):4.0%}" for count in counts)
        print(f"{kind:22} {len(group):4}        {shares}   {agree / len(group):4.0%}")


if __name__ == "__main__":
    raise SystemExit(guarded(main))
