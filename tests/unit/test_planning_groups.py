from __future__ import annotations

import pytest

from testfleet.config import Environment, Group, load_environment
from testfleet.contracts.placement import PlacementState, ProfileRecord
from testfleet.planning.placement.groups import group_metrics, profile_metrics
from testfleet.planning.placement.requirements import parse_all
from tests.placement_samples import PROFILES, knowing


def _environment() -> Environment:
    groups = {"all": Group(profiles=("small", "docker"))}
    return load_environment("dev").model_copy(update={"profiles": PROFILES, "groups": groups})


def test_a_profile_has_the_metrics_of_its_worker() -> None:
    small, large, browser, docker = profile_metrics(_environment(), (), knowing())

    assert (large.vcpu, large.memory_mb) == ((4, 4), (8192, 8192))
    assert small.usd_per_hour[0] == pytest.approx(0.036)
    assert "browser:chromium 131.0" in browser.abilities
    assert "docker" in docker.abilities
    assert small.abilities == ("architecture:x86_64", "compute:lambda", "network:internet")


def test_a_group_spans_its_members_and_has_what_they_share() -> None:
    state = PlacementState(
        profiles={"small": ProfileRecord(finished=8), "docker": ProfileRecord(lost=8)}
    )

    (group,) = group_metrics(_environment(), (), knowing(state))

    assert group.profiles == ("small", "docker")
    assert group.abilities == ("architecture:x86_64", "network:internet")
    assert 0.5 < group.success < 0.7
    assert group.shards_seen == 16


def test_what_each_member_lacks_is_told() -> None:
    asked = parse_all(["docker", "vcpu>=1"])

    (group,) = group_metrics(_environment(), asked, knowing())

    assert group.lacking == {"small": ("docker",), "docker": ()}
