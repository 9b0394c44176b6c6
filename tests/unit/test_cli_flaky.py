"""`testfleet flaky` without a fleet: a store in memory stands for the deployed one."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from testfleet.cli import client
from testfleet.cli.main import app
from testfleet.cli.suite_project import suite_project
from testfleet.contracts.history import HistoryDetails, TestHistory
from testfleet.workflow.fakes import InMemoryHistory

QUARANTINE = """[[quarantine]]
test = "tests/test_a.py::test_{name}"
owner = "ann"
until = {until}
"""


@pytest.fixture
def store(monkeypatch):
    history = InMemoryHistory()
    monkeypatch.setattr(client, "connect", lambda *_: SimpleNamespace(history=history))
    return history


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_a.py").write_text("def test_z(): pass\n")
    entries = [("z", "2999-01-01"), ("old", "2020-01-01")]
    text = "".join(QUARANTINE.format(name=name, until=until) for name, until in entries)
    (root / "testfleet.toml").write_text(text)
    return root


@pytest.fixture
def known(store, project):
    tests = {
        f"tests/test_a.py::test_{name}": TestHistory(
            duration_s=seconds, runs=20, flaky=flaky, recent="p" * 16
        )
        for name, seconds, flaky in [
            ("z", 1.0, 2),
            ("slow", 60.0, 5),
            ("good", 9.0, 0),
            ("old", 1, 1),
        ]
    }
    store.save_details(suite_project(project, None, "local").key, HistoryDetails(tests=tests))
    return project


def command(*words):
    done = CliRunner().invoke(app, ["flaky", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done


def test_tests_are_ranked_by_what_they_cost(known):
    data = json.loads(command(known, "--json").stdout)
    assert [each["test"][-4:] for each in data["tests"]] == ["slow", "st_z", "_old"]
    assert data["tests"][0]["rate"]["low"] < 0.2 < data["tests"][0]["rate"]["high"]


def test_quarantine_tells_who_holds_who_expired_and_who_should_come(known):
    data = json.loads(command(known, "--json").stdout)
    assert {each["test"][-3:]: each["holds"] for each in data["quarantine"]} == {
        "t_z": True,
        "old": False,
    }
    assert all(each["should_leave"] for each in data["quarantine"])
    assert [each["test"][-4:] for each in data["proposed"]] == ["slow"]


def test_a_person_reads_rates_owners_and_proposals(known):
    text = command(known).stdout
    assert "costs in 100 runs" in text
    assert "owner ann" in text
    assert "should be in quarantine: tests/test_a.py::test_slow" in text


def test_a_suite_without_a_past_says_so(store, project):
    assert "no test of suite default is known to be flaky" in command(project).stdout


def test_a_last_day_that_is_none_is_told_with_its_key(store, project):
    (project / "testfleet.toml").write_text(QUARANTINE.format(name="z", until='"soon"'))
    done = CliRunner().invoke(app, ["flaky", str(project)])
    assert "quarantine.0.until" in str(done.exception)
