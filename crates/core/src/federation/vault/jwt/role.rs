//! Roles of `auth/jwt`, and what Vault refuses to store (R12).
//!
//! Source: vault-plugin-auth-jwt v0.26.1 `path_role.go`, `pathRoleCreateUpdate`.

use crate::document::{Data, Node};
use crate::federation::vault::Refusal;
use crate::federation::vault::fields::{Fields, Kind, Schema};
use crate::federation::vault::go;
use crate::federation::vault::token_fields::{self, TokenFields};

const SCHEMA: Schema = &[
    ("role_type", Kind::Text),
    ("expiration_leeway", Kind::SignedDuration),
    ("not_before_leeway", Kind::SignedDuration),
    ("clock_skew_leeway", Kind::SignedDuration),
    ("bound_subject", Kind::Text),
    ("bound_audiences", Kind::List),
    ("bound_claims_type", Kind::Text),
    ("bound_claims", Kind::Map),
    ("claim_mappings", Kind::Pairs),
    ("user_claim", Kind::Text),
    ("user_claim_json_pointer", Kind::Bool),
    ("groups_claim", Kind::Text),
    ("oidc_scopes", Kind::List),
    ("allowed_redirect_uris", Kind::List),
    ("verbose_oidc_logging", Kind::Bool),
    ("max_age", Kind::Duration),
];

/// A role as Vault stores it.
pub(in crate::federation::vault) struct Role {
    pub(in crate::federation::vault) kind: String,
    pub(in crate::federation::vault) audiences: Vec<String>,
    pub(in crate::federation::vault) subject: String,
    pub(in crate::federation::vault) claims: Vec<(String, Node)>,
    pub(in crate::federation::vault) glob: bool,
    pub(in crate::federation::vault) mappings: Vec<(String, String)>,
    pub(in crate::federation::vault) user_claim: String,
    pub(in crate::federation::vault) user_claim_pointer: bool,
    pub(in crate::federation::vault) groups_claim: String,
    pub(in crate::federation::vault) expiration_leeway: i64,
    pub(in crate::federation::vault) not_before_leeway: i64,
    pub(in crate::federation::vault) clock_skew_leeway: i64,
    pub(in crate::federation::vault) tokens: TokenFields,
}

impl Role {
    /// Of fields that are not refused.
    pub(in crate::federation::vault) fn read(fields: &Fields<'_>) -> Self {
        let seconds = |name: &str| fields.seconds(name).unwrap_or_default();
        let kind = fields.text("role_type");
        Self {
            kind: if kind.is_empty() { "oidc".to_owned() } else { kind },
            audiences: fields.list("bound_audiences"),
            subject: fields.text("bound_subject"),
            claims: fields.map("bound_claims"),
            glob: fields.text("bound_claims_type") == "glob",
            mappings: fields.pairs("claim_mappings"),
            user_claim: fields.text("user_claim"),
            user_claim_pointer: fields.flag("user_claim_json_pointer").unwrap_or_default(),
            groups_claim: fields.text("groups_claim"),
            expiration_leeway: seconds("expiration_leeway"),
            not_before_leeway: seconds("not_before_leeway"),
            clock_skew_leeway: seconds("clock_skew_leeway"),
            tokens: token_fields::read(fields).unwrap_or_default(),
        }
    }
}

/// The first reason in Vault's order.
pub(super) fn refusal(fields: &Fields<'_>) -> Option<Refusal> {
    let refuse = |field: &str, message: String| Some(Refusal::of(fields, field, message, "R12"));
    let problem = fields.problem(SCHEMA).or_else(|| fields.problem(token_fields::SCHEMA));
    if let Some((field, message)) = problem {
        return refuse(&field, message);
    }
    let kind = fields.text("role_type");
    if !["", "jwt", "oidc"].contains(&kind.as_str()) {
        return refuse("role_type", format!("invalid 'role_type': {kind}"));
    }
    let tokens = match token_fields::read(fields) {
        Ok(tokens) => tokens,
        Err((field, message)) => return refuse(field, message),
    };
    if let Some((field, message)) = bound_claims(fields).or_else(|| mappings(fields)) {
        return refuse(field, message);
    }
    let role = Role::read(fields);
    if role.user_claim.is_empty() {
        return refuse("user_claim", "a user claim must be defined on the role".to_owned());
    }
    if role.kind == "oidc" && fields.list("allowed_redirect_uris").is_empty() {
        let message =
            "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.";
        return Some(Refusal::of(fields, "role_type", message, "R2"));
    }
    let bound = !role.audiences.is_empty()
        || !role.subject.is_empty()
        || !role.claims.is_empty()
        || !role.tokens.cidrs.is_empty();
    if role.kind == "jwt" && !bound {
        let message = "must have at least one bound constraint when creating/updating a role";
        return refuse("bound_audiences", message.to_owned());
    }
    if tokens.max_ttl > 0 && tokens.ttl > tokens.max_ttl {
        return refuse("ttl", "ttl should not be greater than max ttl".to_owned());
    }
    None
}

/// R9: globs are texts.
fn bound_claims(fields: &Fields<'_>) -> Option<(&'static str, String)> {
    let kind = fields.text("bound_claims_type");
    if fields.has("bound_claims_type")
        && fields.get("bound_claims_type").is_some()
        && !["string", "glob"].contains(&kind.as_str())
    {
        return Some(("bound_claims_type", format!("invalid 'bound_claims_type': {kind}")));
    }
    if kind != "glob" {
        return None;
    }
    fields.map("bound_claims").iter().find_map(|(_, value)| {
        let one = std::slice::from_ref(value);
        let values = match &value.data {
            Data::Array(elements) => elements.as_slice(),
            Data::Object(_) | Data::Null => {
                let printed = go::print(&fields.text, value);
                return Some(("bound_claims", format!("claim is not a string or list: {printed}")));
            }
            _ => one,
        };
        let other = values.iter().find(|value| value.as_str().is_none())?;
        let printed = go::print(&fields.text, other);
        Some(("bound_claims", format!("claim is not a string: {printed}")))
    })
}

/// R12: each metadata key once, and not `role`.
fn mappings(fields: &Fields<'_>) -> Option<(&'static str, String)> {
    let mut seen: Vec<String> = Vec::new();
    for (_, target) in fields.pairs("claim_mappings") {
        let quoted = crate::go::quoted(&target);
        if target == "role" {
            let message =
                format!("metadata key {quoted} is reserved and may not be a mapping destination");
            return Some(("claim_mappings", message));
        }
        if seen.contains(&target) {
            let message = format!("multiple keys are mapped to metadata key {quoted}");
            return Some(("claim_mappings", message));
        }
        seen.push(target);
    }
    None
}
