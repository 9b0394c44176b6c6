"""The models behind triage and repair: asynchronous endpoints, at rest on zero instances."""

from __future__ import annotations

from constructs import Construct

from stacks.base import FleetStack
from stacks.endpoint import AsyncEndpoint, EndpointProps
from stacks.storage import StorageStack
from stacks.topic import Topics
from testfleet.config import Endpoint, Environment


class ModelsStack(FleetStack):
    """One asynchronous endpoint for each model of the configuration."""

    def __init__(self, scope: Construct, config: Environment, storage: StorageStack) -> None:
        super().__init__(scope, "models", config)
        self._topics = Topics(self, publisher=None)
        self.success = self._topics.add("Success")
        self.error = self._topics.add("Error")
        self.endpoints = [
            self._build_endpoint(name, settings, storage)
            for name, settings in config.endpoints.items()
        ]
        self.output("InferenceSuccessTopic", self.success.topic_arn, "Answers of the models")
        self.output("InferenceErrorTopic", self.error.topic_arn, "Failed inferences")

    def _build_endpoint(
        self, name: str, settings: Endpoint, storage: StorageStack
    ) -> AsyncEndpoint:
        return AsyncEndpoint(
            self,
            EndpointProps(
                name=name,
                settings=settings,
                storage=storage,
                topics=self._topics,
                success=self.success,
                error=self.error,
            ),
        )
