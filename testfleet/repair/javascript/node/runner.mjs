// Runs a project's tests as often as it is asked to, in a process that stays loaded. Questions are
// lines of JSON:
//
// {"do": "open", "root": "/copy", "runner": "vitest", "token": "x"}   → {"version": "v20.1.0"}
// {"do": "run", "files": ["/copy/a.test.ts"], "changed": ["/copy/a.ts"], "bail": 1, "timeout_ms": 900}
//     → {"tests": [{"path", "name", "how", "said", "kind", "ms"}]}   all files when `files` is null
//
// Tests print what they like, so an answer is a line that begins with the token.

import { createInterface } from "node:readline";
import { JestRunner } from "./jest.mjs";
import { VitestRunner } from "./vitest.mjs";

const RUNNERS = { jest: JestRunner, vitest: VitestRunner };
const write = process.stdout.write.bind(process.stdout);
const { parse, stringify } = JSON;
let runner;
let token = "";

async function answer(question) {
  if (question.do === "open") {
    token = question.token;
    runner = new RUNNERS[question.runner]();
    await runner.open(question.root, question.options ?? {});
    return { version: process.version };
  }
  return runner.run(question);
}

process.on("uncaughtException", () => {}); // A test's own, told by what the tests then show.
process.on("unhandledRejection", () => {});
process.exit = () => {}; // Tests that end the process end the search otherwise.
for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    told = await answer(parse(line));
  } catch (error) {
    told = { error: String(error?.stack ?? error) };
  }
  write(`\n${token}${stringify(told)}\n`);
}
process.kill(process.pid, "SIGKILL"); // Pools and servers would keep it.
