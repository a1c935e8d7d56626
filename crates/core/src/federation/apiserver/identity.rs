//! The private claims and the identity that follows from them (K54, K59, K60, K94).

use serde_json::{Map, Value, json};

use super::refused;
use crate::claims::{Claims, TokenKind};
use crate::federation::{Grant, Ladder};
use crate::trace::Status;

/// K54: the private claims must name an account and a namespace.
pub(super) fn bound_claims(ladder: &mut Ladder, claims: Claims<'_>) {
    let text = |path: &[&str]| {
        let start = claims.kubernetes().and_then(|kubernetes| kubernetes.get(*path.first()?))?;
        path.iter().skip(1).try_fold(start, |value, name| value.get(*name))?.as_str()
    };
    let name = text(&["serviceaccount", "name"]).unwrap_or_default();
    let namespace = text(&["namespace"]).unwrap_or_default();
    let (status, title, reason) = match (name, namespace) {
        ("", _) => (
            Status::Fail,
            "the private claims name no ServiceAccount",
            "resource name may not be empty",
        ),
        (_, "") => (
            Status::Fail,
            "the private claims name no namespace",
            "the server could not find the requested resource",
        ),
        _ => (Status::Pass, "the private claims name a ServiceAccount", ""),
    };
    let check = ladder.check("claims", status, title).rule("K54");
    ladder.judge(check, || refused(Some(reason)));
}

/// K94, in this order.
pub(super) fn legacy_claims(ladder: &mut Ladder, claims: Claims<'_>) {
    let absent = |value: Option<&str>| value.unwrap_or_default().is_empty();
    let subject = claims.text("sub");
    let table = [
        (absent(subject), "sub claim is missing"),
        (absent(claims.legacy("namespace")), "namespace claim is missing"),
        (absent(claims.legacy("secret.name")), "secretName claim is missing"),
        (absent(claims.legacy("service-account.name")), "serviceAccountName claim is missing"),
        (absent(claims.legacy("service-account.uid")), "serviceAccountUID claim is missing"),
        (
            claims.service_account().map(|account| account.subject()).as_deref() != subject,
            "sub claim is invalid",
        ),
    ];
    let failed = table.iter().find(|(failed, _)| *failed).map(|(_, reason)| *reason);
    let check = match failed {
        Some(reason) => ladder.check("claims", Status::Fail, reason),
        None => ladder.check(
            "claims",
            Status::Pass,
            "the flat claims are complete and agree with `sub`",
        ),
    };
    ladder.judge(check.rule("K94"), || refused(failed));
}

/// K59, K60.
pub(super) fn grant(claims: Claims<'_>) -> Option<Grant> {
    let account = claims.service_account()?;
    let groups = json!([
        "system:serviceaccounts",
        format!("system:serviceaccounts:{}", account.namespace),
        "system:authenticated"
    ]);
    let mut extra = Map::new();
    let mut add = |name: &str, value: String| {
        extra.insert(format!("authentication.kubernetes.io/{name}"), json!([value]));
    };
    if let Some(id) = claims.text("jti").filter(|id| !id.is_empty()) {
        add("credential-id", format!("JTI={id}"));
    }
    for (object, prefix) in [(claims.bound("node"), "node"), (claims.bound("pod"), "pod")] {
        if let Some(object) = object {
            add(&format!("{prefix}-name"), object.name);
            if let Some(uid) = object.uid {
                add(&format!("{prefix}-uid"), uid);
            }
        }
    }
    let mut detail = Map::new();
    detail.insert("uid".into(), json!(account.uid));
    detail.insert("groups".into(), groups);
    if !extra.is_empty() {
        detail.insert("extra".into(), Value::Object(extra));
    }
    let expires_at =
        if claims.kind() == TokenKind::LegacySecret { None } else { claims.date("exp") };
    Some(Grant { principal: account.subject(), expires_at, detail })
}
