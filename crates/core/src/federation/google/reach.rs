//! Whom an allow policy lets impersonate, and what is noticed in it (G3 to G6, G15, G28).

use serde_json::{Value, json};

use super::GET_ACCESS_TOKEN;
use super::member::{Caller, Federated, Match, PoolMember};
use super::policy::{Contains, Policy, may_impersonate, needs_version_3};
use crate::document::Text;
use crate::federation::{Breadth, Reach, ReachSubject};
use crate::trace::{Finding, Severity};

/// Everybody who may impersonate.
pub(super) fn of(policy: &Policy) -> Reach {
    let members = policy
        .bindings
        .iter()
        .filter(|binding| may_impersonate(&binding.role) != Contains::No)
        .flat_map(|binding| &binding.members);
    let (mut subjects, mut breadth) = (Vec::new(), Breadth::None);
    for member in members {
        let (reach, meaning) = meaning(&member.text);
        breadth = breadth.max(reach);
        subjects.push(ReachSubject { pattern: member.text.clone(), meaning });
    }
    Reach { subjects, breadth, admitted: None }
}

/// G3, G5, G28, in a sentence.
fn meaning(member: &str) -> (Breadth, String) {
    if member.starts_with("deleted:") {
        return (Breadth::None, "nobody: it was deleted, also if made anew".into());
    }
    if matches!(member, "allUsers" | "allAuthenticatedUsers") {
        return (Breadth::Anyone, "everybody".into());
    }
    if let Some((_, inside)) = member.split_once(".svc.id.goog[") {
        let account = inside.trim_end_matches(']');
        return (
            Breadth::One,
            format!("the ServiceAccount {account}, in any cluster of the project"),
        );
    }
    let Some(parsed) = PoolMember::parse(member) else {
        return (Breadth::One, "an identity of Google's own".into());
    };
    let gke = parsed.pool.ends_with(".svc.id.goog");
    match (parsed.set, parsed.rest.split_once('/')) {
        (false, Some(("subject", _))) if gke => {
            (Breadth::One, "this ServiceAccount, in any cluster of the project".into())
        }
        (false, _) => (Breadth::One, "this identity".into()),
        (true, Some(("namespace", namespace))) if gke => (
            Breadth::Namespace,
            format!(
                "every ServiceAccount of the namespace {namespace}, in any cluster of the project"
            ),
        ),
        (true, Some(("kubernetes.cluster", cluster))) => {
            (Breadth::Cluster, format!("every pod of the cluster {cluster}"))
        }
        (true, Some((attribute, value))) => {
            (Breadth::Namespace, format!("every identity whose {attribute} is {value}"))
        }
        (true, None) => (Breadth::Anyone, "every identity of the pool".into()),
    }
}

pub(super) fn findings(
    text: &Text<'_>,
    policy: &Policy,
    identity: Option<&Federated>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for binding in &policy.bindings {
        for member in &binding.members {
            let at = text.span(&member.range, Some(&member.pointer));
            if let Some(finding) = of_member(&member.text, &binding.role, identity) {
                findings.push(finding.at(at));
            }
        }
    }
    if needs_version_3(policy) {
        findings.push(
            Finding::new(
                "gcp-policy-version",
                Severity::Warning,
                "A policy with conditions needs version 3",
                "IAM refuses conditions in a policy of a lower version, and hides them from who asks for one",
            )
            .rule("G15"),
        );
    }
    findings
}

/// What is wrong with a member, whoever asks.
fn of_member(member: &str, role: &str, identity: Option<&Federated>) -> Option<Finding> {
    if matches!(member, "allUsers" | "allAuthenticatedUsers")
        && may_impersonate(role) == Contains::Yes
    {
        return Some(
            Finding::new(
                "gcp-anybody-impersonates",
                Severity::Security,
                "Everybody may act as this service account",
                format!("{member} has {role}, which contains {GET_ACCESS_TOKEN}"),
            )
            .rule("G3"),
        );
    }
    if member.starts_with("deleted:") {
        return Some(
            Finding::new(
                "gcp-deleted-member",
                Severity::Warning,
                "A deleted member matches nobody",
                format!("{member} stays without effect also if an account of that name is made anew: remove it and bind the new one"),
            )
            .rule("G6"),
        );
    }
    let gke = PoolMember::parse(member).filter(|parsed| parsed.pool.ends_with(".svc.id.goog"));
    if gke.is_some_and(|parsed| parsed.rest.starts_with("subject/system:serviceaccount:")) {
        return Some(
            Finding::new(
                "gke-subject-form",
                Severity::Error,
                "Subjects of GKE pools have another form",
                "In a pool PROJECT.svc.id.goog the subject is ns/NAMESPACE/sa/NAME; the token's `sub` is that of pools of one's own",
            )
            .rule("G4"),
        );
    }
    let numbered = PoolMember::parse(member)
        .is_none_or(|parsed| parsed.project.bytes().all(|byte| byte.is_ascii_digit()));
    if !numbered {
        return Some(
            Finding::new(
                "gcp-project-number",
                Severity::Error,
                "Principals name the project by its number",
                format!(
                    "{member} has the project's id where its number belongs, so it matches nobody"
                ),
            )
            .rule("G2"),
        );
    }
    let own = identity
        .is_some_and(|identity| Caller::Federated(identity.clone()).matches(member) == Match::Yes);
    (own && role == "roles/iam.serviceAccountUser").then(|| {
        Finding::new(
            "gcp-role-does-not-impersonate",
            Severity::Error,
            "This role does not let the pod impersonate",
            format!(
                "{role} does not contain {GET_ACCESS_TOKEN}: bind roles/iam.workloadIdentityUser"
            ),
        )
        .rule("G9")
    })
}

/// The principal as JSON, for details.
pub(super) fn shown(identity: &Federated) -> Value {
    json!(identity.sets.iter().map(|set| identity.member("principalSet", set)).collect::<Vec<_>>())
}
