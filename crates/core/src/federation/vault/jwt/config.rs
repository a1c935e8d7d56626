//! Configurations of `auth/jwt`, and what Vault refuses to store (R1, R12).
//!
//! Source: vault-plugin-auth-jwt v0.26.1 `path_config.go`, `pathConfigWrite`.

use crate::federation::vault::fields::{Fields, Kind, Schema};
use crate::federation::vault::{Case, Refusal};
use crate::jwk::Keys;
use crate::trace::Certainty;

const SCHEMA: Schema = &[
    ("oidc_discovery_url", Kind::Text),
    ("oidc_discovery_ca_pem", Kind::Text),
    ("oidc_client_id", Kind::Text),
    ("oidc_client_secret", Kind::Text),
    ("oidc_response_mode", Kind::Text),
    ("oidc_response_types", Kind::List),
    ("jwks_url", Kind::Text),
    ("jwks_ca_pem", Kind::Text),
    ("default_role", Kind::Text),
    ("jwt_validation_pubkeys", Kind::List),
    ("jwt_supported_algs", Kind::List),
    ("bound_issuer", Kind::Text),
    ("provider_config", Kind::Map),
    ("namespace_in_state", Kind::Bool),
    ("unsupported_critical_cert_extensions", Kind::List),
];

/// R4: an empty list allows all of them.
pub(super) const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];

/// Where Vault has its keys from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Source {
    /// `jwt_validation_pubkeys`.
    Static,
    /// A URL that serves a JWKS.
    Published,
    #[default]
    Untold,
}

/// A configuration as a login meets it.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) source: Source,
    pub(super) public_keys: Vec<String>,
    pub(super) bound_issuer: String,
    pub(super) default_role: String,
    pub(super) algorithms: Vec<String>,
}

impl Config {
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let public_keys = fields.list("jwt_validation_pubkeys");
        let urls = ["jwks_url", "oidc_discovery_url"];
        let source = match () {
            () if !public_keys.is_empty() => Source::Static,
            () if urls.iter().any(|name| !fields.text(name).is_empty()) || pairs(fields) > 0 => {
                Source::Published
            }
            () => Source::Untold,
        };
        Self {
            source,
            public_keys,
            bound_issuer: fields.text("bound_issuer"),
            default_role: fields.text("default_role").to_lowercase(),
            algorithms: fields.list("jwt_supported_algs"),
        }
    }
}

/// How many JWKS pairs; anything but a list is a list of one.
fn pairs(fields: &Fields<'_>) -> usize {
    fields.get("jwks_pairs").map_or(0, |value| match &value.data {
        crate::document::Data::Array(elements) => elements.len(),
        crate::document::Data::Object(members) if members.is_empty() => 0,
        _ => 1,
    })
}

/// The first reason in Vault's order. Keys that are given stand for a source that is left out.
pub(super) fn refusal(fields: &Fields<'_>, has_keys: bool, case: &Case<'_>) -> Option<Refusal> {
    let refuse = |message: &str| Some(Refusal::of(fields, "", message, "R12"));
    if let Some((_, message)) = fields.problem(SCHEMA) {
        return refuse(&message);
    }
    let text = |name: &str| fields.text(name);
    let is = |name: &str| !fields.text(name).is_empty();
    let public_keys = fields.list("jwt_validation_pubkeys");
    let sources = usize::from(is("oidc_discovery_url"))
        + usize::from(!public_keys.is_empty())
        + usize::from(is("jwks_url"))
        + usize::from(pairs(fields) > 0);
    if sources > 1 || (sources == 0 && !has_keys) {
        return refuse(
            "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or 'oidc_discovery_url' must be set",
        );
    }
    // What is read back never shows the secret.
    let read_back = fields.has("namespace_in_state") && !fields.has("oidc_client_secret");
    if is("oidc_client_id") != is("oidc_client_secret") && !read_back {
        return refuse("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC");
    }
    if is("oidc_client_id") && !is("oidc_discovery_url") {
        return refuse("'oidc_discovery_url' must be set for OIDC");
    }
    if is("oidc_discovery_url")
        && is("oidc_discovery_ca_pem")
        && !text("oidc_discovery_ca_pem").contains("-----BEGIN CERTIFICATE-----")
    {
        return refuse("error checking oidc discovery URL");
    }
    if pairs(fields) > 0 && is("jwks_ca_pem") {
        return refuse(
            "CA PEMs must be provided as part of the 'jwks_pairs' when using multiple JWKS URLs",
        );
    }
    if pairs(fields) > 0 && is("bound_issuer") {
        return refuse("Bound issuer is not supported for use with 'jwks_pairs'");
    }
    if is("jwks_url") {
        if is("jwks_ca_pem") && !text("jwks_ca_pem").contains("-----BEGIN CERTIFICATE-----") {
            return refuse("error checking jwks_ca_pem");
        }
        let keys = case.subject.evidence().and_then(|evidence| evidence.keys.as_ref());
        if keys.is_some_and(|keys| super::keys::unusable(keys).is_some()) {
            let message = format!("error checking jwks URL {}", text("jwks_url"));
            return Some(Refusal::of(fields, "", message, "R1"));
        }
    }
    if let Some(problem) = public_keys.iter().find_map(|pem| public_key_problem(pem)) {
        return Some(
            problem.refusal(
                "error parsing public key: ",
                "data does not contain any valid public keys",
            ),
        );
    }
    if let Some(other) =
        fields.list("jwt_supported_algs").iter().find(|alg| !ALGORITHMS.contains(&alg.as_str()))
    {
        let quoted = crate::go::quoted(other);
        return refuse(&format!(
            "invalid jwt_supported_algs: unsupported signing algorithm {quoted}"
        ));
    }
    oidc_flow(fields).and_then(|message| refuse(&message))
}

/// What concerns the browser flow alone.
fn oidc_flow(fields: &Fields<'_>) -> Option<String> {
    let types = fields.list("oidc_response_types");
    if types.iter().any(|one| !["code", "id_token"].contains(&one.as_str())) {
        let shown = types.join(" ");
        return Some(format!(
            "invalid response_types [{shown}]. 'code' and 'id_token' are allowed"
        ));
    }
    let mode = fields.text("oidc_response_mode");
    match mode.as_str() {
        "" | "query" if types.iter().any(|one| one == "id_token") => {
            Some("query response_mode may not be used with an id_token response_type".to_owned())
        }
        "" | "query" | "form_post" => None,
        other => Some(format!("invalid response_mode: {}", crate::go::quoted(other))),
    }
}

/// What is wrong with a PEM key.
pub(in crate::federation::vault) enum KeyProblem {
    /// There is no PEM block, or a key of another kind.
    None,
    /// Go's parser of keys refuses it.
    Broken,
}

/// PKIX keys and certificates are read, whatever the label says; one block a text.
pub(in crate::federation::vault) fn public_key_problem(pem: &str) -> Option<KeyProblem> {
    if !pem.contains("-----BEGIN ") || !pem.contains("-----END ") {
        return Some(KeyProblem::None);
    }
    let readable = ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----"];
    let keys = Keys::parse(pem).keys;
    let good = keys.first().is_some_and(|key| key.public.is_some());
    (!good || !readable.iter().any(|label| pem.contains(label))).then_some(KeyProblem::Broken)
}

impl KeyProblem {
    /// Of a broken key only the beginning of the text is known.
    pub(in crate::federation::vault) fn refusal(&self, prefix: &str, none: &str) -> Refusal {
        let (message, certainty) = match self {
            Self::None => (format!("{prefix}{none}"), Certainty::Known),
            Self::Broken => {
                (format!("{prefix}x509: failed to parse public key"), Certainty::Likely)
            }
        };
        Refusal { message, certainty, span: None, rule: "R12" }
    }
}
