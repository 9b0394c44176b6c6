"""Builds the graph of a tree: reads what is new, and joins what all files say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import basename, dirname, splitext
from typing import Final

from testfleet.planning.discovery.globs import whole_path
from testfleet.planning.impact.imports.facts import FactStore, FileFacts, NoStore, Reach, Unknown
from testfleet.planning.impact.imports.files import FileKind, is_in_tests, kind_of
from testfleet.planning.impact.imports.graph import EdgeKind, ImportGraph
from testfleet.planning.impact.imports.installed import PYTEST, InstalledPackages, NothingInstalled
from testfleet.planning.impact.imports.links import Linker, Surroundings, path_roots
from testfleet.planning.impact.imports.modules import INIT, ModuleIndex
from testfleet.planning.impact.imports.packaging import read_packaging
from testfleet.planning.impact.imports.python_source import read_python, read_text
from testfleet.planning.impact.imports.scripts import NoScriptReader, ScriptImports, ScriptReader
from testfleet.planning.impact.imports.session import (
    conftests_above,
    folders_above,
    is_conftest,
    read_session,
)
from testfleet.planning.project import ResolvedSuite, load_project
from testfleet.planning.source_tree import SourceTree

_PACKAGE_FILE: Final = "package.json"


@dataclass(frozen=True)
class GraphRequest:
    """The tree, and what is known of its tests."""

    tree: SourceTree
    suite: ResolvedSuite
    units: tuple[str, ...]
    """Files of the units."""
    framework_args: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    """Files that were deleted or renamed. They stay in the graph, so that who still imports them,
    or would have, is found."""


@dataclass(frozen=True)
class Readers:
    """What makes reading fast, or possible."""

    store: FactStore = field(default_factory=NoStore)
    scripts: ScriptReader = field(default_factory=NoScriptReader)
    installed: InstalledPackages = field(default_factory=NothingInstalled)


def build_graph(request: GraphRequest, readers: Readers | None = None) -> ImportGraph:
    """The dependency graph of a tree. Raises UsageError for a broken pytest configuration."""
    readers = readers or Readers()
    paths = tuple(file.path for file in request.tree.paths())
    scripts = tuple(path for path in paths if kind_of(path) is FileKind.SCRIPT)
    units = frozenset(request.units)
    texts = units.difference(scripts)
    facts, twins = _read_facts(
        request.tree, [p for p in paths if p.endswith(".py") or p in texts], readers.store
    )
    inputs = whole_path(load_project(request.tree).environment.inputs)
    needs, unknown = _python_edges(request, facts, paths, readers.installed)
    for path, imports in readers.scripts.read(scripts).items() if scripts else ():
        needs[path] = dict.fromkeys(_script_targets(path, imports, request.gone), EdgeKind.IMPORT)
        unknown[path] = imports.unknown
    of_tests = _files_of_tests((*paths, *request.gone), units)
    return ImportGraph(
        needs=needs,
        unknown=dict(_that_matter(unknown, of_tests)),
        units=units,
        of_tests=of_tests,
        packages=frozenset(dirname(path) for path in facts if basename(path) == INIT),
        script_packages=_script_packages(paths),
        twins=twins,
        of_environment=frozenset(filter(inputs.match, (*paths, *request.gone))),
    )


def _read_facts(
    tree: SourceTree, paths: Iterable[str], store: FactStore
) -> tuple[dict[str, FileFacts], dict[str, tuple[str, ...]]]:
    """What each file says by itself, and which files are equal.

    The same content is read once, now or in an earlier run.
    """
    known = store.load()
    used: dict[str, FileFacts] = {}
    found: dict[str, FileFacts] = {}
    equal: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        source = tree.read(path)
        read, suffix = (read_python, "") if path.endswith(".py") else (read_text, "-text")
        key = f"{sha256(source).hexdigest()[:32]}{suffix}"
        facts = used.get(key) or known.get(key) or read(source)
        found[path] = used[key] = facts
        if source:
            equal[key].append(path)
    # A few files are read again sooner than all facts are written.
    if len(used.keys() - known.keys()) > len(used) // 100:
        store.save(used)
    groups = [tuple(group) for group in equal.values() if len(group) > 1]
    return found, {path: group for group in groups for path in group}


_Edges = dict[str, dict[str, EdgeKind]]


def _python_edges(
    request: GraphRequest,
    facts: Mapping[str, FileFacts],
    paths: tuple[str, ...],
    installed: InstalledPackages,
) -> tuple[_Edges, dict[str, tuple[Unknown, ...]]]:
    packaging = read_packaging(request.tree)
    session = read_session(request.tree, request.suite, request.framework_args)
    everything = tuple(sorted({*paths, *request.gone}))
    roots = session.roots | path_roots(facts, folders_above(paths))
    modules = ModuleIndex(tuple(facts), tuple(request.gone), packaging.layout(roots))
    linker = Linker(Surroundings(modules, facts, packaging, everything))
    needs = {path: linker.links(path) for path in facts}
    outside = installed.importers_of(packaging.names)
    unknown = {
        path: (*said.unknown, *linker.unresolved(path, outside)) for path, said in facts.items()
    }
    if PYTEST in outside:
        why = Unknown(1, "pytest, which imports this project by itself", Reach.LOADED)
        unknown |= {unit: (*unknown[unit], why) for unit in request.units if unit in facts}
    needs |= dict(linker.folder_links())
    plugins = {
        target
        for name in sorted(session.plugins | packaging.plugins)
        for target in modules.resolve("", name)
    }
    _add_session(
        request, needs, {**_session_wide(facts), **dict.fromkeys(plugins, EdgeKind.PLUGIN)}
    )
    return needs, unknown


def _session_wide(facts: Mapping[str, FileFacts]) -> dict[str, EdgeKind]:
    """The conftest.py files that reach beyond their folder."""
    return {
        path: EdgeKind.CONFTEST
        for path, said in facts.items()
        if is_conftest(path) and (said.rules_session or said.edits_path)
    }


def _add_session(request: GraphRequest, needs: _Edges, session: Mapping[str, EdgeKind]) -> None:
    """Every unit of pytest needs what the session loads, and the conftest.py files above it."""
    conftests = {path for path in (*needs, *request.gone) if is_conftest(path)}
    for unit in request.units:
        if kind_of(unit) is FileKind.SCRIPT or unit not in needs:
            continue
        above = [path for path in conftests_above(unit) if path in conftests]
        for target, kind in (*((path, EdgeKind.CONFTEST) for path in above), *session.items()):
            if target != unit:
                needs[unit].setdefault(target, kind)


def _script_targets(path: str, imports: ScriptImports, gone: frozenset[str]) -> Iterator[str]:
    yield from (target for target in imports.targets if target != path)
    if imports.missing and gone:
        stems = {specifier.rstrip("/").rpartition("/")[2] for specifier in imports.missing}
        stems |= {splitext(stem)[0] for stem in stems}
        for old in sorted(gone):
            stem = splitext(basename(old))[0]
            if stem in stems or (stem == "index" and basename(dirname(old)) in stems):
                yield old


def _files_of_tests(paths: Iterable[str], units: frozenset[str]) -> frozenset[str]:
    """Units, conftest.py files, what lies beside a unit, and what lies in a folder of tests."""
    folders = {dirname(unit) for unit in units}
    return frozenset(
        path for path in paths if dirname(path) in folders or is_conftest(path) or is_in_tests(path)
    )


def _that_matter(
    unknown: Mapping[str, tuple[Unknown, ...]], of_tests: frozenset[str]
) -> Iterator[tuple[str, tuple[Unknown, ...]]]:
    for path, entries in unknown.items():
        kept = tuple(
            sorted(one for one in entries if path in of_tests or one.reach is not Reach.IF_TEST)
        )
        if kept:
            yield path, kept


def _script_packages(paths: Iterable[str]) -> frozenset[str]:
    paths = tuple(paths)
    with_python = folders_above(path for path in paths if path.endswith(".py"))
    found = {dirname(path) for path in paths if basename(path) == _PACKAGE_FILE}
    return frozenset(found - with_python)
