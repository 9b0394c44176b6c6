// A plain value of a type, for what was left out.

/** Source texts of values that fit the type, the most natural first. */
export function* defaultFor(ctx, type, depth = 0) {
  const { ts, checker } = ctx;
  const { TypeFlags: flags } = ts;
  if (!type || depth > 2) return;
  if (type.types && type.flags & flags.Union) {
    const parts = [...type.types].sort((a, b) => rank(flags, a) - rank(flags, b));
    for (const part of parts.slice(0, 6)) yield* defaultFor(ctx, part, depth + 1);
    return;
  }
  if (type.isStringLiteral?.()) yield JSON.stringify(type.value);
  else if (type.isNumberLiteral?.()) yield String(type.value);
  else if (type.flags & flags.BooleanLiteral) yield type.intrinsicName ?? "false";
  else if (type.flags & flags.StringLike) yield '""';
  else if (type.flags & flags.NumberLike) yield "0";
  else if (type.flags & flags.BooleanLike) yield "false";
  else if (type.flags & flags.BigIntLike) yield "0n";
  else if (type.flags & (flags.Undefined | flags.Void)) yield "undefined";
  else if (type.flags & flags.Null) yield "null";
  else if (checker.isArrayType?.(type)) yield "[]";
  else if (type.getCallSignatures?.().length) yield "() => {}";
  else if (
    type.symbol?.name === "Map" ||
    type.symbol?.name === "Set" ||
    type.symbol?.name === "Date"
  )
    yield `new ${type.symbol.name}()`;
  else if (type.flags & flags.Object) yield* objectOf(ctx, type, depth);
}

function rank(flags, type) {
  if (type.flags & (flags.Undefined | flags.Null)) return 1;
  return 0;
}

function* objectOf(ctx, type, depth) {
  const needed = ctx.checker
    .getPropertiesOfType(type)
    .filter((one) => !(one.flags & ctx.ts.SymbolFlags.Optional));
  if (!needed.length) yield "{}";
  if (!needed.length || needed.length > 6) return;
  const parts = [];
  for (const one of needed) {
    const [value] = defaultFor(
      ctx,
      ctx.checker.getTypeOfSymbolAtLocation(one, ctx.node),
      depth + 1,
    );
    if (value === undefined) return;
    parts.push(`${one.name}: ${value}`);
  }
  yield `{ ${parts.join(", ")} }`;
}
