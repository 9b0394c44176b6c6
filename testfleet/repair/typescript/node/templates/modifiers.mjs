// `readonly`, `const`, `private`, `static`, `override`: a word that is there or missing.

import { candidate } from "../context.mjs";

export const READONLY = new Set([2540, 2542, 2588]);

export function* constant(ctx) {
  const { ts } = ctx;
  const { symbol } = { symbol: ctx.symbol(ctx.node) };
  for (const declared of ctx.declarations(symbol)) {
    const file = declared.getSourceFile();
    const list = declared.parent;
    if (list && ts.isVariableDeclarationList(list)) {
      const word = list.getFirstToken(file);
      yield candidate("let-for-const", 0.9, ctx.replace(word, "let"));
    }
    for (const modifier of declared.modifiers ?? []) {
      if (modifier.kind !== ts.SyntaxKind.ReadonlyKeyword) continue;
      const gap = file.text.slice(modifier.getEnd()).match(/^\s*/)[0].length;
      yield candidate("drop-readonly", 0.7, {
        file: file.fileName,
        start: modifier.getStart(file),
        end: modifier.getEnd() + gap,
        text: "",
      });
    }
    if (ts.isGetAccessor(declared)) {
      const type = ctx.print(ctx.type(declared), declared);
      const name = ctx.text(declared.name);
      yield candidate(
        "add-setter",
        0.2,
        ctx.insert(
          declared.getEnd(),
          `${ctx.newline}${ctx.indentation(declared)}set ${name}(value: ${type}) {}`,
          file,
        ),
      );
    }
  }
}

export function* override(ctx) {
  const member = ctx.up((one) => ctx.ts.isClassElement(one));
  if (!member) return;
  const word = member.modifiers?.find((one) => one.kind === ctx.ts.SyntaxKind.OverrideKeyword);
  if (word)
    yield candidate("drop-override", 0.7, { ...ctx.replace(word, ""), end: word.getEnd() + 1 });
  else yield candidate("add-override", 0.85, ctx.insert(member.name.getStart(), "override "));
}

/** A member that is private or static, and is used from elsewhere. */
export function* access(ctx) {
  const { ts } = ctx;
  for (const declared of ctx.declarations(ctx.symbol(ctx.node))) {
    const file = declared.getSourceFile();
    for (const modifier of declared.modifiers ?? []) {
      const gap = file.text.slice(modifier.getEnd()).match(/^\s*/)[0].length;
      const away = {
        file: file.fileName,
        start: modifier.getStart(file),
        end: modifier.getEnd() + gap,
        text: "",
      };
      if ([ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword].includes(modifier.kind)) {
        yield candidate("make-public", 0.5, away);
        if (modifier.kind === ts.SyntaxKind.PrivateKeyword)
          yield candidate("make-protected", 0.4, ctx.replace(modifier, "protected"));
      }
      if (modifier.kind === ts.SyntaxKind.StaticKeyword) yield candidate("drop-static", 0.5, away);
    }
  }
  const use = ctx.node.parent;
  const owner = ctx.up((one) => ts.isClassLike(one));
  if (ctx.code === 2576 && ts.isPropertyAccessExpression(use) && owner?.name)
    yield candidate("static-access", 0.6, ctx.replace(use.expression, owner.name.text));
}
