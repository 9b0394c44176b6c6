// Wrong operators and operands: binary, unary, assignments, and off by one.

import { draft } from "../view.mjs";

const SWAPS = {
  "<": { "<=": 0.5, ">": 0.35, ">=": 0.25 },
  "<=": { "<": 0.5, ">=": 0.3, ">": 0.25 },
  ">": { ">=": 0.5, "<": 0.35, "<=": 0.25 },
  ">=": { ">": 0.5, "<=": 0.3, "<": 0.25 },
  "===": { "!==": 0.45, "==": 0.12, "<=": 0.06, ">=": 0.06, ">": 0.05, "<": 0.05 },
  "!==": { "===": 0.45, "!=": 0.12, ">": 0.06, "<": 0.06 },
  "==": { "===": 0.3, "!=": 0.4 },
  "!=": { "!==": 0.3, "==": 0.4 },
  "&&": { "||": 0.45, "??": 0.03 },
  "||": { "&&": 0.45, "??": 0.25 },
  "??": { "||": 0.25, "&&": 0.1 },
  "+": { "-": 0.4, "*": 0.1, "/": 0.04, "%": 0.03 },
  "-": { "+": 0.4, "/": 0.05, "*": 0.05, "%": 0.03 },
  "*": { "/": 0.3, "+": 0.15, "**": 0.1, "-": 0.04, "%": 0.04 },
  "/": { "*": 0.3, "%": 0.15, "-": 0.05, "+": 0.04 },
  "%": { "/": 0.2, "*": 0.12, "&": 0.04 },
  "**": { "*": 0.3 },
  "&": { "|": 0.3, "&&": 0.12, "^": 0.1, "%": 0.04 },
  "|": { "&": 0.3, "||": 0.12, "^": 0.1 },
  "^": { "&": 0.2, "|": 0.2, "**": 0.12 },
  "<<": { ">>": 0.3, ">>>": 0.15 },
  ">>": { "<<": 0.3, ">>>": 0.3 },
  ">>>": { ">>": 0.3, "<<": 0.25 },
  "+=": { "-=": 0.35, "=": 0.2, "*=": 0.08 },
  "-=": { "+=": 0.35, "=": 0.2, "/=": 0.05 },
  "*=": { "/=": 0.3, "+=": 0.15, "=": 0.1 },
  "/=": { "*=": 0.3, "%=": 0.1, "=": 0.1 },
  "%=": { "/=": 0.2 },
  "&=": { "|=": 0.3, "^=": 0.1 },
  "|=": { "&=": 0.3, "^=": 0.1, "=": 0.1 },
  "^=": { "&=": 0.15, "|=": 0.15 },
  "<<=": { ">>=": 0.3, ">>>=": 0.1 },
  ">>=": { "<<=": 0.3, ">>>=": 0.2 },
  ">>>=": { ">>=": 0.2, "<<=": 0.2 },
  "=": { "+=": 0.15, "-=": 0.04, "|=": 0.04, "??=": 0.05, "||=": 0.05 },
  "??=": { "||=": 0.2, "=": 0.2 },
  "||=": { "??=": 0.2, "=": 0.2 },
  "&&=": { "||=": 0.2, "=": 0.1 },
  in: { instanceof: 0.05 },
};
const SIDED = new Set(["-", "/", "%", "<", ">", "<=", ">=", "+", "**", "<<", ">>"]);
const COMPARING = new Set(["<", ">", "<=", ">=", "===", "!==", "==", "!="]);
const LOGICAL = new Set(["&&", "||", "??"]);

export function* operators(view, node) {
  const { ts } = view;
  if (ts.isBinaryExpression(node)) yield* binary(view, node);
  if (ts.isPrefixUnaryExpression(node)) yield* prefix(view, node);
  if (ts.isPostfixUnaryExpression(node)) yield* postfix(view, node);
  if (offsets(view, node)) yield* byOne(view, node);
}

function* binary(view, node) {
  const { ts } = view;
  const { left, right, operatorToken: token } = node;
  const operator = view.text(token);
  for (const [other, prior] of Object.entries(SWAPS[operator] ?? {})) {
    if (mixes(ts, node, other)) continue;
    yield draft(`operator ${operator} to ${other}`, prior, view.replace(token, other));
  }
  const [first, second] = [view.text(left), view.text(right)];
  const assigns = operator.endsWith("=") && !COMPARING.has(operator);
  if (SIDED.has(operator))
    yield draft(
      "swap-operands",
      operator === "+" ? 0.08 : 0.16,
      view.replace(left, second),
      view.replace(right, first),
    );
  if (assigns) return;
  const drop = LOGICAL.has(operator) ? 0.16 : 0.07;
  if (!COMPARING.has(operator)) {
    yield draft("drop-right-operand", drop, view.stretch(left.getEnd(), right.getEnd(), ""));
    yield draft(
      "drop-left-operand",
      drop,
      view.stretch(left.getStart(view.file), right.getStart(view.file), ""),
    );
  }
  if (/^(\+|-|\*|\/|%|&&|\|\|)$/.test(operator) && ts.isBinaryExpression(left)) {
    const made = `${view.text(left.left)} ${view.text(left.operatorToken)} (${view.text(left.right)} ${operator} ${second})`;
    if (view.text(left.operatorToken) !== operator || operator === "-" || operator === "/")
      yield draft("regroup", 0.12, view.replace(node, made));
  }
  const other = ts.isParenthesizedExpression(right) ? right.expression : undefined;
  if (other && ts.isBinaryExpression(other) && !COMPARING.has(operator))
    yield draft("ungroup", 0.12, view.replace(right, view.text(other)));
  if (
    ts.isParenthesizedExpression(left) &&
    ts.isBinaryExpression(left.expression) &&
    !COMPARING.has(operator)
  )
    yield draft("ungroup", 0.12, view.replace(left, view.text(left.expression)));
  if (/^[!=]==?$/.test(operator) && second === "NaN")
    yield draft(
      "is-nan",
      0.8,
      view.replace(node, `${operator.startsWith("!") ? "!" : ""}Number.isNaN(${first})`),
    );
}

/** `??` beside `&&` or `||` is an error of syntax. */
function mixes(ts, node, other) {
  const beside = [node.parent, node.left, node.right].filter((one) => ts.isBinaryExpression(one));
  const words = beside.map((one) => one.operatorToken.getText());
  if (other === "??") return words.some((word) => word === "&&" || word === "||");
  return (other === "&&" || other === "||") && words.includes("??");
}

function* prefix(view, node) {
  const { ts } = view;
  const inner = view.text(node.operand);
  const { ExclamationToken, MinusToken, PlusPlusToken, MinusMinusToken, TildeToken, PlusToken } =
    ts.SyntaxKind;
  if (node.operator === ExclamationToken) yield draft("drop-not", 0.4, view.replace(node, inner));
  if (node.operator === MinusToken) yield draft("drop-minus", 0.3, view.replace(node, inner));
  if (node.operator === TildeToken || node.operator === PlusToken)
    yield draft("drop-sign", 0.15, view.replace(node, inner));
  if (node.operator === PlusPlusToken || node.operator === MinusMinusToken) {
    const word = node.operator === PlusPlusToken ? "++" : "--";
    yield draft("other-step", 0.3, view.replace(node, `${word === "++" ? "--" : "++"}${inner}`));
    if (!ts.isExpressionStatement(node.parent))
      yield draft("step-after", 0.25, view.replace(node, `${inner}${word}`));
  }
}

function* postfix(view, node) {
  const { ts } = view;
  const inner = view.text(node.operand);
  const word = node.operator === ts.SyntaxKind.PlusPlusToken ? "++" : "--";
  yield draft("other-step", 0.3, view.replace(node, `${inner}${word === "++" ? "--" : "++"}`));
  if (!ts.isExpressionStatement(node.parent) && !ts.isForStatement(node.parent))
    yield draft("step-before", 0.25, view.replace(node, `${word}${inner}`));
}

/** Whether an expression is one that counts: a bound, an index, an argument, what is returned. */
function offsets(view, node) {
  const { ts } = view;
  const { parent } = node;
  if (!parent || ts.isNumericLiteral(node) || ts.isStringLiteralLike(node)) return false;
  const plain =
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isBinaryExpression(node);
  if (!plain) return false;
  if (ts.isElementAccessExpression(parent)) return parent.argumentExpression === node;
  if (ts.isBinaryExpression(parent))
    return (
      /^(<|>|<=|>=|===|!==|=|\+=|-=|%)$/.test(view.text(parent.operatorToken)) &&
      parent.right === node
    );
  if (ts.isCallExpression(parent)) return parent.arguments.includes(node);
  return (
    ts.isReturnStatement(parent) ||
    (ts.isVariableDeclaration(parent) && parent.initializer === node)
  );
}

function* byOne(view, node) {
  const { ts } = view;
  const kind = view.kind(node);
  if (kind && kind !== "number") return;
  const sure = kind === "number" ? 1 : 0.3;
  const text = view.text(node);
  const index = ts.isElementAccessExpression(node.parent) || ts.isBinaryExpression(node.parent);
  const prior = (index ? 0.16 : 0.09) * sure;
  yield draft("one-more", prior, view.replace(node, `${text} + 1`));
  yield draft("one-less", prior, view.replace(node, `${text} - 1`));
}
