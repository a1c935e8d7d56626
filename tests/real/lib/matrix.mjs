/** What was predicted beside what the real server said: each pair is a case, and all that differ are told at once. */
import assert from "node:assert/strict";

/** As many differences are shown in full; the others are counted. */
const SHOWN = Number(process.env.PODPASS_REAL_SHOWN ?? 12);

export class Matrix {
  cases = 0;
  differences = [];

  /** Notes one case. Members that are undefined are not there; the order of members means nothing. */
  add(name, predicted, real) {
    this.cases += 1;
    const [left, right] = [plain(predicted), plain(real)];
    if (JSON.stringify(left) !== JSON.stringify(right)) this.differences.push({ name, predicted: left, real: right });
  }

  /** Ends a test: says how many cases there were, and fails with those that differ. */
  settle(test) {
    assert.ok(this.cases > 0, "no case was compared");
    test.diagnostic(`${test.name}: ${this.cases} cases, ${this.differences.length} different`);
    if (this.differences.length === 0) return;
    const shown = this.differences.slice(0, SHOWN).map(({ name, predicted, real }) => {
      return `${name}\n  predicted ${JSON.stringify(predicted)}\n  real      ${JSON.stringify(real)}`;
    });
    assert.fail(`${this.differences.length} of ${this.cases} differ:\n${shown.join("\n")}`);
  }
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.keys(value).sort().filter((name) => value[name] !== undefined);
  return Object.fromEntries(members.map((name) => [name, plain(value[name])]));
}

/** One of so many items, from one that is chosen; all of them where `PODPASS_REAL_ALL` is set. */
export function thinned(items, { every, from }) {
  return process.env.PODPASS_REAL_ALL ? items : items.filter((_, index) => index % every === from);
}

/** Runs `work` over the items, some at a time. */
export async function sideBySide(items, work, width = 8) {
  const queue = [...items].entries();
  await Promise.all(Array.from({ length: width }, async () => {
    for (const [index, item] of queue) await work(item, index);
  }));
}

/** Numbers that look drawn by chance, and come out the same every time (mulberry32). */
export class Chance {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** At least 0, below 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit) {
    return Math.floor(this.next() * limit);
  }

  one(items) {
    return items[this.below(items.length)];
  }

  /** True with this probability. */
  perhaps(probability) {
    return this.next() < probability;
  }

  /** Some of the items, in their order. */
  some(items, probability) {
    return items.filter(() => this.perhaps(probability));
  }
}
