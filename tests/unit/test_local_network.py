"""The fleet's port."""

import socket

import pytest

from testfleet.errors import FleetError
from testfleet.local.network import bind, bind_preferred, is_ready, url_of, wait_until


@pytest.fixture
def taken():
    with bind(0) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_the_way_out(taken):
    with pytest.raises(FleetError, match=f"port {taken} cannot be taken") as error:
        bind(taken)
    assert "TESTFLEET_PORT" in error.value.hint


def test_the_last_port_is_taken_again_when_it_is_free():
    with bind(0) as listener:
        port = listener.getsockname()[1]
    with bind_preferred(port) as again:
        assert again.getsockname()[1] == port


def test_another_port_is_taken_when_the_last_one_is_in_use(taken):
    with bind_preferred(taken) as other:
        assert other.getsockname()[1] not in (0, taken)


def test_only_this_machine_can_reach_the_fleet():
    with bind_preferred(None) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_what_accepts_connections_but_never_answers_is_not_ready(taken):
    assert not is_ready(f"http://127.0.0.1:{taken}", 0.05)


def test_nothing_listens_at_a_closed_port():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not is_ready(url_of(closed))


def test_a_condition_that_never_holds_ends_with_its_message():
    with pytest.raises(FleetError, match="it did not come within 0 s"):
        wait_until(lambda: False, 0.05, "it did not come")
