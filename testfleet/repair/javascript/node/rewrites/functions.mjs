// What the beginning or the end of a function may lack: an early return, a returned value.

import { draft } from "../view.mjs";

export function* functions(view, node) {
  const { ts } = view;
  if (ts.isFunctionLike(node) && node.body && ts.isBlock(node.body)) yield* framed(view, node);
}

function* framed(view, node) {
  const { ts } = view;
  const list = node.body.statements;
  if (!list.length || ts.isConstructorDeclaration(node)) return;
  const [first, last] = [list[0], list.at(-1)];
  const pad = view.indentation(first);
  const answers = view.all(node.body, (one) => ts.isReturnStatement(one) && one.expression);
  const at = first.getStart(view.file);
  const guard = (condition, value, prior) =>
    draft(
      "early-return",
      prior,
      view.insert(
        at,
        `if (${condition}) return${value ? ` ${value}` : ""}${view.semicolon}${view.newline}${pad}`,
      ),
    );
  const known = [...new Set(answers.map((one) => view.text(one.expression)))].filter(
    (one) => one.length < 20 && /^([-\w.]+|\[\]|\{\}|"[^"]*"|'[^']*')$/.test(one),
  );
  const names = (node.parameters ?? [])
    .filter((one) => ts.isIdentifier(one.name))
    .map((one) => [one.name.text, one]);
  for (const [name, declared] of names.slice(0, 4)) {
    const kind = view.kind(declared.name);
    const tests = [
      `!${name}`,
      ...(/array|string/.test(kind) ? [`${name}.length === 0`] : []),
      ...(/number|^$/.test(kind) ? [`${name} === 0`, `${name} < 0`] : []),
      `${name} == null`,
    ];
    const made = new Set([
      ...known,
      ...(answers.length ? [name, "undefined", "null", "[]", "0", '""', "false", "true"] : [""]),
    ]);
    for (const test of tests) for (const value of made) yield guard(test, value, 0.035);
  }
  if (!ts.isReturnStatement(last) && !ts.isThrowStatement(last)) {
    for (const { name, own, declared } of view.scope(last)) {
      if (own && declared.pos >= node.pos)
        yield draft(
          "return-at-end",
          answers.length ? 0.06 : 0.15,
          view.insert(last.getEnd(), `${view.newline}${pad}return ${name}${view.semicolon}`),
        );
    }
    for (const value of ["true", "false", "this", "null"])
      yield draft(
        "return-at-end",
        answers.length ? 0.1 : 0.03,
        view.insert(last.getEnd(), `${view.newline}${pad}return ${value}${view.semicolon}`),
      );
  }
}
