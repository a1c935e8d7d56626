//! Follows every token of a pod: source, volume, mounts, files, and the variables that name the files.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::file_mode::{FileMode, Owners};
use super::manifest::Template;
use super::path::{below, clean, expand};
use super::payload::{Stored, overwritten};
use super::spec::{Mount, Pod, TokenSource};
use super::{Injection, ProjectedToken, TokenMount};

/// Most token files that are listed for one pod. A real pod has a handful; a few kilobytes of hostile YAML
/// could ask for a hundred million.
const MAX_FILES: usize = 1000;

/// Every token of a pod.
pub(super) struct Followed {
    /// In the order of volumes and sources.
    pub(super) tokens: Vec<ProjectedToken>,
    /// Whether there are more files than are listed.
    pub(super) cut: bool,
    /// JSON pointers in the pod of mounts whose subPathExpr takes a value that the manifest does not tell.
    pub(super) open: Vec<String>,
}

/// Every token of the pod as it was admitted.
pub(super) fn follow(
    pod: Pod<'_>,
    template: &Template<'_>,
    injected: &[Injection],
    owners: Owners,
    stored: &Stored<'_>,
) -> Followed {
    let containers = Containers::of(pod, owners);
    let with_tokens = pod.token_volumes();
    let unresolved = containers.unresolved.iter();
    let unresolved = unresolved.filter(|mount| with_tokens.contains_key(mount.volume()));
    let open = unresolved.map(|mount| mount.pointer()).collect();
    let mut followed = Followed { tokens: Vec::new(), cut: false, open };
    let injectors = injectors(injected);
    let mut left = MAX_FILES;
    for volume in pod.volumes() {
        let overwritten = overwritten(volume, pod.metadata("namespace"), stored);
        let mode = containers.owners.token_file(volume);
        let injected_by = injectors.get(volume.name()).map(|by| (*by).to_owned());
        for source in volume.token_sources() {
            let mounts = if overwritten.contains(&source.at) {
                Vec::new()
            } else {
                let mut files = containers.files(source, &mode);
                let mounts: Vec<TokenMount> = files.by_ref().take(left).collect();
                followed.cut |= files.next().is_some();
                mounts
            };
            left -= mounts.len();
            followed.tokens.push(ProjectedToken {
                volume: volume.name().to_owned(),
                path: source.path().to_owned(),
                audience: source.audience().map(str::to_owned),
                expiration_seconds: source.expiration_seconds(),
                injected_by: injected_by.clone(),
                span: template.span(&source.pointer()),
                cache_key: cache_key(pod, source),
                mounts,
            });
        }
    }
    followed
}

/// Who added which volume, as the patches say.
fn injectors(injected: &[Injection]) -> HashMap<&str, &str> {
    let mut injectors = HashMap::new();
    for injection in injected {
        for operation in &injection.patch {
            let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
            let Some(rest) = path.strip_prefix("/spec/volumes") else { continue };
            let value = operation.get("value").unwrap_or(&Value::Null);
            // The list as a whole, or an element of it.
            let added = if rest.is_empty() {
                value.as_array().map(Vec::as_slice).unwrap_or_default()
            } else {
                std::slice::from_ref(value)
            };
            for name in added.iter().filter_map(|volume| volume.get("name")?.as_str()) {
                injectors.entry(name).or_insert(injection.by.as_str());
            }
        }
    }
    injectors
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

/// What the containers mount and name.
struct Containers<'a> {
    owners: Owners,
    mounts: HashMap<&'a str, Vec<Mounted<'a>>>,
    /// Mounts that lead nowhere known.
    unresolved: Vec<Mount<'a>>,
    /// Of each container: the variables by the cleaned path that they hold.
    variables: Vec<HashMap<String, Vec<&'a str>>>,
}

/// A mount, and the container it belongs to.
struct Mounted<'a> {
    mount: Mount<'a>,
    sub_path: Option<String>,
    container: usize,
}

impl<'a> Containers<'a> {
    fn of(pod: Pod<'a>, owners: Owners) -> Self {
        let (mounts, unresolved, variables) = (HashMap::new(), Vec::new(), Vec::new());
        let mut containers = Self { owners, mounts, unresolved, variables };
        for (at, container) in pod.containers().into_iter().enumerate() {
            let variables = container.variables(pod);
            for mount in container.mounts() {
                match sub_path(mount, &variables) {
                    None => containers.unresolved.push(mount),
                    Some(sub_path) => {
                        let mounted = Mounted { mount, sub_path, container: at };
                        containers.mounts.entry(mount.volume()).or_default().push(mounted);
                    }
                }
            }
            containers.variables.push(by_path(&variables));
        }
        containers
    }

    /// The files in which containers see the token.
    fn files(
        &self,
        source: TokenSource<'a>,
        mode: &FileMode,
    ) -> impl Iterator<Item = TokenMount> + '_ {
        let path = clean(source.path());
        let mode = mode.clone();
        let mounts = self.mounts.get(source.volume.name()).into_iter().flatten();
        mounts.filter_map(move |mounted| {
            let file = file(mounted.mount, mounted.sub_path.as_deref(), &path)?;
            let env = self.variables.get(mounted.container).and_then(|names| names.get(&file));
            Some(TokenMount {
                container: mounted.mount.container.name().to_owned(),
                env: env.into_iter().flatten().map(|name| (*name).to_owned()).collect(),
                file,
                refreshed: mounted.sub_path.is_none(),
                sub_path: mounted.sub_path.clone(),
                mode: format!("{:04o}", mode.mode),
                uid: mode.uid,
                gid: mode.gid,
            })
        })
    }
}

/// The mount's subPath, its expression expanded; `None` if that takes a value that the manifest does not tell.
fn sub_path(mount: Mount<'_>, variables: &HashMap<&str, &str>) -> Option<Option<String>> {
    match (mount.sub_path(), mount.sub_path_expr()) {
        ("", "") => Some(None),
        ("", expression) => expand(expression, variables).map(Some),
        (path, _) => Some(Some(path.to_owned())),
    }
}

/// The variables that hold an absolute path, by that path.
fn by_path<'a>(variables: &HashMap<&'a str, &'a str>) -> HashMap<String, Vec<&'a str>> {
    let mut names: HashMap<String, Vec<&str>> = HashMap::new();
    for (name, value) in variables {
        let value = expand(value, variables).unwrap_or_else(|| (*value).to_owned());
        let value = on_windows(&value).unwrap_or(value);
        if value.starts_with('/') {
            names.entry(clean(&value)).or_default().push(name);
        }
    }
    names.values_mut().for_each(|names| names.sort_unstable());
    names
}

/// A path as Windows writes it, as the mount has it (A138).
fn on_windows(path: &str) -> Option<String> {
    path.strip_prefix("C:")
        .filter(|rest| rest.starts_with('\\'))
        .map(|rest| rest.replace('\\', "/"))
}

/// Where the container sees the file; `None` if the subPath leads elsewhere (K45).
fn file(mount: Mount<'_>, sub_path: Option<&str>, path: &str) -> Option<String> {
    let rest = match sub_path {
        None => path,
        Some(sub_path) => below(path, &clean(sub_path))?,
    };
    // A mountPath without a leading slash is taken from the root.
    Some(clean(&format!("/{}/{rest}", mount.path())))
}
