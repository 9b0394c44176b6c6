"""What pytest loads for every test, by configuration and command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath

from testfleet.planning.discovery.pytest_args import PytestArgs, parse_args
from testfleet.planning.discovery.pytest_config import PytestConfig, locate_config, read_config
from testfleet.planning.discovery.pytest_rules import in_tree
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.source_tree import SourceTree

CONFTEST = "conftest.py"


@dataclass(frozen=True)
class Session:
    """The part of a pytest session that no test file names."""

    plugins: frozenset[str]
    """Modules: `-p`, `PYTEST_PLUGINS`, Django's settings."""
    roots: frozenset[str]
    """Folders that it puts on the import path; "" is the root of the tree."""


def read_session(tree: SourceTree, suite: ResolvedSuite, words: Sequence[str]) -> Session:
    """Read the configuration that pytest would use. Raises UsageError for a broken one."""
    given = parse_args((*suite.args, *words), lambda _: False)
    config = _configuration(tree, suite, given)
    args = parse_args((*config.words("addopts"), *suite.args, *words), lambda _: False)
    config = config.with_overrides(args.overrides())
    plugins = {*_plugins(args), *suite.env.get("PYTEST_PLUGINS", "").split(",")}
    settings = (
        args.last("--ds"),
        suite.env.get("DJANGO_SETTINGS_MODULE"),
        *config.words("DJANGO_SETTINGS_MODULE"),
    )
    folder = config.folder or suite.root
    roots = [in_tree(folder, path) for path in config.words("pythonpath")]
    added = filter(None, suite.env.get("PYTHONPATH", "").split(":"))
    roots += [in_tree(suite.root, path) for path in added]
    return Session(
        plugins=frozenset(filter(None, (*plugins, *settings))),
        roots=frozenset("" if root == "." else root for root in roots),
    )


def conftests_above(path: str) -> Iterator[str]:
    """Where pytest looks for the conftest.py files of a test file, nearest first."""
    folder = dirname(path)
    while folder:
        yield join(folder, CONFTEST)
        folder = dirname(folder)
    yield CONFTEST


def folders_above(paths: Iterable[str]) -> set[str]:
    """Every folder that the paths lie in; "" is the root of the tree."""
    found: set[str] = set()
    for path in paths:
        folder = dirname(path)
        while folder not in found:
            found.add(folder)
            folder = dirname(folder)
    return found


def is_conftest(path: str) -> bool:
    """Whether pytest takes a file for a conftest.py."""
    return basename(path) == CONFTEST


def _configuration(tree: SourceTree, suite: ResolvedSuite, given: PytestArgs) -> PytestConfig:
    named = given.last("--config-file")
    if named is None:
        return locate_config(tree, [normpath(suite.root)])
    try:
        return read_config(tree, in_tree(suite.root, named)) or PytestConfig()
    except KeyError:
        return PytestConfig()


def _plugins(args: PytestArgs) -> Iterator[str]:
    return (name for name in args.values.get("-p", ()) if not name.startswith("no:"))
