/** What the engine predicts beside what Vault's auth methods answer: every case file, and roles and tokens drawn by chance. */
import { after, before, describe, it } from "node:test";

import { Matrix } from "./lib/matrix.mjs";
import { Vault, calls, drawn, predicted, question, told } from "./suites/logins.mjs";

const SEED = 20_261_127;
const DRAWN = 1500;

describe("Vault", () => {
  let vault;
  before(() => {
    vault = new Vault();
  });
  after(() => vault.stop());

  it("the case files", (test) => compare(test, vault, calls()));
  it("drawn roles and tokens", (test) => compare(test, vault, drawn(SEED, DRAWN)));
});

async function compare(test, vault, questions) {
  const matrix = new Matrix();
  for (const { name, options } of questions) {
    const asked = question(options);
    if (asked) matrix.add(name, predicted(options), told(await vault.ask(asked), options));
  }
  matrix.settle(test);
}
