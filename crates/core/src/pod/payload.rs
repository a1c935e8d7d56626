//! What the kubelet collects for a volume before it writes anything: the files, or why there are none (K37, K41).
//!
//! Source: `pkg/volume/projected/projected.go` `collectData`; `MakePayload` in `pkg/volume/configmap/configmap.go`
//! and `pkg/volume/secret/secret.go`; `pkg/volume/util/atomic_writer.go` `validatePath`; seen on a kubelet v1.36.3.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::manifest::Manifests;
use super::path::clean;
use super::spec::{Volume, list, member, text};
use crate::document::Node;
use crate::objects::Object;

/// The kinds whose keys become files: member of a source, kind, and the members that hold the keys.
const KINDS: [(&str, &str, [&str; 2]); 2] = [
    ("configMap", "ConfigMap", ["data", "binaryData"]),
    ("secret", "Secret", ["data", "stringData"]),
];

/// Longest path and longest element, in bytes (K80).
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;

/// Names of keys.
type Keys<'a> = HashSet<&'a str>;

/// The ConfigMaps and Secrets that are known, by member of a source, namespace and name.
pub(super) struct Stored<'a> {
    objects: HashMap<(&'static str, String, String), Keys<'a>>,
    /// What is not known does not exist.
    complete: bool,
}

/// What is known of one of them.
enum Content<'s> {
    Assumed,
    Known(&'s Keys<'s>),
    Missing,
}

impl<'a> Stored<'a> {
    /// Those of the manifests count before those of the cluster.
    pub(super) fn of(manifests: &'a Manifests<'_>) -> Self {
        let mut objects = HashMap::new();
        for object in manifests.live.iter().chain(manifests.objects.iter()) {
            let Some((member, _, members)) = KINDS.iter().find(|(_, kind, _)| object.kind == *kind)
            else {
                continue;
            };
            let key = (*member, object.namespace.clone(), object.name.clone());
            objects.insert(key, keys(object, members));
        }
        Self { objects, complete: manifests.is_complete() }
    }

    fn find(&self, member: &'static str, namespace: &str, name: &str) -> Content<'_> {
        match self.objects.get(&(member, namespace.to_owned(), name.to_owned())) {
            Some(keys) => Content::Known(keys),
            None if self.complete => Content::Missing,
            None => Content::Assumed,
        }
    }
}

fn keys<'a>(object: &'a Object, members: &[&str]) -> Keys<'a> {
    let held = members.iter().filter_map(|member| object.node.get(member));
    held.flat_map(Node::members).map(|member| member.name.as_str()).collect()
}

/// The files of a volume.
#[derive(Default)]
pub(super) struct Payload<'s> {
    /// Cleaned paths that the sources name.
    pub(super) paths: HashSet<String>,
    /// Of objects that are taken whole: every key is a file.
    whole: HashMap<(&'s str, &'s str), &'s Keys<'s>>,
    /// Why sources give nothing, in their order.
    pub(super) problems: Vec<String>,
    /// Why a path cannot be written.
    pub(super) too_long: Option<&'static str>,
    /// Why there are no tokens for this pod.
    no_token: Option<String>,
}

impl<'s> Payload<'s> {
    /// What a volume that projects, or is a ConfigMap or a Secret, collects; `None` for any other.
    pub(super) fn of(
        volume: Volume<'s>,
        namespace: &str,
        stored: &'s Stored<'_>,
        no_token: Option<String>,
    ) -> Option<Self> {
        let mut payload = Self { no_token, ..Self::default() };
        if volume.projected().is_some() {
            for source in volume.sources() {
                payload.add(source, namespace, stored);
            }
            return Some(payload);
        }
        let (kind, object, name) = [("configMap", "name"), ("secret", "secretName")]
            .into_iter()
            .find_map(|(kind, name)| Some((kind, member(volume.value, kind)?, name)))?;
        payload.take(object, (kind, text(object, name)), namespace, stored);
        Some(payload)
    }

    /// One source of a projected volume.
    pub(super) fn add(&mut self, source: &'s Value, namespace: &str, stored: &'s Stored<'_>) {
        for (kind, names) in [
            ("serviceAccountToken", &["path"][..]),
            ("clusterTrustBundle", &["path"]),
            ("podCertificate", &["credentialBundlePath", "keyPath", "certificateChainPath"]),
        ] {
            let named = member(source, kind).into_iter();
            named
                .flat_map(|value| names.iter().map(|name| text(value, name)))
                .for_each(|path| self.put(path));
        }
        if member(source, "serviceAccountToken").is_some() {
            self.problems.extend(self.no_token.clone());
        }
        let items = member(source, "downwardAPI").map(|value| list(value, "items"));
        items.unwrap_or_default().iter().for_each(|item| self.put(&clean(text(item, "path"))));
        for (kind, ..) in KINDS {
            if let Some(object) = member(source, kind) {
                self.take(object, (kind, text(object, "name")), namespace, stored);
            }
        }
    }

    /// The keys of a ConfigMap or Secret. `optional` forgives a missing object and a missing key.
    fn take(
        &mut self,
        source: &'s Value,
        (kind, name): (&'static str, &'s str),
        namespace: &str,
        stored: &'s Stored<'_>,
    ) {
        let optional = member(source, "optional").and_then(Value::as_bool) == Some(true);
        let known = match stored.find(kind, namespace, name) {
            Content::Missing if optional => return,
            Content::Missing => {
                let kind = kind.to_lowercase();
                self.problems.push(format!("{kind} \"{name}\" not found"));
                return;
            }
            Content::Assumed => None,
            Content::Known(keys) => Some(keys),
        };
        let items = list(source, "items");
        if items.is_empty() {
            self.whole.extend(known.map(|keys| ((kind, name), keys)));
            return;
        }
        for item in items {
            let key = text(item, "key");
            if known.is_none_or(|keys| keys.contains(key)) {
                self.put(text(item, "path"));
            } else if !optional {
                let problem = match kind {
                    "secret" => format!("references non-existent secret key: {key}"),
                    _ => format!("configmap references non-existent config key: {key}"),
                };
                self.problems.push(problem);
                return; // The first one ends this source.
            }
        }
    }

    /// The limits hold before the path is cleaned (K80).
    fn put(&mut self, path: &str) {
        if !path.is_empty() {
            self.too_long = self.too_long.or_else(|| too_long(path));
            self.paths.insert(clean(path));
        }
    }

    /// Whether a source writes that file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths.contains(path) || self.whole.values().any(|keys| keys.contains(path))
    }
}

/// K80.
fn too_long(path: &str) -> Option<&'static str> {
    if path.len() > MAX_PATH {
        return Some("invalid path: must be less than or equal to 4096 characters");
    }
    let long = path.split('/').any(|element| element.len() > MAX_NAME);
    long.then_some("invalid path: filenames must be less than or equal to 255 characters")
}

/// K41: of two sources with one path the later wins, silently. The places of token sources that lose.
pub(super) fn overwritten(
    volume: Volume<'_>,
    namespace: &str,
    stored: &Stored<'_>,
) -> HashSet<usize> {
    let mut later = Payload::default();
    let mut losers = HashSet::new();
    for (at, source) in volume.sources().iter().enumerate().rev() {
        let token = member(source, "serviceAccountToken");
        if token.is_some_and(|token| later.has(&clean(text(token, "path")))) {
            losers.insert(at);
        }
        later.add(source, namespace, stored);
    }
    losers
}
