// Conditions that are negated, too weak, too strong, or missing.

import { draft } from "../view.mjs";

const MOST_ATOMS = 24;

export function* conditions(view, node) {
  const { ts } = view;
  if (isCondition(ts, node)) {
    yield* negated(view, node);
    yield* joined(view, node);
  }
  if (ts.isConditionalExpression(node)) {
    const [a, b] = [node.whenTrue, node.whenFalse];
    yield draft("swap-branches", 0.3, view.replace(a, view.text(b)), view.replace(b, view.text(a)));
    yield draft("only-when-true", 0.06, view.replace(node, view.text(a)));
    yield draft("only-when-false", 0.06, view.replace(node, view.text(b)));
  }
  if (
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isCallExpression(node)
  )
    yield* optional(view, node);
  if (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken
  )
    yield* objects(view, node);
  if (ts.isIfStatement(node)) {
    if (
      node.elseStatement &&
      ts.isBlock(node.thenStatement) &&
      !ts.isIfStatement(node.elseStatement)
    ) {
      const [a, b] = [node.thenStatement, node.elseStatement];
      yield draft(
        "swap-blocks",
        0.12,
        view.replace(a, view.text(b)),
        view.replace(b, view.text(a)),
      );
    }
    const next = follower(view, node);
    if (next && ts.isIfStatement(next) && !node.elseStatement)
      yield draft("else-if", 0.12, view.insert(next.getStart(view.file), "else "));
  }
}

function follower(view, node) {
  const list = node.parent?.statements;
  return list?.[list.indexOf(node) + 1];
}

function isCondition(ts, node) {
  const { parent } = node;
  if (!parent || !ts.isExpression?.(node)) return false;
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent))
    return parent.expression === node;
  if (ts.isConditionalExpression(parent) || ts.isForStatement(parent))
    return parent.condition === node;
  if (isLogical(ts, parent)) return true;
  if (isLogical(ts, node)) return true;
  const answered =
    ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node);
  return Boolean(answered && isBoolean(ts, node));
}

function isLogical(ts, node) {
  const { AmpersandAmpersandToken, BarBarToken } = ts.SyntaxKind;
  return (
    ts.isBinaryExpression(node) &&
    [AmpersandAmpersandToken, BarBarToken].includes(node.operatorToken.kind)
  );
}

function isBoolean(ts, node) {
  if (ts.isPrefixUnaryExpression(node)) return node.operator === ts.SyntaxKind.ExclamationToken;
  if (ts.isCallExpression(node))
    return /(^|\.)(is|has|can|includes|some|every|test|startsWith|endsWith)/.test(
      node.expression.getText(),
    );
  if (!ts.isBinaryExpression(node)) return false;
  return /^([<>]=?|[!=]==?|&&|\|\||in|instanceof)$/.test(node.operatorToken.getText());
}

function* negated(view, node) {
  const { ts } = view;
  const simple =
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isElementAccessExpression(node);
  if (
    ts.isPrefixUnaryExpression(node) ||
    (ts.isBinaryExpression(node) &&
      !isLogical(ts, node) &&
      !/instanceof|in/.test(view.text(node.operatorToken)))
  )
    return;
  yield draft(
    "negate",
    simple ? 0.35 : 0.15,
    view.replace(node, simple ? `!${view.text(node)}` : `!(${view.text(node)})`),
  );
}

/** The condition, and or or another that stands in the same file or speaks of the same names. */
function* joined(view, node) {
  const { ts } = view;
  if (isLogical(ts, node.parent)) return;
  const text = view.text(node);
  const isLoose =
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) && !/^([<>]=?|[!=]==?)$/.test(view.text(node.operatorToken)));
  const inner = isLoose ? `(${text})` : text;
  for (const [atom, prior] of atomsFor(view, node)) {
    if (text.includes(atom)) continue;
    yield draft("strengthen", prior, view.replace(node, `${inner} && ${atom}`));
    yield draft("strengthen", prior * 0.7, view.replace(node, `${atom} && ${inner}`));
    yield draft("weaken", prior * 0.9, view.replace(node, `${inner} || ${atom}`));
  }
}

function atomsFor(view, node) {
  const { ts } = view;
  const found = new Map();
  const around = view.functionAround(node) ?? view.file;
  const names = new Set(view.all(node, (one) => ts.isIdentifier(one)).map((one) => one.text));
  const inside = view.once(around, "atoms", () => atomsIn(view, around));
  const outside = view.once(view.file, "atoms", () => atomsIn(view, view.file));
  for (const { text, used } of inside)
    found.set(text, used.some((one) => names.has(one)) ? 0.09 : 0.06);
  const local = new Set(view.scope(node).map((one) => one.name));
  for (const { text, used } of outside)
    if (!found.has(text) && used.every((one) => local.has(one) || !declaredBelow(view, one)))
      found.set(text, 0.03);
  for (const { name, own, type } of view.scope(node).slice(0, 16)) {
    if (!own) continue;
    const near = names.has(name) ? 0.07 : 0.045;
    const callable = type.getCallSignatures?.().length;
    if (callable) continue;
    for (const text of [name, `!${name}`]) if (!found.has(text)) found.set(text, near);
    if (type.getProperty?.("length"))
      for (const text of [`${name}.length > 0`, `${name}.length === 0`]) found.set(text, near);
    else if (names.has(name))
      for (const text of [`${name} !== null`, `${name} > 0`, `${name} !== 0`])
        found.set(text, near * 0.6);
  }
  return [...found].sort((a, b) => b[1] - a[1]).slice(0, MOST_ATOMS);
}

function declaredBelow(view, name) {
  const set = view.once(view.file, "declared", () => {
    const { ts } = view;
    const all = view.all(
      view.file,
      (one) => ts.isVariableDeclaration(one) || ts.isParameter(one) || ts.isBindingElement(one),
    );
    return new Set(all.filter((one) => ts.isIdentifier(one.name)).map((one) => one.name.text));
  });
  return set.has(name);
}

function atomsIn(view, node) {
  const { ts } = view;
  const made = new Map();
  for (const one of view.all(node, (each) => isCondition(ts, each) && !isLogical(ts, each))) {
    const text = view.text(one);
    if (text.length > 60 || text.includes("\n")) continue;
    const used = view.all(
      one,
      (each) =>
        ts.isIdentifier(each) &&
        !(ts.isPropertyAccessExpression(each.parent) && each.parent.name === each),
    );
    made.set(
      text,
      used.map((each) => each.text),
    );
  }
  return [...made].map(([text, used]) => ({ text, used }));
}

/** `a.b` may be asked of nothing. */
function* optional(view, node) {
  const { ts } = view;
  const hint = view.hint(node);
  const crash = /undefined|null|not a function|not iterable/.test(hint);
  const target = node.expression;
  if (node.questionDotToken) {
    yield draft(
      "drop-optional",
      0.06,
      view.replace(node.questionDotToken, ts.isPropertyAccessExpression(node) ? "." : ""),
    );
    return;
  }
  if (target.kind === ts.SyntaxKind.ThisKeyword || target.kind === ts.SyntaxKind.SuperKeyword)
    return;
  if (
    ts.isBinaryExpression(node.parent) &&
    node.parent.left === node &&
    view.text(node.parent.operatorToken).endsWith("=") &&
    !/^[!=]==?|[<>]=/.test(view.text(node.parent.operatorToken))
  )
    return;
  const rest = view.file.text.slice(target.getEnd(), node.getEnd());
  const dot = ts.isPropertyAccessExpression(node) ? `?${rest}` : `?.${rest}`;
  if (ts.isCallExpression(node) && !crash) return;
  yield draft(
    "optional-chain",
    crash ? (/not a function/.test(hint) ? 0.1 : 0.4) : 0.05,
    view.stretch(target.getEnd(), node.getEnd(), dot),
  );
}

function* objects(view, node) {
  const { ts } = view;
  if (ts.isTypeOfExpression(node.left) && view.text(node.right).slice(1, -1) === "object") {
    const subject = view.text(node.left.expression);
    yield draft("not-null", 0.35, view.replace(node, `${view.text(node)} && ${subject} !== null`));
    yield draft("not-null", 0.2, view.replace(node, `${subject} !== null && ${view.text(node)}`));
  }
}
