"""How much capacity is kept warm ahead of the load that is predicted."""

from __future__ import annotations

from pydantic import Field

from testfleet.contracts.base import Contract


class Scaling(Contract):
    """Workers and model instances that wait for runs, as many as history predicts."""

    warm_workers: int = Field(default=0, ge=0)
    """Workers of Lambda that are kept warm at most. Zero: none, and nothing is predicted."""
    warm_instances: int = Field(default=0, ge=0)
    """Instances that each model endpoint keeps at most. Zero: they start with the first request."""
    workers_per_instance: int = Field(default=50, ge=1)
    """Workers at the same time for which one instance of an endpoint is kept."""
    budget_share: float = Field(default=0.2, gt=0, le=1)
    """Of the month's budget, what warm capacity may cost. It ends where the budget does, too."""

    def __bool__(self) -> bool:
        return self.warm_workers > 0 or self.warm_instances > 0
