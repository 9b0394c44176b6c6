"""The plan of a run from its tree and its history: for the Plan step and for `testfleet plan`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from testfleet.contracts.change import FileChange
from testfleet.contracts.coverage import SuiteCoverage
from testfleet.contracts.dependencies import Dependency, RulesWithin
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.impact import UnitImpact
from testfleet.contracts.plan import Plan
from testfleet.contracts.run import Objectives
from testfleet.costs.metering import worker_usd
from testfleet.errors import NothingToRunError
from testfleet.planning.dependencies.rules import DependsTable
from testfleet.planning.dependencies.stages import plan_in_stages
from testfleet.planning.discovery.discover import discover
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.impact.imports.build import Readers
from testfleet.planning.impact.selection import SelectionOptions, known_selection, select_units
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.prediction.predict import predict
from testfleet.planning.priority.units import Change, priorities
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.sharding.plan import PlanInput
from testfleet.planning.sharding.portions import Grouping
from testfleet.planning.sharding.traits import traits_of
from testfleet.planning.source_tree import SourceTree
from testfleet.planning.work import Traits

PRIORITISED: Final = frozenset({"priority", "hybrid"})
"""Strategies to which history says what is likely to fail, where testfleet.toml does not."""


@dataclass(frozen=True)
class PlanRequest:
    """What a plan depends on."""

    tree: SourceTree
    suite: ResolvedSuite
    place: Place
    history: Mapping[str, UnitHistory]
    shards: int | Literal["auto"]
    framework_args: tuple[str, ...]
    known: Experience = field(default_factory=lambda: Experience(worker_usd))
    """Prices, and what past shards tell of profiles."""
    objectives: Objectives = field(default_factory=Objectives)
    changes: tuple[FileChange, ...] | None = None
    """Plan only units that these can reach. None: all."""
    reached: Collection[str] | None = None
    """Units that the changes are known to reach. None: to be found out."""
    readers: Readers = field(default_factory=Readers)
    """What may help to read imports."""
    coverage: SuiteCoverage | None = None
    """What units ran when that was recorded."""


@dataclass(frozen=True)
class Planned:
    """A plan, and what it does not say itself."""

    plan: Plan
    selection: Mapping[str, UnitImpact] = field(default_factory=dict)
    """Why a change can reach a unit, or not, by its id. Empty when everything was asked for."""


def plan_suite(source: PlanRequest) -> Plan:
    """The plan of `plan_with_reasons`."""
    return plan_with_reasons(source).plan


def plan_with_reasons(source: PlanRequest) -> Planned:
    """Discover the suite's units and plan them.

    Raises NothingToRunError when there are none, or none that the changes can reach; UsageError for
    settings, names and objectives that cannot be met.
    """
    found = discover(source.tree, source.suite, source.framework_args, source.history)
    dependencies = _dependencies(source, found)
    discovery, reasons = _reached(source, found, dependencies)
    kept = {unit.id for unit in discovery.units}
    request = PlanInput(
        suite=source.suite.name,
        discovery=discovery,
        history=source.history,
        place=source.place,
        shards=source.shards,
        framework=source.suite.framework,
        grouping=Grouping(
            objectives=source.objectives,
            known=source.known,
            traits=_traits(source, discovery, reasons),
        ),
    )
    plan = plan_in_stages(request, RulesWithin(dependencies).files(kept))
    skipped = tuple(unit.id for unit in found.units if unit.id not in kept)
    return Planned(plan.model_copy(update={"skipped": skipped}) if skipped else plan, reasons)


def _reached(
    source: PlanRequest, found: Discovery, dependencies: Iterable[Dependency]
) -> tuple[Discovery, Mapping[str, UnitImpact]]:
    """The units that the changes can reach, with those that they must meet or wait for."""
    if source.changes is None:
        return found, {}
    if source.reached is None:
        options = SelectionOptions(source.framework_args, source.readers, source.coverage)
        selection = select_units(source.tree, source.suite, found.units, source.changes, options)
    else:
        selection = known_selection(found.units, source.changes, source.reached)
    kept = _with_companions(selection.selected, found.together, dependencies)
    if not kept and found.units:
        raise NothingToRunError(
            f"{selection.notes[0]}, so there is nothing to run",
            hint="`testfleet impact REV` tells why; without --changed-since all tests run",
        )
    reached = replace(
        found,
        units=tuple(unit for unit in found.units if unit.id in kept),
        notes=(*found.notes, *selection.notes),
        together=tuple(group for group in found.together if kept.issuperset(group)),
    )
    return reached, selection.reasons


def _with_companions(
    chosen: Iterable[str],
    together: Iterable[Sequence[str]],
    dependencies: Iterable[Dependency],
) -> set[str]:
    """The chosen, all that share a shard with one of them, and all that these need."""
    company = {unit: group for group in together for unit in group}
    needed: defaultdict[str, list[str]] = defaultdict(list)
    for rule in dependencies:
        for unit in rule.units:
            needed[unit] += rule.providers
    kept: set[str] = set()
    waiting = list(chosen)
    while waiting:
        unit = waiting.pop()
        if unit not in kept:
            kept.add(unit)
            waiting += [*company.get(unit, ()), *needed[unit]]
    return kept


def _traits(
    source: PlanRequest, found: Discovery, reasons: Mapping[str, UnitImpact]
) -> dict[str, Traits]:
    needs, entries = source.place.needs, source.suite.traits
    traits: dict[str, Traits] = {}
    if needs.suite or needs.files or entries:
        traits = traits_of((unit.id for unit in found.units), entries, needs)
    if source.objectives.strategy not in PRIORITISED:
        return traits
    return {
        unit: replace(own, priority=own.priority or learnt)
        for unit, learnt in _priorities(source, found, reasons).items()
        for own in (traits.get(unit, Traits()),)
    }


def _priorities(
    source: PlanRequest, found: Discovery, reasons: Mapping[str, UnitImpact]
) -> dict[str, float]:
    paths = {change.path for change in source.changes or ()}
    unreached = {unit for unit, impact in reasons.items() if not impact.selected}
    expected = predict(found.units, source.history, source.place.usual)
    return priorities(expected, source.history, Change(paths, unreached))


def _dependencies(source: PlanRequest, found: Discovery) -> tuple[Dependency, ...]:
    if not source.suite.depends:
        return ()
    units = dict.fromkeys(unit.id for unit in found.units)
    # A run of some of the tests must not fail for a glob that names others.
    elsewhere = {file.path for file in source.tree.paths()} if source.framework_args else set()
    return DependsTable(source.suite.name, source.suite.depends, units, elsewhere).dependencies()
