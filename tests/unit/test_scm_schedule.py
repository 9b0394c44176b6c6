"""Runs that the clock asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.run import Mode, RunRequest, Trigger
from testfleet.errors import UsageError
from testfleet.scm.schedule import read_schedule

NOW = datetime(2025, 6, 1, 12, 0, 42, tzinfo=UTC)
TICK = {"kind": "smoke", "repository": "octo/shop", "ref": "main", "suite": None, "mode": None}
API = "https://api.github.com"


def read(now=NOW, **changes):
    return read_schedule(TICK | changes, API, now)


def test_a_tick_becomes_a_run_of_the_branch():
    request = read(ref="release/1.x", suite="api")
    assert request.source.tarball_url == f"{API}/repos/octo/shop/tarball/release/1.x"
    assert (request.trigger, request.suite, request.commit) == (Trigger.SCHEDULE, "api", None)
    assert request.source.trusted


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("smoke", Mode.LIGHTWEIGHT),
        ("integration", Mode.INTEGRATION),
        ("full", Mode.FULL),
        ("performance", Mode.FULL),
        ("quality", Mode.FULL),
    ],
)
def test_the_mode_follows_the_kind_unless_it_is_given(kind, mode):
    assert read(kind=kind).mode == mode
    assert read(kind=kind, mode="integration").mode == Mode.INTEGRATION


def test_a_tick_delivered_twice_is_one_run_and_the_next_tick_another():
    first = read(time="2025-06-01T12:00:00Z")
    late = read(time="2025-06-01T12:00:00Z", now=NOW + timedelta(minutes=3))
    following = read(time="2025-06-01T13:00:00Z")
    assert first.run_id == late.run_id != following.run_id


def test_two_schedules_of_one_moment_are_two_runs():
    assert read().run_id != read(kind="full").run_id
    assert read().run_id != read(repository="octo/other").run_id


@pytest.mark.parametrize(
    "time",
    [
        None,
        "",
        "<aws.scheduler.scheduled-time>",
        "2025-06-01T12:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_without_a_time_the_minute_counts(time):
    assert read(time=time).run_id == read(now=NOW - timedelta(seconds=40)).run_id
    assert read(time=time).run_id.startswith("20250601-120000-")


@given(st.text(max_size=30) | st.datetimes(timezones=st.timezones()).map(datetime.isoformat))
def test_no_time_text_breaks_the_run_id(text):
    request = read(time=text)
    assert RunRequest.model_validate(request.model_dump()) == request


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"kind": "hourly"}, "kind"),
        ({"repository": ""}, "repository"),
        ({"ref": "a b"}, "ref"),
        ({"suite": ""}, "suite"),
        ({"mode": "half"}, "mode"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_input_is_refused_with_its_key(changes, key):
    with pytest.raises(UsageError, match=rf"input is wrong: {key}: ") as raised:
        read(**changes)
    assert "deploy again" in raised.value.hint
