"""Repair of failing JavaScript tests, with a Jest of thirty lines in place of the real one."""
# ruff: noqa: E501 - JavaScript in texts

from __future__ import annotations

import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from testfleet.config import ROOT
from testfleet.contracts.repair import FixStatus
from testfleet.repair.fix import FixResult
from testfleet.repair.javascript import fix as javascript
from testfleet.repair.javascript import repair as steps
from testfleet.repair.javascript.localise import Evidence, suspicious
from testfleet.repair.javascript.runner import TestResult
from testfleet.repair.javascript.vote import Plausible, vote
from testfleet.repair.javascript.writer import Draft, Writer
from testfleet.repair.typescript.fix import Options, fix_typescript
from testfleet.repair.typescript.model import Edit, Proposal

NODE = shutil.which("node") or ""
pytestmark = pytest.mark.skipif(not NODE, reason="Node.js is not installed")

CORE = """
const fs = require("node:fs"), path = require("node:path");
const below = (folder) => fs.readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
  one.name === "node_modules" ? [] : one.isDirectory() ? below(path.join(folder, one.name))
  : [path.join(folder, one.name)]);
exports.runCLI = async (options, [root]) => {
  const files = options._.length ? options._ : below(root).filter((one) => one.endsWith(".test.js"));
  const testResults = [];
  for (const testFilePath of files) {
    for (const one of Object.keys(require.cache)) if (one.startsWith(root + "/")) delete require.cache[one];
    const tests = [], after = [], end = [], told = [];
    let name;
    global.test = (title, run) => tests.push([title, run]);
    global.afterEach = (run) => after.push(run);
    global.afterAll = (run) => end.push(run);
    const same = (a, b) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`expected ${b}, got ${a}`); };
    global.expect = (value) => ({ toEqual: (other) => same(value, other) });
    global.expect.getState = () => ({ currentTestName: name });
    let failureMessage;
    try { require(testFilePath); } catch (error) { failureMessage = error.stack; }
    for (const [fullName, run] of tests) {
      name = fullName;
      let status = "passed", failureMessages = [];
      try { await run(); } catch (error) { status = "failed"; failureMessages = [error.stack]; }
      for (const one of after) one();
      told.push({ fullName, status, failureMessages, duration: 1 });
    }
    for (const one of end) await one();
    testResults.push({ testFilePath, failureMessage, testResults: told });
  }
  return { results: { testResults } };
};
"""
COLD = """#!/usr/bin/env node
const out = process.argv.find((one) => one.startsWith("--outputFile=")).slice(13);
require(process.argv[1] + "/../../@jest/core/index.js").runCLI({ _: [] }, [process.cwd()]).then(({ results }) =>
  require("node:fs").writeFileSync(out, JSON.stringify({ testResults: results.testResults.map((one) =>
    ({ name: one.testFilePath, assertionResults: one.testResults })) })));
"""


def project(root: Path, files: Mapping[str, str]) -> Path:
    modules = root / "node_modules"
    parts = {
        "jest/index.js": "",
        "@jest/core/index.js": CORE,
        ".bin/jest": COLD,
    }
    for path, text in parts.items():
        (modules / path).parent.mkdir(parents=True, exist_ok=True)
        (modules / path).write_text(text, "utf-8")
    runner = modules / ".bin" / "jest"
    runner.chmod(runner.stat().st_mode | stat.S_IXUSR)
    (modules / "typescript").symlink_to(ROOT / "node_modules" / "typescript")
    (root / "package.json").write_text('{"devDependencies": {"jest": "*"}}', "utf-8")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    return root


def fixed(root: Path, max_candidates: int = 30) -> FixResult:
    own = (path for path in root.rglob("*") if path.is_file())
    names = (path.relative_to(root) for path in own)
    files = [name.as_posix() for name in names if "node_modules" not in name.parts]
    return fix_typescript(
        root, Options(files=sorted(files), budget_s=90, max_candidates=max_candidates)
    )


LAST = """function last(list, n) {\r
\tconst out = [];\r
\tfor (let i = list.length - n; i <= list.length; i++) {\r
\t\tout.push(list[i]);\r
\t}\r
\treturn out;\r
}\r
module.exports = { last };\r
"""
LAST_TEST = """const { last } = require("./last");
test("two", () => expect(last([1, 2, 3], 2)).toEqual([2, 3]));
test("all", () => expect(last(["a"], 1)).toEqual(["a"]));
"""


def test_a_wrong_bound_is_repaired_and_line_ends_and_tabs_stay(tmp_path: Path) -> None:
    root = project(tmp_path, {"last.js": LAST, "last.test.js": LAST_TEST})
    result = fixed(root)
    assert result.report.status is FixStatus.FIXED, result.report.reason
    assert result.files["last.js"][1].decode() == LAST.replace("i <= list", "i < list")
    assert result.report.tests == ("last.test.js all", "last.test.js two")
    assert (root / "last.js").read_bytes().decode() == LAST


def test_patches_that_behave_differently_are_only_suggested(tmp_path: Path) -> None:
    code = "exports.pick = (a, b, c) => {\n  return a;\n};\n"
    test = (
        'const { pick } = require("./pick");\n'
        'test("picks", () => expect(pick(1, 2, 2)).toEqual(2));\n'
    )
    report = fixed(project(tmp_path, {"pick.js": code, "pick.test.js": test})).report
    assert report.status is FixStatus.SUGGESTED
    assert len(report.suggestions) > 1
    assert "add a test that tells them apart" in report.reason


def test_patches_that_answer_the_same_calls_alike_are_one(tmp_path: Path) -> None:
    code = "const shown = ({ names }) => names.slice(1).map((one) => one.length);\nexports.shown = shown;\n"
    test = (
        'const { shown } = require("./shown");\n'
        'test("all", () => expect(shown({ names: ["a", "bc"] })).toEqual([1, 2]));\n'
        'test("none", () => expect(shown({ names: [] })).toEqual([]));\n'
    )
    report = fixed(project(tmp_path, {"shown.js": code, "shown.test.js": test})).report
    assert report.status is FixStatus.FIXED, report.reason
    assert report.candidates.plausible > report.candidates.validated


def test_a_loop_without_end_ends_and_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(javascript, "LEAST_BASELINE_S", 3.0)
    monkeypatch.setattr(javascript, "BASELINE_SHARE", 0.01)
    monkeypatch.setattr(javascript, "ENDLESS_MS", 300)
    monkeypatch.setattr(steps, "ENDLESS_MS", 300)
    code = (
        "exports.half = (n) => {\n  let count = 0;\n  while (n > 1) {\n    n = n * 2;\n"
        "    count++;\n  }\n  return count;\n};\n"
    )
    test = (
        'const { half } = require("./half");\n'
        'test("halves", () => expect(half(8)).toEqual(3));\n'
        'test("none", () => expect(half(1)).toEqual(0));\n'
    )
    result = fixed(project(tmp_path, {"half.js": code, "half.test.js": test}))
    report = result.report
    assert report.localisation[0].path == "half.js"
    patches = [report.patch, *(one.patch for one in report.suggestions)]
    assert any("+    n = n / 2;" in patch for patch in patches), report.reason


def test_a_flaky_test_proves_nothing(tmp_path: Path) -> None:
    test = (
        'const fs = require("node:fs");\nrequire("./a");\n'
        'test("second time", () => { const known = fs.existsSync(__dirname + "/flag");\n'
        '  fs.writeFileSync(__dirname + "/flag", ""); expect(known).toEqual(true); });\n'
    )
    report = fixed(project(tmp_path, {"a.js": "exports.a = 1;\n", "a.test.js": test})).report
    assert report.status is FixStatus.NOT_FIXED
    assert "is flaky" in report.reason


def test_code_that_is_not_for_editing_is_left_alone(tmp_path: Path) -> None:
    files = {
        "vendor/last.js": LAST,
        "last.test.js": LAST_TEST.replace("./last", "./vendor/last"),
        "made.js": "// Code generated by a tool. DO NOT EDIT.\nexports.x = 1;\n",
    }
    report = fixed(project(tmp_path, files)).report
    assert report.status is FixStatus.NOT_FIXED
    assert "no source file that may be edited" in report.reason


def test_a_runner_that_is_not_there_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, {"last.js": LAST, "last.test.js": LAST_TEST})
    (root / "node_modules/@jest/core/index.js").unlink()
    with pytest.raises(javascript.UsageError, match="jest cannot be run"):
        fixed(root)


ODD = """
"use strict";
@decorated class A extends B { static #p = 1; static { this.x ??= 2; } get g() { return this.#q?.[0]; }
  async *m({ a = 1, ...rest }, [b, , c] = []) { for await (const d of this) yield* d; label: while (true) break label; } }
export default function* gen() { try { yield 1; } catch { } finally { } switch (x) { case 1: y(); default: } }
const f = async (a) => ({ ...a, [k]: `t${a}${b}` }), h = /a+[b-c]$/gi, n = 0x1f, big = 10n, un = void 0;
if (a) b; else if (c) d; else { } do e(); while (--i, j++); for (const k in o) if (k) continue;
new (foo())(...args, 1)?.bar`tpl`; (a, b); delete o.p; typeof z === "object" && z !== null || !w;
"""


def test_every_rewrite_copes_with_odd_code_and_keeps_its_text(tmp_path: Path) -> None:
    root = project(tmp_path, {"odd.ts": ODD, "plain.js": "let a = 1\nfor (;;) break\n"})
    scratch = tmp_path / "node_modules"
    with Writer(NODE, root, scratch) as writer:
        writer.load(["odd.ts"])
        drafts = writer.drafts({"odd.ts": [(n, 1.0) for n in range(1, 12)]}, {})
        counted = writer.counted(["odd.ts", "plain.js"], 900)
    assert writer.faults == []
    assert len(drafts) > 100
    assert all(0 <= edit.start <= edit.end <= len(ODD) for d in drafts for edit in d.proposal.edits)
    text, lines = counted["plain.js"]
    assert text.splitlines()[0] == "__testfleet_hit(0);let a = 1"
    assert lines == [[1], [2], [2]]


def test_lines_that_only_failing_tests_execute_are_the_most_suspicious() -> None:
    failing = TestResult("a.test.js", "bad", "failed", "Error: x\n at f (/copy/a.js:9:1)")
    executed = {"a.test.js bad": {"a.js": [1, 2]}, "a.test.js good": {"a.js": [1]}}
    found = suspicious(Evidence([failing], executed, Path("/copy"), frozenset({"a.js"})))
    assert [one.line for one in found] == [2, 9, 1]
    assert "the error came through it" in found[1].reasons


def plausible(effect: str, prior: float) -> Plausible:
    edit = Edit("a.js", 0, 1, effect)
    proposal = Proposal("rewrite", "other-variable", prior, "", (edit,))
    return Plausible(Draft(proposal, 1), frozenset({"t"}), effect)


def test_patches_that_answer_alike_share_a_vote() -> None:
    ones = [plausible("a", 0.3), plausible("b", 0.3), plausible("c", 0.05)]
    assert vote(ones, {})[0].share < 0.8
    alike = vote(ones, {"a": "same", "b": "same", "c": "other"})
    assert alike[0].share > 0.8
    assert len(alike[0].members) == 2
