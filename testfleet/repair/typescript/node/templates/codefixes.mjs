// What TypeScript's own language service offers for a diagnostic.

import { candidate } from "../context.mjs";

// By `fixName` of the language service. What is not named has the middle.
const PRIORS = {
  spelling: 0.85,
  import: 0.85,
  addMissingAwait: 0.75,
  fixAwaitInSyncFunction: 0.8,
  fixMissingProperties: 0.25,
  addMissingMember: 0.3,
  fixMissingMember: 0.35,
  returnValueCorrect: 0.7,
  addMissingConstraint: 0.6,
  fixOverrideModifier: 0.85,
  constructorForDerivedNeedSuperCall: 0.7,
  fixClassDoesntImplementInheritedAbstractMember: 0.3,
  fixClassIncorrectlyImplementsInterface: 0.3,
  inferFromUsage: 0.7,
  strictClassInitialization: 0.3,
  addOptionalPropertyUndefined: 0.5,
  addMissingParam: 0.3,
  addOptionalParam: 0.2,
  fixMissingFunctionDeclaration: 0.05,
  unusedIdentifier: 0.5,
  fixUnreachableCode: 0.4,
  convertToTypeOnlyImport: 0.8,
  convertToTypeOnlyExport: 0.8,
  fixReturnTypeInAsyncFunction: 0.7,
  forgottenThisPropertyAccess: 0.75,
  addMissingNewOperator: 0.7,
  extendsInterfaceBecomesImplements: 0.6,
  addVoidToPromise: 0.5,
  fixExpectedComma: 0.8,
  useBigintLiteral: 0.5,
  addMissingConst: 0.4,
  wrapJsxInFragment: 0.5,
};
const SILENCING = new Set([
  "disableJsDiagnostics",
  "addMissingInvocationForDecorator",
  "fixCannotFindModule",
  "addConvertToUnknownForNonOverlappingTypes",
]);
const STUB = /not implemented/;

export function* codefixes(ctx, project) {
  const { ts, file } = ctx;
  let fixes = [];
  try {
    fixes = project.service.getCodeFixesAtPosition(
      file.fileName,
      ctx.start,
      ctx.end,
      [ctx.code],
      format(ts, ctx),
      preferences(ctx),
    );
  } catch {
    return; // A fix of the compiler's own that crashes is one that it does not have.
  }
  const named = new Set();
  for (const [rank, fix] of fixes.entries()) {
    if (SILENCING.has(fix.fixName)) continue;
    const made = offered(ctx, fix.changes, fix.fixName, rank);
    if (made) yield made;
    if (fix.fixId && !named.has(fix.fixId)) {
      named.add(fix.fixId);
      const all = combined(ctx, project, fix.fixId);
      if (all) yield all;
    }
  }
}

function offered(ctx, changes, name, rank) {
  const edits = fromChanges(ctx, changes);
  if (!edits) return undefined;
  const text = edits.map((one) => one.text).join("\n");
  const stub = STUB.test(text);
  const any = /:\s*any\b|\bas any\b/.test(text);
  const concern = stub
    ? "a stub that throws when it is called"
    : any
      ? "the type `any` switches the compiler's checks off"
      : "";
  const prior = Math.max(0.02, (PRIORS[name] ?? 0.4) * 0.97 ** rank * (stub || any ? 0.1 : 1));
  return candidate(`codefix-${name}`, prior, edits, concern);
}

/** The same fix wherever the file needs it. */
function combined(ctx, project, fixId) {
  try {
    const found = project.service.getCombinedCodeFix(
      { type: "file", fileName: ctx.file.fileName },
      fixId,
      format(ctx.ts, ctx),
      preferences(ctx),
    );
    const made = found.changes.length && offered(ctx, found.changes, `all-${fixId}`, 0);
    return made || undefined;
  } catch {
    return undefined; // As above.
  }
}

function fromChanges(ctx, changes) {
  const edits = [];
  for (const change of changes) {
    if (change.isNewFile || !ctx.project.own(change.fileName)) return undefined;
    for (const { span, newText } of change.textChanges) {
      edits.push({
        file: change.fileName,
        start: span.start,
        end: span.start + span.length,
        text: newText,
      });
    }
  }
  return edits.length ? edits : undefined;
}

function format(ts, ctx) {
  const tabs = ctx.unit === "\t";
  const size = tabs ? 4 : ctx.unit.length;
  return {
    ...ts.getDefaultFormatCodeSettings(ctx.newline),
    indentSize: size,
    tabSize: size,
    convertTabsToSpaces: !tabs,
  };
}

function preferences(ctx) {
  const quote = /from '/.test(ctx.file.text) ? "single" : "double";
  const endings = /from ['"]\.[^'"]*\.(js|ts)['"]/.exec(ctx.file.text)?.[1];
  return {
    quotePreference: quote,
    includeCompletionsForModuleExports: true,
    includeCompletionsWithInsertText: true,
    importModuleSpecifierPreference: "shortest",
    allowTextChangesInNewFiles: false,
    importModuleSpecifierEnding: endings ? "js" : "auto",
    preferTypeOnlyAutoImports: /import type /.test(ctx.file.text),
  };
}
