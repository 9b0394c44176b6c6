"""Which passing tests a patch can reach: those that execute a function that it changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from testfleet.contracts.repair import TextEdit
from testfleet.repair.baseline import Baseline
from testfleet.repair.localise.functions import Span, functions_of
from testfleet.repair.sources import Source

MODULE: Span = (1, 1 << 40, "")


class Reach:
    """Answers by the lines that each test executed in the baseline."""

    def __init__(self, baseline: Baseline, sources: Mapping[str, Source]) -> None:
        self._baseline = baseline
        self._sources = sources
        self._spans: dict[str, list[Span]] = {}
        self._known: dict[tuple[str, Span], list[str]] = {}

    def tests(self, edits: Sequence[TextEdit]) -> list[str]:
        """Passing tests in the order in which they ran."""
        reached = {test for edit in edits for test in self._of(edit.path, self.span(edit))}
        return [test for test in self._baseline.passing if test in reached]

    def span(self, edit: TextEdit) -> Span:
        """The innermost function around an edit, or the whole module."""
        text = self._sources[edit.path].text
        first = text.count("\n", 0, edit.start) + 1
        last = first + text.count("\n", edit.start, edit.end)
        if edit.path not in self._spans:
            self._spans[edit.path] = functions_of(text)
        around = [span for span in self._spans[edit.path] if span[0] <= first and last <= span[1]]
        return min(around, key=lambda span: span[1] - span[0]) if around else MODULE

    def _of(self, path: str, span: Span) -> list[str]:
        key = (path, span)
        if key not in self._known:
            tests = self._baseline.tests
            self._known[key] = [
                test
                for test in self._baseline.passing
                if _executes(tests[test].lines.get(path, ()), span)
            ]
        return self._known[key]


def _executes(lines: Sequence[int], span: Span) -> bool:
    at = bisect_left(lines, span[0])
    return at < len(lines) and lines[at] <= span[1]
