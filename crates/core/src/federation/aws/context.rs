//! The condition keys of the request: what a trust policy can ask about (A40-A45).
//!
//! Source: IAM User Guide, "IAM and AWS STS condition context keys" and "AWS global condition context
//! keys" (read 2026-11).

use serde_json::Value;

use super::token::{WebIdentity, text_form};
use crate::federation::AwsFacts;
use crate::time::UnixTime;

/// What the request has under a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    /// No such key in the request; a misspelt key is one as well (A69).
    Absent,
    /// One value.
    One(String),
    /// A multivalued key (A45).
    Many(Vec<String>),
    /// There may be a value, but nothing given tells which; the reason is for a reader.
    Unknown(&'static str),
}

/// Everything that condition keys are looked up in.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) identity: &'a WebIdentity<'a>,
    pub(super) facts: &'a AwsFacts,
    /// ARN of the caller's provider.
    pub(super) provider: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    pub(super) now: UnixTime,
}

/// Keys that hold a value in every such request, which nothing given tells (A43), in lower case.
const PRESENT: &[&str] = &[
    "aws:requestedregion",
    "aws:securetransport",
    "aws:sourceip",
    "aws:useragent",
    "sts:rolesessionname",
];

/// Keys whose presence depends on where the call comes from, in lower case.
const DEPENDS: &[&str] = &[
    "aws:referer",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
];

/// Issuers whose other claims are condition keys too (A41): no cluster is among them.
const RICH_ISSUERS: &[&str] = &[
    "accounts.google.com",
    "agent.buildkite.com",
    "gitlab.com",
    "oidc.circleci.com",
    "token.actions.githubusercontent.com",
];

impl Context<'_> {
    /// A61: key names ignore case, host and path included.
    pub(super) fn lookup(&self, key: &str) -> Lookup {
        let key = key.to_ascii_lowercase();
        let prefix = self.identity.key_prefix().map(str::to_ascii_lowercase);
        let claim =
            prefix.as_deref().and_then(|prefix| key.strip_prefix(prefix)?.strip_prefix(':'));
        if let Some(claim) = claim {
            return self.claim(claim);
        }
        self.given(&key).unwrap_or_else(|| self.global(&key))
    }

    /// A41: the keys that the issuer's tokens yield.
    fn claim(&self, name: &str) -> Lookup {
        let claims = self.identity.claims();
        match name {
            "aud" => self.identity.audience().map_or(Lookup::Absent, Lookup::One),
            // A33: only where `azp` takes the place of `aud`.
            "oaud" if claims.contains_key("azp") => one(claims.get("aud")),
            "sub" | "email" => one(claims.get(name)),
            "amr" => many(claims.get(name)),
            _ if self.identity.key_prefix().is_some_and(|host| {
                RICH_ISSUERS.iter().any(|rich| {
                    host.eq_ignore_ascii_case(rich) || host.starts_with(&format!("{rich}/"))
                })
            }) =>
            {
                Lookup::Unknown("the extra condition keys of this issuer are not modelled")
            }
            _ => Lookup::Absent,
        }
    }

    /// `facts.requestContext`.
    fn given(&self, key: &str) -> Option<Lookup> {
        let context = self.facts.request_context.as_ref()?;
        let (_, values) = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(match values {
            crate::federation::OneOrMany::One(value) => Lookup::One(value.clone()),
            crate::federation::OneOrMany::Many(values) => Lookup::Many(values.clone()),
        })
    }

    /// A43, A44.
    fn global(&self, key: &str) -> Lookup {
        let text = |value: Option<&str>| match value {
            Some(value) => Lookup::One(value.to_owned()),
            None => Lookup::Unknown("the role's account is not known"),
        };
        match key {
            "sts:rolesessionname" if self.facts.role_session_name.is_some() => {
                text(self.facts.role_session_name.as_deref())
            }
            "aws:currenttime" => Lookup::One(self.now.to_string()),
            "aws:epochtime" => Lookup::One(format!("{}", self.now.0.floor())),
            "aws:principalaccount" => text(self.account),
            "aws:principaltype" => Lookup::One("User".to_owned()),
            "aws:userid" => text(self.provider),
            "sts:roleauthorizedbyidp" if !self.identity.has_roles() => {
                Lookup::One("false".to_owned())
            }
            _ if PRESENT.contains(&key) || DEPENDS.contains(&key) => {
                Lookup::Unknown("its value is not given (facts.requestContext)")
            }
            _ if self.identity.has_session_claims() && is_session_key(key) => {
                Lookup::Unknown("session tags and source identity in the token are not modelled")
            }
            _ => Lookup::Absent,
        }
    }
}

/// A44: keys that come from claims about tags, source identity and roles.
fn is_session_key(key: &str) -> bool {
    key.starts_with("aws:requesttag/")
        || ["aws:tagkeys", "sts:transitivetagkeys", "sts:sourceidentity", "sts:roleauthorizedbyidp"]
            .contains(&key)
}

fn one(claim: Option<&Value>) -> Lookup {
    match claim {
        None | Some(Value::Null) => Lookup::Absent,
        Some(value) => match text_form(value) {
            Some(text) => Lookup::One(text),
            None => Lookup::Unknown("the claim is neither text nor number"),
        },
    }
}

fn many(claim: Option<&Value>) -> Lookup {
    match claim {
        Some(Value::Array(values)) => {
            let texts: Option<Vec<String>> = values.iter().map(text_form).collect();
            texts.map_or(Lookup::Unknown("the claim is no list of texts"), Lookup::Many)
        }
        other => match one(other) {
            Lookup::One(value) => Lookup::Many(vec![value]),
            other => other,
        },
    }
}
