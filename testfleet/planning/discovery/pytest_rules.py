"""Which files and folders of a tree pytest collects, by its configuration and arguments.

The rules are those of `pytest_ignore_collect` and `pytest_collect_file` in pytest 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, isabs, join, normpath, splitext
from re import Pattern
from typing import Final

from testfleet.planning.discovery.globs import PathPatterns, whole_path
from testfleet.planning.discovery.pytest_args import PytestArgs
from testfleet.planning.discovery.pytest_config import NORECURSEDIRS, PYTHON_FILES, PytestConfig

DOCTEST_FILES: Final = ("test*.txt",)
_VIRTUALENV_MARKS: Final = ("pyvenv.cfg", "conda-meta/history")


@dataclass(frozen=True)
class CollectionRules:
    """Everything that decides about one path, ready to be asked many times."""

    python_files: PathPatterns
    norecursedirs: PathPatterns
    doctest_files: PathPatterns
    doctest_modules: bool
    ignored: frozenset[str]
    ignored_globs: Pattern[str]
    virtualenvs: frozenset[str]
    starts: frozenset[str]
    """The arguments: never ignored, nor are the folders above them."""
    _open_folders: dict[str, bool] = field(default_factory=dict)

    def collects(self, path: str) -> bool:
        """Whether pytest collects the file when it comes upon it."""
        if path in self.starts:
            return splitext(path)[1] in (".py", ".txt", ".rst") or self._is_test(path)
        return self._is_test(path) and not self._is_ignored(path) and self._enters(dirname(path))

    def may_hold_doctests(self, path: str) -> bool:
        """Whether examples in the file count as tests."""
        return self.doctest_modules or not path.endswith(".py")

    def _is_test(self, path: str) -> bool:
        if not path.endswith(".py"):
            return self.doctest_files.match(path)
        if self.python_files.match(path):
            return True
        return self.doctest_modules and basename(path) != "__main__.py"

    def _is_ignored(self, path: str) -> bool:
        return path in self.ignored or bool(self.ignored_globs.match(f"/{path}"))

    def _enters(self, folder: str) -> bool:
        if folder == "":
            return True
        known = self._open_folders.get(folder)
        if known is None:
            known = (folder in self.starts or not self._skips(folder)) and self._enters(
                dirname(folder)
            )
            self._open_folders[folder] = known
        return known

    def _skips(self, folder: str) -> bool:
        return (
            basename(folder) == "__pycache__"
            or folder in self.virtualenvs
            or self._is_ignored(folder)
            or self.norecursedirs.match(folder)
        )


def build_rules(
    config: PytestConfig, args: PytestArgs, root: str, places: tuple[Sequence[str], Iterable[str]]
) -> CollectionRules:
    """Rules for a run that starts in `root`. `places`: the start paths, and all files."""
    starts, files = places
    settings = config.with_overrides(args.overrides())
    text_files = args.values.get("--doctest-glob") or DOCTEST_FILES
    doctests = "no:doctest" not in args.values.get("-p", ())
    return CollectionRules(
        python_files=PathPatterns(settings.words("python_files", PYTHON_FILES)),
        norecursedirs=PathPatterns(settings.words("norecursedirs", NORECURSEDIRS)),
        doctest_files=PathPatterns(text_files if doctests else ()),
        doctest_modules=doctests and "--doctest-modules" in args.flags,
        ignored=frozenset(in_tree(root, path) for path in args.values.get("--ignore", ())),
        ignored_globs=whole_path(
            f"/{in_tree(root, glob)}" for glob in args.values.get("--ignore-glob", ())
        ),
        virtualenvs=frozenset(
            () if "--collect-in-virtualenv" in args.flags else _virtualenvs(files)
        ),
        starts=frozenset(above for start in starts for above in _with_parents(start)),
    )


def in_tree(root: str, path: str) -> str:
    """A path as typed in `root`, relative to the tree. What lies outside keeps its `..` or `/`."""
    return normpath(path) if isabs(path) else normpath(join(root, path))


def _with_parents(path: str) -> Iterable[str]:
    while path not in ("", "."):
        yield path
        path = dirname(path)


def _virtualenvs(files: Iterable[str]) -> Iterable[str]:
    for path in files:
        for mark in _VIRTUALENV_MARKS:
            if path.endswith(f"/{mark}"):
                yield path.removesuffix(f"/{mark}")
