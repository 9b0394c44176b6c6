"""What of the tree the plugin runs in this process.

Runs in the project's interpreter: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


class Selection:
    """Which files and tests this process runs.

    `root`: the tree. `units`: what to run, files relative to it or node groups of files, which
    `splits` tells. `excluded`: instead, units not to run.
    `done`: node ids that have results already. `only`: the one node id to run, when not None.
    `chosen`: the node ids to run, when there are any: of tests, and of files and folders that could
    not be collected before.
    `fail_fast`: stop at the first failure.
    """

    def __init__(self, values: dict[str, Any], pytest_version: str) -> None:
        self.root = values["root"].rstrip(os.sep) + os.sep
        self.only: str | None = values["only"]
        self.fail_fast: bool = values["fail_fast"]
        self._takes_rest = values["excluded"] is not None
        self._named = set(values["excluded"] if self._takes_rest else values["units"])
        self._groups = {file: _Groups(file, cut) for file, cut in values["splits"].items()}
        parts = [group for file in self._groups.values() for group in file.ids]
        files = self._named.difference(parts)
        for file, groups in self._groups.items():
            # A file is another's only if all of its groups are.
            if (all if self._takes_rest else any)(group in self._named for group in groups.ids):
                files.add(file)
        self._own([str(Path(self.root, file)) for file in files])
        self._done = set(values["done"])
        self._chosen = set(values["chosen"])
        # Before pytest 8, a package is made by collecting its __init__.py.
        self._keep_init = pytest_version.startswith(("6.", "7."))
        self._roots: dict[str, str] = {}

    def find_file_of(self, config: pytest.Config) -> None:
        """Without units, `only` says itself where its file lies."""
        if self.only is not None and not self._files:
            name = self.only.split("::")[0]
            self._own([str(config.rootpath / name), str(config.invocation_params.dir / name)])

    def ignores(self, path: str) -> bool:
        """Whether pytest should not look into the file; into a folder only if it is not ours.

        A link that leads out of the tree was made by a test: the archive has none.
        """
        if Path(path).is_dir():
            return Path(path).is_symlink() and not self._is_within(os.path.realpath(path))
        is_init = self._keep_init and path.endswith(os.sep + "__init__.py")
        return not (self._owns(path) or is_init)

    def owns(self, path: str) -> bool:
        """Whether what comes from this file or folder is this process's to report."""
        return self._owns(path) or (not self._takes_rest and path in self._folders)

    def owns_item(self, item: pytest.Item) -> bool:
        """Whether the test is still to be run here."""
        if item.nodeid in self._done or not self._owns(self.path_of(item)):
            return False
        if self._chosen and not self._is_chosen(item):
            return False
        if self._groups and not self._owns_group(item):
            return False
        return self.only is None or item.nodeid == self.only

    def unit_of(self, path: str) -> str:
        """The file or folder relative to the tree; for a file cut into groups, our first one."""
        name = self._name_of(path)
        groups = self._groups.get(name)
        return next((one for one in groups.ids if self._is_ours(one)), name) if groups else name

    def unit_of_item(self, item: pytest.Item) -> str:
        """The unit that a test belongs to."""
        name = self._name_of(self.path_of(item))
        groups = self._groups.get(name)
        return groups.group_of(item.nodeid) if groups else name

    @staticmethod
    def path_of(node: Any) -> str:
        """A node's file or folder, in old and new pytest."""
        return str(getattr(node, "path", None) or getattr(node, "fspath", ""))

    def problem_of_root(self, config: pytest.Config) -> str:
        """What is wrong when pytest's root is outside of the tree, though nobody asked for that.

        It looks for settings upwards from the tree, and so into folders that anybody may write.
        """
        known = config.known_args_namespace
        if known.rootdir or known.inifilename or self._is_within(os.path.realpath(config.rootpath)):
            return ""
        return (
            "pytest takes %s for the project's root: a pytest.ini, pyproject.toml, tox.ini,"  # noqa: UP031
            " setup.cfg or setup.py is there. Remove it, or set TESTFLEET_WORK_ROOT, before"
            " `testfleet up`, to a folder without any above it" % config.rootpath
        )

    def mimic_import(self, path: str, config: pytest.Config) -> None:
        """Change `sys.path` as the import of a file would that belongs to another shard.

        pytest puts the folder of each test file that it imports there, and files of other folders
        may import helpers by that. The rules are those of `import_path` in `_pytest/pathlib.py`.
        """
        mode = config.getoption("importmode")
        if mode == "importlib" or not _is_imported(path, config):
            return
        root = self._import_root(path.rpartition(os.sep)[0])
        if mode == "prepend" and sys.path[0] != root:
            sys.path.insert(0, root)
        elif mode == "append" and root not in sys.path:
            sys.path.append(root)

    def _import_root(self, folder: str) -> str:
        """The first folder upwards that is no package."""
        root = self._roots.get(folder)
        if root is None:
            is_package = folder != "" and Path(folder, "__init__.py").is_file()
            root = self._import_root(folder.rpartition(os.sep)[0]) if is_package else folder
            self._roots[folder] = root
        return root

    def _is_within(self, path: str) -> bool:
        return (path + os.sep).startswith(os.path.realpath(self.root) + os.sep)

    def _owns(self, path: str) -> bool:
        return (path in self._files) != self._takes_rest

    def _is_chosen(self, item: pytest.Item) -> bool:
        if item.nodeid in self._chosen:
            return True
        return any(node.nodeid in self._chosen for node in item.listchain())

    def _owns_group(self, item: pytest.Item) -> bool:
        groups = self._groups.get(self._name_of(self.path_of(item)))
        return groups is None or self._is_ours(groups.group_of(item.nodeid))

    def _name_of(self, path: str) -> str:
        return path[len(self.root) :] if path.startswith(self.root) else path

    def _is_ours(self, group: str) -> bool:
        return (group in self._named) != self._takes_rest

    def _own(self, files: list[str]) -> None:
        self._files = set(files)
        self._folders: set[str] = set()
        for folder in {file.rpartition(os.sep)[0] for file in files}:
            self._folders.update([folder, *map(str, Path(folder).parents)])


class _Groups:
    """The node groups of one file. A test belongs to the group of its class or function."""

    def __init__(self, file: str, cut: list[list[str]]) -> None:
        count = len(cut) + 1
        self.ids = ["%s::[%d/%d]" % (file, number + 1, count) for number in range(count)]  # noqa: UP031
        self._number = {name: at for at, names in enumerate(cut, start=1) for name in names}

    def group_of(self, nodeid: str) -> str:
        """The group of a test. What no group names belongs to the first."""
        name = nodeid.partition("::")[2].partition("::")[0].partition("[")[0]
        return self.ids[self._number.get(name, 0)]


def _is_imported(path: str, config: pytest.Config) -> bool:
    """Whether pytest imports a file that it comes upon."""
    if not path.endswith(".py"):
        return False
    if getattr(config.option, "doctestmodules", False):
        return True
    name = path.rpartition(os.sep)[2]
    return any(
        fnmatch(path, f"*/{glob}") if "/" in glob else fnmatch(name, glob)
        for glob in config.getini("python_files")
    )
