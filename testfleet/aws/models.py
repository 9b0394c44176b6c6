"""Which model a SageMaker endpoint serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_OF_THE_ANSWER = ("EndpointConfigArn", "CreationTime", "ResponseMetadata", "EndpointConfigName")
_MODEL = ("PrimaryContainer", "ExecutionRoleArn", "EnableNetworkIsolation", "VpcConfig")


@dataclass(frozen=True)
class SageMakerModels:
    """One endpoint: it gets a new model by a new configuration that is otherwise the old one."""

    client: SageMakerClient
    endpoint: str

    def promote(self, archive: str, version: str) -> None:
        """Serve the model of `archive`; the endpoint answers with the old one until it is ready.

        What is there from an interrupted try is used again. Raises FleetError.
        """
        name = f"{self.endpoint}-{version}"[:63].rstrip("-")
        try:
            current = self.client.describe_endpoint(EndpointName=self.endpoint)
            if current["EndpointConfigName"] == name:
                return
            config: dict[str, Any] = dict(
                self.client.describe_endpoint_config(
                    EndpointConfigName=current["EndpointConfigName"]
                )
            )
            self._make_model(config["ProductionVariants"][0]["ModelName"], name, archive)
            self._make_config(config, name)
            self.client.update_endpoint(EndpointName=self.endpoint, EndpointConfigName=name)
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"endpoint {self.endpoint} does not take {archive}: {exc}") from exc

    def _make_model(self, old: str, name: str, archive: str) -> None:
        model: dict[str, Any] = dict(self.client.describe_model(ModelName=old))
        made = {key: model[key] for key in _MODEL if key in model}
        made["PrimaryContainer"] = {**made["PrimaryContainer"], "ModelDataUrl": archive}
        # An archive is named either way, never both.
        made["PrimaryContainer"].pop("ModelDataSource", None)
        _once(self.client.create_model, ModelName=name, **made)

    def _make_config(self, config: dict[str, Any], name: str) -> None:
        made = {key: value for key, value in config.items() if key not in _OF_THE_ANSWER}
        first, *others = made["ProductionVariants"]
        made["ProductionVariants"] = [{**first, "ModelName": name}, *others]
        _once(self.client.create_endpoint_config, EndpointConfigName=name, **made)


def _once(create: Any, **wanted: Any) -> None:
    """Make a thing, if an earlier try has not made it."""
    try:
        create(**wanted)
    except ClientError as exc:
        if "already exist" not in str(exc):
            raise
