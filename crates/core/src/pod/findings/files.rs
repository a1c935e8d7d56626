//! The files of a projected volume, as far as its manifest names them.

use std::collections::HashSet;

use serde_json::Value;

use super::super::path::clean;
use super::super::spec::{Volume, list, member, text};

pub(super) struct Files {
    names: HashSet<String>,
    /// A source brings whatever keys its object has.
    open: bool,
}

impl Files {
    pub(super) fn of(volume: Volume<'_>) -> Self {
        let mut files = Self { names: HashSet::new(), open: false };
        for source in volume.sources() {
            files.add(source);
        }
        files
    }

    fn add(&mut self, source: &Value) {
        for kind in ["serviceAccountToken", "clusterTrustBundle"] {
            let named = member(source, kind).map(|value| clean(text(value, "path")));
            self.names.extend(named);
        }
        let items = |value| list(value, "items").iter().map(|item| clean(text(item, "path")));
        self.names.extend(member(source, "downwardAPI").into_iter().flat_map(items));
        for kind in ["configMap", "secret"] {
            let Some(value) = member(source, kind) else { continue };
            if !list(value, "items").is_empty() {
                self.names.extend(items(value));
            } else if text(value, "name") == "kube-root-ca.crt" {
                self.names.insert("ca.crt".to_owned()); // Its only key (K69).
            } else {
                self.open = true;
            }
        }
        self.open |= member(source, "podCertificate").is_some();
    }

    /// Whether the volume has that file, or may have it.
    pub(super) fn may_have(&self, path: &str) -> bool {
        self.open || self.names.contains(path)
    }

    /// Whether the token files are all it has.
    pub(super) fn only_tokens(volume: Volume<'_>) -> bool {
        volume.sources().len() == volume.token_sources().count()
    }
}
