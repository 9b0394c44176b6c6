// Members of array and object literals: their order, spread elements, one too many or too few.

import { draft } from "../view.mjs";

export function* members(view, node) {
  const { ts } = view;
  if (ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node))
    yield* spreads(view, node);
}

function* spreads(view, node) {
  const { ts } = view;
  const list = [...(node.properties ?? node.elements)];
  for (let at = 0; at + 1 < list.length; at++) {
    const [a, b] = [list[at], list[at + 1]];
    const spread = [a, b].some((one) => ts.isSpreadAssignment(one) || ts.isSpreadElement(one));
    const prior = spread ? 0.35 : ts.isArrayLiteralExpression(node) ? 0.12 : 0;
    if (prior)
      yield draft(
        "swap-members",
        prior,
        view.replace(a, view.text(b)),
        view.replace(b, view.text(a)),
      );
  }
  if (ts.isArrayLiteralExpression(node)) {
    for (const one of list) {
      if (
        ts.isSpreadElement(one) ||
        !/array|^$/.test(view.kind(one)) ||
        ts.isLiteralExpression(one)
      )
        continue;
      yield draft("spread-element", 0.12, view.insert(one.getStart(view.file), "..."));
    }
  }
  if (ts.isObjectLiteralExpression(node) && list.length && list.length < 12) {
    for (const [at, one] of list.entries()) {
      const start = at ? list[at - 1].getEnd() : one.getStart(view.file);
      const end = at || list.length === 1 ? one.getEnd() : list[at + 1].getStart(view.file);
      yield draft("drop-property", 0.04, view.stretch(start, end, ""));
    }
    for (const { name, own } of view.scope(node)) {
      if (own && !list.some((one) => one.name?.getText(view.file) === name))
        yield draft("add-property", 0.03, view.insert(list.at(-1).getEnd(), `, ${name}`));
    }
  }
}
