//! Webhooks that would change the pod. What they inject is not modelled yet, so wherever the manifests call
//! for one the answer says that it is incomplete.

use super::manifest::{Account, Manifests, Template};
use super::spec::Pod;
use crate::cluster::{AzureWebhook, EksWebhook, Switch};
use crate::trace::{Check, Finding, Severity, Span, Status};

/// What calls for amazon-eks-pod-identity-webhook on the account; the prefix can be configured.
const EKS_PREFIX: &str = "eks.amazonaws.com";
/// What calls for azure-workload-identity's webhook on the pod.
const AZURE_LABEL: &str = "azure.workload.identity/use";

/// A webhook that the manifests call for.
#[derive(Debug)]
struct Called {
    name: &'static str,
    because: String,
    adds: &'static str,
    span: Option<Span>,
}

/// Webhooks that a pod calls for.
fn called(manifests: &Manifests<'_>, template: &Template<'_>) -> Vec<Called> {
    let pod = template.pod();
    let pod = Pod(&pod);
    let webhooks = manifests.cluster.webhooks.as_ref();
    let eks = webhooks.and_then(|webhooks| webhooks.eks.as_ref());
    let azure = webhooks.and_then(|webhooks| webhooks.azure.as_ref());
    let mut called = Vec::new();
    called.extend(eks_called(manifests, template, pod, eks));
    called.extend(azure_called(template, pod, azure));
    called
}

fn eks_called(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    pod: Pod<'_>,
    switch: Option<&Switch<EksWebhook>>,
) -> Option<Called> {
    let settings = match switch {
        Some(Switch::Off(false)) => return None,
        Some(Switch::On(settings)) => Some(settings),
        Some(Switch::Off(true)) | None => None,
    };
    let prefix = settings.and_then(|s| s.annotation_prefix.as_deref()).unwrap_or(EKS_PREFIX);
    let annotation = format!("{prefix}/role-arn");
    // Admission has not run on this pod, but the account it will choose is known.
    let name = if pod.service_account().is_empty() { "default" } else { pod.service_account() };
    let account = manifests.account(&template.object.namespace, name);
    let annotated = account.object().is_some_and(|object| object.annotation(&annotation).is_some());
    let has_role = account
        .object()
        .is_some_and(|object| object.annotation(&annotation).is_some_and(|role| !role.is_empty()));
    if !annotated || !has_role {
        return configured(manifests, template, settings, name);
    }
    Some(Called {
        name: "eks-pod-identity-webhook",
        because: format!("ServiceAccount {name} is annotated `{annotation}`"),
        adds: "a token for sts.amazonaws.com and AWS_* variables",
        span: account_span(manifests, account, &annotation),
    })
}

/// Accounts that the webhook's own configuration gives a role or an association.
fn configured(
    manifests: &Manifests<'_>,
    template: &Template<'_>,
    settings: Option<&Box<EksWebhook>>,
    name: &str,
) -> Option<Called> {
    let _ = manifests;
    let settings = settings?;
    let namespace = &template.object.namespace;
    let key = format!("{namespace}/{name}");
    let role = settings.config_map.as_ref().is_some_and(|map| map.contains_key(&key));
    let associated = settings.container_credentials.as_ref().is_some_and(|credentials| {
        let mut identities = credentials.identities.iter();
        identities.any(|i| i.namespace == *namespace && i.service_account == name)
    });
    (role || associated).then(|| Called {
        name: "eks-pod-identity-webhook",
        because: format!("the webhook's settings name ServiceAccount {key}"),
        adds: "a token and AWS_* variables",
        span: None,
    })
}

fn azure_called(
    template: &Template<'_>,
    pod: Pod<'_>,
    switch: Option<&Switch<AzureWebhook>>,
) -> Option<Called> {
    let off = matches!(switch, Some(Switch::Off(false)));
    (!off && pod.label(AZURE_LABEL) == Some("true")).then(|| Called {
        name: "azure-workload-identity-webhook",
        because: format!("the pod is labelled `{AZURE_LABEL}: \"true\"`"),
        adds: "a token for api://AzureADTokenExchange and AZURE_* variables",
        span: template.span("/metadata/labels/azure.workload.identity~1use"),
    })
}

/// Where the account is annotated, if it stands in the manifests.
fn account_span(manifests: &Manifests<'_>, account: Account<'_>, annotation: &str) -> Option<Span> {
    let object = account.object()?;
    let pasted = manifests.objects.find("ServiceAccount", &object.namespace, &object.name)?;
    let node = pasted.node.at(&["metadata", "annotations", annotation])?;
    let pointer =
        format!("/metadata/annotations/{}", annotation.replace('~', "~0").replace('/', "~1"));
    Some(pasted.span(&manifests.text, node, &pointer))
}

/// One `unknown` check per webhook that a pod calls for.
pub(super) fn checks(manifests: &Manifests<'_>, template: &Template<'_>) -> Vec<Check> {
    let workload = format!("{} {}", template.object.kind, template.object.name);
    called(manifests, template)
        .into_iter()
        .map(|called| {
            let title = format!("what {} injects into {workload} is not modelled yet", called.name);
            Check::new(format!("manifests/webhooks/{}", called.name), Status::Unknown, title)
                .at(called.span)
                .hint(format!(
                    "{}, so the webhook adds {} that this report lacks; if it is not installed, say so in the cluster's settings",
                    called.because, called.adds
                ))
        })
        .collect()
}

/// The same beside the pod itself.
pub(super) fn findings(manifests: &Manifests<'_>, template: &Template<'_>) -> Vec<Finding> {
    called(manifests, template)
        .into_iter()
        .map(|called| {
            let title = format!("What {} injects is missing here", called.name);
            let detail = format!(
                "{}, so the webhook would add {}. This version of podpass does not model it: tokens, mounts and variables that it adds are not listed.",
                sentence(&called.because), called.adds
            );
            Finding::new("webhook-not-modelled", Severity::Info, title, detail).at(called.span)
        })
        .collect()
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
