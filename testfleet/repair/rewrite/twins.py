"""The same change wherever a statement writes the same thing: `a[i:] = f(a[i:])` is wrong twice."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from testfleet.repair.rewrite.place import Draft
from testfleet.repair.rewrite.reading.source import Source
from testfleet.repair.rewrite.sites import Site, sites

FAMILIES: Final = frozenset({"off_by_one", "operators", "names", "constants", "methods"})
"""Of templates: what one writes wrongly, one writes wrongly each time."""
MOST: Final = 3
"""Places beside the first."""
SHARE: Final = 0.35
"""Of the weight of the change in one place."""


def offsets(source: Source, site: Site) -> Sequence[int]:
    """How far behind or before the site the statement says the same, up to `MOST` times."""
    if not isinstance(site.node, ast.expr):
        return ()
    text, start = source.code(site.node), source.start(site.node)
    found = [
        source.start(other.node) - start
        for other in sites(source, site.statement, site.suspicion)
        if type(other.node) is type(site.node) and source.code(other.node) == text
    ]
    return [offset for offset in found if offset][: MOST + 1]


def everywhere(draft: Draft, others: Sequence[int], width: int) -> Draft | None:
    """The change at the site and `others` places; None where it is no change of the site alone."""
    edit = draft.edits[0]
    apart = all(abs(offset) >= width for offset in others)
    if not others or len(others) > MOST or len(draft.edits) != 1 or not apart:
        return None
    moved = [edit._replace(start=edit.start + by, end=edit.end + by) for by in others]
    return Draft((edit, *moved), draft.weight * SHARE)
