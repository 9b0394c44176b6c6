from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.config import load_risk_rules
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.risk import Category, ProjectRisk
from testfleet.errors import UsageError
from testfleet.planning.project import parse_project
from testfleet.scm.commits import commits_before
from testfleet.workflow.risk_report import RiskReport, RiskRequest, risk_notes, risk_since


class Repository:
    """A repository that grows by one commit a day."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.commits: list[str] = []

    def git(self, *args: str, day: int = 0) -> str:
        at = f"{1_700_000_000 + day * 86_400} +0000"
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        env = os.environ | {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at}
        command = ["git", "-C", str(self.root), *who, *args]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=env
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            self.write(name.replace("__", "/") + ".py", text)
        self.git("add", ".")
        self.git("commit", "-qm", "x", "--allow-empty", day=len(self.commits))
        self.commits.append(self.git("rev-parse", "HEAD"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    for at in range(6):
        made.commit(**{"api__fragile" if at % 2 else "api__solid": f"x = {at}\n"})
    return made


def _risk(repository: Repository, outcomes: dict[str, bool] | None = None) -> RiskReport:
    files = frozenset(repository.git("ls-files").splitlines())
    rules = load_risk_rules()
    return risk_since(RiskRequest(repository.root, "HEAD", files, rules, outcomes or {}))


def test_commits_come_oldest_first_with_their_files(repository: Repository) -> None:
    repository.git("mv", "api/solid.py", "api/moved.py")
    repository.commit()

    commits = commits_before(repository.root, "HEAD")

    assert [each.commit for each in commits] == repository.commits
    assert [each.at_s for each in commits] == sorted(each.at_s for each in commits)
    assert (commits[0].files[0].path, commits[0].files[0].added) == ("api/solid.py", 1)
    (moved,) = commits[-1].files
    assert (moved.old_path, moved.path) == ("api/solid.py", "api/moved.py")


def test_a_folder_of_a_repository_knows_its_own_files_only(repository: Repository) -> None:
    repository.commit(elsewhere="x = 1\n")

    commits = commits_before(repository.root / "api", "HEAD")

    assert {file.path for each in commits for file in each.files} == {"solid.py", "fragile.py"}


def test_names_that_git_quotes_are_kept(repository: Repository) -> None:
    repository.write('odd \t"name"\n.py', "x = 1\n")
    repository.commit()

    assert commits_before(repository.root, "HEAD", most=1)[0].files[0].path == 'odd \t"name"\n.py'


def test_an_unknown_revision_and_a_folder_without_git_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git log failed"):
        commits_before(tmp_path, "HEAD")
    Repository(tmp_path).commit()
    with pytest.raises(UsageError, match="nowhere"):
        commits_before(tmp_path, "--nowhere")


def test_the_risk_of_a_working_tree_counts_its_churn(repository: Repository) -> None:
    repository.write("api/fragile.py", "x = 99\n")

    report = _risk(repository)

    assert report.risk.category is Category.HIGH
    assert "api/fragile.py was changed 3 times lately" in report.risk.reasons


def test_past_failures_raise_the_risk_of_the_files_they_followed(repository: Repository) -> None:
    outcomes = {commit: bool(at % 2) for at, commit in enumerate(repository.commits)}
    repository.write("api/fragile.py", "x = 99\n")
    fragile = _risk(repository, outcomes).risk
    repository.git("checkout", "-q", "--", ".")
    repository.write("api/solid.py", "x = 99\n")
    solid = _risk(repository, outcomes).risk

    assert fragile.score > solid.score
    assert fragile.learnt_from == solid.learnt_from == 6
    assert any("3 of 3 changes of api/fragile.py" in reason for reason in fragile.reasons)


def test_the_command_prints_what_a_program_needs(repository: Repository) -> None:
    repository.write("poetry.lock", "x\n")
    outcomes = repository.root.parent / f"{repository.root.name}.csv"
    outcomes.write_text(f"commit,failed\n{repository.commits[0][:10]},1\n")

    done = CliRunner().invoke(
        app, ["risk", "HEAD", str(repository.root), "--json", "--outcomes", str(outcomes)]
    )

    found = json.loads(done.output)
    assert found["recommendation"]["tests"] == "all"
    assert found["recommendation"]["wait"] is True
    assert found["files"] == {"high": 1}
    assert found["learnt_from"] == 1
    assert 0.0 < found["score"] < 1.0


def test_the_repositorys_own_rules_come_first(repository: Repository) -> None:
    repository.write(
        "testfleet.toml",
        '[risk]\nwait_from = 0.01\n[[risk.rules]]\nname = "engine room"\ncategory = "critical"\n'
        'paths = ["toys/*"]\n',
    )
    repository.commit()
    repository.write("toys/a.py", "x = 1\n")

    done = CliRunner().invoke(app, ["risk", "HEAD", str(repository.root)])

    assert "toys/a.py belongs to engine room, category critical" in done.output
    assert "a merge should wait: the score is 0.01 or more" in done.output


def test_a_run_of_a_change_is_told_its_risk_in_one_note() -> None:
    changes = [FileChange(path="api/a.py", status=FileStatus.MODIFIED)]

    (note,) = risk_notes(changes, ProjectRisk())

    assert note.startswith("risk of the change 0.3")
    assert ": api/a.py belongs to API, category high; 0 lines of tests changed" in note
    assert note.endswith("a merge should wait: files of category high changed")
    assert risk_notes(None, ProjectRisk()) == risk_notes([], ProjectRisk()) == ()


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        (b"[risk]\nwait_from = 2", "risk.wait_from", ""),
        (b"[risk]\nwait = 1", "risk.wait: unknown key", "did you mean `wait_from`?"),
        (b'[[risk.rules]]\nname = "x"\npaths = ["a"]', "risk.rules.0.category", ""),
    ],
)
def test_wrong_rules_of_a_repository_are_told(text: bytes, told: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_project(text)

    assert told in str(caught.value)
    assert hint in caught.value.hint
