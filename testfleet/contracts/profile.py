"""Kinds of workers, and groups of them, as `config/ENVIRONMENT.toml` describes them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from testfleet.contracts.base import Contract
from testfleet.contracts.plan import Compute

Version = Annotated[str, Field(pattern=r"^(\d+(\.\d+){0,3})?$")]


class CapacityProvider(StrEnum):
    """Where ECS takes the capacity of a Fargate task from."""

    FARGATE = "FARGATE"
    FARGATE_SPOT = "FARGATE_SPOT"


class Profile(Contract):
    """A kind of worker."""

    compute: Compute
    """Where its workers live."""
    memory_mb: int = Field(gt=0)
    """Memory of a worker; on Lambda it also decides the share of processors."""
    vcpu: float = Field(gt=0)
    """Processors of a worker: asked of Fargate, known of Lambda."""
    disk_mb: int = Field(gt=0)
    """Disk of a worker, for the tree, its environment and what tests write."""
    time_limit_s: int = Field(gt=0)
    """Seconds that a shard may take. Lambda ends every worker after 900."""
    startup_s: float = Field(ge=0)
    """Seconds from being asked for to the first test, cold start and set-up included."""
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    """Processor of a worker."""
    spot: bool = False
    """True: Fargate Spot, cheaper, and taken away with two minutes' notice."""
    gpus: int = Field(default=0, ge=0)
    """Graphics processors of a worker."""
    browsers: dict[Literal["chromium", "firefox", "webkit"], Version] = Field(default_factory=dict)
    """Browsers of a worker with their versions; the empty text where the version is not known."""
    webgpu: bool = False
    """True: a browser of the worker offers WebGPU."""
    webnn: bool = False
    """True: a browser of the worker offers WebNN."""
    docker: bool = False
    """True: tests may start containers."""
    network: Literal["none", "private", "internet"] = "internet"
    """How far tests can reach: nowhere, the account's own network, or everything."""

    @property
    def capacity_provider(self) -> CapacityProvider:
        """What a Fargate task of the profile is started with."""
        return CapacityProvider.FARGATE_SPOT if self.spot else CapacityProvider.FARGATE

    @model_validator(mode="after")
    def _spot_is_fargate(self) -> Profile:
        if self.spot and self.compute is not Compute.FARGATE:
            raise ValueError(f"spot is for compute = 'fargate', found {self.compute.value!r}")
        return self


class Weights(Contract):
    """How much each factor counts when a profile is chosen out of a group. Only ratios matter."""

    time: float = Field(default=0.4, ge=0)
    """Predicted wall time of the tests, starts included."""
    price: float = Field(default=0.3, ge=0)
    """Price of that time."""
    success: float = Field(default=0.2, ge=0)
    """Share of past shards on the profile that no worker lost."""
    warmth: float = Field(default=0.1, ge=0)
    """Share of past shards on the profile that found what they needed already there."""

    @model_validator(mode="after")
    def _something_counts(self) -> Weights:
        if self.time + self.price + self.success + self.warmth <= 0:
            raise ValueError("one weight must be more than 0")
        return self


class Group(Contract):
    """Profiles of which the planner chooses the best for each suite. Named like a profile."""

    profiles: tuple[str, ...] = Field(min_length=1)
    """Members. The first is used where a choice makes no sense, e.g. to build the environment."""
    weights: Weights = Weights()
