// Reads the imports of JavaScript and TypeScript files and resolves them to files.
//
// In, as JSON on standard input:  {"root": "/absolute", "files": ["src/a.ts", ...]}
// Out, as JSON on standard output: {"src/a.ts": {"targets": [...], "missing": [...],
//                                               "unknown": [[line, what], ...]}, ...}
//
// oxc-parser parses, oxc-resolver resolves: tsconfig paths, package exports and workspaces.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, extname, join, relative, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { ResolverFactory } from "oxc-resolver";

const EXTENSIONS = [
  ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".json",
];
// `import "./a.js"` of TypeScript means a.ts.
const EXTENSION_ALIASES = {
  ".js": [".ts", ".tsx", ".js", ".jsx"],
  ".jsx": [".tsx", ".jsx"],
  ".mjs": [".mts", ".mjs"],
  ".cjs": [".cts", ".cjs"],
};
const CONDITIONS = ["node", "browser", "development", "source", "types", "default"];
const PROCESSES = new Set([
  "exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync",
]);
// Of Jest and Vitest: their first argument is a module.
const MOCKS = new Set([
  "mock", "unmock", "doMock", "dontMock", "doUnmock", "setMock", "requireActual", "requireMock",
  "importActual", "importMock", "createMockFromModule",
]);

// Whatever `Reading` looks for beside static imports and exports holds one of these words.
const CALLS = new RegExp(
  "import\\s*\\(|import\\s+\\w+\\s*=|import\\.meta|require|jest|vi\\.|URL|Worker|exec|fork|spawn",
);

const { root: given, files } = JSON.parse(readFileSync(0, "utf8"));
const root = realpathSync(given);

const shared = {
  extensions: EXTENSIONS,
  extensionAlias: EXTENSION_ALIASES,
  mainFields: ["source", "module", "main"],
  tsconfig: "auto",
};
const resolvers = ["import", "require"].map(
  (kind) => new ResolverFactory({ ...shared, conditionNames: [kind, ...CONDITIONS] }),
);

// Packages of the tree by name: a workspace can be resolved before anybody has run `npm install`.
const packages = new Map();
// What comes from elsewhere. A name that is neither is an alias of some tool.
const elsewhere = new Set(builtinModules);
for (const folder of new Set(files.flatMap((file) => [...foldersAbove(file)]))) {
  const path = join(root, folder, "package.json");
  try {
    const { name, ...rest } = JSON.parse(readFileSync(path, "utf8"));
    if (typeof name === "string") packages.set(name, join(root, folder));
    for (const [key, value] of Object.entries(rest)) {
      if (/dependencies$/i.test(key)) Object.keys(value).forEach((one) => elsewhere.add(one));
    }
  } catch {
    continue; // There is none, or npm will complain about it.
  }
}

function* foldersAbove(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    yield folder;
    if (folder === ".") return;
  }
}

/** The files in the tree that a specifier may lead to, as a module and as a script. */
function resolve(file, specifier) {
  const plain = specifier.replace(/[?#].*$/, "");
  const found = [];
  // A tsconfig.json that does not include a file holds for it all the same in most bundlers; those
  // look at folders, and Vue and Svelte files are TypeScript to them.
  const froms = /\.[cm]?tsx?$/.test(file) ? [file] : [file, `${file}.ts`];
  for (const resolver of resolvers) {
    const results = froms.map((from) => resolver.resolveFileSync(from, plain));
    for (const result of [...results, ...inWorkspace(resolver, plain)]) {
      const path = result.path && inTree(result.path);
      if (path) found.push(path);
    }
  }
  return found;
}

const packageOf = (specifier) =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const isFromElsewhere = (specifier) =>
  /^[./]|^(node|https?|data|npm|jsr):/.test(specifier) || elsewhere.has(packageOf(specifier));

function* inWorkspace(resolver, specifier) {
  const name = packageOf(specifier);
  const folder = packages.get(name);
  if (folder === undefined) return;
  // A package with `exports` may name itself; one without is a folder.
  yield resolver.sync(folder, specifier);
  yield resolver.sync(folder, `.${specifier.slice(name.length)}` || ".");
}

function inTree(path) {
  const inside = relative(root, path).split(sep).join("/");
  return inside.startsWith("../") || inside.split("/").includes("node_modules") ? null : inside;
}

const literal = (node) => {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  const [only, ...more] = (node?.type === "TemplateLiteral" && node.quasis) || [];
  if (only && more.length === 0) return only.value.cooked;
  return null;
};

/** `exec` is also what a regular expression does. */
const startsShell = (object) => object === null || /^(cp|child_?process)$/i.test(object.name ?? "");

const isImportMeta = (node) => node?.type === "MetaProperty" && node.meta.name === "import";

/** Specifiers in a program, and places where a dependency has no literal name. */
class Reading {
  specifiers = new Set();
  unknown = [];

  read(parsed, code) {
    if (CALLS.test(code) || parsed.module.dynamicImports.length > 0) {
      this.visit(parsed.program);
      return;
    }
    // Without such words the parser's own list is all, and the tree need not be built: three times
    // as fast.
    const { staticImports, staticExports } = parsed.module;
    const requests = [...staticImports, ...staticExports.flatMap((one) => one.entries)];
    for (const { moduleRequest } of requests) {
      if (moduleRequest) this.specifiers.add(moduleRequest.value);
    }
  }

  visit(program) {
    const from = (node) => node.source && this.specifiers.add(node.source.value);
    new Visitor({
      ImportDeclaration: from,
      ExportNamedDeclaration: from,
      ExportAllDeclaration: from,
      ImportExpression: (node) => this.take(node.source, node, "import() of a computed name"),
      TSImportType: (node) => this.take(node.source, node, "a computed import type"),
      TSImportEqualsDeclaration: (node) => {
        if (node.moduleReference.type !== "TSExternalModuleReference") return;
        this.take(node.moduleReference.expression, node, "import of a computed name");
      },
      NewExpression: (node) => this.construction(node),
      CallExpression: (node) => this.call(node),
    }).visit(program);
  }

  note(node, what) {
    this.unknown.push([node.start, what]);
  }

  take(node, owner, what) {
    const specifier = literal(node);
    if (specifier === null) this.note(owner, what);
    else this.specifiers.add(specifier);
  }

  construction(node) {
    const [first, second] = node.arguments;
    if (node.callee.name === "URL" && isImportMeta(second?.object)) {
      this.take(first, node, "a computed URL beside the module");
    } else if (node.callee.name === "Worker" && first?.type !== "NewExpression") {
      this.take(first, node, "a Worker of a computed file");
    }
  }

  call(node) {
    const { callee, arguments: [first] } = node;
    const object = callee.type === "MemberExpression" ? callee.object : null;
    const name = object ? callee.property.name : callee.name;
    if (callee.name === "require" || (object?.name === "require" && name === "resolve")) {
      this.take(first, node, "require() of a computed name");
    } else if (["jest", "vi"].includes(object?.name) && MOCKS.has(name)) {
      // `vi.mock(import("./a"))` has been seen as an import.
      if (first?.type === "ImportExpression") return;
      this.take(first, node, `${name}() of a computed name`);
    } else if (isImportMeta(object) && name === "resolve") {
      this.take(first, node, "import.meta.resolve() of a computed name");
    } else if (isImportMeta(object) && /^glob/.test(name)) {
      this.note(node, "import.meta.glob()");
    } else if (object?.name === "require" && name === "context") {
      this.note(node, "require.context()");
    } else if (name === "createRequire") {
      this.note(node, "createRequire()");
    } else if (PROCESSES.has(name) && (name !== "exec" || startsShell(object))) {
      this.note(node, `${name}(), a process of its own`);
    }
  }
}

/** The code in a file: of Vue and Svelte, what stands between script tags. */
function sources(file, text) {
  const extension = extname(file);
  if (extension !== ".vue" && extension !== ".svelte") return [[file, text]];
  const scripts = [...text.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)];
  return scripts.map(([, attributes, code], at) => {
    const language = /lang=["']tsx?["']/.test(attributes) ? "ts" : "js";
    return [`${file}.${at}.${language}`, code];
  });
}

function describe(file) {
  const targets = new Set();
  const missing = new Set();
  const unknown = [];
  const text = readFileSync(join(root, file), "utf8");
  for (const [name, code] of sources(file, text)) {
    const parsed = parseSync(name, code);
    const lineOf = (offset) => code.slice(0, offset).split("\n").length;
    const failed = parsed.errors.find((error) => error.severity === "Error");
    if (failed) unknown.push([1, `source that cannot be parsed: ${failed.message}`]);
    const found = new Reading();
    found.read(parsed, code);
    unknown.push(...found.unknown.map(([offset, what]) => [lineOf(offset), what]));
    for (const specifier of found.specifiers) {
      const paths = resolve(join(root, file), specifier);
      paths.forEach((path) => targets.add(path));
      if (paths.length === 0) missing.add(specifier);
      if (paths.length === 0 && !isFromElsewhere(specifier)) {
        unknown.push([1, `${specifier}, which is neither a file nor a declared dependency`]);
      }
    }
  }
  return { targets: [...targets].sort(), missing: [...missing].sort(), unknown };
}

const nothing = { targets: [], missing: [], unknown: [] };
const answer = {};
for (const file of files) {
  try {
    answer[file] = existsSync(join(root, file)) ? describe(file) : nothing;
  } catch (error) {
    answer[file] = { ...nothing, unknown: [[1, `a file that cannot be read: ${error.message}`]] };
  }
}
process.stdout.write(JSON.stringify(answer));
