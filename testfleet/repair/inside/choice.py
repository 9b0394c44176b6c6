"""Which tests a child runs, in which order, and how each of them ended."""

from __future__ import annotations

from typing import Any


class Choice:
    """The tests of a request. After the first `gate` of them, a failure ends the rest."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._order = {test: at for at, test in enumerate(request["ids"])}
        self._gate = request["gate"]
        self._failed = False
        self._phases: dict[str, list[Any]] = {}
        self._failures: dict[str, dict[str, Any]] = {}
        self._names: dict[str, set[str]] = {}
        for test in request["ids"]:
            path, *names = test.split("::", 2)
            known = self._names.setdefault(path, set())
            known.add(names[0].partition("[")[0] if names else "*")

    def spares(self, collector: Any, name: str) -> bool:
        """Whether a module's function or class has none of the tests."""
        if not self._names or type(collector).__name__ != "Module":
            return False
        wanted = self._names.get(collector.nodeid)
        return wanted is not None and "*" not in wanted and name not in wanted

    def arrange(self, items: list[Any]) -> None:
        """Drop all other tests, and sort as the request has them. A test file's id stands for all
        its tests."""
        if not self._order:
            return
        kept = [item for item in items if self._place(item.nodeid) is not None]
        kept.sort(key=lambda item: self._place(item.nodeid) or 0)
        items[:] = kept

    def add(self, report: Any) -> None:
        """Keep a phase's report."""
        self._phases.setdefault(report.nodeid, []).append(report)
        self._failed = self._failed or report.failed

    def failure(self, test: str, told: dict[str, Any]) -> None:
        """Keep the first exception of a test."""
        self._failures.setdefault(test, told)

    def is_given_up(self, test: str) -> bool:
        """Whether it comes after the gate, and one has failed."""
        return self._failed and self._order.get(test, -1) >= self._gate

    def is_over(self, *, hung: bool) -> bool:
        """Whether no further test is worth its time after one has failed."""
        return self._gate <= len(self._order) and (hung or self._gate <= 1)

    def verdict(self, test: str) -> dict[str, Any] | None:
        """Outcome over all phases; None when it was told before."""
        reports = self._phases.pop(test, None)
        if not reports:
            return None
        seconds = sum(report.duration for report in reports)
        told = {"id": test, "outcome": _outcome(reports), "seconds": seconds}
        if test in self._failures:
            told["failure"] = self._failures[test]
        return told

    def _place(self, test: str) -> int | None:
        found = self._order.get(test)
        return found if found is not None else self._order.get(test.partition("::")[0])


def _outcome(reports: list[Any]) -> str:
    if any(report.failed for report in reports):
        return "failed"
    if any(hasattr(report, "wasxfail") for report in reports):
        return "xfailed" if any(report.skipped for report in reports) else "xpassed"
    if any(report.skipped for report in reports):
        return "skipped"
    return "passed"
