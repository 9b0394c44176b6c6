import os
import time


TICK_S = 0.05  # the kernel dates processes coarsely, and a note names the test that started one


def test_forks_a_child_that_hangs():
    time.sleep(TICK_S)
    if os.fork() == 0:
        time.sleep(3600)
    time.sleep(TICK_S)


def test_after():
    assert True
