"""Finds the test files of a pytest suite by reading the tree. No user code is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, commonpath, dirname, normpath
from typing import Final, Self

from testfleet.contracts.plan import Unit
from testfleet.planning.dependencies.bonds import Binder, merged, order_prefix
from testfleet.planning.dependencies.markers import FileMarks, read_marks
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest
from testfleet.planning.discovery.globs import expand
from testfleet.planning.discovery.pytest_args import KNOWN_FLAGS, PytestArgs, parse_args, path_of
from testfleet.planning.discovery.pytest_config import PytestConfig, locate_config, read_config
from testfleet.planning.discovery.pytest_estimate import count_doctests, count_tests
from testfleet.planning.discovery.pytest_modules import rivals
from testfleet.planning.discovery.pytest_rules import CollectionRules, build_rules, in_tree
from testfleet.planning.source_tree import SourceTree

_MODULE_ROOTS: Final = ("", "src/")


class PytestFramework:
    """pytest, as planning sees it."""

    name = "pytest"

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether a pytest configuration applies to the folder, or files are named like tests."""
        if locate_config(tree, [normpath(root)]).file is not None:
            return True
        return bool(self.discover(DiscoveryRequest(tree, root)).units)

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """Find the units. Raises UsageError for a configuration that pytest would refuse."""
        places = _Places.of(request)
        config = _configuration(request, places)
        args = places.parse((*config.words("addopts"), *request.args))
        starts = _starts(places, config, args)
        rules = build_rules(config, args, places.root, (starts, places.sizes))
        paths = [path for path in places.below(starts) if rules.collects(path)]
        units, marks = _look_into(
            request, rules, {path: places.sizes[path] for path in paths}, args
        )
        bonds = Binder(list(units), places.sizes, marks).bind(request.tree, args)
        return Discovery(
            units=tuple(units.values()),
            notes=(_describe(config, starts), *bonds.notes),
            open_ended=_is_open_ended(places, args),
            together=merged(units, rivals(units, places.sizes, args), bonds.together),
        )


@dataclass(frozen=True)
class _Places:
    """The paths of a tree, in the order in which pytest comes upon them."""

    root: str
    sizes: dict[str, int]
    folders: frozenset[str]

    @classmethod
    def of(cls, request: DiscoveryRequest) -> Self:
        # A name that is not UTF-8 fits no contract; the shard that takes the rest collects it.
        files = [file for file in request.tree.paths() if _is_text(file.path)]
        files.sort(key=lambda file: _collection_order(file.path))
        folders = {above for file in files for above in _folders_above(file.path)} | {"."}
        return cls(normpath(request.root), dict(files), frozenset(folders))

    def locate(self, typed: str, *, module: bool = False) -> str | None:
        """Where in the tree a typed path (or, for --pyargs, module name) leads."""
        names = [typed]
        if module:
            slashed = typed.replace(".", "/")
            names += [f"{top}{slashed}{end}" for top in _MODULE_ROOTS for end in ("", ".py")]
        paths = (in_tree(self.root, name) for name in names)
        return next((path for path in paths if self._has(path)), None)

    def parse(self, words: Sequence[str]) -> PytestArgs:
        """Read a command line; its positional arguments become paths in the tree."""
        module = "--pyargs" in words
        args = parse_args(words, lambda word: self.locate(word, module=module) is not None)
        located = (self.locate(path_of(word), module=module) for word in args.positional)
        args.positional = [path for path in located if path is not None]
        return args

    def below(self, starts: Sequence[str]) -> list[str]:
        """The files of the starts, each once, start by start."""
        found: dict[str, None] = {}
        for start in starts:
            prefix = "" if start == "." else f"{start}/"
            if start in self.sizes:
                found[start] = None
            else:
                found |= dict.fromkeys(path for path in self.sizes if path.startswith(prefix))
        return list(found)

    def _has(self, path: str) -> bool:
        return path in self.sizes or path in self.folders


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _collection_order(path: str) -> list[str]:
    """pytest goes by name through files and folders alike, and opens a package by its __init__."""
    parts = path.split("/")
    if parts[-1] == "__init__.py":
        parts[-1] = ""
    return parts


def _folders_above(path: str) -> Iterator[str]:
    while path := dirname(path):
        yield path


def _configuration(request: DiscoveryRequest, places: _Places) -> PytestConfig:
    given = places.parse(request.args)
    named = given.last("--config-file")
    if named is not None:
        path = in_tree(places.root, named)
        found = read_config(request.tree, path) if path in places.sizes else None
        return found or PytestConfig()
    folders = [path if path in places.folders else dirname(path) for path in given.positional]
    common = [commonpath(folders)] if folders else []
    return locate_config(request.tree, [*common, *folders, places.root])


def _starts(places: _Places, config: PytestConfig, args: PytestArgs) -> list[str]:
    """The arguments, or `testpaths`, or the suite's folder: pytest's `Config._decide_args`."""
    if args.positional:
        return args.positional
    rootdir = args.last("--rootdir")
    top = in_tree(places.root, rootdir) if rootdir else config.folder or places.root
    if top != places.root:
        return [places.root]
    return _testpaths(places, config, args) or [places.root]


def _testpaths(places: _Places, config: PytestConfig, args: PytestArgs) -> list[str]:
    patterns = config.with_overrides(args.overrides()).words("testpaths")
    if "--pyargs" in args.flags:
        located = (places.locate(pattern, module=True) for pattern in patterns)
        return [path for path in located if path is not None]
    entries = places.folders | places.sizes.keys()
    return [path for item in patterns for path in expand(in_tree(places.root, item), entries)]


def _look_into(
    request: DiscoveryRequest, rules: CollectionRules, sizes: Mapping[str, int], args: PytestArgs
) -> tuple[dict[str, Unit], dict[str, FileMarks]]:
    """The units of the files, and what their marks say. Each file is read once."""
    units: dict[str, Unit] = {}
    marks: dict[str, FileMarks] = {}
    prefix = order_prefix(args)
    for path, size_bytes in sizes.items():
        is_known_text = path in request.known_tests and not path.endswith(".py")
        source = b"" if is_known_text else request.tree.read(path)
        tests = request.known_tests.get(path)
        if tests is None:
            tests = _count(rules, path, source)
        if tests is None:
            continue
        units[path] = Unit(id=path, size_bytes=size_bytes, tests_estimate=tests)
        said = read_marks(source, prefix) if path.endswith(".py") else None
        if said is not None:
            marks[path] = said
    return units, marks


def _count(rules: CollectionRules, path: str, source: bytes) -> int | None:
    """How many tests the file may hold; None when there is nothing that pytest would collect."""
    tests = count_tests(source) if path.endswith(".py") else 0
    if rules.may_hold_doctests(path):
        tests += count_doctests(source)
    return None if _is_nothing(rules, path, source) else tests


def _is_nothing(rules: CollectionRules, path: str, source: bytes) -> bool:
    if path in rules.starts:
        return False
    if not path.endswith(".py"):
        return b">>>" not in source
    is_setup = basename(path) == "setup.py" and not rules.python_files.match(path)
    return is_setup and (b"setuptools" in source or b"distutils" in source)


def _is_open_ended(places: _Places, args: PytestArgs) -> bool:
    unknown = any(flag.startswith("--") for flag in args.flags - KNOWN_FLAGS)
    asked = "-p" in args.values or "--pyargs" in args.flags or unknown
    return asked or any(basename(path) == "conftest.py" for path in places.sizes)


def _describe(config: PytestConfig, starts: Sequence[str]) -> str:
    source = f"settings of {config.file}" if config.file else "pytest's defaults"
    named = ", ".join(starts[:5]) + (f" and {len(starts) - 5} more" if len(starts) > 5 else "")  # noqa: PLR2004
    return f"looked for test files in {named} by {source}"
