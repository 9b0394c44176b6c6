"""The units of a suite that is the TypeScript compiler: its tsconfig files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, join, normpath
from typing import Final

from testfleet.contracts.plan import Unit
from testfleet.errors import UsageError
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.source_tree import SourceTree

TSCONFIG: Final = "tsconfig.json"
FILES_GUESSED: Final = 20
"""Tests of a tsconfig that never ran: how many files it takes in, only the compiler knows."""
_PATH: Final = re.compile(r'"(?:path|extends)"\s*:\s*"([^"\n]{1,400})"')


class TscFramework:
    """`tsc --noEmit`."""

    name = "tsc"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether the folder has a tsconfig of its own."""
        wanted = normpath(join(root, TSCONFIG))
        return any(file.path == wanted for file in tree.paths())

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """The project that the suite names; the folder's tsconfig; or all that no other refers to.

        Raises UsageError when the project is not there.
        """
        root = normpath(request.root)
        sizes = {file.path: file.size_bytes for file in request.tree.paths()}
        found = _projects(request.tree, root, request.tool.project, sizes)
        units = tuple(
            Unit(
                id=path,
                size_bytes=sizes[path],
                tests_estimate=max(1, request.known_tests.get(path, FILES_GUESSED)),
            )
            for path in found
        )
        note = f"tsc looks at {', '.join(found)}" if found else f"no {TSCONFIG} in {root}"
        return Discovery(units=units, notes=(note,))


def _projects(tree: SourceTree, root: str, named: str, paths: Iterable[str]) -> list[str]:
    known = set(paths)
    if named:
        candidates = [normpath(join(root, named)), normpath(join(root, named, TSCONFIG))]
        for path in candidates:
            if path in known:
                return [path]
        raise UsageError(
            f"project {named!r} of the tsc suite is not in the tree: looked for {candidates[0]}",
            hint="name a tsconfig relative to the suite's `root`",
        )
    own = normpath(join(root, TSCONFIG))
    if own in known:
        return [own]
    prefix = "" if root == "." else f"{root}/"
    below = sorted(p for p in known if p.startswith(prefix) and basename(p) == TSCONFIG)
    others = {path for one in below for path in _referred(tree, one)}
    return [path for path in below if path not in others]


def _referred(tree: SourceTree, path: str) -> Iterator[str]:
    """The tsconfigs that one refers to or extends, as far as their names tell."""
    for name in _PATH.findall(tree.read(path).decode("utf-8", "replace")):
        target = normpath(join(dirname(path), name))
        yield target
        yield join(target, TSCONFIG)
