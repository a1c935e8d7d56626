/**
 * Does an answer have what a case expects? The twin of `src/compare.rs`; `src/compare_table.json` is tried on both.
 *
 * An object need only hold the expected members, each as expected; arrays match element by element; `null`
 * stands for null or absent. An object with members that start with `$` holds tests, all of which must pass.
 */

/** The first difference, as `{ path, expected, actual }`, or null. */
export function differ(expected, actual, path = "") {
  if (expected === null) return isNull(actual) ? null : miss(path, expected, actual);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return miss(path, expected, actual);
    return first(expected.keys(), (index) => differ(expected[index], actual[index], `${path}/${index}`));
  }
  if (typeof expected !== "object") return Object.is(expected, actual) ? null : miss(path, expected, actual);
  const names = Object.keys(expected);
  if (names.some((name) => name.startsWith("$"))) {
    const failed = names.find((name) => !TESTS[name]?.(expected[name], actual));
    return failed === undefined ? null : miss(path, { [failed]: expected[failed] }, actual);
  }
  if (typeof actual !== "object" || actual === null) return miss(path, expected, actual);
  return first(names, (name) => differ(expected[name], memberOf(actual, name), `${path}/${name}`));
}

const passes = (expected, actual) => differ(expected, actual) === null;

const TESTS = {
  $absent: (_, found) => isNull(found),
  $empty: (_, found) => isEmpty(found),
  $contains: (part, found) => typeof found === "string" && found.includes(part),
  $some: (want, found) => Array.isArray(found) && found.some((one) => passes(want, one)),
  $none: (want, found) => isEmpty(found) || (Array.isArray(found) && !found.some((one) => passes(want, one))),
  $oneOf: (wants, found) => wants.some((want) => passes(want, found)),
  $all: (wants, found) => wants.every((want) => passes(want, found)),
  $not: (want, found) => !passes(want, found),
  $below: (limit, found) => typeof found === "number" && found < limit,
  $atLeast: (limit, found) => typeof found === "number" && found >= limit,
  $keys: (names, found) => equal([...names].sort(), Object.keys(found ?? {}).sort()),
  $exactly: (want, found) => equal(want, found),
  $json: (want, found) => {
    try {
      return typeof found === "string" && passes(want, JSON.parse(found));
    } catch {
      return false;
    }
  },
  $k8s: (want, found) => equal(withoutDefaults(want), withoutDefaults(found)),
  $wordings: (texts, found) => {
    const wordings = [found, ...(found?.alternatives ?? [])].map((one) => one?.message);
    return texts.every((text) => wordings.includes(text));
  },
  $under: (pointers, found) => typeof found === "string" && pointers.some((one) => found === one || (one !== "" && found.startsWith(`${one}/`))),
  $sameAt: ([one, other], found) => at(found, one) !== undefined && equal(at(found, one), at(found, other)),
  $differAt: ([one, other], found) => {
    const [left, right] = [at(found, one), at(found, other)];
    return left !== undefined && right !== undefined && !equal(left, right);
  },
};

function isNull(value) {
  return value === null || value === undefined;
}

function isEmpty(value) {
  return isNull(value) || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Own members only: what a prototype brings was not answered. */
function memberOf(value, name) {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function at(value, pointer) {
  const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce((place, name) => (typeof place === "object" && place !== null ? memberOf(place, name) : undefined), value);
}

/** Deep equality, members in any order. */
function equal(one, other) {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, ordered(value[name])]));
}

/** A Kubernetes object without what the API server fills in or leaves out; undefined: nothing is left. */
function withoutDefaults(value, name) {
  if (Array.isArray(value)) return value.length > 0 ? value.map((item) => withoutDefaults(item)) : undefined;
  if (typeof value !== "object" || value === null) return isApiDefault(value, name) ? undefined : value;
  const kept = Object.entries(value)
    .map(([member, one]) => [member, withoutDefaults(one, member)])
    .filter(([, one]) => one !== undefined);
  if (kept.length === 0) return undefined;
  const object = Object.fromEntries(kept);
  if ("fieldPath" in object && object.apiVersion === "v1") delete object.apiVersion;
  return object;
}

function isApiDefault(value, name) {
  return isEmpty(value) || (name === "defaultMode" && value === 420) || (name === "readOnly" && value === false);
}

function miss(path, expected, actual) {
  return { path, expected: short(expected), actual: short(actual) };
}

function short(value) {
  const text = value === undefined ? "nothing" : (JSON.stringify(value) ?? String(value));
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

function first(keys, check) {
  for (const key of keys) {
    const found = check(key);
    if (found) return found;
  }
  return null;
}
