"""Vitest, Jest and Playwright Test: command lines, reporters, and what is read after them."""

import json
import re
import shutil
import subprocess

import pytest

from testfleet.execution.environments import EnvironmentUnusableError
from testfleet.execution.frameworks.framework import Exit, Job
from testfleet.execution.frameworks.jest import JestAdapter
from testfleet.execution.frameworks.node_tool import ANGLE, REPORTERS, name_pattern
from testfleet.execution.frameworks.playwright import PlaywrightAdapter
from testfleet.execution.frameworks.vitest import VitestAdapter

VITEST, JEST, PLAYWRIGHT = VitestAdapter(), JestAdapter(), PlaywrightAdapter()
PACKAGES = {"vitest": ("vitest", "vitest"), "jest": ("jest", "jest")}
PACKAGES["playwright"] = ("playwright", "@playwright/test")


@pytest.fixture
def job(tmp_path):
    def make(version="30.1.0", **changes):
        binaries = tmp_path / "node_modules" / ".bin"
        for program, package in PACKAGES.values():
            folder = tmp_path / "node_modules" / package
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text(json.dumps({"version": version}))
            binaries.mkdir(exist_ok=True)
            (binaries / program).write_text("")
            (binaries / program).chmod(0o755)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        values = {"units": ("a.test.js",), "environment": {"PATH": str(binaries)}, **changes}
        return Job(tmp_path, tmp_path, scratch, tmp_path / "events", **values)

    return make


def argv(adapter, job):
    return adapter.launch(job).argv[1:]


def leave(job, **told):
    end = {"problems": [], "failures": 0, "isInterrupted": False, "isEmpty": False, **told}
    (job.scratch / "end.json").write_text(json.dumps(end))


def finish(adapter, job, status=0, output=""):
    return adapter.read(job, Exit(None, status, output))


def test_each_tool_runs_one_file_at_a_time_without_coverage(job):
    assert "--no-file-parallelism" in argv(VITEST, job())
    assert {"--maxWorkers=1", "--coverage=false", "--ci"} < set(argv(JEST, job()))
    assert "--workers=1" in argv(PLAYWRIGHT, job())


def test_what_the_user_sets_stays_as_it_is(job):
    words = argv(JEST, job(args=("--coverage", "--maxWorkers=4", "--reporters=github-actions")))
    assert not {"--coverage=false", "--maxWorkers=1", "--reporters=default"} & set(words)
    assert "--coverage.enabled=false" not in argv(VITEST, job(args=("--coverage.enabled",)))
    assert (
        VITEST.launch(job(environment={**job().environment, "CI": ""})).variables.get("CI") is None
    )


def test_exactly_the_files_of_the_shard_are_chosen(job):
    made = job(units=("a[1].test.js",))
    assert argv(VITEST, made)[-1] == str(made.tree / "a[1].test.js")
    pattern = re.compile(argv(PLAYWRIGHT, made)[-1].strip("/").replace("\\/", "/"))
    assert pattern.search(f"{made.tree}/a[1].test.js")
    assert not pattern.search(f"{made.tree}/a[1].test.jsx")
    rest = job(units=(), excluded=("a.test.js",))
    pattern = re.compile(argv(PLAYWRIGHT, rest)[-1].strip("/").replace("\\/", "/"))
    assert not pattern.search(f"{rest.tree}/a.test.js")
    assert pattern.search(f"{rest.tree}/b.test.js")
    told = json.loads((rest.scratch / "selection.json").read_text())
    assert told == {"units": [], "excluded": ["a.test.js"], "isAlone": False}


def test_a_file_that_the_user_names_adds_none_to_those_of_the_shard(job):
    words = argv(PLAYWRIGHT, job(args=("--retries", "2", "b.test.js")))
    assert "2" in words
    assert "b.test.js" not in words


@pytest.mark.parametrize(
    ("names", "separator", "tool_name"),
    [
        ("suite > adds (x) [y]", " > ", "suite adds (x) [y]"),
        ("a > b", " > ", "a > b"),
        ("same #2", " > ", "same"),
        ("same #2", " > ", "same #2"),
        (f"outer{ANGLE}1 * 2", ANGLE, "outer 1 * 2"),
    ],
)
def test_one_test_is_found_again_by_its_id(names, separator, tool_name):
    assert re.fullmatch(name_pattern(names, separator), tool_name)


def test_one_test_runs_again_by_a_pattern_and_a_file_without_one(job):
    assert argv(VITEST, job(only="a.test.js > x"))[-2] == "^ ?x(?: |$)"
    assert argv(JEST, job(only=f"[ui] a.test.js{ANGLE}x"))[-1] == "--testNamePattern=^x$"
    words = argv(PLAYWRIGHT, job(only=f"[web]{ANGLE}a.test.js{ANGLE}x"))
    assert {"--grep=/ x(?: @|$)/", "--project=web"} < set(words)
    assert not any("Pattern" in word for word in argv(JEST, job(only="a.test.js")))


def test_a_test_that_runs_again_has_no_other_pattern_beside_its_own(job):
    args = ("-t", "adds", "--testNamePattern=x", "--bail=3", "--retry", "1")
    words = argv(VITEST, job(args=args, only="a.test.js > y", fail_fast=True))
    assert [word for word in words if "adds" in word or word.endswith("=x")] == []
    assert sum(word.startswith("--bail") for word in words) == 1
    assert words[1:4] == ("--bail=3", "--retry", "1")
    assert "adds" in argv(JEST, job(args=args))


def test_a_tool_that_is_missing_or_too_old_is_named_with_what_to_do(job):
    with pytest.raises(EnvironmentUnusableError, match=r"jest 26\.6\.3 is too old"):
        JEST.launch(job(version="26.6.3"))
    with pytest.raises(EnvironmentUnusableError, match="vitest") as caught:
        VITEST.launch(job(environment={"PATH": "/nowhere"}))
    assert "npm ci" in caught.value.hint


def test_what_no_test_explains_is_a_problem(job):
    made = job()
    leave(made)
    assert finish(JEST, made).problem == ""
    assert "exit status 1 though no test failed" in finish(JEST, made, 1).problem
    leave(made, failures=2)
    assert finish(JEST, made, 1).problem == ""
    leave(made, problems=[{"message": "m", "longrepr": "boom\nat x"}])
    assert finish(VITEST, made, 1).problem == "boom"


def test_a_process_that_left_no_end_is_not_whole(job):
    made = job()
    assert not finish(VITEST, made, -9).is_whole
    refused = finish(JEST, made, 1, "noise\n\x1b[31mError: bad option\x1b[39m\nmore")
    assert (refused.is_whole, refused.misuse) == (False, "Error: bad option")
    (made.scratch / "end.json").write_text("[" * 9999)
    assert not finish(PLAYWRIGHT, made).is_whole
    assert finish(VITEST, made, 1, "No test files found, exiting with code 1").is_whole


def play(tmp_path, reporter, script, selection=None):
    """The events of a reporter of which the methods are called by a script."""
    events, end, chosen = (tmp_path / name for name in ("events", "end.json", "selection.json"))
    chosen.write_text(json.dumps(selection or {"units": [], "excluded": []}))
    variables = {"ROOT": tmp_path, "EVENTS": events, "END": end, "SELECTION": chosen}
    loaded = f"import({json.dumps(str(REPORTERS / reporter))}).then(async (module) => {{"
    made = f"const r = new module.default(); const root = {json.dumps(str(tmp_path))};"
    subprocess.run(
        [shutil.which("node"), "-e", f"{loaded} {made} {script} }});"],
        env={f"TESTFLEET_{name}": str(path) for name, path in variables.items()},
        check=True,
        timeout=30,
    )
    told = [json.loads(line) for line in events.read_text().splitlines()]
    return [event for event in told if event["kind"] == "result"], json.loads(end.read_text())


def test_jest_keeps_apart_what_is_retried_and_what_has_the_same_name(tmp_path):
    script = r"""
    const test = () => ({ path: root + "/a.test.js", context: { config: { id: "1" } } });
    const one = (title, status, invocations, failureMessages = []) =>
      ({ title, status, invocations, failureMessages, ancestorTitles: [], duration: 5 });
    r.onTestFileStart(test());
    const all = [one("dup", "failed", 3, ["\x1b[31mError: no\x1b[39m\n at x"]),
      one("dup", "passed", 1), one("late", "passed", 2), one("todo", "todo")];
    for (const info of all) { r.onTestCaseStart(test(), info); r.onTestCaseResult(test(), info); }
    r.onTestFileResult(test(), { testResults: all, testExecError: { stack: "Error: afterAll" } });
    r.onRunComplete(new Set(), {});
    """
    results, end = play(tmp_path, "jest_reporter.cjs", script)
    said = {(one["id"].partition(ANGLE)[2], one["outcome"], one["attempts"]) for one in results}
    assert said == {
        ("dup", "failed", 3),
        ("dup #2", "passed", 1),
        ("late", "flaky", 2),
        ("todo", "skipped", 1),
        ("", "error", 1),
    }
    assert "Error: no" in [one["message"] for one in results]
    assert end["failures"] == 2


VITEST_SCENE = """
    class Sequencer { async sort(files) { return files.reverse(); } }
    const idMap = new Map();
    const vitest = { config: { sequence: { sequencer: Sequencer } }, state: { idMap } };
    r.onInit(vitest);
    const sorter = new vitest.config.sequence.sequencer();
"""


def test_vitest_1_and_2_tell_by_tasks(tmp_path):
    script = """
    const file = { type: "suite", id: "f", filepath: root + "/a.test.ts", projectName: "web" };
    const task = (id, name, more) => ({ type: "test", id, name, file, mode: "run", ...more });
    const suite = { type: "suite", name: "hook", file, result: { errors: [{ message: "no" }] } };
    suite.tasks = [task("n", "never")];
    file.tasks = [task("p", "pass", { result: { state: "pass", retryCount: 1 } }), suite];
    file.result = { state: "fail" };
    const dead = { type: "suite", id: "d", filepath: root + "/dead.test.ts", mode: "run" };
    dead.tasks = [task("x", "lost", { file: dead })];
    await sorter.sort([[{}, file.filepath], [{}, dead.filepath]]);
    r.onCollected([file, dead]);
    r.onFinished([file, dead], [{ name: "Error", message: "Worker exited unexpectedly" }]);
    """
    results, end = play(tmp_path, "vitest_reporter.mjs", VITEST_SCENE + script)
    assert {(one["id"], one["outcome"]) for one in results} == {
        ("|web| a.test.ts > pass", "flaky"),
        ("|web| a.test.ts > hook > never", "skipped"),
        ("|web| a.test.ts > hook", "error"),
        ("dead.test.ts > lost", "error"),
        ("dead.test.ts > unhandled error", "error"),
    }
    assert end["failures"] == 3


def test_vitest_runs_the_files_of_the_shard_only(tmp_path):
    script = """
    const one = (name) => ({ moduleId: `${root}/${name}` });
    const sorted = await sorter.sort(["a.test.ts", "a.test.tsx", "b.test.ts"].map(one));
    r.onTestRunStart([]);
    const told = (error) => ({ name: "Error", message: error });
    r.onTestRunEnd([], sorted.map(({ moduleId }) => told(moduleId)));
    """
    chosen = {"units": ["b.test.ts", "a.test.ts"], "excluded": None}
    _, end = play(tmp_path, "vitest_reporter.mjs", VITEST_SCENE + script, chosen)
    assert [one["message"] for one in end["problems"]] == [
        f"Error: {tmp_path}/b.test.ts",
        f"Error: {tmp_path}/a.test.ts",
    ]


def test_a_test_that_was_to_run_alone_and_was_not_found_has_no_outcome(tmp_path):
    script = """
    const test = { path: root + "/a.test.js", context: { config: { id: "1" } } };
    r.onTestFileResult(test, { testResults: [{ title: "a", status: "pending" }] });
    r.onRunComplete(new Set(), {});
    """
    alone = {"units": ["a.test.js"], "excluded": None, "isAlone": True}
    assert play(tmp_path, "jest_reporter.cjs", script, alone)[0] == []
    assert len(play(tmp_path, "jest_reporter.cjs", script)[0]) == 1


PLAY_TEST = """
    const test = { location: { file: root + "/a.spec.ts", line: 3 }, retries: 0, results: [],
      titlePath: () => ["", "web", "a.spec.ts", "outer", "adds"], expectedStatus: "passed",
      outcome: () => (test.results.length > 0 ? "expected" : "skipped"), annotations: [] };
    r.onBegin({ allTests: () => [test] });
"""


def test_playwright_has_no_line_in_its_ids(tmp_path):
    script = """
    test.results.push({ status: "passed", duration: 3 });
    r.onTestEnd(test, test.results[0]);
    r.onEnd({ status: "passed" });
    """
    results, _ = play(tmp_path, "playwright_reporter.cjs", PLAY_TEST + script)
    told = [(one["id"], one["outcome"]) for one in results]
    assert told == [(ANGLE.join(["[web]", "a.spec.ts", "outer", "adds"]), "passed")]


def test_what_playwright_left_out_is_no_skipped_test(tmp_path):
    script = """
    r.onConfigure({ maxFailures: LIMIT });
    test.outcome = () => "skipped";
    test.results.push({ status: "skipped", duration: 0 });
    r.onTestEnd(test, test.results[0]);
    r.onEnd({ status: "failed" });
    """
    scripts = [PLAY_TEST + script.replace("LIMIT", limit) for limit in "01"]
    told = [play(tmp_path, "playwright_reporter.cjs", one)[0] for one in scripts[::-1]]
    assert [[one["outcome"] for one in results] for results in told] == [[], ["error"]]


def test_a_file_that_does_not_load_keeps_no_other_test_back(tmp_path):
    script = """
    r.onError({ message: "no module", location: { file: root + "/b.spec.ts" } });
    r.onEnd({ status: "failed" });
    """
    results, end = play(tmp_path, "playwright_reporter.cjs", PLAY_TEST + script)
    assert [(one["id"], one["outcome"]) for one in results] == [("b.spec.ts", "error")]
    assert end["isInterrupted"]
