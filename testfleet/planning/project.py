"""`testfleet.toml`: read it, check it, choose a suite, apply a mode."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from testfleet.config import describe_validation
from testfleet.contracts.project import (
    PROJECT_FILE,
    DependsConfig,
    EnvironmentConfig,
    ProjectConfig,
    SourceConfig,
    SuiteConfig,
    SuiteMode,
    TraitsConfig,
)
from testfleet.contracts.risk import ProjectRisk, RiskRule
from testfleet.contracts.run import Mode
from testfleet.contracts.services import Service, ServiceConfig
from testfleet.contracts.tool import ToolOptions
from testfleet.errors import UsageError
from testfleet.planning.placement.needs import Needs
from testfleet.planning.services import services_of
from testfleet.planning.source_tree import SourceTree

DEFAULT_SUITE: Final = "default"
"""Name of the suite of a repository that has no `[suites.NAME]` table."""

CHECKS: Final = frozenset({"tsc", "eslint"})
"""Frameworks that read code and run none: beside a suite of tests nobody means them unasked."""


@dataclass(frozen=True)
class ResolvedSuite:
    """A suite with its mode applied: what the framework is started with."""

    name: str
    framework: str
    root: str
    args: tuple[str, ...]
    env: dict[str, str]
    profile: str | None
    test_timeout_s: float
    memory_mb: int | None
    depends: tuple[DependsConfig, ...] = ()
    requires: tuple[str, ...] = ()
    requires_for: dict[str, tuple[str, ...]] = field(default_factory=dict)
    traits: tuple[TraitsConfig, ...] = ()
    tool: ToolOptions = field(default_factory=ToolOptions)
    """What only some frameworks read."""
    units: tuple[str, ...] = ()
    """Globs of the test files of a `command`."""
    services: tuple[Service, ...] = ()
    """In the order in which they start."""
    record_coverage: bool = False

    @property
    def needs(self) -> Needs:
        """What its units ask of their workers. Raises UsageError."""
        return Needs.read(self.requires, self.requires_for)


def load_project(tree: SourceTree) -> ProjectConfig:
    """The tree's `testfleet.toml`, or the defaults when it has none. Raises UsageError."""
    try:
        return parse_project(tree.read(PROJECT_FILE))
    except KeyError:
        return ProjectConfig()


def parse_project(text: bytes) -> ProjectConfig:
    """Check the file's content. Raises UsageError with file, key or line, and what was expected."""
    try:
        project = ProjectConfig.model_validate(tomllib.loads(text.decode("utf-8")))
    except UnicodeDecodeError as exc:
        raise UsageError(f"{PROJECT_FILE}: not UTF-8 at byte {exc.start}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{PROJECT_FILE}: {exc}", hint="mend the TOML there") from exc
    except ValidationError as exc:
        hint = _hint([problem["loc"] for problem in exc.errors()])
        raise UsageError(describe_validation(Path(PROJECT_FILE), exc), hint=hint) from exc
    _check_requirements(project)
    return project


def resolve_suite(project: ProjectConfig, name: str | None, mode: Mode) -> ResolvedSuite:
    """The suite of that name, or the only one, or the one called `default`. Raises UsageError."""
    chosen = name if name is not None else _usual(project)
    known = project.suites or {DEFAULT_SUITE: SuiteConfig()}
    if chosen not in known:
        has = ", ".join(sorted(project.suites)) or f"no suites, so only `{DEFAULT_SUITE}`"
        raise UsageError(f"no suite {chosen!r}: the project has {has}")
    suite = known[chosen]
    extra = suite.modes.get(mode, SuiteMode())
    names = suite.services if extra.services is None else extra.services
    return ResolvedSuite(
        name=chosen,
        framework=suite.framework,
        root=suite.root,
        args=suite.args + extra.args,
        env=suite.env | extra.env,
        profile=suite.profile,
        test_timeout_s=suite.test_timeout_s,
        memory_mb=suite.memory_mb,
        depends=suite.depends,
        requires=suite.requires,
        requires_for=suite.requires_for,
        traits=suite.traits,
        tool=suite.tool,
        units=suite.units,
        services=services_of(project.services, names),
        record_coverage=suite.record_coverage,
    )


def _check_requirements(project: ProjectConfig) -> None:
    for name, suite in project.suites.items():
        try:
            Needs.read(suite.requires, suite.requires_for)
        except UsageError as exc:
            message = f"{PROJECT_FILE}: suites.{name}.{exc}"
            raise UsageError(message, hint=exc.hint) from None


def _usual(project: ProjectConfig) -> str:
    """The suite that is meant when none is named: `default`, or the only one that runs tests."""
    suites = project.suites
    if not suites or DEFAULT_SUITE in suites:
        return DEFAULT_SUITE
    tests = [name for name, suite in suites.items() if suite.framework not in CHECKS]
    if len(tests or suites) == 1:
        return (tests or list(suites))[0]
    raise UsageError(
        f"this project has {len(suites)} suites: {', '.join(sorted(suites))}",
        hint=f"name one with --suite, or call the usual one `{DEFAULT_SUITE}` in {PROJECT_FILE}",
    )


_TABLES: Final[dict[str, type[BaseModel]]] = {
    "environment": EnvironmentConfig,
    "source": SourceConfig,
    "risk": ProjectRisk,
}


def _hint(places: Sequence[tuple[int | str, ...]]) -> str:
    """The keys that are allowed at the first wrong place."""
    place = [str(part) for part in places[0]]
    table = _table_of(place)
    if table is None or place[-1] in table.model_fields:
        return ""
    near = get_close_matches(place[-1], table.model_fields, n=1)
    keys = f"keys there: {', '.join(table.model_fields)}"
    return f"did you mean `{near[0]}`? {keys}" if near else keys


def _table_of(place: Sequence[str]) -> type[BaseModel] | None:
    match place:
        case [_]:
            return ProjectConfig
        case [("environment" | "source" | "risk") as name, _]:
            return _TABLES[name]
        case ["risk", "rules", _, _]:
            return RiskRule
        case ["services", _, _]:
            return ServiceConfig
        case ["suites", _, *inside]:
            return _suite_table(inside)
    return None


def _suite_table(place: Sequence[str]) -> type[BaseModel] | None:
    match place:
        case [_]:
            return SuiteConfig
        case ["modes", _, _]:
            return SuiteMode
        case ["depends", _, _]:
            return DependsConfig
        case ["traits", _, _]:
            return TraitsConfig
    return None
