"""What the documentation's tests read: pages, links, and what readers are told to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from testfleet.config import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Snippet(NamedTuple):
    """A fenced block."""

    page: Path
    language: str
    text: str


def name(page: Path) -> str:
    """Path in the checkout, for messages and test ids."""
    return page.relative_to(ROOT).as_posix()


def snippets(language: str) -> list[Snippet]:
    """All blocks of that language."""
    return [
        Snippet(page, found[1], found[2])
        for page in PAGES
        for found in _FENCE.finditer(page.read_text("utf-8"))
        if found[1] == language
    ]


def typed() -> list[tuple[str, list[str]]]:
    """Each command behind a `$ `, as page and words; lines that end with a backslash go on."""
    commands = []
    for page, _, text in snippets("console"):
        joined = text.replace("\\\n", " ")
        lines = [line.strip() for line in joined.splitlines()]
        commands += [
            (name(page), shlex.split(line[2:], comments=True))
            for line in lines
            if line.startswith("$ ")
        ]
    return commands


def links(page: Path) -> Iterator[str]:
    """Targets of a page's links to other files of the checkout, and within itself."""
    without_code = _FENCE.sub("", page.read_text("utf-8"))
    return (to for to in _LINK.findall(without_code) if "://" not in to)


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, as GitHub makes it from headings."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text("utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}
