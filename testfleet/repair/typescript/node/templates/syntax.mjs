// Text that does not parse: the token that the compiler misses is put in, or the odd one goes.

import { candidate } from "../context.mjs";

const NAMED = { Identifier: "", Expression: "", Declaration: "" };

export function* syntax(ctx) {
  if (ctx.code < 1000 || ctx.code >= 2000) return;
  const { text } = ctx.file;
  const file = ctx.file.fileName;
  const before = text.slice(0, ctx.start).trimEnd().length;
  for (const [, token] of ctx.message.matchAll(/'([^'\w\s]{1,3}|\w+)' (?:or '[^']+' )?expected/g)) {
    if (token in NAMED) continue;
    const gap = /\w/.test(token) ? " " : "";
    yield candidate("insert-token", 0.7, { file, start: before, end: before, text: gap + token });
    yield candidate("insert-token", 0.6, {
      file,
      start: ctx.start,
      end: ctx.start,
      text: token + gap,
    });
    for (const at of lineEnds(text, ctx.start))
      yield candidate("insert-token", 0.3, { file, start: at, end: at, text: token });
  }
  if (ctx.end > ctx.start) {
    yield candidate("drop-token", /^\w/.test(text.slice(ctx.start)) ? 0.12 : 0.4, {
      file,
      start: ctx.start,
      end: ctx.end,
      text: "",
    });
  }
  const previous = text.slice(0, before).match(/(\w+|[^\w\s])$/)?.[0];
  if (previous)
    yield candidate("drop-token", /^\w/.test(previous) ? 0.1 : 0.3, {
      file,
      start: before - previous.length,
      end: before,
      text: "",
    });
  for (const token of [")", "}", "]", "(", "{", ",", ";", ":", "=>", "`", '"', "'"]) {
    yield candidate("insert-token", 0.15, { file, start: before, end: before, text: token });
    yield candidate("insert-token", 0.12, { file, start: ctx.start, end: ctx.start, text: token });
  }
  if (ctx.code === 1005 || ctx.code === 1128 || ctx.code === 1109) {
    const after = `${ctx.newline}}`;
    yield candidate("close-block", 0.3, {
      file,
      start: text.length,
      end: text.length,
      text: after,
    });
    for (const at of lineEnds(text, ctx.start).slice(0, 12))
      yield candidate("close-block", 0.15, { file, start: at, end: at, text: `${ctx.newline}}` });
  }
}

/** Ends of the lines before a position, nearest first. */
function lineEnds(text, start) {
  const found = [];
  for (
    let at = text.lastIndexOf("\n", start - 1);
    at > 0 && found.length < 25;
    at = text.lastIndexOf("\n", at - 1)
  ) {
    found.push(text[at - 1] === "\r" ? at - 1 : at);
  }
  return found;
}
