// Runs test files again and again with one Jest that stays loaded. See runner.mjs for the questions.

import { createRequire } from "node:module";
import { join } from "node:path";

/** Holds the project's own Jest, 27 or newer. */
export class JestRunner {
  async open(root) {
    this.root = root;
    const require = createRequire(join(root, "package.json"));
    const jest = require.resolve("jest");
    const core = createRequire(jest).resolve("@jest/core");
    this.runCLI = createRequire(jest)(core).runCLI;
  }

  async run({ files, bail, timeout_ms: timeout }) {
    const { results } = await this.runCLI(
      {
        _: files ?? [],
        $0: "jest",
        bail,
        ci: true,
        collectCoverage: false,
        coverage: false,
        passWithNoTests: true,
        reporters: [],
        runInBand: true,
        runTestsByPath: Boolean(files),
        silent: true,
        watchman: false,
        cache: true,
        ...(timeout ? { testTimeout: timeout } : {}),
      },
      [this.root],
    );
    return { tests: results.testResults.flatMap((file) => [...read(file)]) };
  }

  async close() {}
}

function* read(file) {
  const path = file.testFilePath;
  if (file.testExecError || (file.failureMessage && !file.testResults.length)) {
    const said = file.failureMessage ?? file.testExecError.message;
    yield { path, name: "", how: "failed", said, kind: "", ms: 0 };
  }
  for (const one of file.testResults) {
    const said = (one.failureMessages ?? []).join("\n");
    const kind = /^(\w*Error)\b/.exec(said)?.[1] ?? "";
    const how = { passed: "passed", failed: "failed" }[one.status] ?? "skipped";
    yield { path, name: one.fullName, how, said, kind, ms: one.duration ?? 0 };
  }
}
