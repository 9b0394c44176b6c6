// What rewrites know about the file that they look at.

import { likeness, wrapped } from "../../typescript/node/context.mjs";

const MOST_NAMES = 120;

export class View {
  constructor(project, file, name, hints) {
    this.project = project;
    this.ts = project.ts;
    this.file = file;
    this.name = name;
    this.hints = hints;
    this.known = new Map();
  }

  get checker() {
    return this.project.checker;
  }

  /** The line that a node is looked for in: of its operator where it has one. */
  line(node) {
    const { ts } = this;
    const at = ts.isBinaryExpression(node) ? node.operatorToken : node;
    const named = ts.isPropertyAccessExpression(node) ? node.name : at;
    return this.lineAt(named.getStart(this.file));
  }

  lineAt(position) {
    return this.file.getLineAndCharacterOfPosition(position).line + 1;
  }

  /** What was thrown on the node's line: `TypeError: x is not a function`, or nothing. */
  hint(node) {
    return this.hints[`${this.name}:${this.line(node)}`] ?? "";
  }

  text(node) {
    return node.getText(this.file);
  }

  /** Whether the error thrown on the node's line speaks of this name. */
  isBlamed(node) {
    const hint = this.hint(node);
    const wrong =
      /is not a function|undefined|null|not defined|not iterable|not a constructor/.test(hint);
    return wrong && hint.split(/[^\w$]+/).includes(node.text);
  }

  /** The node's text, with parentheses where something is to be put behind it. */
  atom(node) {
    return wrapped(this.ts, node, this.text(node));
  }

  replace(node, text) {
    return this.stretch(node.getStart(this.file), node.getEnd(), text);
  }

  stretch(start, end, text) {
    return { start, end, text };
  }

  insert(position, text) {
    return { start: position, end: position, text };
  }

  /** A statement with its line, where it has that for itself. */
  remove(node) {
    const { text } = this.file;
    const [start, end] = [node.getStart(this.file), node.getEnd()];
    const from = text.lastIndexOf("\n", start - 1) + 1;
    const next = text.indexOf("\n", end);
    const to = next < 0 ? text.length : next + 1;
    const alone = !text.slice(from, start).trim() && !text.slice(end, to).trim();
    return alone ? this.stretch(from, to, "") : this.stretch(start, end, "");
  }

  indentation(node) {
    const start = node.getStart(this.file);
    const from = this.file.text.lastIndexOf("\n", start - 1) + 1;
    return this.file.text.slice(from, start).match(/^[ \t]*/)[0];
  }

  /** Whether the compiler has judged the types of this file. */
  get isTyped() {
    return /\.[cm]?tsx?$/.test(this.name);
  }

  get newline() {
    return this.file.text.includes("\r\n") ? "\r\n" : "\n";
  }

  get semicolon() {
    return (this.ends ??= /;[ \t]*\r?\n/.test(this.file.text) ? ";" : "");
  }

  get quote() {
    return (this.quotes ??=
      (this.file.text.match(/'/g)?.length ?? 0) > (this.file.text.match(/"/g)?.length ?? 0)
        ? "'"
        : '"');
  }

  up(node, test) {
    for (let one = node; one; one = one.parent) if (test(one)) return one;
    return undefined;
  }

  functionAround(node) {
    const { ts } = this;
    return this.up(node.parent, (one) => ts.isFunctionLike(one) && one.body);
  }

  /** What `make` finds, once for each node. */
  once(node, what, make) {
    const key = `${what}:${node.pos}:${node.end}`;
    if (!this.known.has(key)) this.known.set(key, make());
    return this.known.get(key);
  }

  /** Nodes below `node` for which `test` holds. */
  all(node, test) {
    const found = [];
    const see = (one) => {
      if (test(one)) found.push(one);
      this.ts.forEachChild(one, see);
    };
    see(node);
    return found;
  }

  type(node) {
    return this.checker.getTypeAtLocation(node);
  }

  isAny(type) {
    return !type || Boolean(type.flags & this.ts.TypeFlags.Any);
  }

  /** Whether one type may stand for another: 1, or less where the checker cannot tell. */
  fit(source, target) {
    if (this.isAny(source) || this.isAny(target)) return 0.75;
    const base = this.checker.getBaseTypeOfLiteralType(target);
    return this.checker.isTypeAssignableTo?.(source, base) ? 1 : 0;
  }

  /** `string`, `number`, `boolean`, `array`, `promise`, `function`, `object`, or nothing. */
  kind(node) {
    const { ts } = this;
    const type = this.checker.getNonNullableType(this.type(node));
    if (this.isAny(type)) return "";
    const has = (mask) => Boolean(type.flags & mask);
    if (has(ts.TypeFlags.StringLike)) return "string";
    if (has(ts.TypeFlags.NumberLike)) return "number";
    if (
      has(ts.TypeFlags.BooleanLike) ||
      type.types?.every((one) => one.flags & ts.TypeFlags.BooleanLike)
    )
      return "boolean";
    if (this.checker.isArrayType?.(type) || this.checker.isTupleType?.(type)) return "array";
    if (type.getProperty?.("then")) return "promise";
    if (type.getCallSignatures?.().length) return "function";
    return has(ts.TypeFlags.Object) ? "object" : "";
  }

  /** Values of this file that a name at `node` can stand for: [{name, type, near}], nearest first. */
  scope(node) {
    const around = this.up(node, (one) => this.ts.isBlock(one) || this.ts.isFunctionLike(one));
    return this.once(around ?? this.file, "scope", () => this.#scope(node));
  }

  #scope(node) {
    const { ts } = this;
    const { Variable, Function: function_, Class, Alias, Enum } = ts.SymbolFlags;
    const found = [];
    const inside = this.functionAround(node);
    const wanted = Variable | function_ | Class | Alias | Enum;
    for (const symbol of this.checker.getSymbolsInScope(node, wanted)) {
      const declared = symbol.valueDeclaration ?? symbol.declarations?.[0];
      if (declared?.getSourceFile() !== this.file) continue;
      if (symbol.flags & Alias && isTypeOnly(ts, declared)) continue;
      const type = this.checker.getTypeOfSymbolAtLocation(symbol, node);
      const own = inside && declared.pos >= inside.pos && declared.end <= inside.end;
      found.push({ name: symbol.name, type, own: Boolean(own), declared });
    }
    return found.sort((a, b) => b.own - a.own).slice(0, MOST_NAMES);
  }

  likeness(a, b) {
    return likeness(a, b);
  }
}

function isTypeOnly(ts, declared) {
  const clause = declared.parent?.parent;
  return Boolean(
    declared.isTypeOnly || clause?.isTypeOnly || ts.isTypeOnlyImportDeclaration?.(declared),
  );
}

/** A candidate: what changes, and how likely such a change is to be right, before any trial. */
export function draft(template, prior, ...edits) {
  return { template, prior, edits: edits.flat() };
}
