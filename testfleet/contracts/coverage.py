"""What a unit ran when its coverage was recorded: the functions, known by their source."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class UnitTrace(Contract):
    """What the process saw in which a unit ran alone, and passed."""

    unit: str
    entered: dict[str, tuple[int, ...]]
    """By path in the tree: each Python file that was loaded, with a line of the body of each
    function that was entered."""
    read: tuple[str, ...] = ()
    """Files in the tree's folder that it opened: of Python, those that the import system did not
    open, of others, those that were there before."""


class FileCoverage(Contract):
    """One file that was loaded or read in the process when the unit had ended."""

    outline: str
    """Hash of all that is not inside a function: what importing it runs. Empty where all of the
    file's text counts."""
    blocks: tuple[str, ...] = ()
    """Hashes of the bodies of the functions that the unit entered."""
    content: str = ""
    """Hash of the whole file."""


class UnitCoverage(Contract):
    """The coverage of one unit, recorded in a process in which it ran alone."""

    files: dict[str, FileCoverage]
    """By path in the tree: each file of the tree that was loaded, entered or not."""


class SuiteCoverage(Contract):
    """The recorded units of a suite, and the tree around them."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    data: str
    """Hash of all files that are neither Python nor documents."""
    documents: str
    """Hash of the documents."""
    paths: tuple[str, ...]
    """All Python files, sorted."""
    units: dict[str, UnitCoverage] = Field(default_factory=dict)
    """By the unit's file."""
