"""A log under examination: its lines, and what each of them is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from testfleet.triage.rules import Rules
from testfleet.triage.signs import Kind, kind_of, suspicious


@dataclass(frozen=True)
class Scene:
    """A log, and what its lines are."""

    lines: Sequence[str]
    rules: Rules

    @cached_property
    def suspects(self) -> Mapping[int, Kind]:
        """Lines with a sign of trouble, in order. A sign alone makes a line `SOFT`."""
        found = suspicious(self.lines, self.rules.telling)
        return {at: kind_of(self.lines[at]) or Kind.SOFT for at in found}

    def kind(self, at: int) -> Kind | None:
        """What a line is; None also where there is none."""
        if at in self.suspects:
            return self.suspects[at]
        return kind_of(self.lines[at]) if 0 <= at < len(self.lines) else None

    def is_detail(self, at: int) -> bool:
        """Whether the line has the form of a stack, a code frame or a comparison."""
        return bool(_DETAIL.match(self.lines[at]))

    def is_border(self, at: int) -> bool:
        """Whether no failure reaches over this line."""
        line = self.lines[at]
        if self.kind(at) is Kind.CONSEQUENCE:
            return not line.startswith("npm ")
        return self.kind(at) is Kind.PASSED or bool(_STEP.match(line))

    def is_told(self, at: int) -> bool:
        """Whether the line is part of a report, or speaks of trouble itself."""
        if self.is_detail(at) or _MORE.match(self.lines[at]):
            return True
        return self.kind(at) in (Kind.HARD, Kind.SOFT)


_DETAIL = re.compile(
    r"^(?:\s{2,}\S|\s*at |\s*\||\s*\d+[ :]|\s*>|[-+] |E  |\t|goroutine |\s*File \")"
)
_STEP = re.compile(
    r"^(?:Run |\$ |> \S+@\S+ |Step \d|#\d+ \[|RUNS? |Post |Complete job|Cleaning up)"
    r"|^\[Pipeline\]"
)
_MORE = re.compile(
    r"(?:Component Stack|Call Stack|Call log|Check |See |Learn more|Did you|This |The above|If you"
    r"|Ignored nodes|There are |Here are |Expected|Received|Locator|Error|[-+<>{}()\[\]\"'#*•]"
    r"|To |Please|Description|Action|Reason|Details?|Time:|Source:|Node\.js v|stdout|stderr|With )"
)
"""How a paragraph begins that goes on with a report."""
