"""Finds the test files of a Vitest suite by reading its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, normpath
from typing import Any, Final

from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.node.patterns import globs, texts
from testfleet.planning.discovery.node.suite import Arguments, Found, Suite, chosen, place, shown
from testfleet.planning.discovery.node.values import UNKNOWN
from testfleet.planning.source_tree import SourceTree

INCLUDE: Final = ["**/*.{test,spec}.?(c|m)[jt]s?(x)"]
EXCLUDE: Final = ["**/node_modules/**", "**/.git/**"]
"""Of Vitest 4. Earlier ones leave out more; a file that Vitest does not run costs nothing."""
_KNOWN: Final = {
    "configDefaults.include": INCLUDE,
    "configDefaults.exclude": EXCLUDE,
    "defaultInclude": INCLUDE,
    "defaultExclude": EXCLUDE,
}
_CONFIGS: Final = ("vitest.config", "vite.config")
_WORKSPACES: Final = ("vitest.workspace", "vitest.projects")
_WORKSPACE_JSON: Final = "vitest.workspace.json"
_IN_SOURCE: Final = b"import.meta.vitest"
_VALUED: Final = (
    frozenset({"-c", "--config", "-r", "--root", "--dir", "-t", "--testNamePattern", "--project"})
    | {"--mode", "--environment", "--pool", "--reporter", "--outputFile", "--retry", "--bail"}
    | {"--shard", "--exclude", "--maxWorkers", "--minWorkers", "--testTimeout", "--hookTimeout"}
    | {"--workspace"}
)
_NESTING: Final = 5


class VitestFramework:
    """Vitest, as planning sees it."""

    name = "vitest"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether there is a configuration of Vitest, or a package that uses it."""
        suite, folder = Suite(DiscoveryRequest(tree, root)), normpath(root)
        named = suite.config(folder, ("vitest.config", *_WORKSPACES))
        return named is not None or suite.depends_on(folder, "vitest")

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """Find the units."""
        suite = Suite(request)
        args = Arguments.read(request.args, _VALUED)
        folder = place(normpath(request.root), args.last("-r", "--root") or ".")
        named = args.last("-c", "--config")
        search = _Search(suite, args)
        search.project(folder, place(folder, named) if named else None)
        found = search.found
        paths = [path for path in found.paths if _is_asked_for(path, args)]
        return Discovery(suite.units(paths), tuple(found.notes), found.open_ended)


@dataclass(frozen=True)
class _Above:
    """The configuration that lists projects."""

    folder: str
    file: str
    settings: Mapping[Any, Any]
    depth: int


class _Search:
    """Goes through projects."""

    def __init__(self, suite: Suite, args: Arguments) -> None:
        self.found = Found()
        self._suite = suite
        self._args = args
        self._seen: set[str] = set()

    def project(self, folder: str, file: str | None = None, depth: int = 0) -> None:
        """The tests of a folder, by its configuration or the one named."""
        file = file or self._suite.config(folder, _CONFIGS)
        settings = self._settings(file) if file else {}
        workspace = self._suite.config(folder, _WORKSPACES) or place(
            folder, "vitest.workspace.json"
        )
        projects = settings.get("projects", settings.get("workspace"))
        if isinstance(projects, str):
            workspace, projects = place(folder, projects), None
        if projects is None and workspace in self._suite.sizes and depth == 0:
            projects, file = self._suite.export(workspace, _KNOWN), workspace
        if projects is None or depth > _NESTING:
            self._files(folder, file or "Vitest's defaults", settings)
        elif isinstance(projects, list):
            above = _Above(folder, file or "", settings, depth + 1)
            for one in projects:
                self._listed(one, above)
        else:
            self.found.guess(file or "", "its list of projects")
            self._files(folder, file or "", {})

    def _settings(self, file: str) -> dict[Any, Any]:
        value = self._suite.export(file, _KNOWN)
        settings = value.get("test", {}) if isinstance(value, dict) else UNKNOWN
        is_open = not isinstance(value, dict) or (UNKNOWN in value and "test" not in value)
        if is_open or not isinstance(settings, dict) or UNKNOWN in settings:
            self.found.guess(file, "a part of it")
        root = value.get("root", ".") if isinstance(value, dict) else "."
        return {"root": root, **settings} if isinstance(settings, dict) else {}

    def _listed(self, entry: Any, above: _Above) -> None:
        """One of the projects: a glob of folders and configurations, or a configuration."""
        if isinstance(entry, str):
            for path in self._suite.matching(above.folder, entry.removesuffix("/")):
                self._matched(path, above.depth)
            return
        settings = entry.get("test") if isinstance(entry, dict) else UNKNOWN
        if not isinstance(entry, dict) or not isinstance(settings, dict):
            self.found.guess(above.file, "one of its projects")
            self._files(above.folder, above.file, {})
            return
        extends = entry.get("extends")
        inherited: Mapping[Any, Any] = above.settings if extends else {}
        if isinstance(extends, str):
            inherited = self._settings(place(above.folder, extends))
        root = entry.get("root", ".")
        self._files(above.folder, above.file, {**inherited, "root": root, **settings})

    def _matched(self, path: str, depth: int) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        if path not in self._suite.sizes:
            self.project(path, None, depth)
        elif basename(path).startswith(("vitest.", "vite.")):
            self.project(dirname(path) or ".", path, depth)

    def _files(self, folder: str, file: str, settings: Mapping[Any, Any]) -> None:
        """The files of one project."""
        base = folder
        for key in ("root", "dir"):
            below = settings.get(key, ".")
            if isinstance(below, str):
                base = place(base, below)
            else:
                self.found.guess(file, f"test.{key}")
        asked = self._args.last("--dir")
        base = place(folder, asked) if asked else base
        include = self._patterns(file, settings, "include", INCLUDE)
        exclude = globs(self._patterns(file, settings, "exclude", EXCLUDE))
        left_out = exclude.match if exclude.is_exact else (lambda _: False)
        self.found.notes.append(f"looked for {shown(include)} in {base}, by {file}")
        self.found.paths |= dict.fromkeys(chosen(self._suite, base, globs(include), left_out))
        sources = self._patterns(file, settings, "includeSource", [])
        for path in chosen(self._suite, base, globs(sources), left_out):
            if self._suite.holds(path, _IN_SOURCE):
                self.found.paths[path] = None

    def _patterns(
        self, file: str, settings: Mapping[Any, Any], key: str, usual: list[str]
    ) -> list[str]:
        value = settings.get(key, usual)
        patterns = texts(value)
        if patterns is not None:
            return patterns
        self.found.guess(file, f"test.{key}")
        told = value if isinstance(value, list) else []
        return [*usual, *(one for one in told if isinstance(one, str))]


def _is_asked_for(path: str, args: Arguments) -> bool:
    """Positional arguments are parts of paths; `:12` behind one is a line in it."""
    names = [word.partition(":")[0].removeprefix("./") for word in args.positional]
    return not names or any(name in path for name in names)
