// Type parameters and type arguments.

import { candidate, likeness } from "../context.mjs";

export function* missingTypeParameter(ctx) {
  const { ts, node } = ctx;
  const owner = ctx.up(
    (one) =>
      "typeParameters" in one &&
      one.name &&
      (ts.isFunctionLike(one) ||
        ts.isClassLike(one) ||
        ts.isInterfaceDeclaration(one) ||
        ts.isTypeAliasDeclaration(one)),
  );
  if (!owner || !ts.isIdentifier(node)) return;
  const name = ctx.text(node);
  const all = owner.typeParameters;
  if (all?.length)
    yield candidate("add-type-parameter", 0.4, ctx.insert(all.at(-1).getEnd(), `, ${name}`));
  else
    yield candidate(
      "add-type-parameter",
      /^T?[A-Z]?$|^T[A-Z]/.test(name) ? 0.6 : 0.2,
      ctx.insert(owner.name.getEnd(), `<${name}>`),
    );
}

/** Arguments that the same generic type has elsewhere, then type parameters and types in scope. */
export function* typeArguments(ctx) {
  const { ts, checker } = ctx;
  const reference = ctx.up(
    (one) => ts.isTypeReferenceNode(one) || ts.isExpressionWithTypeArguments(one),
  );
  if (!reference) return;
  const name = reference.typeName ?? reference.expression;
  const old = ctx.text(name);
  const seen = new Map();
  for (const file of [ctx.file, ...ctx.project.ownFiles()]) collect(ctx, file, old, seen);
  const near = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [text, count] of near)
    yield candidate(
      "type-arguments",
      Math.min(0.65, 0.35 + 0.05 * count),
      ctx.replace(reference, `${old}${text}`),
    );
  const wanted = Number(ctx.message.match(/requires (?:between )?(\d+)/)?.[1] ?? 1);
  const scope = checker
    .getSymbolsInScope(reference, ts.SymbolFlags.TypeParameter)
    .map((one) => one.name);
  const usual = ["unknown", "string", "number", "boolean"];
  const pool = [...scope, ...usual];
  if (wanted === 1) {
    for (const one of pool)
      yield candidate(
        "type-arguments",
        scope.includes(one) ? 0.5 : 0.2,
        ctx.replace(reference, `${old}<${one}>`),
      );
    yield candidate(
      "type-arguments",
      0.02,
      ctx.replace(reference, `${old}<any>`),
      "the type `any` switches the compiler's checks off",
    );
  }
  if (wanted === 2) {
    for (const first of ["string", ...scope, "number"]) {
      for (const second of pool)
        yield candidate(
          "type-arguments",
          scope.includes(second) ? 0.3 : 0.15,
          ctx.replace(reference, `${old}<${first}, ${second}>`),
        );
    }
  }
  yield* sameOrder(ctx, reference, old, scope, wanted);
}

function* sameOrder(ctx, reference, old, scope, wanted) {
  if (scope.length >= wanted && wanted > 1)
    yield candidate(
      "type-arguments",
      0.4,
      ctx.replace(reference, `${old}<${scope.slice(0, wanted).join(", ")}>`),
    );
}

function collect(ctx, file, old, seen) {
  const { ts } = ctx;
  const weight = file === ctx.file ? 2 : 1;
  const visit = (node) => {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    if (name && node.typeArguments?.length && name.getText(file) === old) {
      const text = `<${node.typeArguments.map((one) => one.getText(file)).join(", ")}>`;
      seen.set(text, (seen.get(text) ?? 0) + weight);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
}

export function* superfluousArguments(ctx) {
  const { ts } = ctx;
  const reference = ctx.up((one) => ts.isTypeReferenceNode(one));
  if (reference)
    yield candidate(
      "drop-type-arguments",
      0.6,
      ctx.replace(reference, ctx.text(reference.typeName)),
    );
}

/** A type argument that breaks its constraint: another type of the file. */
export function* otherArguments(ctx) {
  const { ts, checker } = ctx;
  const argument = ctx.up((one) => ts.isTypeNode(one));
  if (!argument) return;
  const old = ctx.text(argument);
  const names = checker
    .getSymbolsInScope(argument, ts.SymbolFlags.Type)
    .filter((one) => one.declarations?.some((d) => ctx.project.own(d.getSourceFile().fileName)));
  for (const one of names.slice(0, 200)) {
    const alike = likeness(one.name, old);
    if (one.name !== old && alike > 0.2)
      yield candidate("other-type", 0.2 + 0.5 * alike, ctx.replace(argument, one.name));
  }
  const parameter = checker
    .getTypeAtLocation(argument)
    .symbol?.declarations?.find((one) => ts.isTypeParameterDeclaration(one));
  const wanted = ctx.message.match(/constraint '([^']+)'/)?.[1];
  if (parameter && wanted && !parameter.constraint)
    yield candidate(
      "add-constraint",
      0.6,
      ctx.insert(parameter.name.getEnd(), ` extends ${wanted}`, parameter.getSourceFile()),
    );
  if (parameter?.constraint && wanted)
    yield candidate("change-constraint", 0.4, ctx.replace(parameter.constraint, wanted));
  if (wanted)
    yield candidate("intersect-argument", 0.3, ctx.replace(argument, `${old} & ${wanted}`));
}
