// Arguments: one too many, one too few, in the wrong order; and calls of what cannot be called.

import { candidate, likeness, wrapped } from "../context.mjs";
import { defaultFor } from "../values.mjs";

const COUNT = new Set([2554, 2555, 2575, 2769, 2345, 2556, 2794]);
const NOT_CALLABLE = new Set([2349, 6234, 2348, 2351, 2350, 2721, 2722, 2723, 7009, 2774, 2339]);

export function* calls(ctx) {
  if (COUNT.has(ctx.code) && ctx.call) yield* argumentsOf(ctx, ctx.call);
  if (NOT_CALLABLE.has(ctx.code)) yield* callee(ctx);
}

function* argumentsOf(ctx, call) {
  const { checker } = ctx;
  const args = [...(call.arguments ?? [])];
  const type = checker.getTypeAtLocation(call.expression);
  const signatures = ctx.ts.isNewExpression(call)
    ? type.getConstructSignatures()
    : type.getCallSignatures();
  const most = Math.max(0, ...signatures.map((one) => one.parameters.length));
  for (const [index, one] of args.entries()) {
    const prior = args.length > most ? 0.4 + (index === args.length - 1 ? 0.45 : 0) : 0.12;
    yield candidate("drop-argument", prior, ctx.removeFromList(one, call.arguments));
    for (let other = index + 1; other < args.length; other++) {
      const edits = [
        ctx.replace(one, ctx.text(args[other])),
        ctx.replace(args[other], ctx.text(one)),
      ];
      yield candidate("swap-arguments", swapPrior(args, signatures[0], index, other), edits);
    }
  }
  if (ctx.ts.isCallExpression(call) && type.getConstructSignatures().length)
    yield candidate("add-new", 0.6, ctx.insert(call.getStart(), "new "));
  for (const signature of signatures.slice(0, 4)) yield* missing(ctx, call, args, signature);
  yield* declaration(ctx, args, signatures);
}

/** Arguments whose names are those of each other's parameters were swapped. */
function swapPrior(args, signature, index, other) {
  const named = (at) => signature?.parameters[at]?.name ?? "";
  const like = (at, of) => {
    const said = args[at].getText().split(".").at(-1);
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(said) ? likeness(said, named(of)) : 0.2;
  };
  const now = like(index, index) + like(other, other);
  const then = like(other, index) + like(index, other);
  const near = other === index + 1 ? 0 : -0.15;
  return near + (then > now + 0.2 ? 0.8 : then < now - 0.2 ? 0.3 : 0.55);
}

/** An argument is put in where one is missing: a variable in scope first, a plain value last. */
function* missing(ctx, call, args, signature) {
  const { checker } = ctx;
  if (args.length >= signature.parameters.length) return;
  for (let index = 0; index <= args.length; index++) {
    const parameter = signature.parameters[index];
    if (!parameter) break;
    const type = checker.getTypeOfSymbolAtLocation(parameter, call);
    const last = index === args.length ? 0.1 : 0;
    const open = ctx.isAny(type);
    for (const one of ctx.scope(call)) {
      if (!open && (ctx.isAny(one.type) || !ctx.fits(one.type, type))) continue;
      const alike = likeness(one.name, parameter.name);
      const near = ctx.functionAround(call) === ctx.functionAround(one.declared) ? 0.1 : 0;
      yield added(
        ctx,
        call,
        args,
        index,
        one.name,
        (open ? 0.05 : 0.15) + last + near / 2 + 0.45 * alike ** 1.5,
      );
    }
    yield* members(ctx, call, args, index, parameter, type);
    for (const value of defaultFor(ctx, type))
      yield added(ctx, call, args, index, value, 0.12 + last, "add-default-argument");
  }
}

/** `this.x` and `options.x` that are named as the parameter. */
function* members(ctx, call, args, index, parameter, type) {
  const { ts, checker } = ctx;
  const owner = ctx.up((one) => ts.isClassLike(one), call);
  const holders = ctx
    .scope(call)
    .filter((one) => one.type.getProperty?.(parameter.name))
    .map((one) => [one.name, one.type]);
  if (owner?.symbol) holders.push(["this", checker.getDeclaredTypeOfSymbol(owner.symbol)]);
  for (const [name, holder] of holders) {
    const property = holder.getProperty?.(parameter.name);
    if (!property || !ctx.fits(checker.getTypeOfSymbolAtLocation(property, call), type)) continue;
    yield added(ctx, call, args, index, `${name}.${parameter.name}`, 0.5);
  }
}

function added(ctx, call, args, index, text, prior, template = "add-argument") {
  const edit = args[index]
    ? ctx.insert(args[index].getStart(), `${text}, `)
    : ctx.insert(
        args.length ? args.at(-1).getEnd() : openEnd(call),
        args.length ? `, ${text}` : text,
      );
  return candidate(template, Math.min(prior, 0.9), edit);
}

function openEnd(call) {
  return call.arguments ? call.arguments.pos : call.getEnd();
}

/** The declared parameters are wrong: one is optional, superfluous, or missing. */
function* declaration(ctx, args, signatures) {
  for (const signature of signatures) {
    const declared = signature.declaration;
    if (!declared || !ctx.project.own(declared.getSourceFile().fileName)) continue;
    for (const [index, parameter] of [...declared.parameters].entries()) {
      if (
        index >= args.length &&
        !parameter.questionToken &&
        !parameter.initializer &&
        !parameter.dotDotDotToken
      ) {
        if (!parameter.type) continue;
        yield candidate(
          "optional-parameter",
          0.3,
          ctx.insert(parameter.name.getEnd(), "?", declared.getSourceFile()),
        );
        if (index === args.length)
          yield candidate(
            "drop-parameter",
            0.2,
            ctx.removeFromList(parameter, declared.parameters),
          );
      }
    }
    if (args.length > declared.parameters.length) yield* moreParameters(ctx, args, declared);
    if (args.length === declared.parameters.length && args.length > 1)
      yield* swapped(ctx, declared);
  }
}

function* moreParameters(ctx, args, declared) {
  const names = new Set(declared.parameters.map((one) => ctx.text(one.name)));
  for (const [index, one] of args.entries()) {
    const name = ctx.ts.isIdentifier(one)
      ? one.text
      : ctx.ts.isPropertyAccessExpression(one)
        ? one.name.text
        : `argument${index + 1}`;
    if (names.has(name)) continue;
    const text = `${name}: ${ctx.print(ctx.widened(ctx.type(one)), declared)}`;
    const before = declared.parameters[index];
    const file = declared.getSourceFile();
    if (before)
      yield candidate("add-parameter", 0.3, ctx.insert(before.getStart(file), `${text}, `, file));
    else if (declared.parameters.length)
      yield candidate(
        "add-parameter",
        0.35,
        ctx.insert(declared.parameters.at(-1).getEnd(), `, ${text}`, file),
      );
    else yield candidate("add-parameter", 0.3, ctx.insert(declared.parameters.pos, text, file));
  }
}

function* swapped(ctx, declared) {
  const all = declared.parameters;
  for (let index = 0; index + 1 < all.length; index++) {
    const pair = [
      ctx.replace(all[index], ctx.text(all[index + 1])),
      ctx.replace(all[index + 1], ctx.text(all[index])),
    ];
    yield candidate("swap-parameters", 0.15, pair);
  }
}

function* callee(ctx) {
  const { ts, node } = ctx;
  const call = ctx.call;
  if (!call) return;
  const inner = wrapped(ts, call.expression, ctx.text(call.expression));
  if (ts.isNewExpression(call))
    yield candidate("drop-new", 0.5, ctx.replace(call, ctx.text(call).replace(/^new\s+/, "")));
  else {
    yield candidate("add-new", 0.4, ctx.insert(call.getStart(), "new "));
    yield candidate("optional-call", 0.5, ctx.insert(call.expression.getEnd(), "?."));
    if (!call.arguments.length)
      yield candidate("do-not-call", 0.6, ctx.replace(call, ctx.text(call.expression)));
    for (const property of ctx.checker
      .getPropertiesOfType(ctx.type(call.expression))
      .slice(0, 80)) {
      const type = ctx.checker.getTypeOfSymbolAtLocation(property, node);
      if (type.getCallSignatures().length && ctx.declarations(property).length) {
        yield candidate(
          "call-member",
          0.25,
          ctx.replace(call.expression, `${inner}.${property.name}`),
        );
      }
    }
  }
  if (ctx.code === 2774) yield candidate("call-it", 0.6, ctx.insert(node.getEnd(), "()"));
  if (ctx.code === 2339 && ts.isPropertyAccessExpression(node.parent)) {
    const object = node.parent.expression;
    if (ctx.type(object).getCallSignatures().length)
      yield candidate("call-it", 0.75, ctx.insert(object.getEnd(), "()"));
  }
}
