"""Long files are cut in order, where it pays, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.plan import PlannedUnit, Splits, file_of, group_id
from testfleet.contracts.result import UnitResult, UnitStatus
from testfleet.planning.sharding.node_groups import (
    Inside,
    cut_in_order,
    cut_long_files,
    splits_of,
    whole_files,
    with_preparation,
)

SCOPES = st.lists(st.floats(0.001, 100.0), min_size=1, max_size=40).map(
    lambda seconds: [(f"test_{at}", value) for at, value in enumerate(seconds)]
)


def unit(name: str, seconds: float) -> PlannedUnit:
    return PlannedUnit(id=name, predicted_s=seconds, known=True)


@given(SCOPES, st.integers(1, 12))
def test_pieces_are_consecutive_and_complete(scopes: list[tuple[str, float]], count: int) -> None:
    parts = cut_in_order(scopes, count)
    assert [name for part in parts for name in part] == [name for name, _ in scopes]
    assert 1 <= len(parts) <= count
    assert all(parts)


@given(SCOPES, st.integers(1, 6))
def test_no_other_cut_has_a_shorter_longest_piece(
    scopes: list[tuple[str, float]], count: int
) -> None:
    seconds = dict(scopes)
    longest = max(sum(seconds[name] for name in part) for part in cut_in_order(scopes, count))
    assert longest <= best_longest([value for _, value in scopes], count) * (1 + 1e-9) + 1e-9


def best_longest(seconds: list[float], count: int) -> float:
    """Dynamic programming over all cuts."""
    best = [0.0] + [float("inf")] * len(seconds)
    for _ in range(count):
        best = [0.0] + [
            min(max(best[cut], sum(seconds[cut:end])) for cut in range(end))
            for end in range(1, len(seconds) + 1)
        ]
    return best[-1]


def test_a_file_longer_than_a_workers_share_is_cut() -> None:
    scopes = {"tests/test_long.py": Inside([("TestA", 10.0), ("test_b", 10.0), ("TestC", 10.0)])}
    cut = cut_long_files(
        [unit("tests/test_long.py", 30.0), unit("tests/test_b.py", 6.0)], scopes, 2
    )
    assert cut.splits == {"tests/test_long.py": (("TestC",),)}
    assert [(one.id, one.predicted_s) for one in cut.units] == [
        ("tests/test_long.py::[1/2]", 20.0),
        ("tests/test_long.py::[2/2]", 10.0),
        ("tests/test_b.py", 6.0),
    ]
    assert "tests/test_long.py into 2" in cut.reasons[0]


@pytest.mark.parametrize(
    ("seconds", "workers", "whole"),
    [
        pytest.param((3.0, 0.5), 2, (), id="saves too little"),
        pytest.param((30.0, 40.0, 35.0), 2, (), id="another bound holds"),
        pytest.param((30.0, 6.0), 1, (), id="one worker"),
        pytest.param((30.0, 6.0), 2, ("f0",), id="must stay whole"),
    ],
)
def test_what_does_not_pay_stays_whole(
    seconds: tuple[float, ...], workers: int, whole: tuple[str, ...]
) -> None:
    units = [unit(f"f{at}", value) for at, value in enumerate(seconds)]
    halves = {one.id: one.predicted_s / 2 for one in units}
    scopes = {name: Inside([("a", half), ("b", half)]) for name, half in halves.items()}
    cut = cut_long_files(units, scopes, workers, whole)
    assert (cut.units, cut.splits, cut.reasons) == (units, {}, ())


def test_a_file_of_one_class_stays_whole() -> None:
    units = [unit("long", 30.0), unit("short", 2.0)]
    assert cut_long_files(units, {"long": Inside([("TestAll", 30.0)])}, 2).units == units


@given(st.text(min_size=1), st.integers(1, 9))
def test_a_group_knows_its_file(file: str, number: int) -> None:
    assert file_of(group_id(file, number, 9)) == file


def test_a_task_learns_only_the_cuts_that_it_needs() -> None:
    splits: Splits = {"a": (("x",),), "b": (("y",),), "c": (("z",),)}
    assert splits_of(["a::[1/2]", "b"], splits) == {"a": (("x",),), "b": (("y",),)}


def test_groups_become_their_file_again() -> None:
    parts = [
        UnitResult(id="a::[1/2]", status=UnitStatus.FINISHED, tests=2, duration_s=1.0),
        UnitResult(id="a::[2/2]", status=UnitStatus.UNFINISHED, tests=1, duration_s=2.0),
        UnitResult(id="b", status=UnitStatus.FINISHED, tests=1, duration_s=3.0),
    ]
    whole = UnitResult(id="a", status=UnitStatus.UNFINISHED, tests=3, duration_s=3.0)
    assert whole_files(parts) == [whole, parts[2]]


@given(SCOPES, st.integers(2, 6), st.data())
def test_no_group_begins_with_what_needs_what_stands_before(
    scopes: list[tuple[str, float]], count: int, data: st.DataObject
) -> None:
    names = [name for name, _ in scopes]
    bound = data.draw(st.sets(st.sampled_from(names)))
    parts = cut_in_order(scopes, count, bound)
    assert [name for part in parts for name in part] == names
    assert not bound.intersection(part[0] for part in parts[1:])


def test_after_three_harmful_cuts_a_file_stays_whole() -> None:
    scopes = [(name, 10.0) for name in "abcdef"]
    units = [unit("long", 60.0), unit("short", 2.0)]
    assert cut_long_files(units, {"long": Inside(scopes, ("c", "d"))}, 2).splits
    assert not cut_long_files(units, {"long": Inside(scopes, ("c", "d", "e"))}, 2).splits


def test_quick_preparation_goes_with_what_follows_it() -> None:
    inside = Inside([("TestSlow", 9.0), ("TestSwitchOn", 0.01), ("TestSwitched", 9.0)])
    parts = cut_in_order(inside.scopes, 2)
    assert parts == [["TestSlow", "TestSwitchOn"], ["TestSwitched"]]
    assert with_preparation(parts, inside) == [["TestSlow"], ["TestSwitchOn", "TestSwitched"]]


@given(SCOPES, st.integers(2, 6), st.data())
def test_preparation_keeps_order_and_bonds_and_empties_no_group(
    scopes: list[tuple[str, float]], count: int, data: st.DataObject
) -> None:
    names = [name for name, _ in scopes]
    inside = Inside(scopes, data.draw(st.sets(st.sampled_from(names))))
    parts = with_preparation(cut_in_order(scopes, count, inside.bound), inside)
    assert [name for part in parts for name in part] == names
    assert all(parts)
    assert not set(inside.bound).intersection(part[0] for part in parts[1:])
