"""The `rewrite` engine: candidates from a catalogue of templates, the likeliest first."""

from __future__ import annotations

import ast
import heapq
import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from testfleet.contracts.repair import Candidate, TextEdit
from testfleet.repair.engine import Fault
from testfleet.repair.rewrite.catalogue import by_node
from testfleet.repair.rewrite.duplicates import Programs
from testfleet.repair.rewrite.place import Draft, Place, Template
from testfleet.repair.rewrite.reading.hints import Hints, read_hints
from testfleet.repair.rewrite.reading.pool import Pool
from testfleet.repair.rewrite.reading.scope import Scope
from testfleet.repair.rewrite.reading.source import Edit, Function, Source
from testfleet.repair.rewrite.second import after_first, joined
from testfleet.repair.rewrite.sites import Site, sites, suspicious_statements
from testfleet.repair.rewrite.twins import FAMILIES, everywhere, offsets

NAME: Final = "rewrite"
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
MOST: Final = 40.0
"""What a proposal can weigh at most: more than 1 where the place itself asks for it."""
UNUSED: Final = 2.5
"""Factor for what reads a name that the function binds and forgets."""
FROZEN: Final = 5.0
"""Factor for what changes a local that begins with a fixed value and is never changed."""
MAX_FOREIGN: Final = 100
"""Statements of one file that are ingredients for others."""
MAX_FILES: Final = 30
"""Suspicious files that are read, the most suspicious first."""


class RewriteEngine:
    """Applies every template to every node of the suspicious statements.

    A template's proposals wait until no other place promises more, so the order is by the product
    of the line's suspicion, the template's prior and what the exception says, over all files.
    """

    name = NAME

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """Candidates, the most promising first. Lazy; no two are the same program."""
        return _Stream(fault).run()

    def two_edits(self, first: Candidate, fault: Fault) -> Iterator[Candidate]:
        """Candidates that do what `first` does and one thing more, the most promising first.

        For a first edit that makes more of the failing tests pass, but not all.
        """
        return joined(fault.sources, first, self.candidates(after_first(first, fault)))


class _File:
    """A suspicious file, and what was found out about it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.pool = Pool(source)
        self.programs = Programs(source)
        self._scopes: dict[Function | None, Scope] = {}

    def scope(self, function: Function | None) -> Scope:
        """Names at a function, worked out once."""
        if function not in self._scopes:
            self._scopes[function] = Scope(self.source, function)
        return self._scopes[function]


class _Stream:
    """The candidates of one fault, in order."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.hints = read_hints(fault.tests)
        self.order = count()
        self.heap: list[tuple[float, int, _Waiting]] = []

    def run(self) -> Iterator[Candidate]:
        """Takes what promises most, again and again."""
        files = list(self._files())
        for file, scores in files:
            others = (each.pool.statements for each, _ in files if each is not file)
            file.pool.foreign = [one for statements in others for one in statements[:MAX_FOREIGN]]
            self._enter(file, scores)
        while self.heap:
            score, _, waiting = heapq.heappop(self.heap)
            if waiting.draft is None:
                self._expand(waiting)
            elif waiting.file.programs.is_new(
                waiting.draft.edits, waiting.file.source.outermost(waiting.place.statement)
            ):
                yield waiting.candidate(-score)

    def _files(self) -> Iterator[tuple[_File, dict[int, float]]]:
        scores: dict[str, dict[int, float]] = {}
        for line in self.fault.lines:
            if line.path not in self.fault.test_files and line.path in self.fault.sources:
                known = scores.setdefault(line.path, {})
                known[line.line] = max(line.score, known.get(line.line, 0.0))
        ranked = sorted(scores, key=lambda path: -max(scores[path].values()))
        for path in ranked[:MAX_FILES]:
            try:
                yield _File(Source(path, self.fault.sources[path])), scores[path]
            except SyntaxError:
                continue  # another engine, or another interpreter's grammar

    def _enter(self, file: _File, scores: dict[int, float]) -> None:
        templates = by_node()
        for statement, suspicion in suspicious_statements(file.source, scores).items():
            # A header's names are those of the block around it: a default is evaluated outside.
            scope = file.scope(file.source.function(statement))
            place = Place(
                source=file.source,
                statement=statement,
                scope=scope,
                pool=file.pool,
                hints=self.hints,
                line=suspicion.line,
                score=suspicion.score,
            )
            # What a place asks for can weigh more than 1: it is not to wait behind the others.
            most = MOST if isinstance(statement, ast.Pass) else 1.0
            most *= (UNUSED if scope.unused else 1.0) * (FROZEN if scope.changes else 1.0)
            for site in sites(file.source, statement, suspicion):
                for template in templates.get(type(site.node), ()):
                    prior = boosted(template, self.hints) * template.peak * most
                    self._push(_Waiting(file, place, site, template), prior)

    def _expand(self, waiting: _Waiting) -> None:
        prior = boosted(waiting.template, self.hints)
        scope = waiting.place.scope
        for draft in _drafts(waiting):
            factor = UNUSED if scope.unused and reads_any(scope.unused, draft.edits) else 1.0
            if scope.changes and any(scope.changes.search(edit.text) for edit in draft.edits):
                factor *= FROZEN
            weight = min(max(draft.weight, 0.02), MOST)
            self._push(waiting.with_draft(draft), min(1.0, prior * weight * factor))

    def _push(self, waiting: _Waiting, prior: float) -> None:
        heapq.heappush(self.heap, (-waiting.place.score * prior, next(self.order), waiting))


class _Waiting:
    """A template at a node, before it was asked (`draft` is None) or one thing that it proposes."""

    __slots__ = ("draft", "file", "place", "site", "template")

    def __init__(
        self, file: _File, place: Place, site: Site, template: Template, draft: Draft | None = None
    ) -> None:
        self.file, self.place, self.site = file, place, site
        self.template, self.draft = template, draft

    def with_draft(self, draft: Draft) -> _Waiting:
        """One of the proposals."""
        return _Waiting(self.file, self.place, self.site, self.template, draft)

    def candidate(self, score: float) -> Candidate:
        """What the search is given."""
        assert self.draft is not None  # noqa: S101
        path = self.file.source.path
        edits = sorted(self.draft.edits)
        return Candidate(
            engine=NAME,
            template=self.template.name,
            edits=tuple(TextEdit(path=path, start=e.start, end=e.end, text=e.text) for e in edits),
            path=path,
            line=self.place.line,
            suspiciousness=self.place.score,
            prior=min(1.0, score / self.place.score if self.place.score else 0.0),
        )


def _drafts(waiting: _Waiting) -> Iterator[Draft]:
    """What the template proposes for the site, and the same for others like it."""
    site, source = waiting.site, waiting.file.source
    others = offsets(source, site) if waiting.template.family in FAMILIES else ()
    for draft in waiting.template.drafts(site.node, waiting.place):
        yield draft
        if others and isinstance(site.node, ast.expr):
            start, end = source.start(site.node), source.end(site.node)
            inside = all(start <= edit.start and edit.end <= end for edit in draft.edits)
            twin = everywhere(draft, others, end - start) if inside else None
            if twin is not None:
                yield twin


def reads_any(names: frozenset[str], edits: Sequence[Edit]) -> bool:
    """Whether an edit writes one of the names."""
    return any(word in names for edit in edits for word in _WORD.findall(edit.text))


def boosted(template: Template, hints: Hints) -> float:
    """The template's prior after what the exceptions say."""
    return template.prior * hints.boosts.get(template.family, 1.0)
