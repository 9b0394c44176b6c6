"""`testfleet.toml` in the tested repository: what cannot be guessed from its own files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Self

from pydantic import Field, field_validator, model_validator

from testfleet.contracts.base import Contract
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.contracts.repair_config import RepairConfig
from testfleet.contracts.risk import ProjectRisk
from testfleet.contracts.run import Mode
from testfleet.contracts.services import ServiceConfig
from testfleet.contracts.tool import FrameworkName, ToolOptions

PROJECT_FILE = "testfleet.toml"


class EnvironmentConfig(Contract):
    """How the interpreter and packages that run the tests come to be."""

    python: str | None = None
    """Interpreter: a name on PATH, or a path relative to the file. On a laptop, without `setup`, it
    runs the tests as it is; elsewhere it makes the environment."""
    setup: tuple[str, ...] = ()
    """Shell commands that fill a new virtual environment. Run once per content of `inputs`."""
    inputs: tuple[str, ...] = (
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements*.txt",
        "*.lock",
        "*package.json",
        "*package-lock.json",
        "*pnpm-lock.yaml",
    )
    """Globs of the files that the environment depends on."""


class SuiteMode(Contract):
    """What a mode adds to a suite."""

    args: tuple[str, ...] = ()
    """Arguments after those of the suite."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables on top of those of the suite."""
    services: tuple[str, ...] | None = None
    """Services in place of those of the suite. Empty: none, e.g. where fakes replace them."""


_NAME = re.compile(r"^[A-Za-z0-9_.-]+$")


class DependsConfig(Contract):
    """What some test files need of others, or are to others."""

    units: tuple[str, ...] = Field(min_length=1)
    """Test files: paths relative to the repository, or globs as in pytest's `python_files`."""
    depends_on: tuple[str, ...] = ()
    """Names that other entries provide, or globs of test files: the units run after these, and
    only when all of these have passed."""
    provides: tuple[str, ...] = ()
    """Names by which `depends_on` of other entries may call the units."""

    @field_validator("provides")
    @classmethod
    def _plain_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in value if not _NAME.match(name)]
        if wrong:
            raise ValueError(
                f"{wrong[0]!r} is no name: expected letters, digits, `_`, `-` and `.`,"
                " like `migrations`"
            )
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.depends_on and not self.provides:
            raise ValueError("expected `depends_on`, `provides` or both beside `units`")
        return self


class TraitsConfig(Contract):
    """What strategies may know of some test files."""

    units: tuple[str, ...] = Field(min_length=1)
    """Test files: paths relative to the repository, or globs as in pytest's `python_files`."""
    kind: str | None = None
    """Kind of test, e.g. `unit`, `integration`, `smoke`, `browser`: for `--strategy test-type`."""
    owner: str | None = None
    """Who waits for them, e.g. a team: for `--strategy fair-share`."""
    priority: float | None = Field(default=None, allow_inf_nan=False)
    """Higher is sooner, 0 is usual: for `--strategy priority`, `deadline` and `hybrid`."""
    deadline_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Seconds until their results are wanted: for `--strategy deadline`."""


class SuiteConfig(Contract):
    """One test suite of the repository."""

    framework: FrameworkName = "pytest"
    """Test framework of the suite: `pytest`, `vitest`, `jest`, `playwright`, `tsc`, `eslint`, or
    `command` for any other that writes JUnit XML."""
    root: str = "."
    """Folder that the framework is started in, relative to the repository."""
    args: tuple[str, ...] = ()
    """Arguments that the framework is started with."""
    command: tuple[str, ...] = ()
    """With `command` as framework: program and arguments that run the tests. `{units}` as an
    argument becomes the shard's test files, relative to `root`; with `{unit}` the command runs once
    for each file; `{results}` is a path for the JUnit file."""
    one: tuple[str, ...] = ()
    """With `command`: what runs a single test, with `{test}` for its name, `{pattern}` for the same
    as a regular expression, and `{file}`. Default: its whole file runs again."""
    results: tuple[str, ...] = ()
    """With `command`: globs of the JUnit files that it writes, relative to `root`, e.g.
    `build/**/TEST-*.xml`. Not needed beside `{results}`."""
    units: tuple[str, ...] = ()
    """With `command`: globs of the test files, relative to `root`, that are spread over the
    fleet. Default: the command is run once, by one worker."""
    project: str = ""
    """With `tsc`: the tsconfig, relative to `root`. Default: every `tsconfig.json` that no other
    refers to."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables that the tests see."""
    profile: str | None = None
    """Worker profile of config/ENVIRONMENT.toml that the suite must run on."""
    test_timeout_s: float = Field(default=300.0, gt=0)
    """A test that runs longer is ended and reported as failed."""
    memory_mb: int | None = Field(default=None, gt=0)
    """Memory that the tests of one shard may use together. Default: the profile's."""
    services: tuple[str, ...] = ()
    """Names of `[services.NAME]` that are ready before the tests begin."""
    record_coverage: bool = False
    """With `pytest`: each test file runs in a process of its own, and which functions it enters is
    kept, so that `--changed-since` can leave out what runs nothing of a change. It costs a start of
    pytest for each file, and before Python 3.12 calls that take two to three times as long."""
    requires: tuple[str, ...] = ()
    """What the suite's workers must have, e.g. `docker`, `memory>=4096`, `browser:chromium`."""
    requires_for: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What only some files need: by glob, e.g. `tests/browser/*`, on top of `requires`."""
    modes: dict[Mode, SuiteMode] = Field(default_factory=dict)
    depends: tuple[DependsConfig, ...] = ()
    """`[[suites.NAME.depends]]`: which test files need others to have passed before."""
    traits: tuple[TraitsConfig, ...] = ()
    """`[[suites.NAME.traits]]`: kind, owner, priority and deadline of test files. Where several
    entries name a file, each key counts as the last of them has it."""

    @property
    def tool(self) -> ToolOptions:
        """What only some frameworks read."""
        return ToolOptions(
            command=self.command, one=self.one, results=self.results, project=self.project
        )

    @field_validator("results", "units", mode="before")
    @classmethod
    def _one_is_enough(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_framework(self) -> Self:
        given = [name for name in ("command", "one", "results", "units") if getattr(self, name)]
        if self.framework != "command":
            if given:
                raise ValueError(
                    f'`{given[0]}` is only for framework = "command", this is {self.framework!r}'
                )
            return self
        if not self.command:
            raise ValueError('framework = "command" needs `command`, e.g. ["make", "test"]')
        if not self.results and not any("{results}" in word for word in self.command):
            raise ValueError(
                'framework = "command" needs `results`, globs of the JUnit files that it writes,'
                " or `{results}` in `command`"
            )
        takes_files = any("{unit" in word for word in self.command)
        if bool(self.units) != takes_files:
            raise ValueError(
                "`units` and `{units}` or `{unit}` in `command` go together: the first says which"
                " files there are, the second where their names stand"
            )
        return self

    @field_validator("root")
    @classmethod
    def _inside(cls, value: str) -> str:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("expected a folder inside the repository, like `backend`")
        return value


class SourceConfig(Contract):
    """What of the working tree is uploaded."""

    include: tuple[str, ...] = ()
    """Globs of ignored files that the tests need all the same, e.g. a generated `_version.py`."""


class ProjectConfig(Contract):
    """The whole file."""

    environment: EnvironmentConfig = EnvironmentConfig()
    source: SourceConfig = SourceConfig()
    suites: dict[str, SuiteConfig] = Field(default_factory=dict)
    services: dict[str, ServiceConfig] = Field(default_factory=dict)
    risk: ProjectRisk = ProjectRisk()
    repair: RepairConfig = RepairConfig()
    quarantine: tuple[QuarantineConfig, ...] = ()
    """`[[quarantine]]`: flaky tests that do not block, each with an owner and a last day."""
