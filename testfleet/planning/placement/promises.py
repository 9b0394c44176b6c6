"""Where workers have less than their profile promises: for the notes of a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from testfleet.config import Profile
from testfleet.contracts.plan import Shard
from testfleet.contracts.result import Host, ShardResult

_ENOUGH: Final = 0.85
"""Share of a promised size that counts as kept: file systems and kernels take theirs."""


def broken_promises(
    shards: Sequence[Shard], results: Sequence[ShardResult], profiles: Mapping[str, Profile]
) -> tuple[str, ...]:
    """One sentence for each promise that a profile did not keep, with how many workers."""
    profile_of = {shard.id: shard.profile for shard in shards}
    broken: defaultdict[str, set[str]] = defaultdict(set)
    for result in results:
        name = profile_of.get(result.shard_id, "")
        for lack in lacks(profiles[name], result.host) if name in profiles else ():
            broken[f"profile `{name}` promises {lack}"].add(result.host.name)
    return tuple(
        f"{text} ({len(hosts)} worker{'s' * (len(hosts) != 1)})" for text, hosts in broken.items()
    )


def lacks(profile: Profile, host: Host) -> Iterator[str]:
    """What the host does not have of what the profile promises. What it does not tell is kept."""
    if host.cpu_count < int(profile.vcpu):
        yield f"{profile.vcpu:g} vcpu, its worker has {host.cpu_count}"
    if host.memory_mb < profile.memory_mb * _ENOUGH:
        yield f"{profile.memory_mb} MB of memory, its worker has {host.memory_mb}"
    if host.disk_mb is not None and host.disk_mb < profile.disk_mb * _ENOUGH:
        yield f"{profile.disk_mb} MB of disk, its worker has {host.disk_mb}"
    if host.architecture and host.architecture != profile.architecture:
        yield f"architecture {profile.architecture}, its worker has {host.architecture}"
    missing = sorted(set(profile.browsers) - set(host.browsers or ()))
    if host.browsers is not None and missing:
        yield f"{', '.join(missing)}, which its worker does not have"
    if profile.docker and host.docker is False:
        yield "docker, which its worker does not reach"
    # Where nobody wrote how far workers reach, a laptop without network breaks no promise.
    told = "network" in profile.model_fields_set and profile.network != "none"
    if told and host.has_route is False:
        yield f"network = '{profile.network}', its worker has no route"
