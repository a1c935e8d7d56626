//! Strict base64url and plain JSON, read fast.
//!
//! A service verifies a token for every request; this is where the bytes of each are looked at one by one. So this
//! crate alone is compiled for speed, the rest of podpass for size. It gives up (`None`) on whatever is unusual: its
//! caller then reads thoroughly.

mod base64url;
mod json;
mod writer;

pub use base64url::decode;
pub use json::{Lean, Members, date, member, scan, text};
pub use writer::Writer;
