"""The model that ships with the package, loaded once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from testfleet.triage.model.labels import EmbeddedModel
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.table import TableError, load_table

FILE: Final = Path(__file__).with_name("words.bin")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Embedded:
    """One table, used twice."""

    model: EmbeddedModel
    reader: LearntReader


@cache
def load_embedded(path: Path = FILE) -> Embedded | None:
    """The model; None, and a warning, where its file is missing or damaged: rules then do all."""
    try:
        table = load_table(path)
    except TableError as exc:
        _log.warning("the embedded model is not used: %s", exc)
        return None
    return Embedded(EmbeddedModel(table), LearntReader(table))
