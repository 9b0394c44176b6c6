"""The little Markdown that generated pages need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

GENERATED: Final = "<!-- made by `python -m testfleet.cli.reference`; do not edit -->"
"""First line of every generated page."""


def page(title: str, blocks: Iterable[str]) -> str:
    """A whole page: mark, title, blocks with an empty line between them."""
    return "\n\n".join([GENERATED, f"# {title}", *blocks]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells may hold code and `|`."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def prose(docstring: str | None) -> str:
    """A docstring without its indentation and line breaks."""
    paragraphs = (docstring or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _cell(text: str) -> str:
    # GitHub's Markdown ends a cell at a bar even inside of code.
    return " ".join(text.split()).replace("|", r"\|")
