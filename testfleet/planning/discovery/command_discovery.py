"""The units of a suite that runs a command of the project's own."""

from __future__ import annotations

from posixpath import join, normpath

from testfleet.contracts.plan import Unit
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.globs import expand
from testfleet.planning.source_tree import SourceTree


class CommandFramework:
    """A command: nobody but testfleet.toml can tell what its test files are."""

    name = "command"

    def detect(self, tree: SourceTree, root: str) -> bool:  # noqa: ARG002  the protocol's form
        """Never: a command is not guessed."""
        return False

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """The files that the suite's globs fit; the folder as a whole when there are none."""
        root = normpath(request.root)
        if not request.units:
            whole = Unit(id=root, size_bytes=0, tests_estimate=1)
            return Discovery(units=(whole,), notes=("the command runs once, as a whole",))
        sizes = {file.path: file.size_bytes for file in request.tree.paths()}
        found = {
            path: None
            for glob in request.units
            for path in expand(normpath(join(root, glob)), sizes)
            if path in sizes
        }
        units = tuple(
            Unit(
                id=path,
                size_bytes=sizes[path],
                tests_estimate=max(1, request.known_tests.get(path, 1)),
            )
            for path in found
        )
        globs = ", ".join(request.units)
        return Discovery(units=units, notes=(f"looked for test files by {globs}",))
