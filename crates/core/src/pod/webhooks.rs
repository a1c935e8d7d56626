//! Webhooks that would change the pod. What they inject is not modelled yet, so wherever the manifests call
//! for one the answer says that it is incomplete.

use super::manifest::{Account, Manifests, Template};
use super::spec::Pod;
use crate::cluster::{AzureWebhook, EksWebhook, Switch};
use crate::trace::{Check, Finding, Severity, Span, Status};

/// Prefix of the annotations on the account, unless the webhook is told another.
const EKS_PREFIX: &str = "eks.amazonaws.com";
/// The pod's way out; its domain is fixed (A131).
const EKS_OPT_OUT: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
/// What calls for azure-workload-identity's webhook on the pod.
const AZURE_LABEL: &str = "azure.workload.identity/use";

/// A webhook that would change the pod.
#[derive(Debug)]
pub(super) struct Called {
    name: &'static str,
    /// As a sentence without its full stop.
    because: String,
    adds: &'static str,
    /// The volume it adds.
    pub(super) volume: String,
    span: Option<Span>,
}

/// The webhooks that a pod calls for once admission has run, in the order of their names (they run so).
pub(super) fn called(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: Pod<'_>,
) -> Vec<Called> {
    let webhooks = manifests.cluster.webhooks.as_ref();
    let azure = azure(template, pod, webhooks.and_then(|webhooks| webhooks.azure.as_ref()));
    let eks = eks(manifests, pod, webhooks.and_then(|webhooks| webhooks.eks.as_ref()));
    azure.into_iter().chain(eks).collect()
}

/// The label alone decides, and only `true`.
fn azure(
    template: &Template<'_>,
    pod: Pod<'_>,
    switch: Option<&Switch<AzureWebhook>>,
) -> Option<Called> {
    let off = matches!(switch, Some(Switch::Off(false)));
    (!off && pod.label(AZURE_LABEL) == Some("true")).then(|| Called {
        name: "azure-workload-identity-webhook",
        because: format!("The pod is labelled {AZURE_LABEL}: \"true\""),
        adds: "a token for api://AzureADTokenExchange and AZURE_* variables",
        volume: "azure-identity-token".to_owned(),
        span: template.span("/metadata/labels/azure.workload.identity~1use"),
    })
}

/// A131 to A133, A160: association, then annotation, then ConfigMap.
fn eks(
    manifests: &Manifests<'_>,
    pod: Pod<'_>,
    switch: Option<&Switch<EksWebhook>>,
) -> Option<Called> {
    let defaults = EksWebhook::default();
    let settings = match switch {
        Some(Switch::Off(false)) => return None,
        Some(Switch::On(settings)) => settings,
        Some(Switch::Off(true)) | None => &defaults,
    };
    if pod.label(EKS_OPT_OUT).is_some() {
        return None;
    }
    let account = (pod.metadata("namespace"), pod.service_account());
    association(settings, account)
        .or_else(|| annotated(manifests, settings, account))
        .or_else(|| config_map(settings, account))
}

fn association(settings: &EksWebhook, (namespace, name): (&str, &str)) -> Option<Called> {
    let credentials = settings.container_credentials.as_ref()?;
    let mut identities = credentials.identities.iter();
    identities.find(|i| i.namespace == namespace && i.service_account == name)?;
    let volume = credentials.volume_name.as_deref().unwrap_or("eks-pod-identity-token");
    Some(Called {
        name: "eks-pod-identity-webhook",
        because: format!("ServiceAccount {namespace}/{name} has an EKS Pod Identity association"),
        adds: "a token for pods.eks.amazonaws.com and AWS_CONTAINER_* variables",
        volume: volume.to_owned(),
        span: None,
    })
}

fn annotated(
    manifests: &Manifests<'_>,
    settings: &EksWebhook,
    (namespace, name): (&str, &str),
) -> Option<Called> {
    let prefix = settings.annotation_prefix.as_deref().unwrap_or(EKS_PREFIX);
    let annotation = format!("{prefix}/role-arn");
    let account = manifests.account(namespace, name);
    let role = account.object()?.annotation(&annotation)?;
    // Emptiness is judged after composing: then nothing is empty (A133).
    if role.is_empty() && settings.compose_role_arn.is_none() {
        return None;
    }
    Some(Called {
        because: format!("ServiceAccount {namespace}/{name} is annotated {annotation}"),
        span: account_span(manifests, account, &annotation),
        ..irsa()
    })
}

/// The exact key hides the one for every namespace, even if it names no role.
fn config_map(settings: &EksWebhook, (namespace, name): (&str, &str)) -> Option<Called> {
    let map = settings.config_map.as_ref()?;
    let key = format!("{namespace}/{name}");
    let entry = map.get(&key).or_else(|| map.get(&format!("*/{name}")))?;
    (!entry.role_arn.is_empty()).then(|| Called {
        because: format!("The webhook's ConfigMap gives {key} a role"),
        ..irsa()
    })
}

fn irsa() -> Called {
    Called {
        name: "eks-pod-identity-webhook",
        because: String::new(),
        adds: "a token for sts.amazonaws.com and AWS_* variables",
        volume: "aws-iam-token".to_owned(),
        span: None,
    }
}

/// Where the account is annotated, if it stands in the manifests.
fn account_span(manifests: &Manifests<'_>, account: Account<'_>, annotation: &str) -> Option<Span> {
    let object = account.object()?;
    let pasted = manifests.objects.find("ServiceAccount", &object.namespace, &object.name)?;
    let node = pasted.node.at(&["metadata", "annotations", annotation])?;
    let pointer = crate::document::push_pointer("/metadata/annotations", annotation);
    Some(pasted.span(&manifests.text, node, &pointer))
}

/// One `unknown` check per webhook that a pod calls for.
pub(super) fn checks(template: &Template<'_>, called: &[Called]) -> Vec<Check> {
    let workload = format!("{} {}", template.object.kind, template.object.name);
    let check = |called: &Called| {
        let title = format!("what {} injects into {workload} is not modelled", called.name);
        let hint = format!(
            "{}, so the webhook would add {}, which this version does not list; if the webhook is not \
             installed, say so in the cluster's settings",
            called.because, called.adds
        );
        let id = format!("manifests/webhooks/{}", called.name);
        Check::new(id, Status::Unknown, title).at(called.span.clone()).hint(hint)
    };
    called.iter().map(check).collect()
}

/// The same beside the pod itself.
pub(super) fn findings(called: &[Called]) -> Vec<Finding> {
    let finding = |called: &Called| {
        let title = format!("What {} injects is not listed here", called.name);
        let detail = format!(
            "{}, so the webhook would add {}. This version does not model the webhook: the volumes, mounts \
             and variables that it adds are missing from this report.",
            called.because, called.adds
        );
        Finding::new("webhook-not-modelled", Severity::Info, title, detail).at(called.span.clone())
    };
    called.iter().map(finding).collect()
}
