"""Each environment is synthesized once for all tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from stacks.application import build_stacks, check_templates, new_app
from testfleet.config import load_environment
from tests.infrastructure.templates import ACCOUNTS, Assembly


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    @cache
    def once(name: str) -> Assembly:
        return _synthesize(name, tmp_path_factory.mktemp(name))

    return once


@pytest.fixture(scope="session", params=ACCOUNTS)
def account(request: pytest.FixtureRequest, synthesize: Callable[[str], Assembly]) -> Assembly:
    """Each environment that is deployed to an account."""
    return synthesize(request.param)


@pytest.fixture(scope="session")
def dev(synthesize: Callable[[str], Assembly]) -> Assembly:
    return synthesize("dev")


@pytest.fixture(scope="session")
def prod(synthesize: Callable[[str], Assembly]) -> Assembly:
    return synthesize("prod")


@pytest.fixture(scope="session")
def local(synthesize: Callable[[str], Assembly]) -> Assembly:
    return synthesize("local")


def _synthesize(name: str, folder: Path) -> Assembly:
    # What pip fetches is not what these tests are about.
    config = load_environment(name).model_copy(update={"bundle_dependencies": False})
    app = new_app(str(folder))
    build_stacks(app, config)
    if not config.embedded:
        check_templates(app)
    try:
        app.synth()
    except RuntimeError as exc:
        # Findings are reported by the test that is about them, not by all.
        if "Validation failed" not in str(exc):
            raise
    templates = sorted(folder.glob("*.template.json"))
    stacks = {
        path.name.split(".")[0].removeprefix(f"{config.prefix}-"): json.loads(path.read_text())
        for path in templates
    }
    return Assembly(config, folder, stacks, _problems(folder))


def _problems(folder: Path) -> tuple[str, ...]:
    path = folder / "validation-report.json"
    if not path.exists():
        return ()
    return tuple(
        f"{report['pluginName']}: {violation['ruleName']}: {violation['description']}"
        for report in json.loads(path.read_text())["pluginReports"]
        for violation in report["violations"]
    )
