// What the reporters beside this file share: they run inside the project's own test tool, so they
// use nothing but Node.js, and write one JSON event a line to the worker.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

// Seconds since the machine started, by which the kernel dates processes: it tells which file has
// started one. Taken before any test can fake a clock.
const uptime = process.uptime.bind(process);
const BOOTED = os.uptime() - uptime();

const TEXT_LIMIT = 64 * 1024;
const MESSAGE_LIMIT = 1000;
const TEXTS_LIMIT = 20;
/** For what follows the last test, such as a coverage report. */
const END_GRACE_MS = 60_000;

// Cursor, colour and link sequences. No part repeats over another, so it is linear.
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** What the worker has said. Taken out of the environment, so that tests do not inherit it. */
function takeOrders() {
  const orders = {};
  for (const name of ["EVENTS", "ROOT", "SELECTION", "END"]) {
    orders[name] = process.env[`TESTFLEET_${name}`];
    delete process.env[`TESTFLEET_${name}`];
  }
  return orders;
}

// A tool may load this file more than once.
const ORDERS = (globalThis[Symbol.for("testfleet.orders")] ??= takeOrders());
let channel = null;

/** Tells the worker. A reporter that throws would fail the run: when nobody reads, nobody asks. */
function send(kind, event = {}) {
  const bytes = Buffer.from(`${JSON.stringify({ kind, at: BOOTED + uptime(), ...event })}\n`);
  try {
    channel ??= fs.openSync(ORDERS.EVENTS, "a");
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(channel, bytes, done);
  } catch {
    channel = null;
  }
}

const roots = [];
/** The path of a file relative to the tree, as units are called. */
function unitOf(file) {
  if (roots.length === 0) {
    const root = ORDERS.ROOT;
    roots.push(root, fs.realpathSync(root));
  }
  const inside = roots.map((root) => path.relative(root, file));
  const unit = inside.find((one) => !one.startsWith("..") && !path.isAbsolute(one)) ?? file;
  return unit.split(path.sep).join("/");
}

const plain = (text) => String(text ?? "").replace(ANSI, "");

const cut = (text, limit) =>
  text.length <= limit
    ? text
    : `${text.slice(0, limit / 2)}\n[... ${text.length - limit} characters ...]\n${text.slice(-limit / 2)}`;

/** One line and a bounded text of any number of errors, each already a text. */
function complaint(texts) {
  const shown = texts.slice(0, TEXTS_LIMIT).map((text) => plain(text).trim());
  if (texts.length > TEXTS_LIMIT) shown.push(`and ${texts.length - TEXTS_LIMIT} more errors`);
  const first = (shown[0] ?? "").split("\n").find((line) => line.trim() !== "") ?? "";
  return { message: first.trim().slice(0, MESSAGE_LIMIT), longrepr: cut(shown.join("\n\n"), TEXT_LIMIT) };
}

/** Name, message and place of an error, whatever was thrown. */
function textOf(error) {
  if (error === null || typeof error !== "object") return String(error);
  const message = plain(error.message ?? error.value ?? "");
  const stack = plain(error.stackStr ?? error.stack ?? "");
  const head = error.name && !message.startsWith(error.name) ? `${error.name}: ${message}` : message;
  const frames = stack.split("\n").filter((line) => /^\s*at |^\s*❯ /.test(line));
  const parts = [head || stack || JSON.stringify(error), plain(error.diff), plain(error.codeFrame)];
  if (head) parts.push(frames.slice(0, 50).join("\n"));
  if (error.cause && typeof error.cause === "object") parts.push(`Caused by: ${textOfCause(error.cause)}`);
  return parts.filter(Boolean).join("\n\n");
}

const textOfCause = (cause) => plain(cause.stack ?? cause.message ?? "").slice(0, 4000);

/** Makes ids unique: the second of the same name is `name #2`. */
class Names {
  #taken = new Set();

  unique(id) {
    let name = id;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${id} #${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** One result event. `test` holds id, unit, outcome and what differs from a plain pass. */
function result(test) {
  // A failed test that runs again alone is looked for by its name: skipped is what was not found.
  if (test.outcome === "skipped" && selected().isAlone) return;
  const { errors = [], message = "", duration = 0, attempts = 1, ...rest } = test;
  const said = errors.length > 0 ? complaint(errors) : { message: complaint([message]).message, longrepr: "" };
  send("result", { ...rest, duration: Math.max(0, duration || 0) / 1000, attempts, ...said });
}

let selection = null;
const selected = () => (selection ??= JSON.parse(fs.readFileSync(ORDERS.SELECTION, "utf8")));

/** A test for units: whether this process is to run them. */
function chosenUnits() {
  const { units, excluded } = selected();
  const named = new Set(excluded ?? units);
  return (unit) => named.has(unit) === (excluded === null);
}

/** Which files are to run, and how far they are: one may run in several projects of a suite. */
const expected = new Map();
const expectUnit = (unit) => expected.set(unit, (expected.get(unit) ?? 0) + 1);

class Files {
  #ids = new Map();
  #loaded = new Map();
  #ended = new Map();

  /** The tests of a file in one project. They are told once they are known for all projects. */
  collected(unit, ids) {
    const all = [...(this.#ids.get(unit) ?? []), ...ids];
    this.#ids.set(unit, all);
    if (this.#isLast(this.#loaded, unit)) send("items", { unit, ids: all });
    send("collected", { unit });
  }

  ended(unit) {
    if (this.#isLast(this.#ended, unit)) send("closed", { unit });
  }

  #isLast(counts, unit) {
    counts.set(unit, (counts.get(unit) ?? 0) + 1);
    return counts.get(unit) >= (expected.get(unit) ?? 1);
  }
}

/** The tool has come to its end. What fails the run and is borne by no test stands in `problems`. */
function finish({ problems = [], failures, isInterrupted = false, isEmpty = expected.size === 0 }) {
  const shown = problems.map((text) => complaint([text]));
  const told = { problems: shown, failures, isInterrupted, isEmpty };
  const tell = (more) => fs.writeFileSync(ORDERS.END, JSON.stringify({ ...told, ...more }));
  tell({ isHanging: false });
  send("finished");
  // A handle that a test has left open would keep Jest here for ever.
  const end = () => {
    tell({ isHanging: true });
    process.exit();
  };
  setTimeout(end, END_GRACE_MS).unref();
}

module.exports = { Files, Names, chosenUnits, expectUnit, finish, plain, result, send, textOf, unitOf };
