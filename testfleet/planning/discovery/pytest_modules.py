"""Test files that fight over one module name when pytest imports them.

In the import modes `prepend` and `append`, of two files that are imported under the same top-level
name from different folders only the first can be. At home pytest says so; in two shards neither
would see the other. So they go to one shard: the rules are those of `import_path` in
`_pytest/pathlib.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from posixpath import dirname, join

from testfleet.planning.discovery.pytest_args import PytestArgs


def rivals(
    paths: Iterable[str], files: Container[str], args: PytestArgs
) -> tuple[tuple[str, ...], ...]:
    """Groups of test files, each of which one shard must have whole. `files`: all of the tree."""
    if args.last("--import-mode") == "importlib":
        return ()
    roots: dict[str, str] = {}
    named: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        if path.endswith(".py"):
            root = _import_root(dirname(path), files, roots)
            top = path.removeprefix(f"{root}/" if root else "").split("/")[0]
            named[top.removesuffix(".py")][root].append(path)
    return tuple(
        tuple(path for paths in by_root.values() for path in paths)
        for by_root in named.values()
        if len(by_root) > 1
    )


def _import_root(folder: str, files: Container[str], known: dict[str, str]) -> str:
    """The first folder upwards that is no package; "" for the root of the tree."""
    root = known.get(folder)
    if root is None:
        is_package = folder != "" and join(folder, "__init__.py") in files
        root = _import_root(dirname(folder), files, known) if is_package else folder
        known[folder] = root
    return root
