"""Fills `{port}`, `{folder}` and `{other.port}` into the texts of a service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_PLACE: Final = re.compile(r"\{((?:[a-z][a-z0-9-]{0,40}\.)?(?:port|folder))\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text, in one go: what stands in for a placeholder may look like another."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def filled_all(texts: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Each of them."""
    return tuple(filled(text, values) for text in texts)


def filled_values(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Each value of a table of variables."""
    return {name: filled(text, values) for name, text in texts.items()}
