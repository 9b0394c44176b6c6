"""What the classifier's endpoint is asked, and which answers count."""

import hashlib
import json

import pytest

from testfleet.contracts.inference import (
    InferenceAnswer,
    InferenceNotification,
    InferenceRequest,
    InferenceResponse,
)
from testfleet.errors import FleetError, UsageError
from testfleet.inference import classifier
from testfleet.triage.classify import Chain
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import QuestionKeys
from testfleet.workflow.question import Model, Question, answered
from tests.unit.test_triage_report import TESTS

RUN = "20260101-000000-abcdef"
KEYS = QuestionKeys(f"{RUN}-{hashlib.sha256(b'token').hexdigest()[:12]}")
OUTPUT = "inference/classifier/output/1.out"


class Tokens:
    def __init__(self):
        self.given = []

    def succeed(self, token):
        self.given.append((token, "ok"))

    def fail(self, token, error, cause):
        self.given.append((token, error))


class Endpoint:
    def __init__(self, *, stopped=False):
        self.stopped = stopped

    def submit(self, key, inference_id):
        if self.stopped:
            raise FleetError("not found")


def ask(endpoint, tests=TESTS):
    objects, tokens = InMemoryObjects(), Tokens()
    Question(objects, RUN).ask(tests, "token", Model(endpoint, tokens))
    return objects, tokens


def notification(status="Completed", place=f"s3://bucket/{OUTPUT}"):
    values = {"inferenceId": KEYS.question_id, "invocationStatus": status, "eventVersion": "9",
              "responseParameters": {"outputLocation": place}}  # fmt: skip
    return InferenceNotification.model_validate_json(json.dumps(values))


def answer_with(body):
    objects, tokens = ask(Endpoint())
    objects.put(OUTPUT, body)
    answered(objects, tokens, notification())
    return objects, tokens


def response(count, **changes):
    usual = {"domain": "react", "cause": "render", "confidence": 0.9}
    answers = tuple(InferenceAnswer.model_validate(usual | changes) for _ in range(count))
    return InferenceResponse(model="bert-1", answers=answers).model_dump_json().encode()


def test_each_cause_is_asked_once_and_without_secrets():
    token = "ghp_" + "a1B2" * 9
    odd = TESTS[0].model_copy(update={"id": "t::odd", "longrepr": f"E   ValueError: {token}"})
    objects, _ = ask(Endpoint(), [*TESTS, odd])
    texts = InferenceRequest.model_validate_json(objects.get(KEYS.asked)).texts
    assert len(texts) == len(set(texts)) == 4
    assert token not in objects.get(KEYS.asked).decode()


def test_the_answer_comes_before_the_rules():
    objects, tokens = answer_with(response(3))
    assert tokens.given == [("token", "ok")]
    texts = InferenceRequest.model_validate_json(objects.get(KEYS.asked)).texts
    told = Question(objects, RUN).told()
    found = Chain(models=[told]).classify(list(texts))
    assert {each.model for each in found} == {"bert-1"}


def test_an_unsure_answer_falls_through_to_the_rules():
    objects, _ = answer_with(response(3, confidence=0.2))
    texts = InferenceRequest.model_validate_json(objects.get(KEYS.asked)).texts
    found = Chain(models=[Question(objects, RUN).told()]).classify(list(texts))
    assert {each.model for each in found} == {"rules"}


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", response(2), b'{"model": "m"}'])
def test_what_is_no_answer_to_the_question_counts_as_none(body):
    objects, _ = answer_with(body)
    assert Question(objects, RUN).told() is None


def test_an_answer_to_what_was_asked_before_a_resume_is_none_to_the_new_question():
    objects, tokens = answer_with(response(3))
    other = [each.model_copy(update={"longrepr": f"E   {each.longrepr}"}) for each in TESTS]
    Question(objects, RUN).ask(other, "token 2", Model(Endpoint(), tokens))
    assert Question(objects, RUN).told() is None
    answered(objects, tokens, notification())
    assert Question(objects, RUN).told() is None
    assert tokens.given[1:] == [("token", "ok")]


def test_an_endpoint_that_takes_no_question_gives_the_token_back_at_once():
    objects, tokens = ask(Endpoint(stopped=True))
    assert tokens.given == [("token", "ModelUnavailable")]
    assert Question(objects, RUN).told() is None


def test_a_failed_inference_fails_its_state():
    objects, tokens = ask(Endpoint())
    answered(objects, tokens, notification("Failed"))
    assert tokens.given == [("token", "ModelFailed")]


def test_an_answer_that_nobody_waits_for_is_left_alone():
    tokens = Tokens()
    answered(InMemoryObjects(), tokens, notification())
    assert tokens.given == []


def test_the_served_model_answers_each_text_in_order(tmp_path):
    request = InferenceRequest(texts=("AssertionError: assert 1 == 2", "npm ERR! ERESOLVE"))
    model = classifier.model_fn(str(tmp_path))
    read = classifier.input_fn(request.model_dump_json(), "application/json; charset=utf-8")
    body, kind = classifier.output_fn(classifier.predict_fn(read, model), "*/*")
    causes = [each["cause"] for each in json.loads(body)["answers"]]
    assert (kind, causes[0], len(causes)) == ("application/json", "assertion", 2)


@pytest.mark.parametrize(("body", "kind"), [("{}", "application/json"), ("x", "text/csv")])
def test_a_served_model_says_what_is_wrong_with_a_request(body, kind):
    with pytest.raises(UsageError):
        classifier.input_fn(body, kind)
