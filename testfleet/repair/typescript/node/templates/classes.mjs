// Members of classes and what they inherit or promise.

import { access, constant, override, READONLY } from "./modifiers.mjs";
import { candidate, likeness } from "../context.mjs";
import { defaultFor } from "../values.mjs";

const INHERITED = new Set([2416, 2415, 2420, 2417, 2430, 2425, 2426, 2610, 2612]);
export function* classes(ctx) {
  if (ctx.code === 2564 || ctx.code === 2454) yield* initialised(ctx);
  if (INHERITED.has(ctx.code)) yield* inherited(ctx);
  if (READONLY.has(ctx.code)) yield* constant(ctx);
  if ([2515, 2420, 18052, 2654, 2655, 2656, 2653].includes(ctx.code)) yield* renamedMember(ctx);
  if ([4112, 4113, 4114, 4115, 4116, 4117].includes(ctx.code)) yield* override(ctx);
  if (ctx.code === 2377 || ctx.code === 17009) yield* superCall(ctx);
  if ([2341, 2445, 2576, 2511, 2729, 2663].includes(ctx.code)) yield* access(ctx);
}

function* initialised(ctx) {
  const { ts } = ctx;
  const declared =
    ctx.code === 2564
      ? ctx.up((one) => ts.isPropertyDeclaration(one))
      : ctx.checker.getSymbolAtLocation(ctx.node)?.valueDeclaration;
  if (!declared?.type || !("initializer" in declared)) return;
  const file = declared.getSourceFile();
  if (ctx.code === 2564) yield* inConstructor(ctx, declared);
  for (const value of defaultFor(ctx, ctx.type(declared.type))) {
    yield candidate("initialise", 0.35, ctx.insert(declared.type.getEnd(), ` = ${value}`, file));
  }
  yield candidate(
    "widen-annotation",
    0.4,
    ctx.insert(declared.type.getEnd(), " | undefined", file),
  );
  if (ctx.code === 2564)
    yield candidate("optional", 0.45, ctx.insert(declared.name.getEnd(), "?", file));
  yield candidate(
    "definite-assignment",
    0.1,
    ctx.insert(declared.name.getEnd(), "!", file),
    "a definite assignment assertion: the compiler takes its word",
  );
}

/** A parameter of the constructor of the same name or type is kept in the property. */
function* inConstructor(ctx, declared) {
  const { ts } = ctx;
  const made = declared.parent.members.find((one) => ts.isConstructorDeclaration(one) && one.body);
  if (!made) return;
  const last = made.body.statements.at(-1);
  const name = ctx.text(declared.name);
  const type = ctx.type(declared.type);
  for (const one of made.parameters) {
    if (!ts.isIdentifier(one.name)) continue;
    const given = ctx.type(one);
    const texts = ctx.fits(given, type) ? [one.name.text] : [];
    if (given.getProperty?.(name)) texts.push(`${one.name.text}.${name}`);
    for (const text of texts) {
      const alike = likeness(text.split(".").at(-1), name);
      const line = `this.${name} = ${text};`;
      const edit = last
        ? ctx.insert(last.getEnd(), `${ctx.newline}${ctx.indentation(last)}${line}`)
        : ctx.insert(made.body.getEnd() - 1, ` ${line} `);
      yield candidate("assign-in-constructor", 0.3 + 0.55 * alike, edit);
    }
  }
}

/** The member's types become those of the base or the interface, or the other way round. */
function* inherited(ctx) {
  const { ts, checker } = ctx;
  const owner = ctx.up((one) => ts.isClassLike(one) || ts.isInterfaceDeclaration(one));
  if (!owner) return;
  const bases = (owner.heritageClauses ?? []).flatMap((one) =>
    one.types.map((type) => ctx.type(type)),
  );
  const named = ctx.message.match(/[Pp]roperty '([^']+)'/g)?.map((one) => one.slice(10, -1)) ?? [];
  for (const mine of owner.members.filter(
    (one) => one.name && named.includes(ctx.text(one.name)),
  )) {
    for (const base of bases) {
      const theirs = base.getProperty?.(ctx.text(mine.name));
      if (!theirs) continue;
      yield* agree(ctx, mine, checker.getTypeOfSymbolAtLocation(theirs, mine));
      for (const other of ctx.declarations(theirs)) {
        yield* agree(ctx, other, ctx.type(mine.name));
        if (mine.questionToken && !other.questionToken && other.name)
          yield candidate(
            "optional",
            0.4,
            ctx.insert(other.name.getEnd(), "?", other.getSourceFile()),
          );
      }
    }
    if (mine.questionToken)
      yield candidate("not-optional", 0.4, ctx.replace(mine.questionToken, ""));
  }
}

function* agree(ctx, member, type) {
  if (member.type && !ctx.ts.isFunctionLike(member)) {
    yield candidate("type-of-base", 0.5, ctx.replace(member.type, ctx.print(type, member)));
    return;
  }
  const signature = type.getCallSignatures?.()[0];
  if (!signature || !member.parameters) return;
  const edits = [];
  for (const [index, one] of [...member.parameters].entries()) {
    const wanted = signature.parameters[index];
    if (!one.type || !wanted) continue;
    const text = ctx.print(ctx.checker.getTypeOfSymbolAtLocation(wanted, member), member);
    if (text === ctx.text(one.type)) continue;
    const edit = ctx.replace(one.type, text);
    edits.push(edit);
    yield candidate("type-of-base", 0.5, edit);
  }
  if (member.type) {
    const edit = ctx.replace(member.type, ctx.print(signature.getReturnType(), member));
    edits.push(edit);
    yield candidate("type-of-base", 0.5, edit);
  }
  if (edits.length > 1) yield candidate("type-of-base", 0.4, edits);
  const lacking = signature.parameters.slice(member.parameters.length);
  if (lacking.length && member.parameters.length) {
    const more = lacking
      .map(
        (one) =>
          `, ${one.name}: ${ctx.print(ctx.checker.getTypeOfSymbolAtLocation(one, member), member)}`,
      )
      .join("");
    yield candidate(
      "add-parameter",
      0.3,
      ctx.insert(member.parameters.at(-1).getEnd(), more, member.getSourceFile()),
    );
  }
}

/** A member that is there under a name that is like the one that is promised. */
function* renamedMember(ctx) {
  const { ts, checker } = ctx;
  const owner = ctx.up((one) => ts.isClassLike(one));
  if (!owner?.symbol) return;
  const own = new Set(owner.members.map((one) => one.name && ctx.text(one.name)));
  for (const clause of owner.heritageClauses ?? []) {
    for (const base of clause.types) {
      for (const wanted of checker.getPropertiesOfType(ctx.type(base))) {
        if (own.has(wanted.name)) continue;
        for (const mine of owner.members) {
          const alike =
            mine.name && ts.isIdentifier(mine.name) ? likeness(mine.name.text, wanted.name) : 0;
          if (alike > 0.25) {
            yield candidate("rename-member", 0.75 * alike, ctx.replace(mine.name, wanted.name));
            for (const there of ctx.declarations(wanted))
              if (there.name)
                yield candidate(
                  "rename-declaration",
                  0.5 * alike,
                  ctx.replace(there.name, mine.name.text),
                );
          }
        }
        for (const there of ctx.declarations(wanted))
          if (
            there.name &&
            !there.questionToken &&
            !there.body &&
            ts.isInterfaceDeclaration(there.parent)
          )
            yield candidate(
              "optional",
              0.25,
              ctx.insert(there.name.getEnd(), "?", there.getSourceFile()),
            );
      }
    }
  }
}

function* superCall(ctx) {
  const made = ctx.up((one) => ctx.ts.isConstructorDeclaration(one));
  if (made?.body)
    yield candidate(
      "call-super",
      0.6,
      ctx.insert(
        made.body.getStart() + 1,
        `${ctx.newline}${ctx.indentation(made)}${ctx.unit}super();`,
      ),
    );
}
