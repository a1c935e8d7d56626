/** From the engine's plain failures to errors. */

import * as errors from "./errors.js";

/** Classes by the engine's names. */
const CLASSES: { [name: string]: typeof errors.PodpassError } = {
  AlgorithmNotAllowedError: errors.AlgorithmNotAllowedError,
  BindingMismatchError: errors.BindingMismatchError,
  ClaimValidationError: errors.ClaimValidationError,
  InternalError: errors.InternalError,
  IssuerUnknownError: errors.IssuerUnknownError,
  KeySetInvalidError: errors.KeySetInvalidError,
  LegacyTokenError: errors.LegacyTokenError,
  MultipleMatchingKeysError: errors.MultipleMatchingKeysError,
  NoMatchingKeyError: errors.NoMatchingKeyError,
  NotServiceAccountError: errors.NotServiceAccountError,
  NotSupportedError: errors.NotSupportedError,
  SignatureVerificationError: errors.SignatureVerificationError,
  TokenExpiredError: errors.TokenExpiredError,
  TokenInvalidError: errors.TokenInvalidError,
};

/** The engine's plain failure as an `Error`. */
export function errorOf(failure: errors.Failure): Error {
  if (failure.name === "TypeError") return wrongArgument(failure.message);
  return new (CLASSES[failure.name] ?? errors.PodpassError)(failure);
}

const MISTAKE = "ERR_INVALID_OPTIONS";

/** A call that makes no sense. */
export function wrongArgument(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: MISTAKE });
}

/** Whether it is what `wrongArgument` makes. */
export function isMistake(thrown: unknown): boolean {
  return thrown instanceof TypeError && (thrown as { code?: unknown }).code === MISTAKE;
}
