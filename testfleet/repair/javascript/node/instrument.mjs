// Text with more in it, line by line as it was: who executes what, and an end to endless loops.

const HITS = "__testfleet_hit";
const TICK = "__testfleet_tick";

/** {text, lines}: `lines[n]` are the lines of the statement that counter `n` belongs to. Loops end
 * as in `guarded`. */
export function counted(ts, file, name, limit_ms) {
  if (file.parseDiagnostics.length) return { text: file.text, lines: [] }; // Flow's types, say.
  const made = new Insertions(ts, file);
  const spans = [];
  const hit = (node) => `${HITS}(${spans.push([node.getStart(file), node.getEnd()]) - 1});`;
  visit(ts, file, (node) => {
    for (const one of statementsOf(ts, node)) if (runs(ts, one)) made.before(one, hit(one));
    for (const one of bodiesOf(ts, node)) made.around(one, `{${hit(one)}`, "}");
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body))
      made.around(node.body, `(${hit(node.body).slice(0, -1)},`, ")");
  });
  const text =
    endless(ts, file, name, limit_ms, made) + counterCode(typed(name), JSON.stringify(name));
  return { text, lines: linesOf(file, spans) };
}

/** The text, in which a loop ends by an exception after `limit_ms` of processor time. */
export function guarded(ts, file, name, limit_ms) {
  return endless(ts, file, name, limit_ms, new Insertions(ts, file));
}

/** The same with what else is inserted in `made`. */
export function endless(ts, file, name, limit_ms, made) {
  if (file.parseDiagnostics.length) return file.text;
  let count = 0;
  visit(ts, file, (node) => {
    if (!ts.isForStatement(node) && !ts.isWhileStatement(node) && !ts.isDoStatement(node)) return;
    count += 1;
    const body = node.statement;
    if (ts.isBlock(body)) made.at(body.getStart(file) + 1, `${TICK}();`);
    else made.around(body, `{${TICK}();`, "}");
  });
  return made.text() + (count ? tickCode(typed(name), limit_ms) : "");
}

const typed = (name) => /\.[cm]?tsx?$/.test(name);

function counterCode(typed, key) {
  const [all, number] = typed ? ["(globalThis as any)", ": number"] : ["globalThis", ""];
  return `\n;function ${HITS}(n${number}) { const all = (${all}.__testfleet ||= {}); (all[${key}] ||= {})[n] = 1; }\n`;
}

// Fake timers of a test stop all clocks but this one.
function tickCode(typed, limit_ms) {
  const any = typed ? ": any" : "";
  return `
;var ${TICK}_n${any}, ${TICK}_t${any}; function ${TICK}() {
  if (((${TICK}_n = (${TICK}_n | 0) + 1) & 1023) || typeof process === "undefined") return;
  const used = process.cpuUsage(), now = used.user + used.system;
  if (${TICK}_t === undefined) ${TICK}_t = now;
  if (now - ${TICK}_t > ${limit_ms * 1000}) throw new Error("testfleet: this loop does not end");
}
`;
}

/** What stands behind a test file: each test tells what it has executed. */
export function hooks(runner, name, report) {
  const any = typed(name) ? " as any" : "";
  const take = `const all = globalThis${any}, hits = all.__testfleet; all.__testfleet = {};`;
  const start = `{ ${take} all.__testfleet_base = hits; }`;
  if (runner === "vitest")
    return `
;import { afterEach as __testfleet_after } from "vitest"; ${start}
__testfleet_after((context${any && ": any"}) => { ${take} const task = context.task ?? context.meta;
  task.meta.testfleet = { hits, base: all.__testfleet_base }; });
`;
  return `
;{ ${take} const fs = all.process.getBuiltinModule?.("fs"), base = hits;
  if (fs) all.afterEach?.(() => { ${take.replace("const all = globalThis" + any + ", ", "const ")}
    const told = { test: all.expect.getState().currentTestName, path: ${JSON.stringify(name)}, hits, base };
    fs.appendFileSync(${JSON.stringify(report)}, JSON.stringify(told) + "\\n"); }); }
`;
}

function visit(ts, node, see) {
  see(node);
  ts.forEachChild(node, (one) => visit(ts, one, see));
}

function statementsOf(ts, node) {
  const lists = ts.isSourceFile(node) || ts.isBlock(node) || ts.isCaseOrDefaultClause(node);
  return lists ? node.statements : [];
}

function bodiesOf(ts, node) {
  const found = ts.isIfStatement(node)
    ? [node.thenStatement, node.elseStatement]
    : ts.isIterationStatement(node, false)
      ? [node.statement]
      : [];
  return found.filter(
    (one) => one && !ts.isBlock(one) && one.kind !== ts.SyntaxKind.EmptyStatement,
  );
}

function runs(ts, one) {
  if (one.modifiers?.some((word) => word.kind === ts.SyntaxKind.DeclareKeyword)) return false;
  const still =
    ts.isFunctionDeclaration(one) ||
    ts.isInterfaceDeclaration(one) ||
    ts.isTypeAliasDeclaration(one) ||
    ts.isModuleDeclaration(one) ||
    ts.isImportDeclaration(one) ||
    ts.isImportEqualsDeclaration(one) ||
    ts.isExportDeclaration(one) ||
    ts.isEmptyStatement(one);
  const directive = ts.isExpressionStatement(one) && ts.isStringLiteral(one.expression);
  return !still && !directive;
}

/** Of each span, the lines that no span inside it has for itself, and the one it begins in. */
function linesOf(file, spans) {
  const line = (at) => file.getLineAndCharacterOfPosition(at).line + 1;
  const ranges = spans.map(([start, end]) => [line(start), line(end)]);
  const owner = new Map();
  const order = ranges.map((_, index) => index);
  order.sort((a, b) => spans[b][1] - spans[b][0] - (spans[a][1] - spans[a][0]) || a - b);
  for (const index of order)
    for (let at = ranges[index][0]; at <= ranges[index][1]; at++) owner.set(at, index);
  const found = ranges.map(([first]) => [first]);
  for (const [at, index] of owner) if (at !== ranges[index][0]) found[index].push(at);
  return found;
}

/** Text that is put between the characters of a file. */
export class Insertions {
  constructor(ts, file) {
    this.ts = ts;
    this.file = file;
    this.made = [];
  }

  at(position, text, order = 1) {
    this.made.push({ position, text, order, count: this.made.length });
  }

  before(node, text) {
    this.at(node.getStart(this.file), text);
  }

  around(node, open, close) {
    this.at(node.getStart(this.file), open);
    this.at(node.getEnd(), close, 0);
  }

  text() {
    const { text } = this.file;
    const sorted = this.made.sort(
      (a, b) => a.position - b.position || a.order - b.order || a.count - b.count,
    );
    let last = 0;
    const parts = [];
    for (const { position, text: more } of sorted) {
      parts.push(text.slice(last, position), more);
      last = position;
    }
    return parts.join("") + text.slice(last);
  }
}
