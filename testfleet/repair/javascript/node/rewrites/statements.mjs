// Statements that are missing, superfluous, in the wrong place, or that leave too early or too late.

import { draft } from "../view.mjs";

const LEAVING = { break: ["continue", "return"], continue: ["break", "return"] };

export function* statements(view, node) {
  const { ts } = view;
  if (isListed(ts, node)) {
    yield* moved(view, node);
    yield* leaving(view, node);
    yield* copied(view, node);
  }
  if (ts.isReturnStatement(node) && node.expression) yield* returned(view, node);
  if (ts.isExpressionStatement(node)) yield* unanswered(view, node);
  if (ts.isCaseOrDefaultClause(node)) yield* fallsThrough(view, node);
  if (ts.isForInStatement(node) || ts.isForOfStatement(node)) {
    const word = ts.isForInStatement(node) ? "of" : "in";
    const [start, end] = [node.initializer.getEnd(), node.expression.getStart(view.file)];
    yield draft("for-in-of", 0.3, view.stretch(start, end, ` ${word} `));
  }
  if (ts.isIfStatement(node)) yield* unconditional(view, node);
}

function isListed(ts, node) {
  const { parent } = node;
  const list =
    parent && (ts.isBlock(parent) || ts.isSourceFile(parent) || ts.isCaseOrDefaultClause(parent));
  return Boolean(
    list &&
    parent.statements.includes(node) &&
    !ts.isFunctionDeclaration(node) &&
    !ts.isClassDeclaration(node) &&
    !ts.isExportDeclaration(node) &&
    !ts.isExportAssignment(node),
  );
}

function* moved(view, node) {
  const { ts } = view;
  const list = node.parent.statements;
  const at = list.indexOf(node);
  if (!ts.isVariableStatement(node))
    yield draft(
      "remove-statement",
      ts.isThrowStatement(node) ? 0.03 : ts.isIfStatement(node) ? 0.05 : 0.1,
      view.remove(node),
    );
  const next = list[at + 1];
  if (next && !ts.isFunctionDeclaration(next) && !ts.isClassDeclaration(next))
    yield draft(
      "swap-statements",
      0.12,
      view.replace(node, view.text(next)),
      view.replace(next, view.text(node)),
    );
  const loop = node.parent.parent;
  const last = at === list.length - 1;
  if (ts.isBlock(node.parent) && last && loop && ts.isIterationStatement(loop, false)) {
    const line = `${view.newline}${view.indentation(loop)}${view.text(node)}`;
    yield draft(
      "move-out",
      ts.isReturnStatement(node) ? 0.3 : 0.12,
      view.remove(node),
      view.insert(loop.getEnd(), line),
    );
  }
  const before = list[at - 1];
  if (
    before &&
    ts.isIterationStatement(before, false) &&
    ts.isBlock(before.statement) &&
    !ts.isReturnStatement(node)
  ) {
    const inside = before.statement.getEnd() - 1;
    const line = `${view.indentation(before)}  ${view.text(node)}${view.newline}`;
    yield draft("move-in", 0.06, view.insert(inside, line), view.remove(node));
  }
}

function* leaving(view, node) {
  const { ts } = view;
  const word = ts.isBreakStatement(node) ? "break" : ts.isContinueStatement(node) ? "continue" : "";
  for (const other of LEAVING[word] ?? [])
    yield draft(`${word} to ${other}`, 0.2, view.replace(node, `${other}${view.semicolon}`));
  const loop = view.up(
    node,
    (one) => ts.isIterationStatement(one, false) || ts.isFunctionLike(one),
  );
  const inIf = ts.isBlock(node.parent) && ts.isIfStatement(node.parent.parent);
  const last = node.parent.statements?.at(-1) === node;
  if (!inIf || !last || word || ts.isReturnStatement(node) || ts.isThrowStatement(node)) return;
  const put = (text, prior) =>
    draft(
      `add ${text}`,
      prior,
      view.insert(
        node.getEnd(),
        `${view.newline}${view.indentation(node)}${text}${view.semicolon}`,
      ),
    );
  if (loop && !ts.isFunctionLike(loop)) {
    yield put("break", 0.12);
    yield put("continue", 0.12);
  }
  yield put("return", 0.12);
}

/** A statement again, with another name: the twin that was forgotten. */
function* copied(view, node) {
  const { ts } = view;
  if (!ts.isExpressionStatement(node)) return;
  const text = view.text(node);
  if (text.includes("\n") || text.length > 100) return;
  const uses = view.all(
    node,
    (one) =>
      ts.isIdentifier(one) &&
      !(ts.isPropertyAccessExpression(one.parent) && one.parent.name === one),
  );
  const after = (made) =>
    view.insert(node.getEnd(), `${view.newline}${view.indentation(node)}${made}`);
  const mirrored = text.replace(
    /\+\+|--|\+=|-=/,
    (word) => ({ "++": "--", "--": "++", "+=": "-=", "-=": "+=" })[word],
  );
  if (mirrored !== text) yield draft("mirror-statement", 0.03, after(mirrored));
  for (const use of uses.slice(0, 4)) {
    for (const other of view
      .scope(node)
      .filter((one) => one.own && one.name !== use.text)
      .slice(0, 8)) {
      const made = text.replace(
        new RegExp(`(?<![\\w$.])${use.text.replace(/\$/g, "\\$&")}(?![\\w$])`, "g"),
        other.name.replaceAll("$", "$$$$"),
      );
      yield draft("twin-statement", 0.02, after(made));
    }
  }
}

function* returned(view, node) {
  const { ts } = view;
  const value = view.text(node.expression);
  for (const one of view.scope(node).slice(0, 12)) {
    if (!one.own || one.name === value) continue;
    const fit = view.fit(one.type, view.type(node.expression));
    if (fit && !ts.isIdentifier(node.expression))
      yield draft("return-variable", 0.07 * fit, view.replace(node.expression, one.name));
  }
  const around = view.functionAround(node);
  if (!around) return;
  const others = view.once(around, "returns", () =>
    view
      .all(around, (one) => ts.isReturnStatement(one) && one.expression)
      .map((one) => view.text(one.expression)),
  );
  for (const other of new Set(others))
    if (other !== value && other.length < 60)
      yield draft("other-return", 0.06, view.replace(node.expression, other));
}

/** The value of a last statement that nobody gets. */
function* unanswered(view, node) {
  const { ts } = view;
  const { parent } = node;
  if (!ts.isBlock(parent) || !ts.isFunctionLike(parent.parent)) return;
  const last = parent.statements.at(-1) === node;
  const returns = parent.statements.some((one) => ts.isReturnStatement(one));
  if (!returns)
    yield draft("add-return", last ? 0.35 : 0.03, view.insert(node.getStart(view.file), "return "));
}

function* fallsThrough(view, node) {
  const { ts } = view;
  const last = node.statements.at(-1);
  if (!last) return;
  const inner = ts.isBlock(last) ? last.statements.at(-1) : last;
  if (
    inner &&
    (ts.isBreakStatement(inner) ||
      ts.isReturnStatement(inner) ||
      ts.isThrowStatement(inner) ||
      ts.isContinueStatement(inner))
  ) {
    if (ts.isBreakStatement(inner)) yield draft("drop-break", 0.06, view.remove(inner));
    return;
  }
  const line = `${view.newline}${view.indentation(inner ?? last)}break${view.semicolon}`;
  yield draft(
    "add-break",
    node.parent.clauses.at(-1) === node ? 0.02 : 0.4,
    view.insert((inner ?? last).getEnd(), line),
  );
}

function* unconditional(view, node) {
  const { ts } = view;
  const { thenStatement: body } = node;
  if (node.elseStatement || !ts.isBlock(body) || !body.statements.length) return;
  const inner = view.file.text.slice(
    body.statements[0].getStart(view.file),
    body.statements.at(-1).getEnd(),
  );
  yield draft("drop-condition", 0.04, view.replace(node, inner));
  if (ts.isIfStatement(node) && !/\b(else)\b/.test(view.text(node)))
    yield draft(
      "while-for-if",
      0.03,
      view.stretch(node.getStart(view.file), node.getStart(view.file) + 2, "while"),
    );
}
