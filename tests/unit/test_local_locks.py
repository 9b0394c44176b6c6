"""Locks between processes."""

import os
import subprocess
import sys

import pytest

from testfleet.errors import FleetError
from testfleet.local.locks import FileLock, exclusive

HOLD = """
import sys, time
from pathlib import Path
from testfleet.local.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lock_is_free_again_once_its_holder_was_killed(tmp_path, holder):
    lock = FileLock(tmp_path / "lock")
    assert not lock.acquire()
    assert lock.is_held()
    holder.kill()
    holder.wait()
    assert not lock.is_held()
    assert lock.acquire()
    lock.release()


def test_the_lock_names_its_holder(tmp_path, holder):
    assert FileLock(tmp_path / "lock").holder() == str(holder.pid)


def test_waiting_for_too_long_names_the_process_that_is_waited_for(tmp_path, holder):
    said = []
    with (
        pytest.raises(FleetError, match=f"pid {holder.pid}") as error,
        exclusive(tmp_path / "lock", 0.1, said.append),
    ):
        pass
    assert error.value.hint == f"wait for it, or end it: kill {holder.pid}"
    assert len(said) == 1


def test_who_waits_goes_on_when_the_other_has_ended(tmp_path, holder):
    def end_other(_message):
        holder.kill()
        holder.wait()

    with exclusive(tmp_path / "lock", 20, end_other):
        assert FileLock(tmp_path / "lock").holder() == str(os.getpid())


def test_asking_whether_a_lock_is_held_does_not_make_it(tmp_path):
    assert not FileLock(tmp_path / "lock").is_held()
    assert not (tmp_path / "lock").exists()


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_lock_without_a_readable_pid_is_held_by_somebody_unknown(tmp_path, content):
    if content is not None:
        (tmp_path / "lock").write_bytes(content)
    assert FileLock(tmp_path / "lock").holder() == "unknown"


def test_a_child_process_does_not_inherit_the_lock(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire()
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    lock.release()
    assert not lock.is_held()
    child.kill()
    child.wait()
