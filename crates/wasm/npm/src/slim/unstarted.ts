/** `podpass:module` of `podpass/slim`: there is none before `init`. */

import { wrongArgument } from "../failure.js";

export function compiledModule(): never {
  throw wrongArgument("call `await init(...)` or `initSync(...)` of podpass/slim first");
}
