import os
import shutil
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.execution.archive import ArchiveError
from testfleet.execution.manifest import Manifest
from testfleet.execution.tree import Tree, copy_new, copy_over
from tests.execution_samples import pack

FILES = {"a.py": "x = 1\n", "pkg/b.py": "y = 2\n", "pkg/deep/c.txt": "c\n"}


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path.resolve() / "slot" / "project", tmp_path / "manifest.json")


def bring(tree, files, sha256="one", mtime=1_700_000_000):
    archive = tree._manifest.parent / f"{sha256}.tar.gz"
    archive.write_bytes(pack(files, mtime))
    return tree.bring_to(archive, sha256)


def content(tree):
    return {
        path.relative_to(tree.path).as_posix(): path.read_text()
        for path in sorted(tree.path.rglob("*"))
        if path.is_file()
    }


def test_it_holds_the_archive_with_its_times(tree):
    bring(tree, FILES)
    assert content(tree) == FILES
    assert (tree.path / "a.py").stat().st_mtime == 1_700_000_000
    assert (tree.path / "a.py").stat().st_mode & 0o777 == 0o644


def test_the_same_archive_again_touches_nothing(tree):
    bring(tree, FILES)
    before = (tree.path / "a.py").stat().st_ctime_ns
    bring(tree, FILES)
    assert (tree.path / "a.py").stat().st_ctime_ns == before


def test_another_archive_writes_only_what_differs(tree):
    bring(tree, FILES)
    before = (tree.path / "pkg" / "b.py").stat().st_ino
    changed = {"pkg/b.py": "y = 2\n", "a.py": "x = 2\n", "new/d.py": ""}
    bring(tree, changed, "two")
    assert content(tree) == changed
    assert (tree.path / "pkg" / "b.py").stat().st_ino == before
    assert not (tree.path / "pkg" / "deep").exists() or not any(tree.path.glob("pkg/deep/*"))


def test_content_is_compared_although_size_and_time_are_equal(tree):
    bring(tree, {"a.py": "x = 1\n"}, "one")
    bring(tree, {"a.py": "x = 2\n"}, "two")
    assert content(tree) == {"a.py": "x = 2\n"}


def test_a_change_is_seen_although_its_time_was_set_back(tree):
    bring(tree, FILES)
    path = tree.path / "a.py"
    before = path.stat()
    path.write_text("x = 9\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    bring(tree, FILES)
    assert content(tree) == FILES


def damage_nothing(root):
    pass


def delete_all(root):
    shutil.rmtree(root)


def replace_by_link(root):
    shutil.rmtree(root)
    outside = root.parent.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "precious").write_text("keep me")
    root.symlink_to(outside)


def replace_folder_by_link(root):
    shutil.rmtree(root / "pkg")
    (root / "pkg").symlink_to("/etc")


def replace_file_by_folder(root):
    (root / "a.py").unlink()
    (root / "a.py" / "inner").mkdir(parents=True)


def lock_folders(root):
    (root / "pkg" / "deep").chmod(0)
    (root / "pkg").chmod(0)


def add_strangers(root):
    os.mkfifo(root / "fifo")
    (root / "dangling").symlink_to("nowhere")
    (root / "__pycache__").symlink_to("/etc")
    (root / "pkg" / "new").mkdir()
    (root / "pkg" / "new" / "x.py").write_text("")


DAMAGES = [
    damage_nothing,
    delete_all,
    replace_by_link,
    replace_folder_by_link,
    replace_file_by_folder,
    lock_folders,
    add_strangers,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_repaired(tree, damage):
    bring(tree, FILES)
    damage(tree.path)
    bring(tree, FILES)
    assert content(tree) == FILES
    assert {path.name for path in tree.path.iterdir()} == {"a.py", "pkg"}
    outside = tree.path.parent.parent / "outside" / "precious"
    assert not outside.parent.exists() or outside.read_text() == "keep me"


def test_bytecode_is_kept_as_long_as_its_source_stays(tree):
    bring(tree, FILES)
    cache = tree.path / "__pycache__"
    cache.mkdir()
    for name in ("a.cpython-311.pyc", "a.cpython-311-pytest-9.pyc", "gone.cpython-311.pyc", "x"):
        (cache / name).write_text("")
    bring(tree, FILES)
    assert {path.name for path in cache.iterdir()} == {
        "a.cpython-311.pyc",
        "a.cpython-311-pytest-9.pyc",
    }
    bring(tree, {**FILES, "a.py": "x = 3\n"}, "two")
    assert list(cache.iterdir()) == []


def test_a_damaged_manifest_means_a_new_tree(tree):
    bring(tree, FILES)
    tree._manifest.write_text('{"entries": [], "sha256": "one", "notes": []}')
    (tree.path / "stranger").write_text("")
    bring(tree, FILES)
    assert content(tree) == FILES


def test_a_link_out_of_the_tree_is_left_out_and_noted(tree, tmp_path):
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as tar:
        for name, target in (("in", "a/b"), ("out", "/etc/passwd"), ("up", "../x")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    notes = tree.bring_to(archive, "links")
    assert [path.name for path in tree.path.iterdir()] == ["in"]
    assert len(notes) == 2
    assert tree.bring_to(archive, "links") == notes


def test_nothing_is_written_through_a_link_of_the_archive(tree, tmp_path):
    archive = tmp_path / "links.tar"
    (tmp_path / "outside").mkdir()
    with tarfile.open(archive, "w") as tar:
        link = tarfile.TarInfo("folder")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere"
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("folder/file"))
    tree.bring_to(archive, "links")
    assert not (tree.path / "folder").is_symlink()
    assert (tree.path / "folder" / "file").is_file()


def test_a_truncated_archive_is_named_and_not_kept(tree, tmp_path):
    archive = tmp_path / "cut.tar.gz"
    archive.write_bytes(pack({"a": "b" * 10_000})[:60])
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        tree.bring_to(archive, "cut")
    assert not archive.exists()


def test_folders_keep_their_modes(tree, tmp_path):
    archive = tmp_path / "modes.tar"
    with tarfile.open(archive, "w") as tar:
        folder = tarfile.TarInfo("locked")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o555
        tar.addfile(folder)
        tar.addfile(tarfile.TarInfo("locked/file"))
    tree.bring_to(archive, "modes")
    tree.bring_to(archive, "modes")
    assert (tree.path / "locked").stat().st_mode & 0o777 == 0o555
    assert (tree.path / "locked" / "file").exists()


NAMES = st.sampled_from(["a.py", "b.py", "d/a.py", "d/e/f.txt", "g"])
TREES = st.dictionaries(NAMES, st.sampled_from(["", "one\n", "two\n"]), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TREES, TREES), min_size=1, max_size=4))
def test_whatever_was_done_to_it_it_becomes_the_archive(tmp_path_factory, rounds):
    folder = tmp_path_factory.mktemp("any").resolve()
    tree = Tree(folder / "slot" / "project", folder / "manifest.json")
    for number, (files, done_by_tests) in enumerate(rounds):
        bring(tree, files, str(number))
        assert content(tree) == files
        for name, text in done_by_tests.items():
            path = tree.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        bring(tree, files, str(number))
        assert content(tree) == files
        assert Manifest.load(folder / "manifest.json").entries.keys() >= files.keys()


def test_generated_files_are_carried_to_another_tree(tmp_path):
    built, other, overlay = tmp_path / "built", tmp_path / "other", tmp_path / "overlay"
    for name in ("known.py", "pkg/_version.py", "pkg/__pycache__/x.pyc"):
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).write_text(name)
    other.mkdir()
    copy_new(built, {"known.py"}, overlay)
    copy_over(overlay, other)
    found = [path.relative_to(other).as_posix() for path in other.rglob("*") if path.is_file()]
    assert found == ["pkg/_version.py"]


def test_what_hypothesis_computed_is_kept_and_what_it_found_is_not(tree):
    bring(tree, FILES)
    storage = tree.path / ".hypothesis"
    for name in ("unicode_data/15.0/codec", "constants/a1", "examples/b2", "tmp/c3"):
        (storage / name).parent.mkdir(parents=True)
        (storage / name).write_text("")
    bring(tree, FILES)
    assert {path.name for path in storage.iterdir()} == {"unicode_data", "constants"}
    assert (storage / "unicode_data" / "15.0" / "codec").exists()
