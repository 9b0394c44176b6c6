"""Priorities of units from the history that the fleet keeps."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.priority.pasts import Past, Suite
from testfleet.planning.priority.units import Change, priorities, ranked


def unit(name: str, seconds: float = 1.0, *, known: bool = True) -> PlannedUnit:
    return PlannedUnit(id=name, predicted_s=seconds, known=known)


def past(recent: str) -> UnitHistory:
    return UnitHistory(
        duration_s=1.0, tests=3, runs=len(recent), recent=recent, failed=recent.count("f")
    )


def order(units: list[PlannedUnit], history: dict[str, str], change: Change | None = None) -> str:
    known = {name: past(recent) for name, recent in history.items()}
    return "".join(one.unit for one in ranked(units, known, change or Change()))


UNITS = [unit("a"), unit("b"), unit("c")]


def test_what_failed_last_is_before_what_failed_long_ago_and_what_never_failed() -> None:
    assert order(UNITS, {"a": "pppppppppp", "b": "fppppppppp", "c": "pppppppppf"}) == "cba"


def test_what_fails_often_is_before_what_failed_once() -> None:
    assert order(UNITS[:2], {"a": "pppfpppp", "b": "fpffpffp"}) == "ba"


def test_a_flaky_unit_is_between_a_failing_and_a_sound_one() -> None:
    assert order(UNITS, {"a": "pppp", "b": "pppk", "c": "pppf"}) == "cba"


def test_of_equals_the_shorter_is_first() -> None:
    units = [unit("a", 3.0), unit("b", 1.0), unit("c", 2.0)]
    assert order(units, dict.fromkeys("abc", "pp")) == "bca"


def test_without_history_changed_tests_then_namesakes_then_the_shortest() -> None:
    units = [unit("t/test_x.py", 1), unit("t/test_cart.py", 2), unit("t/test_y.py", 2)]
    change = Change(paths=("t/test_y.py", "src/cart.py"))
    found = ranked(units, {}, change)
    assert [one.unit for one in found] == ["t/test_y.py", "t/test_cart.py", "t/test_x.py"]
    assert found[0].reasons == ("changed", "no history", "2.0 s")
    assert found[1].reasons[0] == "named like src/cart.py, which changed"


def test_features_of_a_unit_stand_beside_those_of_its_suite() -> None:
    due, sound = Past.of(past("pfpfpfp")), Past.of(past("ppppppp"))
    suite = Suite([due, sound])
    after = "rate after such a verdict"
    assert suite.features(due)[after] == pytest.approx(math.log((3 + 3.02 / 10) / 4))
    assert suite.features(sound)[after] == pytest.approx(math.log((3.02 / 10) / 7))
    ever = suite.features(due)["share of failures"]
    assert ever == pytest.approx(math.log((3 + 0.1) / (1.5 + 0.1)))
    assert suite.features(Past())[after] == pytest.approx(math.log(0.02))


def test_what_no_change_can_reach_is_last() -> None:
    found = ranked(UNITS, {}, Change(paths=("src/z.py",), unreached=frozenset({"a", "b"})))
    assert found[0].unit == "c"
    assert found[1].reasons[0] == "no change can reach it"


def test_reasons_say_what_history_knows() -> None:
    known = {"a": past("pfppfp"), "b": past("fppppppp"), "c": past("ppp")}
    said = {one.unit: one.reasons[0] for one in ranked(UNITS, known)}
    assert said == {
        "a": "failed 2 of the last 5 runs",
        "b": "failed before, not in the last 7 runs",
        "c": "never failed in 3 runs",
    }


def test_a_node_group_is_known_by_its_file() -> None:
    found = ranked([unit("a::[1/2]"), unit("b")], {"a": past("ff"), "b": past("pp")})
    assert found[0].unit == "a::[1/2]"


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_broken_duration_still_has_a_finite_priority(seconds: float) -> None:
    assert all(map(math.isfinite, priorities([unit("a", seconds), unit("b")], {}).values()))


def test_a_control_function_can_rank_without_numpy() -> None:
    code = "import sys, testfleet.planning.priority.units; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_units_no_priorities() -> None:
    assert priorities([], {}) == {}


@given(
    st.dictionaries(
        st.text("abc/", min_size=1, max_size=6), st.text("pfk-", max_size=16), max_size=12
    ),
    st.lists(st.floats(0.001, 1e4), min_size=12, max_size=12),
)
def test_shares_add_up_and_higher_is_sooner(known: dict[str, str], seconds: list[float]) -> None:
    units = [unit(name, second) for name, second in zip(known, seconds, strict=False)]
    found = ranked(units, {name: past(recent) for name, recent in known.items()})
    assert sorted(one.unit for one in found) == sorted(known)
    assert math.isclose(sum(one.share for one in found), 1.0 if known else 0.0)
    assert [one.priority for one in found] == sorted((o.priority for o in found), reverse=True)
