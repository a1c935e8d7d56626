//! Lints of `Principal` (A54-A56, A113, A126).

use super::super::evaluate::action_holds;
use super::super::judge::Holds;
use super::super::policy::{Effect, Item, Statement};
use super::super::provider::{ProviderArn, RoleArn};
use super::{Lint, Severity, admits_tokens, is_pod_identity, providers};

/// Partitions of AWS (A21).
const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];
/// Identity providers whose bare name is a principal (A55).
const BUILT_IN: &[&str] = &[
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];
/// Accounts of AWS' documentation and of nobody.
const PLACEHOLDERS: &[&str] = &["000000000000", "123456789012"];

pub(super) fn check(lint: &mut Lint<'_>, statement: &Statement) {
    everybody(lint, statement);
    for principal in &statement.principals {
        let value = &principal.value;
        variable(lint, value);
        match principal.kind.as_str() {
            "Federated" => federated(lint, value),
            "AWS" if value.text != "*" => account(lint, value),
            "Service" => service(lint, value),
            _ => {}
        }
    }
    without_condition(lint, statement);
    elsewhere(lint, statement);
}

/// A56, A126.
fn everybody(lint: &mut Lint<'_>, statement: &Statement) {
    let Some(star) = statement.principals.iter().find(|one| one.is_everybody()) else { return };
    let opens = statement.effect == Effect::Allow
        && action_holds(statement, "sts:AssumeRole") == Holds::Yes;
    let (severity, title) = match opens {
        true => (Severity::Security, "Everybody with AWS credentials may assume the role"),
        false => (Severity::Error, "`*` as principal lets no web identity in"),
    };
    let detail = match star.kind.as_str() {
        "" => {
            "IAM refuses the bare \"Principal\": \"*\" in a role. Name the provider: {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER\"}."
        }
        _ => {
            "{\"AWS\": \"*\"} stands for callers with AWS credentials of any account; a token is none. Name the provider: {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER\"}."
        }
    };
    let place = star.value.place.clone();
    lint.add("principal-everybody", severity, "A126", &place, title, detail);
}

/// A91: no variables here.
fn variable(lint: &mut Lint<'_>, value: &Item) {
    if value.text.contains("${") {
        let title = "A policy variable in Principal";
        let detail = "Variables work in the values of String and ARN conditions only; here the text counts to the letter.";
        lint.add("variable-in-element", Severity::Error, "A91", &value.place, title, detail);
    }
}

/// A21, A22, A55: the provider's ARN.
fn federated(lint: &mut Lint<'_>, value: &Item) {
    let text = value.text.as_str();
    if text.contains(['*', '?']) {
        let title = "A wildcard in the provider's ARN";
        let detail = "Principals are compared to the letter, so this names nobody. List the providers one by one.";
        return lint.add(
            "principal-wildcard",
            Severity::Error,
            "A126",
            &value.place,
            title,
            detail,
        );
    }
    let Some(arn) = ProviderArn::parse(text) else {
        let is_saml = text.contains(":saml-provider/");
        let account = text.split(':').nth(4).filter(|_| text.starts_with("arn:"));
        if let Some(account) = account.filter(|id| !is_account(id)) {
            let title = format!("`{}` is no account of twelve digits", account.escape_debug());
            let detail = "No provider has this ARN. Account ids have twelve digits: `aws sts get-caller-identity`.";
            lint.add("account-malformed", Severity::Error, "A113", &value.place, title, detail);
        }
        if !is_saml && !text.starts_with("arn:") && !BUILT_IN.contains(&text) {
            let title = format!("`{}` is no provider of a cluster", text.escape_debug());
            let detail = "The bare name is for providers that AWS builds in. A cluster's is its ARN: arn:aws:iam::ACCOUNT:oidc-provider/ISSUER without https://.";
            lint.add("provider-not-an-arn", Severity::Error, "A55", &value.place, title, detail);
        }
        return;
    };
    if !PARTITIONS.contains(&arn.partition) {
        let title = format!("AWS has no partition `{}`", arn.partition.escape_debug());
        let detail = format!("Partitions are {}.", PARTITIONS.join(", "));
        lint.add("partition-unknown", Severity::Error, "A21", &value.place, title, detail);
    }
    placeholder(lint, value, arn.account);
    let problem = match arn.url {
        url if url.starts_with("https://") => Some((
            "The provider's ARN has `https://` in it",
            "The ARN holds the issuer without its scheme; with it no token's provider is named.",
        )),
        url if url.ends_with('/') => Some((
            "The provider's ARN ends in a slash",
            "A trailing slash counts: it is the provider of an issuer that ends in one, which no EKS cluster's does.",
        )),
        url if is_swapped(url) => Some((
            "The host of the provider has its labels in the wrong order",
            "EKS issuers are oidc.eks.<region>.amazonaws.com/id/<id>.",
        )),
        _ => None,
    };
    if let Some((title, detail)) = problem {
        lint.add("provider-malformed", Severity::Error, "A22", &value.place, title, detail);
    }
}

/// `oidc.<region>.eks.amazonaws.com`.
fn is_swapped(url: &str) -> bool {
    let host = url.split('/').next().unwrap_or_default();
    host.starts_with("oidc.") && !host.starts_with("oidc.eks.") && host.contains(".eks.amazonaws.")
}

fn placeholder(lint: &mut Lint<'_>, value: &Item, account: &str) {
    if PLACEHOLDERS.contains(&account) {
        let title = format!("{account} is an account of examples");
        let detail = "Put in the id of your own account: `aws sts get-caller-identity`.";
        lint.add("account-placeholder", Severity::Info, "A113", &value.place, title, detail);
    }
}

/// Account ids, roles and users: none of them is a web identity, but a slip here is a slip.
fn account(lint: &mut Lint<'_>, value: &Item) {
    let text = value.text.as_str();
    let id = match text.starts_with("arn:") {
        true => text.split(':').nth(4).unwrap_or_default(),
        false => text,
    };
    if text.contains(['*', '?']) {
        let title = "A wildcard in a principal";
        let detail = "Principals are compared to the letter; only `*` alone stands for everybody. Use a condition on aws:PrincipalArn for patterns.";
        return lint.add(
            "principal-wildcard",
            Severity::Error,
            "A126",
            &value.place,
            title,
            detail,
        );
    }
    // What IAM makes of a deleted role or user.
    let is_unique_id = text.starts_with("AROA") || text.starts_with("AIDA");
    if !is_account(id) && !is_unique_id {
        let title = format!("`{}` is no account of twelve digits", id.escape_debug());
        let detail =
            "IAM refuses a principal that it cannot resolve (Invalid principal in policy).";
        return lint.add("account-malformed", Severity::Error, "A113", &value.place, title, detail);
    }
    placeholder(lint, value, id);
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Access Analyzer's error "invalid service principal format".
fn service(lint: &mut Lint<'_>, value: &Item) {
    let fits = value.text.contains('.')
        && [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"]
            .iter()
            .any(|suffix| value.text.ends_with(suffix));
    if !fits {
        let title = format!("`{}` is no service principal", value.text.escape_debug());
        let detail = "Service principals look like pods.eks.amazonaws.com.";
        lint.add("service-malformed", Severity::Error, "A126", &value.place, title, detail);
    }
}

/// Access Analyzer's "missing condition key for OIDC principal" (A116).
fn without_condition(lint: &mut Lint<'_>, statement: &Statement) {
    let named = providers(statement);
    let is_theirs = |key: &str| named.iter().any(|one| super::after_prefix(key, one.url).is_some());
    if !admits_tokens(statement) || statement.conditions.iter().any(|one| is_theirs(&one.key.text))
    {
        return;
    }
    let title = "No condition asks for a key of the provider";
    let detail = "Every token of this issuer for a listed audience may assume the role. Ask for `:sub` and `:aud`.";
    let place = statement.principal_place.clone();
    lint.add("oidc-without-condition", Severity::Security, "A116", &place, title, detail);
}

/// A113: not the role's account or partition, not the token's issuer.
fn elsewhere(lint: &mut Lint<'_>, statement: &Statement) {
    if is_pod_identity(lint) {
        return;
    }
    let role = lint.case.role_arn(&lint.run.role).map(str::to_owned);
    let role = role.as_deref().and_then(RoleArn::parse);
    let claims = lint.case.subject.claims();
    let issuer = claims.as_ref().and_then(|claims| claims.text("iss"));
    let mut ours = providers(statement).into_iter();
    let is_tokens = |arn: ProviderArn<'_>| issuer.is_none_or(|issuer| arn.issuer() == issuer);
    if !ours.clone().any(is_tokens)
        && let (Some(issuer), Some(first)) = (issuer, ours.next())
    {
        let title = "The statement names no provider for this token's issuer";
        let detail = format!(
            "The token is of {issuer}, the policy names {}. A recreated cluster has a new id, and with it a new provider, ARN and condition keys.",
            first.issuer()
        );
        let place = statement.principal_place.clone();
        lint.add("provider-of-another-issuer", Severity::Error, "A113", &place, title, detail);
    }
    for principal in statement.principals_of("Federated") {
        let (Some(arn), Some(role)) = (ProviderArn::parse(&principal.value.text), role) else {
            continue;
        };
        let (code, what) = match () {
            () if arn.partition != role.partition => (
                "provider-of-another-partition",
                format!("partition {}, the role of {}", arn.partition, role.partition),
            ),
            () if arn.account != role.account => (
                "provider-of-another-account",
                format!("account {}, the role of {}", arn.account, role.account),
            ),
            () => continue,
        };
        let title = format!("The provider is of {what}");
        let detail = "STS looks for the provider in the role's own account. Register the issuer there, or assume a role beside the provider and chain.";
        lint.add(code, Severity::Error, "A113", &principal.value.place, title, detail);
    }
}
