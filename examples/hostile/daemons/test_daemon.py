import os
import time


TICK_S = 0.05  # the kernel dates processes coarsely, and a note names the test that started one


def daemonise(environment):
    time.sleep(TICK_S)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execve("/bin/sleep", ["sleep", "3600"], environment)
        os._exit(0)


def test_leaves_a_daemon():
    daemonise(dict(os.environ))


def test_leaves_a_daemon_without_environment():
    daemonise({})
    time.sleep(TICK_S)


def test_after():
    assert True
