"""What git says has changed since a revision."""

import os
import subprocess

import pytest

from testfleet.contracts.change import FileStatus
from testfleet.errors import UsageError
from testfleet.scm.changes import changes_since
from testfleet.scm.working_tree import list_files

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "t"), ("EMAIL", "t@example.org"))
}


def git(root, *args):
    subprocess.run(
        ["git", "-C", root, *args], check=True, capture_output=True, env=os.environ | IDENTITY
    )


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text("one\ntwo\nthree\nfour\n")
    (tmp_path / "b.py").write_text("".join(f"b{n}\n" for n in range(30)))
    (tmp_path / ".gitignore").write_text("*.log\n")
    commit(tmp_path)
    return tmp_path


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "c")


def changes(root, rev="HEAD"):
    return {change.path: change for change in changes_since(root, rev, set(list_files(root)))}


def test_an_untouched_tree_has_no_changes(repository):
    assert changes(repository) == {}


def test_an_uncommitted_edit_tells_its_lines(repository):
    (repository / "a.py").write_text("one\n2\n3\nfour\nfive\n")
    found = changes(repository)["a.py"]
    assert found.status is FileStatus.MODIFIED
    assert (found.added, found.deleted, found.lines) == (3, 2, ((2, 3), (5, 5)))


def test_what_is_staged_untracked_or_deleted_counts_and_what_is_ignored_does_not(repository):
    (repository / "staged.py").write_text("x\n")
    git(repository, "add", "staged.py")
    (repository / "new.py").write_text("x\ny")
    (repository / "x.log").write_text("x")
    (repository / "a.py").unlink()
    found = changes(repository)
    assert {path: change.status for path, change in found.items()} == {
        "a.py": FileStatus.DELETED,
        "new.py": FileStatus.ADDED,
        "staged.py": FileStatus.ADDED,
    }
    assert found["new.py"].lines == ((1, 2),)


def test_a_rename_keeps_its_old_name(repository):
    git(repository, "mv", "b.py", "c.py")
    assert changes(repository)["c.py"].old_path == "b.py"


def test_the_merge_base_counts_not_the_tip_of_the_other_branch(repository):
    git(repository, "switch", "-qc", "feature")
    (repository / "mine.py").write_text("x\n")
    commit(repository)
    git(repository, "switch", "-q", "main")
    (repository / "theirs.py").write_text("x\n")
    commit(repository)
    git(repository, "switch", "-q", "feature")
    assert list(changes(repository, "main")) == ["mine.py"]


def test_a_folder_of_a_repository_sees_only_its_own_changes(repository):
    inner = repository / "inner"
    inner.mkdir()
    (inner / "x.py").write_text("x\n")
    commit(repository)
    (inner / "x.py").write_text("y\n")
    (repository / "a.py").write_text("y\n")
    assert list(changes(inner)) == ["x.py"]


def test_odd_names_and_binary_files_are_read(repository):
    odd = 'a "b"\tü.py'
    (repository / odd).write_text("x\n")
    (repository / "image.bin").write_bytes(b"\0\1")
    commit(repository)
    (repository / odd).write_text("y\n")
    (repository / "image.bin").write_bytes(b"\0\2")
    found = changes(repository)
    assert found[odd].lines == ((1, 1),)
    assert (found["image.bin"].added, found["image.bin"].lines) == (0, ())


def test_lines_that_look_like_heads_of_a_patch_are_lines(repository):
    (repository / "a.py").write_text("one\n++ b/b.py\n@@ -1 +1 @@\nfour\n")
    found = changes(repository)
    assert list(found) == ["a.py"]
    assert found["a.py"].lines == ((2, 3),)


def test_a_persons_git_configuration_changes_nothing(repository):
    for name, value in (("diff.noprefix", "true"), ("color.ui", "always"), ("diff.external", "no")):
        git(repository, "config", name, value)
    (repository / "a.py").write_text("1\ntwo\nthree\nfour\n")
    assert changes(repository)["a.py"].lines == ((1, 1),)


def test_outside_a_repository_the_error_says_so(tmp_path):
    with pytest.raises(UsageError, match="not in a git repository"):
        changes_since(tmp_path, "main", set())


def test_a_folder_that_git_does_not_trust_is_told_in_gits_words(repository, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    with pytest.raises(UsageError, match="dubious ownership") as caught:
        changes(repository)
    assert "git config --global --add safe.directory" in caught.value.hint
    assert "--changed-since" not in str(caught.value)


@pytest.mark.parametrize("rev", ["nowhere", "--all", "HEAD:a.py", ""])
def test_what_names_no_commit_is_refused(repository, rev):
    with pytest.raises(UsageError, match="no commit"):
        changes(repository, rev)


def test_a_repository_without_commits_is_refused(tmp_path):
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="no commit"):
        changes_since(tmp_path, "HEAD", set())


def test_a_shallow_clone_without_the_base_says_how_to_get_it(repository, tmp_path_factory):
    git(repository, "branch", "old")
    git(repository, "commit", "-qm", "more", "--allow-empty")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "-q", "--depth=1", f"file://{repository}", ".")
    with pytest.raises(UsageError, match="shallow clone") as raised:
        changes(clone, "origin/old")
    assert "--unshallow" in raised.value.hint


def test_unrelated_histories_are_refused(repository):
    git(repository, "switch", "-q", "--orphan", "other")
    git(repository, "commit", "-qm", "c", "--allow-empty")
    with pytest.raises(UsageError, match="no common ancestor"):
        changes(repository, "main")
