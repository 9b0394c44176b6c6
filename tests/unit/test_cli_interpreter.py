"""The interpreter and the variables of a run at home."""

import os
import sys

import pytest

from testfleet.cli.interpreter import home_interpreter, home_variables
from testfleet.contracts.project import EnvironmentConfig
from testfleet.errors import UsageError

PLAIN = EnvironmentConfig()


@pytest.fixture
def nothing_around(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def fake_python(path, *, has_pytest):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {path if has_pytest else ''}\n")
    path.chmod(0o755)
    return str(path)


def test_the_projects_own_environment_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    python = fake_python(tmp_path / ".venv/bin/python", has_pytest=False)
    assert home_interpreter(tmp_path, PLAIN) == python


def test_an_activated_environment_comes_before_the_path(tmp_path, monkeypatch, nothing_around):
    python = fake_python(tmp_path / "active/bin/python", has_pytest=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert home_interpreter(tmp_path, PLAIN) == python


def test_an_interpreter_without_pytest_is_passed_over(tmp_path, monkeypatch, nothing_around):
    fake_python(tmp_path / "bin/python3", has_pytest=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert home_interpreter(tmp_path, PLAIN) == sys.executable


def test_set_up_commands_mean_that_an_environment_is_built(tmp_path):
    fake_python(tmp_path / ".venv/bin/python", has_pytest=True)
    assert home_interpreter(tmp_path, EnvironmentConfig(setup=("true",))) is None


def test_a_configured_interpreter_is_relative_to_the_project(tmp_path):
    python = fake_python(tmp_path / "tools/python", has_pytest=True)
    assert home_interpreter(tmp_path, EnvironmentConfig(python="tools/python")) == python


def test_a_configured_interpreter_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"environment\.python: no interpreter 'python9\.9'"):
        home_interpreter(tmp_path, EnvironmentConfig(python="python9.9"))


def test_variables_of_home_go_along_and_secrets_do_not(monkeypatch):
    monkeypatch.setattr(os, "environ", {
        "DJANGO_SETTINGS_MODULE": "shop.settings", "GITHUB_TOKEN": "x", "AWS_PROFILE": "x",
        "DB_PASSWORD": "x", "TESTFLEET_HOME": "x", "PWD": "/", "PATH": "/bin",
    })  # fmt: skip
    assert home_variables() == {"DJANGO_SETTINGS_MODULE": "shop.settings", "PATH": "/bin"}
