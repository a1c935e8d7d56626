//! Lints of credentials: true whatever the token says.

use super::credential::{Credential, Item};
use super::flexible;
use super::{Case, IdentityKind, Run};
use crate::claims::is_in_cluster_name;
use crate::document::Text;
use crate::trace::{Finding, Severity, Status};

/// Z36: each cloud's audience. azure-cli and autorest name the clouds differently.
const AUDIENCES: &[(&str, &[&str])] = &[
    ("api://AzureADTokenExchange", &["azurepubliccloud", "azurecloud"]),
    ("api://AzureADTokenExchangeUSGov", &["azureusgovernmentcloud", "azureusgovernment"]),
    ("api://AzureADTokenExchangeChina", &["azurechinacloud"]),
    ("api://AzureADTokenExchangeUSNat", &["usnat"]),
    ("api://AzureADTokenExchangeUSSec", &["ussec"]),
];

pub(super) fn findings(text: &Text<'_>, case: &Case<'_>, run: &Run) -> Vec<Finding> {
    let mut lint = Lint { text, case, found: Vec::new() };
    for credential in &run.listed.credentials {
        lint.name(credential);
        lint.issuer(credential);
        lint.subject(credential);
        lint.audience(credential);
        lint.expression(credential);
    }
    refusals(&mut lint, run);
    lint.found
}

struct Lint<'a> {
    text: &'a Text<'a>,
    case: &'a Case<'a>,
    found: Vec<Finding>,
}

/// What Entra refuses to store is a finding as well.
fn refusals(lint: &mut Lint<'_>, run: &Run) {
    if run.outcome.rejected.is_none() {
        return;
    }
    for check in run.outcome.checks.iter().filter(|check| check.status == Status::Fail) {
        let detail = check.hint.clone().unwrap_or_default().into_owned();
        let mut finding =
            Finding::new("credential-not-stored", Severity::Error, check.title.clone(), detail);
        finding.span = check.span.clone();
        finding.rule = check.rule.clone();
        lint.found.push(finding);
    }
}

impl Lint<'_> {
    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        rule: &'static str,
        item: &Item,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let span = item.place.span(self.text);
        self.found.push(Finding::new(code, severity, title, detail).at(span).rule(rule));
    }

    /// Z29.
    fn name(&mut self, credential: &Credential) {
        let Some(name) = &credential.name else { return };
        if name.text.chars().count() < 3 {
            let title = format!("the name `{}` has fewer than three characters", name.text);
            let detail = "Microsoft documents 3 to 120 characters; a name cannot be changed later";
            self.add("credential-name-short", Severity::Warning, "Z29", name, title, detail);
        }
    }

    fn issuer(&mut self, credential: &Credential) {
        let Some(issuer) = &credential.issuer else { return };
        let url = issuer.text.as_str();
        if is_in_cluster_name(url) {
            let detail = "Entra cannot reach it: enable the cluster's OIDC issuer (`az aks update --enable-oidc-issuer`) and name that";
            self.add(
                "issuer-in-cluster",
                Severity::Error,
                "Z45",
                issuer,
                "this issuer resolves inside its cluster only",
                detail,
            );
        } else if !url.starts_with("https://") {
            let detail =
                "Entra reads the issuer's discovery document over https from the public internet";
            self.add(
                "issuer-not-https",
                Severity::Error,
                "Z48",
                issuer,
                "the issuer is no https URL",
                detail,
            );
        } else if is_aks(url) && !url.ends_with('/') {
            let detail = "issuers of AKS end with a slash, and Entra compares character for character: no token matches";
            self.add(
                "issuer-without-slash",
                Severity::Error,
                "Z35",
                issuer,
                "the trailing slash of the AKS issuer is missing",
                detail,
            );
        }
        self.white_space(issuer, "issuer");
    }

    fn subject(&mut self, credential: &Credential) {
        let Some(subject) = &credential.subject else { return };
        let text = subject.text.as_str();
        if let Some(account) = text.strip_prefix("system:serviceaccount:") {
            if text.contains(['*', '?']) {
                let detail = "there are no wildcards: it stands for itself, and no ServiceAccount has such a name; each needs a credential of its own";
                self.add(
                    "subject-wildcard",
                    Severity::Error,
                    "Z33",
                    subject,
                    "`*` and `?` are plain characters here",
                    detail,
                );
            } else if account != account.to_lowercase() {
                let detail = "names of namespaces and ServiceAccounts are lower case, and Entra compares letter case: no token matches";
                self.add(
                    "subject-upper-case",
                    Severity::Error,
                    "Z34",
                    subject,
                    "the subject has upper-case letters",
                    detail,
                );
            }
        }
        self.white_space(subject, "subject");
    }

    /// Z33: nothing is trimmed.
    fn white_space(&mut self, item: &Item, what: &str) {
        if item.text != item.text.trim() {
            let title = format!("the {what} begins or ends with white space");
            let detail = "it counts: no token matches";
            self.add("credential-white-space", Severity::Error, "Z33", item, title, detail);
        }
    }

    /// Z36: only equality with the token counts, but the SDKs' default follows the cloud.
    fn audience(&mut self, credential: &Credential) {
        let (Some(audience), Some(cloud)) = (credential.audience(), &self.case.facts.cloud) else {
            return;
        };
        let named = cloud.to_ascii_lowercase();
        let own = AUDIENCES.iter().find(|(_, names)| names.contains(&named.as_str()));
        let is_anothers = AUDIENCES.iter().any(|(text, _)| *text == audience.text);
        if let Some((own, _)) = own.filter(|(own, _)| is_anothers && *own != audience.text) {
            let title = format!("the audience is not that of {cloud}");
            let detail = format!(
                "there it is {own}; the webhook does not set it by itself, and only equality with the token counts"
            );
            self.add(
                "audience-of-another-cloud",
                Severity::Warning,
                "Z36",
                audience,
                title,
                detail,
            );
        }
    }

    /// Z40, Z41.
    fn expression(&mut self, credential: &Credential) {
        let Some(expression) = &credential.expression else { return };
        if self.case.facts.identity_kind == Some(IdentityKind::UserAssignedIdentity) {
            let detail = "on managed identities flexible credentials exist in a preview API only";
            self.add(
                "flexible-on-managed-identity",
                Severity::Warning,
                "Z41",
                expression,
                "flexible credentials are meant for applications",
                detail,
            );
        }
        let Ok(parsed) = flexible::parse(&expression.text) else { return };
        if parsed.terms.iter().all(|term| term.fits("any claim of anybody")) {
            let detail = "the issuer serves many customers: name the organisation at least";
            self.add(
                "flexible-open-to-all",
                Severity::Security,
                "Z40",
                expression,
                "every token of this issuer is let in",
                detail,
            );
        }
    }
}

/// Z35: `https://REGION.oic.prod-aks.azure.com/TENANT/GUID/`, and the older `https://oidc.prod-aks.azure.com/GUID/`.
fn is_aks(url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| {
        host.ends_with(".oic.prod-aks.azure.com") || host == "oidc.prod-aks.azure.com"
    })
}
