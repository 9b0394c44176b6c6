"""The emulator's state is saved while it runs, and does not grow for ever."""

import json
import threading

import pytest
from ministack.core import persistence
from ministack.services import cloudwatch_logs, stepfunctions

from testfleet.local.checkpoint import Checkpointer, _save_service, trim_history, trim_log


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def executions(monkeypatch):
    for store in (stepfunctions._executions, stepfunctions._map_runs, cloudwatch_logs._log_groups):
        monkeypatch.setattr(store, "_data", {})
    return stepfunctions._executions


def test_a_checkpoint_comes_after_it_was_asked_for():
    saved = threading.Event()
    checkpointer = Checkpointer(saved.set, interval_s=60, settle_s=0)
    checkpointer.start()
    assert not saved.is_set()
    checkpointer.request()
    assert saved.wait(20)


def test_a_checkpoint_comes_without_being_asked_for():
    saved = threading.Event()
    Checkpointer(saved.set, interval_s=0.01, settle_s=0).start()
    assert saved.wait(20)


def test_a_failed_checkpoint_is_followed_by_others():
    calls = []
    twice = threading.Event()

    def save():
        calls.append(1)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        twice.set()

    Checkpointer(save, interval_s=0.01, settle_s=0).start()
    assert twice.wait(20)


def test_state_that_changes_while_it_is_copied_is_saved_at_the_next_try(folder):
    answers = [RuntimeError("dictionary changed size during iteration"), {"a": 1}]

    def get_state():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert _save_service(folder / "s3.json", "s3", get_state)
    assert json.loads((folder / "s3.json").read_text())["payload"] == {"a": 1}


def test_state_that_cannot_be_written_leaves_the_last_one(folder):
    assert _save_service(folder / "s3.json", "s3", lambda: {"a": 1})
    assert not _save_service(folder / "s3.json", "s3", lambda: {"a": object()})
    assert json.loads((folder / "s3.json").read_text())["payload"] == {"a": 1}


def test_a_service_without_state_is_left_alone(folder):
    assert _save_service(folder / "s3.json", "s3", lambda: None)
    assert not (folder / "s3.json").exists()


def test_old_executions_are_forgotten_and_running_ones_are_not(executions):
    for number in range(600):
        executions[f"arn:{number}"] = {"stopDate": f"2026-01-01T00:{number:05}"}
    executions["arn:running"] = {"stopDate": None}
    stepfunctions._map_runs["run:old"] = {"executionArn": "arn:0"}
    stepfunctions._map_runs["run:new"] = {"executionArn": "arn:599"}
    trim_history()
    assert sorted(executions) == sorted([*(f"arn:{n}" for n in range(100, 600)), "arn:running"])
    assert list(stepfunctions._map_runs) == ["run:new"]


def test_old_log_streams_are_forgotten(executions):
    streams = {f"s{number}": {} for number in range(501)}
    cloudwatch_logs._log_groups["/aws/lambda/f"] = {"streams": streams}
    trim_history()
    assert len(streams) == 500
    assert "s0" not in streams
    assert "s500" in streams


def test_a_long_log_keeps_its_end_and_its_writers(tmp_path):
    path = tmp_path / "fleet.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 2_000_000)
        trim_log(path)
        writer.write(b"new\n")
    assert path.stat().st_size == 1_000_004
    assert path.read_bytes().endswith(b"old\nnew\n")


def test_a_short_log_is_left_alone(tmp_path):
    trim_log(tmp_path / "fleet.log")
    (tmp_path / "fleet.log").write_text("line\n")
    trim_log(tmp_path / "fleet.log")
    assert (tmp_path / "fleet.log").read_text() == "line\n"
