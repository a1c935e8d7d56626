//! Flags of the API server: what follows from them, and what keeps it from starting (K20 to K22), or a webhook.
//!
//! Source: Kubernetes v1.36 `pkg/kubeapiserver/options/authentication.go` `Validate`,
//! `pkg/controlplane/apiserver/options/{options,validation}.go`; several errors print as `utilerrors.NewAggregate`
//! does (`cmd/kube-apiserver/app/server.go`).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::cluster::{Cluster, DEFAULT_ISSUER, Switch};
use crate::rotation::{EXTENDABLE, EXTENDED};
use crate::trace::{Finding, Severity};
use crate::{go, go_url, pod};

/// What follows from the flags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterReport {
    /// What counts in the end.
    pub effective: EffectiveFlags,
    /// What keeps a component from starting.
    pub errors: Vec<StartUpError>,
    /// Lints.
    pub findings: Vec<Finding>,
}

/// Flags with their defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveFlags {
    /// `iss` of new tokens: the first of the issuers (K20).
    pub issuer: String,
    /// Whose tokens are accepted (K20).
    pub accepted_issuers: Vec<String>,
    /// Audiences of the API server itself (K22).
    pub api_audiences: Vec<String>,
    /// Longest life of a token that is not extended, seconds; `null`: no cap (K16, K21).
    pub max_token_expiration: Option<f64>,
    /// Life of an extended token, seconds (K17, K21).
    pub max_extended_expiration: f64,
}

/// Why a component does not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUpError {
    /// `kube-apiserver`, `azure-workload-identity-webhook`.
    pub component: String,
    /// What it prints last.
    pub message: String,
}

/// What follows from the flags, and what would keep the API server from starting with them (K20, K21), or
/// azure-workload-identity's webhook (Z18, Z20).
///
/// # Examples
///
/// ```
/// use podpass::{Cluster, inspect_cluster};
///
/// let twice = vec!["https://a.example".to_owned(); 2];
/// let report = inspect_cluster(&Cluster { issuers: Some(twice), ..Cluster::default() });
/// assert_eq!(
///     report.errors[0].message,
///     "service-account-issuer \"https://a.example\" is already specified"
/// );
/// ```
pub fn inspect_cluster(cluster: &Cluster) -> ClusterReport {
    let accepted_issuers = cluster.accepted_issuers();
    let effective = EffectiveFlags {
        issuer: accepted_issuers.first().cloned().unwrap_or_default(),
        api_audiences: cluster.effective_api_audiences(),
        accepted_issuers,
        max_token_expiration: cap(cluster).or_else(|| signer_maximum(cluster)),
        max_extended_expiration: signer_maximum(cluster).map_or(EXTENDED, |max| max.min(EXTENDED)),
    };
    let message = match completion(cluster) {
        Some(error) => Some(error),
        None => {
            let errors = validation(cluster);
            (!errors.is_empty()).then(|| go::aggregate(&errors))
        }
    };
    let error =
        |component: &str, message| StartUpError { component: component.to_owned(), message };
    let errors = message
        .map(|message| error("kube-apiserver", message))
        .into_iter()
        .chain(azure(cluster).map(|message| error("azure-workload-identity-webhook", message)));
    let findings = no_extension(cluster, &effective).into_iter().collect();
    ClusterReport { effective, errors: errors.collect(), findings }
}

/// Z18, Z20: of a webhook whose settings are given.
fn azure(cluster: &Cluster) -> Option<String> {
    match cluster.webhooks.as_ref()?.azure.as_ref()? {
        Switch::On(settings) => pod::azure_start_up_error(settings),
        Switch::Off(_) => None,
    }
}

/// `--service-account-max-token-expiration`; 0 is none.
fn cap(cluster: &Cluster) -> Option<f64> {
    cluster.max_token_expiration.filter(|seconds| *seconds != 0.0)
}

fn signer_maximum(cluster: &Cluster) -> Option<f64> {
    cluster.external_signer.as_ref().map(|signer| signer.max_token_expiration)
}

fn first_issuer(cluster: &Cluster) -> &str {
    match &cluster.issuers {
        Some(issuers) => issuers.first().map(String::as_str).unwrap_or_default(),
        None => DEFAULT_ISSUER,
    }
}

/// What stops the server before the flags are validated: one error, alone (K21; `completeServiceAccountOptions`).
fn completion(cluster: &Cluster) -> Option<String> {
    const SHORTEST_CAP: f64 = 3_600.0;
    const LONGEST_CAP: f64 = 4_294_967_296.0;
    const SHORTEST_TOKEN: f64 = 600.0;
    if cap(cluster).is_some_and(|seconds| !(SHORTEST_CAP..=LONGEST_CAP).contains(&seconds)) {
        return Some(
            "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"
                .to_owned(),
        );
    }
    let signer = signer_maximum(cluster).filter(|_| !first_issuer(cluster).is_empty())?;
    if cluster.signing_key_file.as_deref().is_some_and(|file| !file.is_empty()) {
        return Some("service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time".to_owned());
    }
    if signer < SHORTEST_TOKEN {
        return Some(format!(
            "max token life supported by external-jwt-signer ({signer}s) is less than acceptable (min {SHORTEST_TOKEN}s)"
        ));
    }
    let too_long = cap(cluster).filter(|seconds| *seconds > signer)?;
    Some(format!(
        "service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: {} > {}",
        go_duration(too_long),
        go_duration(signer)
    ))
}

/// In the order in which the server validates.
fn validation(cluster: &Cluster) -> Vec<String> {
    let mut errors = issuers(cluster);
    if cluster.issuers.as_ref().is_some_and(Vec::is_empty) {
        errors.push("service-account-issuer is a required flag".to_owned());
    }
    // Absent, the file is one of those that installers always set; an empty list is what was typed.
    if cluster.key_files.as_ref().is_some_and(Vec::is_empty) && cluster.external_signer.is_none() {
        errors.push(
            "either `--service-account-key-file` or `--service-account-signing-endpoint` must be set"
                .to_owned(),
        );
    }
    errors.extend(jwks_uri(cluster));
    errors.extend(token_request(cluster));
    errors.extend(two_signers(cluster));
    errors
}

/// K20.
fn issuers(cluster: &Cluster) -> Vec<String> {
    let mut seen = HashSet::new();
    let problem = |issuer: &String| {
        let quoted = go::quoted(issuer);
        if let Some(error) = go_url::parse(issuer).err().filter(|_| issuer.contains(':')) {
            return Some(format!(
                "service-account-issuer {quoted} contained a ':' but was not a valid URL: {error}"
            ));
        }
        if issuer.is_empty() {
            return Some("service-account-issuer should not be an empty string".to_owned());
        }
        let again = !seen.insert(issuer.clone());
        again.then(|| format!("service-account-issuer {quoted} is already specified"))
    };
    cluster.issuers.iter().flatten().filter_map(problem).collect()
}

/// K84: an explicit `--service-account-jwks-uri` must be https.
fn jwks_uri(cluster: &Cluster) -> Option<String> {
    let uri = cluster.jwks_uri.as_deref().filter(|uri| !uri.is_empty())?;
    match go_url::parse(uri) {
        Err(error) => Some(format!("service-account-jwks-uri must be a valid URL: {error}")),
        Ok(url) => (url.scheme != "https").then(|| {
            format!(
                "service-account-jwks-uri requires https scheme, parsed as: {}",
                go_url::printed(uri)
            )
        }),
    }
}

/// An issuer needs a first name and a key (`validateTokenRequest`).
fn token_request(cluster: &Cluster) -> Option<String> {
    let named = !first_issuer(cluster).is_empty();
    // Absent: set, as for the key files above.
    let has_key = cluster.signing_key_file.as_deref() != Some("");
    let attempted =
        has_key || named || cluster.api_audiences.as_ref().is_some_and(|a| !a.is_empty());
    if !attempted {
        return Some(
            "--service-account-signing-key-file and --service-account-issuer are required flags"
                .to_owned(),
        );
    }
    let succeeded = named && (has_key || cluster.external_signer.is_some());
    (!succeeded).then(|| "--service-account-signing-key-file, --service-account-issuer, and --api-audiences should be specified together".to_owned())
}

/// `validateServiceAccountTokenSigningConfig`: keys of one's own beside an external signer.
fn two_signers(cluster: &Cluster) -> Option<String> {
    cluster.external_signer.as_ref()?;
    let signs = cluster.signing_key_file.as_deref().is_some_and(|file| !file.is_empty());
    let verifies = cluster.key_files.as_ref().is_some_and(|files| !files.is_empty());
    (signs || verifies).then(|| "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)".to_owned())
}

/// K18: what the server itself only warns of.
fn no_extension(cluster: &Cluster, effective: &EffectiveFlags) -> Option<Finding> {
    let cap = effective.max_token_expiration.filter(|cap| *cap < EXTENDABLE)?;
    cluster.extend_token_expiration.unwrap_or(true).then(|| {
        Finding::new(
            "token-extension-disabled",
            Severity::Warning,
            "the cap switches off the extension of injected tokens",
            format!(
                "tokens that admission injects ask for {EXTENDABLE} s; capped at {cap} s they are never extended, so a client that reads its token once is refused after {cap} s"
            ),
        )
        .rule("K18")
    })
}

/// Go's `time.Duration` of whole seconds: `1h0m0s`, `10m0s`, `45s`.
fn go_duration(seconds: f64) -> String {
    let (hours, minutes) = ((seconds / 3_600.0).trunc(), (seconds / 60.0 % 60.0).trunc());
    let rest = seconds % 60.0;
    if hours > 0.0 {
        format!("{hours}h{minutes}m{rest}s")
    } else if minutes > 0.0 {
        format!("{minutes}m{rest}s")
    } else {
        format!("{rest}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(flags: &str) -> Option<String> {
        let report = inspect_cluster(&serde_json::from_str(flags).unwrap());
        assert!(
            report.errors.len() < 2
                && report.errors.iter().all(|e| e.component == "kube-apiserver")
        );
        report.errors.into_iter().next().map(|error| error.message)
    }

    #[test]
    fn start_up_errors() {
        const TOGETHER: &str = "--service-account-signing-key-file, --service-account-issuer, and --api-audiences should be specified together";
        #[rustfmt::skip]
        let table = [
            ("{}", None),
            (r#"{"issuers":["api"],"apiAudiences":[""]}"#, None),
            (r#"{"issuers":["https://a","https://a","https://a"]}"#, Some("service-account-issuer \"https://a\" is already specified".to_owned())),
            (r#"{"issuers":["https://a",""]}"#, Some("service-account-issuer should not be an empty string".to_owned())),
            (r#"{"issuers":["","https://a"]}"#, Some(format!("[service-account-issuer should not be an empty string, {TOGETHER}]"))),
            (r#"{"issuers":[]}"#, Some(format!("[service-account-issuer is a required flag, {TOGETHER}]"))),
            (r#"{"issuers":[],"signingKeyFile":""}"#, Some("[service-account-issuer is a required flag, --service-account-signing-key-file and --service-account-issuer are required flags]".to_owned())),
            (r#"{"signingKeyFile":""}"#, Some(TOGETHER.to_owned())),
            (r#"{"signingKeyFile":"","externalSigner":{"maxTokenExpiration":3600}}"#, None),
            (r#"{"issuers":["https://a b"]}"#, Some("service-account-issuer \"https://a b\" contained a ':' but was not a valid URL: parse \"https://a b\": invalid character \" \" in host name".to_owned())),
            (r#"{"keyFiles":[]}"#, Some("either `--service-account-key-file` or `--service-account-signing-endpoint` must be set".to_owned())),
            (r#"{"keyFiles":[],"externalSigner":{"maxTokenExpiration":3600}}"#, None),
            (r#"{"keyFiles":["k"],"externalSigner":{"maxTokenExpiration":3600}}"#, Some("can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)".to_owned())),
            (r#"{"jwksUri":"/keys"}"#, Some("service-account-jwks-uri requires https scheme, parsed as: /keys".to_owned())),
            (r#"{"jwksUri":"https://h:p"}"#, Some("service-account-jwks-uri must be a valid URL: parse \"https://h:p\": invalid port \":p\" after host".to_owned())),
            (r#"{"maxTokenExpiration":3599,"issuers":[]}"#, Some("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds".to_owned())),
            (r#"{"maxTokenExpiration":4294967296}"#, None),
            (r#"{"maxTokenExpiration":0}"#, None),
            (r#"{"signingKeyFile":"k","externalSigner":{"maxTokenExpiration":300}}"#, Some("service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time".to_owned())),
            (r#"{"externalSigner":{"maxTokenExpiration":300}}"#, Some("max token life supported by external-jwt-signer (300s) is less than acceptable (min 600s)".to_owned())),
            (r#"{"maxTokenExpiration":3601,"externalSigner":{"maxTokenExpiration":630}}"#, Some("service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: 1h0m1s > 10m30s".to_owned())),
        ];
        for (flags, expected) in table {
            assert_eq!(message(flags), expected, "{flags}");
        }
    }

    #[test]
    fn effective_flags() {
        #[rustfmt::skip]
        let table = [
            ("{}", None, 31_536_000.0),
            (r#"{"maxTokenExpiration":86400}"#, Some(86_400.0), 31_536_000.0),
            (r#"{"externalSigner":{"maxTokenExpiration":18000}}"#, Some(18_000.0), 18_000.0),
            (r#"{"maxTokenExpiration":3600,"externalSigner":{"maxTokenExpiration":18000}}"#, Some(3_600.0), 18_000.0),
        ];
        for (flags, cap, extended) in table {
            let effective = inspect_cluster(&serde_json::from_str(flags).unwrap()).effective;
            let found = (effective.max_token_expiration, effective.max_extended_expiration);
            assert_eq!(found, (cap, extended), "{flags}");
        }
        let two = inspect_cluster(
            &serde_json::from_str(r#"{"issuers":["https://new","https://old"]}"#).unwrap(),
        );
        assert_eq!(two.effective.issuer, "https://new");
        assert_eq!(two.effective.api_audiences, ["https://new", "https://old"]);
    }

    #[test]
    fn a_small_cap_is_a_finding() {
        for (flags, count) in [
            (r#"{"maxTokenExpiration":3600}"#, 1),
            (r#"{"maxTokenExpiration":3607}"#, 0),
            (r#"{"maxTokenExpiration":3600,"extendTokenExpiration":false}"#, 0),
        ] {
            assert_eq!(
                inspect_cluster(&serde_json::from_str(flags).unwrap()).findings.len(),
                count,
                "{flags}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(issuers: Vec<String>, uri: String, cap: f64, signer: f64) {
            let external_signer = Some(crate::ExternalSigner { max_token_expiration: signer, header: None, excluded_kids: None });
            let cluster = Cluster { issuers: Some(issuers), jwks_uri: Some(uri), max_token_expiration: Some(cap), external_signer, ..Cluster::default() };
            inspect_cluster(&cluster);
        }
    }
}
