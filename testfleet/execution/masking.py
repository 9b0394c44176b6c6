"""What tests say leaves a worker without the secrets that can be told from it."""

from __future__ import annotations

import hashlib

from testfleet.contracts.result import TestResult, WorkerError
from testfleet.mask import mask, mask_log

_DIGITS = 8


def without_secrets(result: TestResult) -> TestResult:
    """The result as it may be stored."""
    said = {"id": stored_id(result.id)}
    if result.message or result.longrepr:
        said |= {"message": mask(result.message), "longrepr": mask(result.longrepr)}
    changed = {name: text for name, text in said.items() if text != getattr(result, name)}
    return result.model_copy(update=changed) if changed else result


def stored_id(test: str) -> str:
    """A test's id; where its parameters hold a secret, with a sign that still tells it apart."""
    masked = mask(test)
    if masked == test:
        return test
    return f"{masked}~{hashlib.sha256(test.encode('utf-8', 'replace')).hexdigest()[:_DIGITS]}"


def stored_error(error: WorkerError) -> WorkerError:
    """The error as it may be stored: a command or an address in it may hold a secret."""
    return error.model_copy(update={"message": mask(error.message)})


def stored_log(content: bytes) -> bytes:
    """A shard's log as it may be stored. Bytes that are no text stay as they are."""
    text = content.decode("utf-8", "surrogateescape")
    return mask_log(text).encode("utf-8", "surrogateescape")
