//! What the API server refuses in a pod, as far as its tokens are concerned: volumes, projections, mounts,
//! and what stands in their way. In its order: metadata, volumes, containers, init containers; within a container
//! ports, then variables, then mounts (K81).
//!
//! Source: `pkg/apis/core/validation/validation.go` (Kubernetes 1.36).

mod containers;
mod field_error;
mod mounts;
mod names;
mod object_meta;
mod projection;
mod selectors;
mod variables;
mod volumes;

use self::field_error::FieldErrors;
use super::spec::{ContainerList, Pod, Volume, member, text};
use crate::trace::ProviderError;

/// The first refusal: all field errors in one message, or `None`.
pub(super) fn validate(pod: Pod<'_>) -> Option<ProviderError> {
    let mut errors = FieldErrors::default();
    object_meta::validate(pod, &mut errors);
    let volumes = volumes::validate(pod, &mut errors);
    containers::validate(pod, &volumes, &mut errors);
    let ids = ["fsGroup", "runAsUser", "runAsGroup"];
    containers::validate_ids(pod.spec(), &ids, "spec.securityContext", &mut errors);
    let account = pod.service_account();
    if !account.is_empty() {
        names::judge(names::subdomain, account, "spec.serviceAccountName", &mut errors);
    }
    validate_windows(pod, &mut errors);
    token_without_account(pod, &mut errors);
    if !pod.containers_of(ContainerList::Ephemeral).is_empty() {
        errors.forbidden("spec.ephemeralContainers", "cannot be set on create");
    }
    errors.into_error(&pod.final_name())
}

/// `validateWindows`, the containers: what a proxy that a webhook adds has cannot be set there (Z24).
fn validate_windows(pod: Pod<'_>, errors: &mut FieldErrors) {
    const LINUX_ONLY: [&str; 10] = [
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    if member(pod.spec(), "os").is_none_or(|os| text(os, "name") != "windows") {
        return;
    }
    for container in pod.containers() {
        let Some(security) = member(container.value, "securityContext") else { continue };
        for name in LINUX_ONLY.iter().filter(|name| member(security, name).is_some()) {
            let field = format!("{}.securityContext.{name}", container.field());
            errors.forbidden(&field, "cannot be set for a windows pod");
        }
    }
}

/// K82: only reachable with the admission plugin off.
fn token_without_account(pod: Pod<'_>, errors: &mut FieldErrors) {
    if !pod.service_account().is_empty() {
        return;
    }
    for source in pod.volumes().flat_map(Volume::token_sources) {
        let (volume, at) = (source.volume.at, source.at);
        let field = format!("spec.volumes[{volume}].projected.sources[{at}].serviceAccountToken");
        errors.forbidden(&field, "must not be specified when serviceAccountName is not set");
    }
}
