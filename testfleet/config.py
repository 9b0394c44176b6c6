"""`config/<environment>.toml`: everything that differs between the laptop and the accounts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from testfleet.contracts.base import Contract
from testfleet.contracts.models import Models
from testfleet.contracts.plan import Compute
from testfleet.contracts.profile import Group, Profile
from testfleet.contracts.quota import Quotas
from testfleet.contracts.repair_config import RepairLimits
from testfleet.contracts.risk import RiskRules
from testfleet.contracts.routing import Routing
from testfleet.contracts.scaling import Scaling
from testfleet.errors import UsageError

__all__ = [
    "Environment",
    "Fleet",
    "Group",
    "Profile",
    "load_environment",
    "load_models",
    "load_risk_rules",
    "load_routing",
]

_Model = TypeVar("_Model", bound=Contract)

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: `app.py`, `config/`, `statemachines/` lie here."""


class Fleet(Contract):
    """How many workers there are and which one is the usual."""

    workers: int = Field(gt=0, le=1000)
    """Shards of one run that run at the same time."""
    max_shards: int = Field(gt=0, le=10_000)
    """Shards that a run may have at most."""
    default_profile: str
    """Profile or group of suites that name none."""
    fallback_profile: str | None = None
    """Where units are planned again that a worker of the default profile has lost."""
    untrusted_profile: str | None = None
    """Where the code of forks runs, whatever its own suite asks for."""
    max_rounds: int = Field(default=5, ge=1, le=10)
    """Rounds of planning in all: the first, and the repeats for what was lost."""
    confirm_limit: int = Field(default=25, ge=0)
    """Failed tests that are run again alone. More than that fail for one reason, not by chance."""
    confirm_attempts: int = Field(default=2, ge=1)
    """Times that a failed test is run again before its failure is called real."""
    investigation_rounds: int = Field(default=10, ge=0, le=20)
    """Rounds in which tests that passed alone are run after some of those before them, until the
    one that makes them fail is found. Each costs the start of a process. 0: none."""


class Retention(Contract):
    """Days that things are kept."""

    logs_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365] = 30
    """CloudWatch knows these numbers of days only."""
    runs_days: int = Field(default=30, ge=1)
    """Plans, results, logs and reports of runs."""
    sources_days: int = Field(default=7, ge=1)
    """Uploaded trees and built environments."""
    history_days: int = Field(default=180, ge=1)
    """Lines in the list of runs, and what a suite's shards and failures have taught."""


class Budget(Contract):
    """The month's money."""

    monthly_usd: float = Field(gt=0)
    """Of the whole account: give each environment one of its own."""
    notify: tuple[str, ...] = ()
    """E-mail addresses that hear of 80 % and 100 %."""


class Endpoint(Contract):
    """One SageMaker asynchronous endpoint."""

    instance_type: str = Field(pattern=r"^ml\.")
    """Type of instance that answers."""
    max_instances: int = Field(ge=1)
    """Instances at the same time. The least is zero."""
    model_data_key: str
    """Key of the model archive in the models bucket."""
    image_repository: str = "huggingface-pytorch-inference"
    """Repository of AWS's deep learning containers."""
    image_tag: str = "2.6.0-transformers4.49.0-gpu-py312-cu124-ubuntu22.04"
    """Tag in that repository."""
    backlog_per_instance: int = Field(default=5, ge=1)
    """Waiting requests for each instance that the scaling aims at."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Requests that an instance works on at the same time."""
    environment: dict[str, str] = Field(default_factory=dict)
    """Variables of the container: how AWS's container for large models (`djl-inference`) starts
    vLLM. Without any, the archive's `code/inference.py` serves."""


class ScheduledRepository(Contract):
    """A repository that the clock has tested."""

    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    """`owner/name` on the code host."""
    ref: str = Field(default="main", min_length=1)
    """Branch, tag or commit whose tests run."""


class Schedules(Contract):
    """What the schedules run. Without repositories they are switched off."""

    repositories: tuple[ScheduledRepository, ...] = Field(default=(), max_length=5)
    """At most 5: that many targets EventBridge gives to one rule."""


class Environment(Contract):
    """One place that the application is deployed to."""

    name: str
    embedded: bool = False
    """True: deployed onto the embedded AWS on this machine."""
    region: str
    """AWS region that everything is in."""
    worker_package: Literal["zip", "image"] = "image"
    """How workers are packed: a container image, or a zip file for the embedded AWS."""
    bundle_dependencies: bool = True
    """False: the Lambda code relies on the packages of the server, as in the embedded AWS."""
    trace: bool = True
    """True: X-Ray traces of functions and state machine."""
    interface_endpoints: bool = False
    """True: workers have no route to the internet; ECR and the logs are reached by endpoints."""
    flow_logs: bool = True
    """True: the network's connections are logged."""
    protect_data: bool = False
    """True: tables and buckets survive the deletion of their stack."""
    code_host_token_secret: str | None = Field(default=None, pattern=r"^[\w/+=.@-]+$")
    """Name of a secret in Secrets Manager with a token that may read private repositories."""
    optional_stacks: tuple[Literal["models", "costs"], ...] = ("models", "costs")
    """Stacks that an environment may do without."""
    fleet: Fleet
    profiles: dict[str, Profile]
    groups: dict[str, Group] = Field(default_factory=dict)
    retention: Retention = Retention()
    budget: Budget
    endpoints: dict[
        Literal["classifier", "fixer-large", "fixer-small", "fixer-react"], Endpoint
    ] = Field(default_factory=dict)
    """Of the stack `models`. Those of code models are named in config/models.toml as well."""
    schedules: Schedules = Schedules()
    quotas: Quotas = Quotas()
    scaling: Scaling = Scaling()
    repair: RepairLimits = RepairLimits()

    @model_validator(mode="after")
    def _warm_capacity_has_a_budget(self) -> Environment:
        if self.scaling and (self.embedded or "costs" not in self.optional_stacks):
            raise ValueError(
                "scaling keeps capacity warm within the budget of the stack `costs`, which is not "
                "deployed here: expected no [scaling]"
            )
        return self

    @model_validator(mode="after")
    def _profiles_exist(self) -> Environment:
        fleet = self.fleet
        members = [name for group in self.groups.values() for name in group.profiles]
        for name in (fleet.fallback_profile, fleet.untrusted_profile, *members):
            if name is not None and name not in self.profiles:
                raise ValueError(f"profile {name!r} is not one of {sorted(self.profiles)}")
        usual = fleet.default_profile
        if usual not in self.profiles and usual not in self.groups:
            known = sorted([*self.profiles, *self.groups])
            raise ValueError(f"profile or group {usual!r} is not one of {known}")
        if both := sorted(self.profiles.keys() & self.groups.keys()):
            raise ValueError(f"{both[0]!r} is a profile and a group: rename one of them")
        return self

    @model_validator(mode="after")
    def _promises_hold(self) -> Environment:
        """What one deployment cannot give, no profile may promise."""
        if len({profile.architecture for profile in self.profiles.values()}) > 1:
            raise ValueError(
                "all profiles must have the same architecture: what a run installs is built once "
                "for all of its workers"
            )
        for name, profile in self.profiles.items():
            reaches_out = profile.compute is Compute.FARGATE and profile.network == "internet"
            if self.interface_endpoints and reaches_out:
                raise ValueError(
                    f"profiles.{name}.network is 'internet', which no Fargate worker can reach "
                    "with interface_endpoints = true: write network = 'private'"
                )
        return self

    def largest(self, compute: Compute) -> Profile:
        """The profile with the most memory on this compute: what its workers are made for.

        Raises UsageError when no profile uses the compute.
        """
        fitting = [profile for profile in self.profiles.values() if profile.compute == compute]
        if not fitting:
            raise UsageError(
                f"config/{self.name}.toml: no profile has compute = {compute.value!r}, "
                f"found {sorted(self.profiles)}",
                hint=f"add a [profiles.NAME] table with compute = {compute.value!r}",
            )
        return max(fitting, key=lambda profile: profile.memory_mb)

    @property
    def prefix(self) -> str:
        """What the names of all stacks begin with."""
        return f"testfleet-{self.name}"


def environment_names(root: Path = ROOT) -> list[str]:
    """The environments that have a file. Others in config/ have no table `[fleet]`."""
    files = (root / "config").glob("*.toml")
    return sorted(path.stem for path in files if "[fleet]" in path.read_text("utf-8", "replace"))


def load_environment(name: str, root: Path = ROOT) -> Environment:
    """Read and check `config/<name>.toml`.

    Raises UsageError that names the file, the key and what was expected.
    """
    known = environment_names(root)
    if name not in known:
        raise UsageError(
            f"no environment {name!r}: config/ has {', '.join(known) or 'none'}",
            hint="an environment is a file of config/ with a table [fleet]",
        )
    return _read(root / "config" / f"{name}.toml", Environment, {"name": name})


def load_risk_rules(root: Path = ROOT) -> RiskRules:
    """Read and check `config/risk.toml`. Raises UsageError."""
    return _read(root / "config" / "risk.toml", RiskRules, {})


def load_routing(root: Path = ROOT) -> Routing:
    """Read and check `config/routing.toml`. Raises UsageError."""
    return _read(root / "config" / "routing.toml", Routing, {})


def load_models(root: Path = ROOT) -> Models:
    """Read and check `config/models.toml`. Raises UsageError."""
    return _read(root / "config" / "models.toml", Models, {})


def _read(path: Path, model: type[_Model], extra: Mapping[str, str]) -> _Model:
    try:
        return model.model_validate({**extra, **tomllib.loads(path.read_text("utf-8"))})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: {exc}") from exc
    except ValidationError as exc:
        raise UsageError(describe_validation(path, exc)) from exc


def describe_validation(path: Path, error: ValidationError) -> str:
    """One line a problem: file, key, what was expected, what was found."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "(whole file)"
        found = (
            "" if problem["type"] in ("missing", "extra_forbidden") else _found(problem["input"])
        )
        expected = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{path}: {key}: {expected}{found}")
    return "\n".join(lines)


_SHOWN_CHARACTERS = 60


def _found(value: object) -> str:
    text = repr(value)
    return f", found {text if len(text) <= _SHOWN_CHARACTERS else text[:57] + '...'}"
