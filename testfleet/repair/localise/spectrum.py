"""Spectrum-based fault localisation: how suspicious a line is, by who executes it.

Ochiai: Abreu, Zoeteweij, van Gemund, "An evaluation of similarity coefficients for software fault
localization", PRDC 2006. DStar: Wong, Debroy, Gao, Li, "The DStar method for effective software
fault localization", IEEE Transactions on Reliability 63(1), 2014, with the usual exponent 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

Line = tuple[str, int]


@dataclass(frozen=True)
class Spectrum:
    """How many failing and passing tests there are, and execute each line."""

    failed: int
    passed: int
    counts: Mapping[Line, tuple[int, int]]
    """Failing and passing tests that execute the line."""


def spectrum_of(
    failing: Sequence[Mapping[str, Sequence[int]]], passing: Iterable[Mapping[str, Sequence[int]]]
) -> Spectrum:
    """Count the lines of the failing tests; lines that none of them executes are innocent."""
    failed: dict[Line, int] = {}
    for lines in failing:
        for line in _lines(lines):
            failed[line] = failed.get(line, 0) + 1
    passed = dict.fromkeys(failed, 0)
    runs = 0
    for lines in passing:
        runs += 1
        for line in _lines(lines):
            if line in passed:
                passed[line] += 1
    counts = {line: (count, passed[line]) for line, count in failed.items()}
    return Spectrum(len(failing), runs, counts)


def ochiai(spectrum: Spectrum, line: Line) -> float:
    """From 0 to 1: the cosine of `executed` and `failed`."""
    failed, passed = spectrum.counts[line]
    product = spectrum.failed * (failed + passed)
    return failed / sqrt(product) if product else 0.0


def dstar(spectrum: Spectrum, line: Line) -> float:
    """At least 0, without bound: failing executions squared, over all that speaks against it."""
    failed, passed = spectrum.counts[line]
    against = passed + spectrum.failed - failed
    return failed**2 / against if against else float(spectrum.failed**2 + 1)


def _lines(lines: Mapping[str, Sequence[int]]) -> Iterable[Line]:
    return ((path, line) for path, numbers in lines.items() for line in numbers)
