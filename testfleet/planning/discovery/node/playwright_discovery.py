"""Finds the test files of a Playwright Test suite by reading its configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import dirname, normpath
from typing import Any, Final

from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.node.patterns import Matcher, expressions, globs
from testfleet.planning.discovery.node.suite import Arguments, Found, Suite, place
from testfleet.planning.discovery.node.values import UNKNOWN, Regex
from testfleet.planning.source_tree import SourceTree

TEST_MATCH: Final = "**/*.@(spec|test).?(c|m)[jt]s?(x)"
_CONFIG: Final = "playwright.config"
_VALUED: Final = (
    frozenset(
        {"-c", "--config", "-g", "--grep", "-gv", "--grep-invert", "--project", "--reporter", "-j"}
    )
    | {"--retries", "--workers", "--timeout", "--repeat-each", "--shard", "--output"}
    | {"--tsconfig", "--max-failures", "--global-timeout", "--trace", "--test-list"}
)


class PlaywrightFramework:
    """Playwright Test, as planning sees it."""

    name = "playwright"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether there is a configuration of Playwright Test."""
        suite = Suite(DiscoveryRequest(tree, root))
        return suite.config(normpath(root), (_CONFIG,)) is not None

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """Find the units."""
        suite = Suite(request)
        args = Arguments.read(request.args, _VALUED)
        search = _Search(suite)
        search.run(*_locate(suite, normpath(request.root), args.last("-c", "--config")))
        paths = list(search.found.paths)
        if args.positional:
            sources = [Regex(re.sub(r"(:\d+){1,2}$", "", word), "i") for word in args.positional]
            wanted = expressions(sources)
            paths = paths if wanted is None else [p for p in paths if wanted.match(f"/{p}")]
        return Discovery(suite.units(paths), tuple(search.found.notes), search.found.open_ended)


def _locate(suite: Suite, folder: str, named: str | None) -> tuple[str, str | None]:
    """The folder that paths are relative to, and the configuration."""
    path = place(folder, named) if named else folder
    if path in suite.sizes:
        return dirname(path) or ".", path
    return path, suite.config(path, (_CONFIG,))


class _Search:
    """Goes through projects."""

    def __init__(self, suite: Suite) -> None:
        self.found = Found()
        self._suite = suite

    def run(self, folder: str, file: str | None) -> None:
        """The tests of a configuration."""
        value = self._suite.export(file) if file else {}
        values = value if isinstance(value, dict) else {UNKNOWN: UNKNOWN}
        if file and UNKNOWN in values:
            self.found.guess(file, "a part of it")
        projects = values.get("projects") or [{}]
        if not isinstance(projects, list):
            self.found.guess(file or "", "its list of projects")
            projects = [{}]
        for one in projects:
            if not isinstance(one, dict) or UNKNOWN in one:
                self.found.guess(file or "", "one of its projects")
            self._files(folder, file or "the usual settings", _with(values, one))

    def _files(self, folder: str, file: str, values: dict[Any, Any]) -> None:
        """The files of one project. Patterns meet absolute paths, of which `/` is the tree."""
        below = values.get("testDir", ".")
        if not isinstance(below, str):
            self.found.guess(file, "testDir")
            below = "."
        base = place(folder, below)
        wanted = self._matcher(file, values, "testMatch") or _usual([TEST_MATCH])
        ignored = self._matcher(file, values, "testIgnore")
        note = f"looked for test files in {base}, by {file}"
        self.found.notes += [note] if note not in self.found.notes else []
        for path, _ in self._suite.below(base):
            is_out = ignored is not None and ignored.is_exact and ignored.match(f"/{path}")
            if wanted.match(f"/{path}") and not is_out:
                self.found.paths[path] = None

    def _matcher(self, file: str, values: dict[Any, Any], key: str) -> Matcher | None:
        """Strings are globs, all else regular expressions. None: the usual, or not readable."""
        value = values.get(key)
        given = value if isinstance(value, list) else [] if value is None else [value]
        patterns = [one for one in given if isinstance(one, str)]
        sources = [one for one in given if isinstance(one, Regex)]
        searched = expressions(sources)
        if len(patterns) + len(sources) < len(given) or searched is None:
            self.found.guess(file, key)
            return None
        if not given:
            return None
        fits, finds = _usual(patterns), searched.match
        return Matcher(lambda path: fits.match(path) or finds(path), fits.is_exact)


def _with(values: dict[Any, Any], project: Any) -> dict[Any, Any]:
    return {**values, **project} if isinstance(project, dict) else values


def _usual(patterns: Sequence[str]) -> Matcher:
    """Globs are relative to any folder, whatever their case."""
    whole = [one if one.startswith(("**/", "/")) else f"**/{one}" for one in patterns]
    return globs([one if one.startswith("/") else f"/{one}" for one in whole], flags=re.IGNORECASE)
