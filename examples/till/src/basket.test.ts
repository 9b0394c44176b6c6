import { describe, expect, it } from "vitest";

import { Basket, change } from "./basket.js";

const tea = { name: "tea", price: 349 };
const soap = { name: "soap", price: 120, threeForTwo: true };

describe("a basket", () => {
  it("adds up", () => expect(new Basket().add(tea, 2).add(soap).total).toBe(818));
  it("gives the third for nothing", () => expect(new Basket().add(soap, 3).total).toBe(240));
  it("counts what was added in two goes", () => {
    expect(new Basket().add(soap, 2).add(soap, 4).total).toBe(480);
  });
  it("refuses half a cup of tea", () => {
    expect(() => new Basket().add(tea, 0.5)).toThrow("cannot add 0.5");
  });
  it.todo("takes vouchers");
});

describe("change", () => {
  it("is given in few coins", () => expect(change(1000, 818)).toEqual([100, 50, 20, 10, 2]));
  it("says what is missing", () => expect(() => change(100, 349)).toThrow("249 cents"));
});
