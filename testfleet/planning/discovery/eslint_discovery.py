"""The unit of a suite that is ESLint: its settings, which stand for all files that it looks at."""

from __future__ import annotations

from posixpath import basename, dirname, normpath
from typing import Final

from testfleet.contracts.plan import Unit
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.source_tree import SourceTree

CONFIGS: Final = (
    *(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts")),
    *(f".eslintrc{end}" for end in (".js", ".cjs", ".yaml", ".yml", ".json", "")),
)
"""In the order in which ESLint looks for them."""
_LINTED: Final = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")


class EslintFramework:
    """ESLint over a folder."""

    name = "eslint"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether the folder has settings of its own."""
        return _config(tree, normpath(root)) is not None

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """One unit: ESLint's rules may look from one file into another."""
        root = normpath(request.root)
        config = _config(request.tree, root)
        unit = config or root
        files = sum(file.path.endswith(_LINTED) for file in request.tree.paths())
        known = request.known_tests.get(unit, files)
        note = f"eslint with {config}" if config else f"eslint without settings of {root} itself"
        found = Unit(id=unit, size_bytes=0, tests_estimate=max(1, known))
        return Discovery(units=(found,), notes=(note,))


def _config(tree: SourceTree, root: str) -> str | None:
    here = {
        basename(file.path): file.path
        for file in tree.paths()
        if (dirname(file.path) or ".") == root and basename(file.path) in CONFIGS
    }
    return next((here[name] for name in CONFIGS if name in here), None)
