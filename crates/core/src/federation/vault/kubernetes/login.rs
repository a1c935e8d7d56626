//! A login at `auth/kubernetes`: the token's claims, account, namespace, then the API server's word (R13).
//!
//! Source: vault-plugin-auth-kubernetes v0.23.1 `path_login.go`.

use serde_json::{Map, Value, json};

use super::config::Config;
use super::role::Role;
use super::{namespace, review};
use crate::federation::Grant;
use crate::federation::vault::claims::matches_glob;
use crate::federation::vault::fields::decoding;
use crate::federation::vault::presented::Presented;
use crate::federation::vault::standard::{self, Expected};
use crate::federation::vault::{Case, Judge, error, permission_denied};
use crate::jwk::Keys;
use crate::objects::Objects;
use crate::signature::Evidence;
use crate::trace::{Check, Status};

/// What Vault takes, with keys and without; EdDSA is not among them (R13).
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"];

/// The account as the claims name it (R17).
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    secret: String,
    pub(super) audiences: Vec<String>,
}

pub(super) fn judge(
    case: &Case<'_>,
    judge: &mut Judge<'_>,
    role: &Role,
    config: &Config,
    presented: &Presented<'_>,
    role_name: &str,
) -> Option<Grant> {
    signature(judge, config, presented);
    let claims = presented.claims()?;
    let expected = Expected {
        issuer: config.issuer.clone(),
        audiences: Some(&role.audience)
            .filter(|one| !one.is_empty())
            .cloned()
            .into_iter()
            .collect(),
        timeless: true,
        ..Expected::default()
    };
    standard::judge(judge, &claims, &expected);
    let account = match account(&claims) {
        Ok(account) => account,
        Err(problem) => {
            let check = judge.check(
                "service-account/claims",
                Status::Fail,
                "the claims have the wrong types",
            );
            judge.ladder.fail(check.rule("R13"), error(problem, 500));
            return None;
        }
    };
    name(judge, role, &account);
    namespace(case, judge, role, config, &account);
    let alias = alias(judge, role, &account);
    review::judge(case, judge, role, config, &account);
    if config.annotations {
        let check = judge.check(
            "token-review/annotations",
            Status::Skip,
            "annotations of the ServiceAccount become metadata of the alias",
        );
        judge.push(check.hint("assumed: Vault may read the ServiceAccount"));
    }
    let metadata = json!({
        "service_account_uid": account.uid,
        "service_account_name": account.name,
        "service_account_namespace": account.namespace,
        "service_account_secret_name": account.secret,
        "role": role_name,
    });
    let mut detail = Map::new();
    detail.insert("metadata".to_owned(), metadata);
    if !role.tokens.policies.is_empty() {
        detail.insert("policies".to_owned(), json!(role.tokens.policies));
    }
    Some(Grant { principal: alias?, expires_at: None, detail })
}

/// R13: the token is parsed even without `pem_keys`; every failure is a bare `permission denied`.
fn signature(judge: &mut Judge<'_>, config: &Config, presented: &Presented<'_>) {
    if presented.evidence.is_none() {
        for stage in ["format", "signature"] {
            let check = judge.check(stage, Status::Skip, "claims were given instead of a token");
            judge.push(check.hint("they count as verified"));
        }
        return;
    }
    let token = presented.token.as_ref();
    let problem = match token.and_then(|token| token.problem.clone()) {
        None if presented.claims().is_none() => Some("the claims are no object".to_owned()),
        None if presented.has_twins() => Some("a name stands twice in the claims".to_owned()),
        // go-jose v4, which reads a token whose signature is not verified, takes no padding.
        None if config.public_keys.is_empty() && presented.compact.contains('=') => {
            Some("the token is padded".to_owned())
        }
        problem => problem,
    };
    if let Some(problem) = problem {
        let check = judge.check("format", Status::Fail, problem).rule("R13");
        return judge.ladder.fail(check, permission_denied());
    }
    let check = judge.check("format", Status::Pass, "the token has three parts").rule("R13");
    judge.push(check);
    let alg = presented.alg().to_owned();
    let holds = ALGORITHMS.contains(&alg.as_str());
    let status = if holds { Status::Pass } else { Status::Fail };
    let check = judge
        .check("algorithm", status, "what Vault takes of Kubernetes")
        .expected(ALGORITHMS.as_slice())
        .actual(alg)
        .rule("R13");
    judge.ladder.judge(check, permission_denied);
    if config.public_keys.is_empty() {
        let check = judge.check(
            "signature",
            Status::Skip,
            "without pem_keys the API server alone judges the signature",
        );
        return judge.push(check.rule("R13"));
    }
    let mut own = Evidence::new(Some(&presented.compact), None);
    let keys = Keys::parse(&config.public_keys.join("\n"));
    let count = keys.keys.len();
    own.keys = Some(keys);
    let signed = token.is_some_and(|token| (0..count).any(|at| token.is_signed_by(&own, at)));
    let (status, title) = match signed {
        true => (Status::Pass, "one of pem_keys made the signature"),
        false => (Status::Fail, "none of pem_keys made the signature"),
    };
    let check = judge.check("signature", status, title).rule("R13");
    judge.ladder.judge(check, permission_denied);
}

/// What mapstructure makes of the claims; `Err`: in its words.
fn account(claims: &Map<String, Value>) -> Result<Account, String> {
    let mut problems = Vec::new();
    let mut account = Account::default();
    let legacy = |name: &str| format!("kubernetes.io/serviceaccount/{name}");
    for (name, into) in [
        ("service-account.name", &mut account.name),
        ("service-account.uid", &mut account.uid),
        ("secret.name", &mut account.secret),
        ("namespace", &mut account.namespace),
    ] {
        let name = legacy(name);
        text(claims.get(&name), &name, into, &mut problems);
    }
    match claims.get("aud") {
        None | Some(Value::Null) => {}
        Some(Value::Array(many)) => {
            for (index, one) in many.iter().enumerate() {
                let mut audience = String::new();
                text(Some(one), &format!("aud[{index}]"), &mut audience, &mut problems);
                account.audiences.push(audience);
            }
        }
        Some(other) => {
            let kind = kind(other);
            problems.push(format!("'aud': source data must be an array or slice, got {kind}"));
        }
    }
    for name in ["exp", "iat"] {
        match claims.get(name) {
            None | Some(Value::Null | Value::Number(_)) => {}
            Some(other) => problems.push(unconvertible(name, "int64", other)),
        }
    }
    bound(claims, &mut account, &mut problems);
    if problems.is_empty() { Ok(account) } else { Err(decoding(problems)) }
}

/// The `kubernetes.io` claim is preferred to the flat ones (R17).
fn bound(claims: &Map<String, Value>, account: &mut Account, problems: &mut Vec<String>) {
    let kubernetes = match claims.get("kubernetes.io") {
        None | Some(Value::Null) => return,
        Some(Value::Object(members)) => members,
        Some(other) => {
            return problems.push(format!("'kubernetes.io' expected a map, got '{}'", kind(other)));
        }
    };
    account.namespace.clear();
    text(kubernetes.get("namespace"), "kubernetes.io.namespace", &mut account.namespace, problems);
    for (name, is_account) in [("pod", false), ("serviceaccount", true)] {
        let path = format!("kubernetes.io.{name}");
        match kubernetes.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(reference)) => {
                let (mut found, mut uid) = (String::new(), String::new());
                text(reference.get("name"), &format!("{path}.name"), &mut found, problems);
                text(reference.get("uid"), &format!("{path}.uid"), &mut uid, problems);
                if is_account {
                    (account.name, account.uid) = (found, uid);
                }
            }
            Some(other) => problems.push(format!("'{path}' expected a map, got '{}'", kind(other))),
        }
    }
}

fn text(value: Option<&Value>, name: &str, into: &mut String, problems: &mut Vec<String>) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => text.clone_into(into),
        Some(other) => problems.push(unconvertible(name, "string", other)),
    }
}

fn unconvertible(name: &str, wanted: &str, value: &Value) -> String {
    let found = match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    let printed = crate::federation::vault::go::print_claim(value);
    format!(
        "'{name}' expected type '{wanted}', got unconvertible type '{found}', value: '{printed}'"
    )
}

/// `reflect.Kind` of a decoded claim.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

/// R16: the name before the namespace.
fn name(judge: &mut Judge<'_>, role: &Role, account: &Account) {
    let holds = matches!(role.names.as_slice(), [only] if only == "*")
        || role.names.iter().any(|glob| matches_glob(glob, &account.name));
    let check = judge.check("service-account", status(holds), "the ServiceAccount's name");
    let check = check.expected(role.names.clone()).actual(account.name.clone()).rule("R16");
    let hint = match account.name.is_empty() {
        true => "the token has no kubernetes.io claim: it is no ServiceAccount's",
        false => "bound_service_account_names lists names, with `*` as the only wildcard",
    };
    let check = if holds { check } else { check.hint(hint) };
    judge.ladder.judge(check, || error("service account name not authorized", 403));
}

/// R16: the list, or the selector; the selector is read only if the list does not fit.
fn namespace(
    case: &Case<'_>,
    judge: &mut Judge<'_>,
    role: &Role,
    config: &Config,
    account: &Account,
) {
    let listed = role.namespaces.first().is_some_and(|first| first == "*")
        || role.namespaces.iter().any(|glob| matches_glob(glob, &account.namespace));
    let refused = |why: &str| error(format!("namespace not authorized{why}"), 403);
    let about = |check: Check| {
        let check = check.expected(role.namespaces.clone()).actual(account.namespace.clone());
        check.rule("R16")
    };
    if listed || role.selector.is_empty() {
        let check = judge.check("namespace", status(listed), "the ServiceAccount's namespace");
        return judge.ladder.judge(about(check), || refused(""));
    }
    if config.reviewer == super::config::Reviewer::Client {
        let check = judge
            .check("namespace", Status::Fail, "the selector needs a reviewer's token")
            .hint("write token_reviewer_jwt: its account must be allowed to read namespaces");
        let why = " err=namespace lookup failed: TokenReviewer JWT needs to be configured to use namespace selectors";
        return judge.ladder.judge(about(check), || refused(why));
    }
    let objects = Objects::read(
        case.cluster.objects.as_deref().unwrap_or_default(),
        case.cluster.default_namespace(),
    );
    let selector = namespace::Selector::parse(&role.selector);
    let found = selector.and_then(|selector| selector.matches(&objects, &account.namespace));
    match found {
        Some(holds) => {
            let check = judge.check("namespace", status(holds), "the namespace's labels");
            judge.ladder.judge(about(check).expected(role.selector.clone()), || refused(""));
        }
        None if case.cluster.objects_complete == Some(true) => {
            let check = judge.check("namespace", Status::Fail, "there is no such namespace");
            let why = format!(
                " err=failed to get namespace (code 404 status namespaces {} not found)",
                crate::go::quoted(&account.namespace)
            );
            judge.ladder.judge(about(check), || refused(&why));
        }
        None => {
            let check =
                judge.check("namespace", Status::Unknown, "the namespace's labels are not told");
            judge.push(about(check).hint("paste the Namespace among the cluster's objects"));
        }
    }
}

/// R18; `None`: Vault cannot name it.
fn alias(judge: &mut Judge<'_>, role: &Role, account: &Account) -> Option<String> {
    let (alias, problem) = match role.alias_by_name {
        true if account.namespace.is_empty() || account.name.is_empty() => {
            (None, "service account namespace and name must be set")
        }
        true => (Some(format!("{}/{}", account.namespace, account.name)), ""),
        false if account.uid.is_empty() => (None, "could not parse UID from claims"),
        false => (Some(account.uid.clone()), ""),
    };
    if alias.is_none() {
        let check = judge.check("service-account/alias", Status::Fail, "the alias has no name");
        judge.ladder.fail(check.rule("R18"), error(problem, 500));
    }
    alias
}

fn status(holds: bool) -> Status {
    if holds { Status::Pass } else { Status::Fail }
}
