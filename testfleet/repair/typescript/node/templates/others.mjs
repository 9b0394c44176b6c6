// Another variable, member or literal in place of one that does not fit.

import { candidate, likeness } from "../context.mjs";
import { mismatch } from "../mismatch.mjs";

export const VALUE = new Set([
  2322, 2345, 2365, 2367, 2362, 2363, 2349, 2538, 2532, 18048, 18047, 2739, 2740, 2741, 2448, 2454,
  2769, 2554, 2559, 2588, 2721, 2722, 2351, 2488, 2461, 7053, 2531, 2533, 18049, 18046, 2571, 2339,
  2551, 2555,
]);

export function properties(ctx, type) {
  const parts = type.types && type.flags & ctx.ts.TypeFlags.Union ? type.types : [type];
  const found = new Map();
  for (const part of parts) {
    for (const one of ctx.checker.getPropertiesOfType(ctx.checker.getApparentType(part)))
      found.set(one.name, one);
  }
  return [...found.values()].slice(0, 300);
}

/** Another variable or sibling property in place of one that does not fit. */
export function* otherValue(ctx) {
  const { ts, checker } = ctx;
  const found = mismatch(ctx);
  const spots = new Set([
    ctx.node,
    found?.source,
    ...(ctx.code === 2769 ? (ctx.call?.arguments ?? []) : []),
  ]);
  for (const spot of [...spots]) {
    if (!spot) continue;
    if (ts.isPropertyAccessExpression(spot) || ts.isCallExpression(spot))
      spots.add(spot.expression);
    if (ts.isBinaryExpression(spot)) {
      spots.add(spot.left);
      spots.add(spot.right);
    }
    if (ts.isPropertyAccessExpression(spot.parent) && spot.parent.name === spot)
      spots.add(spot.parent.expression);
  }
  for (const spot of spots) {
    if (!spot) continue;
    const target = spot === found?.source ? found.target : checker.getContextualType(spot);
    if (
      ts.isIdentifier(spot) &&
      (!(spot.parent.name === spot) || ts.isShorthandPropertyAssignment(spot.parent))
    )
      yield* variables(ctx, spot, target);
    if (ts.isPropertyAccessExpression(spot)) yield* siblings(ctx, spot, target);
    if (ts.isStringLiteralLike(spot)) yield* literals(ctx, spot, target);
  }
}

function* variables(ctx, spot, target) {
  const known = target && !ctx.isAny(target);
  for (const one of ctx.scope(spot)) {
    if (one.name === spot.text || (known && (ctx.isAny(one.type) || !ctx.fits(one.type, target))))
      continue;
    const alike = likeness(one.name, spot.text);
    const near = ctx.functionAround(spot) === ctx.functionAround(one.declared) ? 0.1 : 0;
    yield candidate(
      "other-variable",
      (known ? 0.2 : 0.08) + near + 0.3 * alike,
      ctx.replace(spot, one.name),
    );
  }
}

function* siblings(ctx, spot, target) {
  const { checker } = ctx;
  for (const property of properties(ctx, ctx.type(spot.expression))) {
    if (property.name === spot.name.text || property.name.startsWith("__@")) continue;
    const alike = likeness(property.name, spot.name.text);
    const fits =
      target &&
      !ctx.isAny(target) &&
      ctx.fits(checker.getTypeOfSymbolAtLocation(property, spot), target);
    const own = ctx.declarations(property).length > 0;
    if (fits || alike > 0.6)
      yield candidate(
        "other-member",
        (own ? 0.25 : 0.1) + 0.35 * alike,
        ctx.replace(spot.name, property.name),
      );
  }
}

/** The literal of a union that is nearest to the wrong one. */
function* literals(ctx, spot, target) {
  const { ts } = ctx;
  const quote = ctx.text(spot)[0];
  const parts = target ? (target.types ?? [target]) : [];
  const other = ctx.up((one) => ts.isBinaryExpression(one), spot);
  const compared = other ? ctx.type(other.left === spot ? other.right : other.left) : undefined;
  const cased = ctx.up((one) => ts.isCaseClause(one), spot);
  const switched = cased ? ctx.type(cased.parent.parent.expression) : undefined;
  const all = [
    ...parts,
    ...[compared, switched].flatMap((one) => one?.types ?? (one ? [one] : [])),
  ];
  for (const value of new Set(
    all.filter((one) => one.isStringLiteral?.()).map((one) => one.value),
  )) {
    if (value === spot.text) continue;
    const written =
      quote === "'"
        ? `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`
        : JSON.stringify(value);
    yield candidate(
      "nearest-literal",
      0.2 + 0.6 * likeness(value, spot.text),
      ctx.replace(spot, written),
    );
  }
}
