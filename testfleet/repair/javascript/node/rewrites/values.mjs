// Values that want a conversion, a copy, a default or another order.

import { draft } from "../view.mjs";

const MUTATING = /^(sort|reverse|splice|push|pop|shift|unshift|fill)$/;
const WRAPS = {
  string: [
    [".trim()", 0.07],
    [".toLowerCase()", 0.08],
    [".length", 0.04],
    [".toUpperCase()", 0.03],
    [".toString()", 0.02],
    [".slice(1)", 0.04],
    [".slice(0, -1)", 0.02],
  ],
  array: [
    [".length", 0.05],
    [".slice()", 0.05],
    [".reverse()", 0.05],
    ["[0]", 0.04],
    [".flat()", 0.03],
    [".sort()", 0.04],
    [".filter(Boolean)", 0.04],
    [".at(-1)", 0.03],
    [".slice(1)", 0.04],
    ['.join("")', 0.03],
  ],
  object: [
    [".length", 0.02],
    [".size", 0.03],
    [".value", 0.01],
  ],
  number: [[".toString()", 0.03]],
};
const AROUND = {
  string: [
    ["Number", 0.06],
    ["parseInt", 0.03],
    ["Boolean", 0.02],
  ],
  number: [
    ["Math.floor", 0.06],
    ["Math.abs", 0.07],
    ["Math.round", 0.06],
    ["Math.ceil", 0.04],
    ["Math.trunc", 0.03],
    ["String", 0.05],
  ],
  array: [
    ["Array.from", 0.02],
    ["new Set", 0.02],
  ],
  object: [
    ["Object.keys", 0.05],
    ["Object.values", 0.05],
    ["Object.entries", 0.03],
    ["String", 0.02],
    ["Array.from", 0.03],
  ],
  boolean: [["String", 0.01]],
};
const DEFAULTS = {
  string: ['""'],
  number: ["0", "1"],
  array: ["[]"],
  object: ["{}"],
  boolean: ["false", "true"],
};

export function* values(view, node) {
  const { ts } = view;
  if (isValue(view, node)) {
    yield* converted(view, node);
    yield* defaulted(view, node);
    yield* extended(view, node);
    yield* called(view, node);
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    const copied = ts.isIdentifier(expression) || ts.isPropertyAccessExpression(expression);
    if (copied && MUTATING.test(name.text))
      yield draft("copy-first", 0.15, view.replace(expression, `[...${view.text(expression)}]`));
  }
  if (
    ts.isParameter(node) &&
    ts.isIdentifier(node.name) &&
    !node.initializer &&
    !node.dotDotDotToken &&
    !node.questionToken
  )
    for (const made of ["{}", "[]", "0", '""', "false", "true", "1"])
      yield draft("default-parameter", 0.05, view.insert(node.getEnd(), ` = ${made}`));
  if (
    ts.isElementAccessExpression(node) &&
    ts.isNumericLiteral(node.argumentExpression) === false &&
    /array|string/.test(view.kind(node.expression))
  )
    yield draft("index-from-zero", 0.05, view.replace(node.argumentExpression, "0"));
}

/** Whether an expression stands where its value is used. */
function isValue(view, node) {
  const { ts } = view;
  const { parent } = node;
  const plain =
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isBinaryExpression(node);
  if (!plain || !parent) return false;
  if (
    ts.isBinaryExpression(node) &&
    /=$/.test(view.text(node.operatorToken)) &&
    !/^([!=]==?|[<>]=)$/.test(view.text(node.operatorToken))
  )
    return false;
  if (ts.isBinaryExpression(parent))
    return !(
      parent.left === node &&
      /^([-+*/%&|^]|\?\?|\|\||&&|<<|>>>?)?=$/.test(view.text(parent.operatorToken))
    );
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent))
    return Boolean(parent.arguments?.includes(node));
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent))
    return parent.initializer === node;
  if (ts.isPropertyAccessExpression(parent))
    return parent.expression === node && !ts.isCallExpression(node) && Boolean(parent.parent);
  return (
    ts.isReturnStatement(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isForOfStatement(parent) ||
    (ts.isArrowFunction(parent) && parent.body === node) ||
    ts.isElementAccessExpression(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isArrayLiteralExpression(parent)
  );
}

function* converted(view, node) {
  const { ts } = view;
  const kind = view.kind(node);
  const [text, inner] = [view.text(node), view.atom(node)];
  const kinds = kind ? [kind] : ["string", "array", "number", "object"];
  const sure = kind ? 1 : 0.35;
  const chained = ts.isPropertyAccessExpression(node.parent);
  for (const one of kinds) {
    for (const [after, prior] of WRAPS[one] ?? [])
      yield draft("method", prior * sure, view.replace(node, `${inner}${after}`));
    if (chained) continue;
    for (const [call, prior] of AROUND[one] ?? [])
      yield draft("convert", prior * sure, view.replace(node, `${call}(${text})`));
  }
  if (chained) return;
  if (/array|^$/.test(kind))
    yield draft("copy-array", 0.07 * sure, view.replace(node, `[...${inner}]`));
  if (/object|^$/.test(kind))
    yield draft("copy-object", 0.05 * sure, view.replace(node, `{ ...${inner} }`));
  if (kind === "number" || !kind)
    yield draft(
      "negative",
      0.05 * sure,
      view.replace(node, ts.isBinaryExpression(node) ? `-(${text})` : `-${text}`),
    );
  if (
    /boolean|^$/.test(kind) &&
    (ts.isReturnStatement(node.parent) ||
      ts.isVariableDeclaration(node.parent) ||
      ts.isArrowFunction(node.parent) ||
      ts.isPropertyAssignment(node.parent))
  )
    yield draft("not", kind ? 0.25 : 0.05, view.replace(node, `!${inner}`));
  if (ts.isReturnStatement(node.parent) || ts.isArrowFunction(node.parent))
    yield draft("to-boolean", 0.03, view.replace(node, `!!${inner}`));
}

function* defaulted(view, node) {
  const { ts } = view;
  if (ts.isBinaryExpression(node) || ts.isPropertyAccessExpression(node.parent)) return;
  const crash = /undefined|null/.test(view.hint(node));
  const kind = view.kind(node);
  const wraps = ts.isBinaryExpression(node.parent) || ts.isSpreadElement(node.parent);
  for (const made of DEFAULTS[kind] ?? Object.values(DEFAULTS).flat()) {
    const text = `${view.text(node)} ?? ${made}`;
    yield draft(
      "default",
      (crash ? 0.15 : 0.04) * (kind ? 1 : 0.5),
      view.replace(node, wraps ? `(${text})` : text),
    );
  }
}

/** The call of a function of this file, or of one that it imports, around a value. */
function* called(view, node) {
  const { ts, checker } = view;
  if (ts.isPropertyAccessExpression(node.parent) || ts.isBinaryExpression(node)) return;
  const type = view.type(node);
  const around = view.functionAround(node);
  for (const one of view.scope(node)) {
    const [signature] = one.type.getCallSignatures?.() ?? [];
    const [first, second] = signature?.parameters ?? [];
    if (!first?.valueDeclaration || one.declared === around) continue;
    if (second?.valueDeclaration && !checker.isOptionalParameter?.(second.valueDeclaration))
      continue;
    const fits = view.fit(type, checker.getTypeOfSymbolAtLocation(first, node));
    const back = view.fit(checker.getReturnTypeOfSignature(signature), type);
    if (fits && back)
      yield draft(
        "wrap-in-call",
        0.07 * fits * back,
        view.replace(node, `${one.name}(${view.text(node)})`),
      );
  }
}

/** A factor or a summand that is missing. */
function* extended(view, node) {
  const { ts, checker } = view;
  if (view.kind(node) !== "number" || ts.isBinaryExpression(node)) return;
  const others = [];
  if (ts.isPropertyAccessExpression(node)) {
    const owner = checker.getApparentType(checker.getNonNullableType(view.type(node.expression)));
    for (const one of checker.getPropertiesOfType(owner).slice(0, 40)) {
      const type = checker.getTypeOfSymbolAtLocation(one, node);
      if (one.name !== node.name.text && type.flags & ts.TypeFlags.NumberLike)
        others.push([`${view.text(node.expression)}.${one.name}`, 1]);
    }
  }
  for (const one of view.scope(node))
    if (one.own && one.type.flags & ts.TypeFlags.NumberLike && one.name !== view.text(node))
      others.push([one.name, 0.7]);
  const inner = (made) => (ts.isBinaryExpression(node.parent) ? `(${made})` : made);
  for (const [other, weight] of others.slice(0, 8)) {
    const text = view.text(node);
    yield draft("add-factor", 0.13 * weight, view.replace(node, `${text} * ${other}`));
    yield draft("add-summand", 0.1 * weight, view.replace(node, inner(`${text} + ${other}`)));
    yield draft("subtract", 0.1 * weight, view.replace(node, inner(`${text} - ${other}`)));
  }
}
