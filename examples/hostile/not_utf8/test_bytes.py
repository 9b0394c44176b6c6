import os

import pytest


@pytest.mark.parametrize("value", [b"\xff\xfe", "\udcff", "\x00"])
def test_parameter(value):
    assert value


def test_prints_bytes(capfd):
    os.write(1, b"\xff\xfe captured\n")
    with capfd.disabled():
        os.write(1, b"\xff\xfe not captured\n")


def test_fails_with_a_surrogate():
    raise ValueError("lone \udcff surrogate")
