// Reports what Vitest does to the worker. Vitest 1 and 2 tell it by tasks, 3 and later by
// test modules and cases; what is sent is the same.

import events from "./events.cjs";

const { Files, Names, chosenUnits, expectUnit, finish, result, send, textOf, unitOf } = events;

const ENDS = new Set(["pass", "fail", "skip", "todo"]);
const OUTCOMES = { passed: "passed", pass: "passed", failed: "failed", fail: "failed" };

export default class TestfleetReporter {
  #vitest;
  #isModern = false;
  #ids = new Map();
  #names = new Names();
  #files = new Files();
  #sent = new Set();
  #tests = new Map();
  #failures = 0;

  onInit(vitest) {
    this.#vitest = vitest;
    send("process", { pid: process.pid });
    const { sequence } = vitest.config;
    sequence.sequencer = choosing(sequence.sequencer);
  }

  // Vitest 3 and later

  onTestRunStart() {
    this.#isModern = true;
  }

  onTestModuleQueued(module) {
    this.#collecting(unitOf(module.moduleId));
  }

  onTestModuleCollected(module) {
    const { moduleId, project } = module;
    const place = { unit: unitOf(moduleId), project: project?.name };
    const tests = [...module.children.allTests()];
    const ids = tests.map((test) => this.#name(test.id, place, titles(test)));
    this.#collected(place.unit, ids);
  }

  onTestCaseReady(test) {
    const id = this.#ids.get(test.id);
    if (id !== undefined) send("start", { id, unit: unitOf(test.module.moduleId) });
  }

  onTestCaseResult(test) {
    const id = this.#ids.get(test.id);
    if (id === undefined) return; // Its file has an error instead.
    const { state, errors, note } = test.result();
    const { duration, flaky, retryCount = 0 } = test.diagnostic() ?? {};
    const skipped = test.options.mode === "todo" ? "todo" : note;
    this.#result(id, unitOf(test.module.moduleId), {
      state, errors, duration, retryCount, message: skipped, isFlaky: flaky,
    });
  }

  onTestModuleEnd(module) {
    const place = { unit: unitOf(module.moduleId), project: module.project?.name };
    this.#broken(place, [], module.errors());
    for (const suite of module.children.allSuites()) {
      this.#broken(place, titles(suite), suite.errors());
    }
    this.#files.ended(place.unit);
  }

  onTestRunEnd(modules, unhandled) {
    if (!this.#isModern) return;
    // Vitest 3 tells of no end of a file that does not load.
    modules.filter((one) => one.errors().length > 0).forEach((one) => this.onTestModuleEnd(one));
    this.#finish(unhandled);
  }

  // Vitest 1 and 2

  onCollected(files = []) {
    if (this.#isModern) return;
    for (const file of files) {
      const place = placeOf(file);
      const tests = [...tasksIn(file)].filter(({ task }) => task.type !== "suite");
      const ids = tests.map(({ task, names }) => this.#name(task.id, place, names));
      this.#collecting(place.unit);
      this.#collected(place.unit, ids);
    }
  }

  onTaskUpdate(packs) {
    if (this.#isModern) return;
    for (const [key, state] of packs) {
      const id = this.#ids.get(key);
      const task = this.#vitest.state.idMap.get(key);
      if (!task || !state) continue;
      const ends = ENDS.has(state.state);
      if (id !== undefined && state.state === "run" && !this.#sent.has(id)) {
        send("start", { id, unit: unitOf(task.file.filepath) });
      } else if (id !== undefined && ends && !mayRunAgain(task, state)) {
        this.#legacy(id, task);
      } else if (task.type === "suite" && task.filepath && ends) {
        this.#endFile(task);
      }
    }
  }

  onFinished(files = [], unhandled = []) {
    if (this.#isModern) return;
    for (const file of files) this.#endFile(file);
    this.#finish(unhandled);
  }

  #endFile(file) {
    const place = placeOf(file);
    // Without a state its process did not live to tell of it.
    if (this.#sent.has(file.id) || !ENDS.has(file.result?.state ?? file.mode)) return;
    this.#sent.add(file.id);
    this.#broken(place, [], file.result?.errors);
    for (const { task, names } of tasksIn(file)) {
      const id = this.#ids.get(task.id);
      if (task.type === "suite") this.#broken(place, names, task.result?.errors);
      else if (id !== undefined) this.#legacy(id, task);
    }
    this.#files.ended(place.unit);
  }

  #legacy(id, task) {
    const isLeftOut = ["skip", "todo"].includes(task.mode);
    // A failing hook of a suite leaves its tests without any result: Vitest calls them skipped.
    const { state = "skip", errors, duration, retryCount, note } = task.result ?? {};
    // `run` is what a test says that its process has left behind.
    if (!isLeftOut && !ENDS.has(state)) return;
    this.#result(id, unitOf(task.file.filepath), {
      state: isLeftOut ? task.mode : state,
      errors,
      duration,
      retryCount,
      message: task.mode === "todo" ? "todo" : note,
      isFlaky: state === "pass" && retryCount > 0,
    });
  }

  // Both

  #name(key, { unit, project }, names) {
    if (!this.#ids.has(key)) {
      const prefix = project ? `|${project}| ` : "";
      this.#ids.set(key, this.#names.unique([`${prefix}${unit}`, ...names].join(" > ")));
    }
    return this.#ids.get(key);
  }

  #collecting(unit) {
    send("collecting", { unit });
  }

  #collected(unit, ids) {
    this.#tests.set(unit, [...(this.#tests.get(unit) ?? []), ...ids]);
    this.#files.collected(unit, ids);
  }

  #result(id, unit, { state, errors, duration, retryCount = 0, message, isFlaky }) {
    if (this.#sent.has(id) || state === "pending") return;
    this.#sent.add(id);
    const outcome = isFlaky ? "flaky" : (OUTCOMES[state] ?? "skipped");
    this.#failures += outcome === "failed";
    result({
      id, unit, outcome, duration,
      message: message ?? "",
      attempts: retryCount + 1,
      errors: (outcome === "skipped" ? [] : (errors ?? [])).map(textOf),
    });
  }

  /** A file that does not load, or a hook of a suite that fails: none of its tests says so. */
  #broken(place, names, errors) {
    if (!errors?.length) return;
    const key = `${place.project ?? ""}\0${place.unit}\0${names.join("\0")}`;
    const id = this.#name(key, place, names);
    if (this.#sent.has(id)) return;
    this.#sent.add(id);
    this.#failures += 1;
    result({ id, unit: place.unit, outcome: "error", errors: errors.map(textOf) });
  }

  #finish(unhandled = []) {
    const problems = [];
    const unfinished = this.#unfinished();
    for (const error of this.#vitest.config.dangerouslyIgnoreUnhandledErrors ? [] : unhandled) {
      const file = error?.VITEST_TEST_PATH;
      const [only, ...others] = unfinished.length > 0 ? unfinished : this.#tests.keys();
      const unit = file ? unitOf(file) : others.length === 0 ? only : undefined;
      const test = error?.VITEST_TEST_NAME;
      const text = `${textOf(error)}${test ? `\n\nIt came while "${test}" ran.` : ""}`;
      if (unit === undefined) problems.push(text);
      else this.#broken({ unit }, [this.#names.unique("unhandled error")], [text]);
    }
    const reason = unhandled.map(textOf).find(Boolean) ?? "";
    unfinished.forEach((unit) => this.#lose(unit, reason));
    finish({ problems, failures: this.#failures });
  }

  /** Files of which Vitest's own process has died: their tests have begun, and never ended. */
  #unfinished() {
    const isOpen = ([, ids]) => ids.some((id) => !this.#sent.has(id));
    return this.#vitest.config.bail ? [] : [...this.#tests].filter(isOpen).map(([unit]) => unit);
  }

  #lose(unit, reason) {
    for (const id of this.#tests.get(unit).filter((one) => !this.#sent.has(one))) {
      this.#failures += 1;
      const told = `the process of this file ended before this test had an outcome. ${reason}`;
      result({ id, unit, outcome: "error", errors: [told] });
    }
  }
}

/** The project's own sequencer, for exactly the files of the shard. The command line can only name
 * parts of paths, and not those that are to be left out. */
function choosing(Sequencer) {
  const isChosen = chosenUnits();
  return class extends Sequencer {
    async sort(specifications) {
      // A specification of Vitest 1 is a pair of project and path.
      const file = (one) => unitOf(one.moduleId ?? one[1]);
      const chosen = specifications.filter((one) => isChosen(file(one)));
      chosen.forEach((one) => expectUnit(file(one)));
      return super.sort(chosen);
    }
  };
}

/** Names of the suites around a test or suite, and its own. */
function titles(entity) {
  const names = [];
  for (let one = entity; one && one.type !== "module"; one = one.parent) names.unshift(one.name);
  return names;
}

const placeOf = (file) => ({ unit: unitOf(file.filepath), project: file.projectName });

function* tasksIn(suite, above = []) {
  for (const task of suite.tasks ?? []) {
    const names = [...above, task.name];
    yield { task, names };
    if (task.type === "suite") yield* tasksIn(task, names);
  }
}

const mayRunAgain = (task, result) =>
  (task.repeats ?? 0) > 0 || (result.state === "fail" && (result.retryCount ?? 0) < (task.retry ?? 0));
