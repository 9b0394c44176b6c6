from itertools import product
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.planning.partition.balance import list_schedule, lower_bound_s, partition
from testfleet.planning.partition.exchange import exchange

DURATIONS = st.floats(0.001, 1000.0)


def makespan(durations: list[float], shards: list[list[int]]) -> float:
    return max(sum(durations[at] for at in shard) for shard in shards)


@given(
    st.lists(DURATIONS, max_size=60),
    st.lists(st.sampled_from([1.0, 0.5, 0.25]), min_size=1, max_size=9),
)
def test_each_unit_is_in_exactly_one_shard_in_collection_order(
    durations: list[float], weights: list[float]
) -> None:
    shards = partition(durations, weights)
    assert len(shards) == len(weights)
    assert sorted(at for shard in shards for at in shard) == list(range(len(durations)))
    assert all(shard == sorted(shard) for shard in shards)


@given(st.lists(DURATIONS, min_size=1, max_size=40), st.integers(1, 8))
def test_no_shard_is_empty_when_there_are_units_enough(durations: list[float], count: int) -> None:
    shards = partition(durations, (1.0,) * min(count, len(durations)))
    assert all(shards)


@given(st.lists(DURATIONS, max_size=40), st.integers(1, 8))
def test_the_same_input_gives_the_same_shards(durations: list[float], count: int) -> None:
    assert partition(durations, (1.0,) * count) == partition(list(durations), (1.0,) * count)


@given(st.lists(DURATIONS, min_size=1, max_size=7), st.integers(1, 3))
def test_the_longest_shard_keeps_grahams_bound_to_the_optimum(
    durations: list[float], count: int
) -> None:
    best = min(
        makespan(durations, [[at for at, to in enumerate(way) if to == k] for k in range(count)])
        for way in product(range(count), repeat=len(durations))
    )
    bound = 4 / 3 - 1 / (3 * count)
    assert makespan(durations, partition(durations, (1.0,) * count)) <= best * bound * (1 + 1e-9)


@given(st.lists(DURATIONS, min_size=1, max_size=80), st.integers(1, 10))
def test_the_longest_shard_keeps_the_list_scheduling_bound(
    durations: list[float], count: int
) -> None:
    bound = sum(durations) / count + (1 - 1 / count) * max(durations)
    assert makespan(durations, partition(durations, (1.0,) * count)) <= bound * (1 + 1e-9)


def test_the_improvement_finds_what_longest_first_misses() -> None:
    durations = [3.0, 3.0, 2.0, 2.0, 2.0]  # longest first alone: 7 and 5
    assert makespan(durations, partition(durations, (1.0, 1.0))) == 6.0


def test_heavier_weights_get_longer_shards() -> None:
    durations = [1.0] * 80
    sizes = [len(shard) for shard in partition(durations, (1.0, 0.5, 0.5))]
    assert sizes == [40, 20, 20]


def test_no_units_make_empty_shards() -> None:
    assert partition([], (1.0, 1.0)) == [[], []]


@given(st.lists(DURATIONS, min_size=1, max_size=60), st.integers(1, 12))
def test_the_longest_shard_is_never_longer_than_that_of_pytest_splits_least_duration(
    durations: list[float], count: int
) -> None:
    loads = [0.0] * count
    for seconds in sorted(durations, reverse=True):
        loads[loads.index(min(loads))] += seconds
    assert makespan(durations, partition(durations, (1.0,) * count)) <= max(loads) * (1 + 1e-9)


@given(st.lists(DURATIONS, min_size=1, max_size=60), st.integers(1, 12), st.randoms())
def test_the_order_of_the_input_does_not_change_how_long_the_longest_shard_is(
    durations: list[float], count: int, chance: Random
) -> None:
    shuffled = chance.sample(durations, len(durations))
    found = makespan(durations, partition(durations, (1.0,) * count))
    assert makespan(shuffled, partition(shuffled, (1.0,) * count)) == pytest.approx(found, rel=1e-9)


@given(st.lists(DURATIONS, min_size=1, max_size=60), st.integers(1, 12))
def test_no_partition_beats_the_lower_bound(durations: list[float], count: int) -> None:
    found = makespan(durations, partition(durations, (1.0,) * count))
    assert lower_bound_s(durations, count) <= found * (1 + 1e-9)


def test_the_lower_bound_knows_that_nine_long_units_cannot_share_eight_shards() -> None:
    assert lower_bound_s([*[4.0] * 9, *[0.001] * 10], 8) == 8.0


@pytest.mark.parametrize(("count", "per_shard"), [(4, 6), (16, 5), (64, 3), (64, 5), (256, 3)])
def test_few_units_a_shard_are_balanced_within_a_percent(count: int, per_shard: int) -> None:
    chance = Random(count)
    durations = [chance.uniform(1.0, 100.0) for _ in range(count * per_shard)]
    found = makespan(durations, partition(durations, (1.0,) * count))
    assert found <= 1.01 * lower_bound_s(durations, count)


def test_where_five_units_share_a_shard_packing_finds_what_exchanges_do_not() -> None:
    ascending = sorted(0.15 + 0.35 * exp(-at / 60) for at in range(648))
    count = 128
    mean = sum(ascending) / count
    first = list_schedule(range(len(ascending) - 1, -1, -1), ascending, (1.0,) * count)
    assert makespan(ascending, exchange(first, ascending, mean)) > 1.05 * mean
    assert makespan(ascending, partition(ascending, (1.0,) * count)) < 1.02 * mean


@pytest.mark.parametrize("weights", [(1.0,) * 3, (1.0, 0.5, 0.25)])
def test_equal_units_are_shared_out_equally(weights: tuple[float, ...]) -> None:
    shards = partition([2.0] * 700, weights)
    assert [len(shard) for shard in shards] == [
        pytest.approx(700 * weight / sum(weights), abs=1) for weight in weights
    ]
