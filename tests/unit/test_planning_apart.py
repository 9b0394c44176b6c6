from itertools import combinations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.partition.apart import MOST_UNITS, apart
from testfleet.planning.prediction.remember import UnitRun, remember
from testfleet.planning.prediction.scatter import scatters
from testfleet.planning.strategies.balanced import BALANCED
from testfleet.planning.work import Job, WorkUnit

PAIRED = ((1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, 1.0))


def planned(*names: str) -> list[PlannedUnit]:
    return [PlannedUnit(id=name, predicted_s=4.0, known=True) for name in names]


def history_of(runs: list[dict[str, float]]) -> dict[str, UnitHistory]:
    history: dict[str, UnitHistory] = {}
    for run in runs:
        history = remember(history, [UnitRun(unit, s, 1) for unit, s in run.items()], None)
    return history


def test_units_that_slow_down_together_are_taken_apart() -> None:
    shards = apart([[0, 1], [2, 3]], [4.0] * 4, PAIRED)
    assert sorted(shards) in ([[0, 2], [1, 3]], [[0, 3], [1, 2]])


def test_without_scatter_shards_stay_as_they_are() -> None:
    assert apart([[0, 1], [2, 3]], [4.0] * 4, [()] * 4) == [[0, 1], [2, 3]]


def test_a_shard_that_would_be_much_longer_on_average_is_no_price_for_steadiness() -> None:
    shards = apart([[0], [1, 2]], [8.0, 4.0, 4.0], [(0.1, -0.1), (0.1, -0.1), (0.1, -0.1)])
    assert sorted(shards) == [[0], [1, 2]]


@given(
    st.lists(
        st.tuples(st.floats(0.001, 50), st.lists(st.floats(-5, 5), min_size=4, max_size=4)),
        min_size=4,
        max_size=30,
    ),
    st.integers(2, 4),
)
def test_every_unit_stays_in_exactly_one_shard_and_none_is_empty(
    units: list[tuple[float, list[float]]], count: int
) -> None:
    parts = [list(range(at, len(units), count)) for at in range(count)]
    shards = apart(parts, [one[0] for one in units], [one[1] for one in units])
    assert sorted(at for shard in shards for at in shard) == list(range(len(units)))
    assert all(shards)
    assert all(shard == sorted(shard) for shard in shards)


def test_short_units_beyond_the_longest_stay_where_they_are() -> None:
    seconds = [10.0] * MOST_UNITS + [1.0] * 50
    parts = [list(range(at, len(seconds), 2)) for at in range(2)]
    shards = apart(parts, seconds, [(1.0, -1.0)] * len(seconds))
    short = set(range(MOST_UNITS, len(seconds)))
    assert [short & set(shard) for shard in shards] == [short & set(part) for part in parts]


def test_scatter_says_which_units_are_slow_in_the_same_runs() -> None:
    draw = Random(1)
    runs = []
    for _ in range(16):
        shared, other = draw.uniform(0.5, 1.5), draw.uniform(0.5, 1.5)
        runs.append({"a": 4 * shared, "b": 4 * shared, "c": 4 * other, "d": 4 * other})
    found = scatters(planned("a", "b", "c", "d"), history_of(runs), 10)
    products = {
        (one, two): sum(x * y for x, y in zip(found[one], found[two], strict=True))
        for one, two in combinations("abcd", 2)
    }
    assert {pair for pair, product in products.items() if product > 0} == {("a", "b"), ("c", "d")}


def test_units_of_other_runs_and_short_pasts_have_no_scatter() -> None:
    runs = [{"a": 4.0 + at % 3, "b": 4.0 - at % 2} for at in range(12)]
    history = history_of(runs)
    history["late"] = history_of([*runs[:3], {"late": 4.0}])["late"]
    assert scatters(planned("a", "b", "late"), history, 10).keys() == {"a", "b"}
    assert scatters(planned("a", "b"), history_of(runs[:5]), 10) == {}


def test_a_stored_past_that_cannot_be_has_no_scatter() -> None:
    history = history_of([{"a": 4.0 + at % 3, "b": 4.0 - at % 2} for at in range(12)])
    broken = (*history["a"].recent_s[:-1], float("nan"))
    history["a"] = history["a"].model_copy(update={"recent_s": broken})
    assert scatters(planned("a", "b"), history, 10).keys() == {"b"}


def test_the_usual_strategy_keeps_what_slows_down_together_apart() -> None:
    units = [WorkUnit(f"u{at}", 4.0, scatter=scatter) for at, scatter in enumerate(PAIRED)]
    answer = BALANCED.assign(Job(units, (1.0, 1.0), 2, "lambda"))
    assert all({0, 1} != set(shard) != {2, 3} for shard in answer.shards)
