"""What the command line accepts, refuses and answers, before any fleet is needed."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from testfleet.cli.main import split_framework_args
from testfleet.cli.run_command import exit_code
from testfleet.contracts.report import Cost, RunReport, RunStatus, Totals
from testfleet.contracts.result import WorkerError, WorkerErrorType


def command(*args, cwd=None):
    done = subprocess.run(
        [Path(sys.executable).with_name("testfleet"), *args],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done


def report(status, *kinds):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    errors = tuple(WorkerError(type=kind, message="m") for kind in kinds)
    return RunReport(
        run_id="r", repository="r", suite="s", mode="full", status=status, commit=None,
        started_at=moment, finished_at=moment, wall_s=0, serial_s=0, lower_bound_s=0, workers=1,
        shards=(), totals=Totals(), tests=(), errors=errors, cost=Cost(usd=0, by_service={}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (RunStatus.PASSED, None, 0),
        (RunStatus.FAILED, None, 1),
        (RunStatus.INCOMPLETE, WorkerErrorType.WORKER_LOST, 3),
        (RunStatus.REJECTED, WorkerErrorType.CONFIGURATION, 2),
        (RunStatus.REJECTED, WorkerErrorType.NOTHING_TO_RUN, 5),
        (RunStatus.REJECTED, None, 5),
    ],
)
def test_each_way_to_end_has_its_exit_code(status, kind, code):
    assert exit_code(report(status, *([kind] if kind else []))) == code


@pytest.mark.parametrize(
    ("argv", "ours", "theirs"),
    [
        (["run", ".", "--", "-k", "a"], ["run", "."], ("-k", "a")),
        (["run", "--", "--", "x"], ["run"], ("--", "x")),
        (["run", "."], ["run", "."], ()),
    ],
)
def test_what_follows_two_dashes_is_the_frameworks(argv, ours, theirs):
    assert split_framework_args(argv) == (ours, theirs)


@pytest.mark.parametrize("name", ["up", "down", "status", "run", "plan", "logs", "runs"])
def test_every_command_explains_itself(name):
    done = command(name, "--help")
    assert done.returncode == 0
    assert f"Usage: testfleet {name}" in done.stdout


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["run", "nowhere"], "does not exist"),
        (["run", __file__], "is a file"),
        (["run", "--shards", "0"], "from 1"),
        (["run", "--mode", "half"], "lightweight"),
        (["run", "--env", "mars"], "local"),
        (["run", "--report", "nowhere/r.json"], "folder that exists"),
        (["fly"], "No such command"),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_is_allowed(args, word, tmp_path):
    (tmp_path / "test_a.py").write_text("def test_a(): pass")
    done = command(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[suites.unit]\nspeed = 3\n", ["testfleet.toml", "suites.unit.speed", "unknown key"]),
        ("[suites.unit]\nroot = 3\n", ["testfleet.toml", "suites.unit.root", "string"]),
        ("[suites\n", ["testfleet.toml"]),
    ],
)
def test_a_bad_project_file_names_the_file_the_key_and_what_was_expected(tmp_path, text, words):
    (tmp_path / "testfleet.toml").write_text(text)
    done = command("run", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert [word for word in words if word not in done.stderr] == []


def test_an_unknown_suite_names_those_there_are(tmp_path):
    (tmp_path / "testfleet.toml").write_text("[suites.unit]\n[suites.api]\n")
    done = command("run", ".", "--suite", "web", cwd=tmp_path)
    assert done.returncode == 2
    assert "unit" in done.stderr
    assert "api" in done.stderr
