"""What the stacks of an environment say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def stack_outputs(client: CloudFormationClient, prefix: str) -> dict[str, str]:
    """Outputs of all stacks whose name begins with `prefix-`, by key."""
    outputs: dict[str, str] = {}
    for page in client.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(f"{prefix}-"):
                outputs |= {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    return outputs
