// Plants single faults in JavaScript and TypeScript, and hides tests:
//
//   node plant_javascript.mjs FOLDER COUNT SEED FILE...     a fault a line: {kind, line, edits}
//   node plant_javascript.mjs --hide SHARE SEED FILE...     {"path": "text with tests skipped"}
//
// Kinds and their weights follow what one-line fixes in real projects change, as Karampatsis and
// Sutton, "How Often Do Single-Statement Bugs Occur? The ManySStuBs4J Dataset", MSR 2020, counted
// them, and what Hanam et al., "Discovering Bug Patterns in JavaScript", FSE 2016, found beside these.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ts = createRequire(import.meta.url)("typescript");
const K = ts.SyntaxKind;

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const parse = (path, text) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

function all(node, test, found = []) {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return found;
  if (test(node)) found.push(node);
  ts.forEachChild(node, (one) => void all(one, test, found));
  return found;
}

const isUse = (one) =>
  ts.isIdentifier(one) &&
  one.text !== "undefined" &&
  !(
    one.parent.name === one ||
    one.parent.propertyName === one ||
    ts.isBindingElement(one.parent)
  ) &&
  !ts.isShorthandPropertyAssignment(one.parent) &&
  !ts.isJsxOpeningLikeElement?.(one.parent);
const logical = (one) =>
  ts.isBinaryExpression(one) &&
  [K.AmpersandAmpersandToken, K.BarBarToken].includes(one.operatorToken.kind);
const CONFUSED = [
  ["<", "<="],
  [">", ">="],
  ["<", ">"],
  ["===", "!=="],
  ["==", "!="],
  ["+", "-"],
  ["*", "/"],
  ["&&", "||"],
  ["+=", "-="],
  ["||", "??"],
  ["%", "/"],
];

/** [kind, weight, nodes it is about, edits of one of these or nothing]. */
function kinds(file, pick) {
  const text = (node) => node.getText(file);
  const put = (node, made) => [{ start: node.getStart(file), end: node.getEnd(), text: made }];
  const cut = (start, end) => [{ start, end, text: "" }];
  const names = (node) => {
    const around = up(node, ts.isFunctionLike) ?? file;
    const found = all(
      around,
      (one) => (ts.isParameter(one) || ts.isVariableDeclaration(one)) && ts.isIdentifier(one.name),
    );
    return [...new Set(found.map((one) => one.name.text))];
  };
  const up = (node, test) => {
    for (let one = node.parent; one; one = one.parent) if (test(one)) return one;
    return undefined;
  };
  const other = (list, name) => {
    const rest = list.filter((one) => one !== name);
    return rest.length ? rest[Math.floor(pick() * rest.length)] : undefined;
  };
  const called = (one) => ts.isPropertyAccessExpression(one.expression) && one.expression.name;
  const methods = all(file, ts.isCallExpression)
    .map(called)
    .filter(Boolean)
    .map((one) => one.text);
  const members = all(
    file,
    (one) => ts.isPropertyAccessExpression(one) && !ts.isCallExpression(one.parent),
  ).map((one) => one.name.text);
  const strings = all(file, ts.isStringLiteral).map((one) => one.text);
  const leaves = (one) => {
    const inner = ts.isBlock(one.thenStatement)
      ? one.thenStatement.statements
      : [one.thenStatement];
    return (
      !one.elseStatement &&
      inner.length === 1 &&
      (ts.isReturnStatement(inner[0]) ||
        ts.isThrowStatement(inner[0]) ||
        ts.isContinueStatement(inner[0]) ||
        ts.isBreakStatement(inner[0]))
    );
  };
  return [
    [
      "identifier",
      6,
      all(file, isUse),
      (one) => {
        const made = other(names(one), one.text);
        return names(one).includes(one.text) && made && put(one, made);
      },
    ],
    [
      "number",
      5,
      all(file, ts.isNumericLiteral),
      (one) =>
        put(
          one,
          String(
            [
              Number(one.text) + 1,
              Number(one.text) - 1,
              0,
              Number(one.text) * 10,
              Number(one.text) + 2,
            ][Math.floor(pick() * 5)],
          ),
        ),
    ],
    [
      "function",
      5,
      all(file, (one) => ts.isCallExpression(one) && called(one)),
      (one) => {
        const made = other([...new Set(methods)], one.expression.name.text);
        return made && put(one.expression.name, made);
      },
    ],
    [
      "fewer-arguments",
      3,
      all(file, (one) => ts.isCallExpression(one) && one.arguments.length > 1),
      (one) => cut(one.arguments.at(-2).getEnd(), one.arguments.at(-1).getEnd()),
    ],
    [
      "more-arguments",
      1,
      all(file, (one) => ts.isCallExpression(one) && one.arguments.length > 0),
      (one) => {
        const made = other(names(one), "");
        return (
          made && [
            {
              start: one.arguments.at(-1).getEnd(),
              end: one.arguments.at(-1).getEnd(),
              text: `, ${made}`,
            },
          ]
        );
      },
    ],
    [
      "swapped-arguments",
      2,
      all(file, (one) => ts.isCallExpression(one) && one.arguments.length > 1),
      (one) => [
        ...put(one.arguments[0], text(one.arguments[1])),
        ...put(one.arguments[1], text(one.arguments[0])),
      ],
    ],
    [
      "operator",
      4,
      all(file, ts.isBinaryExpression),
      (one) => {
        const pairs = CONFUSED.flatMap(([a, b]) => [
          [a, b],
          [b, a],
        ]).filter(([a]) => a === text(one.operatorToken));
        return pairs.length && put(one.operatorToken, pairs[Math.floor(pick() * pairs.length)][1]);
      },
    ],
    [
      "not",
      3,
      all(file, (one) => ts.isIfStatement(one) || ts.isConditionalExpression(one)),
      (one) => {
        const test = one.expression ?? one.condition;
        return ts.isPrefixUnaryExpression(test)
          ? put(test, text(test.operand))
          : put(test, `!(${text(test)})`);
      },
    ],
    [
      "operand",
      2,
      all(file, (one) => ts.isBinaryExpression(one) && ts.isIdentifier(one.right)),
      (one) => {
        const made = other(names(one), text(one.right));
        return made && put(one.right, made);
      },
    ],
    [
      "condition-part-missing",
      4,
      all(file, logical),
      (one) =>
        pick() < 0.5
          ? cut(one.left.getEnd(), one.right.getEnd())
          : cut(one.left.getStart(file), one.right.getStart(file)),
    ],
    [
      "condition-part-more",
      1,
      all(file, (one) => ts.isIfStatement(one)),
      (one) => {
        const made = other(names(one), "");
        return made && put(one.expression, `(${text(one.expression)}) && ${made}`);
      },
    ],
    [
      "statement-missing",
      4,
      all(file, (one) => ts.isExpressionStatement(one) && !ts.isStringLiteral(one.expression)),
      (one) => cut(one.getStart(file), one.getEnd()),
    ],
    [
      "guard-missing",
      3,
      all(file, (one) => ts.isIfStatement(one) && leaves(one)),
      (one) => cut(one.getStart(file), one.getEnd()),
    ],
    [
      "return-missing",
      1,
      all(file, (one) => ts.isReturnStatement(one) && one.expression),
      (one) => put(one, `${text(one.expression)};`),
    ],
    ["await-missing", 2, all(file, ts.isAwaitExpression), (one) => put(one, text(one.expression))],
    [
      "off-by-one",
      3,
      all(
        file,
        (one) =>
          (ts.isElementAccessExpression(one) && ts.isIdentifier(one.argumentExpression)) ||
          (ts.isCallExpression(one) &&
            called(one) &&
            /^(slice|substr|substring|splice|charAt)$/.test(called(one).text) &&
            one.arguments.length > 0),
      ),
      (one) => {
        const node = one.argumentExpression ?? one.arguments.at(-1);
        return put(node, `${text(node)} ${pick() < 0.5 ? "+" : "-"} 1`);
      },
    ],
    [
      "boolean",
      2,
      all(file, (one) => [K.TrueKeyword, K.FalseKeyword].includes(one.kind)),
      (one) => put(one, one.kind === K.TrueKeyword ? "false" : "true"),
    ],
    [
      "string",
      2,
      all(file, ts.isStringLiteral),
      (one) => {
        const made = other([...new Set(strings)], one.text) ?? "";
        const changed = pick() < 0.5 ? made : one.text.slice(0, -1);
        return put(one, JSON.stringify(changed));
      },
    ],
    [
      "call-missing",
      3,
      all(
        file,
        (one) =>
          ts.isCallExpression(one) &&
          (one.arguments.length === 1 || (called(one) && !one.arguments.length)) &&
          !ts.isExpressionStatement(one.parent),
      ),
      (one) =>
        put(one, one.arguments.length ? text(one.arguments[0]) : text(one.expression.expression)),
    ],
    [
      "property",
      4,
      all(file, (one) => ts.isPropertyAccessExpression(one) && !ts.isCallExpression(one.parent)),
      (one) => {
        const made = other([...new Set(members)], one.name.text);
        return made && put(one.name, made);
      },
    ],
    [
      "alias",
      2,
      all(
        file,
        (one) =>
          (ts.isArrayLiteralExpression(one) &&
            one.elements.length === 1 &&
            ts.isSpreadElement(one.elements[0])) ||
          (ts.isObjectLiteralExpression(one) &&
            one.properties.length === 1 &&
            ts.isSpreadAssignment(one.properties[0])),
      ),
      (one) => put(one, text((one.elements ?? one.properties)[0].expression)),
    ],
    [
      "pattern",
      3,
      all(file, (one) => one.kind === K.RegularExpressionLiteral),
      (one) => {
        const own = text(one);
        const marks = [...own.matchAll(/(?<!\\)[+*?^$]|(?<=\/)[gimsuy]+$/g)];
        const found = marks[Math.floor(pick() * marks.length)];
        return (
          found && put(one, own.slice(0, found.index) + own.slice(found.index + found[0].length))
        );
      },
    ],
    [
      "branches",
      1,
      all(file, ts.isConditionalExpression),
      (one) => [
        ...put(one.whenTrue, text(one.whenFalse)),
        ...put(one.whenFalse, text(one.whenTrue)),
      ],
    ],
    [
      "default-missing",
      2,
      all(file, (one) => ts.isParameter(one) && one.initializer),
      (one) => cut(one.name.getEnd(), one.getEnd()),
    ],
    [
      "order",
      1,
      all(file, (one) => ts.isBlock(one) && one.statements.length > 1),
      (one) => {
        const at = Math.floor(pick() * (one.statements.length - 1));
        const [a, b] = [one.statements[at], one.statements[at + 1]];
        return [...put(a, text(b)), ...put(b, text(a))];
      },
    ],
    [
      "property-missing",
      1,
      all(file, (one) => ts.isObjectLiteralExpression(one) && one.properties.length > 1),
      (one) => {
        const at = 1 + Math.floor(pick() * (one.properties.length - 1));
        return cut(one.properties[at - 1].getEnd(), one.properties[at].getEnd());
      },
    ],
  ];
}

function plant(folder, count, seed, paths) {
  const pick = random(seed);
  const files = paths.map((path) => parse(path, readFileSync(join(folder, path), "utf8")));
  const pools = files.map((file) => kinds(file, pick).filter(([, , nodes]) => nodes.length));
  const sizes = files.map((file) => file.text.length);
  const total = sizes.reduce((a, b) => a + b, 0);
  const seen = new Set();
  for (let tries = 0; seen.size < count && tries < count * 40; tries++) {
    let at = pick() * total;
    const index = sizes.findIndex((size) => (at -= size) <= 0);
    const [file, pool] = [files[index], pools[index]];
    if (!pool?.length) continue;
    let weight = pick() * pool.reduce((sum, one) => sum + one[1], 0);
    const [kind, , nodes, make] = pool.find((one) => (weight -= one[1]) <= 0) ?? pool[0];
    const node = nodes[Math.floor(pick() * nodes.length)];
    const edits = make(node);
    if (!edits || !edits.length) continue;
    const line = file.getLineAndCharacterOfPosition(edits[0].start).line + 1;
    const key = JSON.stringify([file.fileName, edits]);
    if (seen.has(key) || edits.every((one) => file.text.slice(one.start, one.end) === one.text))
      continue;
    let made = file.text;
    for (const one of [...edits].sort((a, b) => b.start - a.start))
      made = made.slice(0, one.start) + one.text + made.slice(one.end);
    if (parse(file.fileName, made).parseDiagnostics.length) continue;
    seen.add(key);
    console.log(
      JSON.stringify({ kind, line, edits: edits.map((one) => ({ ...one, file: file.fileName })) }),
    );
  }
}

function hide(folder, share, seed, paths) {
  const pick = random(seed);
  const found = {};
  for (const path of paths) {
    const file = parse(path, readFileSync(join(folder, path), "utf8"));
    let { text } = file;
    const tests = all(
      file,
      (one) =>
        ts.isCallExpression(one) &&
        ts.isIdentifier(one.expression) &&
        /^(it|test)$/.test(one.expression.text),
    );
    for (const one of tests.reverse())
      if (pick() < share)
        text = `${text.slice(0, one.expression.getEnd())}.skip${text.slice(one.expression.getEnd())}`;
    found[path] = text;
  }
  console.log(JSON.stringify(found));
}

const [folder, ...rest] = process.argv.slice(2);
if (rest[0] === "--hide") hide(folder, Number(rest[1]), Number(rest[2]), rest.slice(3));
else plant(folder, Number(rest[0]), Number(rest[1]), rest.slice(2));
