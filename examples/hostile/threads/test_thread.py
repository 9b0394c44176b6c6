import threading
import time


def test_starts_a_thread_that_never_ends():
    threading.Thread(target=time.sleep, args=(3600,)).start()


def test_after():
    assert True
