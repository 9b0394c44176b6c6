"""The last gate: the whole suite, once, on the tree as the branch will have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from testfleet.repair.baseline import find_baseline
from testfleet.repair.project import Project
from testfleet.repair.validate.copy import working_copy
from testfleet.repair.validate.server import ForkServer

_SHOWN = 3


def against(
    project: Project,
    files: Mapping[str, tuple[bytes, bytes]],
    failed_before: Collection[str],
    limit_s: float,
) -> str:
    """What speaks against the patch when the whole suite runs with it; empty when nothing does.

    In a fresh copy and a fresh process: nothing that a candidate has left behind can help the
    patch. Tests that failed before and fail still do not count. Raises FleetError.
    """
    with working_copy(project) as copy, ForkServer(project, copy) as server:
        for path, (_, new) in files.items():
            (copy.root / path).write_bytes(new)
        found = find_baseline(server, project, limit_s)
    if found.stopped and not found.tests:
        return f"the suite does not run on the branch: {found.stopped.strip()[:200]}"
    missing = [test for test in found.files if test not in found.tests]
    if missing:
        return f"{len(missing)} tests did not run on the branch within {limit_s:.0f} s"
    broken = [test for test in found.failing if test not in failed_before]
    if not broken:
        return ""
    more = f" and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
    return f"on the branch, {', '.join(broken[:_SHOWN])}{more} fail in the whole suite"
