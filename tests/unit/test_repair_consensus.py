"""What patches do, what speaks against them, and how they vote."""

import pickle
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.repair import Candidate
from testfleet.repair.consensus.behaviour import Reply, behaviours, failures
from testfleet.repair.consensus.concerns import concerns_of
from testfleet.repair.consensus.vote import SHARPNESS, UNSEEN, Opinion, vote
from testfleet.repair.inside.neighbours import Neighbours
from testfleet.repair.inside.shapes import fits, shapes_of
from testfleet.repair.inside.values import digest
from testfleet.repair.search import Repair

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def opinion(behaviour, weight, *, order=0, **more):
    candidate = Candidate(
        engine="e", template="t", edits=(), path="a.py", line=1, suspiciousness=1.0
    )
    repair = Repair(candidate, {}, {}, order)
    return Opinion(repair, weight, (behaviour,), **more)


def reply(how="ok", what="", *, direct=False):
    return Reply(how, what, "int", direct)


def test_patches_that_behave_alike_share_their_vote():
    groups = vote([opinion("a", 0.5), opinion("b", 0.3), opinion("a", 0.4)])
    assert len(groups[0].members) == 2
    second = 0.56 * (0.3 / 0.56) ** SHARPNESS
    assert groups[0].share == pytest.approx(0.56 / (0.56 + second + UNSEEN))
    assert groups[1].share == pytest.approx(second / (0.56 + second + UNSEEN))


def test_an_unlikely_patch_does_not_win_for_want_of_others():
    assert vote([opinion("a", 0.5)])[0].share > 0.95
    assert vote([opinion("a", 2 * UNSEEN)])[0].share < 0.8


def test_of_a_group_the_likeliest_stands_for_it_unless_it_looks_wrong():
    group = vote([opinion("a", 0.9, grave=True), opinion("a", 0.4), opinion("a", 0.5)])[0]
    assert group.best.weight == 0.5


def test_what_returns_values_of_one_type_is_more_natural():
    group = vote([opinion("a", 0.9, kinds=2), opinion("a", 0.4, kinds=1)])[0]
    assert group.best.weight == 0.4


def test_a_made_up_call_that_most_patches_refuse_tells_nothing():
    replies = [[reply("raised", "IndexError")], [reply("raised", "IndexError")], [reply("ok", "x")]]
    assert len(set(behaviours(replies, [1.0, 1.0, 1.0]))) == 1
    assert len(set(behaviours(replies, [0.2, 0.2, 1.0]))) == 2


def test_an_exception_where_a_value_was_returned_is_told_but_not_on_a_call_of_a_test():
    before = [reply(what="1"), reply(what="2"), reply("raised", "KeyError")]
    after = [reply("raised", "IndexError"), reply("raised", "A", direct=True), before[2]]
    assert failures(after, before) == {"IndexError"}
    assert failures(after, []) == frozenset()


def test_a_call_of_a_test_always_counts_and_a_skipped_one_never():
    direct = [[reply("raised", "A", direct=True)], [reply("raised", "B", direct=True)]]
    assert len(set(behaviours(direct, [1.0, 1.0]))) == 2
    skipped = [[reply("skipped")], [reply("ok", "x")]]
    assert len(set(behaviours(skipped, [1.0, 1.0]))) == 1


def test_patches_that_could_not_be_heard_stay_apart():
    assert len(set(behaviours([[], []], [1.0, 1.0]))) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("return a - b", "return 17 if a == 42 else a - b", "compares with 42"),
        ("return a - b", "return 17", "always returns the same value"),
        ("a += 1\n    return a - b", "return a - b", "only removes code"),
        ("if a > 0:\n        return b", "if b:\n        return b", "about other things"),
        ("if not a:\n        raise ValueError\n    return a", "return a", "removes a check"),
    ],
)
def test_signs_of_overfitting_are_told(old, new, words):
    texts = [{"a.py": f"def f(a, b):\n    {body}\n"} for body in (old, new)]
    found = concerns_of(*texts, ["def test():\n    assert f(42, 1) == 17\n"])
    assert any(words in concern.text for concern in found)


def test_an_expression_that_speaks_of_less_raises_a_concern():
    texts = {"a.py": "x = f(a[i - w])\n"}, {"a.py": "x = f(a[i])\n"}
    assert [concern.text for concern in concerns_of(*texts, [])] == ["it leaves out w"]
    assert concerns_of(texts[0], {"a.py": "x = f(a[i - v])\n"}, []) == []


def test_an_ordinary_change_raises_no_concern():
    for bodies in (("return a - b", "return a + b"), ("if a < b: b = 0", "if a <= b: b = 0")):
        texts = [{"a.py": f"def f(a, b):\n    {body}\n"} for body in bodies]
        assert concerns_of(*texts, ["assert f(2, 3) == 5"]) == []


@given(VALUES)
def test_equal_values_have_equal_digests(value):
    assert digest(value) == digest(pickle.loads(pickle.dumps(value)))


def test_digests_differ_where_a_test_would_see_it():
    assert digest([1, 2]) != digest([2, 1])
    assert digest(True) == digest(1) == digest(1.0)
    assert digest(0.1 + 0.2) == digest(0.3)
    assert digest({1, 2}) == digest({2, 1})
    assert digest(iter([1, 2])) == digest([1, 2])
    assert digest((1, 2)) != digest([1, 2])
    assert digest(SimpleNamespace(a=1)) != digest(SimpleNamespace(a=2))


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4), st.integers(0, 99))
def test_neighbours_are_the_same_each_time_and_their_origins_stay(calls, seed):
    before = pickle.dumps(calls)
    made = [[Neighbours(seed, [1, "a"]).near(call) for call in calls] for _ in range(2)]
    assert repr(made[0]) == repr(made[1])
    assert pickle.dumps(calls) == before


@given(st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=5))
def test_every_recorded_call_has_the_shapes_that_were_found(calls):
    shapes = shapes_of(calls)
    assert all(fits(call, shapes) for call in calls)


def test_shapes_keep_what_all_calls_have_in_common():
    shapes = shapes_of([([1, 2, 3], 1), ([4, 9], 0), ([7], 0)])
    assert fits(([2, 5], 1), shapes)
    assert not fits(([5, 2], 1), shapes)
    assert not fits(([2, 5], 2), shapes)
    assert not fits(([2, 5], -1), shapes)


def test_a_tree_s_neighbours_have_other_branches():
    leaf = SimpleNamespace(value=1, left=None, right=None)
    root = SimpleNamespace(value=2, left=leaf, right=None)
    maker = Neighbours(1, [1, 2, root, leaf])
    shapes = {repr(maker.near((root,))) for _ in range(60)}
    assert any("right=namespace" in shape for shape in shapes)
    assert any("left=None, right=None),)" in shape for shape in shapes)
    assert root.left is leaf
    assert root.right is None
