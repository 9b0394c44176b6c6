"""What the stacks of an environment say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def stack_outputs(client: CloudFormationClient, prefix: str) -> dict[str, str]:
    """Outputs of all stacks whose name begins with `prefix-`, by key.

    Raises FleetError when the account does not answer.
    """
    try:
        return _outputs(client, prefix)
    except (BotoCoreError, ClientError) as exc:
        raise FleetError(
            f"the account that {prefix} is deployed to cannot be asked: {exc}",
            hint="check its credentials (AWS_PROFILE, or `aws sts get-caller-identity`)",
        ) from exc


def _outputs(client: CloudFormationClient, prefix: str) -> dict[str, str]:
    outputs: dict[str, str] = {}
    for page in client.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(f"{prefix}-"):
                outputs |= {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    return outputs
