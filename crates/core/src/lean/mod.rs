//! The short way for tokens as API servers issue them: no tree that remembers places, no list of checks.
//!
//! It judges nothing by itself. What is unusual in any way (an escape, a fraction, a member of another type, a claim
//! that does not pass) is answered with `None`, and the full judgement takes over; where it answers, the full
//! judgement would say the same: `test/three-ways.test.mjs` of the npm package holds it to that.

mod decode;
mod verify;

use podpass_scan::{Lean, Writer, date, member, scan, text};

use crate::claims::{KUBERNETES_CLAIM, LEGACY_CLAIM, is_in_cluster_name};

pub(crate) use decode::decode;
pub(crate) use verify::{Known, foresee};

/// Longest token that takes the short way, in bytes; others are rare enough.
const LONGEST: usize = 8 * 1024;

/// The three parts of a compact JWS.
fn parts(token: &str) -> Option<(&str, &str, &str)> {
    let (header, rest) = token.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    (token.len() <= LONGEST && !signature.contains('.')).then_some((header, payload, signature))
}

/// Decodes base64url to the letter, as `jws` does.
fn decoded<'a>(part: &str, into: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    into.clear();
    podpass_scan::decode(part, into)?;
    Some(into)
}

/// The claims that the short way knows, as written.
struct Claims<'a> {
    members: Vec<(&'a str, Lean<'a>)>,
    kubernetes: usize,
}

/// An object that a token is bound to: name and UID.
type Bound<'a> = (&'a str, Option<&'a str>);

impl<'a> Claims<'a> {
    /// Those of a bound token; of any other, nothing.
    fn read(payload: &'a str) -> Option<Self> {
        let Lean::Object(members) = scan(payload)? else { return None };
        let kubernetes = members.iter().position(|(name, _)| *name == KUBERNETES_CLAIM)?;
        let legacy = members.iter().any(|(name, _)| name.starts_with(LEGACY_CLAIM));
        (!legacy).then_some(Self { members, kubernetes })
    }

    fn kubernetes(&self) -> &[(&'a str, Lean<'a>)] {
        match self.members.get(self.kubernetes) {
            Some((_, Lean::Object(members))) => members,
            _ => &[],
        }
    }

    fn text(&self, name: &str) -> Option<Option<&'a str>> {
        text(&self.members, name)
    }

    fn date(&self, name: &str) -> Option<Option<&'a str>> {
        date(&self.members, name)
    }

    /// `aud`: absent, a text, or texts.
    fn audiences(&self) -> Option<Vec<&'a str>> {
        match member(&self.members, "aud") {
            None => Some(Vec::new()),
            Some(Lean::Text(one)) => Some(vec![one]),
            Some(Lean::Array(many)) => many.iter().map(Lean::text).collect(),
            Some(_) => None,
        }
    }

    /// Namespace, name and UID of the account.
    fn account(&self) -> Option<(&'a str, Bound<'a>)> {
        let namespace = text(self.kubernetes(), "namespace")??;
        Some((namespace, self.bound("serviceaccount")??))
    }

    fn bound(&self, name: &str) -> Option<Option<Bound<'a>>> {
        match member(self.kubernetes(), name) {
            None => Some(None),
            Some(Lean::Object(members)) => {
                Some(Some((text(members, "name")??, text(members, "uid")?)))
            }
            Some(_) => None,
        }
    }

    fn warn_after(&self) -> Option<Option<&'a str>> {
        date(self.kubernetes(), "warnafter")
    }

    /// `bound` or `external`, as [`crate::claims::Claims::kind`] tells them apart.
    fn kind(issuer: Option<&str>, audiences: &[&str]) -> &'static str {
        let for_api_server = audiences.is_empty()
            || audiences.iter().any(|aud| Some(*aud) == issuer || is_in_cluster_name(aud));
        if for_api_server { "bound" } else { "external" }
    }
}

/// Writes an object that a token is bound to; `before` opens it as far as its name.
fn write_bound(writer: &mut Writer<'_>, before: &'static str, (name, uid): Bound<'_>) {
    writer.text(before, name);
    if let Some(uid) = uid {
        writer.text(",\"uid\":\"", uid);
    }
    writer.json("}", "");
}
