"""What pushes and pull requests announce."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.scm.events import Change, Ignored, PayloadError, read_pull_request, read_push
from tests.webhook_samples import NOW, SHA, pull_request_payload, push_payload

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def encode(payload):
    return json.dumps(payload).encode()


def test_a_push_to_a_branch_is_a_trusted_change_at_the_time_of_the_push():
    change = read_push(encode(push_payload()))
    assert change == Change("octo/shop", SHA, trusted=True, occurred_at=NOW)


def test_a_push_without_the_hosts_time_has_the_time_of_its_commit():
    payload = push_payload(repository={"full_name": "octo/shop"})
    moment = read_push(encode(payload)).occurred_at
    assert moment == datetime(2019, 5, 15, 13, 20, 33, tzinfo=UTC)


def test_a_push_without_any_time_is_refused():
    payload = push_payload(repository={"full_name": "octo/shop"}, head_commit=None)
    with pytest.raises(PayloadError, match="expected one of them"):
        read_push(encode(payload))


@pytest.mark.parametrize(
    "changes",
    [
        {"deleted": True},
        {"after": "0" * 40},
        {"ref": "refs/tags/v1"},
        {"ref": "refs/notes/commits"},
    ],
)
def test_deletions_and_other_references_start_nothing(changes):
    assert isinstance(read_push(encode(push_payload(**changes))), Ignored)


def test_a_tag_starts_a_run_of_its_commit_where_that_is_wanted():
    commit = {"id": "c3" * 20, "timestamp": NOW.isoformat()}
    payload = push_payload(ref="refs/tags/v1", head_commit=commit)
    assert read_push(encode(payload), tags=True).commit == "c3" * 20


@pytest.mark.parametrize("action", ["opened", "reopened", "ready_for_review", "synchronize"])
def test_a_pull_request_that_brings_commits_is_a_change(action):
    change = read_pull_request(encode(pull_request_payload(action)))
    assert change == Change("octo/shop", SHA, trusted=True, occurred_at=NOW)


@pytest.mark.parametrize("action", ["closed", "labeled", "edited"])
def test_a_pull_request_that_brings_no_commits_starts_nothing(action):
    assert (
        "starts a run when opened" in read_pull_request(encode(pull_request_payload(action))).reason
    )


def test_a_draft_starts_nothing():
    payload = pull_request_payload(draft=True)
    assert read_pull_request(encode(payload)) == Ignored("the pull request is a draft")


@pytest.mark.parametrize("head_repo", ["mallory/shop", "octo/shop2", None])
def test_a_fork_and_a_deleted_fork_are_not_trusted_and_read_from_the_base(head_repo):
    change = read_pull_request(encode(pull_request_payload(head_repo=head_repo)))
    assert (change.trusted, change.repository) == (False, "octo/shop")


def test_the_case_of_a_name_makes_no_fork():
    assert read_pull_request(encode(pull_request_payload(head_repo="Octo/Shop"))).trusted


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (push_payload(after="HEAD"), "after"),
        (push_payload(repository={"full_name": "../x"}), "repository.full_name"),
        ({}, "ref"),
        ([], "body"),
    ],
)
def test_a_refusal_names_the_key_and_shows_no_value(payload, key):
    with pytest.raises(PayloadError) as raised:
        read_push(encode(payload))
    assert str(raised.value).startswith(f"{key}: ")
    assert "HEAD" not in str(raised.value) and "../x" not in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 100_000])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(PayloadError):
        read_push(body)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(push_payload())), json_values)
def test_a_push_with_any_value_in_any_place_is_read_ignored_or_refused(key, value):
    try:
        result = read_push(encode(push_payload(**{key: value})))
    except PayloadError:
        return
    assert isinstance(result, Change | Ignored)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 10**30, -(10**30), "x"]
)
def test_a_time_that_no_clock_has_is_refused(moment):
    payload = push_payload(repository={"full_name": "octo/shop", "pushed_at": moment})
    with pytest.raises(PayloadError, match=r"repository\.pushed_at"):
        read_push(encode(payload))
