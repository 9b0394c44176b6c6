// Which expression does not fit, what was expected of it, and who declares either.

/** {source, target, holder}: the expression, the type that it should have, and the declaration
 * whose annotation asks for it. Anything but `source` may be missing. */
export function mismatch(ctx) {
  const source = sourceOf(ctx);
  if (!source) return undefined;
  const { ts } = ctx;
  const parent = parentOf(ts, source);
  if (ts.isBinaryExpression(parent) && parent.right === source && isAssignment(ts, parent)) {
    return {
      source,
      target: ctx.type(parent.left),
      holders: ctx.declarations(ctx.symbol(parent.left)),
    };
  }
  const target = ctx.checker.getContextualType(source);
  return { source, target, holders: holdersOf(ctx, source, parent) };
}

function sourceOf(ctx) {
  const { ts, node } = ctx;
  const { parent } = node;
  if (ts.isReturnStatement(node)) return node.expression;
  if (
    parent &&
    parent.name === node &&
    (parent.initializer || ts.isShorthandPropertyAssignment(parent))
  ) {
    const value = parent.initializer ?? parent.name;
    return ts.isJsxExpression(value) ? value.expression : value;
  }
  if (parent && ts.isBinaryExpression(parent) && parent.left === node && isAssignment(ts, parent))
    return parent.right;
  if (ts.isComputedPropertyName(node)) return node.expression;
  if (node.initializer && !isExpression(ts, node)) return node.initializer;
  if (ts.isExpressionStatement(node)) return node.expression;
  if (ts.isBinaryExpression(node) && isAssignment(ts, node)) return node.right;
  if (isExpression(ts, node)) return node;
  if (parent && ts.isForOfStatement(parent)) return parent.expression;
  return undefined;
}

export function isExpression(ts, node) {
  const named =
    ts.isIdentifier(node) &&
    node.parent?.name === node &&
    !ts.isShorthandPropertyAssignment(node.parent);
  if (ts.isExpression) return ts.isExpression(node) && !named;
  return node.kind >= ts.SyntaxKind.Identifier;
}

export function isAssignment(ts, node) {
  const { kind } = node.operatorToken;
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function parentOf(ts, node) {
  let { parent } = node;
  while (ts.isParenthesizedExpression(parent)) parent = parent.parent;
  return parent;
}

/** Declarations whose type annotation says what is expected at `source`. */
function holdersOf(ctx, source, parent) {
  const { ts, checker } = ctx;
  if (ts.isReturnStatement(parent) || ts.isArrowFunction(parent))
    return [ctx.functionAround(source)].filter(Boolean);
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    const index = parent.arguments?.indexOf(source) ?? -1;
    return parameters(ctx, parent, index);
  }
  if (
    ts.isPropertyAssignment(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isJsxAttribute(parent)
  ) {
    const name = parent.name.text ?? parent.name.getText?.();
    const whole = ts.isJsxAttribute(parent) ? parent.parent : parent.parent;
    const type = checker.getContextualType(whole);
    const property = type && name !== undefined ? type.getProperty?.(name) : undefined;
    return ctx.declarations(property);
  }
  if (
    ts.isConditionalExpression(parent) ||
    (ts.isBinaryExpression(parent) && !isAssignment(ts, parent))
  ) {
    return holdersOf(ctx, parent, parentOf(ts, parent));
  }
  if (ts.isArrayLiteralExpression(parent) || ts.isObjectLiteralExpression(parent)) {
    return holdersOf(ctx, parent, parentOf(ts, parent));
  }
  return "type" in parent || ts.isVariableDeclaration(parent) ? [parent] : [];
}

/** The declared parameters that receive argument `index` of a call, in all overloads. */
export function parameters(ctx, call, index) {
  const symbol = ctx.checker.getTypeAtLocation(call.expression);
  const kind = ctx.ts.isNewExpression(call)
    ? symbol.getConstructSignatures()
    : symbol.getCallSignatures();
  const found = [];
  for (const signature of kind) {
    const all = signature.getParameters();
    const declared = (all[index] ?? all.at(-1))?.valueDeclaration;
    if (declared && ctx.project.own(declared.getSourceFile().fileName)) found.push(declared);
  }
  return found;
}

/** Declarations that give an expression its type, innermost first. */
export function origins(ctx, source) {
  const { ts } = ctx;
  const found = new Set();
  const visit = (node, depth) => {
    if (depth > 4 || !node) return;
    if (ts.isConditionalExpression(node))
      return [node.whenTrue, node.whenFalse].forEach((one) => visit(one, depth + 1));
    if (ts.isBinaryExpression(node))
      return [node.left, node.right].forEach((one) => visit(one, depth + 1));
    if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node)) return undefined;
    for (const declared of ctx.declarations(ctx.symbol(node))) {
      if (found.has(declared)) continue;
      found.add(declared);
      if (ts.isVariableDeclaration(declared) && !declared.type)
        visit(declared.initializer, depth + 1);
    }
    if (
      ts.isCallExpression(node) ||
      ts.isPropertyAccessExpression(node) ||
      ts.isAwaitExpression(node)
    )
      visit(node.expression, depth + 1);
    return undefined;
  };
  visit(source, 0);
  return [...found];
}
