"""Who may start a run by webhook, and what everybody else hears."""

import base64
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from testfleet.contracts.run import Mode, RunRequest, Trigger
from testfleet.scm.signature import sign
from testfleet.scm.webhook import Accepted, Answer, WebhookPolicy, examine
from tests.webhook_samples import KEY, NOW, SHA, http_event, pull_request_payload, push_payload

POLICY = WebhookPolicy()
SMALL = WebhookPolicy(max_body_bytes=600)


def judge(event, policy=POLICY, now=NOW):
    return examine(event, KEY, policy, now)


def pushed_at(moment):
    repository = {"full_name": "octo/shop", "pushed_at": int(moment.timestamp())}
    return http_event(push_payload(repository=repository))


def test_a_signed_push_becomes_a_run_of_its_commit():
    accepted = judge(http_event(push_payload()))
    request = accepted.request
    assert request == RunRequest.model_validate_json(request.model_dump_json())
    assert request.source.tarball_url == f"https://api.github.com/repos/octo/shop/tarball/{SHA}"
    assert (request.repository, request.commit, request.mode) == ("octo/shop", SHA, Mode.FULL)
    assert (request.trigger, request.source.trusted) == (Trigger.WEBHOOK, True)


def test_a_forks_pull_request_becomes_an_untrusted_run():
    accepted = judge(http_event(pull_request_payload(head_repo="mallory/shop"), "pull_request"))
    assert not accepted.request.source.trusted


def test_a_base64_body_is_judged_by_the_bytes_in_it():
    plain, encoded = (http_event(push_payload(), encoded=flag) for flag in (False, True))
    assert judge(encoded) == judge(plain)


def test_the_same_event_always_makes_the_same_run_and_another_one_another():
    first = judge(http_event(push_payload()))
    again = judge(
        http_event(push_payload(), **{"x-github-delivery": "other-id"}),
        now=NOW + timedelta(hours=1),
    )
    other = judge(http_event(push_payload(after="b2" * 20)))
    assert first.delivery.run_id == again.delivery.run_id != other.delivery.run_id
    assert first.delivery.keys[0] != again.delivery.keys[0]
    assert first.delivery.keys[1] == again.delivery.keys[1]


def test_header_names_are_read_in_any_case():
    event = http_event(push_payload())
    event["headers"] = {name.title(): value for name, value in event["headers"].items()}
    assert isinstance(judge(event), Accepted)


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64, sign(b"another key", b"{}")])
def test_without_the_right_signature_the_answer_is_401_whatever_the_body(signature):
    event = http_event(b"no json", **{"x-hub-signature-256": signature})
    assert judge(event).status == 401


def test_the_answer_to_a_forger_tells_nothing_of_the_secret():
    answer = judge(http_event(push_payload(), key=b"guess"))
    assert KEY.decode() not in answer.message and "guess" not in answer.message


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_413():
    body = b'{"x":"' + b"x" * 592 + b'"}'
    assert len(body) == 600
    assert judge(http_event(body, "issues"), SMALL).status == 202
    assert judge(http_event(body + b" ", "issues"), SMALL).status == 413


def test_the_limit_counts_decoded_bytes():
    body = b'{"x":"' + b"x" * 592 + b'"}'
    assert judge(http_event(body, "issues", encoded=True), SMALL).status == 202
    assert judge(http_event(body + b" ", "issues", encoded=True), SMALL).status == 413


def test_the_limit_counts_bytes_not_characters():
    event = http_event(("ö" * 301).encode(), "issues")
    assert len(event["body"]) < 600 and judge(event, SMALL).status == 413


def test_too_large_comes_before_everything_else():
    event = {"headers": {}, "body": "!" * 900, "isBase64Encoded": True}
    assert judge(event, SMALL).status == 413
    assert judge(event | {"body": "!" * 700}, SMALL).status == 400


def test_a_ping_proves_the_secret():
    assert judge(http_event({"zen": "..."}, "ping")).status == 200
    assert judge(http_event({"zen": "..."}, "ping", key=b"wrong")).status == 401


def test_other_events_are_taken_and_ignored():
    answer = judge(http_event({}, "star"))
    assert (answer.status, answer.message[:7]) == (202, "ignored")


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("content-type", "application/x-www-form-urlencoded", "content type application/json"),
        ("content-type", "", "content type application/json"),
        ("x-github-delivery", "", "X-GitHub-Delivery"),
        ("x-github-delivery", "a b c d e f g", "X-GitHub-Delivery"),
        ("x-github-delivery", "x" * 65, "X-GitHub-Delivery"),
    ],
)
def test_a_request_that_lacks_its_headers_is_400_and_named(header, value, expected):
    answer = judge(http_event(push_payload(), **{header: value}))
    assert answer.status == 400 and expected in answer.message


def test_a_signed_body_that_is_no_push_is_400():
    assert judge(http_event(b"{}", "push")).status == 400
    assert judge(http_event(push_payload(), "pull_request")).status == 400


@pytest.mark.parametrize("event", [{}, {"headers": 1}, {"headers": {"a": None}}, {"body": b"x"}])
def test_what_is_no_http_request_is_refused(event):
    assert judge(event).status in (400, 401)


def test_an_event_older_than_the_window_is_403():
    edge = NOW - POLICY.replay_window
    assert isinstance(judge(pushed_at(edge)), Accepted)
    answer = judge(pushed_at(edge - timedelta(seconds=1)))
    assert answer.status == 403 and "older than the replay window" in answer.message


def test_an_event_from_the_future_is_403():
    assert isinstance(judge(pushed_at(NOW + POLICY.clock_skew)), Accepted)
    assert judge(pushed_at(NOW + POLICY.clock_skew + timedelta(seconds=1))).status == 403


def test_an_old_commit_that_is_pushed_now_is_no_replay():
    payload = push_payload(head_commit={"id": SHA, "timestamp": "2001-01-01T00:00:00Z"})
    assert isinstance(judge(http_event(payload)), Accepted)


@settings(max_examples=200, deadline=None)
@given(age=st.integers(-400, 300_000), later=st.integers(0, 700_000))
def test_at_every_moment_an_accepted_event_is_remembered_or_too_old(age, later):
    event = pushed_at(NOW - timedelta(seconds=age))
    accepted = judge(event)
    assume(isinstance(accepted, Accepted))
    moment = NOW + timedelta(seconds=later)
    again = judge(event, now=moment)
    assert moment <= accepted.delivery.expires_at or again.status == 403


def test_an_event_from_a_clock_ahead_is_remembered_until_it_is_too_old():
    event = pushed_at(NOW + POLICY.clock_skew)
    end = NOW + POLICY.clock_skew + POLICY.replay_window
    assert judge(event).delivery.expires_at == end
    assert isinstance(judge(event, now=end), Accepted)
    assert judge(event, now=end + timedelta(seconds=1)).status == 403


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)  # fmt: skip
requests = st.fixed_dictionaries(
    {},
    optional={
        "headers": st.dictionaries(
            st.sampled_from(sorted(http_event({})["headers"])) | st.text(), st.text()
        )
        | anything,
        "body": st.text(st.characters(exclude_categories=())) | anything,
        "isBase64Encoded": st.booleans() | anything,
    },
)


@settings(max_examples=200, deadline=None)
@given(requests | st.dictionaries(st.text(), anything))
def test_no_unsigned_request_raises_or_starts_a_run(event):
    answer = judge(event, SMALL)
    assert isinstance(answer, Answer) and answer.status in (400, 401, 413)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=700), st.sampled_from(["push", "pull_request", "ping", "x"]))
def test_no_signed_bytes_raise_or_start_a_run_by_chance(body, kind):
    event = http_event(b"", kind, **{"x-hub-signature-256": sign(KEY, body)})
    answer = judge(
        event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}, SMALL
    )
    assert answer.status in ((413,) if len(body) > 600 else (200, 202, 400))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_signed_body_that_was_changed_anywhere_is_401(data):
    event = http_event(push_payload())
    text = event["body"]
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda c: c != text[at]))
    assert judge(event | {"body": text[:at] + letter + text[at + 1 :]}).status == 401
