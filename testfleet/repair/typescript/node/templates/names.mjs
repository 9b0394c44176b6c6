// A name that does not exist, or the wrong one of those that do.

import { otherValue, properties, VALUE } from "./others.mjs";
import { candidate, likeness } from "../context.mjs";

const MISSING = new Set([2304, 2552, 2503, 18004, 2749, 2693, 2686, 2580, 2582, 2591]);
const MEMBER = new Set([
  2339, 2551, 2550, 2568, 2694, 2724, 2576, 2341, 2445, 7053, 2353, 2561, 2540, 2542,
]);
export function* names(ctx) {
  if (MISSING.has(ctx.code)) yield* missingName(ctx);
  if (MEMBER.has(ctx.code)) yield* missingMember(ctx);
  if (VALUE.has(ctx.code)) yield* otherValue(ctx);
}

function* missingName(ctx) {
  const { ts, checker, node } = ctx;
  const wrong = ctx.text(node);
  const { SymbolFlags } = ts;
  const type = ctx.up((one) => ts.isTypeNode(one)) !== undefined;
  const wanted = type
    ? SymbolFlags.Type | SymbolFlags.Namespace | SymbolFlags.Alias
    : SymbolFlags.Value | SymbolFlags.Alias;
  for (const symbol of checker.getSymbolsInScope(node, wanted)) {
    const own = symbol.declarations?.some((one) => one.getSourceFile() === ctx.file);
    const alike = likeness(symbol.name, wrong);
    if (symbol.name === wrong || !(alike > 0.6 || (own && alike > 0.2))) continue;
    yield candidate("other-name", (own ? 0.75 : 0.5) * alike ** 2, ctx.replace(node, symbol.name));
  }
  const member = enclosingMember(ctx, wrong);
  if (member) yield candidate("member-of-this", 0.6, ctx.insert(node.getStart(), `${member}.`));
  yield* asProperty(ctx, wrong);
  if (type && node.parent && ts.isTypeReferenceNode(node.parent))
    yield candidate("type-of-value", 0.4, ctx.replace(node, `typeof ${wrong}`));
  const declared = enclosingDeclaration(ctx, wrong);
  if (declared) yield declared;
}

/** `this` or the class, when the name is one of its members. */
function enclosingMember(ctx, wrong) {
  const { ts } = ctx;
  const owner = ctx.up((one) => ts.isClassLike(one));
  const found = owner?.members.find((one) => one.name && ctx.text(one.name) === wrong);
  if (!found) return undefined;
  const fixed = ts.getCombinedModifierFlags(found) & ts.ModifierFlags.Static;
  return fixed ? owner.name?.text : "this";
}

/** A property of something in scope that has the missing name: `options.limit` for `limit`. */
function* asProperty(ctx, wrong) {
  for (const one of ctx.scope().slice(0, 60)) {
    if (ctx.isAny(one.type) || !one.type.getProperty?.(wrong)) continue;
    yield candidate("qualify-name", 0.35, ctx.insert(ctx.node.getStart(), `${one.name}.`));
  }
}

/** A declaration of the function around that is like the missing name is renamed to it. */
function enclosingDeclaration(ctx, wrong) {
  const { ts } = ctx;
  let best;
  for (const one of ctx.scope()) {
    const { name } = one.declared;
    if (!name || !ts.isIdentifier(name) || !("type" in one.declared)) continue;
    const alike = likeness(one.name, wrong);
    if (alike > 0.3 && (!best || alike > best.alike)) best = { alike, name };
  }
  return best && candidate("rename-declaration", 0.4 * best.alike, ctx.replace(best.name, wrong));
}

function* missingMember(ctx) {
  const { ts, checker, node } = ctx;
  const access =
    node.parent && (ts.isPropertyAccessExpression(node.parent) || ts.isQualifiedName(node.parent))
      ? node.parent
      : undefined;
  const literal = ctx.up((one) => ts.isObjectLiteralExpression(one));
  const type = access
    ? ctx.type(access.expression ?? access.left)
    : literal && checker.getContextualType(literal);
  const bound =
    !access && node.parent && ts.isBindingElement(node.parent)
      ? ctx.type(node.parent.parent)
      : undefined;
  const owner = bound ?? type;
  if (ctx.code === 7053) yield* missingKey(ctx);
  if (!owner) return;
  const wrong = ctx.text(node).replace(/^["']|["']$/g, "");
  const wanted = access && mismatchTarget(ctx, access);
  const used = new Set(
    literal && !access ? literal.properties.map((one) => one.name && ctx.text(one.name)) : [],
  );
  for (const property of properties(ctx, owner)) {
    if (property.name === wrong || property.name.startsWith("__@") || used.has(property.name))
      continue;
    const alike = likeness(property.name, wrong);
    const own = ctx.declarations(property).length > 0;
    const fits =
      wanted &&
      !ctx.isAny(wanted) &&
      ctx.fits(checker.getTypeOfSymbolAtLocation(property, node), wanted);
    const misfit = wanted && !ctx.isAny(wanted) && !fits ? 0.8 : 1;
    const near = alike > 0.6 ? alike : Math.max(alike ** 1.5, 0.15);
    const prior = (own ? 0.85 : 0.6) * near * misfit;
    if (own || alike > 0.4 || fits)
      yield candidate("other-member", Math.min(prior, 0.85), rename(ctx, node, property.name));
    yield* renamedDeclaration(ctx, property, wrong, alike);
  }
}

function mismatchTarget(ctx, access) {
  return ctx.checker.getContextualType(access);
}

/** Only a key of a pattern or a shorthand needs its local name kept. */
function rename(ctx, node, name) {
  const { ts } = ctx;
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent))
    return ctx.replace(node, `${name}: ${ctx.text(node)}`);
  if (ts.isBindingElement(parent) && !parent.propertyName)
    return ctx.replace(node, `${name}: ${ctx.text(node)}`);
  if (ts.isStringLiteralLike(node)) return ctx.replace(node, JSON.stringify(name));
  return ctx.replace(node, name);
}

/** The declaration has the wrong name: all that use it say the missing one. */
function* renamedDeclaration(ctx, property, wrong, alike) {
  if (alike < 0.2 || !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(wrong)) return;
  for (const declared of ctx.declarations(property).slice(0, 2)) {
    if (!declared.name || !ctx.ts.isIdentifier(declared.name)) continue;
    // A member that nobody speaks of was renamed; one that others use was misspelt here.
    if (alike > 0.5) yield* keysInTypes(ctx, property.name, wrong);
    const unused = ctx.project.uses(property.name) === 1;
    const known = ctx.project.uses(wrong) > 1 ? 0.6 : 0.4;
    yield candidate(
      "rename-declaration",
      unused ? known + 0.3 * alike : 0.05 + 0.15 * alike,
      ctx.replace(declared.name, wrong),
    );
  }
}

/** `object[key]`, where a value of `key` is no member: the member that is like it was renamed. */
function* missingKey(ctx) {
  const { ts } = ctx;
  const access = ctx.up((one) => ts.isElementAccessExpression(one));
  const wrong = ctx.message.match(/Property '([^']+)' does not exist/)?.[1];
  if (!access || !wrong) return;
  for (const property of properties(ctx, ctx.type(access.expression))) {
    yield* renamedDeclaration(ctx, property, wrong, likeness(property.name, wrong));
  }
}

/** `Record<"Type", string>`: the key is spelled wrong where the type is written. */
function* keysInTypes(ctx, name, wrong) {
  const { ts } = ctx;
  const spots = [];
  const visit = (node) => {
    if (
      ts.isLiteralTypeNode(node) &&
      ts.isStringLiteral(node.literal) &&
      node.literal.text === name
    )
      spots.push(node.literal);
    ts.forEachChild(node, visit);
  };
  visit(ctx.file);
  for (const spot of spots.slice(0, 3)) {
    const quote = ctx.text(spot)[0];
    yield candidate("key-in-type", 0.5, ctx.replace(spot, quote + wrong + quote));
  }
}
