import { type Cents, show } from "./money.js";

export interface Line {
  name: string;
  price: Cents;
}

const WIDTH = 24;

export function receipt(lines: Line[]): string {
  const total = lines.reduce((sum, { price }) => sum + price, 0);
  return [...lines, { name: "Total", price: total }]
    .map(({ name, price }) => name.padEnd(WIDTH - show(price).length) + show(price))
    .join("\n");
}
