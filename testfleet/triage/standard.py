"""The classifiers as everybody uses them: pinned classes, an endpoint, the model, rules."""

from __future__ import annotations

from collections.abc import Sequence

from testfleet.triage.classify import Chain, Classifier
from testfleet.triage.evidence import WeighedLine, extract
from testfleet.triage.model.embedded import load_embedded
from testfleet.triage.text import read_log


def standard_chain(models: Sequence[Classifier] = (), pinned: Classifier | None = None) -> Chain:
    """A chain with the embedded model behind the `models` that are trusted more."""
    embedded = load_embedded()
    if embedded is None:
        return Chain(models, pinned)
    return Chain((*models, embedded.model), pinned, reader=embedded.reader)


def failure_lines(text: str | bytes) -> tuple[WeighedLine, ...]:
    """The lines of the failure, as the standard chain finds them."""
    embedded = load_embedded()
    return extract(read_log(text), reader=embedded.reader if embedded else None)
