//! Roles of `auth/kubernetes`, and what Vault refuses to store (R16, R18).
//!
//! Source: vault-plugin-auth-kubernetes v0.23.1 `path_role.go`, `pathRoleCreateUpdate`.

use super::namespace;
use crate::federation::vault::Refusal;
use crate::federation::vault::fields::{Fields, Kind, Schema};
use crate::federation::vault::token_fields::{self, TokenFields};

const SCHEMA: Schema = &[
    ("bound_service_account_names", Kind::List),
    ("bound_service_account_namespaces", Kind::List),
    ("bound_service_account_namespace_selector", Kind::Text),
    ("audience", Kind::Text),
    ("alias_name_source", Kind::Text),
];

/// A role as Vault stores it.
pub(in crate::federation::vault) struct Role {
    pub(in crate::federation::vault) names: Vec<String>,
    pub(in crate::federation::vault) namespaces: Vec<String>,
    pub(in crate::federation::vault) selector: String,
    pub(in crate::federation::vault) audience: String,
    /// R18: the alias is `NAMESPACE/NAME` rather than the uid.
    pub(in crate::federation::vault) alias_by_name: bool,
    pub(in crate::federation::vault) tokens: TokenFields,
}

impl Role {
    /// Of fields that are not refused.
    pub(in crate::federation::vault) fn read(fields: &Fields<'_>) -> Self {
        Self {
            names: fields.list("bound_service_account_names"),
            namespaces: fields.list("bound_service_account_namespaces"),
            selector: fields.text("bound_service_account_namespace_selector"),
            audience: fields.text("audience"),
            alias_by_name: fields.text("alias_name_source") == "serviceaccount_name",
            tokens: token_fields::read(fields).unwrap_or_default(),
        }
    }
}

/// The first reason in Vault's order.
pub(super) fn refusal(fields: &Fields<'_>) -> Option<Refusal> {
    let refuse =
        |field: &str, message: String, rule| Some(Refusal::of(fields, field, message, rule));
    let problem = fields.problem(SCHEMA).or_else(|| fields.problem(token_fields::SCHEMA));
    if let Some((field, message)) = problem {
        return refuse(&field, message, "R16");
    }
    let tokens = match token_fields::read(fields) {
        Ok(tokens) => tokens,
        Err((field, message)) => return refuse(field, message, "R16"),
    };
    if tokens.max_ttl > 0 && tokens.ttl > tokens.max_ttl {
        return refuse(
            "ttl",
            "token ttl should not be greater than token max ttl".to_owned(),
            "R16",
        );
    }
    let role = Role::read(fields);
    let mixes = |list: &[String]| list.len() > 1 && list.iter().any(|one| one == "*");
    const MIXED: &str = "can not mix \"*\" with values";
    let names = "bound_service_account_names";
    let namespaces = "bound_service_account_namespaces";
    let selector = "bound_service_account_namespace_selector";
    if role.names.is_empty() {
        return refuse(names, format!("\"{names}\" can not be empty"), "R16");
    }
    if mixes(&role.names) {
        return refuse(names, MIXED.to_owned(), "R16");
    }
    if role.namespaces.is_empty() && role.selector.is_empty() {
        let message = format!("\"{namespaces}\" can not be empty if \"{selector}\" is not set");
        return refuse(namespaces, message, "R16");
    }
    if !role.selector.is_empty() && namespace::Selector::parse(&role.selector).is_none() {
        return refuse(selector, format!("invalid \"{selector}\" configured"), "R16");
    }
    if mixes(&role.namespaces) {
        return refuse(namespaces, MIXED.to_owned(), "R16");
    }
    let source = fields.text("alias_name_source");
    if !["", "serviceaccount_uid", "serviceaccount_name"].contains(&source.as_str()) {
        let message =
            "invalid alias_name_source, must be one of: serviceaccount_uid, serviceaccount_name";
        return refuse("alias_name_source", message.to_owned(), "R18");
    }
    None
}
