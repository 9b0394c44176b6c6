"""Random search for a repair, as a peer: RSRepair (Qi et al., ICSE 2014) on statements.

Statements are deleted, replaced or preceded by others of the same file (the operators of GenProg,
Le Goues et al. 2012) in random order; the first change that passes the tests is the patch. Its
candidates run on the bare cases in a fork, which costs less than pytest: that favours it.
"""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Iterator

from benchmarks.repair_bugs.source import Source
from benchmarks.repair_bugs.trial import outcomes
from benchmarks.repair_bugs.trials import Made, Record

VISIBLE = 10


def random_search(bug: Made, budget_s: float) -> Record:
    """The peer on one bug. It is given the function at fault's module, not the line."""
    record = Record(bug=bug.folder.name, kind=bug.kind, package=bug.package, status="not_fixed")
    visible = bug.cases[:VISIBLE]
    arguments = [case.arguments for case in visible]
    began = time.monotonic()
    for text in _candidates(bug.faulty, random.Random(bug.folder.name)):
        if time.monotonic() - began > budget_s:
            break
        record.tried += 1
        answers = outcomes(bug.test.harness, text, arguments, 1.0)
        if not any(c.differs(a) for c, a in zip(visible, answers, strict=True)):
            record.status = "fixed"
            record.correct = bug.is_right(text)
            break
    record.wall_s = round(time.monotonic() - began, 2)
    return record


def _candidates(text: str, rng: random.Random) -> Iterator[str]:
    source = Source(text)
    statements = list({id(node): node for body in source.bodies() for node in body}.values())
    edits = [
        (place, other, way)
        for place in statements
        for other in [None, *statements]
        for way in (("delete",) if other is None else ("replace", "insert"))
        if source.stands_alone(place)
    ]
    rng.shuffle(edits)
    for place, other, way in edits:
        new = "" if other is None else _at(source, other, place)
        first, last = source.whole_lines(place)
        broken = source.replaced((first, first if way == "insert" else last), new)
        if _parses(broken):
            yield broken


def _at(source: Source, other: ast.stmt, place: ast.stmt) -> str:
    """`other`'s lines with the indentation of `place`."""
    return "".join(
        source.indent(place) + line[other.col_offset :] if line.strip() else line
        for line in source.text[slice(*source.whole_lines(other))].splitlines(keepends=True)
    )


def _parses(text: str) -> bool:
    try:
        compile(text, "program", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
