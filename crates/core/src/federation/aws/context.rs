//! The condition keys of the request: what a trust policy can ask about (A40-A45).
//!
//! Source: IAM User Guide, "IAM and AWS STS condition context keys" and "AWS global condition context
//! keys" (read 2026-11).

use std::borrow::Cow;

use serde_json::Value;

use super::session::Session;
use super::token::{WebIdentity, text_form};
use crate::federation::{AwsFacts, OneOrMany};
use crate::time::UnixTime;

/// What the request has under a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup<'a> {
    /// No such key in the request; a misspelt key is one as well (A69).
    Absent,
    /// One value.
    One(Cow<'a, str>),
    /// A multivalued key (A45).
    Many(Vec<Cow<'a, str>>),
    /// Nothing given tells the value, perhaps not even whether there is one; the reason is for a reader.
    Unknown { reason: &'static str, present: bool },
}

/// Everything that condition keys are looked up in.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) identity: &'a WebIdentity<'a>,
    pub(super) session: &'a Session,
    pub(super) facts: &'a AwsFacts,
    /// ARN of the caller's provider.
    pub(super) provider: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    /// What `sts:RoleAuthorizedByIdp` says; `None`: the role is not known (A44).
    pub(super) authorized_by_idp: Option<bool>,
    pub(super) now: UnixTime,
}

/// Keys that hold a value in every such request, which nothing given tells (A43).
const PRESENT: &[&str] =
    &["aws:RequestedRegion", "aws:SourceIp", "aws:UserAgent", "sts:RoleSessionName"];

/// Keys whose presence depends on where the call comes from or on the role.
const DEPENDS: &[&str] = &[
    "aws:Referer",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
];
const NOT_GIVEN: &str = "its value is not given (facts.requestContext)";

/// Issuers whose other claims are condition keys too (A41): no cluster is among them.
const RICH_ISSUERS: &[(&str, &[&str])] = &[
    (
        "agent.buildkite.com",
        &[
            "organization_slug",
            "organization_id",
            "pipeline_slug",
            "pipeline_id",
            "cluster_name",
            "cluster_id",
            "build_branch",
        ],
    ),
    (
        "gitlab.com",
        &[
            "namespace_id",
            "project_id",
            "user_id",
            "user_login",
            "user_email",
            "user_access_level",
            "ref_protected",
            "pipeline_source",
            "runner_environment",
        ],
    ),
    (
        "token.actions.githubusercontent.com",
        &[
            "actor",
            "actor_id",
            "job_workflow_ref",
            "repository",
            "repository_id",
            "repository_owner_id",
            "workflow",
            "ref",
            "environment",
            "enterprise_id",
        ],
    ),
];

impl<'a> Context<'a> {
    /// A61: key names ignore case, host and path included.
    pub(super) fn lookup(&self, key: &str) -> Lookup<'a> {
        if let Some(claim) = self.identity.key_prefix().and_then(|prefix| after(key, prefix)) {
            match self.claim(claim) {
                Lookup::Absent => {}
                found => return found,
            }
        }
        self.given(key).or_else(|| self.session_key(key)).unwrap_or_else(|| self.global(key))
    }

    /// A41: the keys that the issuer's tokens yield.
    fn claim(&self, name: &str) -> Lookup<'a> {
        let claims = self.identity.claims();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match () {
            () if is("aud") => match self.identity.audience() {
                Some(audience) => Lookup::One(audience),
                None => Lookup::Absent,
            },
            // A33: the claim as it stands, also where `azp` takes the place of `aud`.
            () if is("oaud") => match many(claims.get("aud")) {
                Lookup::Many(mut values) if values.len() == 1 => {
                    values.pop().map_or(Lookup::Absent, Lookup::One)
                }
                other => other,
            },
            () if is("sub") => one(claims.get("sub")),
            () if is("email") => one(claims.get("email")),
            () if is("amr") => many(claims.get("amr")),
            () => self.rich_claim(name).map_or(Lookup::Absent, |claim| one(claims.get(claim))),
        }
    }

    /// The claim behind a key of an issuer that has keys of its own.
    fn rich_claim(&self, name: &str) -> Option<&'static str> {
        let host = self.identity.key_prefix()?;
        let (_, claims) = RICH_ISSUERS.iter().find(|(rich, _)| host.eq_ignore_ascii_case(rich))?;
        claims.iter().find(|claim| claim.eq_ignore_ascii_case(name)).copied()
    }

    /// `facts.requestContext`.
    fn given(&self, key: &str) -> Option<Lookup<'a>> {
        let context = self.facts.request_context.as_ref()?;
        let (_, values) = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(match values {
            OneOrMany::One(value) => Lookup::One(Cow::Borrowed(value)),
            OneOrMany::Many(values) => Lookup::Many(borrowed(values)),
        })
    }

    /// A44: keys that come from claims about tags and source identity.
    fn session_key(&self, key: &str) -> Option<Lookup<'a>> {
        let Session { tags, transitive, untold, source_identity, .. } = self.session;
        if let Some(name) = after_prefix(key, "aws:RequestTag/") {
            if untold.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
                let reason = "the tag's value is not given (facts.clusterArn, or the token's pod)";
                return Some(Lookup::Unknown { reason, present: true });
            }
            let (_, value) = tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?;
            return Some(Lookup::One(Cow::Borrowed(value)));
        }
        let is = |known: &str| key.eq_ignore_ascii_case(known);
        match () {
            () if is("aws:TagKeys") && !(tags.is_empty() && untold.is_empty()) => {
                let told = tags.iter().map(|(key, _)| Cow::from(key.as_str()));
                let untold = untold.iter().map(|key| Cow::from(*key));
                Some(Lookup::Many(told.chain(untold).collect()))
            }
            () if is("sts:TransitiveTagKeys") && !transitive.is_empty() => {
                Some(Lookup::Many(borrowed(transitive)))
            }
            () if is("sts:SourceIdentity") => {
                source_identity.as_deref().map(|identity| Lookup::One(Cow::Borrowed(identity)))
            }
            () => None,
        }
    }

    /// A43, A44.
    fn global(&self, key: &str) -> Lookup<'a> {
        let text = |value: Option<&'a str>| match value {
            Some(value) => Lookup::One(Cow::Borrowed(value)),
            None => Lookup::Unknown { reason: "the role's account is not known", present: true },
        };
        let is = |known: &str| key.eq_ignore_ascii_case(known);
        let flag = |value: bool| Lookup::One(Cow::Borrowed(if value { "true" } else { "false" }));
        match () {
            () if is("sts:RoleSessionName") && self.facts.role_session_name.is_some() => {
                text(self.facts.role_session_name.as_deref())
            }
            () if is("aws:CurrentTime") => Lookup::One(Cow::Owned(self.now.to_string())),
            () if is("aws:EpochTime") => Lookup::One(Cow::Owned(format!("{}", self.now.0.floor()))),
            // STS has no endpoint without TLS.
            () if is("aws:SecureTransport") => flag(true),
            () if is("aws:PrincipalAccount") => text(self.account),
            () if is("aws:PrincipalType") => text(Some("User")),
            () if is("aws:userid") => text(self.provider),
            () if is("sts:RoleAuthorizedByIdp") => match self.authorized_by_idp {
                Some(authorized) => flag(authorized),
                None => Lookup::Unknown {
                    reason: "whether the token's roles claim names the role is not known",
                    present: true,
                },
            },
            () if PRESENT.iter().any(|known| is(known)) => {
                Lookup::Unknown { reason: NOT_GIVEN, present: true }
            }
            () if DEPENDS.iter().any(|known| is(known)) || is_tag_of_role(key) => {
                Lookup::Unknown { reason: NOT_GIVEN, present: false }
            }
            () => Lookup::Absent,
        }
    }
}

/// Tags of the role itself, which no trust policy shows.
fn is_tag_of_role(key: &str) -> bool {
    ["aws:ResourceTag/", "iam:ResourceTag/"]
        .iter()
        .any(|prefix| after_prefix(key, prefix).is_some())
}

/// What follows `<prefix>:`.
fn after<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    after_prefix(key, prefix)?.strip_prefix(':')
}

/// What follows a prefix, whatever its letters' case.
pub(super) fn after_prefix<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    let (head, tail) = key.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn borrowed(values: &[String]) -> Vec<Cow<'_, str>> {
    values.iter().map(|value| Cow::Borrowed(value.as_str())).collect()
}

fn one(claim: Option<&Value>) -> Lookup<'_> {
    match claim {
        None | Some(Value::Null) => Lookup::Absent,
        Some(value) => match text_form(value) {
            Some(text) => Lookup::One(text),
            None => {
                Lookup::Unknown { reason: "the claim is neither text nor number", present: false }
            }
        },
    }
}

fn many(claim: Option<&Value>) -> Lookup<'_> {
    match claim {
        Some(Value::Array(values)) => {
            let texts: Option<Vec<Cow<'_, str>>> = values.iter().map(text_form).collect();
            let unknown =
                Lookup::Unknown { reason: "the claim is no list of texts", present: false };
            texts.map_or(unknown, Lookup::Many)
        }
        other => match one(other) {
            Lookup::One(value) => Lookup::Many(vec![value]),
            other => other,
        },
    }
}
