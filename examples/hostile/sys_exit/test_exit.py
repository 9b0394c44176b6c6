import sys


def test_exits():
    sys.exit(7)


def test_after():
    assert True
