import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.dependencies import Dependency, RulesWithin, blocked_by
from testfleet.errors import UsageError
from testfleet.planning.dependencies.graph import DependencyGraph, show_cycle

SQUARE = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, list[str]]:
    """Each unit may need some of those before it; then their order is shuffled."""
    count = draw(st.integers(1, 12))
    needs = {
        f"u{at}": [f"u{other}" for other in draw(st.sets(st.integers(0, at - 1), max_size=3))]
        if at
        else []
        for at in range(count)
    }
    names = draw(st.permutations(sorted(needs)))
    return {name: needs[name] for name in names}


def rule(units: str, providers: str) -> Dependency:
    return Dependency(units=tuple(units.split()), providers=tuple(providers.split()))


def test_topological_groups_put_each_unit_one_after_the_last_that_it_needs() -> None:
    assert DependencyGraph.of(SQUARE).groups() == [["a"], ["b", "c"], ["d"]]


def test_of_the_ready_ones_the_longest_path_is_first() -> None:
    graph = DependencyGraph.of({"a": [], "b": [], "c": ["a"], "d": ["b"]})
    seconds = {"a": 1.0, "b": 1.0, "c": 2.0, "d": 9.0}
    assert graph.longest_paths(seconds) == {"a": 3.0, "b": 10.0, "c": 2.0, "d": 9.0}
    assert list(graph.execution_order(seconds)) == ["b", "d", "a", "c"]


def test_a_cycle_is_named_from_its_first_unit() -> None:
    graph = DependencyGraph.of({"x": ["c"], "c": ["b"], "b": ["a"], "a": ["c"]})
    assert graph.cycle() == ["a", "c", "b", "a"]
    with pytest.raises(UsageError, match="a -> c -> b -> a"):
        graph.groups()


def test_a_unit_that_needs_itself_is_a_cycle() -> None:
    assert DependencyGraph.of({"a": ["a"]}).cycle() == ["a", "a"]


def test_a_cycle_of_thousands_is_shown_in_part() -> None:
    count = 3000
    graph = DependencyGraph.of({f"u{at}": [f"u{(at + 1) % count}"] for at in range(count)})
    assert len(graph.cycle()) == count + 1
    assert "(2981 more)" in show_cycle(graph.cycle())


def test_an_unknown_unit_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'tests/test_b.px'") as caught:
        DependencyGraph.of({"tests/test_a.py": ["tests/test_b.px"], "tests/test_b.py": []})
    assert "tests/test_b.py" in caught.value.hint


def test_tangles_are_the_units_of_cycles_and_between_them() -> None:
    needs = {"a": ["b"], "b": ["a"], "m": ["a"], "c": ["m", "d"], "d": ["c"], "z": ["d"]}
    graph = DependencyGraph.of(needs)
    assert graph.tangles() == [["a", "b", "m", "c", "d"]]


@given(acyclic(), st.randoms(use_true_random=False))
def test_every_order_has_each_unit_once_and_after_what_it_needs(
    needs: dict[str, list[str]], chance: random.Random
) -> None:
    graph = DependencyGraph.of(needs)
    seconds = {unit: chance.random() for unit in needs}
    for order in (
        list(graph.execution_order(seconds)),
        [unit for group in graph.groups() for unit in group],
    ):
        assert sorted(order) == sorted(needs)
        place = {unit: at for at, unit in enumerate(order)}
        assert all(place[other] < place[unit] for unit in needs for other in needs[unit])


@given(acyclic(), st.data())
def test_whatever_cycle_is_found_is_one(needs: dict[str, list[str]], data: st.DataObject) -> None:
    first, last = (data.draw(st.sampled_from(sorted(needs))) for _ in "ab")
    needs[first] = [*needs[first], last]
    graph = DependencyGraph.of(needs)
    cycle = graph.cycle()
    if not cycle:
        assert graph.groups()
        return
    assert cycle[0] == cycle[-1] == min(cycle)
    assert len(set(cycle)) == len(cycle) - 1
    assert all(cycle[at + 1] in needs[unit] for at, unit in enumerate(cycle[:-1]))


def test_what_needs_a_root_is_blocked_through_others_too() -> None:
    rules = [rule("b x", "a"), rule("c", "b"), rule("d", "z"), rule("e", "d a")]
    assert blocked_by(rules, {"a"}) == {"b": "a", "x": "a", "c": "a", "e": "a"}


def test_a_root_is_not_blocked_by_another() -> None:
    assert blocked_by([rule("b", "a"), rule("c", "b")], {"a", "b"}) == {"c": "b"}


def test_rules_within_a_shard_are_those_between_its_units() -> None:
    rules = [rule("b c", "a z"), rule("c", "y")]
    assert RulesWithin(rules).files({"a", "c"}) == (rule("c", "a"),)
