"""Pull requests that were open, and what they tell about the load."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.scaling import Scaling
from testfleet.errors import FleetError, UsageError
from testfleet.scm.pulls import PullRequest, open_at, pulls_url, read_pulls
from testfleet.scm.tarball import GITHUB_HOSTS, FetchPolicy, fetch_document
from testfleet.workflow import provisioning
from testfleet.workflow.fakes import InMemoryRuns
from testfleet.workflow.ports import RunRow
from testfleet.workflow.provisioning import WarmCapacity

NOW = datetime(2026, 3, 16, 10, tzinfo=UTC)


def pull(opened_h, closed_h=None):
    at = [None if hours is None else NOW + timedelta(hours=hours) for hours in (opened_h, closed_h)]
    return PullRequest(created_at=at[0], closed_at=at[1])


def hours(*steps):
    return [NOW + timedelta(hours=step) for step in steps]


def test_a_pull_request_counts_from_its_opening_to_its_closing():
    pulls = [pull(0, 2), pull(1), pull(5, 6)]
    assert open_at(pulls, hours(-1, 0, 1, 2, 5, 6)) == [0, 1, 2, 1, 2, 1]


@given(st.lists(st.tuples(st.integers(-50, 50), st.none() | st.integers(0, 50)), max_size=20))
def test_the_count_is_that_of_looking_at_each(spans):
    pulls = [pull(start, None if length is None else start + length) for start, length in spans]
    moments = hours(*range(-60, 60, 7))
    assert open_at(pulls, moments) == [
        sum(p.created_at <= at and (p.closed_at is None or at < p.closed_at) for p in pulls)
        for at in moments
    ]


def test_an_answer_of_the_code_host_is_read_and_what_else_it_says_is_left():
    body = [{"number": 7, "created_at": "2026-03-16T10:00:00Z", "closed_at": None, "user": {}}]
    assert read_pulls(json.dumps(body).encode()) == [pull(0)]


@pytest.mark.parametrize("body", [b"{}", b"no json", b'[{"closed_at": null}]'])
def test_another_answer_is_refused(body):
    with pytest.raises(UsageError, match="expected a list of pull requests"):
        read_pulls(body)


def test_the_code_host_is_asked_by_the_rules_for_sources():
    url = pulls_url("https://evil.example.org", "acme/shop")
    with pytest.raises(UsageError, match="refused to fetch"):
        fetch_document(url, FetchPolicy(hosts=GITHUB_HOSTS))
    assert "/repos/acme/shop%3Fx/" in pulls_url("https://api.github.com", "acme/shop?x")


def capacity(pulls):
    runs = InMemoryRuns()
    for number, name in enumerate(["acme/shop", "acme/bank", "folder"]):
        runs.start(
            RunRow(run_id=str(number), repository=name, suite="", status=None,
                   started_at=NOW - timedelta(hours=5), wall_s=600, workers=number + 1)
        )  # fmt: skip
    return WarmCapacity(runs, [], Scaling(warm_workers=1), 0.0, 100.0, pulls)


def test_the_repositories_of_the_runs_are_asked_about_the_busiest_first(monkeypatch):
    asked, seen = [], []
    real = provisioning.forecast
    monkeypatch.setattr(
        provisioning,
        "forecast",
        lambda history, *rest: seen.append(history) or real(history, *rest),
    )
    capacity(lambda name: asked.append(name) or [pull(-3, -1)]).provide(NOW)
    assert asked == ["acme/bank", "acme/shop"]
    assert seen[0].open_pull_requests == (0, 0, 2, 2, 0, 0)


def test_a_code_host_that_does_not_answer_does_not_stop_the_tick(caplog):
    def fail(name):
        raise FleetError("cannot reach it")

    with caplog.at_level(logging.WARNING):
        capacity(fail).provide(NOW)
    assert "open pull requests are not known: cannot reach it" in caplog.text
