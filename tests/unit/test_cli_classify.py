"""`testfleet classify`."""

import json

import pytest
from typer.testing import CliRunner

from testfleet.cli.main import app
from testfleet.errors import UsageError

GOOD = {"id": "a", "text": "error TS2322: Type 'x' is not assignable to type 'y'."}
LOG = b"all quiet\nModuleNotFoundError: No module named 'yaml'\n"


def run(*args, stdin=None):
    return CliRunner().invoke(app, ["classify", *args], input=stdin)


def answers(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        path = tmp_path / "failures.jsonl"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return str(path)

    return write


def test_each_line_is_answered_by_one_line_in_order(file):
    rows = [GOOD | {"id": f"f{number}"} for number in range(600)]
    found = answers(run("--input", file(*map(json.dumps, rows)), "--json"))
    assert [one["id"] for one in found] == [one["id"] for one in rows]


def test_an_answer_has_labels_confidence_model_and_evidence(file):
    [found] = answers(run("--input", file(json.dumps(GOOD)), "--json", "--rules-only"))
    assert (found["domain"], found["cause"], found["model"]) == (
        "typescript",
        "type-error",
        "rules",
    )
    assert 0 <= found["confidence"] <= 1
    assert (found["evidence"], found["lines"]) == ([GOOD["text"]], [1])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is no JSON"),
        ("[1]", "is no JSON object but list"),
        ('{"text": "x"}', 'has no "id"'),
        ('{"id": true, "text": "x"}', 'has no "id"'),
        ('{"id": "b"}', 'has no "text"'),
        ('{"id": "b", "text": 3}', 'has no "text"'),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_a_bad_line_is_named_and_stops_no_other(file, line, message):
    result = run("--input", file(json.dumps(GOOD), line, json.dumps(GOOD | {"id": 7})), "--json")
    assert [one["id"] for one in answers(result)] == ["a", 7]
    assert f"failures.jsonl:2: {message}" in result.stderr
    assert isinstance(result.exception, UsageError)


def test_empty_lines_are_passed_over(file):
    result = run("--input", file("", json.dumps(GOOD), "  "), "--json")
    assert result.exit_code == 0
    assert len(answers(result)) == 1


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    result = run("--input", str(tmp_path / "none.jsonl"))
    assert isinstance(result.exception, UsageError)


def test_a_log_on_standard_input_is_explained(file):
    result = run(stdin=LOG)
    assert "general: import-or-dependency" in result.stdout
    assert "2  ModuleNotFoundError: No module named 'yaml'" in result.stdout


def test_a_log_on_standard_input_as_json():
    found = json.loads(run("--json", stdin=LOG).stdout)
    assert (found["domain"], found["cause"], found["lines"]) == (
        "general",
        "import-or-dependency",
        [1, 2],
    )


@pytest.mark.parametrize("stdin", [b"", b"\xff\xfe\x00\x01", b"\x00" * 5000, b"\n" * 100])
def test_input_that_is_no_log_is_answered(stdin):
    assert run(stdin=stdin).exit_code == 0
