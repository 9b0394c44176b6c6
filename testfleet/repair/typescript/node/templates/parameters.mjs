// Declarations that lack something which is used: a parameter, a type parameter, type arguments.

import { candidate, likeness } from "../context.mjs";

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
      for (const [type, prior] of typesFor(ctx, around, index)) yield added(ctx, around, index, type, prior + last - 0.1 * depth);
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
  const name = around.name ?? (ts.isVariableDeclaration(around.parent) ? around.parent.name : undefined);
  if (!name) return [];
  const file = around.getSourceFile().fileName;
  const found = new Set();
  const references = project.service.getReferencesAtPosition(file, name.getStart()) ?? [];
  for (const one of references.slice(0, MAX_REFERENCES)) {
    const source = project.program.getSourceFile(one.fileName);
    let use = source && tokenAt(source, one.textSpan.start);
    while (use && !ts.isCallExpression(use) && !ts.isStatement(use)) use = use.parent;
    const argument = use && ts.isCallExpression(use) ? use.arguments[index] : undefined;
    if (argument) found.add(ctx.print(ctx.widened(ctx.checker.getNonNullableType(ctx.type(argument))), around));
  }
  return [...found].filter((text) => text !== "any" && text !== "never").slice(0, 3);
}

function tokenAt(file, position) {
  let found = file;
  for (;;) {
    const next = found.getChildren(file).find((child) => child.getStart(file) <= position && position < child.getEnd());
    if (!next) return found;
    found = next;
  }
}

/** How other parameters and variables of that name in the project are annotated. */
function typeByName(ctx, name) {
  const { ts } = ctx;
  let found;
  const visit = (node) => {
    if (found) return;
    if ((ts.isParameter(node) || ts.isVariableDeclaration(node)) && node.type && ts.isIdentifier(node.name) && node.name.text === name) found = ctx.text(node.type);
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
  const bare = ts.isArrowFunction(around) && all.length === 1 && file.text[all[0].getStart(file) - 1] !== "(" && around.getStart(file) === all[0].getStart(file);
  if (bare) {
    const old = ctx.text(all[0]);
    return candidate("add-parameter", prior, ctx.replace(all[0], index ? `(${old}, ${text})` : `(${text}, ${old})`));
  }
  if (all[index]) return candidate("add-parameter", prior, ctx.insert(all[index].getStart(file), `${text}, `, file));
  if (all.length) return candidate("add-parameter", prior, ctx.insert(all.at(-1).getEnd(), `, ${text}`, file));
  return candidate("add-parameter", prior, ctx.insert(all.pos, text, file));
}

function* missingTypeParameter(ctx) {
  const { ts, node } = ctx;
  const owner = ctx.up((one) => "typeParameters" in one && one.name && (ts.isFunctionLike(one) || ts.isClassLike(one) || ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one)));
  if (!owner || !ts.isIdentifier(node)) return;
  const name = ctx.text(node);
  const all = owner.typeParameters;
  if (all?.length) yield candidate("add-type-parameter", 0.4, ctx.insert(all.at(-1).getEnd(), `, ${name}`));
  else yield candidate("add-type-parameter", /^T?[A-Z]?$|^T[A-Z]/.test(name) ? 0.6 : 0.2, ctx.insert(owner.name.getEnd(), `<${name}>`));
}

/** Arguments that the same generic type has elsewhere, then type parameters and types in scope. */
function* typeArguments(ctx) {
  const { ts, checker } = ctx;
  const reference = ctx.up((one) => ts.isTypeReferenceNode(one) || ts.isExpressionWithTypeArguments(one));
  if (!reference) return;
  const name = reference.typeName ?? reference.expression;
  const old = ctx.text(name);
  const seen = new Map();
  for (const file of [ctx.file, ...ctx.project.ownFiles()]) collect(ctx, file, old, seen);
  const near = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [text, count] of near) yield candidate("type-arguments", Math.min(0.65, 0.35 + 0.05 * count), ctx.replace(reference, `${old}${text}`));
  const wanted = Number(ctx.message.match(/requires (?:between )?(\d+)/)?.[1] ?? 1);
  const scope = checker.getSymbolsInScope(reference, ts.SymbolFlags.TypeParameter).map((one) => one.name);
  const usual = ["unknown", "string", "number", "boolean"];
  const pool = [...scope, ...usual];
  if (wanted === 1) {
    for (const one of pool) yield candidate("type-arguments", scope.includes(one) ? 0.5 : 0.2, ctx.replace(reference, `${old}<${one}>`));
    yield candidate("type-arguments", 0.02, ctx.replace(reference, `${old}<any>`), "the type `any` switches the compiler's checks off");
  }
  if (wanted === 2) {
    for (const first of ["string", ...scope, "number"]) {
      for (const second of pool) yield candidate("type-arguments", scope.includes(second) ? 0.3 : 0.15, ctx.replace(reference, `${old}<${first}, ${second}>`));
    }
  }
  yield* sameOrder(ctx, reference, old, scope, wanted);
}

function* sameOrder(ctx, reference, old, scope, wanted) {
  if (scope.length >= wanted && wanted > 1) yield candidate("type-arguments", 0.4, ctx.replace(reference, `${old}<${scope.slice(0, wanted).join(", ")}>`));
}

function collect(ctx, file, old, seen) {
  const { ts } = ctx;
  const weight = file === ctx.file ? 2 : 1;
  const visit = (node) => {
    const name = ts.isTypeReferenceNode(node) ? node.typeName : ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
    if (name && node.typeArguments?.length && name.getText(file) === old) {
      const text = `<${node.typeArguments.map((one) => one.getText(file)).join(", ")}>`;
      seen.set(text, (seen.get(text) ?? 0) + weight);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
}

function* superfluousArguments(ctx) {
  const { ts } = ctx;
  const reference = ctx.up((one) => ts.isTypeReferenceNode(one));
  if (reference) yield candidate("drop-type-arguments", 0.6, ctx.replace(reference, ctx.text(reference.typeName)));
}

/** A type argument that breaks its constraint: another type of the file. */
function* otherArguments(ctx) {
  const { ts, checker } = ctx;
  const argument = ctx.up((one) => ts.isTypeNode(one));
  if (!argument) return;
  const old = ctx.text(argument);
  const names = checker.getSymbolsInScope(argument, ts.SymbolFlags.Type).filter((one) => one.declarations?.some((d) => ctx.project.own(d.getSourceFile().fileName)));
  for (const one of names.slice(0, 200)) {
    const alike = likeness(one.name, old);
    if (one.name !== old && alike > 0.2) yield candidate("other-type", 0.2 + 0.5 * alike, ctx.replace(argument, one.name));
  }
  const parameter = checker.getTypeAtLocation(argument).symbol?.declarations?.find((one) => ts.isTypeParameterDeclaration(one));
  const wanted = ctx.message.match(/constraint '([^']+)'/)?.[1];
  if (parameter && wanted && !parameter.constraint) yield candidate("add-constraint", 0.6, ctx.insert(parameter.name.getEnd(), ` extends ${wanted}`, parameter.getSourceFile()));
  if (parameter?.constraint && wanted) yield candidate("change-constraint", 0.4, ctx.replace(parameter.constraint, wanted));
  if (wanted) yield candidate("intersect-argument", 0.3, ctx.replace(argument, `${old} & ${wanted}`));
}
