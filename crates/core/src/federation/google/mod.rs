//! Google Cloud: GKE's metadata server (G1 to G18) and generic Workload Identity Federation (G19 to G36).
//!
//! Source: Google's documentation of IAM and STS and the texts of public threads, read in November 2026; what no text
//! is known of is `likely`. Not modelled: deny policies and policies of the organisation (G16), how long a change
//! takes to apply (G14, G15), what custom roles contain.

mod exchange;
mod fix_policy;
mod fix_provider;
mod gke;
mod impersonate;
mod mapping;
mod member;
mod policy;
mod provider;
mod reach;
#[cfg(test)]
mod tests;
mod token_file;
mod wif;

pub(crate) use gke::evaluate as evaluate_gke;
pub(crate) use token_file::{TokenFile, token_files};
pub(crate) use wif::evaluate as evaluate_wif;

use crate::trace::ProviderError;

/// What impersonation needs (G9).
const GET_ACCESS_TOKEN: &str = "iam.serviceAccounts.getAccessToken";

/// G17: IAM says no.
fn denied(permission: &str) -> ProviderError {
    let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
    let error = ProviderError::known("IAM_PERMISSION_DENIED", message.clone()).status(403);
    if permission != GET_ACCESS_TOKEN {
        return error.likely();
    }
    error
        .alternative(
            format!("Unable to generate access token; IAM returned 403 Forbidden: {message}\nThis error could be caused by a missing IAM policy binding on the target IAM service account."),
            "through GKE's metadata server",
        )
        .alternative("The caller does not have permission", "in older answers")
}

/// G18: there is no such service account.
fn no_account() -> ProviderError {
    ProviderError::known("NOT_FOUND", "Requested entity was not found.")
        .status(404)
        .likely()
        .alternative(
            "Unable to generate access token; IAM returned 404 Not Found: Requested entity was not found.",
            "through GKE's metadata server",
        )
        .alternative(
            format!("Permission '{GET_ACCESS_TOKEN}' denied on resource (or it may not exist)."),
            "directly at the API, which does not tell the two apart",
        )
}
