// Reads and rewrites a project's own files, a question a line of JSON:
//
// {"do": "open", "root": "/copy"}   → {"version"}
// {"do": "counted", "files": ["a.ts"], "limit_ms": 900}   → {"files": {"a.ts": {"text", "lines": [[3], [4, 5]]}}}
// {"do": "hooks", "files": ["a.test.ts"], "runner": "jest", "report": "/scratch/hits"}
//     → {"files": {"a.test.ts": "text"}}
// {"do": "ended", "files": ["a.ts"], "limit_ms": 900}
//     → {"files": {"a.ts": "text"}}   in which no loop runs for longer
// {"do": "load", "config": "/scratch/tsconfig.json"}   → {}   types are known from now on
// {"do": "candidates", "lines": {"a.ts": [[3, 0.9]]}, "hints": {"a.ts:3": "TypeError"}}
//     → {"candidates": [{"template", "prior", "line", "edits"}], "faults"}
// {"do": "check", "edits": [...]}
//     → {"effect": "1a2b", "added": 0}   what it becomes as JavaScript, and complaints of the compiler
// {"do": "keep", "edits": [...]}   → {}   they are part of the files from now on
// {"do": "guarded", "edits": [...], "limit_ms": 900}   → {"files": {"a.ts": "text"}}   null: no program
// {"do": "observed", "edits": [...], "limit_ms": 900}
//     → {"files": {"a.ts": "text"}}   null where the changed function cannot be called again
// {"do": "ending", "files": ["a.test.ts"], "runner": "jest", "report": "/scratch/calls"}
//     → {"files": {"a.test.ts": "text"}}   which calls it again when the tests are over

import { createRequire } from "node:module";
import { join } from "node:path";
import { Project } from "../../typescript/node/project.mjs";
import { ProjectError, serve } from "../../typescript/node/serve.mjs";
import { candidatesOf } from "./catalogue.mjs";
import { counted, guarded, hooks } from "./instrument.mjs";
import { ending, observed } from "./observe.mjs";

let ts;
let root;
let project;
const errors = new Map();

const inward = (edits) => edits.map((edit) => ({ ...edit, file: project.path(edit.file) }));

function compiler() {
  for (const from of [join(root, "package.json"), import.meta.url]) {
    try {
      const loaded = createRequire(from)("typescript");
      const found = loaded.default ?? loaded;
      if (found.createLanguageService) return found;
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND" && error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED")
        throw error;
    }
  }
  throw new ProjectError("no typescript: run `npm install` where Testfleet is installed");
}

const byName = (files, make) => ({
  files: Object.fromEntries(files.map((name) => [name, make(name)])),
});

const read = (name) => ts.sys.readFile(join(root, name)) ?? "";
const parsed = (name, text) => ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);

function changed(edits, make) {
  const files = {};
  for (const [path, text] of project.edited(inward(edits))) {
    const name = project.name(path);
    const file = parsed(name, text);
    files[name] = file.parseDiagnostics.length ? null : make(file, name);
  }
  return { files };
}

function complaints(path) {
  return project.diagnostics([path]).length;
}

function check({ edits }) {
  const texts = project.edited(inward(edits));
  for (const path of texts.keys()) if (!errors.has(path)) errors.set(path, complaints(path));
  return project.within(texts, () => {
    const paths = [...texts.keys()];
    const added = paths.map((path) => Math.max(0, complaints(path) - errors.get(path)));
    return { effect: project.effect(paths), added: added.reduce((a, b) => a + b, 0) };
  });
}

const ANSWERS = {
  open(question) {
    ({ root } = question);
    ts = compiler();
    return { version: ts.version };
  },
  counted: ({ files, limit_ms: limit }) =>
    byName(files, (name) => counted(ts, parsed(name, read(name)), name, limit)),
  hooks: ({ files, runner, report }) =>
    byName(files, (name) => read(name) + hooks(runner, name, report)),
  ended: ({ files, limit_ms: limit }) =>
    byName(files, (name) => guarded(ts, parsed(name, read(name)), name, limit)),
  load({ config }) {
    project = new Project(ts, root, config);
    return {};
  },
  candidates: ({ lines, hints }) => candidatesOf(project, lines, hints),
  check,
  keep({ edits }) {
    project.commit(project.edited(inward(edits)));
    errors.clear();
    return {};
  },
  guarded: ({ edits, limit_ms: limit }) =>
    changed(edits, (file, name) => guarded(ts, file, name, limit)),
  observed({ edits, limit_ms: limit }) {
    const at = Math.min(...edits.map((edit) => edit.start));
    return changed(edits, (file, name) => observed(ts, file, name, at, limit) ?? null);
  },
  ending: ({ files, runner, report }) =>
    byName(files, (name) => read(name) + ending(runner, name, report)),
};

await serve(ANSWERS);
