// The same questions as service.mjs answers, about ESLint: errors are the complaints, its fixes and
// its plugins' suggestions are the candidates, and linting the edited text is the trial.

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { ProjectError, serve } from "./serve.mjs";

const ERROR = 2;
const FIX = 0.8; // ESLint applies these by itself: they are meant to keep what the code does.
const SUGGESTION = 0.6; // These may change it, so a person is asked.

let root;
let eslint;
const layers = []; // What is kept, innermost last: {texts, complaints}.

const nameOf = (path) => relative(root, path).split(sep).join("/");
const top = () => layers.at(-1);
const textOf = (name) => top()?.texts.get(name) ?? readFileSync(resolve(root, name), "utf8");

function complaintsOf(result) {
  const file = nameOf(result.filePath);
  return result.messages
    .filter((one) => one.severity === ERROR)
    .map((one) => ({
      file,
      line: one.line ?? 1,
      column: one.column ?? 1,
      code: 0,
      rule: one.ruleId ?? "syntax",
      message: `${one.ruleId ?? "syntax"}: ${one.message}`,
      key: `${file} ${one.ruleId} ${one.message}`,
      fix: one.fix,
      suggestions: one.suggestions ?? [],
    }));
}

const shown = () => ({ diagnostics: top().complaints });

async function lint(name, text) {
  const [result] = await eslint.lintText(text, {
    filePath: resolve(root, name),
    warnIgnored: false,
  });
  return result ? complaintsOf({ ...result, filePath: resolve(root, name) }) : [];
}

function edited(edits) {
  const texts = new Map();
  for (const file of new Set(edits.map((one) => one.file))) {
    let text = textOf(file);
    const mine = edits.filter((one) => one.file === file).sort((a, b) => b.start - a.start);
    for (const [index, one] of mine.entries()) {
      if (index && one.end > mine[index - 1].start) throw new RangeError("edits overlap");
      text = text.slice(0, one.start) + one.text + text.slice(one.end);
    }
    texts.set(file, text);
  }
  return texts;
}

/** Indices of complaints of these files that are gone, and the complaints that are there now. */
async function judged(texts) {
  const now = [];
  for (const [file, text] of texts) now.push(...(await lint(file, text)));
  const left = now.map((one) => one.key);
  const gone = [];
  for (const [index, one] of top().complaints.entries()) {
    if (!texts.has(one.file)) continue;
    const at = left.indexOf(one.key);
    if (at < 0) gone.push(index);
    else left.splice(at, 1);
  }
  return { gone, added: left.length, now };
}

function offers(complaint, all) {
  const edit = ({ range, text }) => ({
    file: complaint.file,
    start: range[0],
    end: range[1],
    text,
  });
  const found = [];
  const make = (template, prior, edits) =>
    found.push({ engine: "tools", template, prior, concern: "", edits });
  if (complaint.fix) make(`eslint-${complaint.rule}`, FIX, [edit(complaint.fix)]);
  for (const one of complaint.suggestions)
    make(`eslint-suggestion-${complaint.rule}`, SUGGESTION, [edit(one.fix)]);
  const fixes = all
    .filter((one) => one.fix && one.file === complaint.file)
    .map((one) => edit(one.fix));
  if (complaint.fix && fixes.length > 1) make("eslint-fix-file", FIX, apart(fixes));
  return found;
}

/** Of fixes that overlap the first stays, as `eslint --fix` does it. */
function apart(edits) {
  const kept = [];
  for (const one of edits.sort((a, b) => a.start - b.start)) {
    if (!kept.length || one.start >= kept.at(-1).end) kept.push(one);
  }
  return kept;
}

await serve({
  async open({ root: given }) {
    root = given;
    let path;
    try {
      path = createRequire(join(root, "package.json")).resolve("eslint");
    } catch {
      throw new ProjectError("no eslint is installed; `npm install` in the project does that");
    }
    const { ESLint, loadESLint } = await import(pathToFileURL(path).href).then(
      (one) => one.default ?? one,
    );
    const Linter = loadESLint ? await loadESLint({ cwd: root }) : ESLint;
    eslint = new Linter({ cwd: root });
    const results = await eslint.lintFiles(["."]);
    layers.push({ texts: new Map(), complaints: results.flatMap(complaintsOf) });
    const files = results.map((one) => nameOf(one.filePath));
    return { version: Linter.version, own: true, files, references: [], ...shown() };
  },
  candidates: ({ diagnostic }) => ({
    candidates: offers(top().complaints[diagnostic], top().complaints),
    faults: [],
  }),
  async check({ edits }) {
    const texts = edited(edits);
    const { gone, added } = await judged(texts);
    const digest = createHash("sha256");
    for (const [file, text] of texts) digest.update(`${file}\0${text.replace(/\s+/g, " ")}\0`);
    return { gone, added, effect: digest.digest("hex").slice(0, 16) };
  },
  async keep({ edits }) {
    const texts = edited(edits);
    const { now } = await judged(texts);
    const others = top().complaints.filter((one) => !texts.has(one.file));
    layers.push({ texts: new Map([...top().texts, ...texts]), complaints: [...others, ...now] });
    return shown();
  },
  undo() {
    layers.pop();
    return shown();
  },
});
