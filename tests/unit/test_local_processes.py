"""Processes told apart and ended with their children."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from testfleet.local.processes import (
    ProcessId,
    descendants,
    kill_tree,
    memory_mb,
    wait_for_end,
)

PARENT = "import subprocess; subprocess.Popen(['sleep', '60']); print('x', flush=True); input()"


@pytest.fixture
def parent():
    """A process with one child."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    kill_tree(process.pid)
    process.communicate()


def test_a_process_is_told_from_a_later_one_with_the_same_number():
    mine = ProcessId.of(os.getpid())
    assert mine.is_alive()
    assert not mine.model_copy(update={"started": "1"}).is_alive()


def test_a_zombie_is_not_alive():
    child = subprocess.Popen(["true"])
    deadline = time.monotonic() + 20
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert ProcessId.of(child.pid) is None
    child.wait()


def test_there_is_no_process_without_a_number_in_use():
    child = subprocess.Popen(["true"])
    child.wait()
    assert ProcessId.of(child.pid) is None
    assert descendants(child.pid) == []
    assert memory_mb(child.pid) == 0
    kill_tree(child.pid)


def test_killing_a_tree_leaves_nobody(parent):
    (child,) = descendants(parent.pid)
    grandchild = ProcessId.of(child.pid)
    kill_tree(parent.pid)
    assert parent.wait() == -9
    assert wait_for_end(grandchild, 20)


def test_memory_counts_the_children_too(parent):
    (child,) = descendants(parent.pid)
    whole = memory_mb(parent.pid)
    assert whole > memory_mb(child.pid) > 0


def test_waiting_for_a_process_that_goes_on_ends_all_the_same():
    assert not wait_for_end(ProcessId.of(os.getpid()), 0.05)
