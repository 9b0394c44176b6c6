"""What no repair may change."""

import pytest

from testfleet.repair.permitted import why_not_permitted


@pytest.mark.parametrize("path", ["shop/cart.py", "a.ts", "src/contest.py", "latest/testing.py"])
def test_sources_may_be_changed(path):
    assert why_not_permitted(path) == ""


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("tests/helpers.py", "test"),
        ("test_cart.py", "test"),
        ("src/cart.spec.tsx", "test"),
        ("pkg/conftest.py", "test"),
        ("setup.py", "configuration"),
        ("sitecustomize.py", "configuration"),
        (".github/scripts/x.py", "configuration"),
        ("../other.py", "outside"),
        ("/etc/x.py", "outside"),
    ],
)
def test_tests_configuration_and_all_outside_may_not(path, word):
    assert word in why_not_permitted(path)
