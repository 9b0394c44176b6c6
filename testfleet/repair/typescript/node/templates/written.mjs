// A type as it is written: replaced, widened, narrowed, or changed in one of its parts.

import { candidate, likeness } from "../context.mjs";

/** A concern when the new type has an `any` that the old one had not. */
export function silent(text, old = "") {
  const count = (one) => one.match(/\bany\b/g)?.length ?? 0;
  return count(text) > count(old) ? "the type `any` switches the compiler's checks off" : "";
}

/** The annotation is replaced, widened, narrowed, or changed in one of its parts. */
export function* rewritten(ctx, annotation, types, prior) {
  const { ts } = ctx;
  const old = ctx.text(annotation);
  const made = new Map();
  const add = (template, share, text) => {
    if (text && text !== old && !made.has(text)) made.set(text, [template, prior * share]);
  };
  for (const type of types) {
    const text = ctx.print(ctx.widened(type), annotation);
    const exact = ctx.print(type, annotation);
    const lists = ts.isUnionTypeNode(annotation) || !/[|&?]|=>/.test(old) ? old : `(${old})`;
    if (text !== "never" && text !== "undefined")
      add("change-annotation", incomplete(ctx) ? 0.4 : 1.3, text);
    add("widen-annotation", 0.7, `${lists} | ${text}`);
    if (exact !== text) add("widen-annotation", 0.6, `${lists} | ${exact}`);
    const plain = ctx.checker.getNonNullableType(type);
    if (plain !== type) add("change-annotation", 0.8, ctx.print(ctx.widened(plain), annotation));
  }
  for (const [template, share, text] of shapes(ctx, annotation, old)) add(template, share, text);
  for (const [text, [template, likely]] of made) {
    yield candidate(template, likely, ctx.replace(annotation, text), silent(text, old));
  }
  yield* parts(ctx, annotation, prior);
  yield* behindName(ctx, annotation, types, prior);
}

/** The alias that the annotation names is a union that lacks a member, or is wrong itself. */
function* behindName(ctx, annotation, types, prior) {
  const { ts } = ctx;
  const named = ts.isArrayTypeNode(annotation) ? annotation.elementType : annotation;
  if (prior < 0.1 || !ts.isTypeReferenceNode(named)) return;
  for (const declared of ctx.declarations(ctx.checker.getSymbolAtLocation(named.typeName))) {
    if (ts.isTypeAliasDeclaration(declared))
      yield* rewritten(ctx, declared.type, types, prior * 0.8);
  }
}

/** A property that is missing is hardly ever missing from the type. */
function incomplete(ctx) {
  return (
    [2741, 2739, 2740].includes(ctx.code) ||
    /is missing in type|missing the following/.test(ctx.message)
  );
}

const PRIMITIVES = ["string", "number", "boolean", "bigint"];

function* shapes(ctx, annotation, old) {
  const { ts } = ctx;
  const grouped = /[|&]|=>/.test(old) ? `(${old})` : old;
  yield ["widen-annotation", 0.5, `${old} | undefined`];
  yield ["widen-annotation", 0.45, `${old} | null`];
  yield ["array-annotation", 0.3, `${grouped}[]`];
  if (PRIMITIVES.includes(old))
    for (const other of PRIMITIVES) yield ["other-primitive", 1.1, other];
  if (ts.isArrayTypeNode(annotation))
    yield ["element-annotation", 0.4, ctx.text(annotation.elementType)];
  if (ts.isTypeOperatorNode(annotation))
    yield ["mutable-annotation", 0.5, ctx.text(annotation.type)];
  if (ts.isTypeReferenceNode(annotation) && annotation.typeArguments?.length) {
    const name = ctx.text(annotation.typeName);
    const inner = ctx.text(annotation.typeArguments[0]);
    if (
      name === "Promise" ||
      name === "Array" ||
      name === "ReadonlyArray" ||
      name === "Partial" ||
      name === "Readonly"
    )
      yield ["unwrap-annotation", 0.6, inner];
    if (name === "ReadonlyArray") yield ["mutable-annotation", 0.6, `Array<${inner}>`];
  }
  if (ts.isUnionTypeNode(annotation)) {
    for (const one of annotation.types) {
      const rest = annotation.types
        .filter((other) => other !== one)
        .map((other) => ctx.text(other));
      yield ["narrow-annotation", 0.5, rest.join(" | ")];
    }
  }
  const around = annotation.parent;
  if (ts.isFunctionLike(around)) {
    yield ["promise-annotation", 0.5, `Promise<${old}>`];
    if (old !== "void") yield ["void-annotation", 0.3, "void"];
  }
}

/** One name or primitive within the annotation is replaced by another of the file. */
function* parts(ctx, annotation, prior) {
  const { ts } = ctx;
  const names = (ctx.typeNames ??= typeNames(ctx));
  const visit = function* (node, depth) {
    if (depth > 5) return;
    const text = ctx.text(node);
    if (ts.isTypeReferenceNode(node)) {
      const wrong = ctx.text(node.typeName);
      for (const name of names) {
        const alike = likeness(name, wrong);
        if (name !== wrong && alike > 0.35)
          yield candidate("other-type", prior * alike, ctx.replace(node.typeName, name));
      }
    }
    if (depth > 0 && PRIMITIVES.includes(text)) {
      for (const other of PRIMITIVES)
        if (other !== text)
          yield candidate("other-primitive", prior * 0.35, ctx.replace(node, other));
    }
    if (depth > 0 && ts.isTypeNode(node)) {
      const grouped = ts.isFunctionTypeNode(node) ? `(${text})` : text;
      if (!ts.isUnionTypeNode(node.parent))
        yield candidate(
          "widen-annotation",
          prior * 0.15,
          ctx.replace(node, `${grouped} | undefined`),
        );
    }
    if (depth > 0 && ts.isUnionTypeNode(node)) {
      for (const one of node.types) {
        const rest = node.types.filter((other) => other !== one).map((other) => ctx.text(other));
        yield candidate("narrow-annotation", prior * 0.2, ctx.replace(node, rest.join(" | ")));
      }
    }
    if (ts.isLiteralTypeNode(node) || ts.isTypeLiteralNode(node)) return;
    const children = [];
    ts.forEachChild(node, (child) => {
      children.push(child);
    });
    for (const child of children) yield* visit(child, depth + 1);
  };
  yield* visit(annotation, 0);
}

function typeNames(ctx) {
  const { SymbolFlags } = ctx.ts;
  return ctx.checker
    .getSymbolsInScope(ctx.node, SymbolFlags.Type | SymbolFlags.Alias)
    .filter((one) =>
      one.declarations?.some((declared) => ctx.project.own(declared.getSourceFile().fileName)),
    )
    .map((one) => one.name)
    .slice(0, 200);
}
