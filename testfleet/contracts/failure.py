"""What a failure is: its domain, its cause, and the lines that say so."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from testfleet.contracts.base import Contract


class Domain(StrEnum):
    """Whose failure it is, and so which repair engine understands it."""

    TYPESCRIPT = "typescript"
    """A compiler or type error: tsc, ts-jest diagnostics, vue-tsc, missing declarations."""
    REACT = "react"
    """A rendering error at run time or in a component test."""
    TEST = "test"
    """A test's own report, of any runner."""
    GENERAL = "general"
    """Everything else."""


class Cause(StrEnum):
    """What went wrong."""

    ASSERTION = "assertion"
    TYPE_ERROR = "type-error"
    SYNTAX = "syntax"
    IMPORT_OR_DEPENDENCY = "import-or-dependency"
    NULL_OR_ATTRIBUTE = "null-or-attribute"
    TIMEOUT = "timeout"
    NETWORK = "network"
    RESOURCE = "resource"
    """Memory, disk, killed, too many files."""
    PORT_CONFLICT = "port-conflict"
    PERMISSION_OR_CONFIG = "permission-or-config"
    RACE_OR_ORDER = "race-or-order"
    """Order, flaky, act(), after tear-down, event loop closed."""
    SELECTOR = "selector"
    """An element that was not found, or found more than once."""
    SNAPSHOT = "snapshot"
    RENDER = "render"
    INFRASTRUCTURE = "infrastructure"
    """Docker, a runner that was lost, a service that is not ready, a database that refuses."""
    OTHER = "other"


class EvidenceLine(Contract):
    """One line of the input that decided, without time stamp, colours and secrets."""

    line: Annotated[int, Field(ge=1)]
    """Counted from 1 in the input."""
    text: str


class Classification(Contract):
    """The answer about one failure."""

    domain: Domain
    cause: Cause
    confidence: Annotated[float, Field(ge=0.0, le=1.0)]
    """Calibrated: of answers given with 0.8, about eight in ten are right in both labels."""
    model: str
    """Who spoke: `rules`, `override`, or the name and version of a model."""
    evidence: tuple[EvidenceLine, ...] = ()
