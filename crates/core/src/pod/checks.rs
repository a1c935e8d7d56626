//! Whether the manifests could be read, and what the answer rests on.

use std::collections::BTreeSet;

use super::manifest::{Account, Manifests, Template, group_of, is_account};
use super::spec::Pod;
use super::types::{self, Mistyped};
use crate::document::{MAX_DOCUMENT, Text};
use crate::objects::{Object, Objects};
use crate::trace::{Check, InputName, ProviderError, Span, Status};

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
    let count = counted(objects.iter().count());
    let Some(error) = &objects.error else {
        return Check::new(id, Status::Pass, format!("read as JSON or YAML: {count}"));
    };
    let title = format!("not readable: {}", error.message);
    let check = Check::new(id, Status::Fail, title);
    if text.text.len() > MAX_DOCUMENT {
        return check
            .expected(MAX_DOCUMENT)
            .actual(text.text.len())
            .hint("paste only the objects that matter here: the pods and their ServiceAccounts");
    }
    let span = text.point(error.at);
    let hint = format!(
        "correct line {}, column {}, or the indentation above it; read so far: {count}, the rest is not judged",
        span.line, span.column
    );
    check.at(span).hint(hint)
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
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    let kind = &object.kind;
    if object.group.as_deref().is_some_and(|other| other != group) {
        let title = format!("this {kind} is of another API and is not looked into");
        let check = Check::new("manifests/api-version", Status::Warn, title)
            .expected(version)
            .actual(object.group.clone())
            .at(span)
            .hint("if the Kubernetes object is meant, correct `apiVersion`");
        return vec![check];
    }
    let mut checks = Vec::new();
    if object.group.is_none() {
        let title = format!("this {kind} has no `apiVersion`");
        let check = Check::new("manifests/api-version", Status::Fail, title)
            .expected(version.clone())
            .at(span.clone())
            .hint(format!("add `apiVersion: {version}`; it is read as if it were there"));
        checks.push(check);
    }
    if object.name.is_empty() && object.metadata("generateName").is_none() {
        let title = format!("this {kind} has no name");
        let check = Check::new("manifests/name", Status::Fail, title)
            .expected("metadata.name, a string")
            .at(span)
            .hint("add `metadata.name`; quote it if it is a number, or a word that YAML reads as true or false: `n`, `no`, `on`");
        checks.push(check);
    }
    if is_account(object) {
        checks.extend(types::in_account(&object.node).iter().map(|found| {
            let node = object.node.pointer(&found.pointer);
            let span = node.map(|node| object.span(&manifests.text, node, &found.pointer));
            mistyped(found, "", span)
        }));
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
    let check = |found: &Mistyped| mistyped(found, template.path, template.span(&found.pointer));
    types::in_pod(node).iter().map(check).collect()
}

/// `path` leads from the object to what was checked.
fn mistyped(mistyped: &Mistyped, path: &str, span: Option<Span>) -> Check {
    let Mistyped { pointer, found, wanted, .. } = mistyped;
    let title = format!("`{path}{pointer}` is {found} where {wanted} belongs");
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

/// More token files than a report can list.
pub(super) fn too_many_files(template: &Template<'_>) -> Check {
    let workload = format!("{} {}", template.object.kind, template.object.name);
    let title = format!("{workload} mounts its tokens more often than is listed");
    Check::new("manifests/token-files", Status::Unknown, title)
        .at(template.object_span())
        .hint("the first 1000 token files are listed; mount fewer volumes")
}

/// A token mounted at a path that only the running container knows.
pub(super) fn open_sub_path(template: &Template<'_>, mount: &str) -> Check {
    let title = "where this mount shows the token is not known: its subPathExpr takes a variable whose value is not here";
    Check::new("manifests/sub-path-expr", Status::Unknown, title)
        .at(template.nearest_span(&format!("{mount}/subPathExpr")))
        .hint("give the variable a literal value, or mount the whole volume")
        .rule("K45")
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
