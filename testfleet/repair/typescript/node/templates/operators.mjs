// Operators and conditions that make no sense for their operands, and code that is one too many.

import { candidate, wrapped } from "../context.mjs";

const COMPARED = new Set([
  2367, 2365, 2362, 2363, 2447, 2872, 2873, 2869, 2881, 5076, 2774, 1345, 2801, 2839, 2845,
]);
const UNUSED = new Set([
  6133, 6196, 6198, 6192, 6138, 6205, 2578, 7027, 2300, 2451, 2440, 2657, 2393, 1117, 2678,
]);
const NOT_EXPORTED = new Set([4025, 4031, 4058, 4060, 2742, 4023]);

export function* operators(ctx) {
  if (COMPARED.has(ctx.code)) yield* comparison(ctx);
  if (UNUSED.has(ctx.code)) yield* unused(ctx);
  if (NOT_EXPORTED.has(ctx.code)) return;
  yield* assertionOnOperand(ctx);
}

const SAME_RANK = [
  ["===", "!=="],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["&&", "||", "??"],
  ["+", "-", "*", "/"],
  ["&", "&&"],
  ["|", "||"],
];

function* comparison(ctx) {
  const { ts } = ctx;
  const operation = ctx.up((one) => ts.isBinaryExpression(one));
  if (!operation) return;
  const word = ctx.text(operation.operatorToken);
  for (const group of SAME_RANK) {
    if (!group.includes(word)) continue;
    for (const other of group)
      if (other !== word)
        yield candidate("other-operator", 0.25, ctx.replace(operation.operatorToken, other));
  }
  const [left, right] = [operation.left, operation.right].map((one) => ctx.text(one));
  if (ctx.code === 5076) {
    for (const part of [operation.left, operation.right])
      if (ts.isBinaryExpression(part))
        yield candidate("parenthesise", 0.7, ctx.replace(part, `(${ctx.text(part)})`));
    const outer = operation.parent;
    if (ts.isBinaryExpression(outer))
      yield candidate("parenthesise", 0.6, ctx.replace(operation, `(${ctx.text(operation)})`));
  }
  if (ctx.code === 2872 || ctx.code === 2869 || ctx.code === 2881) {
    yield candidate("drop-operand", 0.5, ctx.replace(operation, left));
    yield candidate("drop-operand", 0.4, ctx.replace(operation, right));
  }
  // `!a === b` and `!a in b` compare what is negated.
  if (ts.isPrefixUnaryExpression(operation.left))
    yield candidate(
      "negate-comparison",
      0.5,
      ctx.replace(operation, `!(${ctx.text(operation.left.operand)} ${word} ${right})`),
    );
}

function* unused(ctx) {
  const { ts } = ctx;
  const specifier = ctx.up((one) => ts.isImportSpecifier(one) || ts.isBindingElement(one));
  if (specifier && specifier.parent.elements?.length > 1)
    yield candidate("drop-unused", 0.6, ctx.removeFromList(specifier, specifier.parent.elements));
  const parameter = ctx.up((one) => ts.isParameter(one));
  if (parameter && ts.isIdentifier(parameter.name))
    yield candidate("mark-unused", 0.4, ctx.insert(parameter.name.getStart(), "_"));
  const statement =
    ctx.up((one) => ts.isStatement(one) && !ts.isBlock(one)) ??
    ctx.up((one) => ts.isClassElement(one));
  if (statement) {
    const text = ctx.file.text.slice(statement.getFullStart(), statement.getEnd());
    yield candidate("drop-statement", 0.5, {
      file: ctx.file.fileName,
      start: statement.getFullStart(),
      end: statement.getEnd(),
      text: text.startsWith("\n") ? "" : "",
    });
  }
  if (ctx.code === 2578) {
    const line = ctx.file.text.slice(ctx.start).match(/^[^\n]*\n?/)[0];
    yield candidate("drop-directive", 0.7, {
      file: ctx.file.fileName,
      start: ctx.start,
      end: ctx.start + line.length,
      text: "",
    });
  }
}

/** Last resort where nothing else fits: the compiler is told to believe it. */
function* assertionOnOperand(ctx) {
  const { ts, node } = ctx;
  if (![2339, 2551, 7053, 2345, 2322, 18046, 2571, 2352].includes(ctx.code)) return;
  const access =
    node.parent && ts.isPropertyAccessExpression(node.parent) && node.parent.name === node
      ? node.parent
      : undefined;
  const spot =
    access?.expression ??
    (ts.isExpression?.(node) && !(node.parent?.name === node) ? node : undefined);
  if (!spot || !ts.isIdentifier(spot)) return;
  yield candidate(
    "as-any",
    0.01,
    ctx.replace(spot, `(${wrapped(ts, spot, ctx.text(spot))} as any)`),
    "`as any` switches the compiler's checks off",
  );
}
