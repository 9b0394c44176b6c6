// All rewrites together: candidates for suspicious lines, the most promising first.

import { calls } from "./rewrites/calls.mjs";
import { conditions } from "./rewrites/conditions.mjs";
import { functions } from "./rewrites/functions.mjs";
import { literals } from "./rewrites/literals.mjs";
import { members } from "./rewrites/members.mjs";
import { names } from "./rewrites/names.mjs";
import { operators } from "./rewrites/operators.mjs";
import { statements } from "./rewrites/statements.mjs";
import { values } from "./rewrites/values.mjs";
import { View } from "./view.mjs";

const FAMILIES = {
  operators,
  literals,
  conditions,
  calls,
  values,
  members,
  names,
  statements,
  functions,
};
const MOST_OF_A_NODE = 60;
const MOST = 8000;

/** `lines` are [line, suspicion] by file, `hints` the errors thrown there by `file:line`. */
export function candidatesOf(project, lines, hints) {
  const found = new Map();
  const faults = [];
  for (const [name, scored] of Object.entries(lines)) {
    const file = project.program.getSourceFile(project.path(name));
    if (!file) continue;
    const view = new View(project, file, name, hints);
    const scores = new Map(scored);
    walk(project.ts, file, (node) => {
      const line = view.line(node);
      const score = scores.get(line);
      if (score) rewrite(view, node, line, score, found, faults);
    });
  }
  const sorted = [...found.values()].sort((a, b) => b.prior - a.prior || a.line - b.line);
  return { candidates: sorted.slice(0, MOST), faults };
}

function rewrite(view, node, line, score, found, faults) {
  for (const [family, make] of Object.entries(FAMILIES)) {
    try {
      let count = 0;
      for (const one of make(view, node)) {
        keep(found, view, { ...one, line, prior: Math.min(0.95, one.prior) * score });
        if (++count === MOST_OF_A_NODE) break;
      }
    } catch (error) {
      // One family that cannot cope with an odd tree must not cost what the others find.
      faults.push(`${family}: ${error.stack?.split("\n").slice(0, 2).join(" ") ?? error}`);
    }
  }
}

/** Of the same change the likelier one stays. */
function keep(found, view, one) {
  const edits = one.edits.map((edit) => ({ ...edit, file: view.name }));
  const idle = edits.every(({ start, end, text }) => view.file.text.slice(start, end) === text);
  if (idle) return;
  const key = JSON.stringify(edits);
  const known = found.get(key);
  if (!known || known.prior < one.prior) found.set(key, { ...one, edits });
}

function walk(ts, node, see) {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
    return;
  if (ts.isImportDeclaration(node)) return;
  see(node);
  ts.forEachChild(node, (one) => walk(ts, one, see));
}
