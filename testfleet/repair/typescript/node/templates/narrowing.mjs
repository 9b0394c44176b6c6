// A value of many types that is used as one of them.

import { candidate, wrapped } from "../context.mjs";
import { mismatch } from "../mismatch.mjs";
import { defaultFor } from "../values.mjs";

const CODES = new Set([
  2339, 2345, 2322, 18046, 2571, 2551, 2365, 2362, 2363, 7053, 2349, 2488, 2769, 2698, 2352, 18047,
  18048, 2367, 2740, 2739, 2741,
]);

export function* narrowing(ctx) {
  if (!CODES.has(ctx.code)) return;
  const { ts, node } = ctx;
  const access =
    node.parent && ts.isPropertyAccessExpression(node.parent) && node.parent.name === node
      ? node.parent
      : undefined;
  const value = access ? access.expression : (mismatch(ctx)?.source ?? node);
  if (
    !value ||
    !(
      ts.isIdentifier(value) ||
      ts.isPropertyAccessExpression(value) ||
      value.kind === ts.SyntaxKind.ThisKeyword
    )
  )
    return;
  for (const [test, prior] of tests(ctx, value, access?.name.text)) {
    yield* guarded(ctx, value, test, prior);
  }
  if (access) yield* asserted(ctx, access);
  if (ctx.code === 18046 || ctx.code === 2571) yield* caught(ctx, value);
}

/** Conditions under which the value has the type that is wanted. */
function* tests(ctx, value, member) {
  const { ts, checker } = ctx;
  const text = ctx.text(value);
  const type = ctx.type(value);
  const unknown = Boolean(type.flags & ts.TypeFlags.Unknown);
  const target = member ? undefined : mismatch(ctx)?.target;
  const words = ["string", "number", "boolean", "function", "object", "bigint", "symbol"];
  for (const word of words) {
    const wanted = target
      ? kindOf(ts, target) === word
      : member
        ? knows(checker, type, word, member, unknown)
        : false;
    if (wanted)
      yield [
        word === "object"
          ? `typeof ${text} === "object" && ${text} !== null`
          : `typeof ${text} === "${word}"`,
        0.4,
      ];
  }
  const parts = type.types ?? [];
  if (parts.some((one) => checker.isArrayType?.(one)) || unknown)
    yield [`Array.isArray(${text})`, 0.3];
  for (const part of parts) {
    const suits = member ? part.getProperty?.(member) : target && ctx.fits(part, target);
    if (!suits) continue;
    if (part.symbol?.flags & ts.SymbolFlags.Class)
      yield [`${text} instanceof ${part.symbol.name}`, 0.45];
    yield* discriminants(ctx, parts, part, text);
  }
  if (member && parts.length) yield [`"${member}" in ${text}`, 0.4];
  if (unknown) yield [`${text} instanceof Error`, 0.45];
}

/** `kind === "a"`: a property that has a literal type of its own in this part of the union. */
function* discriminants(ctx, parts, part, text) {
  const { checker } = ctx;
  for (const property of checker.getPropertiesOfType(part).slice(0, 30)) {
    const own = checker.getTypeOfSymbolAtLocation(property, ctx.node);
    const literal = own.isStringLiteral?.() || own.isNumberLiteral?.();
    const others = parts.filter((one) => one !== part && one.getProperty?.(property.name));
    if (literal && others.length)
      yield [`${text}.${property.name} === ${JSON.stringify(own.value)}`, 0.4];
  }
}

function kindOf(ts, type) {
  const { TypeFlags: flags } = ts;
  if (type.flags & flags.StringLike) return "string";
  if (type.flags & flags.NumberLike) return "number";
  if (type.flags & flags.BooleanLike) return "boolean";
  if (type.flags & flags.BigIntLike) return "bigint";
  if (type.flags & flags.ESSymbolLike) return "symbol";
  return type.getCallSignatures?.().length ? "function" : "object";
}

function knows(checker, type, word, member, unknown) {
  if (unknown) return ["string", "object"].includes(word);
  if (word === "object" || word === "function")
    return type.types?.some((one) => one.getProperty?.(member));
  const part = type.types?.find(
    (one) => checker.typeToString(checker.getBaseTypeOfLiteralType(one)) === word,
  );
  return Boolean(part && checker.getApparentType(part).getProperty(member));
}

function* guarded(ctx, value, test, prior) {
  const { ts } = ctx;
  const compound = test.includes("&&");
  const condition = ctx.up(
    (one) =>
      one.parent &&
      (ts.isIfStatement(one.parent) || ts.isWhileStatement(one.parent)) &&
      one.parent.expression === one,
    value,
  );
  if (condition) {
    const whole = ctx.text(condition);
    const either =
      ts.isBinaryExpression(condition) &&
      condition.operatorToken.kind === ts.SyntaxKind.BarBarToken;
    yield candidate(
      "narrow-condition",
      prior,
      ctx.replace(condition, `${test} && ${either ? `(${whole})` : whole}`),
    );
  }
  const branch = ctx.up(
    (one) => one.parent && ts.isIfStatement(one.parent) && one.parent.thenStatement === one,
    value,
  );
  if (branch) {
    const { expression } = branch.parent;
    yield candidate(
      "narrow-branch",
      prior * 0.8,
      ctx.replace(expression, `${wrapped(ts, expression, ctx.text(expression))} && ${test}`),
    );
    yield candidate("narrow-branch", prior * 0.6, ctx.replace(expression, test));
  }
  const choice = ctx.up(
    (one) => ts.isConditionalExpression(one) && one.whenTrue.pos <= value.pos,
    value,
  );
  if (choice)
    yield candidate(
      "narrow-choice",
      prior * 0.8,
      ctx.replace(choice.condition, `${ctx.text(choice.condition)} && ${test}`),
    );
  const statement = ctx.up(
    (one) =>
      ts.isStatement(one) &&
      (ts.isBlock(one.parent) || ts.isSourceFile(one.parent) || ts.isCaseClause(one.parent)),
    value,
  );
  if (!statement) return;
  const negated = compound || !/ instanceof | in |Array/.test(test) ? negate(test) : `!(${test})`;
  const line = (end) =>
    ctx.insert(
      statement.getStart(),
      `if (${negated}) ${end};${ctx.newline}${ctx.indentation(statement)}`,
    );
  const around = ctx.functionAround(statement);
  if (around) {
    const returned = around.type
      ? ctx.type(around.type)
      : ctx.checker.getSignatureFromDeclaration(around)?.getReturnType();
    for (const one of ["", ...defaultFor(ctx, returned)].slice(0, 3))
      yield candidate("narrow-return", prior * 0.4, line(`return${one && ` ${one}`}`));
    yield candidate("narrow-throw", prior * 0.3, line('throw new TypeError("unexpected value")'));
  }
  if (ts.isExpressionStatement(statement))
    yield candidate(
      "narrow-statement",
      prior * 0.7,
      ctx.insert(statement.getStart(), `if (${test}) `),
    );
}

function negate(test) {
  return test.includes("&&")
    ? `!(${test})`
    : test.replace(" === ", " !== ").replace(/^Array/, "!Array");
}

function* asserted(ctx, access) {
  const text = ctx.text(access.expression);
  const type = ctx.type(access.expression);
  for (const part of (type.types ?? []).slice(0, 12)) {
    if (!part.getProperty?.(access.name.text)) continue;
    yield candidate(
      "assert-type",
      0.12,
      ctx.replace(access.expression, `(${text} as ${ctx.print(part)})`),
      "a type assertion: the compiler takes its word",
    );
  }
}

/** What was caught is an `Error` or anything else. */
function* caught(ctx, value) {
  const { ts } = ctx;
  const text = ctx.text(value);
  const { parent } = value;
  if (ts.isPropertyAccessExpression(parent)) {
    if (parent.name.text === "message")
      yield candidate(
        "error-message",
        0.6,
        ctx.replace(parent, `(${text} instanceof Error ? ${text}.message : String(${text}))`),
      );
    yield candidate(
      "assert-error",
      0.3,
      ctx.replace(value, `(${text} as Error)`),
      "a type assertion: the compiler takes its word",
    );
  }
  const declared = ctx.checker.getSymbolAtLocation(value)?.valueDeclaration;
  const clause = declared && ts.isCatchClause(declared.parent) ? declared : undefined;
  if (clause && !clause.type)
    yield candidate(
      "annotate-any",
      0.05,
      ctx.insert(clause.name.getEnd(), ": any"),
      "the type `any` switches the compiler's checks off",
    );
}
