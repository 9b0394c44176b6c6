"""The units of a suite that a change can reach: what `--changed-since` and pull requests run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.change import FileChange
from testfleet.contracts.coverage import SuiteCoverage
from testfleet.contracts.impact import Cause, UnitImpact
from testfleet.contracts.plan import Unit, file_of
from testfleet.planning.impact.imports.build import GraphRequest, Readers, build_graph
from testfleet.planning.impact.reach import impact
from testfleet.planning.impact.recorded import recorded_excuse
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.source_tree import SourceTree

_UNREADABLE: Final = frozenset({"command", "eslint", "tsc"})
"""Frameworks whose units are no files that import what they test."""


@dataclass(frozen=True)
class Selection:
    """Which units run, and why each of them does or does not."""

    selected: tuple[str, ...]
    """Unit ids in the order given."""
    reasons: Mapping[str, UnitImpact]
    """Of every unit, by its id."""
    notes: tuple[str, ...]
    """The whole in a few sentences."""


@dataclass(frozen=True)
class SelectionOptions:
    """What is known beside the tree."""

    framework_args: tuple[str, ...] = ()
    readers: Readers = field(default_factory=Readers)
    coverage: SuiteCoverage | None = None
    """As recorded on an earlier state of the tree."""


def select_units(
    tree: SourceTree,
    suite: ResolvedSuite,
    units: Sequence[Unit],
    changes: Sequence[FileChange],
    options: SelectionOptions | None = None,
) -> Selection:
    """Decide about each unit. Reads the tree, runs nothing.

    Raises UsageError for a pytest configuration that pytest would refuse.
    """
    options = options or SelectionOptions()
    if suite.framework in _UNREADABLE:
        return _everything(suite.framework, units, len(changes))
    present = {file.path for file in tree.paths()}
    named = {path for change in changes for path in (change.path, change.old_path) if path}
    request = GraphRequest(
        tree=tree,
        suite=suite,
        units=tuple(sorted({file_of(unit.id) for unit in units})),
        framework_args=options.framework_args,
        gone=frozenset(named - present),
    )
    graph = build_graph(request, options.readers)
    known = options.coverage
    excuse = recorded_excuse(tree, changes, graph, known) if known else None
    decisions = impact(changes, graph, [unit.id for unit in units], excuse)
    return Selection(
        selected=tuple(one.unit for one in decisions if one.selected),
        reasons={one.unit: one for one in decisions},
        notes=_notes(decisions, len(changes)),
    )


def _everything(framework: str, units: Sequence[Unit], changes: int) -> Selection:
    reason = f"what {framework} looks at cannot be told by reading imports"
    decisions = [
        UnitImpact(unit=unit.id, selected=True, cause=Cause.UNKNOWN, reason=reason)
        for unit in units
    ]
    return Selection(
        selected=tuple(unit.id for unit in units),
        reasons={one.unit: one for one in decisions},
        notes=_notes(decisions, changes),
    )


def known_selection(
    units: Sequence[Unit], changes: Sequence[FileChange], reached: Collection[str]
) -> Selection:
    """The selection of somebody who has found out already which units the changes reach."""
    selected = tuple(unit.id for unit in units if unit.id in reached)
    files = "1 changed file" if len(changes) == 1 else f"{len(changes)} changed files"
    note = f"{files} can reach {len(selected)} of {len(units)} units"
    return Selection(selected=selected, reasons={}, notes=(note,))


def _notes(decisions: Sequence[UnitImpact], changes: int) -> tuple[str, ...]:
    causes = Counter(one.cause for one in decisions)
    chosen = sum(one.selected for one in decisions)
    shown = ", ".join(
        f"{causes[cause]} {cause}"
        for cause in Cause
        if causes[cause] and cause is not Cause.UNTOUCHED
    )
    files = "1 changed file" if changes == 1 else f"{changes} changed files"
    reach = f"{files} can reach {chosen} of {len(decisions)} units"
    return (f"{reach} ({shown})" if shown else reach,)
