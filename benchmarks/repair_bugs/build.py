"""Writes the planted bugs: a folder each with a program, its tests and an independent set.

    python -m benchmarks.repair_bugs.build [--per-program 3] [--split dev]

Cases are drawn from a generator seeded by the program's name; what the right version answers is
expected. Ten cases are the tests that a repair sees, the others the independent set.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import guarded
from benchmarks.repair_bugs import layouts
from benchmarks.repair_bugs.extract import NotSelfContainedError, extract
from benchmarks.repair_bugs.faults import WEIGHTS, Fault, faults
from benchmarks.repair_bugs.inputs import Draw
from benchmarks.repair_bugs.packages import CACHE, Package, unpacked
from benchmarks.repair_bugs.trial import outcomes

TABLE = Path(__file__).with_name("programs.txt")
VISIBLE = 10
FEWEST = 8
"""Cases; a few programs know no more."""
DRAWN = 400
INDEPENDENT = 150
LONGEST = 110
"""Lines of a program that are not blank."""


@dataclass(frozen=True)
class Recipe:
    """A line of the table."""

    package: Package
    path: str
    names: tuple[str, ...]
    arguments: str
    call: str

    @property
    def name(self) -> str:
        """Of the module: the function's own."""
        return self.names[0].strip("_").lower()


def recipes() -> Iterator[Recipe]:
    """The whole table."""
    package: Package | None = None
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("["):
            package = Package(*line.strip("[]").split())
        elif line and not line.startswith("#") and package is not None:
            path, names, arguments, *call = (part.strip() for part in line.split(" | ", 3))
            yield Recipe(package, path, tuple(names.split(", ")), arguments, _call(*call))


def _call(written: str = "f(*a)") -> str:
    return re.sub(r"\bso\(", "sorted(", written)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-program", type=int, default=3)
    parser.add_argument("--split", choices=("dev", "held-out"), action="append")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    counts: dict[str, int] = {}
    for recipe in recipes():
        if options.only in recipe.name and recipe.package.split in (options.split or _SPLITS):
            made, note = _make(recipe, options.per_program)
            counts[recipe.package.split] = counts.get(recipe.package.split, 0) + made
            if note:
                print(f"{recipe.package.name} {recipe.name}: {note}", flush=True)
    print(counts)
    return 0


_SPLITS = ("dev", "held-out")


def _make(recipe: Recipe, wanted: int) -> tuple[int, str]:
    """How many bugs a program gave, and why none."""
    for stale in CACHE.glob(f"{recipe.package.split}/{_stem(recipe)}-[0-9]-*"):
        shutil.rmtree(stale)
    try:
        text = extract(unpacked(recipe.package), recipe.path, list(recipe.names))
    except (NotSelfContainedError, FileNotFoundError) as error:
        return 0, str(error)
    lines = sum(bool(line.strip()) for line in text.splitlines())
    if lines > LONGEST:
        return 0, f"{lines} lines"
    test = layouts.Test(recipe.name, recipe.names, recipe.call)
    cases = _cases(recipe, test, text)
    if len(cases) < FEWEST:
        return 0, f"{len(cases)} cases"
    shown = min(VISIBLE, len(cases) * 2 // 3)
    visible, others = cases[:shown], cases[shown : shown + INDEPENDENT]
    bugs = _chosen(test, text, visible, wanted)
    for number, fault in enumerate(bugs):
        bug = layouts.Bug(test, fault, text, tuple(visible), tuple(others))
        folder = _folder(recipe, fault, number)
        layouts.write(bug, folder, {"package": recipe.package.name, "lines": lines})
    return len(bugs), "" if bugs else "no fault fails a test"


def _folder(recipe: Recipe, fault: Fault, number: int) -> Path:
    return CACHE / recipe.package.split / f"{_stem(recipe)}-{number}-{fault.kind}"


def _stem(recipe: Recipe) -> str:
    return f"{recipe.package.name}-{Path(recipe.path).stem}-{recipe.name}"


def _cases(recipe: Recipe, test: layouts.Test, text: str) -> list[layouts.Case]:
    """Different cases that the right version answers with something that can be written down,
    three short ones first."""
    draw = Draw(f"{recipe.package.name} {recipe.name}")
    drawn: dict[str, None] = {}
    for _ in range(DRAWN):
        drawn[repr(draw.arguments(recipe.arguments))] = None
    answers = outcomes(test.harness, text, list(drawn), limit_s=20)
    cases = [
        layouts.Case(arguments, answer)
        for arguments, answer in zip(drawn, answers, strict=False)
        if _is_literal(answer) or (answer.startswith("!") and f"raise {answer[1:]}" in text)
    ]
    short = sorted(cases, key=lambda case: len(case.arguments))[:3]
    return short + [case for case in cases if case not in short]


def _is_literal(answer: str) -> bool:
    try:
        value: Any = ast.literal_eval(answer)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return value == value and len(answer) < 2000  # noqa: PLR0124 - not a number is not itself


def _chosen(test: layouts.Test, text: str, visible: list[layouts.Case], wanted: int) -> list[Fault]:
    """Faults that a visible test sees, of different kinds, drawn by weight."""
    rng = random.Random(f"{test.module} faults")
    every = faults(text)
    of_kind: dict[str, int] = {}
    for fault in every:
        of_kind[fault.kind] = of_kind.get(fault.kind, 0) + 1
    every.sort(
        key=lambda fault: rng.random() ** (of_kind[fault.kind] / WEIGHTS.get(fault.kind, 4)),
        reverse=True,
    )
    chosen: list[Fault] = []
    for fault in every[: 12 * wanted]:
        if any(fault.kind == one.kind for one in chosen):
            continue
        answers = outcomes(test.harness, fault.text, [case.arguments for case in visible], 2)
        if any(case.differs(a) for case, a in zip(visible, answers, strict=False)):
            chosen.append(fault)
        if len(chosen) == wanted:
            break
    return chosen


if __name__ == "__main__":
    raise SystemExit(guarded(main))
