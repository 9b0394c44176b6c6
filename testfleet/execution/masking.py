"""What tests say leaves a worker without the secrets that can be told from it."""

from __future__ import annotations

from testfleet.contracts.result import TestResult, WorkerError
from testfleet.mask import mask, mask_log


def without_secrets(result: TestResult) -> TestResult:
    """The result as it may be stored.

    Its id is the framework's own and stays: it stands in the source, and selects the test again.
    """
    if not result.message and not result.longrepr:
        return result
    said = {"message": mask(result.message), "longrepr": mask(result.longrepr)}
    changed = {name: text for name, text in said.items() if text != getattr(result, name)}
    return result.model_copy(update=changed) if changed else result


def stored_error(error: WorkerError) -> WorkerError:
    """The error as it may be stored: a command or an address in it may hold a secret."""
    return error.model_copy(update={"message": mask(error.message)})


def stored_log(content: bytes) -> bytes:
    """A shard's log as it may be stored. Bytes that are no text stay as they are."""
    text = content.decode("utf-8", "surrogateescape")
    return mask_log(text).encode("utf-8", "surrogateescape")
