//! Whether the manifests could be read, and what the answer rests on.

use std::collections::BTreeSet;

use super::manifest::{Account, Manifests, Template, group_of, is_account};
use super::spec::Pod;
use super::types::{self, Mistyped};
use crate::document::Text;
use crate::objects::{Object, Objects};
use crate::trace::{Check, InputName, ProviderError, Status};

/// All checks of the manifests.
pub(super) fn checks(manifests: &Manifests<'_>) -> Vec<Check> {
    let mut checks = vec![syntax(&manifests.text, &manifests.objects, "manifests/syntax")];
    if let Some(live) = manifests.cluster.objects.as_deref() {
        let text = Text::new(InputName::Cluster, live);
        if manifests.live.error.is_some() {
            checks.push(syntax(&text, &manifests.live, "cluster/objects"));
        }
    }
    checks.extend(without_kind(manifests));
    checks.extend(manifests.objects.iter().flat_map(|object| of_object(manifests, object)));
    let templates = manifests.templates();
    checks.extend(templates.iter().flat_map(of_template));
    checks.extend(nothing_found(manifests, &templates));
    checks.extend(assumed_accounts(manifests, &templates));
    checks
}

fn syntax(text: &Text<'_>, objects: &Objects, id: &'static str) -> Check {
    let count = objects.iter().count();
    match &objects.error {
        None => Check::new(id, Status::Pass, format!("read as JSON or YAML: {}", counted(count))),
        Some(error) => {
            let span = text.point(error.at);
            let hint = format!(
                "correct line {}, column {}; {} before it {} read",
                span.line,
                span.column,
                counted(count),
                if count == 1 { "was" } else { "were" },
            );
            Check::new(id, Status::Fail, format!("not readable: {}", error.message))
                .at(span)
                .hint(hint)
        }
    }
}

fn counted(objects: usize) -> String {
    if objects == 1 { "1 object".to_owned() } else { format!("{objects} objects") }
}

fn without_kind(manifests: &Manifests<'_>) -> impl Iterator<Item = Check> {
    manifests.objects.without_kind.iter().map(|(document, pointer, node)| {
        let span = manifests.text.with_index(*document).span(&node.range, Some(pointer));
        Check::new("manifests/kind", Status::Fail, "names no `kind`, so it is no Kubernetes object")
            .expected("kind: Pod, Deployment, ServiceAccount, ...")
            .actual(node.kind())
            .at(span)
            .hint("add `apiVersion` and `kind`, or remove what is not a manifest")
    })
}

/// What is wrong with an object as such.
fn of_object(manifests: &Manifests<'_>, object: &Object) -> Vec<Check> {
    let Some(group) = group_of(&object.kind) else { return Vec::new() };
    let span = object.span(&manifests.text, &object.node, "");
    let mut checks = Vec::new();
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    match object.group.as_deref() {
        None => checks.push(
            Check::new(
                "manifests/api-version",
                Status::Fail,
                format!("this {} has no `apiVersion`", object.kind),
            )
            .expected(version.clone())
            .at(span.clone())
            .hint(format!("add `apiVersion: {version}`; it is read as if it were there")),
        ),
        Some(other) if other != group => checks.push(
            Check::new(
                "manifests/api-version",
                Status::Warn,
                format!("this {} is of another API and is not looked into", object.kind),
            )
            .expected(version)
            .actual(other)
            .at(span)
            .hint("if the Kubernetes object is meant, correct `apiVersion`"),
        ),
        Some(_) => {
            if object.name.is_empty() && object.metadata("generateName").is_none() {
                checks.push(
                    Check::new("manifests/name", Status::Fail, format!("this {} has no name", object.kind))
                        .expected("metadata.name, a string")
                        .at(span)
                        .hint("add `metadata.name`; YAML reads `n`, `no`, `on` and numbers as something else than text, so quote them"),
                );
            }
            if is_account(object) {
                let found = types::in_account(&object.node);
                checks.extend(found.iter().map(|m| {
                    mistyped(
                        m,
                        object
                            .node
                            .pointer(&m.pointer)
                            .map(|node| object.span(&manifests.text, node, &m.pointer)),
                    )
                }));
            }
        }
    }
    checks
}

/// What is wrong with a pod or its template.
fn of_template(template: &Template<'_>) -> Vec<Check> {
    let Some(node) = template.node() else {
        let title = format!("this {} has no pod template", template.object.kind);
        return vec![
            Check::new("manifests/template", Status::Fail, title)
                .expected(template.path)
                .at(template.object_span())
                .hint("without a template no pod is created"),
        ];
    };
    types::in_pod(node).iter().map(|m| mistyped(m, template.span(&m.pointer))).collect()
}

fn mistyped(mistyped: &Mistyped, span: Option<crate::trace::Span>) -> Check {
    let title =
        format!("`{}` is {} where {} belongs", mistyped.pointer, mistyped.found, mistyped.wanted);
    Check::new("manifests/types", Status::Fail, title)
        .expected(mistyped.wanted)
        .actual(mistyped.found)
        .at(span)
        .hint("the API server cannot decode the object; correct the value, in YAML mostly by quotes or indentation")
}

/// The API server's answer to a pod or workload that it cannot decode.
pub(super) fn undecodable(template: &Template<'_>, found: &[Mistyped]) -> Option<ProviderError> {
    let first = found.first()?;
    let kind = &template.object.kind;
    let version = template.object.node.get("apiVersion").and_then(|node| node.as_str());
    let version = version.map_or("v1", |version| version.rsplit('/').next().unwrap_or(version));
    let prefix = template.path.trim_start_matches('/').replace('/', ".");
    let prefix = if prefix.is_empty() { prefix } else { prefix + "." };
    let message = format!(
        "{kind} in version \"{version}\" cannot be handled as a {kind}: {}",
        first.message(&prefix)
    );
    Some(ProviderError::known("BadRequest", message).status(400).likely())
}

fn nothing_found(manifests: &Manifests<'_>, templates: &[Template<'_>]) -> Option<Check> {
    let any = !templates.is_empty() || manifests.objects.iter().any(is_account);
    (!any && manifests.objects.error.is_none()).then(|| {
        Check::new(
            "manifests/pods",
            Status::Warn,
            "holds neither a pod, nor a workload, nor a ServiceAccount",
        )
        .hint("paste a Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob or ServiceAccount")
    })
}

/// Accounts that are described nowhere: that they exist, and have no settings, is assumed.
fn assumed_accounts(manifests: &Manifests<'_>, templates: &[Template<'_>]) -> Vec<Check> {
    if !manifests.cluster.has_plugin("ServiceAccount") {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut checks = Vec::new();
    for template in templates.iter().filter(|template| template.node().is_some()) {
        let pod = template.pod();
        let pod = Pod(&pod);
        let name = if pod.service_account().is_empty() { "default" } else { pod.service_account() };
        let namespace = &template.object.namespace;
        let assumed = matches!(manifests.account(namespace, name), Account::Assumed);
        if !assumed || pod.is_mirror() || !seen.insert((namespace.clone(), name.to_owned())) {
            continue;
        }
        let title = format!("ServiceAccount {namespace}/{name} is not described here");
        checks.push(
            Check::new("manifests/service-account", Status::Skip, title)
                .at(template.account_pointer().and_then(|pointer| template.span(pointer)))
                .hint("it is assumed to exist, without annotations, secrets or automountServiceAccountToken; paste it with the manifests, or give it in `cluster.objects`")
                .rule("K67"),
        );
    }
    checks
}
