"""What repair passes on: suspicious lines, candidates, and what `testfleet fix` answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class SuspiciousLine(Contract):
    """A place that may be at fault."""

    path: str
    """POSIX path relative to the root of the repository."""
    line: Annotated[int, Field(ge=1)]
    score: Share
    """1 is the most suspicious. Only the order within one localisation means something."""
    reasons: tuple[str, ...] = ()
    """For a person, e.g. `runs in 3 of 3 failing tests and 1 of 40 passing ones (Ochiai 0.87)`."""
    function: str = ""
    """Qualified name of the innermost function around it; empty at module level."""


class TextEdit(Contract):
    """One stretch of a file, replaced."""

    path: str
    start: Annotated[int, Field(ge=0)]
    """Characters into the decoded text with its line ends as they are on disk."""
    end: Annotated[int, Field(ge=0)]
    """First character after the stretch. The same as `start`: something is inserted."""
    text: str


class Candidate(Contract):
    """A change that may be the repair."""

    engine: str
    """`rewrite`, `tools`, `model`, or the name of a plugin."""
    template: str
    """Kind of change in the engine's own words, e.g. `swap-arguments`, `TS2551`."""
    edits: tuple[TextEdit, ...]
    """They do not overlap."""
    path: str
    line: Annotated[int, Field(ge=1)]
    """The suspicious line that it starts from."""
    suspiciousness: Share
    """Of that line."""
    prior: Share = 0.5
    """How likely such a change is to be right, in the engine's own view, apart from the line."""


class FixStatus(StrEnum):
    """How a search for a repair ended."""

    FIXED = "fixed"
    """One patch was proved and won the consensus."""
    SUGGESTED = "suggested"
    """Patches turn the tests green, but not enough speaks for one of them."""
    NOT_FIXED = "not_fixed"
    NOTHING_FAILED = "nothing_failed"


class CandidateCounts(Contract):
    """How far the candidates got."""

    generated: int = 0
    tried: int = 0
    plausible: int = 0
    """They turn the failing tests green."""
    validated: int = 0
    """They break nothing else either."""


class Suggestion(Contract):
    """A validated patch that was not chosen."""

    patch: str
    engine: str
    template: str
    share: Share
    """Its group's share of the vote."""
    concerns: tuple[str, ...] = ()
    """What speaks against it, e.g. that it compares with a literal of the test."""


class FixReport(Contract):
    """What `testfleet fix --json` prints."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    status: FixStatus
    reason: str = ""
    """Why it is not `fixed`, what to do next, and what else has to be known, such as candidates
    that could not be kept from writing elsewhere."""
    patch: str = ""
    """Unified diff relative to the root of the repository; empty without a fix."""
    files: tuple[str, ...] = ()
    engine: str = ""
    template: str = ""
    consensus: Share = 0.0
    """Share of the vote that the chosen group has."""
    concerns: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    """Ids of the failing tests that it was about."""
    candidates: CandidateCounts = CandidateCounts()
    suggestions: tuple[Suggestion, ...] = ()
    localisation: tuple[SuspiciousLine, ...] = ()
    time_s: float = 0.0
    cost: float = 0.0
    """USD at list prices."""
