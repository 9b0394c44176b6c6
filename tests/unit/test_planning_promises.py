from __future__ import annotations

from typing import Any

import pytest

from testfleet.contracts.plan import Compute, Shard
from testfleet.contracts.result import Host
from testfleet.planning.placement.promises import broken_promises, lacks
from tests.placement_samples import make_profile
from tests.planning_samples import make_result, make_shard

PROFILE = make_profile(
    memory_mb=4096,
    vcpu=2,
    disk_mb=10240,
    browsers={"firefox": "128"},
    docker=True,
    network="internet",
)


def _host(**changes: Any) -> Host:
    kept = {
        "kind": "fargate",
        "name": "worker",
        "cpu_count": 2,
        "memory_mb": 3900,
        "architecture": "x86_64",
        "disk_mb": 9900,
        "browsers": ("firefox",),
        "docker": True,
        "has_route": True,
    }
    return Host.model_validate(kept | changes)


def test_a_worker_with_a_little_less_keeps_the_promise() -> None:
    assert list(lacks(PROFILE, _host())) == []


def test_what_an_older_worker_does_not_tell_is_no_broken_promise() -> None:
    host = Host(kind="fargate", name="old", cpu_count=2, memory_mb=4096)

    assert list(lacks(PROFILE, host)) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cpu_count": 1}, "2 vcpu, its worker has 1"),
        ({"memory_mb": 2048}, "4096 MB of memory, its worker has 2048"),
        ({"disk_mb": 512}, "10240 MB of disk, its worker has 512"),
        ({"architecture": "arm64"}, "architecture x86_64, its worker has arm64"),
        ({"browsers": ("chromium",)}, "firefox, which its worker does not have"),
        ({"docker": False}, "docker, which its worker does not reach"),
        ({"has_route": False}, "network = 'internet', its worker has no route"),
    ],
)
def test_each_promise_that_is_not_kept_is_told(changes: dict[str, Any], told: str) -> None:
    assert list(lacks(PROFILE, _host(**changes))) == [told]


def test_a_network_that_nobody_wrote_about_is_no_promise() -> None:
    assert list(lacks(make_profile(), _host(has_route=False))) == []


def test_workers_of_one_fault_are_told_once() -> None:
    shards = [make_shard(f"s{at}", "a").model_copy(update={"profile": "docker"}) for at in range(3)]
    results = [
        make_result(shard.id, {}).model_copy(
            update={"host": _host(name=f"w{at % 2}", docker=False)}
        )
        for at, shard in enumerate(shards)
    ]

    assert broken_promises(shards, results, {"docker": PROFILE}) == (
        "profile `docker` promises docker, which its worker does not reach (2 workers)",
    )


def test_a_shard_of_an_unknown_profile_promises_nothing() -> None:
    shard = Shard(id="s", profile="gone", compute=Compute.LAMBDA, units=())

    assert broken_promises([shard], [make_result("s", {})], {}) == ()
