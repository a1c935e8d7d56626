//! Everything that changes a pod on CREATE, in the API server's order: ServiceAccount admission, the webhooks and,
//! if one of them changed the pod, both again (K74).
//!
//! Source: `staging/src/k8s.io/apiserver/pkg/admission/reinvocation.go` (Kubernetes 1.36).

use serde_json::Value;

use super::manifest::{Manifests, Template};
use super::webhook::{self, Round};
use super::{Injection, admission};
use crate::trace::ProviderError;

/// What became of the pod.
#[derive(Debug, Default)]
pub(super) struct Mutation {
    /// In the order in which it happened.
    pub(super) injected: Vec<Injection>,
    /// The first refusal; nothing is asked after it.
    pub(super) rejected: Option<ProviderError>,
}

/// Runs admission and the webhooks over `pod`.
pub(super) fn mutate(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: &mut Value,
) -> Mutation {
    let mut injected = Vec::new();
    let rejected = rounds(manifests, template, pod, &mut injected).err();
    Mutation { injected, rejected }
}

/// K74: a container that a webhook adds gets the API server's token in the second round; a webhook that only
/// switches automounting off comes too late.
fn rounds(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: &mut Value,
    injected: &mut Vec<Injection>,
) -> Result<(), ProviderError> {
    admit(manifests, pod, injected)?;
    let before = injected.len();
    webhook::ask(manifests, template, pod, Round::First, injected)?;
    if injected.len() > before {
        admit(manifests, pod, injected)?;
        webhook::ask(manifests, template, pod, Round::Again, injected)?;
    }
    Ok(())
}

/// One run of the ServiceAccount plugin, unless it is switched off.
fn admit(
    manifests: &Manifests<'_>,
    pod: &mut Value,
    injected: &mut Vec<Injection>,
) -> Result<(), ProviderError> {
    if !manifests.cluster.has_plugin("ServiceAccount") {
        return Ok(());
    }
    let namespace = super::spec::Pod(pod).metadata("namespace").to_owned();
    let outcome = admission::admit(pod, |name| manifests.account(&namespace, name));
    webhook::note(admission::NAME, outcome.patch, injected);
    outcome.rejected.map_or(Ok(()), Err)
}
