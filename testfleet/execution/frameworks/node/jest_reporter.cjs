// Reports what Jest does to the worker.
"use strict";

const { Files, Names, finish, plain, result, send, unitOf } = require("./events.cjs");

const OUTCOMES = { passed: "passed", failed: "failed" };

class TestfleetReporter {
  #names = new Names();
  #files = new Files();
  #tests = new Map();
  #failures = 0;

  onRunStart() {
    send("process", { pid: process.pid });
  }

  onTestFileStart(test) {
    this.#of(test);
    send("collecting", { unit: unitOf(test.path) });
  }

  onTestCaseStart(test, info) {
    const id = this.#of(test).begin(info);
    send("start", { id, unit: unitOf(test.path) });
  }

  onTestCaseResult(test, told) {
    const id = this.#of(test).end(told);
    if (id !== undefined) this.#result(test, id, told);
  }

  onTestFileResult(test, told) {
    const tests = this.#of(test);
    const unit = unitOf(test.path);
    const ids = told.testResults.map((one) => tests.define(one));
    this.#files.collected(unit, ids);
    told.testResults.forEach((one, at) => this.#result(test, ids[at], one));
    this.#broken(unit, tests, told);
    this.#tests.delete(keyOf(test));
    this.#files.ended(unit);
  }

  onRunComplete(contexts, { runExecError, wasInterrupted }) {
    const problems = runExecError ? [plain(runExecError.stack ?? runExecError.message)] : [];
    finish({ problems, failures: this.#failures, isInterrupted: Boolean(wasInterrupted) });
  }

  #of(test) {
    const key = keyOf(test);
    if (!this.#tests.has(key)) this.#tests.set(key, new Tests(test, this.#names));
    return this.#tests.get(key);
  }

  #result(test, id, { status, duration, failureMessages, invocations }) {
    const tests = this.#of(test);
    if (tests.sent.has(id)) return;
    tests.sent.add(id);
    this.#failures += status === "failed";
    const attempts = Math.max(1, invocations ?? 1);
    const outcome = OUTCOMES[status] ?? "skipped";
    result({
      id,
      unit: unitOf(test.path),
      outcome: outcome === "passed" && attempts > 1 ? "flaky" : outcome,
      duration: duration ?? 0,
      attempts,
      errors: status === "failed" ? failureMessages : [],
      message: status === "todo" ? "todo" : "",
    });
  }

  /** A file that does not load, or an `afterAll` that fails: no test bears it. */
  #broken(unit, tests, { failureMessage, testExecError, testResults }) {
    const isBorne = testResults.some((one) => one.status === "failed");
    if (!testExecError && (isBorne || !failureMessage)) return;
    this.#failures += 1;
    const text = testExecError?.stack ?? testExecError?.message ?? failureMessage;
    const shown = isBorne || !failureMessage ? text : failureMessage;
    const errors = [plain(shown).replace(/^\s*● Test suite failed to run\s+/, "")];
    result({ id: tests.prefix, unit, outcome: "error", errors });
  }
}

/** The tests of one file, by the names that Jest gives them. */
class Tests {
  sent = new Set();
  #names;
  #ids = new Map();
  #passed = new Map();
  #failed = new Set();
  #told = new Map();

  constructor(test, names) {
    const project = test.context?.config?.displayName?.name;
    this.prefix = `${project ? `[${project}] ` : ""}${unitOf(test.path)}`;
    this.#names = names;
  }

  begin(info) {
    const title = titleOf(info);
    return this.#id(title, this.#passed.get(title) ?? 0);
  }

  /** The id of a test that is settled. One that fails may be retried, and then nobody can tell its
   * second go from another test of that name: both are told with the whole file. */
  end(told) {
    const title = titleOf(told);
    if (told.status === "failed") this.#failed.add(title);
    return this.#failed.has(title) ? undefined : this.#id(title, next(this.#passed, title));
  }

  /** The id of the next test of that name, in the order in which they are defined. */
  define(told) {
    const title = titleOf(told);
    return this.#id(title, next(this.#told, title));
  }

  #id(title, at) {
    const key = `${at} ${title}`;
    if (!this.#ids.has(key)) {
      this.#ids.set(key, this.#names.unique(`${this.prefix} › ${title}`));
    }
    return this.#ids.get(key);
  }
}

function next(counts, key) {
  const at = counts.get(key) ?? 0;
  counts.set(key, at + 1);
  return at;
}

// Not the same object in each call. Up to version 28 a project's id was called its name.
const keyOf = ({ path, context }) => `${context?.config?.id ?? context?.config?.name} ${path}`;

const titleOf = ({ ancestorTitles = [], title }) => [...ancestorTitles, title].join(" › ");

module.exports = TestfleetReporter;
