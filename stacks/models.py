"""The models behind triage and repair: asynchronous endpoints, at rest on zero instances."""

from __future__ import annotations

from constructs import Construct

from stacks.answers import AnswersStack
from stacks.base import FleetStack
from stacks.endpoint import AsyncEndpoint, EndpointProps
from stacks.storage import StorageStack
from testfleet.config import Endpoint, Environment


class ModelsStack(FleetStack):
    """One asynchronous endpoint for each model of the configuration."""

    def __init__(
        self, scope: Construct, config: Environment, storage: StorageStack, answers: AnswersStack
    ) -> None:
        super().__init__(scope, "models", config)
        self._answers = answers
        self.endpoints = {
            name: self._build_endpoint(name, settings, storage)
            for name, settings in config.endpoints.items()
        }

    def _build_endpoint(
        self, name: str, settings: Endpoint, storage: StorageStack
    ) -> AsyncEndpoint:
        return AsyncEndpoint(
            self,
            EndpointProps(
                name=name,
                settings=settings,
                storage=storage,
                topics=self._answers.topics,
                success=self._answers.success,
                error=self._answers.error,
            ),
        )
