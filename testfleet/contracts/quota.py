"""Quotas as they are configured, and the state that they are kept with."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class Quota(Contract):
    """What some runs may use together. Without a key there is no such limit."""

    concurrency: int | None = Field(default=None, ge=0)
    """Shards at the same time. Zero admits nothing."""
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Dollars in a period, by the runs' own metering. Zero admits nothing."""
    borrow: int = Field(default=0, ge=0)
    """Shards on top of `concurrency` that may be borrowed of idle quotas of the same kind."""
    lends: bool = True
    """False: what is idle of this quota is lent to nobody."""
    least: int | None = Field(default=None, ge=1)
    """Where use adjusts `concurrency`: it never falls below this."""
    most: int | None = Field(default=None, ge=1)
    """Where use adjusts `concurrency`: it never rises above this."""

    @model_validator(mode="after")
    def _bounds_enclose_the_quota(self) -> Self:
        if self.least is None and self.most is None:
            return self
        if self.concurrency is None:
            raise ValueError("least and most adjust a concurrency, and there is none")
        if not self.bounds[0] <= self.concurrency <= self.bounds[1]:
            raise ValueError(
                f"expected least <= concurrency <= most, found {self.least}, {self.concurrency}, "
                f"{self.most}"
            )
        return self

    def __bool__(self) -> bool:
        return self.concurrency is not None or self.usd is not None

    @property
    def bounds(self) -> tuple[int, int]:
        """Between which the concurrency is adjusted; equal where it is not."""
        own = self.concurrency or 0
        return self.least or own, self.most or own


class TeamQuota(Quota):
    """What the runs of a team's repositories may use together."""

    repositories: tuple[str, ...] = ()
    """The team's repositories, as runs name them: `owner/name`, or a folder's name."""


Period = Literal["day", "week", "month"]


class Quotas(Contract):
    """Who may use how much. Without any quota nothing is limited, and nothing is recorded."""

    period: Period = "month"
    """After which `usd` begins anew: a calendar day, week or month, in UTC."""
    max_wait_s: int = Field(default=1800, ge=0, le=21_600)
    """Seconds that a run waits for its share before it is rejected."""
    fleet: Quota = Quota()
    teams: dict[str, TeamQuota] = Field(default_factory=dict)
    repositories: dict[str, Quota] = Field(default_factory=dict)
    types: dict[str, Quota] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _a_repository_has_one_team(self) -> Self:
        owners: dict[str, str] = {}
        for team, quota in self.teams.items():
            for repository in quota.repositories:
                first = owners.setdefault(repository, team)
                if first != team:
                    raise ValueError(
                        f"repository {repository!r} is in the teams {first!r} and {team!r}: "
                        "expected one"
                    )
        return self

    def __bool__(self) -> bool:
        return bool(self.scopes)

    @cached_property
    def scopes(self) -> dict[str, Quota]:
        """Every quota that limits something, under its scope, like `team:payments`."""
        found: dict[str, Quota] = {"fleet": self.fleet}
        found |= {f"team:{name}": quota for name, quota in self.teams.items()}
        found |= {f"repository:{name}": quota for name, quota in self.repositories.items()}
        found |= {f"type:{name}": quota for name, quota in self.types.items()}
        return {scope: quota for scope, quota in found.items() if quota}

    def team_of(self, repository: str) -> str | None:
        """Name of the repository's team, if it has one."""
        return self._owners.get(repository)

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {each: name for name, team in self.teams.items() for each in team.repositories}


class Lease(Contract):
    """What a run was given. It ends by itself, so that a dead run gives its share back."""

    run_id: str
    repository: str
    scopes: tuple[str, ...]
    """The quotas that it counts against."""
    slots: int
    """Shards that the run may run at the same time."""
    loans: dict[str, dict[str, int]] = Field(default_factory=dict)
    """For a scope of the run: slots that are borrowed, by the scope that lends them."""
    usd: float = 0.0
    """Dollars held back for it until its cost is known."""
    since: datetime
    expires_at: datetime


class Waiter(Contract):
    """A run that waits for its share. One that asks no more is forgotten."""

    run_id: str
    repository: str
    scopes: tuple[str, ...]
    wanted: int
    least: int
    """The run starts once it can have this many slots."""
    since: datetime
    expires_at: datetime


class Average(Contract):
    """An exponentially weighted mean of a scope's demand, in slots."""

    slots: float
    at: datetime


class Spending(Contract):
    """Dollars of one period."""

    period: str
    """First day of the period."""
    usd: float


class QuotaState(Contract):
    """Everything that is known about the use of the quotas: one document, changed whole."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    leases: dict[str, Lease] = Field(default_factory=dict)
    waiters: dict[str, Waiter] = Field(default_factory=dict)
    debts: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Slot-seconds that a scope owes, by the scope that it owes them to."""
    spent: dict[str, Spending] = Field(default_factory=dict)
    averages: dict[str, Average] = Field(default_factory=dict)
    costs: dict[str, float] = Field(default_factory=dict)
    """Dollars that a run of a repository costs, as an exponentially weighted mean."""
