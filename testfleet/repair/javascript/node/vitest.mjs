// Runs test files again and again in one Vitest that stays loaded. See runner.mjs for the questions.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Holds the project's own Vitest, 1.0 or newer. */
export class VitestRunner {
  async open(root, options) {
    const { resolve } = createRequire(join(root, "package.json"));
    const { createVitest } = await import(pathToFileURL(resolve("vitest/node")));
    const quiet = { reporters: [{}], silent: true, coverage: { enabled: false } };
    const alone = { maxWorkers: 1, minWorkers: 1, fileParallelism: false };
    const calm = { watch: false, run: true, passWithNoTests: true, bail: 0, retry: 0 };
    this.own = { ...quiet, ...alone, ...calm, root, update: false, ...options };
    this.vitest = await createVitest("test", this.own, { server: { hmr: false, ws: false } });
    process.exitCode = 0;
  }

  /** Outcome, failure and duration of every test of these files; of all without any. */
  async run({ files, changed, bail, timeout_ms: timeout }) {
    const { vitest } = this;
    for (const path of changed) this.#invalidate(path);
    for (const project of [vitest, ...(vitest.projects ?? [])]) {
      if (!project?.config) continue;
      project.config.bail = bail;
      if (timeout) project.config.testTimeout = timeout;
    }
    this.bail = bail;
    const wanted = await this.#specifications(files);
    vitest.state.filesMap?.clear?.();
    vitest.state.idMap?.clear?.();
    vitest.state.errorsSet?.clear?.();
    if (wanted.length) {
      if (vitest.runTestSpecifications) await vitest.runTestSpecifications(wanted, !files);
      else await vitest.runFiles(wanted, !files);
    }
    return { tests: vitest.state.getFiles().flatMap((file) => [...read(file, file, [])]) };
  }

  async #specifications(files) {
    const { vitest } = this;
    const find = vitest.globTestSpecifications ?? vitest.globTestSpecs ?? vitest.globTestFiles;
    this.all ??= await find.call(vitest, []);
    if (!files) return this.all;
    const wanted = new Set(files);
    return this.all.filter((one) => wanted.has(one.moduleId ?? one[1]));
  }

  #invalidate(path) {
    const { vitest } = this;
    const servers = new Set(
      [vitest, ...(vitest.projects ?? [])].flatMap((one) => [one?.server, one?.vite]),
    );
    for (const server of servers) {
      if (!server) continue;
      const graphs = Object.values(server.environments ?? {}).map((one) => one.moduleGraph);
      for (const graph of [server.moduleGraph, ...graphs]) graph?.onFileChange(path);
    }
    if (vitest.invalidateFile) vitest.invalidateFile(path);
    vitest.invalidates?.add?.(path);
    vitest.watcher?.invalidates?.add?.(path);
  }

  async close() {
    await this.vitest.close();
  }
}

function* read(task, file, above) {
  const path = file.filepath;
  if (task === file && task.result?.state === "fail" && !task.tasks?.length) {
    yield { path, name: "", how: "failed", ...failure(task), ms: 0 };
  }
  for (const one of task.tasks ?? []) {
    const names = [...above, one.name];
    if (one.type === "suite") {
      yield* read(one, file, names);
      continue;
    }
    const state = one.result?.state;
    const how = state === "pass" ? "passed" : state === "fail" ? "failed" : "skipped";
    const told = { path, name: names.join(" "), how, ms: one.result?.duration ?? 0 };
    yield { ...told, ...failure(one), meta: one.meta?.testfleet };
  }
}

function failure(task) {
  const [error] = task.result?.errors ?? [];
  if (!error) return { said: "" };
  return { said: String(error.stack ?? error.stackStr ?? error.message), kind: error.name ?? "" };
}
