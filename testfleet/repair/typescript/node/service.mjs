// Answers questions about one TypeScript project, a line of JSON each:
//
// {"do": "open", "root": "/p", "config": "tsconfig.json"}
//     → {"version", "own", "diagnostics": [{"file", "line", "code", "message", ...}], "files",
//        "references": ["packages/a/tsconfig.json"]}
//     with the project's own TypeScript, or with ours where it has none that can be asked
// {"do": "candidates", "diagnostic": 0, "engines": ["tools", "rewrite"]}
//     → {"candidates": [{"engine", "template", "prior", "concern", "edits"}], "faults"}
// {"do": "check", "edits": [...]}   → {"gone": [0], "added": 0, "effect": "types"}
// {"do": "keep", "edits": [...]}    → {"diagnostics": [...]}  of the program after them
// {"do": "scripts", "files": ["a.ts"]}
//     → {"scripts": ["..."]}  the JavaScript that they become, without comments and layout
// {"do": "undo"}                    → {"diagnostics": [...]}  without the last edits
//
// A question that cannot be answered gets {"error": "..."}. Edits name files relative to the root.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { candidatesFor } from "./catalogue.mjs";
import { configPath, Project } from "./project.mjs";
import { ProjectError, serve } from "./serve.mjs";
import { Trials } from "./trial.mjs";

let project;
let trials;

const inward = (edits) => edits.map((edit) => ({ ...edit, file: project.path(edit.file) }));
const outward = (edits) => edits.map((edit) => ({ ...edit, file: project.name(edit.file) }));
const shown = () => ({ diagnostics: trials.base });

/** TypeScript 7 and later are native and have no language service that can be asked. */
function compiler(folder) {
  for (const [from, own] of [
    [join(folder, "package.json"), true],
    [import.meta.url, false],
  ]) {
    const require = createRequire(from);
    try {
      const loaded = require(require.resolve("typescript"));
      const ts = loaded.default ?? loaded;
      if (ts.createLanguageService) return { ts, own };
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND" && error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED")
        throw error;
    }
  }
  throw new ProjectError("no typescript is installed; `npm install` in the project does that");
}

const ANSWERS = {
  open({ root, config }) {
    const path = configPath(root, config);
    const { ts, own } = compiler(dirname(path));
    project = new Project(ts, root, path);
    trials = new Trials(project);
    const files = project.ownFiles().map((file) => project.name(file.fileName));
    return { version: ts.version, own, files, references: project.references(), ...shown() };
  },
  candidates({ diagnostic, engines }) {
    const raw = trials.raw[diagnostic];
    if (!raw.file || !project.own(raw.file.fileName)) return { candidates: [], faults: [] };
    const { candidates, faults } = candidatesFor(project, raw, engines);
    return { candidates: candidates.map((one) => ({ ...one, edits: outward(one.edits) })), faults };
  },
  check: ({ edits }) => trials.check(inward(edits)),
  keep({ edits }) {
    project.commit(project.edited(inward(edits)));
    trials = trials.over();
    return shown();
  },
  scripts: ({ files }) => ({
    scripts: files.map((name) => project.javascript(project.path(name))),
  }),
  undo() {
    project.undo();
    trials = trials.below;
    return shown();
  },
};

await serve(ANSWERS);
