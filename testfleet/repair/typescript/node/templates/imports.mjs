// Imports that name what is not there, from where it is not, or in the wrong form.

import { declarationOf, paths, specifierTo } from "./modules.mjs";
import { candidate, likeness } from "../context.mjs";

const NAMED = new Set([2305, 2614, 2724, 2613, 2459, 2460, 1192, 1259, 2497, 2596, 2595, 2498]);
const MODULE = new Set([2307, 2306, 7016, 2835, 2834, 5097, 2691, 1479, 1541, 2732, 2792, 6137]);
const TYPE_ONLY = new Set([1484, 1205, 1371, 1361, 1362, 1448, 2748, 2865, 2866]);
const UNKNOWN_NAME = new Set([2304, 2552, 2503, 2582, 2580, 2686, 2749, 2693]);

export function* imports(ctx) {
  if (NAMED.has(ctx.code)) yield* named(ctx);
  if (MODULE.has(ctx.code)) yield* paths(ctx);
  if (TYPE_ONLY.has(ctx.code)) yield* typeOnly(ctx);
  if (UNKNOWN_NAME.has(ctx.code)) yield* forgotten(ctx);
}

function* named(ctx) {
  const { ts, checker, node } = ctx;
  const statement = declarationOf(ctx);
  const literal = statement?.moduleSpecifier;
  const module = literal && checker.getSymbolAtLocation(literal);
  const specifier = ctx.up((one) => ts.isImportSpecifier(one) || ts.isExportSpecifier(one));
  const wrong = specifier ? (specifier.propertyName ?? specifier.name).text : ctx.text(node);
  const exported = module ? checker.getExportsOfModule(module) : [];
  for (const one of exported) {
    const alike = likeness(one.name, wrong);
    if (
      !specifier ||
      one.name === wrong ||
      one.name === "default" ||
      !(alike > 0.25 || exported.length < 8)
    )
      continue;
    if (ts.isExportSpecifier(specifier) || specifier.propertyName) {
      yield candidate(
        "other-import",
        0.2 + 0.6 * alike,
        ctx.replace(
          specifier.propertyName ?? specifier.name,
          specifier.propertyName ? one.name : `${one.name} as ${wrong}`,
        ),
      );
    } else {
      yield candidate(
        "other-import",
        0.2 + 0.6 * alike,
        ctx.replace(specifier.name, `${one.name} as ${wrong}`),
      );
      const uses = renames(ctx, specifier.name, one.name);
      if (uses.length < 40)
        yield candidate("other-import-everywhere", 0.1 + 0.5 * alike, [
          ctx.replace(specifier.name, one.name),
          ...uses,
        ]);
    }
  }
  if (module && specifier) yield* exportIt(ctx, module, exported, wrong);
  if (specifier) yield* otherSource(ctx, statement, specifier, wrong);
  yield* forms(ctx, statement, exported, wrong);
}

function renames(ctx, name, text) {
  const symbol = ctx.checker.getSymbolAtLocation(name);
  const found = [];
  const visit = (node) => {
    if (
      ctx.ts.isIdentifier(node) &&
      node !== name &&
      node.text === name.text &&
      ctx.checker.getSymbolAtLocation(node) === symbol
    )
      found.push(ctx.replace(node, text));
    ctx.ts.forEachChild(node, visit);
  };
  visit(ctx.file);
  return found;
}

/** What is declared there but not exported becomes exported; an export that is alike is renamed. */
function* exportIt(ctx, module, exported, wrong) {
  const { ts } = ctx;
  const target = module.declarations?.find((one) => ts.isSourceFile(one));
  if (!target || !ctx.project.own(target.fileName)) return;
  for (const one of target.statements) {
    const names = ts.isVariableStatement(one)
      ? one.declarationList.declarations.map((d) => d.name)
      : [one.name].filter(Boolean);
    const name = names.find((each) => each.text === wrong);
    if (name)
      yield candidate("export-it", 0.7, ctx.insert(one.getStart(target), "export ", target));
    for (const each of names) {
      const alike = ts.isIdentifier(each) ? likeness(each.text, wrong) : 0;
      if (!name && alike > 0.3 && exported.some((x) => x.name === each.text)) {
        yield candidate(
          "rename-declaration",
          0.35 * alike,
          renameIn(ctx, target, each.text, wrong),
        );
      }
    }
  }
}

function renameIn(ctx, file, from, to) {
  const edits = [];
  const visit = (node) => {
    const member =
      node.parent &&
      (ctx.ts.isPropertyAccessExpression(node.parent) ||
        ctx.ts.isPropertyAssignment(node.parent)) &&
      node.parent.name === node;
    if (ctx.ts.isIdentifier(node) && node.text === from && !member)
      edits.push(ctx.replace(node, to));
    ctx.ts.forEachChild(node, visit);
  };
  visit(file);
  return edits;
}

/** Another module of the program exports what this one does not. */
function* otherSource(ctx, statement, specifier, wrong) {
  const { checker } = ctx;
  const siblings = specifier.parent.elements.length;
  for (const file of ctx.project.program.getSourceFiles()) {
    if (file === ctx.file || !file.symbol || !ctx.project.own(file.fileName)) continue;
    if (!checker.getExportsOfModule(file.symbol).some((one) => one.name === wrong)) continue;
    const from = specifierTo(ctx, file.fileName, statement.moduleSpecifier.text);
    if (siblings === 1)
      yield candidate(
        "other-module",
        0.5,
        ctx.replace(statement.moduleSpecifier, quoted(ctx, statement, from)),
      );
    else {
      const source = quoted(ctx, statement, from);
      const line = `import { ${ctx.text(specifier)} } from ${source};${ctx.newline}`;
      yield candidate("other-module", 0.5, [
        ctx.removeFromList(specifier, specifier.parent.elements),
        ctx.insert(statement.getStart(), line),
      ]);
    }
  }
}

function quoted(ctx, statement, text) {
  const quote = ctx.text(statement.moduleSpecifier)[0];
  return `${quote}${text}${quote}`;
}

/** Default instead of named, named instead of default, or everything as a namespace. */
function* forms(ctx, statement, exported, wrong) {
  const { ts } = ctx;
  const clause = statement?.importClause;
  if (!clause) return;
  const bindings = clause.namedBindings;
  const type = clause.isTypeOnly ? "type " : "";
  if (clause.name) {
    const name = clause.name.text;
    const rest =
      bindings && ts.isNamedImports(bindings) ? bindings.elements.map((one) => ctx.text(one)) : [];
    yield candidate("namespace-import", 0.4, ctx.replace(clause, `${type}* as ${name}`));
    for (const one of exported) {
      const alike = likeness(one.name, name);
      if (one.name === "default" || !(alike > 0.3 || exported.length < 4)) continue;
      const each = one.name === name ? name : `${one.name} as ${name}`;
      yield candidate(
        "named-import",
        0.1 + 0.8 * alike ** 2,
        ctx.replace(clause, `${type}{ ${[each, ...rest].join(", ")} }`),
      );
    }
  }
  if (bindings && ts.isNamedImports(bindings) && exported.some((one) => one.name === "default")) {
    const rest = bindings.elements
      .filter((one) => one.name.text !== wrong && one.propertyName?.text !== wrong)
      .map((one) => ctx.text(one));
    yield candidate(
      "default-import",
      0.55,
      ctx.replace(clause, `${type}${wrong}${rest.length ? `, { ${rest.join(", ")} }` : ""}`),
    );
  }
}

function* typeOnly(ctx) {
  const { ts } = ctx;
  const specifier = ctx.up((one) => ts.isImportSpecifier(one) || ts.isExportSpecifier(one));
  const statement = declarationOf(ctx) ?? importOf(ctx);
  if (specifier && !specifier.isTypeOnly)
    yield candidate("type-only-import", 0.7, ctx.insert(specifier.getStart(), "type "));
  if (!statement) return;
  const clause = statement.importClause ?? statement;
  if (clause.isTypeOnly)
    yield candidate(
      "value-import",
      0.8,
      ctx.replace(statement, ctx.text(statement).replace(/^(import|export)\s+type\s+/, "$1 ")),
    );
  else
    yield candidate(
      "type-only-import",
      0.6,
      ctx.replace(statement, ctx.text(statement).replace(/^(import|export)\s+/, "$1 type ")),
    );
}

function importOf(ctx) {
  const { ts } = ctx;
  const declared = ctx.checker.getSymbolAtLocation(ctx.node)?.declarations?.[0];
  const found = declared && ctx.up((one) => ts.isImportDeclaration(one), declared);
  return found?.getSourceFile() === ctx.file ? found : undefined;
}

/** A name that some module of the program exports: imported from there. */
function* forgotten(ctx) {
  const { ts, checker, node, file } = ctx;
  const wrong = ctx.text(node);
  const present = file.statements.filter((one) => ts.isImportDeclaration(one));
  const sample =
    present.find((one) => one.moduleSpecifier.text.startsWith("."))?.moduleSpecifier.text ??
    present[0]?.moduleSpecifier.text ??
    "./x";
  const type = ctx.up((one) => ts.isTypeNode(one)) ? "type " : "";
  for (const other of ctx.project.program.getSourceFiles()) {
    if (other === file || !other.symbol || !ctx.project.own(other.fileName)) continue;
    if (!checker.getExportsOfModule(other.symbol).some((one) => one.name === wrong)) continue;
    const from = specifierTo(ctx, other.fileName, sample);
    const declares = (
      checker.getExportsOfModule(other.symbol).find((one) => one.name === wrong)?.declarations ?? []
    ).some((one) => one.getSourceFile() === other);
    const quote = present[0] ? ctx.text(present[0].moduleSpecifier)[0] : '"';
    const at = present.length ? present.at(-1).getEnd() : 0;
    const line = (word) => `import ${word}{ ${wrong} } from ${quote}${from}${quote};`;
    const text = (word) =>
      present.length ? `${ctx.newline}${line(word)}` : `${line(word)}${ctx.newline}`;
    yield candidate("add-import", declares ? 0.75 : 0.4, ctx.insert(at, text(type)));
  }
}
