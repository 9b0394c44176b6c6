"""What the commit under test has touched is suspect: its places are likelier to be at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from testfleet.contracts.change import FileChange
from testfleet.repair.typescript.model import Edit, Proposal
from testfleet.repair.typescript.texts import Texts

_MOST_LINES: Final = 400
"""A commit that touches more says little about where it went wrong."""
_NEAR: Final = 2
"""Lines around a touched one: what was deleted leaves no line behind."""
_ON_LINES: Final = 0.5
_IN_FILE: Final = 0.15
_ELSEWHERE: Final = 0.7


class Touched:
    """Changes of a commit and of the working tree."""

    def __init__(self, changes: Sequence[FileChange], texts: Texts) -> None:
        small = sum(change.added + change.deleted for change in changes) <= _MOST_LINES
        self._lines = {change.path: change.lines for change in changes} if small else {}
        self._texts = texts

    def weighed(self, proposal: Proposal) -> Proposal:
        """With a prior that is higher where all its edits are in what was touched."""
        if not self._lines:
            return proposal
        if not all(edit.file in self._lines for edit in proposal.edits):
            return replace(proposal, prior=proposal.prior * _ELSEWHERE)
        on_lines = all(self._is_touched(edit) for edit in proposal.edits)
        more = _ON_LINES if on_lines else _IN_FILE
        return replace(proposal, prior=1 - (1 - proposal.prior) * (1 - more))

    def _is_touched(self, edit: Edit) -> bool:
        line = self._texts.line_of(edit)
        ranges = self._lines[edit.file]
        return any(first - _NEAR <= line <= last + _NEAR for first, last in ranges)
