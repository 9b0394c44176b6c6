from __future__ import annotations

from dataclasses import replace

import pytest

from testfleet.contracts.plan import Compute, Shard
from testfleet.errors import UsageError
from testfleet.planning.partition.settle import settled
from testfleet.planning.placement.needs import Needs
from testfleet.planning.placement.place import Place
from tests.placement_samples import make_fleet_of
from tests.planning_samples import make_shard

NEEDS = Needs.read([], {"test_image.py": ["docker"], "test_page.py": ["chrome"]})


def _place(needs: Needs = NEEDS, *, bound: bool = False) -> Place:
    return replace(make_fleet_of("small"), needs=needs, is_bound=bound)


def _shard(*units: str, **changes: object) -> Shard:
    return make_shard("s", *units).model_copy(update={"profile": "small", **changes})


def test_a_shard_stays_where_its_units_can_run() -> None:
    shard = _shard("test_a.py", "test_b.py")

    assert settled([shard], _place()) == [shard]


def test_a_shard_moves_whole_to_a_profile_that_has_what_it_takes() -> None:
    (moved,) = settled([_shard("test_a.py", "test_image.py")], _place())

    assert (moved.profile, moved.compute, len(moved.units)) == ("docker", Compute.FARGATE, 2)


def test_a_shard_that_no_profile_can_run_is_torn_apart_and_one_part_takes_the_rest() -> None:
    parts = settled(
        [_shard("test_a.py", "test_image.py", "test_page.py", takes_rest=True)], _place()
    )

    assert [(part.profile, part.units[0].id, part.takes_rest) for part in parts] == [
        ("small", "test_a.py", True),
        ("docker", "test_image.py", False),
        ("browser", "test_page.py", False),
    ]


def test_single_tests_stay_in_one_shard() -> None:
    shard = _shard("test_image.py", "test_page.py", tests=("test_image.py::t", "test_page.py::t"))

    assert settled([shard], _place()) == [shard]


def test_what_the_whole_suite_requires_chooses_its_usual_place_and_its_fallback() -> None:
    place = _place(Needs.read(["docker"], {}))

    assert (place.named, place.usual, place.fallback) == (("small",), "docker", "docker")
    assert _place(Needs.read(["memory>=8GB"], {})).fallback == "large"


def test_untrusted_code_neither_moves_nor_falls_back() -> None:
    place = _place(bound=True)

    assert (place.usual, place.fallback) == ("small", "small")
    assert settled([_shard("test_image.py")], place)[0].profile == "small"
    with pytest.raises(UsageError, match="not trusted"):
        assert _place(Needs.read(["docker"], {}), bound=True).usual
