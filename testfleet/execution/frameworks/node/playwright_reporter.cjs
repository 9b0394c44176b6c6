// Reports what Playwright Test does to the worker.
"use strict";

const { Files, Names, chosenUnits, finish, result, send, textOf, unitOf } = require("./events.cjs");

class TestfleetReporter {
  #names = new Names();
  #files = new Files();
  #ids = new Map();
  #open = new Map();
  #sent = new Set();
  #broken = new Set();
  #problems = [];
  #failures = 0;
  #stopsEarly = false;
  #tests = [];
  #isChosen = chosenUnits();

  version() {
    return "v2";
  }

  printsToStdio() {
    return false;
  }

  onConfigure(config) {
    this.#stopsEarly = config.maxFailures > 0;
  }

  onBegin(...given) {
    send("process", { pid: process.pid });
    // Up to version 1.36 the configuration comes first.
    if (given.length > 1) this.onConfigure(given[0]);
    this.#tests = given.at(-1).allTests();
    const units = new Map();
    for (const test of this.#tests) {
      const unit = unitOf(test.location.file);
      // What a project depends on runs along with each shard, and is told by its own.
      if (!this.#isChosen(unit)) continue;
      this.#ids.set(test, this.#names.unique(idOf(test)));
      units.set(unit, [...(units.get(unit) ?? []), test]);
    }
    for (const [unit, tests] of units) {
      this.#open.set(unit, tests.length);
      this.#files.collected(unit, tests.map((test) => this.#ids.get(test)));
    }
  }

  onTestBegin(test) {
    const id = this.#ids.get(test);
    if (id === undefined || this.#sent.has(id)) return; // a serial group begins anew
    send("start", { id, unit: unitOf(test.location.file) });
  }

  onTestEnd(test, last) {
    // What was left out since another test failed may run when that one is retried.
    const isOver = test.results.length > test.retries && last.status !== "skipped";
    if (last.status === test.expectedStatus || isOver) this.#result(test);
  }

  onError(error) {
    const text = textOf(error);
    const unit = this.#unitIn(error.location?.file ?? "") ?? this.#unitIn(text);
    if (unit === undefined) this.#problems.push(text);
    else this.#breakFile(unit, text);
  }

  onEnd({ status }) {
    // One file that does not load keeps all others from running: they are tried without it.
    const isKept = this.#broken.size + this.#problems.length > 0
      && this.#tests.every(({ results }) => results.length === 0);
    if (!isKept) this.#tests.forEach((test) => this.#result(test));
    const isInterrupted = status === "interrupted" || (isKept && this.#broken.size > 0);
    finish({
      problems: this.#problems, failures: this.#failures, isInterrupted, isEmpty: false,
    });
  }

  #result(test) {
    const id = this.#ids.get(test);
    const outcome = OUTCOMES[test.outcome()];
    if (id === undefined) {
      const errors = outcome === "failed" ? test.results.flatMap(errorsOf).map(textOf) : [];
      if (errors.length > 0) this.#problems.push(`${idOf(test)}, which tests here depend on: ${errors[0]}`);
      return;
    }
    if (this.#sent.has(id)) return;
    const isLeftOut = outcome === "skipped" && test.expectedStatus !== "skipped";
    if (isLeftOut && this.#stopsEarly) return;
    this.#sent.add(id);
    this.#failures += outcome === "failed" || isLeftOut;
    const unit = unitOf(test.location.file);
    const told = outcome === "skipped" ? [] : test.results.flatMap(errorsOf);
    result({
      id,
      unit,
      // Should what failed before it pass at the next go, it would still be untested.
      outcome: isLeftOut ? "error" : outcome,
      duration: test.results.reduce((sum, one) => sum + Math.max(0, one.duration), 0),
      attempts: Math.max(1, test.results.length),
      errors: outcome === "passed" ? [] : told.map(textOf),
      message: isLeftOut ? LEFT_OUT : outcome === "skipped" ? reasonOf(test) : statusOf(test),
    });
    this.#open.set(unit, this.#open.get(unit) - 1);
    if (this.#open.get(unit) === 0) this.#files.ended(unit);
  }

  /** The first test file that is named. Up to version 1.32 an error does not say where it is. */
  #unitIn(text) {
    const units = (text.match(/\/[^\s:()'"`]+/g) ?? []).map(unitOf);
    return units.find((unit) => this.#isChosen(unit) && TEST_FILE.test(unit));
  }

  #breakFile(unit, text) {
    this.#failures += 1;
    const id = this.#broken.has(unit) ? this.#names.unique(`${unit} › error`) : unit;
    this.#broken.add(unit);
    result({ id, unit, outcome: "error", errors: [text] });
    if (!this.#open.get(unit)) send("closed", { unit });
  }
}

const TEST_FILE = /^(?!\/)(?!.*node_modules\/).*[.](?:spec|test|setup|teardown)[.][cm]?[jt]sx?$/;
const LEFT_OUT = "did not run, since a test or a hook that it needs failed";
const OUTCOMES = { skipped: "skipped", expected: "passed", unexpected: "failed", flaky: "flaky" };

/** As Playwright shows it, without line and column: those change with every edit above the test. */
function idOf(test) {
  const [, project, , ...titles] = test.titlePath();
  const label = project ? [`[${project}]`] : [];
  return [...label, unitOf(test.location.file), ...titles].join(" › ");
}

const errorsOf = ({ errors, error }) => errors ?? (error ? [error] : []);

function statusOf(test) {
  const last = test.results.at(-1)?.status;
  if (last === "passed" && test.expectedStatus !== "passed") return "it passed and is marked as failing";
  return last === "timedOut" || last === "interrupted" ? last : "";
}

function reasonOf(test) {
  const note = test.annotations.find(({ type }) => ["skip", "fixme", "fail"].includes(type));
  return note ? [note.type, note.description].filter(Boolean).join(": ") : "";
}

module.exports = TestfleetReporter;
