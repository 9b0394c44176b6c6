"""Why each unit of a plan runs, where it runs, and why it is believed to take that long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from testfleet.contracts.base import Contract
from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.impact import UnitImpact
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, file_of
from testfleet.planning.placement.needs import Needs


class UnitExplanation(Contract):
    """The decisions about one unit."""

    unit: str
    shard: str
    profile: str
    stage: int
    predicted_s: float
    low_s: float | None
    high_s: float | None
    because: tuple[str, ...]
    """A sentence for each decision."""


def explain(
    plan: Plan,
    history: Mapping[str, UnitHistory],
    reasons: Mapping[str, UnitImpact],
    needs: Needs,
) -> tuple[UnitExplanation, ...]:
    """One entry a unit, shard by shard. `reasons` are those of a selection by change."""
    providers = _providers(plan.dependencies)
    return tuple(
        UnitExplanation(
            unit=unit.id,
            shard=shard.id,
            profile=shard.profile,
            stage=shard.stage,
            predicted_s=unit.predicted_s,
            low_s=unit.low_s,
            high_s=unit.high_s,
            because=(
                *_selected(reasons.get(file_of(unit.id))),
                _predicted(unit, history.get(file_of(unit.id))),
                *_required(needs.of(unit.id), shard),
                *_company(unit, plan.together),
                *_needs(unit, providers, shard),
            ),
        )
        for shard in (*plan.shards, *plan.later)
        for unit in shard.units
    )


def _selected(impact: UnitImpact | None) -> Iterator[str]:
    if impact is None:
        return
    if not impact.selected:
        yield "selected because another one needs it or must meet it"
    elif len(impact.chain) > 1:
        yield f"selected: {impact.reason} ({' <- '.join(impact.chain)})"
    else:
        yield f"selected: {impact.reason}"


def _predicted(unit: PlannedUnit, past: UnitHistory | None) -> str:
    if past is None or not unit.known:
        return "its seconds are guessed, from its size, its tests and its neighbours"
    newest = f", the newest {past.recent_s[-1]:.2f} s" if past.recent_s else ""
    runs = "1 run" if past.runs == 1 else f"{past.runs} runs"
    part = " of its file, of which it is a part" if unit.id != file_of(unit.id) else ""
    return f"its seconds come from {runs}{part}{newest}"


def _required(requires: Collection[str], shard: Shard) -> Iterator[str]:
    if requires:
        yield f"requires {', '.join(sorted(requires))}, which {shard.profile} has"


def _company(unit: PlannedUnit, together: Sequence[Sequence[str]]) -> Iterator[str]:
    for group in together:
        if unit.id in group:
            others = [other for other in group if other != unit.id]
            yield f"must share a shard with {', '.join(others)}"


def _needs(
    unit: PlannedUnit, providers: Mapping[str, Sequence[str]], shard: Shard
) -> Iterator[str]:
    needed = providers.get(file_of(unit.id), ())
    if not needed:
        return
    here = {file_of(other.id) for other in shard.units}
    where = "in its own shard" if here.issuperset(needed) else f"in stage {shard.stage}"
    yield f"runs after {', '.join(needed)}, {where}"


def _providers(dependencies: Sequence[Dependency]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in dependencies:
        for unit in rule.units:
            found.setdefault(unit, []).extend(rule.providers)
    return {unit: list(dict.fromkeys(needed)) for unit, needed in found.items()}
