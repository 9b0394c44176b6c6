"""Trees as dicts, and what a change of them selects."""

from textwrap import dedent

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.run import Mode
from testfleet.planning.discovery.discover import discover
from testfleet.planning.impact.selection import select_units
from testfleet.planning.project import load_project, resolve_suite
from testfleet.planning.source_tree import TreeFile


class Sources:
    """A tree in memory."""

    def __init__(self, files):
        self._files = {path: dedent(text).encode() for path, text in sorted(files.items())}

    def paths(self):
        return [TreeFile(path, len(content)) for path, content in self._files.items()]

    def read(self, path):
        return self._files[path]


def modified(*paths):
    return [FileChange(path=path, status=FileStatus.MODIFIED) for path in paths]


def deleted(*paths):
    return [FileChange(path=path, status=FileStatus.DELETED) for path in paths]


def renamed(old, new):
    return [FileChange(path=new, status=FileStatus.RENAMED, old_path=old)]


def selection(files, changes, options=None):
    """What the changes select of the tree's own units."""
    tree = Sources(files)
    suite = resolve_suite(load_project(tree), None, Mode.FULL)
    units = discover(tree, suite, (), {}).units
    return select_units(tree, suite, units, changes, options)


def selected(files, *changed):
    """Ids of the units that a change of these files selects."""
    return set(selection(files, modified(*changed)).selected)
