"""What one source file says about the files it needs, whatever tree it lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

FORMAT: Final = 2
"""Raise it when the same source yields other facts than before: stored facts are then read anew."""


class Reach(StrEnum):
    """What an unknown dependency may lead to."""

    CODE = "code"
    """Any code, in this process or in another."""
    LOADED = "loaded"
    """Any code, loaded into this process, so that recorded coverage has seen it."""
    FILES = "files"
    """Any file, documentation too, if it stands in the tests' own files. Elsewhere any code: a
    library looks into its own folders."""
    IF_TEST = "if-test"
    """Any code if it stands in the tests' own files. Elsewhere nothing: it passes on what callers
    name, and what they name is seen where they do."""


class Unknown(NamedTuple):
    """A dependency that the source does not name."""

    line: int
    what: str
    """For a person, e.g. `import_module() of a name computed at run time`."""
    reach: Reach = Reach.CODE


@dataclass(frozen=True, slots=True)
class FileFacts:
    """All that is needed of a file to place it in a graph."""

    imports: tuple[str, ...] = ()
    """Dotted names: `a.b`, relative as `.b` or `..b`, star imports as `a.*`. The last name may be
    an attribute as well as a module."""
    strings: tuple[str, ...] = ()
    """Words of string literals that may be a module (`a.b`) or a path (`data/x.py`)."""
    folders: tuple[str, ...] = ()
    """Strings that may be folders, in a file that knows where it lies or touches `sys.path`."""
    programs: tuple[str, ...] = ()
    """Programs that it starts by a literal name."""
    plugins: tuple[str, ...] = ()
    """Modules in `pytest_plugins`."""
    exports: tuple[str, ...] = ()
    """Names in `__all__`; `*` when some of them are computed."""
    unknown: tuple[Unknown, ...] = ()
    edits_path: bool = False
    """It touches `sys.path`, so that folders near it may be import roots."""
    rules_session: bool = False
    """It defines pytest hooks that concern tests outside its folder."""


class FactStore(Protocol):
    """Facts by the hash of a file's content, kept between runs. Losing them costs only time."""

    def load(self) -> Mapping[str, FileFacts]:
        """What is kept; empty when there is nothing, or nothing that this version can read."""
        ...

    def save(self, facts: Mapping[str, FileFacts]) -> None:
        """Replace what is kept. A store that cannot write stays silent."""
        ...


class NoStore:
    """Keeps nothing."""

    def load(self) -> Mapping[str, FileFacts]:
        """Nothing."""
        return {}

    def save(self, facts: Mapping[str, FileFacts]) -> None:
        """Forget them."""


def to_row(facts: FileFacts) -> list[object]:
    """The facts as JSON has them: short, since a tree has thousands."""
    return [
        facts.imports,
        facts.strings,
        facts.folders,
        facts.programs,
        facts.plugins,
        facts.exports,
        facts.unknown,
        int(facts.edits_path) | int(facts.rules_session) << 1,
    ]


def from_row(row: Sequence[object]) -> FileFacts:
    """The inverse of `to_row`. Raises ValueError or TypeError for anything else."""
    *names, unknown, flags = row
    if len(names) != 6 or not isinstance(flags, int):  # noqa: PLR2004
        raise ValueError(f"expected 8 columns of facts, got {len(row)}")
    imports, strings, folders, programs, plugins, exports = map(_words, names)
    return FileFacts(
        imports=imports,
        strings=strings,
        folders=folders,
        programs=programs,
        plugins=plugins,
        exports=exports,
        unknown=tuple(_unknown(entry) for entry in _list(unknown)),
        edits_path=bool(flags & 1),
        rules_session=bool(flags & 2),
    )


def _list(column: object) -> list[object]:
    if not isinstance(column, list):
        raise TypeError(f"expected a list, got {column!r}")
    return column


def _words(column: object) -> tuple[str, ...]:
    words = _list(column)
    if not all(isinstance(word, str) for word in words):
        raise TypeError(f"expected words, got {column!r}")
    return tuple(words)  # type: ignore[arg-type]


def _unknown(entry: object) -> Unknown:
    match entry:
        case [int(line), str(what), str(reach)]:
            return Unknown(line, what, Reach(reach))
    raise ValueError(f"expected line, text and reach, got {entry!r}")
