"""One shard on Lambda: fetch the orders, run them, answer with a receipt."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from testfleet.contracts.result import ShardResult
from testfleet.contracts.task import ShardItem
from testfleet.execution.worker import WorkerOptions, run_shard

if TYPE_CHECKING:  # the worker's image does without the package
    from aws_lambda_powertools.utilities.typing import LambdaContext


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run the shard that `event` (a ShardItem) names. TransferError when it cannot be delivered."""
    item = ShardItem.model_validate(event)
    left_s = context.get_remaining_time_in_millis() / 1000
    receipt = _receipt(run_shard(item.task_url, WorkerOptions(time_left_s=left_s)))
    sys.stdout.write(json.dumps(receipt) + "\n")
    return receipt


def _receipt(result: ShardResult) -> dict[str, Any]:
    """Small, whatever the shard's size: a state's payload must not grow with the tests."""
    return {
        "shard_id": result.shard_id,
        "tests": len(result.tests),
        "counts": dict(Counter(test.outcome.value for test in result.tests)),
        "errors": [error.type.value for error in result.errors],
    }
