"""A patch as stretches of text that can be found again when their lines have moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from testfleet.contracts.past_fix import Hunk
from testfleet.contracts.repair import TextEdit
from testfleet.repair.sources import read_source

MOST_HUNKS: Final = 20
MOST_CHARACTERS: Final = 20_000
"""Of all hunks together: a repair that is longer is none that comes again."""


def hunks_of(files: Mapping[str, tuple[bytes, bytes]]) -> tuple[Hunk, ...]:
    """What changed in each file, from (old, new) content. None for what is not worth keeping."""
    found: list[Hunk] = []
    for path, (old, new) in sorted(files.items()):
        before, after = read_source(old), read_source(new)
        if before is None or after is None:
            return ()
        found += _hunks(path, before.text, after.text)
    size = sum(len(hunk.old) + len(hunk.new) for hunk in found)
    return tuple(found) if len(found) <= MOST_HUNKS and size <= MOST_CHARACTERS else ()


def edits_of(hunks: Sequence[Hunk], sources: Mapping[str, str]) -> tuple[TextEdit, ...]:
    """The same change of other texts; nothing unless every hunk has exactly one place."""
    edits: list[TextEdit] = []
    for hunk in hunks:
        text = sources.get(hunk.path, "")
        if not hunk.old or text.count(hunk.old) != 1:
            return ()
        start = text.index(hunk.old)
        edits.append(
            TextEdit(path=hunk.path, start=start, end=start + len(hunk.old), text=hunk.new)
        )
    edits.sort(key=lambda edit: (edit.path, edit.start))
    clash = any(one.path == two.path and one.end > two.start for one, two in pairwise(edits))
    return () if clash else tuple(edits)


def _hunks(path: str, old: str, new: str) -> list[Hunk]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        Hunk(
            path=path,
            old="".join(before[group[0][1] : group[-1][2]]),
            new="".join(after[group[0][3] : group[-1][4]]),
        )
        for group in matcher.get_grouped_opcodes(1)
    ]
