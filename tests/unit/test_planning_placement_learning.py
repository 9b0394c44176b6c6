from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.placement import (
    PastShard,
    PlacementState,
    ProfileRecord,
    ShardOutcome,
)
from testfleet.planning.placement.learning import (
    PRIOR_SUCCESS,
    learn,
    read_state,
    success_of,
    warmth_of,
)

OUTCOMES = st.lists(
    st.builds(
        ShardOutcome,
        profile=st.sampled_from(["a", "b"]),
        predicted_s=st.floats(0.001, 1e6),
        actual_s=st.none() | st.floats(0, 1e6),
        startup_s=st.floats(0, 1e6),
        overhead_s=st.floats(0, 1e6),
        warm=st.none() | st.booleans(),
    ),
    max_size=40,
)


def _outcome(
    profile: str = "a", *, actual_s: float | None = 10.0, warm: bool | None = None
) -> ShardOutcome:
    return ShardOutcome(profile=profile, predicted_s=10.0, actual_s=actual_s, warm=warm)


def test_an_unknown_profile_is_trusted_but_not_blindly() -> None:
    assert success_of(ProfileRecord()) == PRIOR_SUCCESS


def test_losses_lower_the_chance_of_success_and_fade_with_time() -> None:
    lost = learn(PlacementState(), [_outcome(actual_s=None)] * 10)
    later = learn(lost, [_outcome("b")] * 400)

    assert success_of(lost.profiles["a"]) < 0.4
    assert success_of(later.profiles["a"]) > 0.85


def test_warm_starts_raise_the_warmth() -> None:
    warm = learn(PlacementState(), [_outcome(warm=True)] * 10)
    cold = learn(PlacementState(), [_outcome(warm=False)] * 10)

    assert warmth_of(warm.profiles["a"]) > 0.8
    assert warmth_of(cold.profiles["a"]) < 0.2


def test_a_slow_profile_is_known_to_be_slow() -> None:
    slow = learn(PlacementState(), [_outcome(actual_s=20.0)] * 30)

    assert slow.profiles["a"].slowdown == pytest.approx(2.0, rel=0.01)


def test_one_hanging_shard_does_not_spoil_the_record() -> None:
    assert learn(PlacementState(), [_outcome(actual_s=1e6)]).profiles["a"].slowdown < 1.4


def test_a_lost_shard_costs_what_is_done_again_and_another_start() -> None:
    lost = ShardOutcome(profile="a", predicted_s=10.0, startup_s=60.0)

    assert learn(PlacementState(), [lost]).lessons.lost == 7.0


def test_one_absurd_loss_teaches_a_bounded_lesson() -> None:
    absurd = ShardOutcome(profile="a", predicted_s=0.001, startup_s=60.0)

    assert learn(PlacementState(), [absurd]).lessons.lost == 10.0


def test_a_cold_start_costs_what_is_done_beside_the_tests() -> None:
    cold = _outcome(warm=False).model_copy(update={"overhead_s": 5.0})
    warm = _outcome(warm=True).model_copy(update={"overhead_s": 1.0})

    lessons = learn(PlacementState(), [cold, warm, warm]).lessons

    assert (lessons.cold, lessons.warm, lessons.lost) == (0.5, 0.1, None)


def test_learning_leaves_what_others_keep_in_the_state() -> None:
    past = (PastShard(predicted_s=1.0, units=1, took_s=2.0),)

    assert learn(PlacementState(past=past), [_outcome()]).past == past


@given(OUTCOMES)
def test_whatever_happens_the_state_stays_within_its_bounds_and_can_be_stored(
    outcomes: list[ShardOutcome],
) -> None:
    state = learn(PlacementState(), outcomes)

    assert read_state(state.model_dump_json().encode()) == state
    assert learn(PlacementState(), outcomes) == state
    for record in state.profiles.values():
        assert 0.0 < success_of(record) < 1.0


@pytest.mark.parametrize(
    "body", [None, b"", b"\xff", b"[]", b'{"schema_version": "9"}', b'{"lessons": {"lost": 99}}']
)
def test_a_state_that_cannot_be_read_is_an_empty_one(body: bytes | None) -> None:
    assert read_state(body) == PlacementState()
