//! The header that an external signer makes must be strict (K1, K3, K87).
//!
//! Source: `pkg/serviceaccount/externaljwt/plugin/plugin.go` `validateJWTHeader`.

use super::Refused;
use crate::cluster::{Cluster, ExternalSigner, SignerHeader};
use crate::go;
use crate::trace::ProviderError;

/// Longest `kid`, bytes (K1).
const LONGEST_KID: usize = 1_024;
/// What API servers sign with, whoever holds the key (K3).
const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "ES384", "ES512"];

/// Whether there will be a signature. An API server with a key of its own always makes one.
pub(super) fn signs(cluster: &Cluster) -> Refused<()> {
    let signer = cluster.external_signer.as_ref();
    let problem = signer.and_then(|signer| objection(signer, signer.header.as_ref()?));
    let Some(problem) = problem else { return Ok(()) };
    let message = format!("failed to generate token: while validating header: {problem}");
    // Read in the source and its tests, not seen.
    Err(Box::new(ProviderError::known("", message).status(500).likely()))
}

fn objection(signer: &ExternalSigner, header: &SignerHeader) -> Option<String> {
    let kid = header.kid.as_str();
    if header.typ != "JWT" {
        return Some("bad type".to_owned());
    }
    if kid.is_empty() {
        return Some("key id missing".to_owned());
    }
    if kid.len() > LONGEST_KID {
        return Some("key id longer than 1 kb".to_owned());
    }
    if !ALGORITHMS.contains(&header.alg.as_str()) {
        return Some(format!("bad signing algorithm {}", go::quoted(&header.alg)));
    }
    // K87.
    let excluded = signer.excluded_kids.iter().flatten().any(|known| known == kid);
    excluded.then(|| {
        format!("key used for signing JWT (kid: {kid}) is excluded from OIDC discovery docs")
    })
}
