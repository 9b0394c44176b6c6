// A TypeScript project held in memory by one language service. Files can be changed without being
// written; what a change does to the program's diagnostics is asked file by file.

import { createHash } from "node:crypto";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { ProjectError } from "./serve.mjs";

export class Project {
  /** @param ts the project's own compiler, @param config absolute path of its tsconfig. */
  constructor(ts, root, config) {
    this.ts = ts;
    this.root = root;
    this.config = config;
    this.texts = new Map(); // Committed changes: path to text.
    this.kept = [];
    this.trial = new Map(); // The changes of the candidate that is being tried.
    this.versions = new Map();
    this.stamp = 0;
    this.parsed = this.#parse();
    this.service = ts.createLanguageService(this.#host(), ts.createDocumentRegistry());
  }

  get program() {
    return this.service.getProgram();
  }

  get checker() {
    return this.program.getTypeChecker();
  }

  /** Files that may be repaired: of the program, below the root, not installed or generated. */
  own(path) {
    const from = relative(this.root, path);
    return !from.startsWith("..") && !isAbsolute(from) && !from.split(sep).includes("node_modules");
  }

  ownFiles() {
    return this.program.getSourceFiles().filter((file) => this.own(file.fileName));
  }

  name(path) {
    return relative(this.root, path).split(sep).join("/");
  }

  path(name) {
    return resolve(this.root, name).split(sep).join("/");
  }

  text(path) {
    return this.trial.get(path) ?? this.texts.get(path) ?? this.ts.sys.readFile(path);
  }

  /** Text after edits [{file, start, end, text}], by path. A RangeError when they overlap. */
  edited(edits) {
    const changed = new Map();
    for (const file of new Set(edits.map((edit) => edit.file))) {
      let text = this.text(file) ?? "";
      let limit = Infinity;
      const mine = edits.filter((edit) => edit.file === file);
      for (const edit of mine.sort((a, b) => b.start - a.start || b.end - a.end)) {
        if (edit.end > limit || edit.start > edit.end) throw new RangeError("edits overlap");
        text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
        limit = edit.start;
      }
      changed.set(file, text);
    }
    return changed;
  }

  /** What `work` returns while these texts stand in for the files. */
  within(changed, work) {
    this.trial = changed;
    this.#touch(changed.keys());
    try {
      return work();
    } finally {
      this.trial = new Map();
      this.#touch(changed.keys());
    }
  }

  commit(changed) {
    this.words = undefined;
    this.kept.push(new Map([...changed.keys()].map((path) => [path, this.texts.get(path)])));
    for (const [path, text] of changed) this.texts.set(path, text);
    this.#touch(changed.keys());
  }

  /** The last commit never was. */
  undo() {
    const before = this.kept.pop() ?? new Map();
    this.words = undefined;
    for (const [path, text] of before) {
      if (text === undefined) this.texts.delete(path);
      else this.texts.set(path, text);
    }
    this.#touch(before.keys());
  }

  /** Complaints about these files, or about the whole program. */
  diagnostics(paths) {
    const files = paths ?? this.program.getSourceFiles().map((file) => file.fileName);
    const found = paths
      ? []
      : [...this.parsed.errors, ...this.service.getCompilerOptionsDiagnostics()];
    for (const path of files) {
      if (paths || this.own(path)) {
        found.push(...this.service.getSyntacticDiagnostics(path));
        found.push(...this.service.getSemanticDiagnostics(path));
      }
    }
    return found.filter((one) => one.category === this.ts.DiagnosticCategory.Error);
  }

  /** A diagnostic as it is told to others; `key` survives edits elsewhere in the file. */
  describe(diagnostic) {
    const message = this.ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    const { file, start = 0, length = 0, code } = diagnostic;
    if (!file)
      return {
        file: "",
        start: 0,
        length: 0,
        line: 1,
        column: 1,
        code,
        message,
        key: `${code} ${message}`,
      };
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    const name = this.name(file.fileName);
    const key = `${name} ${code} ${message}`;
    return { file: name, start, length, line: line + 1, column: character + 1, code, message, key };
  }

  /** JavaScript that these files become, without comments: what a change does when it runs. */
  effect(paths) {
    const digest = createHash("sha256");
    for (const path of [...paths].sort()) digest.update(`${path}\0${this.javascript(path)}\0`);
    return digest.digest("hex").slice(0, 16);
  }

  javascript(path) {
    const options = { ...this.parsed.options, removeComments: true, sourceMap: false };
    const compilerOptions = { ...options, inlineSourceMap: false, declaration: false };
    const made = this.ts.transpileModule(this.text(path) ?? "", {
      compilerOptions,
      fileName: path,
    });
    return made.outputText
      .replace(/;\s*$/gm, "")
      .replace(/\s+/g, " ")
      .replaceAll("'", '"')
      .replace(/\b([\w$]+) as \1\b/g, "$1");
  }

  /** How often a word stands in the project's own files. */
  uses(word) {
    if (!this.words) {
      this.words = new Map();
      for (const { text } of this.ownFiles()) {
        for (const [found] of text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu))
          this.words.set(found, (this.words.get(found) ?? 0) + 1);
      }
    }
    return this.words.get(word) ?? 0;
  }

  /** What other files can see of this one: its declarations. */
  surface(path) {
    if (path.endsWith(".d.ts")) return this.text(path);
    const made = this.service.getEmitOutput(path, true, true);
    return made.outputFiles.map((file) => file.text).join("\n");
  }

  /** Files whose diagnostics can depend on this one, itself included. */
  dependants(path) {
    this.graph ??= this.#importers();
    if (this.graph.everywhere.has(path)) return this.ownFiles().map((file) => file.fileName);
    const reached = new Set([path]);
    for (const one of reached) for (const next of this.graph.by.get(one) ?? []) reached.add(next);
    return [...reached];
  }

  #importers() {
    const by = new Map();
    const everywhere = new Set();
    for (const file of this.ownFiles()) {
      if (!this.ts.isExternalModule(file)) everywhere.add(file.fileName);
      for (const literal of file.imports ?? []) {
        const module = this.checker.getSymbolAtLocation(literal);
        for (const declared of module?.declarations ?? []) {
          const target = declared.getSourceFile().fileName;
          if (!by.has(target)) by.set(target, new Set());
          by.get(target).add(file.fileName);
        }
      }
    }
    return { by, everywhere };
  }

  /** Configurations that this one refers to. */
  references() {
    const found = (this.parsed.projectReferences ?? []).map((one) =>
      this.ts.resolveProjectReferencePath(one),
    );
    return found.map((path) => this.name(path));
  }

  #touch(paths) {
    this.stamp += 1;
    for (const path of paths) this.versions.set(path, this.stamp);
  }

  #parse() {
    const { ts } = this;
    const read = ts.readConfigFile(this.config, ts.sys.readFile);
    if (read.error)
      throw new ProjectError(ts.flattenDiagnosticMessageText(read.error.messageText, "\n"));
    const parsed = ts.parseJsonConfigFileContent(
      read.config,
      ts.sys,
      dirname(this.config),
      {},
      this.config,
    );
    if (!parsed.fileNames.length && !parsed.projectReferences?.length)
      throw new ProjectError("no file belongs to it");
    // A configuration that only refers to others has no files, which is no mistake.
    if (!parsed.fileNames.length) parsed.errors = [];
    parsed.options.noEmit = true;
    return parsed;
  }

  #host() {
    const { ts } = this;
    const { options, fileNames } = this.parsed;
    return {
      getCompilationSettings: () => options,
      getScriptFileNames: () => fileNames,
      useSourceOfProjectReferenceRedirect: () => true,
      getProjectReferences: () => this.parsed.projectReferences,
      getScriptVersion: (path) => String(this.versions.get(path) ?? 0),
      getScriptSnapshot: (path) => {
        const text = this.text(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => this.root,
      getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
      fileExists: ts.sys.fileExists,
      readFile: (path) => this.text(path),
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
      realpath: ts.sys.realpath,
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
    };
  }
}

export function configPath(root, name) {
  return join(root, name).split(sep).join("/");
}
