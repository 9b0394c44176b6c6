import { expect, it } from "vitest";

import { receipt } from "./receipt.js";

it("ends with the total", () => {
  const text = receipt([{ name: "tea", price: 349 }, { name: "soap", price: 120 }]);
  expect(text.split("\n")).toEqual([
    "tea                 3.49",
    "soap                1.20",
    "Total               4.69",
  ]);
});

// Fails on purpose, so that there is something to see: long names are not cut.
it("is never wider than the paper", () => {
  const text = receipt([{ name: "a very long name of some tea", price: 349 }]);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBe(24);
});
