"""The classifier behind an endpoint, in the four functions that SageMaker's containers call.

`sagemaker/classifier/inference.py` re-exports them, and the local model server calls them directly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from testfleet.contracts.inference import InferenceAnswer, InferenceRequest, InferenceResponse
from testfleet.errors import UsageError
from testfleet.inference.encoder import is_encoder, load_encoder
from testfleet.triage.standard import standard_chain

JSON: Final = "application/json"


class Predictor(Protocol):
    """A loaded model."""

    def predict(self, request: InferenceRequest) -> InferenceResponse:
        """An answer for each text, in order."""
        ...


class EmbeddedPredictor:
    """What the package brings along, served as if it were an endpoint."""

    def __init__(self) -> None:
        self._chain = standard_chain()

    def predict(self, request: InferenceRequest) -> InferenceResponse:
        """An answer for each text, in order."""
        found = self._chain.classify(request.texts)
        names = sorted({each.model for each in found})
        return InferenceResponse(
            model=f"endpoint:{'+'.join(names) or 'embedded'}"[:100],
            answers=tuple(
                InferenceAnswer(domain=each.domain, cause=each.cause, confidence=each.confidence)
                for each in found
            ),
        )


def model_fn(model_dir: str) -> Predictor:
    """Load the model of a folder. Raises UsageError when there is none that is known."""
    if not Path(model_dir).is_dir():
        raise UsageError(f"{model_dir} is no folder with a model")
    if is_encoder(Path(model_dir)):
        return load_encoder(Path(model_dir))
    return EmbeddedPredictor()


def input_fn(body: bytes | str, content_type: str) -> InferenceRequest:
    """Read a request. Raises UsageError that says what is wrong with it."""
    if content_type.partition(";")[0].strip() != JSON:
        raise UsageError(f"content type {content_type!r}: expected {JSON}")
    try:
        return InferenceRequest.model_validate_json(body)
    except ValidationError as exc:
        raise UsageError(f"no request: {exc.errors()[0]['msg']}") from exc


def predict_fn(request: InferenceRequest, model: Predictor) -> InferenceResponse:
    """Answer."""
    return model.predict(request)


def output_fn(response: InferenceResponse, accept: str) -> tuple[bytes, str]:
    """The answer as JSON, whatever is asked for, and its content type."""
    del accept
    return response.model_dump_json().encode(), JSON
