//! What the API server serves at its two discovery paths (K83 to K87).
//!
//! Source: Kubernetes v1.36 `pkg/serviceaccount/openidmetadata.go`, `pkg/routes/openidmetadata.go`; go-jose's
//! order of JWK members.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::go_url;
use crate::jwk::{Key, Keys};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiscoveryInput {
    /// The cluster that answers.
    pub cluster: Cluster,
    /// The keys of `--service-account-key-file` in their order, or what the external signer names.
    pub keys: String,
    /// The path of the request, a query included or not.
    pub path: String,
    /// The `Accept` header of the request; none, or an empty one: any form will do (K83).
    pub accept: Option<String>,
}

/// What it answers a caller who may read it (K86).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryAnswer {
    /// 200, 404 or 406.
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// To the letter; of a 404 or 406 not told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<String>,
    /// Why neither path is served: what the API server logs. Of a 406: what it answers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

const CONFIGURATION: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/openid/v1/jwks";

/// What GET of a path answers (K83 to K87).
///
/// # Examples
///
/// ```
/// use podpass::{Cluster, DiscoveryInput, simulate_discovery};
///
/// let input = DiscoveryInput {
///     cluster: Cluster {
///         issuers: Some(vec!["http://a.example".into()]),
///         external_address: Some("10.0.0.1:6443".into()),
///         ..Cluster::default()
///     },
///     path: "/openid/v1/jwks".into(),
///     ..DiscoveryInput::default()
/// };
/// let answer = simulate_discovery(&input);
/// assert_eq!(answer.status, 404);
/// assert_eq!(answer.error.unwrap(), "issuer URL must use https scheme, got: http://a.example");
/// ```
pub fn simulate_discovery(input: &DiscoveryInput) -> DiscoveryAnswer {
    let path = input.path.split(['?', '#']).next().unwrap_or_default();
    // K83: slashes at the end are nothing, what stands below is not found.
    let path = path.trim_end_matches('/');
    if path != CONFIGURATION && path != JWKS {
        return not_found(None);
    }
    let published = Published::of(&input.cluster, &input.keys);
    match published {
        Err(reason) => not_found(Some(reason)),
        Ok(published) if path == CONFIGURATION => {
            found(input, "application/json", || published.configuration())
        }
        Ok(published) => found(input, "application/jwk-set+json", || published.key_set()),
    }
}

fn unset(flag: Option<&str>) -> bool {
    flag.unwrap_or_default().is_empty()
}

fn not_found(error: Option<String>) -> DiscoveryAnswer {
    DiscoveryAnswer { status: 404, headers: BTreeMap::new(), body: None, error }
}

/// K83. With an external signer `max-age` runs to the next refresh of its keys, which nobody here knows.
fn found(
    input: &DiscoveryInput,
    content_type: &str,
    body: impl FnOnce() -> String,
) -> DiscoveryAnswer {
    if !accepts(input.accept.as_deref().unwrap_or_default(), content_type) {
        let error = format!("406: Not Acceptable\n\nAvailable representations: {content_type}");
        return DiscoveryAnswer { status: 406, ..not_found(Some(error)) };
    }
    let mut headers = BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]);
    if input.cluster.external_signer.is_none() {
        headers.insert("cache-control".to_owned(), "public, max-age=3600".to_owned());
    }
    DiscoveryAnswer { status: 200, headers, body: Some(body()), error: None }
}

/// K83: media types as they are written, parameters cut off; `application/*` is not understood, and `q=0` forbids nothing.
/// Source: go-restful v3 `route.go` `matchesAccept`.
fn accepts(header: &str, content_type: &str) -> bool {
    header.is_empty()
        || header.split(',').any(|one| {
            let one = one.split(';').next().unwrap_or_default().trim_matches(' ');
            one == "*/*" || one == content_type
        })
}

struct Published {
    /// K85: the first one only.
    issuer: String,
    jwks_uri: String,
    keys: Vec<Key>,
}

impl Published {
    /// K84: or why nothing is published.
    fn of(cluster: &Cluster, keys: &str) -> Result<Self, String> {
        let issuer = cluster.accepted_issuers().into_iter().next().unwrap_or_default();
        if issuer.is_empty() {
            return Err("empty issuer URL".to_owned());
        }
        if unset(cluster.jwks_uri.as_deref()) && unset(cluster.external_address.as_deref()) {
            return Err(NO_ADDRESS.to_owned());
        }
        let url = go_url::parse(&issuer)?;
        if url.scheme != "https" {
            return Err(format!("issuer URL must use https scheme, got: {issuer}"));
        }
        if !url.query.is_empty() {
            return Err(format!("issuer URL may not include a query, got: {issuer}"));
        }
        if !url.fragment.is_empty() {
            return Err(format!("issuer URL may not include a fragment, got: {issuer}"));
        }
        let jwks_uri = jwks_uri(cluster)?;
        let keys = publishable(cluster, keys);
        if keys.is_empty() {
            return Err("no keys provided for validating keyset".to_owned());
        }
        Ok(Self { issuer, jwks_uri, keys })
    }

    /// As Go's `json.Marshal` prints the struct.
    fn configuration(&self) -> String {
        let mut algorithms: Vec<&str> = self.keys.iter().filter_map(algorithm).collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        let algorithms: Vec<String> = algorithms.into_iter().map(go_json).collect();
        format!(
            r#"{{"issuer":{},"jwks_uri":{},"response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":[{}]}}"#,
            go_json(&self.issuer),
            go_json(&self.jwks_uri),
            algorithms.join(",")
        )
    }

    fn key_set(&self) -> String {
        let keys: Vec<String> = self.keys.iter().filter_map(jwk).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }
}

const NO_ADDRESS: &str =
    "either the JWKS URI or the default external address, or both, must be set";

/// K84: the flag, else the address that the API server advertises.
fn jwks_uri(cluster: &Cluster) -> Result<String, String> {
    let given = cluster.jwks_uri.as_deref().filter(|uri| !uri.is_empty());
    let address = cluster.external_address.as_deref().filter(|address| !address.is_empty());
    match (given, address) {
        (Some(uri), _) if go_url::parse(uri)?.scheme == "https" => Ok(uri.to_owned()),
        (Some(uri), _) => Err(format!("jwksURI requires https scheme, parsed as: {uri}")),
        // A real API server falls back to its own address, which nobody here knows.
        (None, None) => Err(NO_ADDRESS.to_owned()),
        (None, Some(address)) => {
            let uri = format!("https://{address}{JWKS}");
            let told = |error: String| {
                format!(
                    "attempted to build jwks_uri from external address {address}, but could not construct a valid URL. Error: {error}"
                )
            };
            go_url::parse(&uri).map_err(told)?;
            Ok(uri)
        }
    }
}

/// K87: without the keys that an external signer keeps out. In the order of the files (K83).
fn publishable(cluster: &Cluster, keys: &str) -> Vec<Key> {
    let excluded = cluster.external_signer.as_ref().and_then(|s| s.excluded_kids.as_ref());
    let kept = |key: &Key| {
        key.id().is_some_and(|id| !excluded.into_iter().flatten().any(|kid| kid == id))
            && algorithm(key).is_some()
    };
    Keys::parse(keys).keys.into_iter().filter(kept).collect()
}

/// K3. Keys of other kinds never get into an API server.
fn algorithm(key: &Key) -> Option<&'static str> {
    let public = key.public.as_ref()?;
    match (public.kty(), public.curve()) {
        ("RSA", _) => Some("RS256"),
        (_, Some("P-256")) => Some("ES256"),
        (_, Some("P-384")) => Some("ES384"),
        (_, Some("P-521")) => Some("ES512"),
        _ => None,
    }
}

/// Members in go-jose's order; the key id is the one that tokens carry (K2).
fn jwk(key: &Key) -> Option<String> {
    let public = key.public.as_ref()?;
    let mut members = vec![("use", "sig".to_owned()), ("kty", public.kty().to_owned())];
    members.push(("kid", key.id()?.to_owned()));
    members.extend(public.curve().map(|curve| ("crv", curve.to_owned())));
    members.push(("alg", algorithm(key)?.to_owned()));
    members.extend(public.jwk_members());
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{}:{}", go_json(name), go_json(value)))
        .collect();
    Some(format!("{{{}}}", members.join(",")))
}

/// Go's `json.Marshal` of a text: safe to stand in HTML.
fn go_json(text: &str) -> String {
    let mut escaped = serde_json::Value::from(text).to_string();
    for (character, escape) in [
        ("&", "\\u0026"),
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        escaped = escaped.replace(character, escape);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL\nX2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==\n-----END PUBLIC KEY-----\n";
    const KID: &str = "SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc";

    fn get(cluster: &str, path: &str) -> DiscoveryAnswer {
        let cluster = serde_json::from_str(cluster).unwrap();
        simulate_discovery(&DiscoveryInput {
            cluster,
            keys: P256.into(),
            path: path.into(),
            accept: None,
        })
    }

    #[test]
    fn bodies_to_the_letter() {
        let cluster = r#"{"issuers":["https://a.example/x&y"],"externalAddress":"10.0.0.1:6443"}"#;
        let answer = get(cluster, "/.well-known/openid-configuration/?x=1");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
        assert_eq!(
            answer.body.unwrap(),
            r#"{"issuer":"https://a.example/x\u0026y","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}"#
        );
        let answer = get(cluster, "/openid/v1/jwks");
        assert_eq!(answer.headers["content-type"], "application/jwk-set+json");
        assert_eq!(
            answer.body.unwrap(),
            format!(
                r#"{{"keys":[{{"use":"sig","kty":"EC","kid":"{KID}","crv":"P-256","alg":"ES256","x":"H6cuzP8XuD5wal6wf9M6xDljTOPLX2i8uIp_C_ASqiI","y":"BlHnikLV9PyEd6gl8k4T_3Wwoh6xd79XLoQTh2PAi1Y"}}]}}"#
            )
        );
    }

    #[test]
    fn reasons_not_to_publish() {
        let excluded = format!(
            r#"{{"externalAddress":"h","externalSigner":{{"maxTokenExpiration":3600,"excludedKids":["{KID}"]}}}}"#
        );
        #[rustfmt::skip]
        let table = [
            ("{}",                                       NO_ADDRESS),
            (r#"{"issuers":[]}"#,                        "empty issuer URL"),
            (r#"{"externalAddress":"h","issuers":["api"]}"#,                   "issuer URL must use https scheme, got: api"),
            (r#"{"externalAddress":"h","issuers":["https://a?b"]}"#,           "issuer URL may not include a query, got: https://a?b"),
            (r#"{"externalAddress":"h","issuers":["https://a#b"]}"#,           "issuer URL may not include a fragment, got: https://a#b"),
            (r#"{"jwksUri":"http://k"}"#,                "jwksURI requires https scheme, parsed as: http://k"),
            (r#"{"externalAddress":"a b"}"#,             "attempted to build jwks_uri from external address a b, but could not construct a valid URL. Error: parse \"https://a b/openid/v1/jwks\": invalid character \" \" in host name"),
            (&excluded,                                  "no keys provided for validating keyset"),
        ];
        for (cluster, reason) in table {
            for path in [CONFIGURATION, JWKS] {
                let answer = get(cluster, path);
                assert_eq!(
                    (answer.status, answer.error.as_deref()),
                    (404, Some(reason)),
                    "{cluster}"
                );
            }
        }
        for path in ["/openid/v1/jwks/x", "/openid/v1", "/", "", "openid/v1/jwks"] {
            assert_eq!(get("{}", path), not_found(None), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(issuer: String, keys: String, path: String, address: String) {
            let cluster = Cluster { issuers: Some(vec![issuer]), external_address: Some(address), ..Cluster::default() };
            simulate_discovery(&DiscoveryInput { cluster: cluster.clone(), keys, path, accept: None });
            simulate_discovery(&DiscoveryInput { cluster, keys: P256.into(), path: JWKS.into(), accept: None });
        }
    }
}
