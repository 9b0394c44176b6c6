// The declaration says the wrong type: of a variable, parameter, property or what is returned.

import { candidate, likeness } from "../context.mjs";
import { mismatch, origins, parameters } from "../mismatch.mjs";

const SKIPPED = new Set([2304, 2552, 2307, 2305, 2614, 2724, 2613, 1005, 1109, 1128, 2300]);
const MAX_DECLARATIONS = 10;

export function* annotations(ctx) {
  if (SKIPPED.has(ctx.code)) return;
  const found = mismatch(ctx);
  const source = found?.source;
  const done = new Set();
  const visit = function* (declared, types, prior) {
    if (!declared || done.has(declared) || done.size >= MAX_DECLARATIONS) return;
    done.add(declared);
    yield* alternatives(ctx, declared, types, prior);
  };
  const target = found?.target;
  for (const holder of found?.holders ?? []) yield* visit(holder, source ? [ctx.type(source)] : [], 0.5);
  for (const origin of source ? origins(ctx, source) : []) yield* visit(origin, target && !ctx.isAny(target) ? [target] : [], 0.45);
  for (const [operand, type] of operands(ctx)) {
    for (const origin of origins(ctx, operand)) yield* visit(origin, ctx.isAny(type) ? [] : [type], 0.4);
  }
  for (const [declared, types] of around(ctx)) yield* visit(declared, types, 0.3);
}

/** Operands that do not go together, each with the type of the other. */
function operands(ctx) {
  const { ts } = ctx;
  const whole = [2365, 2367, 2362, 2363, 2678].includes(ctx.code) && ctx.up((one) => ts.isBinaryExpression(one));
  return whole ? [[whole.left, ctx.type(whole.right)], [whole.right, ctx.type(whole.left)]] : [];
}

/** Declarations of all that the failing expression names, and those that the compiler points at. */
function* around(ctx) {
  const { ts } = ctx;
  const area = ctx.up((one) => ts.isStatement(one) || ts.isClassElement(one) || ts.isParameter(one)) ?? ctx.node;
  const seen = [];
  const collect = (node, depth) => {
    if (depth > 6 || seen.length > 25) return;
    if (ts.isIdentifier(node)) seen.push(node);
    if (!ts.isBlock(node) || node === area) ts.forEachChild(node, (child) => collect(child, depth + 1));
  };
  if (ctx.call?.arguments) for (const [index] of ctx.call.arguments.entries()) for (const one of parameters(ctx, ctx.call, index)) yield [one, [ctx.type(ctx.call.arguments[index])]];
  collect(near(ctx), 0);
  for (const name of seen) {
    for (const declared of ctx.declarations(ctx.symbol(name))) yield [declared, []];
  }
  for (const info of ctx.related) {
    if (!info.file || !ctx.project.own(info.file.fileName)) continue;
    const file = ctx.project.program.getSourceFile(info.file.fileName);
    let node = file && tokenAt(ts, file, info.start ?? 0);
    while (node && !("type" in node && ts.isDeclaration?.(node)) && !ts.isStatement(node)) node = node.parent;
    if (node) yield [node, []];
  }
  const owner = ctx.functionAround();
  if (owner) yield [owner, []];
}

function near(ctx) {
  const { ts } = ctx;
  return ctx.up((one) => ts.isCallExpression(one) || ts.isVariableDeclaration(one) || ts.isReturnStatement(one)
    || ts.isExpressionStatement(one) || ts.isBinaryExpression(one) || ts.isClassElement(one)) ?? ctx.node;
}

function tokenAt(ts, file, position) {
  let found = file;
  for (;;) {
    const next = found.getChildren(file).find((child) => child.getStart(file) <= position && position < child.getEnd());
    if (!next) return found;
    found = next;
  }
}

function* alternatives(ctx, declared, types, prior) {
  const { ts } = ctx;
  if (!("type" in declared) && !ts.isVariableDeclaration(declared) && !ts.isFunctionLike(declared)) return;
  if (ts.isTypeAliasDeclaration(declared)) return yield* rewritten(ctx, declared.type, types, prior * 0.7);
  yield* toggles(ctx, declared, prior);
  if (declared.type) return yield* rewritten(ctx, declared.type, types, prior);
  yield* newAnnotation(ctx, declared, types, prior);
}

function* newAnnotation(ctx, declared, types, prior) {
  const { ts } = ctx;
  const file = declared.getSourceFile();
  for (const type of types) {
    const text = ctx.print(ctx.widened(type), declared);
    if (ts.isVariableDeclaration(declared) || ts.isPropertyDeclaration(declared) || ts.isParameter(declared)) {
      const widened = declared.initializer ? [`${ctx.print(ctx.widened(ctx.type(declared)), declared)} | ${text}`, text] : [text];
      for (const one of widened) yield candidate("annotate", prior * 0.5, ctx.insert(declared.name.getEnd(), `: ${one}`, file), silent(one));
    }
  }
}

function silent(text) {
  return /\bany\b/.test(text) ? "the type `any` switches the compiler's checks off" : "";
}

/** `?`, `readonly`, `private` that are there or missing. */
function* toggles(ctx, declared, prior) {
  const { ts } = ctx;
  const file = declared.getSourceFile();
  const optional = declared.questionToken;
  if (ctx.code === 1016 && ts.isParameter(declared) && declared.name === ctx.node) {
    yield candidate("optional", 0.75, ctx.insert(declared.name.getEnd(), "?", file));
  }
  const meant = optional && ts.isParameter(declared) && ctx.mayLack(ctx.text(declared.name));
  if (optional) yield candidate("not-optional", meant ? 0.3 : Math.min(0.65, prior * 1.6), ctx.replace(optional, ""));
  const mayBe = ts.isPropertySignature(declared) || ts.isPropertyDeclaration(declared) || (ts.isParameter(declared) && !declared.initializer && !declared.dotDotDotToken);
  if (!optional && mayBe && declared.type) yield candidate("optional", Math.min(0.5, prior * 1.2), ctx.insert(declared.name.getEnd(), "?", file));
  for (const modifier of ts.canHaveModifiers?.(declared) ? ts.getModifiers(declared) ?? [] : declared.modifiers ?? []) {
    const word = ctx.text(modifier);
    const { kind } = modifier;
    const kinds = ts.SyntaxKind;
    const removable = [kinds.ReadonlyKeyword, kinds.PrivateKeyword, kinds.ProtectedKeyword, kinds.StaticKeyword, kinds.AbstractKeyword];
    if (removable.includes(kind)) yield candidate(`drop-${word}`, blames(ctx, word) ? 0.7 : prior * 0.2, dropWord(modifier, file));
    if (kind === kinds.AsyncKeyword && ctx.message.includes("Promise")) yield candidate("drop-async", prior * 0.5, dropWord(modifier, file));
  }
}

function blames(ctx, word) {
  const codes = { readonly: [2540, 2542, 4104], private: [2341, 2415, 2416, 2420, 2445], protected: [2445, 2415, 2420], static: [2576], abstract: [2511, 2515] };
  return codes[word]?.includes(ctx.code);
}

function dropWord(node, file) {
  const after = file.text.slice(node.getEnd()).match(/^\s*/)[0].length;
  return { file: file.fileName, start: node.getStart(file), end: node.getEnd() + after, text: "" };
}

/** The annotation is replaced, widened, narrowed, or changed in one of its parts. */
function* rewritten(ctx, annotation, types, prior) {
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
    if (text !== "never" && text !== "undefined") add("change-annotation", incomplete(ctx) ? 0.4 : 1.3, text);
    add("widen-annotation", 0.7, `${lists} | ${text}`);
    if (exact !== text) add("widen-annotation", 0.6, `${lists} | ${exact}`);
    const plain = ctx.checker.getNonNullableType(type);
    if (plain !== type) add("change-annotation", 0.8, ctx.print(ctx.widened(plain), annotation));
  }
  for (const [template, share, text] of shapes(ctx, annotation, old)) add(template, share, text);
  for (const [text, [template, likely]] of made) {
    yield candidate(template, likely, ctx.replace(annotation, text), silent(text));
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
    if (ts.isTypeAliasDeclaration(declared)) yield* rewritten(ctx, declared.type, types, prior * 0.8);
  }
}

/** A property that is missing is hardly ever missing from the type. */
function incomplete(ctx) {
  return [2741, 2739, 2740].includes(ctx.code) || /is missing in type|missing the following/.test(ctx.message);
}

const PRIMITIVES = ["string", "number", "boolean", "bigint"];

function* shapes(ctx, annotation, old) {
  const { ts } = ctx;
  const grouped = /[|&]|=>/.test(old) ? `(${old})` : old;
  yield ["widen-annotation", 0.5, `${old} | undefined`];
  yield ["widen-annotation", 0.45, `${old} | null`];
  yield ["array-annotation", 0.3, `${grouped}[]`];
  if (PRIMITIVES.includes(old)) for (const other of PRIMITIVES) yield ["other-primitive", 1.1, other];
  if (ts.isArrayTypeNode(annotation)) yield ["element-annotation", 0.4, ctx.text(annotation.elementType)];
  if (ts.isTypeOperatorNode(annotation)) yield ["mutable-annotation", 0.5, ctx.text(annotation.type)];
  if (ts.isTypeReferenceNode(annotation) && annotation.typeArguments?.length) {
    const name = ctx.text(annotation.typeName);
    const inner = ctx.text(annotation.typeArguments[0]);
    if (name === "Promise" || name === "Array" || name === "ReadonlyArray" || name === "Partial" || name === "Readonly") yield ["unwrap-annotation", 0.6, inner];
    if (name === "ReadonlyArray") yield ["mutable-annotation", 0.6, `Array<${inner}>`];
  }
  if (ts.isUnionTypeNode(annotation)) {
    for (const one of annotation.types) {
      const rest = annotation.types.filter((other) => other !== one).map((other) => ctx.text(other));
      yield ["narrow-annotation", 0.5, rest.join(" | ")];
    }
  }
  const around = annotation.parent;
  if (ts.isFunctionLike(around)) {
    yield ["promise-annotation", 0.5, `Promise<${old}>`];
    if (old !== "void") yield ["void-annotation", 0.3, "void"];
  }
}

/** One type name within the annotation is replaced by another of the file, or a primitive by another. */
function* parts(ctx, annotation, prior) {
  const { ts } = ctx;
  const names = ctx.typeNames ??= typeNames(ctx);
  const visit = function* (node, depth) {
    if (depth > 5) return;
    const text = ctx.text(node);
    if (ts.isTypeReferenceNode(node)) {
      const wrong = ctx.text(node.typeName);
      for (const name of names) {
        const alike = likeness(name, wrong);
        if (name !== wrong && alike > 0.35) yield candidate("other-type", prior * alike, ctx.replace(node.typeName, name));
      }
    }
    if (depth > 0 && PRIMITIVES.includes(text)) {
      for (const other of PRIMITIVES) if (other !== text) yield candidate("other-primitive", prior * 0.35, ctx.replace(node, other));
    }
    if (depth > 0 && ts.isTypeNode(node)) {
      const grouped = ts.isFunctionTypeNode(node) ? `(${text})` : text;
      if (!ts.isUnionTypeNode(node.parent)) yield candidate("widen-annotation", prior * 0.15, ctx.replace(node, `${grouped} | undefined`));
    }
    if (depth > 0 && ts.isUnionTypeNode(node)) {
      for (const one of node.types) {
        const rest = node.types.filter((other) => other !== one).map((other) => ctx.text(other));
        yield candidate("narrow-annotation", prior * 0.2, ctx.replace(node, rest.join(" | ")));
      }
    }
    if (ts.isLiteralTypeNode(node) || ts.isTypeLiteralNode(node)) return;
    const children = [];
    ts.forEachChild(node, (child) => { children.push(child); });
    for (const child of children) yield* visit(child, depth + 1);
  };
  yield* visit(annotation, 0);
}

function typeNames(ctx) {
  const { SymbolFlags } = ctx.ts;
  return ctx.checker.getSymbolsInScope(ctx.node, SymbolFlags.Type | SymbolFlags.Alias)
    .filter((one) => one.declarations?.some((declared) => ctx.project.own(declared.getSourceFile().fileName)))
    .map((one) => one.name).slice(0, 200);
}
