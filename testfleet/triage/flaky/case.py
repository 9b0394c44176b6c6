"""What an investigation of a failure is about, what it asks for, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from testfleet.contracts.failure import Cause, FlakyCategory
from testfleet.triage.flaky.words import category_of_words, has_measured


@dataclass(frozen=True)
class Before:
    """A test that ran earlier in the same process."""

    test: str
    seconds: float
    suspicion: float = 1.0
    """How much likelier than another it is the polluter, e.g. because it was missing where the
    failing test passed."""


@dataclass(frozen=True)
class Case:
    """A failure to look into."""

    test: str
    seconds: float
    message: str
    """With its values: chance shows in them."""
    before: tuple[Before, ...] = ()
    """In the order in which they ran."""
    cause: Cause | None = None
    was_flaky: bool = False
    """Its past says so."""
    stack: str = ""
    """Where words may stand that tell of clocks and dice."""

    @cached_property
    def tells_of_chance(self) -> bool:
        """Whether it is worth another try even if it fails in the same words."""
        told = category_of_words(self.message, self.stack, self.cause)
        return told is not None or self.cause is Cause.RACE_OR_ORDER

    @cached_property
    def category(self) -> FlakyCategory | None:
        """What its words tell of, once it has passed alone."""
        told = category_of_words(self.message, self.stack, self.cause)
        if told is None and has_measured(self.message):
            return FlakyCategory.RANDOMNESS
        return told


@dataclass(frozen=True)
class Rerun:
    """What to run next: these tests in one process, in order; the last is the one asked for."""

    tests: tuple[str, ...]
    seconds: float
    """Expected."""
    why: str
    until_end_s: float = 0.0
    """Expected until the investigation ends, this rerun included."""


@dataclass(frozen=True)
class Ran:
    """How the last test of a rerun ended."""

    passed: bool
    message: str = ""
    seconds: float = 0.0
    """Of the whole rerun."""
