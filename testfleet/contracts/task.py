"""What a worker is told: all it may read or write, as addresses that expire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.plan import Splits
from testfleet.contracts.services import Service
from testfleet.contracts.tool import ToolOptions


class TaskSource(Contract):
    """The tree under test."""

    url: str
    sha256: str
    original_root: str | None = None
    """Where the same tree lies on this machine, when client and worker share one."""
    reuse: bool = True
    """False for untrusted code: its working copy is made anew and thrown away."""


class InterpreterEnvironment(Contract):
    """Tests run under an interpreter that is on this machine already."""

    kind: Literal["interpreter"] = "interpreter"
    python: str


class BuiltEnvironment(Contract):
    """Tests run under a virtual environment made by set-up commands, kept as an archive."""

    kind: Literal["built"] = "built"
    key: str
    """Hash of the set-up commands, the files they read, and the platform."""
    python: str
    """Interpreter that makes the environment, e.g. `python3`."""
    setup: tuple[str, ...]
    """Shell commands, run in the tree with the environment's `bin` first on PATH."""
    get_url: str
    put_url: str


TaskEnvironment = Annotated[InterpreterEnvironment | BuiltEnvironment, Field(discriminator="kind")]


class Limits(Contract):
    """What the tested code may use. Beyond it, the test is ended and told so."""

    time_s: float = 840.0
    """Whole shard."""
    test_timeout_s: float = 300.0
    memory_mb: int = 4096
    file_mb: int = 2048
    """Largest single file that a test may write."""
    output_mb: int = 64
    """Largest log that is kept of a shard."""


class Uploads(Contract):
    """Presigned PUT addresses."""

    result: str
    progress: str
    log: str
    partial: str | None = None
    """Results so far, written now and then: what is left of a worker that is lost."""
    stop: str | None = None
    """Written by a worker that has seen a failure, when the run is fail-fast."""


class WorkerTask(Contract):
    """One shard's orders, fetched by the worker from the address that it was started with."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    kind: Literal["run", "confirm", "prepare"]
    """`confirm` runs each of `tests` alone; `prepare` only builds the environment."""
    run_id: str
    shard_id: str
    repository: str
    framework: str
    source: TaskSource
    environment: TaskEnvironment
    root: str = "."
    """Folder of the suite inside the tree."""
    units: tuple[str, ...] = ()
    excluded: tuple[str, ...] | None = None
    """Set on the shard that takes the rest: units that belong to other shards."""
    splits: Splits = Field(default_factory=dict)
    """Files of which `units` and `excluded` name node groups."""
    ordered: bool = False
    """Run `units` in the order given, though the framework would collect them in another."""
    mixed: tuple[tuple[str, ...], ...] = ()
    """Units of which the framework may mix the tests: among them its own order stays."""
    dependencies: tuple[Dependency, ...] = ()
    """Between `units`, which then stand in the order in which they run: what needs a unit of which
    a test has failed is skipped."""
    tests: tuple[str, ...] = ()
    together: bool = False
    """With `tests`: run them in one process that collects `units`, or else the whole suite."""
    framework_args: tuple[str, ...] = ()
    tool: ToolOptions = ToolOptions()
    services: tuple[Service, ...] = ()
    """In the order in which they start."""
    env: dict[str, str] = Field(default_factory=dict)
    limits: Limits = Limits()
    records: bool = False
    """Run each of `units` in a process of its own, and record its coverage."""
    fail_fast: bool = False
    cancel_url: str
    """GET: 404 while the run may go on, 200 once it was cancelled."""
    stop_url: str | None = None
    """GET: the same for fail-fast."""
    uploads: Uploads


class ShardItem(Contract):
    """One line of the Map's input: as small as can be, since ten thousand of them are one file."""

    shard_id: str
    run_id: str
    compute: str
    capacity_provider: str = "FARGATE"
    """Of a task on Fargate; a worker on Lambda has no use for it."""
    task_url: str
