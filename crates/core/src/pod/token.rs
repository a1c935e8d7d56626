//! Follows every token of a pod: source, volume, mounts, files, and the variables that name the files.

use serde_json::{Value, json};

use super::file_mode::file_mode;
use super::manifest::Template;
use super::path::{below, clean, expand};
use super::spec::{Container, Mount, Pod, TokenSource, Volume};
use super::{Injection, ProjectedToken, TokenMount};

/// Every token of the pod as it was admitted, in the order of volumes and sources.
pub(super) fn follow(
    pod: Pod<'_>,
    template: &Template<'_>,
    injected: &[Injection],
) -> Vec<ProjectedToken> {
    pod.volumes()
        .flat_map(Volume::token_sources)
        .map(|source| ProjectedToken {
            volume: source.volume.name().to_owned(),
            path: source.path().to_owned(),
            audience: source.audience().map(str::to_owned),
            expiration_seconds: source.expiration_seconds(),
            injected_by: injector(source.volume.name(), injected),
            span: template.span(&source.pointer()),
            cache_key: cache_key(pod, source),
            mounts: if is_overwritten(source) { Vec::new() } else { mounts(pod, source) },
        })
        .collect()
}

/// Who added the volume, if a patch says so.
fn injector(volume: &str, injected: &[Injection]) -> Option<String> {
    let names = |value: &Value| value.get("name").and_then(Value::as_str) == Some(volume);
    let adds = |operation: &Value| {
        let value = operation.get("value").unwrap_or(&Value::Null);
        match operation.get("path").and_then(Value::as_str) {
            Some("/spec/volumes") => value.as_array().is_some_and(|list| list.iter().any(names)),
            Some("/spec/volumes/-" | "/spec/volumes/0") => names(value),
            _ => false,
        }
    };
    injected.iter().find(|injection| injection.patch.iter().any(adds)).map(|i| i.by.clone())
}

/// K25: account, namespace, audience, seconds asked for, and the pod that the token is bound to (K24).
fn cache_key(pod: Pod<'_>, source: TokenSource<'_>) -> String {
    json!([
        pod.service_account(),
        pod.metadata("namespace"),
        source.audience(),
        source.expiration_text(),
        pod.final_name(),
    ])
    .to_string()
}

/// K41: of two sources with one path the later wins, silently.
pub(super) fn is_overwritten(source: TokenSource<'_>) -> bool {
    let path = clean(source.path());
    source.volume.token_sources().any(|later| later.at > source.at && clean(later.path()) == path)
}

/// Every container that sees the file.
fn mounts(pod: Pod<'_>, source: TokenSource<'_>) -> Vec<TokenMount> {
    let mode = file_mode(pod, source.volume);
    pod.containers()
        .into_iter()
        .flat_map(|container| container.mounts().collect::<Vec<_>>())
        .filter(|mount| mount.volume() == source.volume.name())
        .filter_map(|mount| {
            let sub_path = resolved_sub_path(pod, mount)?;
            let file = file(mount, sub_path.as_deref(), source.path())?;
            Some(TokenMount {
                container: mount.container.name().to_owned(),
                env: variables(mount.container, &file),
                file,
                refreshed: sub_path.is_none(),
                sub_path,
                mode: format!("{:04o}", mode.mode),
                uid: mode.uid,
                gid: mode.gid,
            })
        })
        .collect()
}

/// The mount's subPath, its expression expanded; `None` if that takes a value that the manifest does not tell.
pub(super) fn resolved_sub_path(pod: Pod<'_>, mount: Mount<'_>) -> Option<Option<String>> {
    match (mount.sub_path(), mount.sub_path_expr()) {
        ("", "") => Some(None),
        ("", expression) => {
            let mut variables = mount.container.literal_env();
            variables.extend(pod_fields(pod, mount.container));
            expand(expression, &variables).map(Some)
        }
        (path, _) => Some(Some(path.to_owned())),
    }
}

/// Variables that the downward API fills with what the manifest tells.
fn pod_fields<'a>(pod: Pod<'a>, container: Container<'a>) -> Vec<(&'a str, &'a str)> {
    let variables = super::spec::list(container.value, "env").iter();
    variables
        .filter_map(|variable| {
            let field = variable.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str);
            let value = match field? {
                "metadata.name" => pod.metadata("name"),
                "metadata.namespace" => pod.metadata("namespace"),
                "spec.serviceAccountName" => pod.service_account(),
                _ => return None,
            };
            let name = variable.get("name").and_then(Value::as_str)?;
            Some((name, value)).filter(|_| !value.is_empty())
        })
        .collect()
}

/// Where the container sees the file; `None` if the subPath leads elsewhere (K45).
fn file(mount: Mount<'_>, sub_path: Option<&str>, path: &str) -> Option<String> {
    let path = clean(path);
    let rest = match sub_path {
        None => path.as_str(),
        Some(sub_path) => below(&path, &clean(sub_path))?,
    };
    // A mountPath without a leading slash is taken from the root.
    Some(clean(&format!("/{}/{rest}", mount.path())))
}

/// The variables of the container that name the file.
fn variables(container: Container<'_>, file: &str) -> Vec<String> {
    let variables = container.literal_env();
    let names_it = |value: &str| {
        let value = expand(value, &variables).unwrap_or_else(|| value.to_owned());
        value.starts_with('/') && clean(&value) == file
    };
    variables
        .iter()
        .filter(|(_, value)| names_it(value))
        .map(|(name, _)| (*name).to_owned())
        .collect()
}
