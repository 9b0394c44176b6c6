import type { Cents } from "./money.js";

export interface Item {
  name: string;
  price: Cents;
  /** Sold three for the price of two. */
  threeForTwo?: boolean;
}

export class Basket {
  readonly #lines = new Map<string, { item: Item; count: number }>();

  add(item: Item, count = 1): this {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`cannot add ${count}`);
    const line = this.#lines.get(item.name) ?? { item, count: 0 };
    this.#lines.set(item.name, { item, count: line.count + count });
    return this;
  }

  get total(): Cents {
    return [...this.#lines.values()].reduce((sum, { item, count }) => {
      const paid = item.threeForTwo ? count - Math.floor(count / 3) : count;
      return sum + paid * item.price;
    }, 0);
  }
}

/** Coins and notes to give back, the largest first. */
export function change(paid: Cents, total: Cents): Cents[] {
  if (paid < total) throw new RangeError(`${total - paid} cents are missing`);
  const coins: Cents[] = [];
  let left = paid - total;
  for (const coin of [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1]) {
    for (; left >= coin; left -= coin) coins.push(coin);
  }
  return coins;
}
