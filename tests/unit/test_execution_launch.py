import os
import signal

import pytest

from testfleet.execution.launch import Child, Command, Events
from testfleet.execution.processes import become_subreaper


@pytest.fixture
def start(tmp_path):
    """Start a command; `start.events` and `start.output()` tell of it."""
    become_subreaper()
    events = Events(tmp_path / "events")
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def start(*argv, file_mb=10):
        return Child(Command(argv, tmp_path, dict(os.environ), file_mb), events, log)

    start.events = events
    start.output = lambda: os.pread(log, 10_000, 0).decode()
    yield start
    events.close()
    os.close(log)


def end_of(child, events):
    over = False
    while not over:
        over = child.wait(5.0)
        for event in events.read():
            if event["kind"] == "spawned":
                child.attach(event["pid"])
    return child.status()


@pytest.mark.parametrize("status", [0, 3, 137])
def test_an_exit_status_is_known_however_soon_it_comes(start, status):
    for _ in range(20):
        assert end_of(start("/bin/sh", "-c", f"exit {status}"), start.events) == status


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_signal_is_told_from_an_exit_status(start, number):
    child = start("/bin/sh", "-c", f"kill -{number.value} $$")
    assert end_of(child, start.events) == -number


def test_a_killed_parent_hides_nothing(start):
    child = start("/bin/sh", "-c", "kill -9 $PPID; exit 5")
    assert end_of(child, start.events) == 5


def test_a_command_that_cannot_be_executed_says_so(start):
    assert end_of(start("/no/such/command"), start.events) == 127
    assert "/no/such/command" in start.output()


def test_the_command_has_its_limits_and_no_input(start):
    child = start("/bin/sh", "-c", "cat; ulimit -f; ulimit -c; cat /proc/self/oom_score_adj")
    assert end_of(child, start.events) == 0
    assert start.output().split() == [str(10 * 2048), "0", "1000"]


def test_the_command_is_in_a_session_of_its_own(start):
    child = start("/bin/sh", "-c", "cut -d' ' -f6 /proc/$$/stat")
    assert end_of(child, start.events) == 0
    assert int(start.output()) == child.guard_pid
