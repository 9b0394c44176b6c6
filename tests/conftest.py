"""The fleet that integration and end-to-end tests share: started by the first that asks for it."""

import os
import signal

import pytest

from testfleet.aws import clients
from testfleet.local.fleet import Fleet, point_to_fleet
from tests.fleet_samples import end


def pytest_configure():
    """Make the tests independent of how the shell has started them."""
    # A shell lets what it starts in the background ignore Ctrl-C, nohup the end of the terminal;
    # and so would every child.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")


@pytest.fixture(scope="session")
def shared_fleet(tmp_path_factory):
    """A fleet with the application deployed, in a home of its own; stopped at the very end."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    fleet.up()
    yield fleet
    end(fleet)


@pytest.fixture(scope="module")
def fleet(shared_fleet):
    """FleetInfo of the shared fleet, with boto3 and `testfleet` pointed to it within the module."""
    before = dict(os.environ)
    info = shared_fleet.up()
    point_to_fleet(info)
    os.environ["TESTFLEET_HOME"] = str(shared_fleet.home.root)
    clients.forget()
    yield info
    os.environ.clear()
    os.environ.update(before)
    clients.forget()
