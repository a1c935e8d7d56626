//! A login at `auth/jwt`: signature, algorithm, registered claims, then user, metadata, groups and bound claims (R3).
//!
//! Source: vault-plugin-auth-jwt v0.26.1 `path_login.go`.

use serde_json::{Map, Value, json};

use super::config::{ALGORITHMS, Config};
use super::keys;
use super::role::Role;
use crate::document::Text;
use crate::federation::Grant;
use crate::federation::vault::claims::{self, Claim};
use crate::federation::vault::presented::Presented;
use crate::federation::vault::standard::{self, Expected};
use crate::federation::vault::{Judge, error, go};
use crate::trace::Status;

pub(super) fn judge(
    judge: &mut Judge<'_>,
    role: &Role,
    config: &Config,
    presented: &Presented<'_>,
    name: &str,
    text: &Text<'_>,
) -> Option<Grant> {
    keys::judge(judge, config, presented);
    algorithm(judge, config, presented);
    let claims = presented.claims()?;
    let expected = Expected {
        issuer: config.bound_issuer.clone(),
        subject: role.subject.clone(),
        audiences: role.audiences.clone(),
        not_before_leeway: role.not_before_leeway,
        expiration_leeway: role.expiration_leeway,
        clock_skew_leeway: role.clock_skew_leeway,
        timeless: false,
    };
    standard::judge(judge, &claims, &expected);
    unbound_audience(judge, role, &claims);
    let grant = identity(judge, role, &claims, name);
    bound_claims(judge, role, &claims, text);
    grant
}

/// R3, R4: only of a valid signature; without claims nothing is known of it.
fn algorithm(judge: &mut Judge<'_>, config: &Config, presented: &Presented<'_>) {
    if presented.token.as_ref().is_none_or(|token| token.header.is_none()) {
        return;
    }
    let allowed: Vec<String> = match config.algorithms.is_empty() {
        true => ALGORITHMS.iter().map(|name| (*name).to_owned()).collect(),
        false => config.algorithms.clone(),
    };
    let holds = allowed.iter().any(|one| one == presented.alg());
    let status = if holds { Status::Pass } else { Status::Fail };
    let check = judge
        .check("algorithm", status, "what jwt_supported_algs allows")
        .expected(allowed)
        .actual(presented.alg().to_owned())
        .rule("R4");
    judge.told(
        check,
        "invalid algorithm (alg) header parameter: token signed with unexpected algorithm",
    );
}

/// R7: a role without audiences takes no token that has one.
fn unbound_audience(judge: &mut Judge<'_>, role: &Role, claims: &Map<String, Value>) {
    if !role.audiences.is_empty() {
        return;
    }
    let has_some = match claims.get("aud") {
        Some(Value::String(one)) => !one.is_empty(),
        Some(Value::Array(many)) => !many.is_empty(),
        _ => false,
    };
    let status = if has_some { Status::Fail } else { Status::Pass };
    let check = judge
        .check("audience/unbound", status, "the role binds no audience")
        .actual(claims.get("aud").cloned().unwrap_or_default())
        .hint("write bound_audiences: tokens of Kubernetes always have an audience")
        .rule("R7");
    let message = "audience claim found in JWT but no audiences bound to the role";
    judge.ladder.judge(check, || error(message, 400));
}

/// R11: alias, metadata, groups.
fn identity(
    judge: &mut Judge<'_>,
    role: &Role,
    claims: &Map<String, Value>,
    name: &str,
) -> Option<Grant> {
    let user = user(judge, role, claims);
    let mut metadata = Map::new();
    for (source, target) in &role.mappings {
        let Some(claim) = claims::find(claims, source) else { continue };
        match claim.as_str() {
            Some(text) => {
                metadata.insert(target.clone(), Value::from(text));
            }
            None => {
                let check =
                    judge.check("user-claim/mapping", Status::Fail, "a mapped claim is no text");
                let message = format!("error converting claim '{source}' to string");
                judge.ladder.fail(
                    check.expected("a text").actual(claim.print()).rule("R11"),
                    error(message, 400),
                );
            }
        }
    }
    metadata.insert("role".to_owned(), Value::from(name));
    let groups = groups(judge, role, claims)?;
    let mut detail = Map::new();
    detail.insert("metadata".to_owned(), Value::Object(metadata));
    if !role.groups_claim.is_empty() {
        detail.insert("groups".to_owned(), json!(groups));
    }
    if !role.tokens.policies.is_empty() {
        detail.insert("policies".to_owned(), json!(role.tokens.policies));
    }
    Some(Grant { principal: user?, expires_at: None, detail })
}

fn user(judge: &mut Judge<'_>, role: &Role, claims: &Map<String, Value>) -> Option<String> {
    let found = match role.user_claim_pointer {
        true => claims::find(claims, &role.user_claim),
        false => {
            claims.get(&role.user_claim).filter(|claim| !claim.is_null()).cloned().map(Claim::Other)
        }
    };
    let quoted = crate::go::quoted(&role.user_claim);
    let text = found.as_ref().and_then(Claim::as_str).map(str::to_owned);
    let (status, title, message) = match (&found, &text) {
        (None, _) => (
            Status::Fail,
            "the token has no such claim",
            format!("claim {quoted} not found in token"),
        ),
        (_, None) => (
            Status::Fail,
            "the claim is no text",
            format!("claim {quoted} could not be converted to string"),
        ),
        (_, Some(_)) => (Status::Pass, "the claim names the alias", String::new()),
    };
    let mut check = judge
        .check("user-claim", status, title)
        .expected(role.user_claim.clone())
        .actual(found.map_or(Value::Null, |claim| Value::from(claim.print())))
        .rule("R11");
    if status == Status::Fail && role.user_claim.starts_with('/') && !role.user_claim_pointer {
        check = check.hint("a JSON pointer needs user_claim_json_pointer=true");
    }
    judge.ladder.judge(check, || error(message, 400));
    text
}

/// `None`: they cannot be told.
fn groups(judge: &mut Judge<'_>, role: &Role, claims: &Map<String, Value>) -> Option<Vec<String>> {
    if role.groups_claim.is_empty() {
        return Some(Vec::new());
    }
    let quoted = crate::go::quoted(&role.groups_claim);
    let found = claims::find(claims, &role.groups_claim);
    let groups = match found {
        None => Err(format!("failed to fetch groups: {quoted} claim not found in token")),
        Some(claim) => claim.groups(&role.groups_claim),
    };
    let (status, title) = match &groups {
        Ok(_) => (Status::Pass, "the claim names the groups"),
        Err(_) => (Status::Fail, "the claim names no groups"),
    };
    let check = judge
        .check("user-claim/groups", status, title)
        .expected(role.groups_claim.clone())
        .rule("R11");
    let message = groups.as_ref().err().cloned().unwrap_or_default();
    judge.ladder.judge(check, || error(message, 400));
    groups.ok()
}

/// R9, R10: all of them; Vault looks in no order.
fn bound_claims(judge: &mut Judge<'_>, role: &Role, claims: &Map<String, Value>, text: &Text<'_>) {
    let mut failed = 0;
    for (name, bound) in &role.claims {
        let quoted = crate::go::quoted(name);
        let found = claims::find(claims, name);
        let actual = found.as_ref().map_or(Value::Null, |claim| Value::from(claim.print()));
        let problem = match found {
            None => Some(format!("claim {quoted} is missing")),
            Some(claim) => match claims::matches(text, bound, claim, role.glob) {
                Ok(true) => None,
                Ok(false) => {
                    Some(format!("claim {quoted} does not match any associated bound claim values"))
                }
                Err(problem) => Some(problem),
            },
        };
        let status = if problem.is_some() { Status::Fail } else { Status::Pass };
        failed += usize::from(problem.is_some());
        let rule = if name.starts_with('/') { "R10" } else { "R9" };
        let mut check = judge
            .check("bound-claims", status, format!("the bound claim {name}"))
            .expected(bound.to_json())
            .actual(actual)
            .at(text.span(&bound.range, None))
            .rule(rule);
        if let Some(hint) =
            hint(role, name, bound, &go::print(text, bound)).filter(|_| status == Status::Fail)
        {
            check = check.hint(hint);
        }
        let told = error(format!("error validating claims: {}", problem.unwrap_or_default()), 400);
        judge.ladder.judge(check, || told);
    }
    let is_first =
        judge.ladder.first_failure().is_some_and(|check| check.id.ends_with("/bound-claims"));
    if failed > 1 && is_first {
        judge.ladder.doubt();
    }
}

fn hint(
    role: &Role,
    name: &str,
    bound: &crate::document::Node,
    printed: &str,
) -> Option<&'static str> {
    let is_number = bound.as_f64().is_some();
    match () {
        () if name.starts_with("kubernetes.io.") => Some(
            "a dot does not lead into the claim: write a JSON pointer such as /kubernetes.io/namespace",
        ),
        () if printed.contains('*') && !role.glob => {
            Some("`*` is a plain character unless bound_claims_type is glob")
        }
        () if is_number => {
            Some("a number never equals a text, and Vault cuts the claim's fraction")
        }
        () => None,
    }
}
