//! Case files: calls of the public functions with the answers they must give, the same for every runtime.
//!
//! `cases/` holds them, `README.md` says how they are written; `src/runner.rs` runs them against the crate,
//! `node/cases.test.mjs` against the npm package.

mod call;
mod case;
mod compare;

pub use call::call;
pub use case::{Call, Case};
pub use compare::{Difference, differ};
