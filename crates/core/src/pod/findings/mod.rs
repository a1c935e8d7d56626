//! Lints of a pod: one file each.

mod aws_audience;
mod base64;
mod capped;
mod default_account;
mod default_mode;
mod edit;
mod elsewhere;
mod env_file;
mod expiration;
mod files;
mod legacy_secret;
mod mounted_twice;
mod overwritten;
mod shutdown;
mod sub_path;
mod token_only;
mod trial;
mod two_api_tokens;
mod unmounted;
mod unreadable;
mod webhook;

#[cfg(test)]
mod tests;

use super::PodReport;
use super::file_mode::Owners;
use super::manifest::{Manifests, Template};
use super::payload::Stored;
use super::spec::Pod;
use crate::trace::Finding;

pub(super) use self::capped::extension;
pub(super) use self::trial::prove;

/// What a lint looks at: the pod as it was admitted, and where it was pasted.
pub(super) struct Subject<'a> {
    pub(super) pod: Pod<'a>,
    pub(super) manifests: &'a Manifests<'a>,
    pub(super) stored: &'a Stored<'a>,
    pub(super) template: &'a Template<'a>,
    pub(super) owners: Owners,
    pub(super) report: &'a PodReport,
}

/// Every lint. Their fixes have yet to be tried.
pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let lints: [fn(&Subject<'_>) -> Vec<Finding>; 18] = [
        aws_audience::find,
        base64::find,
        capped::find,
        default_account::find,
        default_mode::find,
        elsewhere::find,
        env_file::find,
        expiration::find,
        legacy_secret::find,
        mounted_twice::find,
        overwritten::find,
        shutdown::find,
        sub_path::find,
        token_only::find,
        two_api_tokens::find,
        unmounted::find,
        unreadable::find,
        webhook::find,
    ];
    lints.iter().flat_map(|lint| lint(subject)).collect()
}
