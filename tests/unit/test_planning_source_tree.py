import gzip
import tarfile
from pathlib import Path

import pytest

from testfleet.errors import UsageError
from testfleet.planning.source_tree import ArchiveTree, DirectoryTree, TreeFile
from tests.planning_samples import make_archive


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def test_directory_tree_gives_the_listed_files_with_sizes_sorted(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("bb")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "c.py").write_text("c")
    (tmp_path / "not_listed.py").write_text("x")
    tree = DirectoryTree(tmp_path, ["b.py", "a/c.py", "gone.py", "a"])
    assert list(tree.paths()) == [TreeFile("a/c.py", 1), TreeFile("b.py", 2)]
    assert tree.read("a/c.py") == b"c"


def test_directory_tree_does_not_read_what_was_not_listed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    with pytest.raises(KeyError):
        DirectoryTree(tmp_path, []).read("secret")


def test_a_file_that_vanished_since_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    tree = DirectoryTree(tmp_path, ["a.py"])
    (tmp_path / "a.py").unlink()
    with pytest.raises(UsageError, match=r"cannot read a\.py: No such file"):
        tree.read("a.py")


def test_archive_tree_reads_members_in_any_order() -> None:
    archive = make_archive({"./b.py": b"bb", "a/c.py": b"c"})
    with ArchiveTree(archive) as tree:
        assert list(tree.paths()) == [TreeFile("a/c.py", 1), TreeFile("b.py", 2)]
        assert (tree.read("b.py"), tree.read("a/c.py"), tree.read("b.py")) == (b"bb", b"c", b"bb")


def test_archive_tree_reads_from_a_path_and_strips_the_top_folder(tmp_path: Path) -> None:
    path = tmp_path / "source.tar.gz"
    path.write_bytes(make_archive({"repo-sha/tests/test_a.py": b"x"}))
    with ArchiveTree(path, strip=1) as tree:
        assert [file.path for file in tree.paths()] == ["tests/test_a.py"]


def test_links_inside_the_tree_count_as_their_targets() -> None:
    archive = make_archive(
        {
            "real/test_a.py": b"abc",
            "soft/test_b.py": link("soft/test_b.py", "../real/test_a.py"),
            "hard.py": link("hard.py", "real/test_a.py", tarfile.LNKTYPE),
            "broken.py": link("broken.py", "nowhere.py"),
            "loop.py": link("loop.py", "loop.py"),
        }
    )
    with ArchiveTree(archive) as tree:
        sizes = {file.path: file.size_bytes for file in tree.paths()}
        assert sizes == {"real/test_a.py": 3, "soft/test_b.py": 3, "hard.py": 3}
        assert tree.read("soft/test_b.py") == b"abc"


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (tarfile.TarInfo("../evil.py"), "reaches out of its tree"),
        (tarfile.TarInfo("/etc/evil"), "reaches out of its tree"),
        (link("a/l", "../../etc/passwd"), r"a/l leads to a/\.\./\.\./etc/passwd"),
        (link("l", "/etc/passwd"), "leads to /etc/passwd"),
        (link("h", "../x", tarfile.LNKTYPE), "reaches out of its tree"),
        (link("dev", "", tarfile.CHRTYPE), "device or pipe: dev"),
        (link("pipe", "", tarfile.FIFOTYPE), "device or pipe: pipe"),
    ],
)
def test_an_archive_that_could_reach_out_of_its_tree_is_refused(
    member: tarfile.TarInfo, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        ArchiveTree(make_archive({"ok.py": b"x", member.name: member}))


@pytest.mark.parametrize(
    "junk",
    [b"", b"no gzip", gzip.compress(b"no tar" * 200), make_archive({"a": b"x" * 5000})[:-40]],
    ids=["empty", "text", "not-tar", "cut"],
)
def test_what_is_not_a_tar_gz_is_a_clear_error(junk: bytes) -> None:
    with pytest.raises(UsageError, match="the source archive is not a readable tar"):
        ArchiveTree(junk)


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testfleet.planning.source_tree.MAX_UNPACKED_BYTES", 100_000)
    bomb = make_archive({"zeros": b"\0" * 3_000_000})
    with pytest.raises(UsageError, match="unpacks to more than 100000 bytes"):
        ArchiveTree(bomb)
