// What functions return, and whether they wait.

import { candidate } from "../context.mjs";
import { defaultFor } from "../values.mjs";

const NO_VALUE = new Set([2355, 2366, 7030, 2378]);
const MAY_RETURN_NOTHING = /\bvoid\b|'undefined'|Promise<undefined>/;
const ASYNC = new Set([1308, 1103, 2705, 1064, 2304, 1378, 2529, 2311]);

export function* functions(ctx) {
  const around = ctx.functionAround();
  const named = ctx.ts.isFunctionLike(ctx.node.parent ?? ctx.node) ? ctx.node.parent : undefined;
  const node = ctx.up((one) => ctx.ts.isFunctionLike(one)) ?? named ?? around;
  if (ASYNC.has(ctx.code)) yield* asynchronous(ctx, around ?? node);
  if (NO_VALUE.has(ctx.code) || MAY_RETURN_NOTHING.test(ctx.message)) {
    const called = ctx.symbol(ctx.node)?.valueDeclaration;
    const near = NO_VALUE.has(ctx.code)
      ? [node]
      : [...argumentsThatAreFunctions(ctx), ...withBody(ctx, called)];
    for (const one of new Set(near)) if (one) yield* returning(ctx, one);
  }
  if (ctx.code === 2801) yield* awaited(ctx);
}

/** The function that gives a value that is nothing, when it is the project's own. */
function withBody(ctx, declared) {
  if (!declared || !ctx.project.own(declared.getSourceFile().fileName)) return [];
  const made = ctx.ts.isVariableDeclaration(declared) ? declared.initializer : declared;
  return made?.body ? [made] : [];
}

function argumentsThatAreFunctions(ctx) {
  const { ts } = ctx;
  return (ctx.call?.arguments ?? []).filter(
    (one) => ts.isArrowFunction(one) || ts.isFunctionExpression(one),
  );
}

function* asynchronous(ctx, node) {
  const { ts } = ctx;
  if (!node) return;
  const isAsync = node.modifiers?.some((one) => one.kind === ts.SyntaxKind.AsyncKeyword);
  if (!isAsync) {
    const head =
      node.name && ts.isMethodDeclaration(node) ? (node.asteriskToken ?? node.name) : undefined;
    const keyword = node.getChildren().find((one) => one.kind === ts.SyntaxKind.FunctionKeyword);
    const start = (head ?? keyword ?? node).getStart();
    const edits = [ctx.insert(start, "async ")];
    yield candidate("add-async", 0.8, edits);
    if (node.type && !/^Promise\b/.test(ctx.text(node.type))) {
      yield candidate("add-async", 0.7, [
        ...edits,
        ctx.replace(node.type, `Promise<${ctx.text(node.type)}>`),
      ]);
    }
  }
  const awaiting = ctx.up((one) => ts.isAwaitExpression(one));
  if (awaiting)
    yield candidate("drop-await", 0.3, ctx.replace(awaiting, ctx.text(awaiting.expression)));
  if (node.type)
    yield candidate(
      "promise-annotation",
      0.5,
      ctx.replace(node.type, `Promise<${ctx.text(node.type)}>`),
    );
}

function* awaited(ctx) {
  yield candidate("await", 0.8, ctx.insert(ctx.node.getStart(), "await "));
}

function* returning(ctx, node) {
  const { ts, checker } = ctx;
  const { body } = node;
  if (!body) return;
  if (!ts.isBlock(body)) return;
  const last = body.statements.at(-1);
  const wanted = node.type
    ? ctx.type(node.type)
    : checker.getContextualType?.(node)?.getCallSignatures?.()[0]?.getReturnType();
  yield* expressionsReturned(ctx, body, last);
  yield* switchCases(ctx, body);
  const line = (text) => closing(ctx, body, last, text);
  for (const one of inside(ctx, node)) {
    if (wanted && (ctx.isAny(one.type) || !ctx.fits(one.type, wanted))) continue;
    yield candidate("add-return", one.local ? 0.5 : 0.25, line(`return ${one.name};`));
  }
  yield candidate("add-return", 0.2, line("return this;"));
  const inner = wanted && checker.getAwaitedType?.(wanted);
  for (const value of defaultFor(ctx, inner ?? wanted))
    yield candidate("add-return-default", 0.15, line(`return ${value};`));
  yield candidate("add-throw", 0.1, line('throw new Error("unreachable");'));
  if (node.type && ctx.code !== 2322) {
    yield candidate("void-annotation", 0.25, ctx.replace(node.type, "void"));
    yield candidate(
      "widen-annotation",
      0.2,
      ctx.replace(node.type, `${ctx.text(node.type)} | undefined`),
    );
  }
}

/** Variables of the function: its own results come before its parameters. */
function inside(ctx, node) {
  const last = node.body.statements.at(-1) ?? node.body;
  return ctx.scope(last).map((one) => ({
    ...one,
    local: ctx.functionAround(one.declared) === node && !ctx.ts.isParameter(one.declared),
  }));
}

/** `x;` or `f(x);` at an end of the body was to be returned. */
function* expressionsReturned(ctx, body, last) {
  const { ts } = ctx;
  const ends = [last];
  const visit = (node) => {
    if (!node) return;
    if (ts.isIfStatement(node)) {
      visit(node.thenStatement);
      visit(node.elseStatement);
    } else if (ts.isBlock(node)) visit(node.statements.at(-1));
    else if (ts.isTryStatement(node)) {
      visit(node.tryBlock);
      if (node.catchClause) visit(node.catchClause.block);
    } else if (ts.isSwitchStatement(node))
      for (const one of node.caseBlock.clauses) visit(one.statements.at(-1));
    else ends.push(node);
  };
  for (const one of body.statements) visit(one);
  for (const one of new Set(ends)) {
    if (!one) continue;
    if (ts.isExpressionStatement(one))
      yield candidate(
        "return-expression",
        one === last ? 0.8 : 0.6,
        ctx.insert(one.getStart(), "return ", one.getSourceFile()),
      );
    if (ts.isReturnStatement(one) && !one.expression) {
      for (const variable of ctx.scope(one).slice(0, 15))
        yield candidate("return-variable", 0.3, ctx.replace(one, `return ${variable.name};`));
    }
  }
}

/** The members of a union that a switch forgets. */
function* switchCases(ctx, body) {
  const { ts } = ctx;
  const visit = function* (node) {
    if (ts.isSwitchStatement(node)) {
      const all = ctx.type(node.expression).types ?? [];
      const cases = node.caseBlock.clauses.filter((one) => ts.isCaseClause(one));
      const had = cases.map((one) => ctx.type(one.expression));
      const lacking = all.filter(
        (one) => one.isLiteral?.() && !had.some((type) => type === one || ctx.fits(one, type)),
      );
      const sample = cases.at(-1);
      if (sample && lacking.length && lacking.length <= 3) {
        const indent = ctx.indentation(sample);
        const labels = lacking
          .map((one) => `${ctx.newline}${indent}case ${ctx.print(one, node)}:`)
          .join("");
        yield candidate(
          "add-case",
          0.3,
          ctx.insert(sample.expression.getEnd() + 1, labels, sample.getSourceFile()),
        );
      }
    }
    const children = [];
    ts.forEachChild(node, (child) => {
      if (!ts.isFunctionLike(child)) children.push(child);
    });
    for (const child of children) yield* visit(child);
  };
  yield* visit(body);
}

function closing(ctx, body, last, text) {
  const file = body.getSourceFile();
  const indent = last ? ctx.indentation(last) : ctx.indentation(body) + ctx.unit;
  if (last) return ctx.insert(last.getEnd(), `${ctx.newline}${indent}${text}`, file);
  return ctx.insert(
    body.getEnd() - 1,
    `${ctx.newline}${indent}${text}${ctx.newline}${ctx.indentation(body)}`,
    file,
  );
}
