"""Where an environment's pinned classes lie, and the classifiers in their order of trust."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from testfleet.contracts.override import MAX_OVERRIDES, Override, Overrides
from testfleet.errors import UsageError
from testfleet.triage.classify import Chain, Classifier
from testfleet.triage.override import Pinned
from testfleet.triage.standard import standard_chain
from testfleet.workflow.keys import OVERRIDES_KEY
from testfleet.workflow.ports import ObjectStore


@dataclass(frozen=True)
class OverrideStore:
    """The pinned classes of one environment."""

    objects: ObjectStore

    def load(self) -> Overrides:
        """All that are pinned. Raises UsageError when they cannot be read."""
        body = self.objects.get(OVERRIDES_KEY)
        if body is None:
            return Overrides()
        try:
            return Overrides.model_validate_json(body)
        except ValidationError as exc:
            raise UsageError(
                f"{OVERRIDES_KEY} in the data bucket: {exc.error_count()} problems, first: "
                f"{exc.errors()[0]['msg']}",
                hint="was it written by a newer version? remove the object to begin anew",
            ) from exc

    def pin(self, rule: Override) -> None:
        """Put a rule before all others. Pinned again, the same text has its new class."""
        others = [each for each in self.load().rules if each.id != rule.id]
        if len(others) >= MAX_OVERRIDES:
            raise UsageError(
                f"{len(others)} classes are pinned, as many as there may be",
                hint="remove some: testfleet override --remove ID",
            )
        self._save(Overrides(rules=(rule, *others)))

    def remove(self, name: str) -> Override:
        """Take a rule out, by its id or how that begins. Raises UsageError."""
        rules = self.load().rules
        found = [each for each in rules if name and each.id.startswith(name)]
        if len(found) != 1:
            known = ", ".join(each.id for each in rules[:20]) or "none"
            what = "no pinned class" if not found else f"{len(found)} pinned classes"
            raise UsageError(f"{what} with id {name!r}", hint=f"pinned are: {known}")
        self._save(Overrides(rules=tuple(each for each in rules if each is not found[0])))
        return found[0]

    def _save(self, overrides: Overrides) -> None:
        self.objects.put(OVERRIDES_KEY, overrides.model_dump_json().encode())


def override_id(contains: str) -> str:
    """The same for the same text."""
    return hashlib.sha256(contains.casefold().encode()).hexdigest()[:8]


def chain_of(objects: ObjectStore, models: Sequence[Classifier] = ()) -> Chain:
    """The classifiers of an environment: what is pinned, models, the embedded model, rules.

    What is pinned and cannot be read counts as nothing: a report is due all the same.
    """
    try:
        rules = OverrideStore(objects).load().rules
    except UsageError:
        rules = ()
    return standard_chain(models, Pinned(rules) if rules else None)
