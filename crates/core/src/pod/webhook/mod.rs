//! Mutating webhooks, which change a pod between the two runs of ServiceAccount admission.
//!
//! Source: `staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go`.

pub(crate) mod azure;
pub(super) mod eks;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;

use super::Injection;
use super::manifest::{Account, Manifests, Template};
use super::spec::Pod;
use crate::cluster::{AzureWebhook, EksWebhook, Switch};
use crate::trace::{Check, ProviderError, Status};

/// Whether a webhook is asked for the first time, or again because the pod changed after it (K74).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    First,
    Again,
}

/// Asks the webhooks in the order of their configurations' names (Z25a); the first denial ends it.
pub(super) fn ask(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: &mut Value,
    round: Round,
    injected: &mut Vec<Injection>,
) -> Result<(), ProviderError> {
    // Z3: it wants to be asked again.
    if let Some(settings) = azure(manifests).filter(|_| azure::is_asked(Pod(pod))) {
        let call = azure::Call {
            settings: &settings,
            cluster: manifests.cluster,
            account: account(manifests, Pod(pod), azure::account_name(Pod(pod))),
            named: template.is_named(),
        };
        note(azure::NAME, call.answer(pod)?, injected);
    }
    // Its registration names no reinvocation policy, so it is asked once.
    if let (Round::First, Some(flags)) = (round, eks(manifests)) {
        let account = account(manifests, Pod(pod), Pod(pod).service_account());
        note(eks::NAME, eks::call(&flags, account, pod), injected);
    }
    Ok(())
}

/// An account of the pod's namespace.
fn account<'a>(manifests: &'a Manifests<'_>, pod: Pod<'_>, name: &str) -> Account<'a> {
    manifests.account(pod.metadata("namespace"), name)
}

/// Notes a patch that changes something.
pub(super) fn note(by: &str, patch: Vec<Value>, injected: &mut Vec<Injection>) {
    if !patch.is_empty() {
        injected.push(Injection { by: by.to_owned(), patch });
    }
}

/// What a webhook that acted was assumed to be told.
pub(super) fn assumptions(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: Pod<'_>,
    injected: &[Injection],
) -> Vec<Check> {
    let acted = |name: &str| injected.iter().any(|injection| injection.by == name);
    let skip = |id: &'static str, title: String, hint: &'static str, rule: &'static str| {
        Check::new(id, Status::Skip, title).at(template.object_span()).hint(hint).rule(rule)
    };
    let workload = format!("{} {}", template.object.kind, template.object.name);
    let given = manifests.cluster.webhooks.as_ref();
    let eks = acted(eks::NAME) && given.is_none_or(|webhooks| webhooks.eks.is_none());
    let account = account(manifests, pod, azure::account_name(pod));
    let tenant = azure(manifests).and_then(|settings| settings.tenant_id.clone()).is_some()
        || account.object().is_some_and(|object| object.annotation(azure::TENANT_ID).is_some());
    let eks = eks.then(|| {
        let title = format!("{workload} gets what upstream's EKS webhook injects by default");
        let hint = "Amazon's own deployment of it sets a region and regional endpoints as well; give its flags in \
            `cluster.webhooks.eks`, or false if it is not installed";
        skip("manifests/webhooks/eks", title, hint, "A135")
    });
    let azure = (acted(azure::NAME) && !tenant).then(|| {
        let title = format!("AZURE_TENANT_ID of {workload} is the webhook's own, which is not given");
        let hint = "it is left out here; give `cluster.webhooks.azure.tenantId`, or false for `azure` if the webhook \
            is not installed";
        skip("manifests/webhooks/azure", title, hint, "Z8")
    });
    eks.into_iter().chain(azure).collect()
}

/// The settings of Azure's webhook; `None`: it is not installed.
pub(super) fn azure<'a>(manifests: &'a Manifests<'_>) -> Option<Cow<'a, AzureWebhook>> {
    settings(manifests.cluster.webhooks.as_ref().and_then(|webhooks| webhooks.azure.as_ref()))
}

/// The flags of the EKS webhook; `None`: it is not installed.
pub(super) fn eks<'a>(manifests: &'a Manifests<'_>) -> Option<Cow<'a, EksWebhook>> {
    settings(manifests.cluster.webhooks.as_ref().and_then(|webhooks| webhooks.eks.as_ref()))
}

/// A webhook of which nothing is said is there with its defaults: it acts only where the manifests call for it.
fn settings<T: Clone + Default>(switch: Option<&Switch<T>>) -> Option<Cow<'_, T>> {
    match switch {
        Some(Switch::Off(false)) => None,
        Some(Switch::On(settings)) => Some(Cow::Borrowed(settings)),
        Some(Switch::Off(true)) | None => Some(Cow::Owned(T::default())),
    }
}
