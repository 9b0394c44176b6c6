// What templates know about the diagnostic that they are to repair.

/** Deepest node whose text covers [start, end). */
export function nodeAt(ts, file, start, end) {
  let found = file;
  for (;;) {
    const next = found
      .getChildren(file)
      .find((c) => c.getStart(file) <= start && end <= c.getEnd());
    if (!next || next.kind === ts.SyntaxKind.EndOfFileToken) return found;
    found = next;
    if (found.getStart(file) === start && found.getEnd() === end && ts.isToken(found)) return found;
  }
}

/** The token at a position. */
export function tokenAt(file, position) {
  let found = file;
  for (;;) {
    const inside = (one) => one.getStart(file) <= position && position < one.getEnd();
    const next = found.getChildren(file).find(inside);
    if (!next) return found;
    found = next;
  }
}

const MAX_SCOPE = 400;

export class Context {
  constructor(project, diagnostic) {
    const { ts } = project;
    this.ts = ts;
    this.project = project;
    this.checker = project.checker;
    this.code = diagnostic.code;
    this.message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    this.file = project.program.getSourceFile(diagnostic.file.fileName);
    this.start = diagnostic.start ?? 0;
    this.end = this.start + (diagnostic.length ?? 0);
    this.node = this.#outermost(nodeAt(ts, this.file, this.start, this.end));
    this.related = diagnostic.relatedInformation ?? [];
  }

  /** Nodes of one span, outermost first, are one thing: the expression rather than its name. */
  #outermost(node) {
    let found = node;
    const { SyntaxKind: kinds } = this.ts;
    // A statement that is blamed by its first word alone.
    if (found.kind === kinds.SyntaxList || found.kind === kinds.ReturnKeyword) found = found.parent;
    while (
      found.parent &&
      !this.ts.isSourceFile(found.parent) &&
      found.parent.getStart(this.file) === this.start &&
      found.parent.getEnd() === this.end
    )
      found = found.parent;
    return found;
  }

  /** The nearest node around `node`, itself included, that `test` holds for. */
  up(test, node = this.node) {
    for (let one = node; one; one = one.parent) if (test(one)) return one;
    return undefined;
  }

  get statement() {
    const { ts } = this;
    return this.up((one) => ts.isStatement(one) && !ts.isBlock(one));
  }

  get call() {
    const { ts } = this;
    return this.up((one) => ts.isCallExpression(one) || ts.isNewExpression(one));
  }

  functionAround(node = this.node) {
    return this.up((one) => this.ts.isFunctionLike(one) && "body" in one, node.parent ?? node);
  }

  type(node) {
    return this.checker.getTypeAtLocation(node);
  }

  print(type, at = this.node) {
    const { TypeFormatFlags: flags } = this.ts;
    const how =
      flags.NoTruncation | flags.UseAliasDefinedOutsideCurrentScope | flags.UseStructuralFallback;
    return this.checker.typeToString(type, at, how);
  }

  widened(type) {
    return this.checker.getBaseTypeOfLiteralType(type);
  }

  /** Optional in old compilers: then everything may fit, and the check afterwards decides. */
  fits(source, target) {
    if (!target || !source) return false;
    return this.checker.isTypeAssignableTo?.(source, target) ?? true;
  }

  isAny(type) {
    return !type || Boolean(type.flags & this.ts.TypeFlags.Any);
  }

  /** Names of the project's own values that can be used at `node`: [{name, type, symbol}]. */
  scope(node = this.node) {
    const { SymbolFlags } = this.ts;
    const wanted =
      SymbolFlags.Variable |
      SymbolFlags.Function |
      SymbolFlags.Class |
      SymbolFlags.Alias |
      SymbolFlags.Enum;
    const found = [];
    for (const symbol of this.checker.getSymbolsInScope(node, wanted)) {
      const declared = symbol.declarations?.[0];
      if (!declared || declared.getSourceFile() !== this.file) continue;
      if (this.up((one) => one === declared, node) === declared) continue;
      found.push({ name: symbol.name, symbol, at: node, declared });
      if (found.length === MAX_SCOPE) break;
    }
    for (const one of found) one.type = this.checker.getTypeOfSymbolAtLocation(one.symbol, node);
    return found;
  }

  /** Declarations of a symbol that may be edited. */
  declarations(symbol) {
    const { ts } = this;
    const flags = symbol?.flags ?? 0;
    const real = flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    return (real?.declarations ?? []).filter((one) =>
      this.project.own(one.getSourceFile().fileName),
    );
  }

  symbol(node) {
    const { ts } = this;
    if (ts.isPropertyAccessExpression(node)) return this.symbol(node.name);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const declared = this.checker.getResolvedSignature(node)?.declaration;
      return declared?.symbol ?? this.symbol(node.expression);
    }
    if (
      ts.isAwaitExpression(node) ||
      ts.isParenthesizedExpression(node) ||
      ts.isNonNullExpression(node)
    )
      return this.symbol(node.expression);
    if (ts.isElementAccessExpression(node)) return this.symbol(node.expression);
    if (ts.isIdentifier(node) && node.parent && ts.isShorthandPropertyAssignment(node.parent))
      return this.symbol(node.parent);
    if (ts.isShorthandPropertyAssignment(node))
      return this.checker.getShorthandAssignmentValueSymbol(node);
    return this.checker.getSymbolAtLocation(node);
  }

  /** Whether the function around handles that this variable is missing: then it is meant to be. */
  mayLack(name) {
    const body = this.functionAround()?.getText(this.file) ?? "";
    const escaped = name.replace(/\$/g, "\\$&");
    const used = `(?<![\\w$.])${escaped}\\s*(\\?\\.|\\?\\?|&&|[!=]==? *(undefined|null))`;
    const asked = `!\\s*${escaped}\\b|if \\(${escaped}\\)`;
    return new RegExp(`${used}|${asked}`).test(body);
  }

  replace(node, text, file = node.getSourceFile()) {
    const shorthand =
      node.parent &&
      this.ts.isShorthandPropertyAssignment(node.parent) &&
      node.parent.name === node;
    if (shorthand && !/^[\w$]+\s*:/.test(text))
      return this.replace(node.parent, `${node.text}: ${text}`, file);
    return { file: file.fileName, start: node.getStart(file), end: node.getEnd(), text };
  }

  insert(position, text, file = this.file) {
    return { file: file.fileName, start: position, end: position, text };
  }

  /** `node`, written as `inner`, with something behind it. */
  insertAfter(node, inner, text) {
    return this.replace(node, `${inner}${text}`);
  }

  /** The node's full stretch goes, with a comma beside it when it is one of a list. */
  removeFromList(node, list) {
    const file = node.getSourceFile();
    const index = list.indexOf(node);
    const start = index > 0 ? list[index - 1].getEnd() : node.getStart(file);
    const end = index > 0 || list.length === 1 ? node.getEnd() : list[index + 1].getStart(file);
    return { file: file.fileName, start, end, text: "" };
  }

  text(node) {
    return node.getText(node.getSourceFile());
  }

  indentation(node) {
    const file = node.getSourceFile();
    const start = node.getStart(file);
    const from = file.text.lastIndexOf("\n", start - 1) + 1;
    return file.text.slice(from, start).match(/^[ \t]*/)[0];
  }

  get unit() {
    return (this.unitOfIndent ??= this.file.text.match(/\n(\t|  +)\S/)?.[1] ?? "  ");
  }

  get newline() {
    return this.file.text.includes("\r\n") ? "\r\n" : "\n";
  }
}

/** A candidate: what changes, and how likely such a change is to be right, before any trial. */
export function candidate(template, prior, edits, concern = "") {
  return { template, prior, edits: [edits].flat(), concern };
}

/** 0..1: how alike two names are, by edit distance, words and case. */
export function likeness(a, b) {
  if (a === b) return 1;
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  if (x === y) return 0.95;
  const by = 1 - distance(x, y) / Math.max(x.length, y.length);
  const short = Math.min(x.length, y.length);
  const nested =
    short > 2 && (x.includes(y) || y.includes(x))
      ? 0.5 + 0.4 * (short / Math.max(x.length, y.length))
      : 0;
  return Math.max(by, nested);
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  let before;
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

/** Whether the expression needs parentheses before something is put behind it. */
export function wrapped(ts, node, text) {
  const simple =
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isLiteralExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    node.kind === ts.SyntaxKind.ThisKeyword ||
    ts.isNonNullExpression(node) ||
    ts.isArrayLiteralExpression(node);
  return simple ? text : `(${text})`;
}
