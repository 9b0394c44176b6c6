from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.config import Profile
from testfleet.contracts.plan import Compute
from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.requirements import parse


def _profile(**changes: object) -> Profile:
    usual = {
        "compute": Compute.FARGATE,
        "memory_mb": 4096,
        "vcpu": 2,
        "disk_mb": 20480,
        "time_limit_s": 7200,
        "startup_s": 60,
    }
    return Profile.model_validate(usual | changes)


@pytest.mark.parametrize(
    ("changes", "requirement", "met"),
    [
        ({}, "memory>=4096", True),
        ({}, "memory>=4097", False),
        ({}, "gpu", False),
        ({"gpus": 2}, "gpu>=2", True),
        ({}, "docker", False),
        ({"docker": True}, "docker", True),
        ({"webgpu": True}, "webgpu", True),
        ({}, "architecture:x86_64", True),
        ({"architecture": "arm64"}, "amd64", False),
        ({"network": "internet"}, "network:private", True),
        ({"network": "private"}, "internet", False),
        ({"network": "none"}, "network:private", False),
        ({"browsers": {"chromium": "131.0"}}, "chrome", True),
        ({"browsers": {"chromium": "131.0"}}, "chrome>=131", True),
        ({"browsers": {"chromium": "131.0"}}, "chrome>=131.0.1", False),
        ({"browsers": {"chromium": "131.0"}}, "chrome==131", True),
        ({"browsers": {"chromium": "131.0"}}, "chrome==130", False),
        ({"browsers": {"chromium": "9.0"}}, "chrome>=10", False),
        ({"browsers": {"chromium": ""}}, "chrome", True),
        ({"browsers": {"chromium": ""}}, "chrome>=1", False),
        ({"browsers": {"chromium": ""}}, "firefox", False),
        ({}, "compute:fargate", True),
        ({"spot": True}, "compute:fargate", False),
        ({"spot": True}, "spot", True),
    ],
)
def test_a_profile_meets_what_it_has(
    changes: dict[str, object], requirement: str, met: bool
) -> None:
    assert abilities_of(_profile(**changes)).meet(parse(requirement)) is met


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("memory>=8GB", "memory is 4096"),
        ("docker", "it has no docker"),
        ("firefox>=130", "the version of browser:firefox is 128"),
        ("webkit", "it has no browser:webkit"),
        ("arm64", "it has architecture:x86_64"),
    ],
)
def test_what_it_has_instead_is_told(requirement: str, told: str) -> None:
    abilities = abilities_of(_profile(browsers={"firefox": "128"}))

    assert abilities.describe(parse(requirement)) == told


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_more_memory_never_meets_less(asked: int, has: int, more: int) -> None:
    requirement = parse(f"memory>={asked}")
    small, large = (abilities_of(_profile(memory_mb=size)) for size in (has, has + more))

    assert large.meet(requirement) or not small.meet(requirement)


def test_only_what_is_missing_is_lacking() -> None:
    asked = [parse("docker"), parse("memory>=1024"), parse("chrome")]

    lacking = abilities_of(_profile(docker=True)).lacking(asked)

    assert [str(each) for each in lacking] == ["browser:chromium"]
