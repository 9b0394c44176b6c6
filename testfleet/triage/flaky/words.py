"""What a failure's words tell of chance: clocks, the network, the machine, dice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from testfleet.contracts.failure import Cause, FlakyCategory


def category_of_words(message: str, stack: str, cause: Cause | None) -> FlakyCategory | None:
    """What kind of chance the failure tells of; None where it tells of none."""
    if cause in BY_CHANCE:
        return BY_CHANCE[cause]
    text = f"{message}\n{_told(stack[-_READ:])}"
    return next((category for category, words in _WORDS if words.search(text)), None)


def _told(stack: str) -> str:
    """The lines that failed, and what was said of them: a test may sleep without being slow."""
    lines = stack.splitlines()
    marked = [line for line in lines if line.startswith((">", "E "))]
    return "\n".join(marked or lines[-_LAST_LINES:])


def has_measured(message: str) -> bool:
    """Whether a number in it was measured or drawn: nobody expects one with so many digits."""
    return _FRACTION.search(message) is not None


BY_CHANCE: Final[Mapping[Cause | None, FlakyCategory]] = {
    Cause.TIMEOUT: FlakyCategory.TIMING,
    Cause.NETWORK: FlakyCategory.NETWORK,
    Cause.RESOURCE: FlakyCategory.RESOURCE,
    Cause.PORT_CONFLICT: FlakyCategory.RESOURCE,
}
"""Causes that come and go by themselves."""
_READ: Final = 20_000
_LAST_LINES: Final = 4
"""Of a stack that marks no lines."""
_WORDS: Final = (
    (FlakyCategory.RANDOMNESS, re.compile(r"\brandom|\bshuffle|\bseed\b|\buuid4", re.I)),
    (FlakyCategory.NETWORK, re.compile(r"Connection|socket\.|ECONN|getaddrinfo|urlopen|\bDNS\b")),
    (FlakyCategory.RESOURCE, re.compile(r"MemoryError|No space left|Too many open|in use|\brss\b")),
    (
        FlakyCategory.TIMING,
        re.compile(
            r"elapsed|deadline|time[ds]? ?out|timeout|too slow|perf_counter|monotonic|time\.time"
            r"|\bsleep|\btook\b|\bduration|\bwait|utcnow|\bnow\(",
            re.I,
        ),
    ),
)
_FRACTION: Final = re.compile(r"\d\.\d{3}")
