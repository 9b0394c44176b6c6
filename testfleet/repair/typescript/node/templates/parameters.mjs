// Declarations that lack something which is used: a parameter, a type parameter, type arguments.

import {
  missingTypeParameter,
  otherArguments,
  superfluousArguments,
  typeArguments,
} from "./generics.mjs";
import { candidate, tokenAt } from "../context.mjs";

const MAX_OUTWARD = 3;
const MAX_REFERENCES = 30;

export function* parameters(ctx) {
  if (ctx.code === 2304 || ctx.code === 2552 || ctx.code === 18004) yield* missingParameter(ctx);
  if (ctx.code === 2314 || ctx.code === 2707) yield* typeArguments(ctx);
  if (ctx.code === 2315) yield* superfluousArguments(ctx);
  if (ctx.code === 2344) yield* otherArguments(ctx);
}

/** The unknown name was a parameter of a function around. */
function* missingParameter(ctx) {
  const { ts, node } = ctx;
  if (!ts.isIdentifier(node) || ctx.up((one) => ts.isTypeNode(one))) {
    yield* missingTypeParameter(ctx);
    return;
  }
  let around = ctx.functionAround();
  for (let depth = 0; around && depth < MAX_OUTWARD; depth++) {
    for (let index = around.parameters.length; index >= 0; index--) {
      const last = index === around.parameters.length ? 0.1 : 0;
      for (const [type, prior] of typesFor(ctx, around, index))
        yield added(ctx, around, index, type, prior + last - 0.1 * depth);
    }
    around = ctx.functionAround(around.parent);
  }
}

/** Annotations for a parameter at this place: what calls pass there, then what its use tells. */
function* typesFor(ctx, around, index) {
  const { ts, checker } = ctx;
  const contextual = checker.getContextualType?.(around)?.getCallSignatures?.()[0];
  if (contextual?.parameters[index]) yield ["", 0.6];
  const given = argumentsOfCalls(ctx, around, index);
  for (const text of given) yield [text, 0.65];
  const wanted = ts.isExpression?.(ctx.node) ? checker.getContextualType(ctx.node) : undefined;
  if (wanted && !ctx.isAny(wanted)) yield [ctx.print(wanted, around), 0.45];
  const named = typeByName(ctx, ctx.node.text);
  if (named) yield [named, 0.4];
  if (!given.length) for (const text of ["string", "number", "boolean"]) yield [text, 0.15];
}

/** Types of what calls of the function pass at this place. */
function argumentsOfCalls(ctx, around, index) {
  const { ts, project } = ctx;
  const name =
    around.name ?? (ts.isVariableDeclaration(around.parent) ? around.parent.name : undefined);
  if (!name) return [];
  const file = around.getSourceFile().fileName;
  const found = new Set();
  const references = project.service.getReferencesAtPosition(file, name.getStart()) ?? [];
  for (const one of references.slice(0, MAX_REFERENCES)) {
    const source = project.program.getSourceFile(one.fileName);
    let use = source && tokenAt(source, one.textSpan.start);
    while (use && !ts.isCallExpression(use) && !ts.isStatement(use)) use = use.parent;
    const argument = use && ts.isCallExpression(use) ? use.arguments[index] : undefined;
    if (argument)
      found.add(ctx.print(ctx.widened(ctx.checker.getNonNullableType(ctx.type(argument))), around));
  }
  return [...found].filter((text) => text !== "any" && text !== "never").slice(0, 3);
}

/** How other parameters and variables of that name in the project are annotated. */
function typeByName(ctx, name) {
  const { ts } = ctx;
  let found;
  const visit = (node) => {
    if (found) return;
    if (
      (ts.isParameter(node) || ts.isVariableDeclaration(node)) &&
      node.type &&
      ts.isIdentifier(node.name) &&
      node.name.text === name
    )
      found = ctx.text(node.type);
    ts.forEachChild(node, visit);
  };
  visit(ctx.file);
  return found;
}

function added(ctx, around, index, type, prior) {
  const { ts } = ctx;
  const file = around.getSourceFile();
  const text = ctx.node.text + (type && `: ${type}`);
  const all = around.parameters;
  const bare =
    ts.isArrowFunction(around) &&
    all.length === 1 &&
    file.text[all[0].getStart(file) - 1] !== "(" &&
    around.getStart(file) === all[0].getStart(file);
  if (bare) {
    const old = ctx.text(all[0]);
    return candidate(
      "add-parameter",
      prior,
      ctx.replace(all[0], index ? `(${old}, ${text})` : `(${text}, ${old})`),
    );
  }
  if (all[index])
    return candidate(
      "add-parameter",
      prior,
      ctx.insert(all[index].getStart(file), `${text}, `, file),
    );
  if (all.length)
    return candidate("add-parameter", prior, ctx.insert(all.at(-1).getEnd(), `, ${text}`, file));
  return candidate("add-parameter", prior, ctx.insert(all.pos, text, file));
}
