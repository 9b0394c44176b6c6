"""What the files of a suite ran when their coverage was recorded, kept beside its runs."""

from __future__ import annotations

import gzip
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from testfleet.contracts.coverage import SuiteCoverage
from testfleet.contracts.result import ShardResult
from testfleet.planning.impact.recorded import coverage_of, merged
from testfleet.planning.source_tree import ArchiveTree
from testfleet.workflow.keys import coverage_key
from testfleet.workflow.ports import ObjectStore

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of a record, unpacked: beyond that it is no help."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CoverageMemory:
    """The memory of one suite. Of runs that end at the same time the last one is kept."""

    objects: ObjectStore
    history_key: str
    """What the suite's history is kept under."""

    def recall(self) -> SuiteCoverage | None:
        """What was recorded. None when nothing was, or it cannot be read."""
        body = self.objects.get(coverage_key(self.history_key))
        if body is None:
            return None
        try:
            with gzip.open(io.BytesIO(body)) as unpacked:
                text = unpacked.read(LARGEST + 1)
            return SuiteCoverage.model_validate_json(text) if len(text) <= LARGEST else None
        except (OSError, EOFError, ValidationError) as exc:
            # A later version's record, or a torn one: what it would leave out is run.
            _log.warning(
                "coverage of %s cannot be read, and is not used: %s", self.history_key, exc
            )
            return None

    def remember(self, archive_key: str, results: Iterable[ShardResult]) -> None:
        """Keep what the shards of a run of this tree have recorded, if they have."""
        traces = [trace for result in results for trace in result.traces]
        archive = self.objects.get(archive_key) if traces else None
        if archive is None:
            return
        with ArchiveTree(archive) as tree:
            known = merged(self.recall(), coverage_of(tree, traces))
        body = gzip.compress(known.model_dump_json(exclude_defaults=True).encode(), mtime=0)
        self.objects.put(coverage_key(self.history_key), body)
