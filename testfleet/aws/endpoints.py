"""The capacity of SageMaker endpoints, through Application Auto Scaling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"


@dataclass(frozen=True)
class Stopped:
    """What became of the endpoints that were to stop, by resource id."""

    stopped: tuple[str, ...] = ()
    already_stopped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """No scalable target is registered: the endpoint is not deployed, or does not scale."""


@dataclass(frozen=True)
class ScalableEndpoints:
    """Endpoint variants by resource id: `endpoint/NAME/variant/VARIANT`."""

    client: ApplicationAutoScalingClient

    def stop(self, resource_ids: Sequence[str]) -> Stopped:
        """Bring all to zero instances and keep them there. May be called again at any time.

        Application Auto Scaling moves the present capacity into the new bounds by itself, unless
        the endpoint is just being updated; that is why a target of 0 to 0 is registered again.
        All endpoints are tried. Raises FleetError that names the ones which did not stop.
        """
        limits = self._largest_capacities(resource_ids)
        failures = []
        for resource_id in limits:
            try:
                self._hold_at_zero(resource_id)
            except (ClientError, BotoCoreError) as exc:
                failures.append(f"{resource_id}: {exc}")
        if failures:
            raise FleetError(f"endpoints that still run: {'; '.join(failures)}")
        return Stopped(
            stopped=tuple(one for one in resource_ids if limits.get(one, 0) > 0),
            already_stopped=tuple(one for one in resource_ids if limits.get(one) == 0),
            missing=tuple(one for one in resource_ids if one not in limits),
        )

    def _largest_capacities(self, resource_ids: Sequence[str]) -> dict[str, int]:
        try:
            pages = self.client.get_paginator("describe_scalable_targets").paginate(
                ServiceNamespace="sagemaker",
                ResourceIds=list(resource_ids),
                ScalableDimension=_DIMENSION,
            )
            targets = [target for page in pages for target in page["ScalableTargets"]]
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot ask for the endpoints' capacity: {exc}") from exc
        return {target["ResourceId"]: target["MaxCapacity"] for target in targets}

    def _hold_at_zero(self, resource_id: str) -> None:
        self.client.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=resource_id,
            ScalableDimension=_DIMENSION,
            MinCapacity=0,
            MaxCapacity=0,
        )
