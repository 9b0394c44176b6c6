"""What the end-to-end tests share."""

import pytest

from tests.e2e.command import Command


@pytest.fixture(scope="session")
def cli(shared_fleet):
    """`testfleet` on the shared fleet."""
    return Command(shared_fleet.home.root)
