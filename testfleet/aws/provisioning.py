"""Provisioners: warm workers on Lambda, warm instances of a SageMaker endpoint; and what is spent.

No stubs of these services' clients are installed, so they are typed as Any here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError
from testfleet.planning.scaling.provisioning import Capacity

_BUSY_WINDOW: Final = timedelta(minutes=10)
_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
_NOTHING_PROVISIONED: Final = "ProvisionedConcurrencyConfigNotFoundException"


@dataclass(frozen=True)
class WarmWorkers:
    """Provisioned concurrency of a function's alias."""

    functions: Any
    """Client of Lambda."""
    metrics: Any
    """Client of CloudWatch."""
    function: str
    alias: str
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        """The function and its alias."""
        return f"{self.function}:{self.alias}"

    def capacity(self) -> Capacity:
        """Workers that are asked for, and the most that were busy in the last minutes."""
        with _told(f"the warm workers of {self.name}"):
            return Capacity(self._provisioned(), self._busy())

    def apply(self, units: int) -> int:
        """Keep so many workers warm. Lambda lets busy ones finish, and takes minutes for new."""
        place = {"FunctionName": self.function, "Qualifier": self.alias}
        with _told(f"the warm workers of {self.name}"):
            if units == 0:
                self.functions.delete_provisioned_concurrency_config(**place)
                return 0
            self.functions.put_provisioned_concurrency_config(
                **place, ProvisionedConcurrentExecutions=units
            )
        return units

    def _provisioned(self) -> int:
        try:
            answer = self.functions.get_provisioned_concurrency_config(
                FunctionName=self.function, Qualifier=self.alias
            )
        except ClientError as exc:
            if exc.response["Error"]["Code"] == _NOTHING_PROVISIONED:
                return 0
            raise
        return int(answer["RequestedProvisionedConcurrentExecutions"])

    def _busy(self) -> int:
        metric = {
            "Namespace": "AWS/Lambda",
            "MetricName": "ProvisionedConcurrentExecutions",
            "Dimensions": [
                {"Name": "FunctionName", "Value": self.function},
                {"Name": "Resource", "Value": self.name},
            ],
        }
        return math.ceil(_highest(self.metrics, metric, self.now()))


@dataclass(frozen=True)
class WarmInstances:
    """The least number of instances that an endpoint scales in to."""

    scaling: Any
    """Client of Application Auto Scaling."""
    metrics: Any
    """Client of CloudWatch."""
    resource_id: str
    """`endpoint/NAME/variant/VARIANT`."""
    now: Callable[[], datetime]

    @property
    def name(self) -> str:
        """The endpoint."""
        return self.resource_id.split("/")[1]

    def capacity(self) -> Capacity:
        """The least number; all of it counts as running while requests wait.

        `most` is zero where the budget has stopped the endpoint: it stays stopped.
        """
        with _told(f"the instances of {self.name}"):
            target = self._scalable_target()
            least, most = int(target["MinCapacity"]), int(target["MaxCapacity"])
            waiting = _highest(self.metrics, self._backlog(), self.now())
            return Capacity(least, least if waiting > 0 else 0, most)

    def apply(self, units: int) -> int:
        """Raise or lower the least number, within the most that is allowed at this moment.

        Instances beyond it end by the endpoint's own scaling, once nothing waits for them.
        """
        with _told(f"the instances of {self.name}"):
            least = min(units, int(self._scalable_target()["MaxCapacity"]))
            self.scaling.register_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=self.resource_id,
                ScalableDimension=_DIMENSION,
                MinCapacity=least,
            )
        return least

    def _scalable_target(self) -> dict[str, Any]:
        answer = self.scaling.describe_scalable_targets(
            ServiceNamespace="sagemaker",
            ResourceIds=[self.resource_id],
            ScalableDimension=_DIMENSION,
        )
        if not answer["ScalableTargets"]:
            raise FleetError(
                f"endpoint {self.name} has no scalable target",
                hint="deploy the stack of the models again",
            )
        found: dict[str, Any] = answer["ScalableTargets"][0]
        return found

    def _backlog(self) -> dict[str, Any]:
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateBacklogSize",
            "Dimensions": [{"Name": "EndpointName", "Value": self.name}],
        }


@dataclass(frozen=True)
class MonthlyBudget:
    """What AWS Budgets says of the month."""

    budgets: Any
    """Client of AWS Budgets."""
    account: str
    name: str

    def spent_usd(self) -> float:
        """What the month has cost so far. Raises FleetError: who cannot ask must not spend."""
        with _told(f"the budget {self.name}"):
            answer = self.budgets.describe_budget(AccountId=self.account, BudgetName=self.name)
            spend = answer["Budget"].get("CalculatedSpend", {}).get("ActualSpend", {})
            return float(spend.get("Amount", 0.0))


def _highest(metrics: Any, metric: dict[str, Any], now: datetime) -> float:
    """The metric's highest value of the last minutes; zero where there is none."""
    answer = metrics.get_metric_statistics(
        **metric, StartTime=now - _BUSY_WINDOW, EndTime=now, Period=60, Statistics=["Maximum"]
    )
    return max((float(point["Maximum"]) for point in answer["Datapoints"]), default=0.0)


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as exc:
        raise FleetError(f"{what}: {exc}") from exc
