import pytest


@pytest.mark.parametrize("value", [1, 2], ids=["x" * 100_000, "y" * 100_000])
def test_parameter(value):
    assert value == 1
