// Object literals and types whose members do not agree.

import { candidate, likeness } from "../context.mjs";
import { mismatch } from "../mismatch.mjs";
import { defaultFor } from "../values.mjs";

const INCOMPLETE = new Set([2741, 2739, 2740, 2769, 2352, 2416, 2420, 2559, 2719]);
const LACKS = /missing|but required in|'\{[^]*\|/;
const UNKNOWN = new Set([2353, 2339, 2551, 2561, 2345, 2322, 2769, 7053, 2694]);

export function* objects(ctx) {
  if (INCOMPLETE.has(ctx.code) || LACKS.test(ctx.message)) yield* missingProperties(ctx);
  if (UNKNOWN.has(ctx.code)) yield* unknownProperty(ctx);
}

function* literals(ctx) {
  const { ts, checker } = ctx;
  const found = mismatch(ctx);
  const spots = new Set([found?.source, ...(ctx.call?.arguments ?? [])]);
  const around = ctx.up((one) => ts.isObjectLiteralExpression(one));
  spots.add(around);
  for (const spot of spots) {
    let node = spot;
    while (node && (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)))
      node = node.expression;
    if (!node || !ts.isObjectLiteralExpression(node)) continue;
    const target =
      (node === found?.source ? found.target : undefined) ?? checker.getContextualType(node);
    if (target) yield { literal: node, target };
  }
}

function* missingProperties(ctx) {
  const { ts, checker } = ctx;
  for (const { literal, target } of literals(ctx)) {
    const actual = ctx.type(literal);
    const parts = target.types && target.flags & ts.TypeFlags.Union ? target.types : [target];
    for (const part of parts.slice(0, 8)) {
      const needed = checker
        .getPropertiesOfType(part)
        .filter((one) => !(one.flags & ts.SymbolFlags.Optional) && !actual.getProperty(one.name));
      if (!needed.length || needed.length > 5) continue;
      yield* filled(ctx, literal, needed);
      yield* renamed(ctx, literal, needed, part);
    }
  }
  yield* optionalMembers(ctx);
}

/** Values for all that is missing: the first choice of each, then the alternatives of one. */
function* filled(ctx, literal, needed) {
  const choices = needed.map((one) => valuesFor(ctx, literal, one));
  if (choices.some((one) => !one.length)) return;
  const first = choices.map((one) => one[0]);
  yield filling(ctx, literal, first);
  for (const [index, all] of choices.entries()) {
    for (const other of all.slice(1, 14))
      yield filling(
        ctx,
        literal,
        first.map((one, at) => (at === index ? other : one)),
      );
  }
}

function filling(ctx, literal, parts) {
  const { properties } = literal;
  const many = ctx.text(literal).includes("\n");
  const last = properties.at(-1);
  const gap = many && last ? `${ctx.newline}${ctx.indentation(last)}` : " ";
  const text = parts.map((one) => one.text).join(`,${gap}`);
  const prior = Math.min(...parts.map((one) => one.prior));
  if (!last) return candidate("add-property", prior, ctx.replace(literal, `{ ${text} }`));
  return candidate(
    "add-property",
    prior,
    ctx.insert(last.getEnd(), `,${gap}${text}`, literal.getSourceFile()),
  );
}

/** {text, value, prior} for a property of a literal: what has its name first, plain values last. */
export function valuesFor(ctx, literal, property) {
  const { checker } = ctx;
  const type = checker.getTypeOfSymbolAtLocation(property, literal);
  const key = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(property.name)
    ? property.name
    : JSON.stringify(property.name);
  const found = [];
  const add = (value, prior) =>
    found.push({ text: value === key ? key : `${key}: ${value}`, value, prior });
  for (const one of ctx.scope(literal)) {
    const same = one.name === property.name;
    const part = one.type.getProperty?.(property.name);
    if (part && ctx.fits(checker.getTypeOfSymbolAtLocation(part, literal), type))
      add(`${one.name}.${property.name}`, 0.45);
    const fits = ctx.fits(checker.getNonNullableType(one.type), type);
    if (!same && (!fits || ctx.isAny(one.type))) continue;
    add(one.name, same ? 0.92 : 0.15 + 0.4 * likeness(one.name, property.name));
  }
  const owner = ctx.up((one) => ctx.ts.isClassLike(one), literal);
  const mine =
    owner?.symbol && checker.getDeclaredTypeOfSymbol(owner.symbol).getProperty?.(property.name);
  if (mine && ctx.fits(checker.getTypeOfSymbolAtLocation(mine, literal), type))
    add(`this.${property.name}`, 0.6);
  for (const value of defaultFor(ctx, type)) add(value, 0.22);
  return found.sort((a, b) => b.prior - a.prior);
}

/** A property that is there under a wrong name is the one that is missing. */
function* renamed(ctx, literal, needed, target) {
  const { ts } = ctx;
  for (const one of literal.properties) {
    if (!one.name || target.getProperty?.(ctx.text(one.name))) continue;
    for (const wanted of needed) {
      const alike = likeness(ctx.text(one.name), wanted.name);
      const text = ts.isShorthandPropertyAssignment(one)
        ? `${wanted.name}: ${ctx.text(one.name)}`
        : wanted.name;
      yield candidate("rename-property", 0.3 + 0.5 * alike, ctx.replace(one.name, text));
    }
  }
}

/** The members that are missing become optional where they are declared. */
function* optionalMembers(ctx) {
  const found = mismatch(ctx);
  if (!found?.target || !found.source) return;
  const { ts } = ctx;
  const actual = ctx.type(found.source);
  const lacking = ctx.checker
    .getPropertiesOfType(found.target)
    .filter((one) => !(one.flags & ts.SymbolFlags.Optional) && !actual.getProperty?.(one.name));
  if (!lacking.length || lacking.length > 4) return;
  const edits = [];
  const removed = [];
  for (const one of lacking) {
    const [declared] = ctx.declarations(one);
    if (
      !declared?.name ||
      !(
        ts.isPropertySignature(declared) ||
        ts.isPropertyDeclaration(declared) ||
        ts.isMethodSignature(declared)
      )
    )
      return;
    const file = declared.getSourceFile();
    edits.push(ctx.insert(declared.name.getEnd(), "?", file));
    removed.push({
      file: file.fileName,
      start: declared.getFullStart(),
      end: declared.getEnd(),
      text: "",
    });
  }
  yield candidate("optional-member", 0.35, edits);
  yield candidate("drop-member", 0.1, removed);
  for (const target of ctx.declarations(found.source && actual.symbol)) {
    if (ts.isInterfaceDeclaration(target) || ts.isTypeLiteralNode(target)) {
      const lines = lacking.map(
        (one) =>
          `${one.name}: ${ctx.print(ctx.checker.getTypeOfSymbolAtLocation(one, target), target)};`,
      );
      yield member(ctx, target, lines, 0.4);
    }
  }
}

function member(ctx, target, lines, prior) {
  const file = target.getSourceFile();
  const last = target.members.at(-1);
  const gap = last ? `${ctx.newline}${ctx.indentation(last)}` : " ";
  const semicolon = last && !/[;,]$/.test(ctx.text(last)) ? ";" : "";
  if (!last)
    return candidate(
      "add-member",
      prior,
      ctx.insert(target.getEnd() - 1, ` ${lines.join(" ")} `, file),
    );
  return candidate(
    "add-member",
    prior,
    ctx.insert(last.getEnd(), `${semicolon}${lines.map((one) => gap + one).join("")}`, file),
  );
}

/** A property that its type does not know: dropped, or declared. */
function* unknownProperty(ctx) {
  const { ts, checker, node } = ctx;
  const owned = ctx.up(
    (one) => ts.isObjectLiteralElementLike?.(one) ?? ts.isPropertyAssignment(one),
  );
  if (owned && ts.isObjectLiteralExpression(owned.parent)) {
    if (ctx.code === 2353 || ctx.code === 2561 || ctx.message.includes("known properties")) {
      yield candidate("drop-property", 0.3, ctx.removeFromList(owned, owned.parent.properties));
      const target = checker.getContextualType(owned.parent);
      if (owned.name && target)
        yield* declareMember(
          ctx,
          target,
          ctx.text(owned.name),
          ctx.type(owned.initializer ?? owned.name),
        );
    }
  }
  const access =
    node.parent && ts.isPropertyAccessExpression(node.parent) && node.parent.name === node
      ? node.parent
      : undefined;
  if (!access) return;
  const wanted =
    checker.getContextualType(access) ?? assigned(ctx, access) ?? compared(ctx, access);
  yield* declareMember(
    ctx,
    ctx.type(access.expression),
    node.text,
    wanted && !ctx.isAny(wanted) ? wanted : undefined,
  );
}

function assigned(ctx, access) {
  const { ts } = ctx;
  const { parent } = access;
  return ts.isBinaryExpression(parent) && parent.left === access
    ? ctx.type(parent.right)
    : undefined;
}

/** What an operator beside the access, or its place in a condition, tells of its type. */
function compared(ctx, access) {
  const { ts } = ctx;
  const { parent } = access;
  if (ts.isBinaryExpression(parent) && parent.right === access) return ctx.type(parent.left);
  if (ts.isPrefixUnaryExpression(parent) || ts.isIfStatement(parent))
    return ctx.checker.getBooleanType?.();
  return undefined;
}

function* declareMember(ctx, type, name, wanted) {
  const { ts } = ctx;
  const parts = type.types ?? [type];
  for (const part of parts.slice(0, 4)) {
    for (const declared of ctx.declarations(part.symbol)) {
      if (!(
        ts.isInterfaceDeclaration(declared) ||
        ts.isTypeLiteralNode(declared) ||
        ts.isClassLike(declared)
      ))
        continue;
      const call = ctx.node.parent?.parent;
      const called = call && ts.isCallExpression(call) && call.expression === ctx.node.parent;
      const texts = wanted
        ? [ctx.print(ctx.widened(wanted), declared)]
        : called
          ? []
          : ["string", "number", "boolean"];
      for (const text of texts) {
        const literal = ts.isClassLike(declared) ? 0.3 : 0.45;
        yield member(ctx, declared, [`${name}: ${text};`], wanted ? literal * 1.4 : 0.1);
        yield member(ctx, declared, [`${name}?: ${text};`], wanted ? literal * 1.2 : 0.08);
      }
    }
  }
}
