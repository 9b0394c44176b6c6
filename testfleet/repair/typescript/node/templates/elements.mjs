// JSX: attributes that are missing, unknown, or spelled otherwise.

import { candidate, likeness } from "../context.mjs";
import { valuesFor } from "./objects.mjs";

const CODES = new Set([2741, 2739, 2740, 2322, 2769, 2559]);
const MOST_MISSING = 3;
const MOST_VALUES = 10;

export function* elements(ctx) {
  const { ts, checker } = ctx;
  if (!CODES.has(ctx.code)) return;
  const element = ctx.up((one) => ts.isJsxOpeningElement(one) || ts.isJsxSelfClosingElement(one));
  const target = element && checker.getContextualType(element.attributes);
  if (!target) return;
  const given = new Set(element.attributes.properties.map((one) => one.name?.getText()));
  const missing = checker
    .getPropertiesOfType(target)
    .filter(
      (one) =>
        !(one.flags & ts.SymbolFlags.Optional) && !given.has(one.name) && one.name !== "children",
    );
  yield* added(ctx, element, missing.slice(0, MOST_MISSING));
  yield* otherNames(ctx, element, target, given);
}

function* added(ctx, element, missing) {
  if (!missing.length) return;
  const choices = missing.map((one) => valuesFor(ctx, element, one).slice(0, MOST_VALUES));
  if (choices.some((one) => !one.length)) return;
  const place =
    element.attributes.properties.at(-1) ?? element.typeArguments?.at(-1) ?? element.tagName;
  const first = choices.map((one) => one[0]);
  for (const [index, all] of choices.entries()) {
    for (const one of index ? all.slice(1) : all) {
      const parts = first.map((other, at) => (at === index ? one : other));
      const text = parts.map((part, at) => ` ${missing[at].name}={${part.value}}`).join("");
      yield candidate(
        "add-attribute",
        Math.min(...parts.map((part) => part.prior)),
        ctx.insert(place.getEnd(), text),
      );
    }
  }
}

/** An attribute that the element does not know is dropped, or is one that it knows. */
function* otherNames(ctx, element, target, given) {
  for (const one of element.attributes.properties) {
    const name = one.name?.getText();
    if (!name || target.getProperty?.(name)) continue;
    yield candidate("drop-attribute", 0.3, { ...ctx.replace(one, ""), start: one.getFullStart() });
    for (const property of ctx.checker.getPropertiesOfType(target)) {
      const alike = likeness(property.name, name);
      if (!given.has(property.name) && alike > 0.4)
        yield candidate("other-attribute", 0.85 * alike, ctx.replace(one.name, property.name));
    }
  }
}
