// All templates together: the candidates for one diagnostic, the most promising first.

import { Context } from "./context.mjs";
import { annotations } from "./templates/annotations.mjs";
import { calls } from "./templates/calls.mjs";
import { classes } from "./templates/classes.mjs";
import { codefixes } from "./templates/codefixes.mjs";
import { CODES as CONVERTIBLE, conversions } from "./templates/conversions.mjs";
import { elements } from "./templates/elements.mjs";
import { functions } from "./templates/functions.mjs";
import { imports } from "./templates/imports.mjs";
import { names } from "./templates/names.mjs";
import { narrowing } from "./templates/narrowing.mjs";
import { nullable } from "./templates/nullable.mjs";
import { objects } from "./templates/objects.mjs";
import { operators } from "./templates/operators.mjs";
import { parameters } from "./templates/parameters.mjs";
import { syntax } from "./templates/syntax.mjs";

const REWRITES = {
  names,
  imports,
  calls,
  nullable,
  objects,
  elements,
  functions,
  classes,
  narrowing,
  operators,
  annotations,
  parameters,
  syntax,
  conversions: (ctx) => (CONVERTIBLE.has(ctx.code) ? conversions(ctx) : []),
};
const MAX_OF_A_FAMILY = 400;

/** {candidates, faults}: `faults` names the families that broke off, which is a defect of ours. */
export function candidatesFor(project, diagnostic, engines) {
  const ctx = new Context(project, diagnostic);
  const families = Object.entries(engines.includes("rewrite") ? REWRITES : {});
  if (engines.includes("tools")) families.unshift(["codefixes", (one) => codefixes(one, project)]);
  const found = new Map();
  const faults = [];
  for (const [family, make] of families) {
    const engine = family === "codefixes" ? "tools" : "rewrite";
    try {
      let count = 0;
      for (const one of make(ctx)) {
        const allowed = fair(project, ctx, one);
        if (allowed) keep(project, found, { ...allowed, engine });
        if (++count === MAX_OF_A_FAMILY) break;
      }
    } catch (error) {
      // One family that cannot cope with an odd tree must not cost what the others find.
      faults.push(`${family}: ${error.stack?.split("\n").slice(0, 2).join(" ") ?? error}`);
    }
  }
  const candidates = [...found.values()].sort((a, b) => b.prior - a.prior);
  return { candidates, faults };
}

const TEST_FILE =
  /(^|\/)(__tests__|__mocks__|tests?|specs?|e2e)\/|\.(test|spec|e2e)(-d)?\.[cm]?[jt]sx?$/;
const TEST_EDITED = "the test itself is changed";

/** A test is not bent to the program: it is edited only where the compiler complains about it. */
function fair(project, ctx, one) {
  const tests = one.edits.filter((edit) => TEST_FILE.test(project.name(edit.file)));
  if (tests.some((edit) => edit.file !== ctx.file.fileName)) return undefined;
  return tests.length
    ? { ...one, prior: one.prior * 0.8, concern: one.concern || TEST_EDITED }
    : one;
}

/** Of the same text only the most promising stays. */
function keep(project, found, one) {
  const edits = one.edits.filter((edit) => project.own(edit.file));
  if (!edits.length || edits.length !== one.edits.length) return;
  let changed;
  try {
    changed = project.edited(edits.map((edit) => ({ ...edit })));
  } catch (error) {
    if (error instanceof RangeError) return;
    throw error;
  }
  const same = [...changed].every(([path, text]) => text === project.text(path));
  if (same) return;
  const key = JSON.stringify([...changed].map(([path, text]) => [path, fingerprint(text)]));
  const known = found.get(key);
  if (!known || known.prior < one.prior)
    found.set(key, { ...one, edits, prior: Math.min(one.prior, 0.95) });
}

/** FNV-1a over the text without blanks, so layout alone makes no second candidate. */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 32 || code === 10 || code === 13 || code === 9) continue;
    hash = Math.imul(hash ^ code, 0x01000193) >>> 0;
    length++;
  }
  return `${hash}:${length}`;
}
