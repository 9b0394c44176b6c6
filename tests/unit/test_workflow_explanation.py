"""Each decision about a unit is told in a sentence."""

from __future__ import annotations

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.impact import Cause, UnitImpact
from testfleet.contracts.plan import Compute, Plan, PlannedUnit, Shard
from testfleet.planning.placement.needs import Needs
from testfleet.workflow.explanation import explain

UNITS = tuple(
    PlannedUnit(id=name, predicted_s=1.0, known=known)
    for name, known in (("a.py", True), ("b.py::[1/2]", True), ("c.py", False))
)
SHARD = Shard(id="r1-0000", profile="local", compute=Compute.LAMBDA, units=UNITS)
PLAN = Plan(
    framework="pytest", suite="default", shards=(SHARD,), workers=2, predicted_s=3.0,
    lower_bound_s=1.5, reasons=(), together=(("a.py", "c.py"),),
    dependencies=(Dependency(units=("c.py",), providers=("a.py",)),),
)  # fmt: skip
HISTORY = {
    "a.py": UnitHistory(duration_s=1.0, tests=1, runs=1, recent_s=(1.25,)),
    "b.py": UnitHistory(duration_s=2.0, tests=1, runs=7),
}


def because(
    reasons: dict[str, UnitImpact] | None = None, needs: Needs | None = None
) -> dict[str, tuple[str, ...]]:
    return {
        one.unit: one.because for one in explain(PLAN, HISTORY, reasons or {}, needs or Needs())
    }


def test_a_prediction_says_what_it_rests_on() -> None:
    told = because()
    assert told["a.py"][0] == "its seconds come from 1 run, the newest 1.25 s"
    assert told["b.py::[1/2]"] == (
        "its seconds come from 7 runs of its file, of which it is a part",
    )
    assert told["c.py"][0].startswith("its seconds are guessed")


def test_company_and_needs_are_told() -> None:
    assert because()["c.py"][1:] == (
        "must share a shard with a.py",
        "runs after a.py, in its own shard",
    )


def test_a_selection_is_told_with_its_chain() -> None:
    reasons = {
        "a.py": UnitImpact(
            unit="a.py",
            selected=True,
            cause=Cause.REACHED,
            reason="it depends on x.py",
            chain=("x.py", "a.py"),
        ),
        "b.py": UnitImpact(
            unit="b.py",
            selected=True,
            cause=Cause.CHANGED,
            reason="its own file changed",
            chain=("b.py",),
        ),
        "c.py": UnitImpact(
            unit="c.py", selected=False, cause=Cause.UNTOUCHED, reason="no change can reach it"
        ),
    }
    told = because(reasons)
    assert told["a.py"][0] == "selected: it depends on x.py (x.py <- a.py)"
    assert told["b.py::[1/2]"][0] == "selected: its own file changed"
    assert told["c.py"][0] == "selected because another one needs it or must meet it"


def test_what_a_unit_requires_is_told_with_the_profile_that_has_it() -> None:
    told = because(needs=Needs(suite=frozenset({"vcpu>=1"})))
    assert "requires vcpu>=1, which local has" in told["a.py"]
