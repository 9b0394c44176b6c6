// Plants single faults of kinds that programmers make in a TypeScript project that is green.
//
// node plant_typescript.mjs FOLDER COUNT SEED → JSON lines {kind, edits, errors, file, line}: seeded
// samples of each kind that the compiler complains about. Nothing is written to the folder.

import { createRequire } from "node:module";
import { join } from "node:path";
import { makeKinds } from "./plant_kinds.mjs";
import { Project, configPath } from "../testfleet/repair/typescript/node/project.mjs";
import { Trials } from "../testfleet/repair/typescript/node/trial.mjs";

const [folder, count, seed] = process.argv.slice(2);
const MOST_ERRORS = 12;
const TRIES = 12;
const loaded = createRequire(import.meta.url)(join(folder, "node_modules/typescript"));
const ts = loaded.default ?? loaded;
const project = new Project(ts, folder, configPath(folder, "tsconfig.json"));
const trials = new Trials(project);
if (trials.base.length) throw new Error(`${folder} is not green`);
const { checker } = project;

// mulberry32: a small generator whose numbers depend on the seed alone.
let state = Number(seed) >>> 0;
function random(limit) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

const KINDS = makeKinds(ts, checker, random);
const pick = (list) => list[random(list.length)];

function plant(kind) {
  const spots = [];
  const visit = (node) => {
    if (KINDS[kind](node)) spots.push(node);
    const children =
      kind === "token dropped" || kind.startsWith("chain") ? node.getChildren() : undefined;
    if (children) children.forEach(visit);
    else ts.forEachChild(node, visit);
  };
  for (const file of project.ownFiles()) if (!file.isDeclarationFile) visit(file);
  for (let attempt = 0; spots.length && attempt < TRIES; attempt++) {
    const node = pick(spots);
    const edits = [KINDS[kind](node)].flat();
    if (
      !edits[0] ||
      edits.some((one) => one.text === project.text(one.file).slice(one.start, one.end))
    )
      continue;
    const changed = project.edited(edits);
    const errors = project.within(changed, () => project.diagnostics().length);
    if (!errors || errors > MOST_ERRORS) continue;
    const line = node.getSourceFile().getLineAndCharacterOfPosition(edits[0].start).line + 1;
    return {
      kind,
      errors,
      line,
      edits: edits.map((one) => ({ ...one, file: project.name(one.file) })),
    };
  }
  return undefined;
}

const kinds = Object.keys(KINDS)
  .map((kind) => [random(1 << 30), kind])
  .sort((a, b) => a[0] - b[0]);
let made = 0;
for (const [, kind] of kinds) {
  const found = made < Number(count) ? plant(kind) : undefined;
  if (!found) continue;
  made += 1;
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
