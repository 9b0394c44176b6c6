// Wrong names: another variable in scope, another property of the same object, `this` forgotten.

import { draft } from "../view.mjs";

const MOST_OTHERS = 24;
const UNLIKE = 0.4; // In JavaScript a value of another type may stand where it should not.

export function* names(view, node) {
  const { ts } = view;
  if (!ts.isIdentifier(node) || !node.parent) return;
  if (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) {
    yield* properties(view, node);
    yield* object(view, node.parent);
    return;
  }
  if (isUse(ts, node)) yield* variables(view, node);
}

function isUse(ts, node) {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (parent.name === node || parent.propertyName === node || parent.label === node) return false;
  if (
    ts.isTypeNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  )
    return false;
  return true;
}

function* variables(view, node) {
  const { ts } = view;
  const shorthand = ts.isShorthandPropertyAssignment(node.parent);
  const type = view.type(node);
  const called = ts.isCallExpression(node.parent) && node.parent.expression === node;
  const found = [];
  const blamed = view.isBlamed(node) ? 3 : 1;
  const access = ts.isPropertyAccessExpression(node.parent) && node.parent;
  for (const one of view.scope(node)) {
    if (one.name === node.text) continue;
    const fit = view.fit(one.type, type) || (view.isTyped ? 0 : UNLIKE);
    const callable = Boolean(one.type.getCallSignatures?.().length);
    if (!fit || (called && !callable && !view.isAny(one.type))) continue;
    const like = view.likeness(one.name, node.text);
    const base = one.own ? 0.16 : called ? 0.1 : 0.03;
    const has = access ? possession(view, one.type, access.name.text) : 1;
    const plain = callable && !called ? 0.3 : 1;
    found.push([one.name, (base + 0.12 * like) * fit * blamed * plain * has]);
  }
  found.sort((a, b) => b[1] - a[1]);
  for (const [name, prior] of found.slice(0, MOST_OTHERS))
    yield draft(
      "other-variable",
      prior,
      view.replace(node, shorthand ? `${node.text}: ${name}` : name),
    );
  yield* everywhere(view, node, found.slice(0, 4));
  const owner = view.up(node, (one) => ts.isClassLike(one));
  const members = (owner?.members ?? []).filter(
    (one) => one.name && one.name.getText(view.file) === node.text,
  );
  if (members.length) yield draft("this-member", 0.3, view.replace(node, `this.${node.text}`));
}

/** The same wrong name, more than once in a statement. */
function* everywhere(view, node, found) {
  const { ts } = view;
  const statement = view.up(node, (one) => ts.isStatement(one));
  if (!statement || statement.getEnd() - statement.getStart(view.file) > 400) return;
  const same = (one) => ts.isIdentifier(one) && one.text === node.text && isUse(ts, one);
  const uses = view
    .all(statement, same)
    .filter((one) => !ts.isShorthandPropertyAssignment(one.parent));
  if (uses.length < 2 || uses[0] !== node) return;
  for (const [name, prior] of found)
    yield draft(
      "other-variable-everywhere",
      prior * 0.4,
      ...uses.map((one) => view.replace(one, name)),
    );
}

/** How likely it is that something of this type is asked for a member of this name. */
function possession(view, type, name) {
  if (view.isAny(type)) return 1;
  const apparent = view.checker.getApparentType(view.checker.getNonNullableType(type));
  return view.checker.getPropertyOfType(apparent, name) ? 1.5 : 0.2;
}

function* properties(view, node) {
  const { checker, ts } = view;
  const access = node.parent;
  const object = checker.getApparentType(checker.getNonNullableType(view.type(access.expression)));
  const wanted = view.type(access);
  const found = new Map();
  const called = ts.isCallExpression(access.parent) && access.parent.expression === access;
  const own = (one) =>
    one.declarations?.some((each) => view.project.own(each.getSourceFile().fileName));
  if (!view.isAny(object)) {
    for (const one of checker.getPropertiesOfType(object).slice(0, 300)) {
      if (one.name === node.text || !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(one.name)) continue;
      const type = checker.getTypeOfSymbolAtLocation(one, node);
      const fit = view.fit(type, wanted);
      const callable = Boolean(type.getCallSignatures?.().length);
      if (fit && callable === called) found.set(one.name, (own(one) ? 0.2 : 0.02) * fit);
    }
  }
  const seen = view.once(view.file, "properties", () => accessed(view));
  for (const name of seen.get(view.text(access.expression)) ?? [])
    if (!found.has(name)) found.set(name, (view.isAny(object) ? 0.12 : 0.02) * (called ? 0.3 : 1));
  if (view.isAny(object) && found.size < 6)
    for (const name of seen.get("*") ?? []) if (!found.has(name)) found.set(name, 0.03);
  found.delete(node.text);
  const blamed = view.isBlamed(node) ? 2.5 : 1;
  const scored = [...found].map(([name, prior]) => [
    name,
    (prior + 0.15 * view.likeness(name, node.text)) * blamed,
  ]);
  scored.sort((a, b) => b[1] - a[1]);
  for (const [name, prior] of scored.slice(0, MOST_OTHERS))
    yield draft("other-property", prior, view.replace(node, name));
  yield* missing(view, node, seen);
}

/** A level of the chain that was left out, or is one too many. */
function* missing(view, node, seen) {
  const { ts } = view;
  const access = node.parent;
  if (ts.isPropertyAccessExpression(access.parent))
    yield draft("drop-level", 0.05, view.stretch(access.expression.getEnd(), access.getEnd(), ""));
  else if (!ts.isCallExpression(access.parent) || access.parent.expression !== access)
    yield draft(
      "drop-property-access",
      /^(length|size)$/.test(node.text) ? 0.15 : 0.06,
      view.replace(access, view.text(access.expression)),
    );
  const type = view.type(access);
  if (view.isAny(type)) {
    for (const name of [...(seen.get(view.text(access)) ?? [])].slice(0, 8))
      yield draft("add-level", 0.06, view.insert(access.getEnd(), `.${name}`));
  }
}

/** The same property of another object. */
function* object(view, access) {
  const { ts, checker } = view;
  if (!ts.isIdentifier(access.expression) && access.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return;
  if (access.expression.kind !== ts.SyntaxKind.ThisKeyword) return;
  for (const one of view.scope(access)) {
    if (!one.own || !checker.getPropertyOfType(checker.getApparentType(one.type), access.name.text))
      continue;
    yield draft("other-object", 0.12, view.replace(access.expression, one.name));
  }
  if (view.scope(access).some((one) => one.name === access.name.text))
    yield draft("not-this", 0.15, view.replace(access, access.name.text));
}

function accessed(view) {
  const { ts } = view;
  const found = new Map([["*", new Set()]]);
  const add = (key, name) => {
    if (!found.has(key)) found.set(key, new Set());
    found.get(key).add(name);
  };
  for (const one of view.all(view.file, (each) => ts.isPropertyAccessExpression(each))) {
    add(view.text(one.expression), one.name.text);
    if (found.get("*").size < 40) add("*", one.name.text);
  }
  return found;
}
