// A value of one type where another is expected: what turns one into the other.

import { candidate, wrapped } from "../context.mjs";
import { mismatch } from "../mismatch.mjs";

export const CODES = new Set([
  2322, 2345, 2769, 2362, 2363, 2365, 2367, 2538, 2739, 2740, 2741, 2559, 2488, 2407, 2461, 2495,
  2464, 7053, 2536, 2416, 2801, 2739, 18046, 2356, 2352, 2339, 2571, 1320, 2802, 2548, 2504, 2416,
  2684,
]);

export function* conversions(ctx) {
  for (const { source, target } of places(ctx)) {
    yield* convert(ctx, source, target);
    for (const from of sources(ctx, source)) {
      for (const one of convert(ctx, from, target)) yield { ...one, prior: one.prior * ELSEWHERE };
    }
  }
}

/** Of a change where the value comes from, rather than where it is used. */
const ELSEWHERE = 0.75;
const MAX_RETURNS = 3;

/** The expressions that a variable was given, or that a function of the project returns. */
function sources(ctx, source) {
  const { ts } = ctx;
  const [declared] = ctx.declarations(ctx.symbol(source));
  if (!declared) return [];
  const given =
    ts.isVariableDeclaration(declared) && !declared.type ? declared.initializer : undefined;
  if (given && ts.isIdentifier(source)) return [given];
  const made = ts.isVariableDeclaration(declared) ? declared.initializer : declared;
  if (!ts.isCallExpression(source) || !made?.body) return [];
  if (!ts.isBlock(made.body)) return [made.body];
  const found = [];
  const visit = (node) => {
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  visit(made.body);
  return found.slice(0, MAX_RETURNS);
}

/** Expressions that might need a conversion, with the type that is wanted if it is known. */
function* places(ctx) {
  const { ts, node } = ctx;
  if (ctx.code === 2769) {
    const args = [...(ctx.call?.arguments ?? [])];
    for (const source of args) yield { source, target: undefined };
    return;
  }
  const operation = ctx.up((one) => ts.isBinaryExpression(one));
  if ([2365, 2367, 2362, 2363].includes(ctx.code) && operation) {
    yield { source: operation.left, target: ctx.type(operation.right) };
    yield { source: operation.right, target: ctx.type(operation.left) };
    return;
  }
  if (
    ctx.code === 2339 &&
    ts.isPropertyAccessExpression(node.parent) &&
    node.parent.name === node
  ) {
    yield { source: node.parent.expression, target: undefined };
    return;
  }
  const found = mismatch(ctx);
  if (!found) return;
  yield found;
  const { source } = found;
  if (ts.isConditionalExpression(source)) {
    for (const part of [source.whenTrue, source.whenFalse])
      yield { source: part, target: found.target };
  }
  if (ts.isBinaryExpression(source)) {
    for (const part of [source.left, source.right]) yield { source: part, target: found.target };
  }
}

function* convert(ctx, source, target) {
  const text = ctx.text(source);
  const inner = wrapped(ctx.ts, source, text);
  for (const [template, prior, made, concern] of forms(ctx, source, target, text, inner)) {
    yield candidate(template, prior, ctx.replace(source, made), concern);
  }
  yield* shorter(ctx, source, target);
}

function* forms(ctx, source, target, text, inner) {
  const { ts } = ctx;
  const flags = ts.TypeFlags;
  const from = ctx.type(source);
  const has = (type, mask) =>
    Boolean(type && (type.flags & mask || type.types?.some((one) => one.flags & mask)));
  const open = !target || ctx.isAny(target);
  const wants = (mask) => open || has(target, mask);
  const plain = has(
    from,
    flags.StringLike |
      flags.NumberLike |
      flags.BooleanLike |
      flags.BigIntLike |
      flags.ESSymbol |
      flags.Any |
      flags.Unknown,
  );
  if (wants(flags.StringLike) && !has(from, flags.StringLike)) {
    yield ["to-string", plain ? 0.3 : 0.05, `String(${text})`];
    if (has(from, flags.NumberLike | flags.BigIntLike))
      yield [
        "to-string-method",
        0.28,
        `${ts.isNumericLiteral(source) ? `(${text})` : inner}.toString()`,
      ];
    if (ts.isNumericLiteral(source)) yield ["quote-number", 0.5, JSON.stringify(text)];
    if (has(from, flags.Object)) yield ["to-json", 0.05, `JSON.stringify(${text})`];
  }
  if (wants(flags.NumberLike) && !has(from, flags.NumberLike)) {
    if (ts.isStringLiteralLike(source) && /^-?\d+(\.\d+)?$/.test(source.text))
      yield ["unquote-number", 0.85, source.text];
    yield ["to-number", plain ? 0.3 : 0.05, `Number(${text})`];
    if (has(from, flags.StringLike)) yield ["parse-integer", 0.2, `parseInt(${text}, 10)`];
    if (from.getProperty?.("length"))
      yield ["length", ts.isStringLiteralLike(source) ? 0.04 : 0.15, `${inner}.length`];
    if (from.getProperty?.("size")) yield ["size", 0.3, `${inner}.size`];
  }
  if (wants(flags.BooleanLike) && !has(from, flags.BooleanLike)) {
    const literal = ts.isLiteralExpression(source);
    if (literal) for (const one of ["false", "true"]) yield ["boolean-literal", 0.3, one];
    yield ["to-boolean", literal ? 0.05 : 0.3, `Boolean(${text})`];
    yield ["not-empty", 0.2, `${inner} !== undefined`];
  }
  if (wants(flags.BigIntLike) && has(from, flags.NumberLike))
    yield ["to-bigint", 0.4, ts.isNumericLiteral(source) ? `${text}n` : `BigInt(${text})`];
  if (has(from, flags.Null) && wants(flags.Undefined))
    yield [
      "null-to-undefined",
      0.35,
      source.kind === ts.SyntaxKind.NullKeyword ? "undefined" : `${inner} ?? undefined`,
    ];
  if (has(from, flags.Undefined) && wants(flags.Null))
    yield ["undefined-to-null", 0.3, text === "undefined" ? "null" : `${inner} ?? null`];
  yield* collections(ctx, source, target, text, inner, from);
}

function* collections(ctx, source, target, text, inner, from) {
  const { ts, checker } = ctx;
  const promised = from.getProperty?.("then");
  if (ts.isCallExpression(source) && ctx.type(source.expression).getConstructSignatures().length)
    yield ["add-new", 0.88, `new ${text}`];
  if (promised)
    yield [
      "await",
      0.75,
      ts.isPropertyAccessExpression(source.parent) ? `(await ${text})` : `await ${text}`,
    ];
  if (target?.getProperty?.("then") && !promised)
    yield ["promise", 0.3, `Promise.resolve(${text})`];
  const list =
    target?.types?.some((one) => checker.isArrayType?.(one)) ||
    (target && (checker.isArrayType?.(target) || checker.isTupleType?.(target)));
  if (!target || list) {
    if (!checker.isArrayType?.(from)) {
      yield ["array-from", 0.35, `Array.from(${text})`];
      yield ["one-element-array", 0.3, `[${text}]`];
    }
    yield ["copy-array", 0.3, `[...${inner}]`];
    yield ["values", 0.15, `Object.values(${text})`];
    yield ["keys", 0.15, `Object.keys(${text})`];
  }
  if (checker.isArrayType?.(from) && !list) {
    yield ["first-element", 0.2, `${inner}[0]`];
    if (target?.getProperty?.("has")) yield ["set", 0.4, `new Set(${text})`];
    yield ["join", 0.2, `${inner}.join("")`];
  }
  const calls = from.getCallSignatures?.() ?? [];
  if (calls.length) yield ["call-it", 0.75, `${inner}()`];
  if (target?.getCallSignatures?.().length && !calls.length)
    yield [
      "make-function",
      0.3,
      `() => ${ts.isObjectLiteralExpression(source) ? `(${text})` : text}`,
    ];
  if (target?.getConstructSignatures && target.symbol?.name === "Date" && !text.startsWith("Date("))
    yield ["date", 0.5, `new Date(${text})`];
  if (target?.symbol?.name === "RegExp") yield ["regexp", 0.4, `new RegExp(${text})`];
  if (from.symbol?.name === "Date") {
    yield ["date-to-number", 0.45, `${inner}.getTime()`];
    yield ["date-to-text", 0.45, `${inner}.toISOString()`];
  }
  if (target?.symbol?.name === "Error") yield ["error", 0.4, `new Error(${text})`];
  if (target)
    yield [
      "assert-type",
      0.12,
      `${inner} as ${ctx.print(ctx.checker.getNonNullableType?.(target) ?? target)}`,
      "a type assertion: the compiler takes its word",
    ];
  if (target)
    yield [
      "assert-through-unknown",
      0.02,
      `${inner} as unknown as ${ctx.print(target)}`,
      "a type assertion through unknown silences the compiler",
    ];
}

/** The wanted value is a member of the expression, or the expression is a member too many. */
function* shorter(ctx, source, target) {
  const { ts, checker } = ctx;
  if (!target || ctx.isAny(target)) return;
  const inner = wrapped(ts, source, ctx.text(source));
  const from = checker.getNonNullableType(ctx.type(source));
  for (const property of checker.getPropertiesOfType(from).slice(0, 80)) {
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(property.name)) continue;
    const type = checker.getTypeOfSymbolAtLocation(property, source);
    const returned = type.getCallSignatures()[0];
    const own = ctx.declarations(property).length > 0;
    if (!ctx.isAny(type) && ctx.fits(type, target))
      yield candidate(
        "take-property",
        own ? 0.3 : 0.12,
        ctx.insertAfter(source, inner, `.${property.name}`),
      );
    else if (
      returned &&
      !returned.parameters.length &&
      !ctx.isAny(returned.getReturnType()) &&
      ctx.fits(returned.getReturnType(), target)
    ) {
      yield candidate(
        "call-method",
        own ? 0.15 : 0.08,
        ctx.insertAfter(source, inner, `.${property.name}()`),
      );
    }
  }
  const whole =
    ts.isPropertyAccessExpression(source) ||
    (ts.isCallExpression(source) && ts.isPropertyAccessExpression(source.expression))
      ? (source.expression.expression ?? source.expression)
      : undefined;
  if (whole && ctx.fits(ctx.type(whole), target))
    yield candidate("drop-property", 0.25, ctx.replace(source, ctx.text(whole)));
  if (ts.isCallExpression(source)) {
    if (source.arguments.length === 1 && ctx.fits(ctx.type(source.arguments[0]), target))
      yield candidate("unwrap-call", 0.35, ctx.replace(source, ctx.text(source.arguments[0])));
    if (ctx.fits(ctx.type(source.expression), target))
      yield candidate("do-not-call", 0.5, ctx.replace(source, ctx.text(source.expression)));
  }
  if (ts.isAwaitExpression(source) && ctx.fits(ctx.type(source.expression), target))
    yield candidate("drop-await", 0.5, ctx.replace(source, ctx.text(source.expression)));
  if (ts.isArrayLiteralExpression(source) && source.elements.length === 1)
    yield candidate("unwrap-array", 0.7, ctx.replace(source, ctx.text(source.elements[0])));
}
