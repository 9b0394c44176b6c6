import os
import subprocess
import sys
import time

import psutil
import pytest

from testfleet.execution.host import MARKER
from testfleet.execution.processes import Family, become_subreaper, carriers_of


@pytest.fixture
def family():
    become_subreaper()
    made = Family(f"test/{os.getpid()}")
    yield made
    made.kill()
    while STARTED:
        STARTED.pop().wait()


STARTED = []


def start(family, code, **options):
    environment = {**os.environ, MARKER: family.marker}
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        **options,
    )
    STARTED.append(process)
    family.root = process.pid
    assert process.stdout is not None
    process.stdout.readline()
    return process


SLEEP = "import time; print(flush=True); time.sleep(60)"
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sh", ["sh", "-c", "echo; exec sleep 60"], {})
    os._exit(0)
os.wait()
time.sleep(60)
"""
STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
)


def test_a_process_that_was_started_is_a_member(family):
    process = start(family, SLEEP)
    assert family.members() == {process.pid}
    assert list(carriers_of(family.marker)) == [process.pid]
    family.kill()
    assert family.all_members() == set()


def test_a_daemon_without_session_parent_or_environment_is_found_and_ended(family):
    process = start(family, DAEMON)
    wait_for(lambda: "sleep" in {psutil.Process(pid).name() for pid in family.members()})
    ended = family.end(frozenset({process.pid}))
    assert [each.name for each in ended] == ["sleep"]


def test_what_ignores_sigterm_is_killed(family):
    process = start(family, STUBBORN)
    assert len(family.end()) == 1
    assert process.wait() == -9


def test_what_was_there_before_is_left_alone(family):
    other = subprocess.Popen(["sleep", "60"])
    try:
        before = Family("test/other")
        assert other.pid not in before.members()
        before.kill()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_memory_is_measured_over_all_members(family):
    code = "x = bytearray(50_000_000); print(flush=True); import time; time.sleep(60)"
    start(family, code)
    assert 50 < family.memory_mb() < 100
    assert 45 < family.exact_memory_mb() < 100


def test_adopted_processes_that_died_are_reaped(family):
    others = zombies()
    process = start(family, "import os\nif os.fork() == 0: os._exit(0)\nprint(flush=True)")
    process.wait()
    family.reap_orphans()
    wait_for(lambda: family.reap_orphans() or zombies() <= others)


def wait_for(condition, patience_s=10.0):
    give_up = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def zombies():
    """Ids of this process's children that died and were not waited for."""
    children = psutil.Process().children()
    return {child.pid for child in children if child.status() == psutil.STATUS_ZOMBIE}
