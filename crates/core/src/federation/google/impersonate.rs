//! After the exchange: a service account, or the principal itself (G28).

use super::gke::judged;
use super::member::{Caller, Federated};
use super::policy::{Policy, may_impersonate};
use super::{GET_ACCESS_TOKEN, denied, no_account};
use crate::document::Text;
use crate::federation::{Ladder, WifImpersonation};
use crate::time::UnixTime;
use crate::trace::{InputName, Status};

/// Whether the policy of the service account lets the principal in.
pub(super) fn judge(
    ladder: &mut Ladder,
    wanted: &WifImpersonation,
    identity: &Federated,
    now: UnixTime,
) {
    if wanted.exists == Some(false) {
        let check = ladder.check("impersonation", Status::Fail, "there is no such service account");
        return ladder.fail(check.actual(wanted.email.as_str()).rule("G18"), no_account());
    }
    let Some(text) = &wanted.policy else {
        let check = ladder
            .check("impersonation", Status::Unknown, "the service account's policy is not told")
            .hint("paste `gcloud iam service-accounts get-iam-policy`");
        return ladder.push(check.rule("G28"));
    };
    let Ok(policy) = Policy::read(text) else {
        let title = "the service account's policy cannot be read";
        return ladder.push(ladder.check("impersonation", Status::Unknown, title).rule("G28"));
    };
    let caller = Caller::Federated(identity.clone());
    let said = policy.judge(&caller, may_impersonate, &wanted.email, now);
    let source = Text::new(InputName::Trust, text);
    let mut check = judged(
        ladder,
        &source,
        &policy,
        "impersonation",
        &said,
        "may impersonate the service account",
    );
    check.span = None;
    let check = check
        .expected(identity.principal())
        .hint(format!(
            "gcloud iam service-accounts add-iam-policy-binding {} --role=roles/iam.workloadIdentityUser --member=\"{}\"",
            wanted.email,
            identity.principal()
        ))
        .rule("G28");
    ladder.judge(check, || denied(GET_ACCESS_TOKEN));
}
