"""`testfleet report`: a run's report again, in any form."""

import json

import pytest
from typer.testing import CliRunner

from testfleet.cli import client
from testfleet.cli.main import app
from testfleet.errors import UsageError
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import RunKeys
from tests.unit.test_triage_report import run_report, triaged

RUN = "20260101-000000-abcdef"


@pytest.fixture
def call(monkeypatch):
    objects = InMemoryObjects()
    objects.put(RunKeys(RUN).report, run_report(triaged()).model_dump_json().encode())
    objects.put(RunKeys(RUN).junit, b"<testsuites/>")
    objects.put(RunKeys("odd").report, b'{"schema_version": "9"}')
    fleet = type("Fleet", (), {"objects": objects})()
    monkeypatch.setattr(client, "connect", lambda *_: fleet)
    return lambda *args: CliRunner().invoke(app, ["report", *map(str, args)])


def test_every_form_of_a_report_can_be_written_later(call, tmp_path):
    names = ("report", "junit", "sarif", "html")
    options = [part for name in names for part in (f"--{name}", tmp_path / name)]
    done = call(RUN, *options)
    assert done.exit_code == 0
    assert json.loads((tmp_path / "report").read_text())["totals"]["failed"] == 400
    assert (tmp_path / "junit").read_text() == "<testsuites/>"
    assert json.loads((tmp_path / "sarif").read_text())["version"] == "2.1.0"
    assert "3 problems behind 400 failures" in (tmp_path / "html").read_text()


@pytest.mark.parametrize(("run", "words"), [("none", "no report"), ("odd", "cannot be read")])
def test_a_report_that_is_not_there_or_not_ours_is_named(call, run, words):
    result = call(run)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception) and result.exception.hint
