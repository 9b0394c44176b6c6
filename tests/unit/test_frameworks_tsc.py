"""The TypeScript compiler and ESLint as suites: what they print, as tests."""

import json

import pytest

from testfleet.errors import UsageError
from testfleet.execution.frameworks.eslint import EslintAdapter
from testfleet.execution.frameworks.framework import Exit, Job
from testfleet.execution.frameworks.tsc import TscAdapter
from testfleet.execution.supervisor import Stop
from testfleet.planning.discovery.discover import discover
from testfleet.planning.discovery.eslint_discovery import EslintFramework
from testfleet.planning.project import parse_project, resolve_suite
from tests.planning_samples import MemoryTree

PRINTED = """{tree}/node_modules/typescript/lib/lib.es5.d.ts
src/a.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'.
src/a.ts(3,3): error TS2345: Argument of type '{{ b: number; }}' is not assignable.
  Property 'c' is missing in type '{{ b: number; }}'.
{tree}/src/a.ts
{tree}/src/types.d.ts
{tree}/node_modules/left/index.ts
{tree}/src/b.tsx
{tree}/src/deep/c.mts
"""


@pytest.fixture
def job(tmp_path):
    tree, scratch = tmp_path / "tree", tmp_path / "scratch"
    (tree / "app").mkdir(parents=True)
    scratch.mkdir()
    return Job(tree, tree, scratch, scratch / "e", {"PATH": "/bin"}, units=("tsconfig.json",))


def tsc(job, printed, status=2, stop=None):
    (job.scratch / "printed.txt").write_text(printed.format(tree=job.tree))
    return TscAdapter().read(job, Exit(stop, status, ""))


def told(reading):
    return {event["id"]: event["outcome"] for event in reading.events}


def test_each_file_of_the_program_is_a_test(job):
    reading = tsc(job, PRINTED)
    assert told(reading) == {
        "src/a.ts": "failed",
        "src/b.tsx": "passed",
        "src/deep/c.mts": "passed",
    }
    assert (reading.is_whole, reading.problem) == (True, "")


def test_a_failed_file_tells_its_diagnostics(job):
    event = tsc(job, PRINTED).events[0]
    wrong = "src/a.ts(1,14): TS2322: Type 'string' is not assignable to type 'number'."
    assert event["message"] == f"{wrong} (and 1 more)"
    assert event["longrepr"].splitlines()[1:] == [
        "src/a.ts(3,3): TS2345: Argument of type '{ b: number; }' is not assignable.",
        "  Property 'c' is missing in type '{ b: number; }'.",
    ]


def test_an_error_of_no_file_is_a_problem_of_the_suite(job):
    line = "error TS18003: No inputs were found in config file 'x'."
    assert tsc(job, line).problem == line
    assert tsc(job, line).misuse == ""


def test_a_wrong_option_is_the_users_to_mend(job):
    assert "TS5023" in tsc(job, "error TS5023: Unknown compiler option '--bogus'.", 1).misuse


@pytest.mark.parametrize("status", [1, 134])
def test_an_exit_status_without_errors_is_no_pass(job, status):
    assert f"exit status {status}" in tsc(job, "{tree}/src/a.ts", status).problem


@pytest.mark.parametrize(("status", "stop"), [(-6, None), (None, Stop.OUT_OF_MEMORY)])
def test_a_compiler_that_was_killed_has_told_nothing(job, status, stop):
    reading = tsc(job, PRINTED, status, stop)
    assert (reading.is_whole, reading.events) == (False, ())


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('{"include": ["src"]}', "--noEmit -p tsconfig.json"),
        ('{"references": []}', "--noEmit -p tsconfig.json"),
        ('{"files": [], "references": [{"path": "a"}]}', "--build tsconfig.json --force"),
        ('{"$schema": "http://x", "references": [ // why\n {"path": "a"}]}', "--build"),
        ('{\n// "references": [{"path": "a"}]\n}', "--noEmit"),
    ],
)
def test_a_tsconfig_that_refers_to_others_is_built(job, config, expected):
    (job.tree / "tsconfig.json").write_text(config)
    binary = job.tree / "tsc"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    named = Job(**{**vars(job), "environment": {"PATH": str(job.tree)}, "args": ("--strict",)})
    argv = " ".join(TscAdapter().launch(named).argv)
    assert expected in argv
    assert argv.endswith("--strict --pretty false --listFiles")


def eslint(job, files, status=1, output=""):
    if files is not None:
        (job.scratch / "eslint.json").write_text(files)
    return EslintAdapter().read(job, Exit(None, status, output))


def linted(job, name, *messages):
    errors = sum(one["severity"] == 2 for one in messages)
    path = str(job.tree / name)
    return {"filePath": path, "messages": messages, "errorCount": errors}


def test_errors_fail_a_file_and_warnings_are_noted(job):
    bad = {"ruleId": "eqeqeq", "severity": 2, "line": 3, "column": 5, "message": "Expected '==='."}
    odd = {"ruleId": "no-var", "severity": 1, "line": 1, "column": 1, "message": "Use let."}
    broken = {"ruleId": None, "fatal": True, "severity": 2, "message": "Parsing error"}
    files = [linted(job, "a.js", odd, bad), linted(job, "b.js", odd), linted(job, "c.js", broken)]
    reading = eslint(job, json.dumps([*files, linted(job, "app/d.js")]))
    assert told(reading) == {
        "a.js": "failed",
        "b.js": "passed",
        "c.js": "failed",
        "app/d.js": "passed",
    }
    assert reading.events[0]["message"] == "a.js(3,5): error eqeqeq: Expected '==='."
    assert reading.events[0]["longrepr"].count("\n") == 1
    assert reading.events[1]["message"] == "1 warning: b.js(1,1): warning no-var: Use let."


def test_too_many_warnings_fail_the_suite_as_they_fail_eslint(job):
    said = "ESLint found too many warnings (maximum: 0)."
    assert eslint(job, json.dumps([linted(job, "a.js")]), 1, said).problem == said


@pytest.mark.parametrize("files", [None, "", "{", "{}", "[" * 100_000])
def test_what_is_no_report_of_eslint_is_no_pass(job, files):
    reading = eslint(job, files, 2, "Oops! Something went wrong!")
    assert reading.events == ()
    assert reading.misuse == "eslint told no results: Oops! Something went wrong!"


def test_nonsense_in_the_report_of_eslint_is_passed_over(job):
    files = [3, {}, {"filePath": 3}, {"filePath": "x.js", "messages": [1], "errorCount": 1}]
    assert told(eslint(job, json.dumps(files))) == {"x.js": "failed"}


def units(files, text="", framework="tsc"):
    suite = f'[suites.s]\nframework = "{framework}"\n{text}'
    resolved = resolve_suite(parse_project(suite.encode()), None, "full")
    return [unit.id for unit in discover(MemoryTree(files), resolved, (), {}).units]


def test_the_tsconfigs_of_a_suite():
    apart = {"a/tsconfig.json": '{"extends": "../b/tsconfig.json"}', "b/tsconfig.json": "{}"}
    apart |= {"c/tsconfig.json": '{"references": [{"path": "../d"}]}', "d/tsconfig.json": "{}"}
    assert units(apart) == ["a/tsconfig.json", "c/tsconfig.json"]
    assert units({**apart, "tsconfig.json": "{}"}) == ["tsconfig.json"]
    assert units(apart, 'project = "d"') == ["d/tsconfig.json"]
    assert units(apart, 'root = "b"') == ["b/tsconfig.json"]
    with pytest.raises(UsageError, match="is not in the tree"):
        units(apart, 'project = "nope.json"')


def test_the_settings_of_eslint_are_its_unit():
    files = {"eslint.config.mjs": "", ".eslintrc": "", "a.js": ""}
    assert units(files, framework="eslint") == ["eslint.config.mjs"]
    assert units({"a.js": ""}, framework="eslint") == ["."]
    assert not EslintFramework().detect(MemoryTree({"app/eslint.config.js": ""}), ".")
