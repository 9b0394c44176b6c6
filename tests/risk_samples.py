"""A changed file, as short as can be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    path: str
    added: int = 10
    deleted: int = 0
    old_path: str | None = None
