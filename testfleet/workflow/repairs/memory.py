"""What is remembered of a suite's repairs, kept beside its runs in the bucket.

Repairs of one suite that end at the same moment may overwrite each other's memory: one of them is
then searched for once more, which costs time and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from testfleet.contracts.past_fix import PastFixes
from testfleet.workflow.ports import ObjectStore
from testfleet.workflow.repairs.keys import fixes_key


@dataclass(frozen=True)
class FixMemory:
    """The memory of one suite."""

    objects: ObjectStore
    history_key: str
    """What the suite's history is kept under. Untrusted runs have one of their own."""

    def recall(self) -> PastFixes:
        """What earlier repairs left. Nothing is remembered of what cannot be read."""
        body = self.objects.get(fixes_key(self.history_key))
        if body is None:
            return PastFixes()
        try:
            return PastFixes.model_validate_json(body)
        except ValidationError:
            return PastFixes()

    def remember(self, past: PastFixes) -> None:
        """Replace it."""
        self.objects.put(fixes_key(self.history_key), past.model_dump_json().encode())
