import { describe, expect, it } from "vitest";

import { cents, show } from "./money.js";

describe("cents", () => {
  it.each([
    ["1", 100],
    ["1.5", 150],
    ["0.05", 5],
    [" 12.34 ", 1234],
  ])("reads %j as %i", (text, amount) => expect(cents(text)).toBe(amount));

  it.each(["", "1,50", "-1", "1.234", "NaN"])("refuses %j", (text) => {
    expect(() => cents(text)).toThrow(RangeError);
  });
});

describe("show", () => {
  it("has two digits behind the point", () => expect(show(105)).toBe("1.05"));
  it("has the sign in front", () => expect(show(-5)).toBe("-0.05"));
});
