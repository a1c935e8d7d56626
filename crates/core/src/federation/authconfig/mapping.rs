//! Who the caller is: claim mappings and the rules over claims and user (R22 to R24, R26 to R29).
//!
//! Source: `k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::config::{Authenticator, Rule};
use crate::cel::{Fault, Lazy, List, Program, Value};

/// The key of the credential's id (R29).
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
const NO_LIST: &str = "expression must return a string or a list of strings";

/// The user, before groups are added that everybody has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) groups: Vec<String>,
    pub(super) extra: BTreeMap<String, Vec<String>>,
}

/// Why there is no user, or that nobody knows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refused {
    /// What the API server logs.
    Because(String),
    /// Runs out of the budget: the API server's own is another.
    Likely(String),
    /// podpass does not model what is needed.
    Unknown(String),
}

impl Refused {
    /// An evaluation that failed, with what the API server says before it.
    fn of(prefix: &str, program: &Program, fault: &Fault) -> Self {
        let message = format!(
            "{prefix}expression '{}' resulted in error: {}",
            program.text(),
            fault.message()
        );
        match fault {
            Fault::Error(_) => Self::Because(message),
            Fault::Cancelled(_) => Self::Likely(message),
            Fault::Unsupported(what) => Self::Unknown(what.clone()),
        }
    }

    fn because(message: impl Into<String>) -> Self {
        Self::Because(message.into())
    }
}

/// The claims as expressions see them.
pub(super) fn lazy(claims: &Map<String, Json>) -> Value {
    let fields = claims.iter().map(|(name, value)| (name.clone(), Value::from_json(value)));
    Lazy::value("kubernetes.claims", fields.collect())
}

fn evaluated(program: &Program, claims: &Value, prefix: &str) -> Result<Value, Refused> {
    let result = program.evaluate(&[("claims", claims.clone())]);
    result.map_err(|fault| Refused::of(prefix, program, &fault))
}

/// As Go's decoder words a wrong type.
fn mistyped(value: &Json, wanted: &str) -> String {
    let found = match value {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}

/// A claim as a text; null is an empty one.
fn text(claims: &Map<String, Json>, name: &str) -> Result<String, String> {
    match claims.get(name) {
        None => Err("claim not present".into()),
        Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(other) => Err(mistyped(other, "string")),
    }
}

/// Username, groups, uid and extra, in this order; the first that fails ends it.
pub(super) fn user(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
) -> Result<User, Refused> {
    let lazy = lazy(claims);
    Ok(User {
        name: username(authenticator, claims, &lazy)?,
        groups: groups(authenticator, claims, &lazy)?,
        uid: uid(authenticator, claims, &lazy)?,
        extra: extra(authenticator, claims, &lazy)?,
    })
}

/// R23.
fn username(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
    lazy: &Value,
) -> Result<String, Refused> {
    let mapping = &authenticator.username;
    if let Some(program) = &mapping.program {
        const PREFIX: &str = "oidc: error evaluating username claim expression: ";
        return match evaluated(program, lazy, PREFIX)? {
            Value::String(name) if name.is_empty() => {
                Err(Refused::because("oidc: empty username via CEL expression is not allowed"))
            }
            Value::String(name) => Ok(name.to_string()),
            _ => Err(Refused::Because(format!(
                "{PREFIX}username claim expression must return a string"
            ))),
        };
    }
    let claim = mapping.claim;
    let name = text(claims, claim).map_err(|problem| {
        Refused::Because(format!("oidc: parse username claims \"{claim}\": {problem}"))
    })?;
    if claim == "email" {
        match claims.get("email_verified") {
            None | Some(Json::Bool(true)) => {}
            Some(Json::Bool(false) | Json::Null) => {
                return Err(Refused::because("oidc: email not verified"));
            }
            Some(other) => {
                let problem = mistyped(other, "bool");
                let message = format!("oidc: parse 'email_verified' claim: {problem}");
                return Err(Refused::Because(message));
            }
        }
    }
    Ok(format!("{}{name}", mapping.prefix))
}

/// R29: by claim empty texts stay, by expression they go.
fn groups(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
    lazy: &Value,
) -> Result<Vec<String>, Refused> {
    let mapping = &authenticator.groups;
    if let Some(value) = claims.get(mapping.claim).filter(|_| !mapping.claim.is_empty()) {
        let found = claim_groups(value).map_err(|problem| {
            Refused::Because(format!("oidc: parse groups claim \"{}\": {problem}", mapping.claim))
        })?;
        return Ok(found.iter().map(|group| format!("{}{group}", mapping.prefix)).collect());
    }
    if !mapping.claim.is_empty() && is_distributed(claims, mapping.claim) {
        return Err(Refused::Unknown("claims that are fetched from elsewhere".into()));
    }
    let Some(program) = &mapping.program else { return Ok(Vec::new()) };
    const PREFIX: &str = "oidc: error evaluating group claim expression: ";
    let value = evaluated(program, lazy, PREFIX)?;
    texts(&value).ok_or_else(|| Refused::Because(format!("{PREFIX}{NO_LIST}")))
}

/// A text or a list of texts; null members are empty.
fn claim_groups(value: &Json) -> Result<Vec<String>, String> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::String(text) => Ok(vec![text.clone()]),
        Json::Array(elements) => elements
            .iter()
            .map(|element| match element {
                Json::String(text) => Ok(text.clone()),
                Json::Null => Ok(String::new()),
                // The decoder then tries a single text, and says what is wrong with that.
                _ => Err(mistyped(value, "string")),
            })
            .collect(),
        other => Err(mistyped(other, "string")),
    }
}

/// Whether a claim is said to be at an endpoint that the API server would ask.
fn is_distributed(claims: &Map<String, Json>, claim: &str) -> bool {
    let source =
        claims.get("_claim_names").and_then(|names| names.get(claim)).and_then(Json::as_str);
    source.is_some_and(|source| {
        let endpoint = claims.get("_claim_sources").and_then(|sources| sources.get(source));
        endpoint
            .and_then(|endpoint| endpoint.get("endpoint"))
            .and_then(Json::as_str)
            .is_some_and(|url| !url.is_empty())
    })
}

fn uid(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
    lazy: &Value,
) -> Result<String, Refused> {
    let mapping = &authenticator.uid;
    if !mapping.claim.is_empty() {
        return text(claims, mapping.claim).map_err(|problem| {
            Refused::Because(format!("oidc: parse uid claim \"{}\": {problem}", mapping.claim))
        });
    }
    let Some(program) = &mapping.program else { return Ok(String::new()) };
    const PREFIX: &str = "oidc: error evaluating uid claim expression: ";
    match evaluated(program, lazy, PREFIX)? {
        Value::String(uid) => Ok(uid.to_string()),
        _ => Err(Refused::Because(format!("{PREFIX}uid claim expression must return a string"))),
    }
}

/// All expressions are evaluated before any result is looked at.
fn extra(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
    lazy: &Value,
) -> Result<BTreeMap<String, Vec<String>>, Refused> {
    let mut extra = BTreeMap::new();
    if let Some(id) = claims.get("jti").and_then(Json::as_str).filter(|id| !id.is_empty()) {
        extra.insert(CREDENTIAL_ID.to_owned(), vec![format!("JTI={id}")]);
    }
    let mut results = Vec::new();
    for (key, rule) in &authenticator.extra {
        results.push((*key, rule, evaluated(&rule.program, lazy, "")?));
    }
    for (key, rule, value) in results {
        let values = texts(&value).ok_or_else(|| {
            Refused::Because(format!(
                "oidc: error evaluating extra claim expression: {}: {NO_LIST}",
                rule.program.text()
            ))
        })?;
        if !values.is_empty() {
            extra.insert(key.to_owned(), values);
        }
    }
    Ok(extra)
}

/// A text or a list of texts; empty ones, and null, count as absent. R28: Go's own lists of strings do not pass.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) if text.is_empty() => Some(Vec::new()),
        Value::String(text) => Some(vec![text.to_string()]),
        Value::List(list) if !list.native => list_texts(list),
        _ => None,
    }
}

fn list_texts(list: &List) -> Option<Vec<String>> {
    let texts: Option<Vec<&str>> = list.items().iter().map(Value::as_str).collect();
    Some(texts?.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect())
}

/// R22, R26: the `claim` rules first, then all expressions, and only then their results.
pub(super) fn claim_rules(
    authenticator: &Authenticator<'_>,
    claims: &Map<String, Json>,
) -> Result<(), Refused> {
    for (_, claim, wanted) in &authenticator.required {
        if !claims.contains_key(*claim) {
            let message = format!("oidc: required claim {claim} not present in ID token");
            return Err(Refused::Because(message));
        }
        let found = text(claims, claim)
            .map_err(|problem| Refused::Because(format!("oidc: parse claim {claim}: {problem}")))?;
        if found != *wanted {
            return Err(Refused::Because(format!(
                "oidc: required claim {claim} value does not match. Got = {found}, want = {wanted}"
            )));
        }
    }
    const PREFIX: &str = "oidc: error evaluating claim validation expression: ";
    rules(&authenticator.claim_rules, "claims", &lazy(claims), PREFIX)
}

/// R24.
pub(super) fn user_rules(authenticator: &Authenticator<'_>, user: &User) -> Result<(), Refused> {
    const PREFIX: &str = "oidc: error evaluating user info validation rule: ";
    let json = serde_json::json!({
        "username": user.name, "uid": user.uid, "groups": user.groups, "extra": user.extra
    });
    let fields: BTreeMap<String, Value> = json
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), Value::from_json(value)))
        .collect();
    let value = Lazy::value("kubernetes.UserInfo", fields);
    rules(&authenticator.user_rules, "user", &value, PREFIX)
}

fn rules(rules: &[Rule<'_>], name: &str, value: &Value, prefix: &str) -> Result<(), Refused> {
    let mut results = Vec::new();
    for rule in rules {
        let result = rule.program.evaluate(&[(name, value.clone())]);
        results.push(result.map_err(|fault| Refused::of(prefix, &rule.program, &fault))?);
    }
    for (rule, result) in rules.iter().zip(results) {
        let problem = match result {
            Value::Bool(true) => continue,
            Value::Bool(false) => {
                format!("validation expression '{}' failed: {}", rule.program.text(), rule.message)
            }
            _ => "validation expression must return a boolean".to_owned(),
        };
        return Err(Refused::Because(format!("{prefix}{problem}")));
    }
    Ok(())
}
