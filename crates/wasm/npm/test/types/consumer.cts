// A user's CommonJS module.
import podpass = require("podpass");
import errors = require("podpass/errors");

export const summary: string = podpass.explain({}).summary;
export const code: "ERR_JWT_EXPIRED" = errors.TokenExpiredError.code;
