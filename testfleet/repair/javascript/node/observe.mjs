// Text that tells how a changed function answers the calls of the tests, and calls made up from these.

import { readFileSync } from "node:fs";
import { endless, Insertions } from "./instrument.mjs";

const REPLAY = readFileSync(new URL("replay.js", import.meta.url), "utf8");

/** The file, whose function around `position` hands its calls over to `replay.js`; undefined when
 * there is no such function that can be called again. */
export function observed(ts, file, name, position, limit_ms) {
  const made = new Insertions(ts, file);
  const found = around(ts, file, position);
  if (!found) return undefined;
  const { node, again } = found;
  const args = argumentsOf(ts, node);
  if (!args) return undefined;
  const all = /\.[cm]?tsx?$/.test(name) ? "(globalThis as any)" : "globalThis";
  const self = ts.isArrowFunction(node) ? "undefined" : "this";
  const see = `${all}.__testfleet_see?.(() => ${again}, ${args}, ${self});`;
  if (ts.isBlock(node.body)) made.at(node.body.getStart(file) + 1, see, 2);
  else made.around(node.body, `{${see} return (`, ");}");
  return endless(ts, file, name, limit_ms, made);
}

/** What stands behind a test file, so that its end is when calls are made again. */
export function ending(runner, name, report) {
  const any = /\.[cm]?tsx?$/.test(name) ? " as any" : "";
  const code = JSON.stringify(REPLAY);
  const head = runner === "vitest" ? `import { afterAll as __testfleet_end } from "vitest";` : "";
  const end = runner === "vitest" ? "__testfleet_end" : `(globalThis${any}).afterAll`;
  return `\n;${head} new Function("end", "all", "report", ${code})(${end}, globalThis, ${JSON.stringify(report)});\n`;
}

/** The outermost function around a position that has a name to call it by. */
function around(ts, file, position) {
  let best;
  const see = (node) => {
    if (position < node.getStart(file) || position > node.getEnd()) return;
    if (!best && ts.isFunctionLike(node) && node.body) {
      const again = nameOf(ts, file, node);
      if (again) best = { node, again };
    }
    ts.forEachChild(node, see);
  };
  see(file);
  return best;
}

function nameOf(ts, file, node) {
  const { parent } = node;
  if (ts.isFunctionDeclaration(node)) return node.name?.text;
  if (ts.isMethodDeclaration(node) && ts.isIdentifier(node.name)) return `this.${node.name.text}`;
  if (node.asteriskToken || !parent) return undefined;
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return parent.name.text;
  const assigned =
    ts.isBinaryExpression(parent) &&
    parent.right === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  if (assigned && /^[\w$.]+$/.test(parent.left.getText(file))) return parent.left.getText(file);
  if (ts.isFunctionExpression(node) && node.name) return node.name.text;
  return undefined;
}

/** What the function was given, as far as its parameters still tell. */
function argumentsOf(ts, node) {
  if (!ts.isArrowFunction(node)) return "[...arguments]";
  const given = node.parameters.map((one) => valueOf(ts, one));
  return given.includes(undefined) ? undefined : `[${given.join(", ")}]`;
}

function valueOf(ts, one) {
  const spread = one.dotDotDotToken ? "..." : "";
  if (ts.isOmittedExpression(one)) return "undefined";
  if (ts.isIdentifier(one.name)) return `${spread}${one.name.text}`;
  const inner = one.name.elements.map((each) => {
    const value = valueOf(ts, each);
    if (ts.isArrayBindingPattern(one.name) || each.dotDotDotToken || !value) return value;
    const key = each.propertyName ?? each.name;
    return ts.isIdentifier(key) || ts.isStringLiteral(key)
      ? `${key.getText()}: ${value}`
      : undefined;
  });
  if (inner.includes(undefined)) return undefined;
  return ts.isArrayBindingPattern(one.name)
    ? `${spread}[${inner.join(", ")}]`
    : `${spread}{ ${inner.join(", ")} }`;
}
