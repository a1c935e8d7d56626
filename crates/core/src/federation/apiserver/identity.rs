//! The private claims and the identity that follows from them (K54, K59, K60, K94).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Examination;
use super::steps::{Refusal, Steps};
use crate::claims::{Claims, ServiceAccountRef};
use crate::federation::Grant;
use crate::go::{is_dns_label, is_dns_subdomain, quoted};
use crate::review::ReviewedUser;
use crate::trace::Status;
use crate::version::Feature;

/// K54: the account is asked for by the names in the private claims, so they must be names.
pub(super) fn bound_claims(steps: &mut Steps, claims: Claims<'_>) {
    let (namespace, name) = account_names(claims);
    let reason = match (namespace, name) {
        (namespace, _) if path_problem(namespace).is_some() => invalid("namespace", namespace),
        (_, "") => "resource name may not be empty".to_owned(),
        (_, name) if path_problem(name).is_some() => invalid("resource name", name),
        ("", _) => "the server could not find the requested resource".to_owned(),
        _ => {
            let title = "the private claims name a ServiceAccount";
            steps.push(Steps::check("claims", Status::Pass, title).rule("K54"));
            return;
        }
    };
    let title = match (namespace, name) {
        (_, "") => "the private claims name no ServiceAccount",
        ("", _) => "the private claims name no namespace",
        _ => "the private claims name no account that could exist",
    };
    let check = Steps::check("claims", Status::Fail, title).rule("K54");
    steps.judge(check, || Refusal::because(reason));
}

/// Namespace and name of the account, empty where missing; of a bound token.
pub(super) fn account_names(claims: Claims<'_>) -> (&str, &str) {
    let kubernetes = claims.kubernetes();
    let namespace = kubernetes.and_then(|claim| claim.get("namespace")).and_then(Value::as_str);
    let account = kubernetes.and_then(|claim| claim.get("serviceaccount"));
    let name = account.and_then(|account| account.get("name")).and_then(Value::as_str);
    (namespace.unwrap_or_default(), name.unwrap_or_default())
}

fn invalid(what: &str, name: &str) -> String {
    format!("invalid {what} {}: [{}]", quoted(name), path_problem(name).unwrap_or_default())
}

/// client-go `IsValidPathSegmentName`.
pub(super) fn path_problem(name: &str) -> Option<&'static str> {
    match name {
        "." => Some("may not be '.'"),
        ".." => Some("may not be '..'"),
        _ => match (name.contains('/'), name.contains('%')) {
            (true, true) => Some("may not contain '/' may not contain '%'"),
            (true, false) => Some("may not contain '/'"),
            (false, true) => Some("may not contain '%'"),
            (false, false) => None,
        },
    }
}

/// K94, in this order.
pub(super) fn legacy_claims(steps: &mut Steps, claims: Claims<'_>) {
    let absent = |value: Option<&str>| value.unwrap_or_default().is_empty();
    let table = [
        (absent(claims.text("sub")), "sub claim is missing"),
        (absent(claims.legacy("namespace")), "namespace claim is missing"),
        (absent(claims.legacy("secret.name")), "secretName claim is missing"),
        (absent(claims.legacy("service-account.name")), "serviceAccountName claim is missing"),
        (absent(claims.legacy("service-account.uid")), "serviceAccountUID claim is missing"),
        (!subject_agrees(claims), "sub claim is invalid"),
    ];
    let failed = table.iter().find(|(failed, _)| *failed).map(|(_, reason)| *reason);
    let check = match failed {
        Some(reason) => Steps::check("claims", Status::Fail, reason),
        None => Steps::check(
            "claims",
            Status::Pass,
            "the flat claims are complete and agree with `sub`",
        ),
    };
    steps.judge(check.rule("K94"), || Refusal::because(failed.unwrap_or_default()));
}

/// `SplitUsername`: both parts must be valid names, and those of the flat claims.
fn subject_agrees(claims: Claims<'_>) -> bool {
    let subject = claims.text("sub").and_then(ServiceAccountRef::from_subject);
    subject.is_some_and(|subject| {
        is_dns_label(&subject.namespace)
            && is_dns_subdomain(&subject.name)
            && Some(subject.namespace.as_str()) == claims.legacy("namespace")
            && Some(subject.name.as_str()) == claims.legacy("service-account.name")
    })
}

impl Examination<'_> {
    /// K59, K60: whom the API server then sees.
    pub(super) fn user(&self) -> Option<ReviewedUser> {
        let claims = self.claims()?;
        let (namespace, name, uid) = if self.legacy {
            let flat = |name: &str| claims.legacy(name).unwrap_or_default();
            (flat("namespace"), flat("service-account.name"), flat("service-account.uid"))
        } else {
            let (namespace, name) = account_names(claims);
            let account = claims.kubernetes().and_then(|claim| claim.get("serviceaccount"));
            let uid = account.and_then(|account| account.get("uid")).and_then(Value::as_str);
            (namespace, name, uid.unwrap_or_default())
        };
        Some(ReviewedUser {
            username: format!("system:serviceaccount:{namespace}:{name}"),
            uid: uid.to_owned(),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
            extra: if self.legacy { BTreeMap::new() } else { self.extra(claims) },
        })
    }

    /// K60.
    fn extra(&self, claims: Claims<'_>) -> BTreeMap<String, Vec<String>> {
        let mut extra = BTreeMap::new();
        let mut add = |name: &str, value: String| {
            extra.insert(format!("authentication.kubernetes.io/{name}"), vec![value]);
        };
        let (tells_id, tells_node) =
            (self.cluster.has(Feature::TokenId), self.cluster.has(Feature::PodNodeInfo));
        if let Some(id) = claims.text("jti").filter(|id| tells_id && !id.is_empty()) {
            add("credential-id", format!("JTI={id}"));
        }
        if let Some(pod) = claims.bound("pod")
            && let Some(uid) = pod.uid.filter(|uid| !uid.is_empty() && !pod.name.is_empty())
        {
            add("pod-name", pod.name);
            add("pod-uid", uid);
        }
        if let Some(node) = claims.bound("node").filter(|node| tells_node && !node.name.is_empty())
        {
            add("node-name", node.name);
            if let Some(uid) = node.uid.filter(|uid| !uid.is_empty()) {
                add("node-uid", uid);
            }
        }
        extra
    }

    /// The same as a grant.
    pub(super) fn grant(&self) -> Option<Grant> {
        let user = self.user()?;
        let mut detail = Map::new();
        detail.insert("uid".into(), json!(user.uid));
        detail.insert("groups".into(), json!(user.groups));
        if !user.extra.is_empty() {
            detail.insert("extra".into(), json!(user.extra));
        }
        // K96: legacy tokens do not end.
        let expires_at =
            if self.legacy { None } else { self.claims().and_then(|claims| claims.date("exp")) };
        Some(Grant { principal: user.username, expires_at, detail })
    }
}
