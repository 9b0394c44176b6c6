"""One shard, or one part of a repair, on Lambda: fetch the orders, run them, answer briefly."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from testfleet.contracts.repair_work import RepairItem
from testfleet.contracts.result import ShardResult
from testfleet.contracts.task import ShardItem
from testfleet.execution.worker import WorkerOptions, run_shard

if TYPE_CHECKING:  # the worker's image does without the package
    from aws_lambda_powertools.utilities.typing import LambdaContext

REPAIR = "repair"
"""`work` of a RepairItem."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what `event` (a ShardItem or a RepairItem) names. TransferError when the result cannot be
    delivered."""
    options = WorkerOptions(time_left_s=context.get_remaining_time_in_millis() / 1000)
    if event.get("work") == REPAIR:
        receipt = _repair(RepairItem.model_validate(event), options)
    else:
        item = ShardItem.model_validate(event)
        receipt = _receipt(run_shard(item.task_url, options))
    sys.stdout.write(json.dumps(receipt) + "\n")
    return receipt


def _repair(item: RepairItem, options: WorkerOptions) -> dict[str, Any]:
    # Shards are many and repairs are few: they alone load what repairs need.
    from testfleet.repair.fleet.worker import run_repair  # noqa: PLC0415

    result = run_repair(item.task_url, options)
    return {
        "slice": result.slice,
        "candidates": len(result.candidates),
        "errors": [error.type.value for error in result.errors],
    }


def _receipt(result: ShardResult) -> dict[str, Any]:
    """Small, whatever the shard's size: a state's payload must not grow with the tests."""
    return {
        "shard_id": result.shard_id,
        "tests": len(result.tests),
        "counts": dict(Counter(test.outcome.value for test in result.tests)),
        "errors": [error.type.value for error in result.errors],
    }
