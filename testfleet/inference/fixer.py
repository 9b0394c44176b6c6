"""A code model behind an endpoint, in the four functions that SageMaker's containers call.

Serves a GGUF file or any causal model of Hugging Face's form, in the words of chat completions.
`sagemaker/fixer/inference.py` re-exports them, and the local model server calls them directly. On
GPUs vLLM's own server speaks the same words, see `server = "vllm"` of an endpoint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from testfleet.contracts.chat import ChatRequest, ChatResponse
from testfleet.errors import UsageError

JSON: Final = "application/json"


class Writer(Protocol):
    """A loaded model."""

    def write(self, request: ChatRequest) -> ChatResponse:
        """As many answers as are asked for. Raises UsageError for a prompt that is too long."""
        ...


def model_fn(model_dir: str) -> Writer:
    """Load the model of a folder. Raises UsageError when there is none that is known."""
    folder = Path(model_dir)
    files = sorted(folder.glob("*.gguf"))
    if len(files) == 1:
        from testfleet.inference.fixer_gguf import load_gguf  # noqa: PLC0415  heavy, optional

        return load_gguf(files[0])
    if (folder / "config.json").is_file():
        from testfleet.inference.fixer_transformers import load_causal  # noqa: PLC0415

        return load_causal(folder)
    names = ", ".join(file.name for file in files) or "neither"
    raise UsageError(
        f"{model_dir} has no code model: expected one .gguf file, or config.json with weights and"
        f" tokenizer; found {names}"
    )


def input_fn(body: bytes | str, content_type: str) -> ChatRequest:
    """Read a request. Raises UsageError that says what is wrong with it."""
    if content_type.partition(";")[0].strip() != JSON:
        raise UsageError(f"content type {content_type!r}: expected {JSON}")
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as exc:
        problem = exc.errors(include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the whole"
        raise UsageError(f"no request: {place}: {problem['msg']}") from exc


def predict_fn(request: ChatRequest, model: Writer) -> ChatResponse:
    """Answer."""
    return model.write(request)


def output_fn(response: ChatResponse, accept: str) -> tuple[bytes, str]:
    """The answers as JSON, whatever is asked for, and their content type."""
    del accept
    return response.model_dump_json().encode(), JSON
