// The body of a function of (end, all, report), which runs inside of a test file: it notes the calls
// of a watched function, and when the tests are over makes them again, and others like them.
const MOST_CALLS = 40, MOST = 500, LIMIT_US = 2e6, WAIT_MS = 50;
const fs = process.getBuiltinModule?.("fs");
const { stringify } = JSON, used = process.cpuUsage.bind(process), later = setTimeout;
const calls = new Map();
let replaying = false;

function copy(value, depth = 0) {
  if (typeof value !== "object" || value === null || depth > 6) return value;
  if (Array.isArray(value)) return value.slice(0, 300).map((one) => copy(one, depth + 1));
  if (value instanceof Date) return new Date(value);
  if (value instanceof Map) return new Map([...value].map((one) => copy(one, depth + 1)));
  if (value instanceof Set) return new Set([...value].map((one) => copy(one, depth + 1)));
  if (value instanceof RegExp || value instanceof Promise || ArrayBuffer.isView(value)) return value;
  const made = Object.create(Object.getPrototypeOf(value));
  for (const key of Object.keys(value).slice(0, 60)) {
    const { get, value: inner } = Object.getOwnPropertyDescriptor(value, key);
    if (!get) made[key] = copy(inner, depth + 1);
  }
  return made;
}

function print(value, depth = 0) {
  if (typeof value === "function") return "function";
  if (typeof value === "symbol" || typeof value === "bigint") return String(value);
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? stringify(value.slice(0, 500)) : String(value);
  if (depth > 5) return "...";
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date || value instanceof RegExp) return String(value.valueOf());
  const more = (one) => print(one, depth + 1);
  if (Array.isArray(value)) return `[${value.slice(0, 200).map(more).join()}]`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}[${[...value].slice(0, 200).map(more).join()}]`;
  const keys = Object.keys(value).slice(0, 60).sort();
  return `{${keys.map((key) => `${key}:${more(value[key])}`).join()}}`;
}

function* like(value, depth = 0) {
  if (typeof value === "number") yield* [value + 1, value - 1, 0, -value, value * 2];
  if (typeof value === "string") {
    yield* ["", value.slice(1), value.slice(0, -1), `${value}${value}`, `${value} `, ` ${value}`];
    if (value.length < 40) yield* [value.toUpperCase(), [...value].reverse().join("")];
  }
  if (typeof value === "boolean") yield !value;
  if (typeof value !== "object" || value === null || depth > 2) return;
  if (Array.isArray(value)) {
    yield* [[], value.slice(1), value.slice(0, -1), [...value].reverse(), [...value, ...value]];
    for (const [at, one] of value.slice(0, 3).entries())
      for (const other of like(one, depth + 1)) yield value.map((each, index) => (index === at ? other : each));
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return;
  for (const key of Object.keys(value).slice(0, 5)) {
    const { [key]: gone, ...rest } = value;
    yield rest;
    for (const other of like(gone, depth + 1)) yield { ...value, [key]: other };
  }
}

all.__testfleet_see = (again, args, self) => {
  if (replaying || calls.size >= MOST_CALLS) return;
  replaying = true;
  try {
    const key = `${again} ${print([self === all ? undefined : self, args])}`;
    if (key.length < 5000 && !calls.has(key)) calls.set(key, { again, args: copy(args), self: copy(self) });
  } catch {
    // A value that cannot be looked at is none to compare by.
  }
  replaying = false;
};

function* replays() {
  for (const { again, args, self } of calls.values()) yield { again, args, self, real: true };
  for (const { again, args, self } of calls.values())
    for (const [at, one] of args.entries())
      for (const other of like(one)) yield { again, self, args: args.map((each, index) => (index === at ? other : each)) };
}

async function answer({ again, args, self }) {
  const [mine, own] = [copy(args), copy(self)];
  try {
    const found = function () { return again.call(own); };
    const target = found.call(own);
    let value = target.apply(own, mine);
    if (typeof value?.then === "function")
      value = await Promise.race([value, new Promise((done) => later(done, WAIT_MS, "not in time"))]);
    if (typeof value?.next === "function" && typeof value !== "function") value = [...value].slice(0, 100);
    return { how: "returned", text: `${print(value)} ${print(mine)} ${print(own)}` };
  } catch (error) {
    return { how: "thrown", text: print(error instanceof Error ? `${error.name}` : error) };
  }
}

end?.(async () => {
  replaying = true;
  const start = used(), told = {};
  let count = 0;
  for (const one of replays()) {
    const { user, system } = used(start);
    if (count++ >= MOST || user + system > LIMIT_US) break;
    const key = `${one.real ? "real" : "made"} ${one.again} ${print([one.self, one.args])}`;
    if (key in told || key.length > 3000) continue;
    const { how, text } = await answer(one);
    told[key] = `${how} ${text.slice(0, 2000)}`;
  }
  fs?.appendFileSync(report, `${stringify(told)}\n`);
}, 20000);
