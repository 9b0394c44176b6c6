"""What a unit ran when its coverage was recorded: the functions, known by their source."""

from __future__ import annotations

from typing import Literal

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class FileCoverage(Contract):
    """One file that was loaded in the process when the unit had ended."""

    outline: str
    """Hash of all that is not inside a function: what importing it runs."""
    blocks: tuple[str, ...] = ()
    """Hashes of the bodies of the functions that the unit entered."""


class UnitCoverage(Contract):
    """The coverage of one unit, recorded in a process in which it ran alone."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    files: dict[str, FileCoverage]
    """By path in the tree: each file of the tree that was loaded, entered or not."""
