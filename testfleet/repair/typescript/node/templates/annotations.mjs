// The declaration says the wrong type: of a variable, parameter, property or what is returned.

import { rewritten, silent } from "./written.mjs";
import { candidate, tokenAt } from "../context.mjs";
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
  for (const holder of found?.holders ?? [])
    yield* visit(holder, source ? [ctx.type(source)] : [], 0.5);
  for (const origin of source ? origins(ctx, source) : [])
    yield* visit(origin, target && !ctx.isAny(target) ? [target] : [], 0.45);
  for (const [operand, type] of operands(ctx)) {
    for (const origin of origins(ctx, operand))
      yield* visit(origin, ctx.isAny(type) ? [] : [type], 0.4);
  }
  for (const [declared, types] of around(ctx)) yield* visit(declared, types, 0.3);
}

/** Operands that do not go together, each with the type of the other. */
function operands(ctx) {
  const { ts } = ctx;
  const whole =
    [2365, 2367, 2362, 2363, 2678].includes(ctx.code) &&
    ctx.up((one) => ts.isBinaryExpression(one));
  return whole
    ? [
        [whole.left, ctx.type(whole.right)],
        [whole.right, ctx.type(whole.left)],
      ]
    : [];
}

/** Declarations of all that the failing expression names, and those that the compiler points at. */
function* around(ctx) {
  const { ts } = ctx;
  const area =
    ctx.up((one) => ts.isStatement(one) || ts.isClassElement(one) || ts.isParameter(one)) ??
    ctx.node;
  const seen = [];
  const collect = (node, depth) => {
    if (depth > 6 || seen.length > 25) return;
    if (ts.isIdentifier(node)) seen.push(node);
    if (!ts.isBlock(node) || node === area)
      ts.forEachChild(node, (child) => collect(child, depth + 1));
  };
  if (ctx.call?.arguments)
    for (const [index] of ctx.call.arguments.entries())
      for (const one of parameters(ctx, ctx.call, index))
        yield [one, [ctx.type(ctx.call.arguments[index])]];
  collect(near(ctx), 0);
  for (const name of seen) {
    for (const declared of ctx.declarations(ctx.symbol(name))) yield [declared, []];
  }
  for (const info of ctx.related) {
    if (!info.file || !ctx.project.own(info.file.fileName)) continue;
    const file = ctx.project.program.getSourceFile(info.file.fileName);
    let node = file && tokenAt(file, info.start ?? 0);
    while (node && !("type" in node && ts.isDeclaration?.(node)) && !ts.isStatement(node))
      node = node.parent;
    if (node) yield [node, []];
  }
  const owner = ctx.functionAround();
  if (owner) yield [owner, []];
}

function near(ctx) {
  const { ts } = ctx;
  return (
    ctx.up(
      (one) =>
        ts.isCallExpression(one) ||
        ts.isVariableDeclaration(one) ||
        ts.isReturnStatement(one) ||
        ts.isExpressionStatement(one) ||
        ts.isBinaryExpression(one) ||
        ts.isClassElement(one),
    ) ?? ctx.node
  );
}

function* alternatives(ctx, declared, types, prior) {
  const { ts } = ctx;
  if (!("type" in declared) && !ts.isVariableDeclaration(declared) && !ts.isFunctionLike(declared))
    return;
  if (ts.isTypeAliasDeclaration(declared))
    return yield* rewritten(ctx, declared.type, types, prior * 0.7);
  yield* toggles(ctx, declared, prior);
  if (declared.type) return yield* rewritten(ctx, declared.type, types, prior);
  yield* newAnnotation(ctx, declared, types, prior);
}

function* newAnnotation(ctx, declared, types, prior) {
  const { ts } = ctx;
  const file = declared.getSourceFile();
  for (const type of types) {
    const text = ctx.print(ctx.widened(type), declared);
    if (
      ts.isVariableDeclaration(declared) ||
      ts.isPropertyDeclaration(declared) ||
      ts.isParameter(declared)
    ) {
      const widened = declared.initializer
        ? [`${ctx.print(ctx.widened(ctx.type(declared)), declared)} | ${text}`, text]
        : [text];
      for (const one of widened)
        yield candidate(
          "annotate",
          prior * 0.5,
          ctx.insert(declared.name.getEnd(), `: ${one}`, file),
          silent(one),
        );
    }
  }
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
  if (optional)
    yield candidate(
      "not-optional",
      meant ? 0.3 : Math.min(0.65, prior * 1.6),
      ctx.replace(optional, ""),
    );
  const mayBe =
    ts.isPropertySignature(declared) ||
    ts.isPropertyDeclaration(declared) ||
    (ts.isParameter(declared) && !declared.initializer && !declared.dotDotDotToken);
  if (!optional && mayBe && declared.type)
    yield candidate(
      "optional",
      Math.min(0.5, prior * 1.2),
      ctx.insert(declared.name.getEnd(), "?", file),
    );
  for (const modifier of ts.canHaveModifiers?.(declared)
    ? (ts.getModifiers(declared) ?? [])
    : (declared.modifiers ?? [])) {
    const word = ctx.text(modifier);
    const { kind } = modifier;
    const kinds = ts.SyntaxKind;
    const removable = [
      kinds.ReadonlyKeyword,
      kinds.PrivateKeyword,
      kinds.ProtectedKeyword,
      kinds.StaticKeyword,
      kinds.AbstractKeyword,
    ];
    if (removable.includes(kind))
      yield candidate(
        `drop-${word}`,
        blames(ctx, word) ? 0.7 : prior * 0.2,
        dropWord(modifier, file),
      );
    if (kind === kinds.AsyncKeyword && ctx.message.includes("Promise"))
      yield candidate("drop-async", prior * 0.5, dropWord(modifier, file));
  }
}

function blames(ctx, word) {
  const codes = {
    readonly: [2540, 2542, 4104],
    private: [2341, 2415, 2416, 2420, 2445],
    protected: [2445, 2415, 2420],
    static: [2576],
    abstract: [2511, 2515],
  };
  return codes[word]?.includes(ctx.code);
}

function dropWord(node, file) {
  const after = file.text.slice(node.getEnd()).match(/^\s*/)[0].length;
  return { file: file.fileName, start: node.getStart(file), end: node.getEnd() + after, text: "" };
}
