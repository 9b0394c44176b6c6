import time


def test_before():
    assert True


def test_hangs():
    time.sleep(3600)


def test_after():
    assert True
