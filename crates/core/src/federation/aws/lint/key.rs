//! Lints of condition keys (A40-A45, A112, A122-A124).

use super::super::evaluate::action_holds;
use super::super::judge::Holds;
use super::super::policy::{Condition, Effect, Place, Statement};
use super::super::spelling::is_near;
use super::{
    Asked, Lint, Severity, admits_tokens, after_prefix, asked, is_pod_identity, providers,
};

/// Keys of a token's issuer (A41).
const CLAIMS: &[&str] = &["amr", "aud", "email", "oaud", "sub"];
/// Keys of STS. Source: IAM User Guide, "Available keys for AWS STS" (read 2026-11).
const STS_KEYS: &[&str] = &[
    "sts:AWSServiceName",
    "sts:DurationSeconds",
    "sts:ExternalId",
    "sts:IdentityTokenAudience",
    "sts:RequestContext/",
    "sts:RequestContextProviders",
    "sts:RoleAuthorizedByIdp",
    "sts:RoleSessionName",
    "sts:SigningAlgorithm",
    "sts:SourceIdentity",
    "sts:TaskPolicyArn",
    "sts:TransitiveTagKeys",
];
/// Keys of every service. Source: IAM User Guide, "AWS global condition context keys" (read 2026-11).
const GLOBAL_KEYS: &[&str] = &[
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:IsMcpServiceAction",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestTag/",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag/",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:userid",
    "aws:username",
];
/// Keys that hold lists (A45).
const MULTIVALUED: &[&str] = &[
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
    "sts:RequestContextProviders",
    "sts:TransitiveTagKeys",
];
/// Keys that a web identity's request never has (A43, A123).
const NEVER: &[&str] = &[
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalArn",
    "aws:PrincipalServiceName",
    "aws:PrincipalTag/",
    "aws:TokenIssueTime",
    "aws:username",
    "sts:DurationSeconds",
    "sts:ExternalId",
];

/// Whether a key is of a list; one that ends in a slash stands for all below.
pub(super) fn is_in(list: &[&str], key: &str) -> bool {
    list.iter().any(|known| match known.ends_with('/') {
        true => after_prefix(key, known).is_some(),
        false => key.eq_ignore_ascii_case(known),
    })
}

/// A45.
pub(super) fn is_multivalued(statement: &Statement, condition: &Condition) -> bool {
    super::asks_for(statement, condition, "amr") || is_in(MULTIVALUED, &condition.key.text)
}

/// A41, A43: misspelt, another issuer's, or not a web identity's.
pub(super) fn is_never_there(statement: &Statement, condition: &Condition) -> bool {
    let key = condition.key.text.as_str();
    if providers(statement).is_empty() {
        return false;
    }
    match asked(statement, condition) {
        Asked::Claim(name) => !CLAIMS.iter().any(|known| known.eq_ignore_ascii_case(name)),
        Asked::Global => is_in(NEVER, key) || !(is_in(GLOBAL_KEYS, key) || is_in(STS_KEYS, key)),
        Asked::Other => after_prefix(key, "iam:ResourceTag/").is_none(),
    }
}

pub(super) fn check(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let place = &condition.key.place;
    let key = condition.key.text.as_str();
    if condition.twin {
        let title = format!("`{}` stands twice, in different capitals", key.escape_debug());
        let detail =
            "Names of condition keys ignore case, so these are two values for one key. Keep one.";
        lint.add("key-twice", Severity::Error, "A126", place, title, detail);
    }
    if key.contains("${") {
        let title = "A policy variable in a condition key";
        let detail = "Variables work in the values of String and ARN conditions only.";
        return lint.add("variable-in-element", Severity::Error, "A91", place, title, detail);
    }
    tags(lint, statement, condition);
    match asked(statement, condition) {
        Asked::Claim(name) => claim(lint, condition, name),
        Asked::Global => global(lint, statement, condition),
        Asked::Other => other(lint, statement, condition),
    }
}

/// A41: the right issuer, but no such key.
fn claim(lint: &mut Lint<'_>, condition: &Condition, name: &str) {
    if CLAIMS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return;
    }
    let near = CLAIMS.iter().find(|known| is_near(known, name) && name.len() > 2);
    let meant = near.map(|known| format!(" Did you mean `:{known}`?")).unwrap_or_default();
    let title = format!("A cluster's tokens yield no key `{}`", name.escape_debug());
    let detail = format!(
        "Keys are sub, aud, oaud, amr and email; claims of kubernetes.io are none, namespace and name are in `sub`. {}{meant}",
        consequence(condition)
    );
    let code = if name.contains("kubernetes.io") { "key-never-there" } else { "key-without-claim" };
    let severity = if code == "key-never-there" { Severity::Warning } else { Severity::Error };
    lint.add(code, severity, "A112", &condition.key.place, title, detail);
}

/// What an operator makes of a key that is never there (A69).
fn consequence(condition: &Condition) -> &'static str {
    match condition.operator.is_null() {
        true => "The key is always absent.",
        false if condition.operator.holds_for_absent() => {
            "The key is always absent, so the condition holds for everybody."
        }
        false => "The key is always absent, so the condition holds for nobody.",
    }
}

/// A123, and Access Analyzer's errors "invalid global condition key" and "invalid service condition key".
fn global(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let key = condition.key.text.as_str();
    let place = &condition.key.place;
    let known = if after_prefix(key, "aws:").is_some() { GLOBAL_KEYS } else { STS_KEYS };
    if !is_in(known, key) {
        let near = known.iter().find(|known| is_near(known, key));
        let meant = near.map(|known| format!(" Did you mean {known}?")).unwrap_or_default();
        let title = format!("AWS has no condition key `{}`", key.escape_debug());
        let detail = format!("{}{meant}", consequence(condition));
        return lint.add("key-unknown", Severity::Error, "A112", place, title, detail);
    }
    if key.ends_with('/') {
        let title = format!("`{}` names no tag", key.escape_debug());
        let detail = "Write the tag's key after the slash.";
        return lint.add("tag-key-missing", Severity::Error, "A112", place, title, detail);
    }
    if admits_tokens(statement) && is_in(NEVER, key) {
        let title = format!("A web identity's request never has `{}`", key.escape_debug());
        lint.add(
            "key-never-there",
            Severity::Warning,
            "A123",
            place,
            title,
            consequence(condition),
        );
    }
}

/// A40, A112.
fn other(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let key = condition.key.text.as_str();
    let place = &condition.key.place;
    let named = providers(statement);
    let right = named.first().map(|one| {
        let claim = key.rsplit(':').next().filter(|claim| CLAIMS.contains(claim)).unwrap_or("sub");
        format!(" The key is `{}:{claim}`.", one.url)
    });
    let right = right.unwrap_or_default();
    let (code, title) = match () {
        () if !key.contains(':') => (
            "key-malformed",
            format!("`{}` is no condition key: it has no prefix", key.escape_debug()),
        ),
        () if key.contains("kubernetes.io/") => {
            let title = "Claims of kubernetes.io are no condition keys".to_owned();
            let detail =
                format!("Namespace and name are in `sub`. {}{right}", consequence(condition));
            return lint.add("key-never-there", Severity::Warning, "A123", place, title, detail);
        }
        () if after_prefix(key, "https://").is_some() => {
            ("key-with-scheme", "The condition key has `https://` in it".to_owned())
        }
        () if after_prefix(key, "arn:").is_some() => {
            ("key-is-an-arn", "The condition key is the provider's ARN".to_owned())
        }
        () if is_slash_only(key, &named) => {
            ("key-with-slash", "The condition key has a slash before the colon".to_owned())
        }
        () if !key.contains('.') => {
            let title = format!("Requests to STS have no key `{}`", key.escape_debug());
            if !named.is_empty() {
                let detail = format!("It belongs to another service. {}", consequence(condition));
                lint.add("key-never-there", Severity::Warning, "A123", place, title, detail);
            }
            return;
        }
        () if named.is_empty() => return,
        () => (
            "key-of-another-issuer",
            "The condition key is of another issuer than the provider".to_owned(),
        ),
    };
    let detail = format!(
        "A key is the issuer without https://, path included, a colon and the claim. {}{right}",
        consequence(condition)
    );
    lint.add(code, Severity::Error, "A112", place, title, detail);
}

/// The provider's key but for a trailing slash (A22).
fn is_slash_only(key: &str, named: &[super::ProviderArn<'_>]) -> bool {
    let prefix = key.rsplit_once(':').map_or(key, |(prefix, _)| prefix);
    named
        .iter()
        .any(|one| one.url.trim_end_matches('/').eq_ignore_ascii_case(prefix.trim_end_matches('/')))
}

/// A124. Access Analyzer's error "missing action for condition key".
fn tags(lint: &mut Lint<'_>, statement: &Statement, condition: &Condition) {
    let key = condition.key.text.as_str();
    let is_tag = after_prefix(key, "aws:RequestTag/").is_some()
        || key.eq_ignore_ascii_case("aws:TagKeys")
        || key.eq_ignore_ascii_case("sts:TransitiveTagKeys");
    let allowed = action_holds(statement, "sts:TagSession") == Holds::Yes;
    if is_tag && !allowed && statement.effect == Effect::Allow && !is_pod_identity(lint) {
        let title = format!("`{}` without sts:TagSession", key.escape_debug());
        let detail = "Tags are on a request only if the session is tagged, which the policy must allow: add sts:TagSession to Action.";
        let place: &Place = &condition.key.place;
        lint.add("tags-without-tag-session", Severity::Warning, "A124", place, title, detail);
    }
}

/// A122.
pub(super) fn of_two_issuers(lint: &mut Lint<'_>, statement: &Statement) {
    let mut first: Option<&str> = None;
    for condition in &statement.conditions {
        let Some((prefix, claim)) = condition.key.text.rsplit_once(':') else { continue };
        let is_issuers = prefix.contains('.') && !prefix.contains("kubernetes.io");
        if !is_issuers || !CLAIMS.iter().any(|known| known.eq_ignore_ascii_case(claim)) {
            continue;
        }
        match first {
            None => first = Some(prefix),
            Some(one) if one.eq_ignore_ascii_case(prefix) => {}
            Some(_) => {
                let title = "Keys of two issuers in one statement";
                let detail = "Conditions are ANDed, and a token has the keys of its own issuer only. Write a statement per issuer.";
                let place = &condition.key.place;
                return lint.add(
                    "keys-of-two-issuers",
                    Severity::Warning,
                    "A122",
                    place,
                    title,
                    detail,
                );
            }
        }
    }
}
