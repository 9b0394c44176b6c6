"""Two versions of a tree are compared by content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.planning.impact.tree_changes import changed_files
from tests.planning_samples import MemoryTree

FILES = st.dictionaries(st.sampled_from("abcdef"), st.text("xy", max_size=3))


def test_added_deleted_and_modified_files_are_told() -> None:
    old = MemoryTree({"kept.py": "1", "gone.py": "2", "same_size.py": "3", "longer.py": "4"})
    new = MemoryTree({"kept.py": "1", "new.py": "2", "same_size.py": "5", "longer.py": "44"})
    assert changed_files(old, new) == (
        FileChange(path="gone.py", status=FileStatus.DELETED),
        FileChange(path="longer.py", status=FileStatus.MODIFIED),
        FileChange(path="new.py", status=FileStatus.ADDED),
        FileChange(path="same_size.py", status=FileStatus.MODIFIED),
    )


@given(FILES, FILES)
def test_a_file_is_told_exactly_when_it_differs(old: dict[str, str], new: dict[str, str]) -> None:
    told = {change.path for change in changed_files(MemoryTree(old), MemoryTree(new))}
    assert told == {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
