from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.errors import UsageError


def _run(*args: str) -> str:
    done = CliRunner().invoke(app, ["profiles", *args], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_profiles_are_shown_with_their_abilities() -> None:
    told = _run("--env", "prod")

    assert "network:private" in next(line for line in told.splitlines() if "fargate" in line)


def test_what_each_profile_lacks_is_data_for_a_program() -> None:
    found = json.loads(_run("--env", "dev", "--require", "mem>=4g", "--json"))

    assert found["requires"] == ["memory>=4096"]
    lacking = {row["name"]: row["lacking"][row["name"]] for row in found["profiles"]}
    assert lacking == {"lambda": ["memory>=4096"], "fargate": []}
    assert found["groups"] == []


def test_a_requirement_that_nobody_knows_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean `docker`"):
        _run("--require", "dokcer")
