//! What keeps azure-workload-identity's webhook from starting (Z18, Z20): the first error, in its order.
//!
//! Source: `pkg/config/config.go`, `pkg/webhook/webhook.go` `NewPodMutator` of v1.6.0;
//! `k8s.io/apimachinery` v0.31 `pkg/util/validation` `IsQualifiedName`.

use super::settings::{DEFAULT_AUDIENCE, ENDPOINT_KEY, authority_host, endpoint_settings};
use crate::cluster::{AzureWebhook, CustomTokenEndpoint};
use crate::go;

/// Longest name part of an annotation's key.
const LONGEST_NAME: usize = 63;

/// The message, or `None` if it starts.
pub(crate) fn start_up_error(settings: &AzureWebhook) -> Option<String> {
    let endpoint = endpoint_settings(settings);
    tenant(settings)
        .or_else(|| endpoint.and_then(several_cas))
        .or_else(|| endpoint.and_then(incomplete))
        .or_else(|| endpoint.and_then(bad_key))
        .or_else(|| {
            let error = authority_host(settings).err()?;
            Some(format!("failed to get AAD endpoint: {error}"))
        })
}

fn tenant(settings: &AzureWebhook) -> Option<String> {
    match settings.tenant_id.as_deref() {
        None => Some("required key AZURE_TENANT_ID missing value".to_owned()),
        Some("") => Some("AZURE_TENANT_ID is required".to_owned()),
        Some(_) => None,
    }
}

/// They exclude each other even where the endpoint is off.
fn several_cas(endpoint: &CustomTokenEndpoint) -> Option<String> {
    let cas =
        [&endpoint.ca_data, &endpoint.ca_config_map_name, &endpoint.ca_cluster_trust_bundle_signer];
    let given = cas.iter().filter(|ca| ca.as_deref().is_some_and(|ca| !ca.is_empty())).count();
    (given > 1).then(|| {
        "only one of AZURE_KUBERNETES_CA_DATA, AZURE_KUBERNETES_CA_CONFIGMAP_NAME or AZURE_KUBERNETES_CA_CTB_SIGNER_NAME can be set".to_owned()
    })
}

fn incomplete(endpoint: &CustomTokenEndpoint) -> Option<String> {
    let (suffix, audience) = (&endpoint.annotation_suffix, &endpoint.audience);
    match (suffix.is_empty(), audience.is_empty()) {
        (true, true) => None,
        (true, false) => Some(
            "custom token endpoint annotation suffix cannot be empty when audience is set"
                .to_owned(),
        ),
        (false, true) => Some(
            "custom token endpoint audience cannot be empty when annotation suffix is set"
                .to_owned(),
        ),
        (false, false) => audience.eq_ignore_ascii_case(DEFAULT_AUDIENCE).then(|| {
            let default = go::quoted(DEFAULT_AUDIENCE);
            format!("custom token endpoint audience cannot be equal to default audience {default}")
        }),
    }
}

/// The key is tested in lower case and named as it was given.
fn bad_key(endpoint: &CustomTokenEndpoint) -> Option<String> {
    if endpoint.annotation_suffix.is_empty() {
        return None;
    }
    let key = format!("{ENDPOINT_KEY}{}", endpoint.annotation_suffix);
    let errors = name_errors(&key.to_lowercase());
    (!errors.is_empty()).then(|| {
        let (key, errors) = (go::quoted(&key), errors.join(", "));
        format!("custom token endpoint annotation key {key} is not valid: {errors}")
    })
}

/// What is wrong with the part behind the prefix, which is fixed and right.
fn name_errors(key: &str) -> Vec<String> {
    const CHARACTERS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
        an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let mut parts = key.split('/');
    let (name, more) = (parts.nth(1).unwrap_or_default(), parts.next());
    if more.is_some() {
        return vec![format!(
            "a qualified name {CHARACTERS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )];
    }
    let mut errors = Vec::new();
    if name.len() > LONGEST_NAME {
        errors.push(format!("name part must be no more than {LONGEST_NAME} characters"));
    }
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let inner = bytes.iter().all(|byte| outer(Some(byte)) || b"-_.".contains(byte));
    if !(inner && outer(bytes.first()) && outer(bytes.last())) {
        errors.push(format!("name part {CHARACTERS}"));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_up_errors_in_their_order() {
        let endpoint = |more: &str| {
            format!(r#"{{"tenantId": "t", "environment": "X", "customTokenEndpoint": {{{more}}}}}"#)
        };
        let long = format!(r#""annotationSuffix": "{}", "audience": "a""#, "x".repeat(60));
        #[rustfmt::skip]
        let table = [
            (r#"{}"#.to_owned(),                                        Some("required key AZURE_TENANT_ID missing value")),
            (r#"{"tenantId": ""}"#.to_owned(),                          Some("AZURE_TENANT_ID is required")),
            (r#"{"tenantId": " "}"#.to_owned(),                         None),
            (r#"{"tenantId": "t", "environment": "azureusgovernment"}"#.to_owned(), None),
            (r#"{"tenantId": "t", "environment": "Nowhere "}"#.to_owned(), Some("failed to get AAD endpoint: autorest/azure: There is no cloud environment matching the name \"NOWHERE \"")),
            (r#"{"tenantId": "t", "environment": "AzureStackCloud"}"#.to_owned(), Some("failed to get AAD endpoint: open : no such file or directory")),
            (endpoint(r#""caData": "a", "caConfigMapName": "b", "audience": "a""#), Some("only one of AZURE_KUBERNETES_CA_DATA")),
            (endpoint(r#""audience": "a""#),                            Some("custom token endpoint annotation suffix cannot be empty when audience is set")),
            (endpoint(r#""annotationSuffix": "a""#),                    Some("custom token endpoint audience cannot be empty when annotation suffix is set")),
            (endpoint(r#""annotationSuffix": "a b", "audience": "API://azureadtokenexchange""#), Some("custom token endpoint audience cannot be equal to default audience \"api://AzureADTokenExchange\"")),
            (endpoint(r#""annotationSuffix": "A_", "audience": "a""#),  Some("custom token endpoint annotation key \"azure.workload.identity/use-A_\" is not valid: name part must consist of")),
            (endpoint(r#""annotationSuffix": "a/b", "audience": "a""#), Some("custom token endpoint annotation key \"azure.workload.identity/use-a/b\" is not valid: a qualified name must consist of")),
            (endpoint(&long),                                           Some("is not valid: name part must be no more than 63 characters")),
            (endpoint(r#""annotationSuffix": "Token.Proxy_1", "audience": "a""#), Some("failed to get AAD endpoint: autorest/azure")),
            // Before 1.6 there is no such endpoint.
            (r#"{"tenantId": "t", "version": "1.5.1", "customTokenEndpoint": {"audience": "a"}}"#.to_owned(), None),
        ];
        for (settings, expected) in table {
            let error = start_up_error(&serde_json::from_str(&settings).unwrap());
            match expected {
                None => assert_eq!(error, None, "{settings}"),
                Some(text) => {
                    assert!(error.as_ref().is_some_and(|e| e.contains(text)), "{error:?}")
                }
            }
        }
    }
}
