from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.placement import PlacementState, ProfileRecord
from testfleet.contracts.profile import Weights
from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.choice import place_units
from testfleet.planning.placement.requirements import parse_all
from testfleet.planning.work import WorkUnit
from tests.placement_samples import PROFILES, knowing, make_fleet_of, make_work

ASKED = st.frozensets(
    st.sampled_from(["docker", "browser:chromium>=120", "memory>=2048", "vcpu>=2", "time>=1000"]),
    max_size=2,
)


def test_more_memory_than_any_profile_has_is_told() -> None:
    place = make_fleet_of("small")
    placement = place_units([WorkUnit("a", 1.0, memory_mb=1e12)], place, knowing())
    assert "up to 1000000000000 MB expected, and no profile" in placement.reasons[0]


def test_units_without_requirements_stay_where_the_suite_runs() -> None:
    placement = place_units(make_work(3), make_fleet_of("small"), knowing())

    assert [(each.profile, each.units) for each in placement.choices] == [("small", (0, 1, 2))]
    assert placement.reasons == ()


def test_only_what_the_usual_profile_lacks_leaves_it() -> None:
    units = [*make_work(3), *make_work(2, "docker")]

    placement = place_units(units, make_fleet_of("small"), knowing())

    assert [(each.profile, each.units) for each in placement.choices] == [
        ("small", (0, 1, 2)),
        ("docker", (3, 4)),
    ]
    assert placement.reasons == (
        "2 units that require docker: on `docker`, since `small` lacks docker",
    )


def test_of_several_able_profiles_the_best_score_wins() -> None:
    units = make_work(2, "memory>=2048")

    (choice,) = place_units(units, make_fleet_of("small"), knowing()).choices

    assert choice.profile == "browser"
    assert [score.profile for score in choice.scores] == ["browser", "large"]
    assert "before `large`" in choice.reason
    assert sum(score.shares.total for score in choice.scores[:1]) == choice.scores[0].total


def test_a_unit_that_outlives_its_profile_has_a_shard_of_the_fallback() -> None:
    units = [*make_work(2), *make_work(1, seconds=800)]

    placement = place_units(units, make_fleet_of("small"), knowing())

    assert [(each.profile, each.alone) for each in placement.choices] == [
        ("small", False),
        ("large", True),
    ]
    assert "beyond the 720 s and 1024 MB of `small`" in placement.reasons[0]


def test_a_unit_that_is_too_large_goes_where_its_memory_is() -> None:
    (choice,) = place_units(make_work(1, memory_mb=2000), make_fleet_of("small"), knowing()).choices

    assert (choice.profile, choice.alone) == ("large", True)


def test_what_is_too_long_everywhere_goes_where_the_limit_is_highest() -> None:
    (choice,) = place_units(make_work(1, seconds=1e6), make_fleet_of("small"), knowing()).choices

    assert choice.profile == "large"


@pytest.mark.parametrize(
    ("requires", "told"),
    [
        (
            ("docker", "memory>=4096"),
            "nearest is `docker`, which lacks memory>=4096 (memory is 1024)",
        ),
        (("gpu>=1",), "lacks gpu>=1 (gpu is 0)"),
        (
            ("browser:chromium>=999",),
            "`browser`, which lacks browser:chromium>=999 "
            "(the version of browser:chromium is 131.0)",
        ),
        (("architecture:arm64",), "lacks architecture:arm64 (it has architecture:x86_64)"),
    ],
)
def test_what_no_profile_has_is_told_with_the_nearest(requires: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        place_units(make_work(1, *requires), make_fleet_of("small"), knowing())

    assert told in str(caught.value)
    assert "requires" in caught.value.hint


def test_untrusted_code_stays_where_it_is_bound_to() -> None:
    place = make_fleet_of("small", bound=True)

    with pytest.raises(UsageError, match="not trusted runs on `small` only, which lacks docker"):
        place_units(make_work(1, "docker"), place, knowing())

    (choice,) = place_units(make_work(1, seconds=800), place, knowing()).choices
    assert choice.profile == "small"


def test_a_group_is_a_choice_that_its_weights_decide() -> None:
    slow = PlacementState(profiles={"small": ProfileRecord(slowdown=3.0)})
    thrifty = Weights(time=0, price=1, success=0, warmth=0)
    hasty = Weights(time=1, price=0, success=0, warmth=0)

    chosen = [
        place_units(
            make_work(40, seconds=100.0),
            make_fleet_of("large", "small", weights=weights),
            knowing(slow),
        ).choices[0]
        for weights in (thrifty, hasty)
    ]

    assert [each.profile for each in chosen] == ["small", "large"]
    assert "price +" in chosen[0].reason
    assert "time +" in chosen[1].reason


def test_a_profile_that_loses_its_workers_is_avoided() -> None:
    lossy = PlacementState(profiles={"small": ProfileRecord(finished=1, lost=60)})
    place = make_fleet_of("small", "browser", weights=Weights(time=0, price=0.1))

    before = place_units(make_work(4), place, knowing())
    after = place_units(make_work(4), place, knowing(lossy))

    assert (before.choices[0].profile, after.choices[0].profile) == ("small", "browser")
    assert "success +" in after.reasons[0]


def test_of_equals_the_first_of_the_group_is_taken() -> None:
    same = make_fleet_of("browser", "small", weights=Weights(time=1, price=0, success=0, warmth=0))

    assert place_units(make_work(1), same, knowing()).choices[0].profile == "browser"


@given(st.lists(st.tuples(ASKED, st.floats(0.01, 5000)), min_size=1, max_size=30))
@settings(max_examples=60)
def test_each_unit_is_placed_once_and_never_where_a_requirement_is_unmet(
    drawn: list[tuple[frozenset[str], float]],
) -> None:
    units = [
        WorkUnit(f"t{at}", seconds, requires=asked) for at, (asked, seconds) in enumerate(drawn)
    ]
    try:
        placement = place_units(units, make_fleet_of("small", "docker"), knowing())
    except UsageError:
        return
    placed = sorted(at for each in placement.choices for at in each.units)
    assert placed == list(range(len(units)))
    for each in placement.choices:
        abilities = abilities_of(PROFILES[each.profile])
        assert all(not abilities.lacking(parse_all(units[at].requires)) for at in each.units)


@given(st.lists(st.tuples(ASKED, st.floats(0.01, 100)), min_size=1, max_size=20))
@settings(max_examples=30)
def test_the_same_units_are_always_placed_alike(drawn: list[tuple[frozenset[str], float]]) -> None:
    units = [
        WorkUnit(f"t{at}", seconds, requires=asked) for at, (asked, seconds) in enumerate(drawn)
    ]
    try:
        first = place_units(units, make_fleet_of("small"), knowing())
    except UsageError:
        return
    assert place_units(units, make_fleet_of("small"), knowing()) == first
