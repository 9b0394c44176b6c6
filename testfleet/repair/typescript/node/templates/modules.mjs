// A module's path: with its ending, or the file that was meant.

import { candidate, likeness } from "../context.mjs";

export function declarationOf(ctx) {
  const { ts } = ctx;
  return ctx.up(
    (one) =>
      ts.isImportDeclaration(one) ||
      ts.isExportDeclaration(one) ||
      ts.isImportEqualsDeclaration(one),
  );
}

/** A module's path: with its ending, or the file that was meant. */
export function* paths(ctx) {
  const { ts, checker } = ctx;
  const literal = ctx.up((one) => ts.isStringLiteralLike(one));
  const statement = declarationOf(ctx);
  if (!literal) return;
  const quote = ctx.text(literal)[0];
  const write = (text) => ctx.replace(literal, `${quote}${text}${quote}`);
  for (const ending of [".js", ".ts", ".mjs", "/index.js", ""]) {
    const bare = literal.text.replace(/\.(m|c)?[jt]sx?$/, "");
    if (bare + ending !== literal.text && literal.text.startsWith("."))
      yield candidate("path-ending", 0.5, write(bare + ending));
  }
  const wanted = wantedNames(statement);
  for (const file of ctx.project.program.getSourceFiles()) {
    if (file === ctx.file || !ctx.project.own(file.fileName)) continue;
    const from = specifierTo(ctx, file.fileName, sampleOf(ctx, literal));
    const alike = Math.max(
      likeness(from, literal.text),
      likeness(last(from), last(literal.text)) - 0.1,
    );
    const names = file.symbol
      ? new Set(checker.getExportsOfModule(file.symbol).map((one) => one.name))
      : new Set();
    const all = wanted.length > 0 && wanted.every((one) => names.has(one));
    if (all || (alike > 0.6 && !wanted.length))
      yield candidate(
        "other-module",
        Math.min(0.9, 0.05 + 0.7 * alike ** 2 + (all ? 0.2 : 0)),
        write(from),
      );
  }
  for (const known of bareModules(ctx)) {
    const alike = likeness(known, literal.text);
    if (known !== literal.text && alike > 0.6)
      yield candidate("other-module", 0.7 * alike, write(known));
  }
}

/** The manner of the other relative imports; that of the wrong one when it is alone. */
function sampleOf(ctx, literal) {
  return (
    (ctx.file.imports ?? []).find((one) => one !== literal && one.text.startsWith("."))?.text ??
    ctx.project
      .ownFiles()
      .flatMap((file) => file.imports ?? [])
      .find((one) => one.text.startsWith(".") && one.text !== literal.text)?.text ??
    literal.text
  );
}

function last(path) {
  return path
    .split("/")
    .at(-1)
    .replace(/\.\w+$/, "");
}

function wantedNames(statement) {
  const clause = statement?.importClause;
  const bindings = clause?.namedBindings ?? statement?.exportClause;
  const names = bindings?.elements?.map((one) => (one.propertyName ?? one.name).text) ?? [];
  return clause?.name ? [...names, "default"] : names;
}

/** Packages and built-in modules that other files import. */
function bareModules(ctx) {
  const found = new Set();
  for (const file of ctx.project.ownFiles())
    for (const one of file.imports ?? []) if (!one.text.startsWith(".")) found.add(one.text);
  return found;
}

/** Relative path from this file to another, in the manner of the sample. */
export function specifierTo(ctx, target, sample) {
  const from = ctx.file.fileName.split("/").slice(0, -1);
  const to = target.split("/");
  while (from.length && to.length > 1 && from[0] === to[0]) {
    from.shift();
    to.shift();
  }
  let path = `${from.length ? "../".repeat(from.length) : "./"}${to.join("/")}`;
  const ending = sample.match(/\.(?:m|c)?[jt]sx?$/)?.[0];
  path = path.replace(/(\.d)?\.(m|c)?[jt]sx?$/, (_, __, kind) =>
    ending ? (/ts/.test(ending) ? ending : `.${kind ?? ""}js`) : "",
  );
  return ending ? path : path.replace(/\/index$/, "");
}
