import os


def test_before():
    assert True


def test_exits_with_three():
    os._exit(3)


def test_between():
    assert True


def test_exits_with_zero():
    os._exit(0)


def test_after():
    assert True
