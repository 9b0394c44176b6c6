"""Nothing outlives the daemon, and nothing outlives its worker."""

import os
import subprocess
import sys

import pytest

from testfleet.local.processes import ProcessId, wait_for_end
from testfleet.local.tether import PARENT_VARIABLE, TETHER

# A worker that is killed when it has started a process in a session of its own.
ADOPTING = """
import os, subprocess, sys, time
from testfleet.local.orphans import ChildProcesses, adopt_orphans
adopt_orphans()
processes = ChildProcesses()
kept = processes.popen(['sleep', '60'])
worker = processes.popen(
    [sys.executable, '-c', '''
import subprocess, time
left = subprocess.Popen(["sleep", "60"], start_new_session=True)
print(left.pid, flush=True)
time.sleep(60)
'''], stdout=subprocess.PIPE)
left = int(worker.stdout.readline())
worker.kill()
worker.wait()
processes.worker_ended()
deadline = time.monotonic() + 20
while os.path.exists(f'/proc/{left}') and time.monotonic() < deadline:
    time.sleep(0.02)
print(os.path.exists(f'/proc/{left}'), kept.poll(), flush=True)
kept.kill()
os._exit(0)
"""
TETHERED = f"{TETHER}\nprint('tethered', flush=True)\nimport time; time.sleep(60)\n"
PARENT = f"""
import os, subprocess, sys, threading
os.environ["{PARENT_VARIABLE}"] = str(os.getpid())
child = subprocess.Popen([sys.executable, "-c", {TETHERED!r}], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
threading.Event().wait()
"""


def test_what_a_killed_worker_leaves_is_ended_and_what_still_works_is_not():
    done = subprocess.run(
        [sys.executable, "-c", ADOPTING], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False None\n"


def test_a_worker_dies_with_a_daemon_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = ProcessId.of(int(parent.stdout.readline()))
    assert child.is_alive()
    parent.kill()
    parent.communicate()
    assert wait_for_end(child, 20)


@pytest.mark.parametrize("pid", [1, os.getppid()])
def test_a_worker_whose_daemon_has_died_before_it_began_does_not_begin(pid):
    done = subprocess.run(
        [sys.executable, "-c", TETHERED],
        env=os.environ | {PARENT_VARIABLE: str(pid)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
