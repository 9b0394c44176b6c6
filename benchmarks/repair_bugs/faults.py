"""Plants one fault in a program, of the kinds that people make.

Kinds and their weights follow what studies of bug fixes count (Pan, Kim and Whitehead 2009; Campos
and Maia 2017; Soto et al. 2016): most fixes touch a condition, a call's arguments, an assignment or
a missing guard; many add what is missing. Each function here takes something away or writes it
wrongly on the source text, so the rest of the program keeps its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.repair_bugs import wrong_expressions as expressions
from benchmarks.repair_bugs import wrong_statements as statements
from benchmarks.repair_bugs.source import Edit, Source

_Kind = Callable[[Source], Iterator[Edit]]

KINDS: dict[str, _Kind] = {
    make.__name__.replace("_", "-"): make
    for make in (
        expressions.wrong_operator,
        expressions.wrong_comparison,
        expressions.wrong_connective,
        expressions.off_by_one,
        expressions.wrong_constant,
        expressions.wrong_variable,
        expressions.wrong_attribute,
        expressions.wrong_method,
        expressions.missing_call,
        expressions.wrong_arguments,
        expressions.swapped,
        expressions.missing_condition,
        statements.missing_guard,
        statements.missing_check,
        statements.missing_branch,
        statements.missing_statement,
        statements.wrong_assignment,
        statements.wrong_return,
        expressions.wrong_slice,
        statements.misplaced_statement,
        statements.swapped_statements,
        statements.wrong_flow,
    )
}

WEIGHTS = {
    "wrong-comparison": 10,
    "off-by-one": 10,
    "wrong-variable": 10,
    "missing-condition": 8,
    "missing-guard": 8,
    "missing-statement": 10,
    "wrong-arguments": 6,
    "missing-call": 6,
    "wrong-constant": 6,
    "wrong-operator": 6,
}
"""Of kinds that are not named: 4."""


@dataclass(frozen=True)
class Fault:
    """A program with a fault."""

    kind: str
    text: str
    line: int
    """First line that differs, in the faulty text."""


def faults(text: str) -> list[Fault]:
    """Every fault of every kind that leaves a program which can be parsed."""
    source = Source(text)
    found: dict[str, Fault] = {}
    for kind, make in KINDS.items():
        for span, new in make(source):
            broken = source.replaced(span, new)
            if broken != text and broken not in found and _parses(broken):
                found[broken] = Fault(kind, broken, source.line_of(span))
    return list(found.values())


def _parses(text: str) -> bool:
    try:
        compile(text, "program", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
