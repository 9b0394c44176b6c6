// A value that may be null or undefined where it must not.

import { candidate, wrapped } from "../context.mjs";
import { isExpression, mismatch } from "../mismatch.mjs";
import { defaultFor } from "../values.mjs";

const DIRECT = new Set([
  2531, 2532, 2533, 18047, 18048, 18049, 2721, 2722, 2723, 2538, 2488, 18050, 2489,
]);
const BY_TYPE = new Set([
  2322, 2345, 2769, 2365, 2367, 2362, 2363, 2464, 2802, 2461, 2548, 2504, 2740, 2739, 2339, 2407,
]);

export function* nullable(ctx) {
  const { ts } = ctx;
  const spots = [];
  if (DIRECT.has(ctx.code)) spots.push(ctx.node);
  else if (BY_TYPE.has(ctx.code)) {
    const found = mismatch(ctx);
    if (found) spots.push(found.source);
    if (ctx.code === 2769) spots.push(...(ctx.call?.arguments ?? []));
    if (ctx.code === 2339 && ts.isPropertyAccessExpression(ctx.node.parent))
      spots.push(ctx.node.parent.expression);
    const operation = ctx.up((one) => ts.isBinaryExpression(one));
    if (operation && ctx.code >= 2362 && ctx.code <= 2367)
      spots.push(operation.left, operation.right);
  }
  for (const spot of spots) {
    if (!spot || !isExpression(ts, spot) || !(mayBeMissing(ctx, spot) || ctx.code === 2339))
      continue;
    yield* inPlace(ctx, spot);
    yield* guards(ctx, spot);
    yield* earlier(ctx, spot);
  }
}

function mayBeMissing(ctx, node) {
  const flags =
    ctx.ts.TypeFlags.Undefined |
    ctx.ts.TypeFlags.Null |
    ctx.ts.TypeFlags.Unknown |
    ctx.ts.TypeFlags.Void;
  const type = ctx.type(node);
  return Boolean(type.flags & flags || type.types?.some((one) => one.flags & flags));
}

function* inPlace(ctx, spot) {
  const { ts, checker } = ctx;
  const text = ctx.text(spot);
  const inner = wrapped(ts, spot, text);
  const { parent } = spot;
  if (
    (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) &&
    parent.expression === spot
  ) {
    const dotted = ts.isPropertyAccessExpression(parent);
    const rest = ctx.file.text.slice(spot.getEnd(), parent.getEnd());
    const meant = ts.isIdentifier(spot) && !ctx.mayLack(text) ? 0.5 : 0.7;
    yield candidate(
      "optional-chain",
      meant,
      ctx.replace(parent, `${text}?.${dotted ? rest.replace(/^\s*\./, "") : rest}`),
    );
    yield* chainWithDefault(
      ctx,
      parent,
      dotted ? `${text}?.${rest.replace(/^\s*\./, "")}` : `${text}?.${rest}`,
    );
  }
  if (ts.isCallExpression(parent) && parent.expression === spot)
    yield candidate(
      "optional-call",
      ctx.mayLack(text) ? 0.65 : 0.5,
      ctx.insert(spot.getEnd(), "?."),
    );
  const plain = checker.getNonNullableType(ctx.type(spot));
  for (const value of defaultFor(ctx, plain)) {
    yield candidate(
      "default-value",
      0.25,
      ctx.replace(spot, parenthesised(ctx, spot, `${inner} ?? ${value}`)),
    );
  }
  yield candidate(
    "non-null-assertion",
    0.1,
    ctx.insert(spot.getEnd(), "!"),
    "a non-null assertion: the compiler takes its word",
  );
}

/** `a?.b` is undefined where `a` is: a condition reads on, an operand needs a default. */
function* chainWithDefault(ctx, access, chained) {
  const { ts, checker } = ctx;
  let whole = access;
  while (ts.isCallExpression(whole.parent) && whole.parent.expression === whole)
    whole = whole.parent;
  const rest = ctx.file.text.slice(access.getEnd(), whole.getEnd());
  for (const value of defaultFor(ctx, checker.getTypeAtLocation(whole))) {
    yield candidate(
      "optional-chain-default",
      0.3,
      ctx.replace(whole, parenthesised(ctx, whole, `${chained}${rest} ?? ${value}`)),
    );
  }
}

function parenthesised(ctx, node, text) {
  const { ts } = ctx;
  const { parent } = node;
  const loose =
    ts.isVariableDeclaration(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isArrowFunction(parent) ||
    ts.isExpressionStatement(parent) ||
    ts.isParenthesizedExpression(parent) ||
    ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression !== node) ||
    (ts.isBinaryExpression(parent) &&
      parent.right === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken);
  return loose ? text : `(${text})`;
}

/** The statement runs only when the value is there. */
function* guards(ctx, spot) {
  const { ts } = ctx;
  const text = ctx.text(spot);
  if (!ts.isIdentifier(spot) && !ts.isPropertyAccessExpression(spot)) return;
  const condition = ctx.up(
    (one) =>
      (ts.isIfStatement(one.parent ?? one) || ts.isWhileStatement(one.parent ?? one)) &&
      one.parent.expression === one,
    spot,
  );
  if (condition) {
    const whole = ctx.text(condition);
    const safe =
      ts.isBinaryExpression(condition) && condition.operatorToken.kind === ts.SyntaxKind.BarBarToken
        ? `(${whole})`
        : whole;
    yield candidate("guard-condition", 0.5, ctx.replace(condition, `${text} && ${safe}`));
    yield candidate(
      "guard-condition-undefined",
      0.3,
      ctx.replace(condition, `${text} !== undefined && ${safe}`),
    );
  }
  const operand = ctx.up(
    (one) =>
      ts.isBinaryExpression(one) &&
      one.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken &&
      one.right.pos <= spot.pos,
    spot,
  );
  if (operand)
    yield candidate(
      "guard-operand",
      0.4,
      ctx.replace(operand.right, `${text} && ${ctx.text(operand.right)}`),
    );
  const statement = ctx.up(
    (one) =>
      ts.isStatement(one) &&
      (ts.isBlock(one.parent) || ts.isSourceFile(one.parent) || ts.isCaseClause(one.parent)),
    spot,
  );
  if (!statement) return;
  const before = (line) =>
    ctx.insert(statement.getStart(), `${line}${ctx.newline}${ctx.indentation(statement)}`);
  yield* leaving(ctx, statement, text, before);
  if (ts.isExpressionStatement(statement)) {
    yield candidate("guard-statement", 0.3, ctx.insert(statement.getStart(), `if (${text}) `));
    yield candidate(
      "guard-statement-undefined",
      0.25,
      ctx.insert(statement.getStart(), `if (${text} !== undefined) `),
    );
  }
}

function* leaving(ctx, statement, text, before) {
  const { ts, checker } = ctx;
  const around = ctx.functionAround(statement);
  if (ctx.up((one) => ts.isIterationStatement(one, false), statement.parent)) {
    yield candidate("guard-continue", 0.3, before(`if (!${text}) continue;`));
  }
  if (!around) return;
  const returned = around.type
    ? ctx.type(around.type)
    : checker.getSignatureFromDeclaration(around)?.getReturnType();
  const values = ["", ...defaultFor(ctx, returned)];
  for (const value of values)
    yield candidate("guard-return", 0.2, before(`if (!${text}) return${value && ` ${value}`};`));
  yield candidate(
    "guard-throw",
    0.15,
    before(`if (!${text}) throw new Error("${text.replace(/["\\\n]/g, "")} is missing");`),
  );
}

/** The expression around asks first whether the value is there. */
function* earlier(ctx, spot) {
  const { ts } = ctx;
  const ternary = ctx.up(
    (one) => ts.isConditionalExpression(one) && one.whenTrue.pos <= spot.pos,
    spot,
  );
  if (ternary && ts.isIdentifier(spot)) {
    yield candidate(
      "guard-ternary",
      0.25,
      ctx.replace(ternary.condition, `${spot.text} && ${ctx.text(ternary.condition)}`),
    );
  }
  const { parent } = spot;
  if (ts.isPropertyAccessExpression(parent) && ts.isReturnStatement(parent.parent)) {
    yield candidate(
      "guard-expression",
      0.2,
      ctx.replace(parent, `${ctx.text(spot)} ? ${ctx.text(parent)} : undefined`),
    );
  }
}
