//! Lints of roles and configurations: true whatever the token says.

use super::Case;
use super::fields::{Fields, Read};
use super::jwt::role::Role as JwtRole;
use super::kubernetes::{Selector, role::Role as KubernetesRole};
use crate::document::Text;
use crate::federation::{FederationOutcome, System};
use crate::trace::{Finding, InputName, Severity, Status};

pub(super) fn findings(
    text: &Text<'_>,
    case: &Case<'_>,
    outcome: &FederationOutcome,
) -> Vec<Finding> {
    if outcome.rejected.is_some() {
        return outcome
            .checks
            .iter()
            .filter(|check| check.status == Status::Fail)
            .map(|check| {
                let detail = "Vault refuses to store it, with this text";
                let mut finding =
                    Finding::new("role-not-stored", Severity::Error, check.title.clone(), detail);
                finding.span = check.span.clone();
                finding.rule = check.rule.clone();
                finding
            })
            .collect();
    }
    let Read::Fields(role) = Fields::read(text.clone()) else { return Vec::new() };
    let config =
        case.facts.config.as_deref().map(|text| Fields::read(Text::new(InputName::Cluster, text)));
    let config = match config {
        Some(Read::Fields(config)) => Some(config),
        _ => None,
    };
    let mut found = Vec::new();
    match case.system {
        System::VaultKubernetes => kubernetes(&role, config.as_ref(), &mut found),
        _ => jwt(&role, config.as_ref(), &mut found),
    }
    found
}

fn jwt(fields: &Fields<'_>, config: Option<&Fields<'_>>, found: &mut Vec<Finding>) {
    let role = JwtRole::read(fields);
    let at = |name: &str| fields.span(name);
    if let Some(config) = config {
        let published =
            ["oidc_discovery_url", "jwks_url"].iter().any(|name| !config.text(name).is_empty());
        if published && config.text("bound_issuer").is_empty() {
            let detail = "Vault never compares `iss` with oidc_discovery_url: set bound_issuer in the mount's configuration";
            found.push(
                Finding::new(
                    "issuer-unbound",
                    Severity::Security,
                    "the token's issuer is not compared",
                    detail,
                )
                .rule("R1"),
            );
        }
    }
    if role.subject.contains('*') {
        let detail = "bound_subject is always exact; for a pattern use bound_claims {\"sub\": ...} with bound_claims_type glob";
        found.push(
            Finding::new(
                "subject-glob",
                Severity::Error,
                "`*` is a plain character in bound_subject",
                detail,
            )
            .at(at("bound_subject"))
            .rule("R8"),
        );
    }
    for (name, value) in &role.claims {
        let span = fields.text.span(&value.range, None);
        let texts = std::slice::from_ref(value);
        let texts = if value.elements().is_empty() { texts } else { value.elements() };
        if !role.glob
            && texts.iter().any(|text| text.as_str().is_some_and(|text| text.contains('*')))
        {
            let detail = "bound_claims_type is string: write glob, or the exact value";
            found.push(
                Finding::new(
                    "glob-not-enabled",
                    Severity::Warning,
                    format!("`*` is a plain character in the bound claim {name}"),
                    detail,
                )
                .at(span.clone())
                .rule("R9"),
            );
        }
        if name.starts_with("kubernetes.io.") {
            let detail = "a name without a slash before it is that of a top-level claim, dots included: write /kubernetes.io/namespace";
            found.push(
                Finding::new(
                    "claim-path-dotted",
                    Severity::Error,
                    format!("no token has a claim {name}"),
                    detail,
                )
                .at(span)
                .rule("R10"),
            );
        }
    }
    if role.user_claim.starts_with('/') && !role.user_claim_pointer {
        let detail = "user_claim is a JSON pointer only with user_claim_json_pointer=true";
        found.push(
            Finding::new(
                "user-claim-pointer",
                Severity::Error,
                "user_claim names a claim that begins with a slash",
                detail,
            )
            .at(at("user_claim"))
            .rule("R11"),
        );
    }
    if role.kind == "jwt" && role.audiences.is_empty() {
        let detail = "tokens of Kubernetes always have an audience, and such a role takes none that has: write bound_audiences";
        found.push(
            Finding::new("audience-unbound", Severity::Error, "the role binds no audience", detail)
                .at(at("bound_audiences"))
                .rule("R7"),
        );
    }
    let leeways = [
        ("expiration_leeway", role.expiration_leeway),
        ("not_before_leeway", role.not_before_leeway),
    ];
    for (name, seconds) in leeways {
        if seconds != 0 {
            let detail = "it only stands in for a missing `exp` or `nbf`, and tokens of Kubernetes have both; clock_skew_leeway is the tolerance";
            found.push(
                Finding::new(
                    "leeway-without-effect",
                    Severity::Info,
                    format!("{name} changes nothing for ServiceAccount tokens"),
                    detail,
                )
                .at(at(name))
                .rule("R6"),
            );
        }
    }
}

fn kubernetes(fields: &Fields<'_>, config: Option<&Fields<'_>>, found: &mut Vec<Finding>) {
    let role = KubernetesRole::read(fields);
    let at = |name: &str| fields.span(name);
    if role.audience.is_empty() {
        let detail = "a token for any audience of the cluster is accepted, also one that was meant for somebody else: set `audience`";
        found.push(
            Finding::new(
                "audience-unbound",
                Severity::Warning,
                "the role binds no audience",
                detail,
            )
            .at(at("audience"))
            .rule("R15"),
        );
    }
    if role.audience.contains([',', '*']) {
        let detail = "it is one literal value, neither split nor a pattern";
        found.push(
            Finding::new(
                "audience-literal",
                Severity::Warning,
                "the audience looks like a list or a pattern",
                detail,
            )
            .at(at("audience"))
            .rule("R15"),
        );
    }
    let every = |list: &[String]| list.first().is_some_and(|first| first == "*");
    if every(&role.names) && (every(&role.namespaces) || matches_all(&role.selector)) {
        let detail = "name the ServiceAccounts or their namespaces";
        found.push(
            Finding::new(
                "role-open-to-all",
                Severity::Security,
                "every ServiceAccount of the cluster is let in",
                detail,
            )
            .at(at("bound_service_account_names"))
            .rule("R16"),
        );
    }
    if matches_all(&role.selector) {
        let detail =
            "an empty selector, or one whose members Vault does not know, matches every namespace";
        found.push(
            Finding::new(
                "selector-matches-all",
                Severity::Security,
                "the selector matches every namespace",
                detail,
            )
            .at(at("bound_service_account_namespace_selector"))
            .rule("R16"),
        );
    }
    let Some(config) = config else { return };
    let reviewer = !config.text("token_reviewer_jwt").is_empty()
        || config.flag("token_reviewer_jwt_set") == Some(true);
    if !reviewer && config.flag("disable_local_ca_jwt") == Some(true) {
        let detail = "it then needs the API server's audience and the ClusterRole system:auth-delegator; else every login ends in a bare permission denied";
        found.push(
            Finding::new(
                "reviewer-missing",
                Severity::Warning,
                "the client's own token asks for its review",
                detail,
            )
            .rule("R19"),
        );
    }
    if config.flag("disable_iss_validation") == Some(false) && config.text("issuer").is_empty() {
        let detail = "without `issuer` nothing is compared";
        found.push(
            Finding::new("issuer-unbound", Severity::Info, "the issuer is not compared", detail)
                .rule("R14"),
        );
    }
}

fn matches_all(selector: &str) -> bool {
    !selector.is_empty() && Selector::parse(selector).is_some_and(|it| it.labels.is_empty())
}
