/**
 * The errors that podpass throws. Importing them loads no WebAssembly.
 *
 * Tell them apart by `code`, or by `isPodpassError`: an application can hold two copies of a package (ESM and
 * CJS), and then `instanceof` knows only one of them. No message, `cause` or member holds a token.
 */

/** Marks podpass's errors across copies of the package: registered, so the same symbol everywhere. */
const BRAND: unique symbol = Symbol.for("podpass.error") as never;

/** Every code; those of jose where the meaning is the same. */
export type ErrorCode =
  | "ERR_INTERNAL"
  | "ERR_JOSE_ALG_NOT_ALLOWED"
  | "ERR_JOSE_NOT_SUPPORTED"
  | "ERR_JWKS_FETCH_FAILED"
  | "ERR_JWKS_INVALID"
  | "ERR_JWKS_MULTIPLE_MATCHING_KEYS"
  | "ERR_JWKS_NO_MATCHING_KEY"
  | "ERR_JWKS_TIMEOUT"
  | "ERR_JWS_INVALID"
  | "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
  | "ERR_JWT_CLAIM_VALIDATION_FAILED"
  | "ERR_JWT_EXPIRED"
  | "ERR_JWT_INVALID"
  | "ERR_SA_BINDING_MISMATCH"
  | "ERR_SA_ISSUER_UNKNOWN"
  | "ERR_SA_LEGACY_TOKEN"
  | "ERR_SA_NOT_SERVICE_ACCOUNT"
  | "ERR_TOKEN_REVIEW_FAILED";

/** What the engine throws: plain data. */
export interface Failure {
  name: string;
  code: string;
  message: string;
  details: { [member: string]: unknown };
}

/** What every error of podpass is. */
export class PodpassError extends Error {
  /** Stable; messages may change, codes not. */
  readonly code: ErrorCode;

  constructor(failure: Failure) {
    super(failure.message);
    this.code = failure.code as ErrorCode;
    // A bundler may rename classes, so the name is not taken from the constructor.
    hidden(this, "name", failure.name);
    hidden(this, BRAND, true);
    for (const [member, value] of Object.entries(failure.details)) {
      Object.defineProperty(this, member, { value, enumerable: true, configurable: true, writable: true });
    }
  }
}

function hidden(target: object, member: PropertyKey, value: unknown): void {
  Object.defineProperty(target, member, { value, enumerable: false, configurable: true, writable: true });
}

/** The algorithm is known, but not allowed. */
export class AlgorithmNotAllowedError extends PodpassError {
  static readonly code = "ERR_JOSE_ALG_NOT_ALLOWED";
}

/** The token is bound to something else than expected. */
export class BindingMismatchError extends PodpassError {
  static readonly code = "ERR_SA_BINDING_MISMATCH";
}

/** A claim is missing or not as wanted. */
export class ClaimValidationError extends PodpassError {
  static readonly code = "ERR_JWT_CLAIM_VALIDATION_FAILED";
}

/** A fault of podpass itself. The engine has been started anew: the next call works. */
export class InternalError extends PodpassError {
  static readonly code = "ERR_INTERNAL";
}

/** The issuer is none of those that are trusted. */
export class IssuerUnknownError extends PodpassError {
  static readonly code = "ERR_SA_ISSUER_UNKNOWN";
}

/** The keys could not be fetched: not the caller's fault, and worth another try (`retryable`). */
export class KeySetFetchError extends PodpassError {
  static readonly code = "ERR_JWKS_FETCH_FAILED";
}

/** The text is no key set. */
export class KeySetInvalidError extends PodpassError {
  static readonly code = "ERR_JWKS_INVALID";
}

/** The keys did not come in time: not the caller's fault, and worth another try (`retryable`). */
export class KeySetTimeoutError extends PodpassError {
  static readonly code = "ERR_JWKS_TIMEOUT";
}

/** A legacy Secret token where none is wanted. */
export class LegacyTokenError extends PodpassError {
  static readonly code = "ERR_SA_LEGACY_TOKEN";
}

/** More keys fit than are tried. */
export class MultipleMatchingKeysError extends PodpassError {
  static readonly code = "ERR_JWKS_MULTIPLE_MATCHING_KEYS";
}

/** No key fits. */
export class NoMatchingKeyError extends PodpassError {
  static readonly code = "ERR_JWKS_NO_MATCHING_KEY";
}

/** Not a ServiceAccount token. */
export class NotServiceAccountError extends PodpassError {
  static readonly code = "ERR_SA_NOT_SERVICE_ACCOUNT";
}

/** Something that podpass does not implement: an encrypted token, an algorithm. */
export class NotSupportedError extends PodpassError {
  static readonly code = "ERR_JOSE_NOT_SUPPORTED";
}

/** The signature is wrong. */
export class SignatureVerificationError extends PodpassError {
  static readonly code = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
}

/** The token has expired. */
export class TokenExpiredError extends PodpassError {
  static readonly code = "ERR_JWT_EXPIRED";
}

/** The token is malformed: `ERR_JWS_INVALID` (header, signature or the whole) or `ERR_JWT_INVALID` (payload). */
export class TokenInvalidError extends PodpassError {}

/** The API server did not answer a TokenReview: not the caller's fault, and worth another try (`retryable`). */
export class TokenReviewError extends PodpassError {
  static readonly code = "ERR_TOKEN_REVIEW_FAILED";
}

/** Whether a caught value is an error of podpass, whichever copy of the package threw it. */
export function isPodpassError(value: unknown): value is PodpassError {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
