"""Which commits a failure may come from: those since the suite has passed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from testfleet.contracts.change import FileChange
from testfleet.contracts.failure import Sighting
from testfleet.contracts.run import RunRequest
from testfleet.triage.clusters.suspects import CommitChange


def commits_of(
    request: RunRequest, changes: Sequence[FileChange] | None, passed: Sighting | None
) -> list[CommitChange]:
    """Newest first. `changes` are what the run is to test; `passed` is the last good run.

    Where no run has passed that is known, all recent commits are suspected, but a single one is
    not: nothing says that it was better before.
    """
    good = passed.commit if passed else None
    recent = takewhile(lambda each: each.commit != good, request.commits)
    found = [CommitChange(each.commit, each.title, each.files) for each in recent]
    if not found and changes:
        found = [CommitChange(request.commit or "change", "the change under test", tuple(changes))]
    elif passed is None and len(found) == 1:
        return []
    return found
