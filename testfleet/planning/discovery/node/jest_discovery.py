"""Finds the test files of a Jest suite by reading its configuration."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from posixpath import basename, dirname, normpath
from typing import Any, Final

from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.node.patterns import Matcher, expressions, globs, texts
from testfleet.planning.discovery.node.suite import Arguments, Found, Suite, place, shown
from testfleet.planning.discovery.node.values import UNKNOWN, Regex
from testfleet.planning.source_tree import SourceTree

TEST_MATCH: Final = ["**/__tests__/**/*.?([mc])[jt]s?(x)", "**/?(*.)+(spec|test).?([mc])[jt]s?(x)"]
"""Of Jest 30. Earlier ones know fewer endings; a file that Jest does not run costs nothing."""
_CONFIG: Final = "jest.config"
_ROOT: Final = "<rootDir>"
_VALUED: Final = (
    frozenset(
        {"-c", "--config", "-t", "--testNamePattern", "--rootDir", "--roots", "--projects", "--env"}
    )
    | {"--selectProjects", "--maxWorkers", "-w", "--testTimeout", "--preset", "--shard", "-o"}
    | {"--testEnvironment", "--cacheDirectory", "--reporters", "--setupFilesAfterEnv"}
)
_PATTERNS: Final = ("--testPathPattern", "--testPathPatterns")
_UNREAD: Final = frozenset({"jest-expo", "@angular-builders/jest"})
_NESTING: Final = 5


class JestFramework:
    """Jest, as planning sees it."""

    name = "jest"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether there is a configuration of Jest, or a package that uses it."""
        suite, folder = Suite(DiscoveryRequest(tree, root)), normpath(root)
        has_file = suite.config(folder, (_CONFIG,)) or f"{_CONFIG}.json" in suite.sizes
        in_package = "jest" in suite.package(folder) or suite.depends_on(folder, "jest")
        return bool(has_file or in_package)

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """Find the units."""
        suite = Suite(request)
        args = Arguments.read(request.args, _VALUED | set(_PATTERNS))
        search = _Search(suite, args)
        search.project(normpath(request.root), args.last("-c", "--config"))
        found = search.found
        asked = [*args.positional, *(args.values[key] for key in _PATTERNS if key in args.values)]
        paths = list(found.paths)
        if asked:
            wanted = expressions([Regex(word, "i") for word in asked])
            paths = paths if wanted is None else [p for p in paths if wanted.match(f"/{p}")]
        return Discovery(suite.units(paths), tuple(found.notes), found.open_ended)


@dataclass(frozen=True)
class _Settings:
    """What a configuration says of one project."""

    file: str
    root: str
    values: dict[Any, Any]


class _Search:
    """Goes through projects."""

    def __init__(self, suite: Suite, args: Arguments) -> None:
        self.found = Found()
        self._suite = suite
        self._args = args

    def project(self, folder: str, named: str | None = None, depth: int = 0) -> None:
        """The tests of a folder, by its configuration or the one named."""
        settings = self._settings(folder, named)
        projects = settings.values.get("projects")
        if projects is None or depth > _NESTING:
            self._files(settings)
        elif isinstance(projects, list):
            for one in projects:
                self._listed(settings, one, depth + 1)
        else:
            self.found.guess(settings.file, "its list of projects")
            self._files(settings)

    def _settings(self, folder: str, named: str | None) -> _Settings:
        if named is not None and named.lstrip().startswith("{"):
            return self._checked("--config", folder, _inline(named))
        file = place(folder, named) if named else self._suite.config(folder, (_CONFIG,))
        as_json = place(folder, f"{_CONFIG}.json")
        if file is None and as_json in self._suite.sizes:
            file = as_json
        if file is None:
            value = self._suite.package(folder).get("jest", {})
            if isinstance(value, str):
                return self._settings(folder, value)
            return self._checked(place(folder, "package.json"), folder, value)
        value = self._suite.export(file)
        if basename(file) == "package.json" and isinstance(value, dict):
            value = value.get("jest", {})
        return self._checked(file, dirname(file) or ".", value)

    def _checked(self, file: str, folder: str, value: Any) -> _Settings:
        values = value if isinstance(value, dict) else {UNKNOWN: UNKNOWN}
        # What a preset says of test files stands in another package; most say nothing of them.
        is_open = UNKNOWN in values or values.get("preset") in _UNREAD
        if is_open:
            self.found.guess(file, "a part of it")
        root = self._args.last("--rootDir") or values.get("rootDir", ".")
        if not isinstance(root, str):
            self.found.guess(file, "rootDir")
            root = "."
        return _Settings(file, place(folder, root), values)

    def _listed(self, above: _Settings, entry: Any, depth: int) -> None:
        """One of the projects: a glob of folders and configurations, or a configuration."""
        if isinstance(entry, dict):
            self._files(self._checked(above.file, above.root, entry))
        elif isinstance(entry, str):
            pattern = entry.replace(_ROOT, above.root).removesuffix("/")
            base = "." if entry.startswith(_ROOT) else above.root
            for path in self._suite.matching(base, pattern):
                is_file = path in self._suite.sizes
                self.project(dirname(path) or "." if is_file else path, _name(path, is_file), depth)
        else:
            self.found.guess(above.file, "one of its projects")

    def _files(self, settings: _Settings) -> None:
        """The files of one project. Patterns meet absolute paths, of which `/` is the tree."""
        roots = self._texts(settings, "roots", [_ROOT])
        folders = [place(settings.root, one.replace(_ROOT, ".")) for one in roots]
        wanted, said = self._wanted(settings)
        ignored = self._texts(settings, "testPathIgnorePatterns", [])
        left_out = expressions([Regex(_rooted(one, settings.root, re.escape)) for one in ignored])
        self.found.notes.append(f"looked for {said} in {shown(folders)}, by {settings.file}")
        for folder in folders:
            for path, _ in self._suite.below(folder):
                absolute = f"/{path}"
                is_out = left_out is not None and left_out.match(absolute)
                if wanted.match(absolute) and not is_out:
                    self.found.paths[path] = None

    def _wanted(self, settings: _Settings) -> tuple[Matcher, str]:
        sources = self._texts(settings, "testRegex", [])
        if sources and "testMatch" not in settings.values:
            matcher = expressions(
                [Regex(_rooted(one, settings.root, re.escape)) for one in sources]
            )
            if matcher is not None:
                return matcher, shown(sources)
            self.found.guess(settings.file, "testRegex")
        patterns = self._texts(settings, "testMatch", TEST_MATCH)
        # One that begins with `!` takes away; to have taken too much costs nothing.
        usual = [_rooted(one, settings.root, str) for one in patterns if not one.startswith("!")]
        return globs(one if one.startswith("/") else f"/{one}" for one in usual), shown(patterns)

    def _texts(self, settings: _Settings, key: str, usual: list[str]) -> list[str]:
        value = settings.values.get(key, usual)
        found = texts(value)
        if found is None:
            self.found.guess(settings.file, key)
        return usual if found is None else found


def _rooted(pattern: str, root: str, escape: Any) -> str:
    """`<rootDir>` as the absolute path that the tree has here."""
    return pattern.replace(_ROOT, escape("" if root == "." else f"/{root}"))


def _name(path: str, is_file: bool) -> str | None:  # noqa: FBT001  one caller
    return basename(path) if is_file else None


def _inline(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNKNOWN
