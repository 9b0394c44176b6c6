"""A fix as a pull request: who is asked, what is pushed, and into a bare repository how."""

import fnmatch
import itertools
import subprocess
import time

import pytest

from testfleet.contracts.pull_request import ChangedFile
from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.errors import UsageError
from testfleet.repair.pull_request import Occasion, changed_lines, draft_pull_request
from testfleet.scm.codeowners import owners_of
from testfleet.scm.git_host import GitRemoteHost

OWNERS = """\
# the last rule that matches counts
*            @everyone
*.py         @python  # with a comment
/docs/*      docs@example.org
apps/        @apps @more
/src/**/deep @deep
src/made.py
with\\ space  @space
!no          @never
[abc]        @never
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@everyone",)),
        ("a/b/c.py", ("@python",)),
        ("docs/a.md", ("docs@example.org",)),
        ("docs/deeper/a.md", ("@everyone",)),
        ("x/apps/y/z.txt", ("@apps", "@more")),
        ("src/a/b/deep/c.txt", ("@deep",)),
        ("src/deep", ("@deep",)),
        ("src/made.py", ()),
        ("with space/x", ("@space",)),
        ("no", ("@everyone",)),
    ],
)
def test_owners_are_those_that_github_would_ask(path, owners):
    assert owners_of([path], {"CODEOWNERS": OWNERS.encode()}.get) == owners


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a*" * 30 + "b", "a" * 200),
        ("*a" * 8 + "b", "a" * 200),
        ("**/x/**/x/**/x/**/y", "x/" * 200 + "z"),
        ("**/x/**/y", "x/" * 200 + "z"),
    ],
)
def test_a_pattern_made_to_be_slow_is_not(pattern, path):
    began = time.process_time()
    assert owners_of([path], {"CODEOWNERS": f"{pattern} @slow\n".encode()}.get) == ()
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("pattern", ["*a*b*c", "a*?c", "*.py", "a*b*", "**", "*a*a"])
def test_stars_match_as_in_a_shell(pattern):
    names = [
        "".join(letters) for n in range(1, 5) for letters in itertools.product("abc", repeat=n)
    ]
    names += ["a.py", "py", ".py"]
    body = {"CODEOWNERS": f"{pattern} @x\n".encode()}.get
    wrong = [n for n in names if bool(owners_of([n], body)) != fnmatch.fnmatchcase(n, pattern)]
    assert wrong == []


def git(root, *args, name="ann"):
    who = ["-c", f"user.name={name}", "-c", f"user.email={name}@example.org"]
    done = subprocess.run(["git", *who, *args], cwd=root, check=True, capture_output=True)
    return done.stdout.decode()


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("one\ntwo\nthree\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "a.py").write_text("one\nTWO\nthree\n")
    (root / "CODEOWNERS").write_text("*.py @owner\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "second", name="bob")
    hook = root / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return root


FILES = {"a.py": (b"one\nTWO\nthree\n", b"one\n2\nthree\n")}
REPORT = FixReport(
    status=FixStatus.FIXED,
    patch="--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-TWO\n+2\n three\n",
    files=("a.py",),
    engine="rewrite",
    template="number",
    consensus=0.9,
    tests=("test_a.py::test_x",),
)
OCCASION = Occasion("E: boom", "It broke since yesterday.", "20260101-000000-abcdef")


def test_a_pull_request_is_one_commit_on_a_pushed_branch_and_a_record(tree, tmp_path):
    host = GitRemoteHost(tree, tmp_path / "pulls", "shop")
    pull = host.open(draft_pull_request(REPORT, FILES, OCCASION, host))
    assert pull.reviewers == ("@owner", "bob@example.org")
    assert (pull.state, pull.number, pull.base) == ("open", 1, "main")
    assert git(host.remote, "rev-list", "--count", f"main..{pull.branch}") == "1\n"
    assert git(host.remote, "show", f"{pull.branch}:a.py") == "one\n2\nthree\n"
    message = git(host.remote, "log", "-1", "--format=%B", pull.branch)
    assert "- test_a.py::test_x" in message
    assert OCCASION.run_id in message
    text = (host.pulls / "1.md").read_text()
    assert all(words in text for words in ("It broke since yesterday", "engine:rewrite", "Proof"))
    assert git(tree, "branch", "--list").split() == ["*", "main"]


def test_the_same_fix_is_one_pull_request_until_somebody_works_on_its_branch(tree, tmp_path):
    host = GitRemoteHost(tree, tmp_path / "pulls", "shop")
    draft = draft_pull_request(REPORT, FILES, OCCASION, host)
    pull = host.open(draft)
    git(tree, "commit", "-q", "--allow-empty", "-m", "the base moves on")
    assert host.open(draft) == pull
    git(host.remote, "branch", "-f", pull.branch, f"{pull.branch}~")
    with pytest.raises(UsageError, match="not this fix alone"):
        host.open(draft)


def test_whoever_was_interrupted_after_the_push_is_followed_up(tree, tmp_path):
    host = GitRemoteHost(tree, tmp_path / "pulls", "shop")
    draft = draft_pull_request(REPORT, FILES, OCCASION, host)
    pull = host.open(draft)
    (host.pulls / "1.json").unlink()
    assert host.open(draft) == pull


def test_in_a_hook_of_git_other_repositories_stay_as_they_are(tree, tmp_path, monkeypatch):
    """Git tells hooks by variables which repository they are about."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    before = (other / ".git" / "config").read_text()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    host = GitRemoteHost(tree, tmp_path / "pulls", "shop")
    pull = host.open(draft_pull_request(REPORT, FILES, OCCASION, host))
    monkeypatch.delenv("GIT_DIR")
    assert (other / ".git" / "config").read_text() == before
    assert git(host.remote, "show", f"{pull.branch}:a.py") == "one\n2\nthree\n"


def test_owners_of_a_project_in_a_folder_are_those_of_the_repository(tree, tmp_path):
    inner = tree / "inner"
    inner.mkdir()
    (inner / "a.py").write_bytes(FILES["a.py"][0])
    (tree / "CODEOWNERS").write_text("/inner/ @inner\n")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "third")
    host = GitRemoteHost(inner, tmp_path / "pulls", "shop")
    token = "ghp_" + 36 * "a"
    draft = draft_pull_request(REPORT, FILES, Occasion(f"E: {token}"), host)
    pull = host.open(draft)
    assert pull.reviewers[0] == "@inner"
    assert token not in (host.pulls / "1.md").read_text()
    assert git(host.remote, "show", f"{pull.branch}:inner/a.py") == "one\n2\nthree\n"


def test_a_clone_with_a_part_of_the_history_is_enough(tree, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tree}", str(shallow))
    host = GitRemoteHost(shallow, tmp_path / "pulls", "shop")
    pull = host.open(draft_pull_request(REPORT, FILES, OCCASION, host))
    assert git(host.remote, "show", f"{pull.branch}:a.py") == "one\n2\nthree\n"


def test_what_was_never_committed_gets_into_no_pull_request(tree, tmp_path):
    host = GitRemoteHost(tree, tmp_path / "pulls", "shop")
    files = {"a.py": (b"uncommitted\n", b"fixed\n")}
    with pytest.raises(UsageError, match="not committed"):
        host.open(draft_pull_request(REPORT, files, OCCASION, host))


def test_a_suggestion_becomes_no_pull_request():
    unsure = REPORT.model_copy(update={"status": FixStatus.SUGGESTED})
    with pytest.raises(UsageError, match="not fixed"):
        draft_pull_request(unsure, FILES, OCCASION, None)


def test_changed_lines_are_those_of_the_old_file():
    patch = "--- a/a.py\n+++ b/a.py\n@@ -3,3 +3,4 @@\n x\n-y\n+z\n w\n+new\n"
    assert changed_lines(patch) == {"a.py": [4, 5]}


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../x", ".git/hooks/x", "a//b", ""])
def test_a_path_outside_the_tree_is_no_file_of_a_commit(path):
    with pytest.raises(ValueError, match="inside the repository"):
        ChangedFile(path=path, old="", new="")
