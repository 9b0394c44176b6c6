"""The classifier's endpoint is asked about a run's failures, and the answer is waited for.

The workflow waits with a task token, which lies in the bucket while the endpoint works. When the
endpoint tells that it has finished, or failed, `answered` gives the token back. Whatever goes wrong
on the way, the run goes on with the next classifier.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from pydantic import ValidationError

from testfleet.contracts.inference import (
    MAX_TEXTS,
    InferenceNotification,
    InferenceRequest,
    InferenceResponse,
)
from testfleet.contracts.report import TestReport
from testfleet.errors import FleetError
from testfleet.triage.classify import Answer
from testfleet.triage.clusters.report import texts_of
from testfleet.triage.standard import failure_lines
from testfleet.triage.told import Told, asked
from testfleet.workflow.keys import QuestionKeys, question_key
from testfleet.workflow.ports import ObjectStore

MAX_TEXT: Final = 200_000
UNAVAILABLE: Final = "ModelUnavailable"
"""Error of a task whose endpoint is not there, stopped, or refuses."""
FAILED: Final = "ModelFailed"
"""Error of a task whose endpoint has tried and failed."""
_MAX_REASON: Final = 300
_log = logging.getLogger(__name__)


class Inference(Protocol):
    """An asynchronous endpoint."""

    def submit(self, key: str, inference_id: str) -> None:
        """Ask about what lies at the key. Raises FleetError when the endpoint does not take it."""
        ...


class TaskTokens(Protocol):
    """States that wait for a token. A token that nobody waits for any more is no error."""

    def succeed(self, token: str) -> None:
        """Let the state go on."""
        ...

    def fail(self, token: str, error: str, cause: str) -> None:
        """Let the state fail."""
        ...


@dataclass(frozen=True)
class Model:
    """What the workflow needs to ask an endpoint."""

    endpoint: Inference
    tokens: TaskTokens


@dataclass(frozen=True)
class Question:
    """One run's question."""

    objects: ObjectStore
    run_id: str

    def ask(self, tests: Sequence[TestReport], token: str, model: Model) -> None:
        """Ask about the failures among the tests. The token is given back with the answer, or at
        once when the endpoint does not take the question."""
        texts = tuple(dict.fromkeys(_asked(text) for text in texts_of(tests)))[:MAX_TEXTS]
        # A token is made for one state of one execution: a run that was resumed asks another
        # question, and an answer to the one before is none to it, however late it comes.
        question_id = f"{self.run_id}-{hashlib.sha256(token.encode()).hexdigest()[:12]}"
        keys = QuestionKeys(question_id)
        self.objects.put(keys.asked, InferenceRequest(texts=texts).model_dump_json().encode())
        self.objects.put(keys.waiting, token.encode())
        self.objects.put(question_key(self.run_id), question_id.encode())
        try:
            model.endpoint.submit(keys.asked, question_id)
        except FleetError as exc:
            _log.warning("run %s: %s", self.run_id, exc)
            model.tokens.fail(token, UNAVAILABLE, str(exc)[:_MAX_REASON])

    @property
    def keys(self) -> QuestionKeys | None:
        """The keys of what was asked last. None when nothing was."""
        question_id = self.objects.get(question_key(self.run_id))
        return QuestionKeys(question_id.decode("utf-8", "replace")) if question_id else None

    def told(self) -> Told | None:
        """The answer as a classifier. None when there is none, or none to the last question."""
        keys = self.keys
        if keys is None:
            return None
        place = self.objects.get(keys.answered)
        body = self.objects.get(place.decode("utf-8", "replace")) if place else None
        question = self.objects.get(keys.asked)
        if body is None or question is None:
            return None
        try:
            texts = InferenceRequest.model_validate_json(question).texts
            response = InferenceResponse.model_validate_json(body)
        except ValidationError as exc:
            _log.warning("run %s: unreadable answer: %d problems", self.run_id, exc.error_count())
            return None
        if len(texts) != len(response.answers):
            _log.warning("run %s: %d answers", self.run_id, len(response.answers))
            return None
        return Told(
            {
                text: Answer(each.domain, each.cause, each.confidence, response.model)
                for text, each in zip(texts, response.answers, strict=True)
                if each is not None
            }
        )


def answered(objects: ObjectStore, tokens: TaskTokens, notification: InferenceNotification) -> None:
    """Note where the answer lies and give the token of its question back."""
    keys = QuestionKeys(notification.inferenceId)
    token = objects.get(keys.waiting)
    if token is None:
        _log.warning("nobody waits for inference %s", notification.inferenceId[:100])
        return
    place = notification.responseParameters
    if notification.invocationStatus == "Failed" or place is None:
        tokens.fail(token.decode(), FAILED, notification.failureReason[:_MAX_REASON])
        return
    # Only the path counts: another bucket is none of ours.
    key = urlsplit(place.outputLocation).path.lstrip("/")
    objects.put(keys.answered, key.encode())
    tokens.succeed(token.decode())


def _asked(text: str) -> str:
    return asked(failure_lines(text[:MAX_TEXT]))
