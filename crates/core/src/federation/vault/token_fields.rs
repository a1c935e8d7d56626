//! What every auth method's roles have in common: the fields of the tokens that Vault makes.
//!
//! Source: `github.com/hashicorp/vault/sdk` v0.24.0 `helper/tokenutil/tokenutil.go`.

use super::cidr::Network;
use super::fields::{Fields, Kind, Schema};

/// The fields, and their older names.
pub(super) const SCHEMA: Schema = &[
    ("token_bound_cidrs", Kind::List),
    ("token_explicit_max_ttl", Kind::Duration),
    ("token_max_ttl", Kind::Duration),
    ("token_no_default_policy", Kind::Bool),
    ("token_period", Kind::Duration),
    ("token_policies", Kind::List),
    ("token_type", Kind::Text),
    ("token_ttl", Kind::Duration),
    ("token_num_uses", Kind::Int),
    ("alias_metadata", Kind::Pairs),
    ("policies", Kind::List),
    ("num_uses", Kind::Int),
    ("ttl", Kind::Duration),
    ("max_ttl", Kind::Duration),
    ("period", Kind::Duration),
    ("bound_cidrs", Kind::List),
];

/// What of them a login meets.
#[derive(Debug, Default)]
pub(super) struct TokenFields {
    pub(super) cidrs: Vec<Network>,
    pub(super) policies: Vec<String>,
    pub(super) ttl: i64,
    pub(super) max_ttl: i64,
}

/// The field at fault, and what Vault says.
pub(super) type Problem = (&'static str, String);

/// `ParseTokenFields` and `UpgradeValue`, in their order.
pub(super) fn read(fields: &Fields<'_>) -> Result<TokenFields, Problem> {
    let networks = |name: &'static str| -> Result<Vec<Network>, Problem> {
        fields
            .list(name)
            .iter()
            .map(|text| Network::parse(text).map_err(|said| (name, said)))
            .collect()
    };
    let seconds = |name: &str| fields.seconds(name).unwrap_or_default();
    let mut read = TokenFields {
        cidrs: networks("token_bound_cidrs")?,
        policies: fields.list("token_policies"),
        ttl: seconds("token_ttl"),
        max_ttl: seconds("token_max_ttl"),
    };
    let kind = fields.text("token_type");
    if fields.has("token_type") && !["", "default", "service", "batch"].contains(&kind.as_str()) {
        let said = format!("invalid 'token_type' value {}", crate::go::quoted(&kind));
        return Err(("token_type", said));
    }
    let uses = fields.int("token_num_uses").unwrap_or_default();
    if uses < 0 {
        return Err(("token_num_uses", "'token_num_uses' cannot be negative".to_owned()));
    }
    let batch = |what: &str| {
        Err((
            "token_type",
            format!("'token_type' cannot be 'batch' or 'default_batch' when set to {what}"),
        ))
    };
    if kind == "batch" && seconds("token_period") != 0 {
        return batch("generate periodic tokens");
    }
    if kind == "batch" && uses != 0 {
        return batch("generate tokens with limited use count");
    }
    if read.ttl > 0 && read.max_ttl > 0 && read.ttl > read.max_ttl {
        return Err(("token_ttl", "'token_ttl' cannot be greater than 'token_max_ttl'".to_owned()));
    }
    // The older names count where the newer are not given.
    if !fields.has("token_bound_cidrs") {
        read.cidrs = networks("bound_cidrs")?;
    }
    if !fields.has("token_policies") {
        read.policies = fields.list("policies");
    }
    if !fields.has("token_ttl") {
        read.ttl = seconds("ttl");
    }
    if !fields.has("token_max_ttl") {
        read.max_ttl = seconds("max_ttl");
    }
    Ok(read)
}
