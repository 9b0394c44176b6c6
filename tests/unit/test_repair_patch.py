"""A patch goes into the tree byte for byte, and out again."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.repair import FixReport, FixStatus, SuspiciousLine, TextEdit
from testfleet.errors import UsageError
from testfleet.repair.applying import apply_files, undo
from testfleet.repair.branch import commit_fix
from testfleet.repair.patch import dirty_files, unified_diff
from testfleet.repair.sources import apply_edits, read_source

LINES = st.lists(st.sampled_from(["a\n", "b\r\n", "c\n", "\tx = 1\n", "\f\n"]), max_size=6)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").write_bytes(b"x = 1\r\n")
    return root


@given(LINES, LINES, st.sampled_from(["", "end", "end\r"]))
def test_git_applies_the_diff_to_the_very_bytes(tmp_path_factory, old, new, tail):
    root = tmp_path_factory.mktemp("git")
    before, after = "".join(old) + "z\n", "".join(new) + "z\n" + tail
    (root / "a.py").write_bytes(before.encode())
    patch = unified_diff("a.py", before, after)
    if patch:
        git = ["git", "apply", "--whitespace=nowarn", "--unidiff-zero", "-"]
        subprocess.run(git, input=patch.encode(), cwd=root, check=True)
    assert (root / "a.py").read_bytes() == after.encode()


def test_an_applied_fix_can_be_undone_once(tree, tmp_path):
    record = tmp_path / "record.json"
    apply_files(tree, {"a.py": (b"x = 1\r\n", b"x = 2\r\n")}, record)
    assert (tree / "a.py").read_bytes() == b"x = 2\r\n"
    assert undo(tree, record) == ["a.py"]
    assert (tree / "a.py").read_bytes() == b"x = 1\r\n"
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(tree, record)


def test_a_file_that_changed_meanwhile_is_not_overwritten(tree, tmp_path):
    record = tmp_path / "record.json"
    with pytest.raises(UsageError, match="has changed while"):
        apply_files(tree, {"a.py": (b"x = 0\r\n", b"x = 2\r\n")}, record)
    apply_files(tree, {"a.py": (b"x = 1\r\n", b"x = 2\r\n")}, record)
    (tree / "a.py").write_bytes(b"x = 3\r\n")
    with pytest.raises(UsageError, match="was changed after"):
        undo(tree, record)


def test_a_file_outside_the_tree_is_not_written_through_a_link(tree, tmp_path):
    (tmp_path / "shared.py").write_bytes(b"x = 1\n")
    (tree / "linked.py").symlink_to(tmp_path / "shared.py")
    with pytest.raises(UsageError, match="leads out of"):
        apply_files(tree, {"linked.py": (b"x = 1\n", b"x = 2\n")}, tmp_path / "record.json")
    assert (tmp_path / "shared.py").read_bytes() == b"x = 1\n"


def test_uncommitted_changes_are_seen(tree):
    assert dirty_files(tree, ["a.py"]) == []
    for args in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *args], cwd=tree, check=True)
    assert dirty_files(tree, ["a.py"]) == ["a.py"]


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1\r\n",
        "# -*- coding: latin-1 -*-\nx = '\u00e9'\n".encode("latin-1"),
        b"\xef\xbb\xbfx = 1\n",
        "x = '\u20ac'".encode(),
    ],
)
def test_sources_come_back_as_they_were(content):
    source = read_source(content)
    assert source is not None
    assert source.encode(source.text) == content


def test_what_python_could_not_decode_is_no_source():
    assert read_source(b"x = '\xff'\n") is None
    assert read_source(b"# coding: klingon\nx = 1\n") is None


def test_edits_of_one_file_do_not_move_each_other():
    edits = [
        TextEdit(path="a.py", start=4, end=5, text="22"),
        TextEdit(path="a.py", start=0, end=1, text="long"),
    ]
    assert apply_edits("x = 1\n", edits) == "long = 22\n"


@pytest.fixture
def repository(tree):
    for args in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "a"],
        ["config", "user.email", "a@example.com"],
        ["add", "."],
        ["commit", "-qm", "first"],
    ):
        subprocess.run(["git", *args], cwd=tree, check=True)
    return tree


REPORT = FixReport(
    status=FixStatus.FIXED,
    patch="-x = 1\n+x = 2\n",
    files=("a.py",),
    template="number",
    tests=("test_a.py::test_x",),
    localisation=(SuspiciousLine(path="a.py", line=1, score=1.0, reasons=("it runs",)),),
)


def test_a_fix_becomes_one_commit_and_the_tree_stays(repository):
    name = commit_fix(repository, REPORT, {"a.py": (b"x = 1\r\n", b"x = 2\r\n")})
    shown = subprocess.run(
        ["git", "show", name, "main..", name], cwd=repository, check=True, capture_output=True
    ).stdout
    assert name.startswith("fix/auto-generated-")
    assert b"+x = 2\r" in shown
    assert b"- test_a.py::test_x" in shown
    assert b"a.py:1: it runs" in shown
    assert (repository / "a.py").read_bytes() == b"x = 1\r\n"
    status = ["git", "status", "--porcelain"]
    assert not subprocess.run(status, cwd=repository, check=True, capture_output=True).stdout


def test_work_on_the_branch_of_a_fix_is_not_thrown_away(repository):
    files = {"a.py": (b"x = 1\r\n", b"x = 2\r\n")}
    name = commit_fix(repository, REPORT, files)
    assert commit_fix(repository, REPORT, files) == name
    tree = subprocess.check_output(["git", "rev-parse", "HEAD:"], cwd=repository, text=True).strip()
    mine = ["git", "commit-tree", tree, "-p", name, "-m", "mine"]
    tip = subprocess.check_output(mine, cwd=repository, text=True).strip()
    subprocess.run(["git", "branch", "-qf", name, tip], cwd=repository, check=True)
    with pytest.raises(UsageError, match="already"):
        commit_fix(repository, REPORT, files)


def test_a_file_whose_name_git_would_quote_gets_into_the_commit(repository):
    (repository / 'caf\u00e9 "x".py').write_bytes(b"y = 1\n")
    for args in (["add", "."], ["commit", "-qm", "second"]):
        subprocess.run(["git", *args], cwd=repository, check=True)
    name = commit_fix(repository, REPORT, {'caf\u00e9 "x".py': (b"y = 1\n", b"y = 2\n")})
    diff = ["git", "diff", "--name-status", "-z", "HEAD", name]
    shown = subprocess.check_output(diff, cwd=repository).decode()
    assert shown.split("\0")[:-1] == ["M", 'caf\u00e9 "x".py']


def test_what_is_not_committed_gets_into_no_commit(repository):
    (repository / "a.py").write_bytes(b"x = 7\r\n")
    with pytest.raises(UsageError, match="not committed"):
        commit_fix(repository, REPORT, {"a.py": (b"x = 7\r\n", b"x = 2\r\n")})
    with pytest.raises(UsageError, match="is not in HEAD"):
        commit_fix(repository, REPORT, {"b.py": (b"", b"x = 2\r\n")})


def test_a_git_that_cannot_tell_is_not_taken_for_a_clean_tree(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".git" / "index").write_bytes(b"not an index")
    (tmp_path / "a.py").write_text("x\n", "utf-8")
    with pytest.raises(UsageError, match="git does not tell"):
        dirty_files(tmp_path, ["a.py"])


TWO = {"a.py": (b"x = 1\r\n", b"x = 2\r\n"), "b.py": (b"y = 1\n", b"y = 2\n")}


@pytest.fixture
def pair(tree):
    (tree / "b.py").write_bytes(b"y = 1\n")
    return tree


def test_an_apply_that_was_killed_half_way_can_be_undone(pair, tmp_path, monkeypatch):
    record = tmp_path / "record.json"
    replace = Path.replace

    def die_at_the_second(self, target):
        if target == (pair / "b.py"):
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        apply_files(pair, TWO, record)
    monkeypatch.undo()
    assert (pair / "a.py").read_bytes() == b"x = 2\r\n"
    assert undo(pair, record) == ["a.py"]
    assert [(pair / name).read_bytes() for name in TWO] == [old for old, _ in TWO.values()]


def test_an_apply_that_fails_changes_nothing_and_keeps_the_earlier_journal(
    pair, tmp_path, monkeypatch
):
    record = tmp_path / "record.json"
    (pair / "c.py").write_bytes(b"z = 1\n")
    apply_files(pair, {"c.py": (b"z = 1\n", b"z = 2\n")}, record)
    replace = Path.replace

    def fail_at_the_second(self, target):
        if target == pair / "b.py":
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_second)
    with pytest.raises(UsageError, match="nothing was changed"):
        apply_files(pair, TWO, record)
    monkeypatch.undo()
    assert (pair / "a.py").read_bytes() == b"x = 1\r\n"
    assert undo(pair, record) == ["c.py"]


def test_mode_and_other_names_of_a_file_stay(pair, tmp_path):
    (pair / "a.py").chmod(0o754)
    os.link(pair / "b.py", pair / "twin.py")
    apply_files(pair, TWO, tmp_path / "record.json")
    assert (pair / "a.py").stat().st_mode & 0o777 == 0o754
    assert (pair / "twin.py").read_bytes() == b"y = 2\n"
    assert sorted(path.name for path in pair.iterdir()) == ["a.py", "b.py", "twin.py"]
