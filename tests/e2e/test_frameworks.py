"""Suites of other tools than pytest, through the command and the fleet."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.command import write

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on PATH")

TYPESCRIPT = Path(__file__).parents[2] / "node_modules" / "typescript"
NODE = """
[suites.node]
framework = "command"
command = [
  "node", "--test", "--test-reporter=junit", "--test-reporter-destination={results}", "{unit}",
]
units = "test/*.test.js"
"""
TESTS = {
    "testfleet.toml": NODE,
    "test/sum.test.js": (
        "const { test, describe } = require('node:test')\n"
        "const assert = require('node:assert')\n"
        "test('adds', () => assert.equal(1 + 1, 2))\n"
        "test('later', { skip: true }, () => {})\n"
        "describe('wrong', () => test('adds', () => assert.equal(1 + 1, 3)))\n"
    ),
    "test/dies.test.js": "process.kill(process.pid, 'SIGKILL')\n",
    "test/odd.test.js": "require('node:test')('fine', () => {})\nprocess.exitCode = 7\n",
}


def test_each_test_of_a_command_is_reported_and_no_failure_is_lost(cli, tmp_path):
    project = write(tmp_path / "project", TESTS)
    done = cli.run(project)
    assert done.code == 1, done.said
    assert done.outcomes == {
        "test/sum.test.js > adds": "passed",
        "test/sum.test.js > later": "skipped",
        "test/sum.test.js > wrong > adds": "failed",
        "test/dies.test.js > test/dies.test.js": "failed",
        "test/odd.test.js > fine": "passed",
        "test/odd.test.js > test/odd.test.js": "failed",
    }
    told = cli("status", done.report["run_id"], "--follow", "--json")
    assert told.code == 1
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run-requested", "run-finished")
    failed = {event["test"] for event in events if event["kind"] == "test-failed"}
    assert failed == {test for test, outcome in done.outcomes.items() if outcome == "failed"}
    assert cli("status", "20200101-000000-abcdef").code == 2


@pytest.mark.skipif(not TYPESCRIPT.is_dir(), reason="typescript is not installed in node_modules")
def test_the_compiler_of_the_project_judges_each_of_its_files(cli, tmp_path):
    files = {
        "tsconfig.json": '{"compilerOptions": {"strict": true, "types": []}, "include": ["src"]}',
        "src/good.ts": "export const one: number = 1\n",
        "src/bad.ts": "import { one } from './good'\nexport const text: string = one\n",
    }
    project = write(tmp_path / "project", files)
    binaries = project / "node_modules" / ".bin"
    binaries.mkdir(parents=True)
    (binaries.parent / "typescript").symlink_to(TYPESCRIPT)
    (binaries / "tsc").symlink_to("../typescript/bin/tsc")
    done = cli.run(project)
    assert done.outcomes == {"src/good.ts": "passed", "src/bad.ts": "failed"}
    assert "src/bad.ts(2,14): TS2322" in done.messages()["src/bad.ts"]
    assert cli.run(project, args=("--noSuchOption",)).code == 2
