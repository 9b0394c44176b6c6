"""What tests say leaves a worker without the secrets that can be told from it."""

from __future__ import annotations

from testfleet.contracts.result import TestResult
from testfleet.mask import mask


def without_secrets(result: TestResult) -> TestResult:
    """The result as it may be stored."""
    if not (result.message or result.longrepr):
        return result
    message, longrepr = mask(result.message), mask(result.longrepr)
    if (message, longrepr) == (result.message, result.longrepr):
        return result
    return result.model_copy(update={"message": message, "longrepr": longrepr})
