"""What is planned: units, the shards that hold them, and the reasons."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.dependencies import Dependency

HOME_SHARD = "home"
"""End of the id of a shard that runs failed tests again after importing the whole suite."""


class Compute(StrEnum):
    """Where a shard's worker lives. The workflow chooses its branch by this word."""

    LAMBDA = "lambda"
    FARGATE = "fargate"


_GROUP = re.compile(r"::\[\d+/\d+\]$")


def group_id(file: str, number: int, count: int) -> str:
    """The unit id of one node group of a file, counted from 1."""
    return f"{file}::[{number}/{count}]"


def file_of(unit: str) -> str:
    """The file that a unit is, or is a node group of."""
    return _GROUP.sub("", unit)


def scope_of(test: str) -> str:
    """The class or function at the top of its file that a test id names; "" where there is none."""
    return test.partition("::")[2].partition("::")[0].partition("[")[0]


class Unit(Contract):
    """The smallest thing that is sharded: one test file."""

    id: str
    """POSIX path of the file, relative to the root of the tree."""
    size_bytes: int
    tests_estimate: int
    """Tests found by reading, not running. Parametrised tests count once."""


class PlannedUnit(Contract):
    """A unit with what is expected of it."""

    id: str
    """Path of the file; for a node group of a long file, what `group_id` makes of it."""
    predicted_s: float
    known: bool
    """True when the prediction comes from history, False when it is a guess from the source."""
    low_s: float | None = None
    high_s: float | None = None
    """It takes this long with a chance of 80 %."""
    memory_mb: int | None = None
    """Largest peak that past runs have reported."""


class Shard(Contract):
    """Units that one worker runs in one go, in the order of collection."""

    id: str
    profile: str
    compute: Compute
    units: tuple[PlannedUnit, ...]
    takes_rest: bool = False
    """This shard also runs whatever the framework collects that no unit names."""
    tests: tuple[str, ...] = ()
    """When not empty: only these test ids, each alone in a process of its own."""
    together: bool = False
    """With `tests`: all in one process that has imported `units`, or where there are none the whole
    suite, as at home."""
    stage: int = 1
    """Above 1: it needs units of other shards, and starts in a round after they have passed."""

    @property
    def predicted_s(self) -> float:
        """Expected seconds of the tests themselves."""
        return sum(unit.predicted_s for unit in self.units)


Splits = dict[str, tuple[tuple[str, ...], ...]]
"""Files cut into node groups: for each the classes and functions of group 2, of group 3, ... All
others, known or not, are group 1."""


class Plan(Contract):
    """All shards of one round, longest first, and why they are so."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    framework: str
    suite: str
    shards: tuple[Shard, ...]
    workers: int
    """Shards that run at the same time."""
    predicted_s: float
    """Expected wall time of the tests with that many workers."""
    lower_bound_s: float
    """max(longest unit, total / workers) of the predictions: no plan can be shorter."""
    reasons: tuple[str, ...]
    strategy: str = "balanced"
    """How units became shards: a name of the entry point `testfleet.strategies`."""
    ordered: bool = False
    """Workers run units as they stand in their shard. Else as the framework collects them."""
    predicted_usd: float | None = None
    """Expected dollars of all shards' workers. None: planned without prices."""
    splits: Splits = Field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    """What needs what to have passed. In a shard, units stand in an order that respects it."""
    together: tuple[tuple[str, ...], ...] = ()
    """Units that change each other's results when they meet, and so share a shard in any round."""
    skipped: tuple[str, ...] = ()
    """Units that are left out, because what is to be tested cannot reach them."""
    later: tuple[Shard, ...] = ()
    """Of the first round's plan: shards of the stages above 1, as they would run if all passes."""
