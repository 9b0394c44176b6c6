"""What of a working tree is uploaded, and how."""

import io
import os
import subprocess
import tarfile

import pytest

from testfleet.errors import UsageError
from testfleet.scm.left_out import left_out_builds
from testfleet.scm.working_tree import describe_head, fingerprint, list_files, pack


@pytest.fixture
def tree(tmp_path):
    def write(path, text="x"):
        full = tmp_path / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    write(".gitignore", "*.log\nbuild/\n/secret.txt\n")
    write("pkg/.gitignore", "generated.py\n!keep.log\n")
    for path in ("a.py", "a.log", "secret.txt", "build/x.py", "pkg/b.py", "pkg/generated.py"):
        write(path)
    write("pkg/keep.log")
    write("pkg/__pycache__/b.pyc")
    write("env/pyvenv.cfg")
    write("env/lib/huge.py")
    return tmp_path


EXPECTED = [".gitignore", "a.py", "pkg/.gitignore", "pkg/b.py", "pkg/keep.log"]


def git(root, *args):
    subprocess.run(["git", "-C", root, *args], check=True, capture_output=True)


def test_gitignore_is_honoured_without_git(tree):
    assert list_files(tree) == EXPECTED


def test_gitignore_is_honoured_with_git(tree):
    git(tree, "init", "-q")
    git(tree, "add", "a.py")
    assert list_files(tree) == EXPECTED


def test_in_a_hook_of_git_the_tree_is_the_one_that_was_named(tree, tmp_path_factory, monkeypatch):
    git(tree, "init", "-q")
    expected = list_files(tree)
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    (other / "tracked.py").write_text("")
    git(other, "add", ".")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert list_files(tree) == expected


def test_ignored_files_can_be_asked_for(tree):
    assert "pkg/generated.py" in list_files(tree, ["pkg/generated.py"])


def test_a_file_deleted_but_still_tracked_is_not_source(tree):
    git(tree, "init", "-q")
    git(tree, "add", "a.py")
    (tree / "a.py").unlink()
    assert "a.py" not in list_files(tree)


def test_a_nested_repository_is_source_too(tree):
    git(tree, "init", "-q")
    inner = tree / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "c.py").write_text("x")
    assert "vendor/c.py" in list_files(tree)


def test_fifos_and_broken_links_are_left_out(tree):
    os.mkfifo(tree / "pipe")
    (tree / "broken").symlink_to("nowhere")
    assert list_files(tree) == EXPECTED


def names(archive):
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        return {member.name: member for member in packed}


def packed(tree):
    target = io.BytesIO()
    digest = pack(tree, list_files(tree), target)
    return digest, target.getvalue()


def test_packing_the_same_tree_twice_gives_the_same_bytes(tree):
    assert packed(tree) == packed(tree)


def test_an_archive_keeps_modes_and_whole_seconds(tree):
    (tree / "a.py").chmod(0o755)
    os.utime(tree / "a.py", (1, 1234.75))
    member = names(packed(tree)[1])["a.py"]
    assert (member.mode, member.mtime, member.uid) == (0o755, 1234, 0)


def test_a_link_out_of_the_tree_is_packed_as_what_it_points_to(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "data.txt"
    outside.write_text("data")
    (tree / "link.txt").symlink_to(outside)
    (tree / "inner.txt").symlink_to("a.py")
    members = names(packed(tree)[1])
    assert members["link.txt"].isreg()
    assert members["inner.txt"].linkname == "a.py"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tree):
    (tree / "a.py").chmod(0)
    with pytest.raises(UsageError, match=r"a\.py"):
        packed(tree)


def test_the_fingerprint_changes_with_the_content(tree):
    before = fingerprint(tree, EXPECTED)
    assert fingerprint(tree, EXPECTED) == before
    (tree / "a.py").write_text("y")
    assert fingerprint(tree, EXPECTED) != before


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://code.example/owner/name.git", "owner/name"),
        ("https://user@code.example/group/owner/name/", "owner/name"),
        ("git@code.example:owner/name.git", "owner/name"),
        ("ssh://git@code.example:22/owner/name", "owner/name"),
        ("/srv/git/name.git", "here"),
        ("../elsewhere/name", "here"),
    ],
)
def test_a_repository_is_named_after_its_remote_on_a_code_host(tmp_path, remote, expected):
    root = tmp_path / "here"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", remote)
    assert describe_head(root).repository == expected


def test_a_folder_of_a_repository_has_a_name_of_its_own(tmp_path):
    folder = tmp_path / "mono" / "services" / "shop"
    folder.mkdir(parents=True)
    git(tmp_path / "mono", "init", "-q")
    assert describe_head(folder).repository == "mono/services/shop"


def test_a_tree_without_git_is_named_after_its_folder(tmp_path):
    head = describe_head(tmp_path)
    assert (head.commit, head.repository) == (None, tmp_path.name)


def test_ignored_builds_among_the_sources_are_known_to_be_left_out(tree):
    assert left_out_builds(tree, EXPECTED) == []
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    assert left_out_builds(tree, EXPECTED) == ["pkg/generated.py"]
    assert left_out_builds(tree, [*EXPECTED, "pkg/generated.py"]) == []
