"""`testfleet history` without a fleet: a store in memory stands for the deployed one."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from testfleet.cli import client
from testfleet.cli.main import app
from testfleet.errors import UsageError
from testfleet.workflow.fakes import InMemoryHistory

XML = """<testsuite timestamp="2026-01-0{day}T00:00:00">
<testcase classname="tests.test_a.TestX" name="test_y[v]" time="1.5">{end}</testcase>
<testcase classname="tests.test_b" name="test_z" time="0.5"/></testsuite>"""


@pytest.fixture
def store(monkeypatch):
    history = InMemoryHistory()
    monkeypatch.setattr(client, "connect", lambda *_: SimpleNamespace(history=history))
    return history


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    for name in "ab":
        (root / "tests" / f"test_{name}.py").write_text("def test_z(): pass\n")
    return root


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    (folder / "deep").mkdir(parents=True)
    (folder / "1.xml").write_text(XML.format(day=1, end="<failure/>"))
    (folder / "deep" / "2.xml").write_text(XML.format(day=2, end=""))
    return folder


def command(*words):
    done = CliRunner().invoke(app, ["history", *map(str, words)])
    if isinstance(done.exception, UsageError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def imported(*words):
    return json.loads(command("import", *words, "--json").stdout)


def test_a_folder_of_junit_files_is_imported_once(store, project, reports):
    first, again = imported(reports, project), imported(reports, project)
    assert (first["files"], first["runs"], first["units"], first["tests"]) == (2, 2, 2, 4)
    assert (again["runs"], again["known_before"]) == (0, 2)
    [units] = store.suites.values()
    assert units["tests/test_a.py"].duration_s == pytest.approx(1.5)
    assert (units["tests/test_a.py"].runs, units["tests/test_a.py"].recent) == (2, "fp")


def test_broken_files_are_named_and_the_others_imported(store, project, reports):
    (reports / "broken.xml").write_text("<testsuite>")
    (reports / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><testsuite name="&b;"/>')
    (reports / "latin.csv").write_bytes(b"test,duration_s\n\xe9,1\n")
    done = command("import", reports, project)
    assert "imported 2 runs" in done.stdout
    for name in ("broken.xml: no well-formed XML", "document type", "latin.csv: it is not UTF-8"):
        assert name in done.stderr


def test_pytest_splits_file_in_the_project_itself(store, project, monkeypatch):
    (project / ".test_durations").write_text(json.dumps({"tests/test_a.py::test_z": 3.5}))
    monkeypatch.chdir(project)
    assert imported(".test_durations")["tests"] == 1
    [units] = store.suites.values()
    assert units["tests/test_a.py"].duration_s == 3.5


def test_a_table_with_what_is_missing_is_imported_and_told(store, project, tmp_path):
    table = tmp_path / "past.csv"
    table.write_text(
        "test,duration_s,failed\ntests/test_a.py,NaN,1\ntests/test_b.py,2,0\nq.py,1,0\n"
    )
    done = imported(table, project)
    assert (done["without_duration"], done["unmapped"]) == (1, 1)
    assert done["unmapped_examples"] == ["q.py"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["{tmp}/nowhere", "{project}"], "does not exist"),
        (["{tmp}/empty", "{project}"], "nothing to import"),
        (["{tmp}/bad.xml", "{project}"], "none of 1 files can be read"),
        (["{tmp}/foreign.csv", "{project}"], "none of 1 tests belongs to a file"),
        (["{tmp}/foreign.csv", "{project}", "--suite", "web"], "web"),
    ],
)
def test_what_cannot_be_imported_is_a_usage_error(store, project, tmp_path, words, why):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.xml").write_text("no")
    (tmp_path / "foreign.csv").write_text("test,duration_s\nother/test_q.py,1\n")
    with pytest.raises(UsageError, match=why):
        command("import", *(word.format(tmp=tmp_path, project=project) for word in words))
    assert store.suites == {}


def test_show_tells_what_is_slow_and_what_fails(store, project, reports):
    assert "nothing is known" in command("show", project).stdout
    imported(reports, project)
    text = command("show", project).stdout
    assert "2 files, 2.0 s in all" in text
    assert "tests/test_a.py::TestX::test_y[v]" in text
    data = json.loads(command("show", project, "--json").stdout)
    assert data["units"]["tests/test_b.py"]["duration_s"] == pytest.approx(0.5)
    assert (data["imported_runs"], data["runs"]) == (2, 2)
