//! Configurations of `auth/kubernetes`, and what Vault refuses to store (R12).
//!
//! Source: vault-plugin-auth-kubernetes v0.23.1 `path_config.go`.

use crate::federation::vault::fields::{Fields, Kind, Schema};
use crate::federation::vault::jwt::{KeyProblem, public_key_problem};
use crate::federation::vault::{Case, Refusal};
use crate::jwk::Keys;
use crate::trace::Certainty;

const SCHEMA: Schema = &[
    ("kubernetes_host", Kind::Text),
    ("kubernetes_ca_cert", Kind::Text),
    ("token_reviewer_jwt", Kind::Text),
    ("pem_keys", Kind::List),
    ("issuer", Kind::Text),
    ("disable_iss_validation", Kind::Bool),
    ("disable_local_ca_jwt", Kind::Bool),
    ("use_annotations_as_alias_metadata", Kind::Bool),
];

/// Whose token asks for the review (R19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Reviewer {
    /// `token_reviewer_jwt`.
    Configured,
    /// The client's own.
    Client,
    /// Vault's own where it runs in a pod, else the client's.
    #[default]
    Untold,
}

/// A configuration as a login meets it.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) public_keys: Vec<String>,
    /// Empty: not compared (R14).
    pub(super) issuer: String,
    pub(super) reviewer: Reviewer,
    pub(super) annotations: bool,
}

impl Config {
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let compares = fields.flag("disable_iss_validation") == Some(false);
        let reviewer = !fields.text("token_reviewer_jwt").is_empty()
            || fields.flag("token_reviewer_jwt_set") == Some(true);
        let never_local = fields.flag("disable_local_ca_jwt") == Some(true);
        Self {
            public_keys: fields.list("pem_keys"),
            issuer: if compares { fields.text("issuer") } else { String::new() },
            reviewer: match (reviewer, never_local) {
                (true, _) => Reviewer::Configured,
                (false, true) => Reviewer::Client,
                (false, false) => Reviewer::Untold,
            },
            annotations: fields.flag("use_annotations_as_alias_metadata") == Some(true),
        }
    }
}

/// The first reason in Vault's order. A review, or the cluster, stands for a host that is left out.
pub(super) fn refusal(fields: &Fields<'_>, case: &Case<'_>) -> Option<Refusal> {
    let refuse = |message: &str| Some(Refusal::of(fields, "", message, "R12"));
    if let Some((_, message)) = fields.problem(SCHEMA) {
        return refuse(&message);
    }
    let reviewed = case.facts.token_review.is_some() || case.cluster.issuers.is_some();
    if fields.text("kubernetes_host").is_empty() && !reviewed {
        return refuse("no host provided");
    }
    let ca = fields.text("kubernetes_ca_cert");
    let is_pem = ca.contains("-----BEGIN ") && ca.contains("-----END ");
    if !ca.is_empty() && !is_pem {
        return refuse("The provided CA PEM data contains no valid certificates");
    }
    for pem in fields.list("pem_keys") {
        let is_okp = Keys::parse(&pem).keys.first().is_some_and(|key| key.info.kty == "OKP");
        let problem = public_key_problem(&pem).or(is_okp.then_some(KeyProblem::None));
        if let Some(problem) = problem {
            return Some(
                problem.refusal("", "data does not contain any valid RSA or ECDSA public keys"),
            );
        }
    }
    // What is read back was stored; what is about to be written needs a CA, in a pod the pod's own.
    let is_read_back = fields.has("token_reviewer_jwt_set");
    let local = fields.flag("disable_local_ca_jwt") != Some(true);
    if ca.is_empty() && local && !is_read_back && !reviewed && case.subject.is_nobody() {
        let message =
            "open /var/run/secrets/kubernetes.io/serviceaccount/ca.crt: no such file or directory";
        let mut refusal = Refusal::of(fields, "", message, "R12");
        refusal.certainty = Certainty::Likely;
        return Some(refusal);
    }
    None
}
