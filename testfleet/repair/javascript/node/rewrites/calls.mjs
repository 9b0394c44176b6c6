// Wrong calls: another method, swapped, missing and superfluous arguments, await, new, spread.

import { draft } from "../view.mjs";

const SIBLINGS = [
  ["map", "filter", "forEach", "flatMap"],
  ["find", "filter", "findLast"],
  ["findIndex", "indexOf", "findLastIndex", "lastIndexOf", "find"],
  ["some", "every"],
  ["slice", "splice"],
  ["slice", "substring", "substr"],
  ["push", "unshift", "concat"],
  ["push", "pop"],
  ["pop", "shift"],
  ["shift", "unshift"],
  ["includes", "startsWith", "endsWith"],
  ["indexOf", "lastIndexOf", "search"],
  ["includes", "indexOf", "has"],
  ["toUpperCase", "toLowerCase"],
  ["toLocaleUpperCase", "toLocaleLowerCase"],
  ["trim", "trimStart", "trimEnd"],
  ["floor", "ceil", "round", "trunc"],
  ["min", "max"],
  ["sin", "cos", "tan"],
  ["log", "log2", "log10"],
  ["keys", "values", "entries"],
  ["has", "get"],
  ["set", "add"],
  ["add", "delete"],
  ["delete", "clear"],
  ["replace", "replaceAll"],
  ["padStart", "padEnd"],
  ["reduce", "reduceRight"],
  ["then", "catch", "finally"],
  ["charAt", "charCodeAt", "at"],
  ["charCodeAt", "codePointAt"],
  ["all", "allSettled", "race", "any"],
  ["test", "exec"],
  ["match", "matchAll"],
  ["apply", "call", "bind"],
  ["getDate", "getDay", "getUTCDate", "getUTCDay"],
  ["getMonth", "getUTCMonth"],
  ["getHours", "getUTCHours"],
  ["getFullYear", "getUTCFullYear"],
  ["sort", "reverse", "toSorted"],
  ["addEventListener", "removeEventListener"],
  ["on", "once", "off"],
  ["on", "addListener", "removeListener"],
  ["resolve", "reject"],
  ["parseInt", "parseFloat", "Number"],
  ["isNaN", "isFinite", "isInteger", "isSafeInteger"],
  ["getOwnPropertyNames", "keys"],
  ["assign", "create"],
  ["freeze", "seal"],
  ["fromCharCode", "fromCodePoint"],
  ["encodeURIComponent", "encodeURI", "decodeURIComponent"],
  ["setTimeout", "setInterval", "setImmediate"],
  ["clearTimeout", "clearInterval"],
  ["stringify", "parse"],
  ["flat", "flatMap"],
  ["fill", "map"],
  ["before", "after"],
  ["append", "prepend"],
  ["first", "last"],
  ["start", "stop"],
  ["next", "previous"],
];
const BY_NAME = new Map();
for (const group of SIBLINGS)
  for (const name of group)
    BY_NAME.set(
      name,
      [...new Set([...(BY_NAME.get(name) ?? []), ...group])].filter((one) => one !== name),
    );

export function* calls(view, node) {
  const { ts } = view;
  if (ts.isIdentifier(node) && BY_NAME.has(node.text)) yield* siblings(view, node);
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    yield* args(view, node);
    yield* shape(view, node);
  }
  if (ts.isAwaitExpression(node))
    yield draft("drop-await", 0.1, view.replace(node, view.text(node.expression)));
  if (ts.isSpreadElement(node))
    yield draft("drop-spread", 0.2, view.replace(node, view.text(node.expression)));
}

function* siblings(view, node) {
  const { ts } = view;
  const member = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  const called = ts.isCallExpression(member ? node.parent.parent : node.parent);
  if (!called) return;
  const object = member ? view.type(node.parent.expression) : undefined;
  for (const other of BY_NAME.get(node.text)) {
    const known =
      !member ||
      view.isAny(object) ||
      view.checker.getPropertyOfType(
        view.checker.getApparentType(view.checker.getNonNullableType(object)),
        other,
      );
    if (known) yield draft(`call ${other}`, 0.3, view.replace(node, other));
  }
  if (/^(isNaN|isFinite|parseInt|parseFloat)$/.test(node.text) && !member)
    yield draft("number-method", 0.2, view.replace(node, `Number.${node.text}`));
}

function* args(view, node) {
  const list = [...(node.arguments ?? [])];
  const { file } = view;
  for (let a = 0; a < list.length; a++) {
    for (let b = a + 1; b < list.length && b < 5; b++)
      yield draft(
        "swap-arguments",
        b === a + 1 ? 0.28 : 0.12,
        view.replace(list[a], view.text(list[b])),
        view.replace(list[b], view.text(list[a])),
      );
  }
  for (const [at, one] of list.entries()) {
    const start = at ? list[at - 1].getEnd() : one.getStart(file);
    const end = at || list.length === 1 ? one.getEnd() : list[at + 1].getStart(file);
    yield draft(
      "drop-argument",
      at === list.length - 1 ? 0.14 : 0.06,
      view.stretch(start, end, ""),
    );
  }
  yield* more(view, node, list);
}

/** An argument that the function can take and does not get. */
function* more(view, node, list) {
  const { ts, checker } = view;
  const close = node.getEnd() - 1;
  if (!node.arguments) return;
  const comma = list.length ? ", " : "";
  const name = view.text(node.expression).split(".").at(-1);
  if (name === "parseInt" && list.length === 1)
    yield draft("radix", 0.5, view.insert(close, ", 10"));
  if ((name === "sort" || name === "toSorted") && !list.length) {
    yield draft("numeric-sort", 0.6, view.insert(close, "(a, b) => a - b"));
    yield draft("numeric-sort-down", 0.3, view.insert(close, "(a, b) => b - a"));
  }
  if (name === "reduce" && list.length === 1)
    for (const made of ["0", "[]", "{}", '""', "1"])
      yield draft("initial-value", 0.25, view.insert(close, `, ${made}`));
  if (/^(includes|indexOf|startsWith|slice|substring)$/.test(name) && list.length < 2)
    for (const one of [1, -1])
      yield draft("more-argument", 0.05, view.insert(close, `${comma}${one}`));
  const signature = checker.getResolvedSignature(node);
  const wanted = signature?.parameters ?? [];
  const next = wanted[list.length];
  const declared = next?.valueDeclaration;
  const unknown = !signature?.declaration;
  if (!next && !unknown) return;
  const target = next && declared ? checker.getTypeOfSymbolAtLocation(next, node) : undefined;
  for (const one of view.scope(node)) {
    const fit = view.fit(one.type, target);
    if (!fit) continue;
    const like = next ? view.likeness(one.name, next.name) : 0;
    yield draft(
      "add-argument",
      (one.own ? 0.08 : 0.02) * fit + 0.3 * (like > 0.7 ? like : 0),
      view.insert(close, `${comma}${one.name}`),
    );
  }
  for (const made of ["true", "false", "0", "1", "null", "{}"])
    if (next) yield draft("add-literal-argument", 0.04, view.insert(close, `${comma}${made}`));
}

function* shape(view, node) {
  const { ts } = view;
  const [only] = node.arguments ?? [];
  if (only && node.arguments.length === 1 && !ts.isFunctionLike(only)) {
    yield draft("unwrap-call", 0.12, view.replace(node, view.text(only)));
    if (!ts.isSpreadElement(only))
      yield draft(
        "spread-argument",
        /array|^$/.test(view.kind(only)) ? 0.12 : 0.01,
        view.insert(only.getStart(view.file), "..."),
      );
  }
  if (!ts.isCallExpression(node)) return;
  const crash = view.hint(node);
  if (ts.isPropertyAccessExpression(node.expression)) {
    yield draft(
      "drop-method-call",
      0.15,
      view.stretch(node.expression.expression.getEnd(), node.getEnd(), ""),
    );
    if (!node.arguments.length)
      yield draft(
        "property-not-call",
        /not a function/.test(crash) ? 0.4 : 0.06,
        view.stretch(node.expression.getEnd(), node.getEnd(), ""),
      );
  }
  if (/class constructor/i.test(crash) || /^[A-Z]/.test(view.text(node.expression)))
    yield draft(
      "add-new",
      /class constructor/i.test(crash) ? 0.9 : 0.05,
      view.insert(node.getStart(view.file), "new "),
    );
  const around = view.functionAround(node);
  const isAsync = around?.modifiers?.some((one) => one.kind === ts.SyntaxKind.AsyncKeyword);
  if (isAsync && !ts.isAwaitExpression(node.parent)) {
    const kind = view.kind(node);
    const made = ts.isPropertyAccessExpression(node.parent)
      ? `(await ${view.text(node)})`
      : `await ${view.text(node)}`;
    yield draft("await", kind === "promise" ? 0.45 : kind ? 0.01 : 0.15, view.replace(node, made));
  }
}
