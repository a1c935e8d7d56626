//! The members of a PodSpec that matter for tokens, as views over the Pod object as it is at that moment:
//! before admission, or after it. `null` counts as absent, as for the API server.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// A member that is there and not `null`.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|member| !member.is_null())
}

/// A text member; empty where it is absent.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    member(value, name).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of a list member; none where it is absent.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    member(value, name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A Pod object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod<'a>(pub(super) &'a Value);

impl<'a> Pod<'a> {
    pub(super) fn spec(self) -> &'a Value {
        member(self.0, "spec").unwrap_or(&Value::Null)
    }

    pub(super) fn metadata(self, name: &str) -> &'a str {
        member(self.0, "metadata").map(|metadata| text(metadata, name)).unwrap_or_default()
    }

    pub(super) fn annotation(self, name: &str) -> Option<&'a str> {
        self.0.get("metadata")?.get("annotations")?.get(name)?.as_str()
    }

    pub(super) fn label(self, name: &str) -> Option<&'a str> {
        self.0.get("metadata")?.get("labels")?.get(name)?.as_str()
    }

    /// Made by the kubelet for a pod from a file, not by a user (K76).
    pub(super) fn is_mirror(self) -> bool {
        self.annotation("kubernetes.io/config.mirror").is_some()
    }

    pub(super) fn service_account(self) -> &'a str {
        text(self.spec(), "serviceAccountName")
    }

    /// The name that admission errors give: before a name is generated, the prefix (K67); `Unknown` where there is
    /// neither (`staging/src/k8s.io/apiserver/pkg/admission/errors.go` `extractResourceName`).
    pub(super) fn name_or_prefix(self) -> &'a str {
        match (self.metadata("name"), self.metadata("generateName")) {
            ("", "") => "Unknown",
            ("", prefix) => prefix,
            (name, _) => name,
        }
    }

    /// The name that validation errors give: by then it is generated (K67), of 58 characters of the prefix at most
    /// (`staging/src/k8s.io/apiserver/pkg/storage/names/generate.go`).
    pub(super) fn final_name(self) -> String {
        const LONGEST_PREFIX: usize = 58;
        match (self.metadata("name"), self.metadata("generateName")) {
            ("", "") => String::new(),
            ("", prefix) => format!("{}xxxxx", prefix.get(..LONGEST_PREFIX).unwrap_or(prefix)),
            (name, _) => name.to_owned(),
        }
    }

    pub(super) fn volumes(self) -> impl Iterator<Item = Volume<'a>> {
        list(self.spec(), "volumes").iter().enumerate().map(|(at, value)| Volume { value, at })
    }

    /// The volumes that some container mounts; the others are never set up (K36).
    pub(super) fn mounted_volumes(self) -> HashSet<&'a str> {
        self.mounts().map(Mount::volume).collect()
    }

    /// The mounts of all containers.
    pub(super) fn mounts(self) -> impl Iterator<Item = Mount<'a>> {
        self.containers().into_iter().flat_map(Container::mounts)
    }

    /// The volumes with at least one token.
    pub(super) fn token_volumes(self) -> HashMap<&'a str, Volume<'a>> {
        let volumes = self.volumes().filter(|volume| volume.token_sources().next().is_some());
        volumes.map(|volume| (volume.name(), volume)).collect()
    }

    pub(super) fn containers_of(self, list_kind: ContainerList) -> Vec<Container<'a>> {
        let elements = list(self.spec(), list_kind.member()).iter().enumerate();
        elements.map(|(at, value)| Container { value, list: list_kind, at }).collect()
    }

    /// In the order in which they start: init, then regular, then ephemeral.
    pub(super) fn containers(self) -> Vec<Container<'a>> {
        use ContainerList::{Ephemeral, Init, Regular};
        [Init, Regular, Ephemeral].into_iter().flat_map(|list| self.containers_of(list)).collect()
    }
}

/// Which of the three lists a container stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContainerList {
    Ephemeral,
    Init,
    Regular,
}

impl ContainerList {
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeralContainers",
            Self::Init => "initContainers",
            Self::Regular => "containers",
        }
    }
}

/// A container of any list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container<'a> {
    pub(super) value: &'a Value,
    pub(super) list: ContainerList,
    pub(super) at: usize,
}

impl<'a> Container<'a> {
    pub(super) fn name(self) -> &'a str {
        text(self.value, "name")
    }

    /// JSON pointer in the pod.
    pub(super) fn pointer(self) -> String {
        format!("/spec/{}/{}", self.list.member(), self.at)
    }

    /// As API errors call it.
    pub(super) fn field(self) -> String {
        format!("spec.{}[{}]", self.list.member(), self.at)
    }

    pub(super) fn mounts(self) -> impl Iterator<Item = Mount<'a>> {
        let mounts = list(self.value, "volumeMounts").iter().enumerate();
        mounts.map(move |(at, value)| Mount { value, at, container: self })
    }

    /// Its variables and their values, as far as the manifest tells them: literals, and what the downward
    /// API takes from the pod's own metadata. The last of several with one name counts.
    pub(super) fn variables(self, pod: Pod<'a>) -> HashMap<&'a str, &'a str> {
        let mut variables = HashMap::new();
        for variable in list(self.value, "env") {
            let field = variable.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str);
            let value = match field {
                Some("metadata.name") => pod.metadata("name"),
                Some("metadata.namespace") => pod.metadata("namespace"),
                Some("spec.serviceAccountName") => pod.service_account(),
                Some(_) => "",
                None => text(variable, "value"),
            };
            let name = text(variable, "name");
            variables.remove(name);
            if !value.is_empty() {
                variables.insert(name, value);
            }
        }
        variables
    }
}

/// One element of `volumeMounts`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mount<'a> {
    pub(super) value: &'a Value,
    pub(super) at: usize,
    pub(super) container: Container<'a>,
}

impl<'a> Mount<'a> {
    pub(super) fn volume(self) -> &'a str {
        text(self.value, "name")
    }

    pub(super) fn path(self) -> &'a str {
        text(self.value, "mountPath")
    }

    pub(super) fn sub_path(self) -> &'a str {
        text(self.value, "subPath")
    }

    pub(super) fn sub_path_expr(self) -> &'a str {
        text(self.value, "subPathExpr")
    }

    /// JSON pointer in the pod.
    pub(super) fn pointer(self) -> String {
        format!("{}/volumeMounts/{}", self.container.pointer(), self.at)
    }
}

/// One element of `spec.volumes`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volume<'a> {
    pub(super) value: &'a Value,
    pub(super) at: usize,
}

impl<'a> Volume<'a> {
    pub(super) fn name(self) -> &'a str {
        text(self.value, "name")
    }

    pub(super) fn projected(self) -> Option<&'a Value> {
        member(self.value, "projected")
    }

    /// JSON pointer in the pod.
    pub(super) fn pointer(self) -> String {
        format!("/spec/volumes/{}", self.at)
    }

    pub(super) fn sources(self) -> &'a [Value] {
        self.projected().map(|projected| list(projected, "sources")).unwrap_or_default()
    }

    /// Its `serviceAccountToken` sources.
    pub(super) fn token_sources(self) -> impl Iterator<Item = TokenSource<'a>> {
        self.sources().iter().enumerate().filter_map(move |(at, source)| {
            let value = member(source, "serviceAccountToken")?;
            Some(TokenSource { value, volume: self, at })
        })
    }
}

/// A `serviceAccountToken` projection.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenSource<'a> {
    value: &'a Value,
    pub(super) volume: Volume<'a>,
    pub(super) at: usize,
}

impl<'a> TokenSource<'a> {
    pub(super) fn path(self) -> &'a str {
        text(self.value, "path")
    }

    /// `None`, as for the empty text: the API server's own audiences (K78).
    pub(super) fn audience(self) -> Option<&'a str> {
        Some(text(self.value, "audience")).filter(|audience| !audience.is_empty())
    }

    /// Seconds asked for; 3600 where the source says nothing (K78, `pkg/apis/core/v1/defaults.go`).
    pub(super) fn expiration_seconds(self) -> f64 {
        const DEFAULT: f64 = 3600.0;
        member(self.value, "expirationSeconds").and_then(Value::as_f64).unwrap_or(DEFAULT)
    }

    /// The number as it was given, for messages.
    pub(super) fn expiration_text(self) -> String {
        member(self.value, "expirationSeconds").map_or("3600".to_owned(), Value::to_string)
    }

    /// JSON pointer in the pod.
    pub(super) fn pointer(self) -> String {
        format!("{}/projected/sources/{}/serviceAccountToken", self.volume.pointer(), self.at)
    }
}
