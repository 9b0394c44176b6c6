// Wrong constants: numbers, booleans, strings, templates and regular expressions.

import { draft } from "../view.mjs";

const MOST_STRINGS = 25;
const FLAGS = ["g", "i", "m", "u", "s", "y"];

export function* literals(view, node) {
  const { ts } = view;
  if (node.parent && (ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent)))
    return;
  if (ts.isNumericLiteral(node)) yield* numbers(view, node);
  if (node.kind === ts.SyntaxKind.TrueKeyword)
    yield draft("true to false", 0.45, view.replace(node, "false"));
  if (node.kind === ts.SyntaxKind.FalseKeyword)
    yield draft("false to true", 0.45, view.replace(node, "true"));
  if (node.kind === ts.SyntaxKind.NullKeyword)
    yield draft("null to undefined", 0.25, view.replace(node, "undefined"));
  if (
    ts.isIdentifier(node) &&
    node.text === "undefined" &&
    !ts.isPropertyAccessExpression(node.parent)
  )
    yield draft("undefined to null", 0.2, view.replace(node, "null"));
  if (ts.isIdentifier(node) && node.text === "Infinity" && !ts.isPrefixUnaryExpression(node.parent))
    yield draft("negate-infinity", 0.3, view.replace(node, "-Infinity"));
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
    yield* strings(view, node);
  if (ts.isTemplateExpression(node)) yield* templates(view, node);
  if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) yield* patterns(view, node);
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node))
    yield* empty(view, node);
}

function* numbers(view, node) {
  const value = Number(node.text.replaceAll("_", ""));
  if (!Number.isFinite(value)) return;
  const minus = node.parent && view.ts.isPrefixUnaryExpression(node.parent);
  const put = (prior, text) =>
    draft(`number ${node.text} to ${text}`, prior, view.replace(node, text));
  if (Number.isInteger(value)) {
    yield put(0.3, String(value + 1));
    if (value > 0) yield put(0.3, String(value - 1));
  }
  if (value === 0 && !minus) yield put(0.12, "-1");
  if (value > 0 && !minus) yield put(0.1, `-${node.text}`);
  for (const other of [0, 1, 2, 10, 100, 1000])
    if (other !== value && Math.abs(other - value) !== 1) yield put(0.05, String(other));
  if (value > 2 && Number.isInteger(value)) {
    for (const made of [value * 2, value / 2, value * 10, value / 10, value + 2, value - 2])
      if (Number.isInteger(made)) yield put(0.07, String(made));
  }
  const used = view.once(view.file, "numbers", () => [
    ...new Set(view.all(view.file, (one) => view.ts.isNumericLiteral(one)).map((one) => one.text)),
  ]);
  for (const other of used.slice(0, 40)) yield put(0.06, other);
}

function* strings(view, node) {
  const { ts } = view;
  const named = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
  const text = view.text(node);
  const [quote, inner] = [text[0], text.slice(1, -1)];
  const used = view.once(view.file, "strings", () => stringsOf(view));
  const plural = used.filter((other) => other !== node.text);
  plural.sort((a, b) => view.likeness(b, node.text) - view.likeness(a, node.text));
  for (const other of plural.slice(0, MOST_STRINGS)) {
    const like = view.likeness(other, node.text);
    const written = JSON.stringify(other)
      .slice(1, -1)
      .replaceAll('\\"', '"')
      .replaceAll(quote, `\\${quote}`);
    yield draft(
      "other-string",
      named ? 0.03 : 0.05 + 0.12 * like,
      view.replace(node, `${quote}${written}${quote}`),
    );
  }
  const put = (template, prior, made) =>
    draft(template, prior, view.replace(node, `${quote}${made}${quote}`));
  if (node.text) yield put("empty-string", 0.08, "");
  if (!node.text)
    for (const made of [" ", ",", ", ", "\\n", "/", "-", "."]) yield put("separator", 0.07, made);
  if (node.text.trim() !== node.text) yield put("trim-string", 0.2, inner.trim());
  if (node.text && node.text.length < 4) {
    yield put("space-after", 0.1, `${inner} `);
    yield put("space-before", 0.05, ` ${inner}`);
  }
  if (inner !== inner.toLowerCase()) yield put("lower-case", 0.12, inner.toLowerCase());
  if (inner && inner !== inner.toUpperCase() && inner.length < 30)
    yield put("upper-case", 0.05, inner.toUpperCase());
  for (const other of {
    ".": [",", "/"],
    ",": [".", ";"],
    "-": ["_", " "],
    _: ["-"],
    "/": ["\\\\"],
    " ": ["-", "_", ""],
  }[inner] ?? [])
    yield put("separator", 0.12, other);
  for (const [a, b] of [
    ["left", "right"],
    ["start", "end"],
    ["top", "bottom"],
    ["min", "max"],
    ["asc", "desc"],
    ["first", "last"],
    ["width", "height"],
    ["get", "set"],
    ["before", "after"],
    ["true", "false"],
    ["x", "y"],
    ["on", "off"],
    ["open", "close"],
    ["in", "out"],
    ["even", "odd"],
  ])
    for (const [from, to] of [
      [a, b],
      [b, a],
    ])
      if (new RegExp(`^${from}$`, "i").test(inner)) yield put("opposite-string", 0.25, to);
}

function stringsOf(view) {
  const { ts } = view;
  const found = view.all(
    view.file,
    (one) =>
      ts.isStringLiteral(one) &&
      !ts.isImportDeclaration(one.parent) &&
      !ts.isExportDeclaration(one.parent),
  );
  return [...new Set(found.map((one) => one.text))].filter((one) => one.length < 60);
}

function* templates(view, node) {
  const spans = node.templateSpans;
  if (spans.length > 1 && spans.length < 5) {
    for (let at = 0; at + 1 < spans.length; at++) {
      const [a, b] = [spans[at].expression, spans[at + 1].expression];
      yield draft(
        "swap-in-template",
        0.25,
        view.replace(a, view.text(b)),
        view.replace(b, view.text(a)),
      );
    }
  }
}

function* patterns(view, node) {
  const text = view.text(node);
  const end = text.lastIndexOf("/");
  const [body, flags] = [text.slice(1, end), text.slice(end + 1)];
  const put = (template, prior, inner, more = flags) =>
    draft(template, prior, view.replace(node, `/${inner}/${more}`));
  for (const flag of FLAGS)
    yield flags.includes(flag)
      ? put("drop-flag", 0.12, body, flags.replace(flag, ""))
      : put("add-flag", { g: 0.35, i: 0.25, m: 0.1 }[flag] ?? 0.04, body, flags + flag);
  if (!body.startsWith("^")) yield put("anchor-start", 0.2, `^${body}`);
  else yield put("drop-anchor", 0.12, body.slice(1));
  if (!body.endsWith("$")) yield put("anchor-end", 0.2, `${body}$`);
  else yield put("drop-anchor", 0.12, body.slice(0, -1));
  for (const found of body.matchAll(/(?<!\\)[+*?]|\{\d+(,\d*)?\}|\\[dDwWsSbB]|\[\^?/g)) {
    const [part] = found;
    const at = found.index;
    const swap = (other) => body.slice(0, at) + other + body.slice(at + part.length);
    const others = {
      "+": ["*", "?", "", "+?"],
      "*": ["+", "?", "*?"],
      "?": ["", "+", "*"],
      "\\d": ["\\D", "\\w"],
      "\\D": ["\\d"],
      "\\w": ["\\W", "\\d"],
      "\\W": ["\\w"],
      "\\s": ["\\S"],
      "\\S": ["\\s", "."],
      "\\b": [""],
      "[": ["[^"],
      "[^": ["["],
    }[part];
    for (const other of others ?? ["+", "*"]) yield put("other-pattern", 0.12, swap(other));
  }
  for (const found of body.matchAll(/(?<!\\)\./g))
    yield put("escape-dot", 0.2, `${body.slice(0, found.index)}\\.${body.slice(found.index + 1)}`);
  for (const found of body.matchAll(/[)\]\w](?![+*?{])/g)) {
    const at = found.index + 1;
    for (const more of ["+", "*", "?"])
      yield put("repeat", 0.05, body.slice(0, at) + more + body.slice(at));
  }
}

function* empty(view, node) {
  const { ts } = view;
  if (
    ts.isArrayLiteralExpression(node) &&
    !node.elements.length &&
    ts.isCallExpression(node.parent) === false
  )
    yield draft("object-for-array", 0.04, view.replace(node, "{}"));
  if (
    ts.isObjectLiteralExpression(node) &&
    !node.properties.length &&
    !ts.isArrowFunction(node.parent?.parent ?? node)
  )
    yield draft("array-for-object", 0.04, view.replace(node, "[]"));
}
