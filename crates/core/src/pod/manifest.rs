//! What stands in the manifests: pods, the templates that controllers make pods of, and ServiceAccounts.

use serde_json::{Map, Value, json};

use super::origin::Origin;
use super::spec;
use crate::claims::ServiceAccountRef;
use crate::cluster::Cluster;
use crate::document::{Node, Text};
use crate::go;
use crate::objects::{Object, Objects};
use crate::trace::{InputName, Span};

/// How the pods of a template are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// By their own metadata.
    Own,
    /// `NAME-0`.
    Ordinal,
    /// `NAME-` and five characters that chance draws.
    Generated,
}

/// Where each kind keeps its pod: kind, API group, JSON pointer, and how the pod is called.
#[rustfmt::skip]
const TEMPLATES: [(&str, &str, &str, Naming); 9] = [
    ("CronJob",               "batch", "/spec/jobTemplate/spec/template", Naming::Generated),
    ("DaemonSet",             "apps",  "/spec/template",                  Naming::Generated),
    ("Deployment",            "apps",  "/spec/template",                  Naming::Generated),
    ("Job",                   "batch", "/spec/template",                  Naming::Generated),
    ("Pod",                   "",      "",                                Naming::Own),
    ("PodTemplate",           "",      "/template",                       Naming::Generated),
    ("ReplicaSet",            "apps",  "/spec/template",                  Naming::Generated),
    ("ReplicationController", "",      "/spec/template",                  Naming::Generated),
    ("StatefulSet",           "apps",  "/spec/template",                  Naming::Ordinal),
];

/// The group of a ServiceAccount.
const CORE_GROUP: &str = "";

/// Manifests, and the objects that the cluster has already.
#[derive(Debug)]
pub(crate) struct Manifests<'a> {
    pub(super) text: Text<'a>,
    pub(super) cluster: &'a Cluster,
    /// Of the manifests.
    pub(crate) objects: Objects,
    /// Of `cluster.objects`.
    pub(crate) live: Objects,
}

impl<'a> Manifests<'a> {
    pub(crate) fn parse(text: &'a str, cluster: &'a Cluster) -> Self {
        let namespace = cluster.default_namespace();
        Self {
            text: Text::new(InputName::Manifests, text),
            cluster,
            objects: Objects::read(text, namespace),
            live: Objects::read(cluster.objects.as_deref().unwrap_or_default(), namespace),
        }
    }

    /// A ServiceAccount: of the manifests, else of the cluster; in neither it is assumed to exist, unless
    /// the cluster's list is complete.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Account<'_> {
        let known = [&self.objects, &self.live]
            .into_iter()
            .find_map(|objects| objects.find("ServiceAccount", namespace, name))
            .filter(|object| is_account(object));
        match known {
            Some(object) => Account::Known(object),
            None if self.is_complete() => Account::Missing,
            None => Account::Assumed,
        }
    }

    /// Whether what is pasted is all there is. A list that could not be read to its end is not.
    pub(super) fn is_complete(&self) -> bool {
        self.cluster.objects_complete == Some(true) && self.live.error.is_none()
    }

    /// The ServiceAccounts that the manifests define, with the UIDs that the cluster knows.
    pub(crate) fn accounts(&self) -> Vec<ServiceAccountRef> {
        let uid = |object: &Object| {
            let live = self.live.find("ServiceAccount", &object.namespace, &object.name);
            object.uid().or_else(|| live.and_then(Object::uid)).map(str::to_owned)
        };
        self.objects
            .iter()
            .filter(|object| is_account(object))
            .map(|object| ServiceAccountRef {
                namespace: object.namespace.clone(),
                name: object.name.clone(),
                uid: uid(object),
            })
            .collect()
    }

    /// Every pod, and every template that pods are made of, in the order of the text.
    pub(crate) fn templates(&self) -> Vec<Template<'_>> {
        let template = |object| Template::of(object, &self.text);
        self.objects.iter().filter_map(template).collect()
    }
}

pub(super) fn is_account(object: &Object) -> bool {
    object.kind == "ServiceAccount" && object.group.as_deref().unwrap_or(CORE_GROUP) == CORE_GROUP
}

/// The group in which a kind holds pods or is an account; `None`: podpass does not look into it.
pub(super) fn group_of(kind: &str) -> Option<&'static str> {
    if kind == "ServiceAccount" {
        return Some(CORE_GROUP);
    }
    TEMPLATES.iter().find(|row| row.0 == kind).map(|row| row.1)
}

/// What is known of an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account<'a> {
    /// Nowhere described: assumed to exist, without settings of its own.
    Assumed,
    /// Described.
    Known(&'a Object),
    /// It does not exist.
    Missing,
}

impl<'a> Account<'a> {
    pub(crate) fn object(self) -> Option<&'a Object> {
        match self {
            Self::Known(object) => Some(object),
            Self::Assumed | Self::Missing => None,
        }
    }

    pub(super) fn name(self) -> &'a str {
        self.object().map(|object| object.name.as_str()).unwrap_or_default()
    }

    pub(super) fn automount(self) -> Option<bool> {
        self.object()?.node.get("automountServiceAccountToken")?.as_bool()
    }

    fn names(self, member: &str) -> Vec<&'a str> {
        let list = self.object().and_then(|object| object.node.get(member));
        let elements = list.map(Node::elements).unwrap_or_default().iter();
        elements.map(|e| e.get("name").and_then(Node::as_str).unwrap_or_default()).collect()
    }

    pub(super) fn pull_secrets(self) -> Vec<&'a str> {
        self.names("imagePullSecrets")
    }

    pub(super) fn secrets(self) -> Vec<&'a str> {
        self.names("secrets")
    }

    /// K77; true is what Go's `strconv.ParseBool` takes for it, so `yes` is not.
    pub(super) fn enforces_mountable_secrets(self) -> bool {
        let annotation = self
            .object()
            .and_then(|object| object.annotation("kubernetes.io/enforce-mountable-secrets"));
        annotation.and_then(go::parse_bool) == Some(true)
    }
}

/// A pod that will be created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template<'a> {
    /// The Pod itself or the workload it stands in.
    pub(crate) object: &'a Object,
    pub(super) text: &'a Text<'a>,
    /// JSON pointer of the pod in the object.
    pub(super) path: &'static str,
    naming: Naming,
    /// How pointers in the admitted pod lead back; `None`: they are those of the pasted one.
    origin: Option<&'a Origin>,
}

impl<'a> Template<'a> {
    fn of(object: &'a Object, text: &'a Text<'a>) -> Option<Self> {
        let (_, _, path, naming) = TEMPLATES.iter().find(|(kind, group, _, _)| {
            object.kind == *kind && object.group.as_deref().unwrap_or(group) == *group
        })?;
        Some(Self { object, text, path, naming: *naming, origin: None })
    }

    /// The same for pointers in the pod that was admitted.
    pub(super) fn admitted<'b>(&self, origin: &'b Origin) -> Template<'b>
    where
        'a: 'b,
    {
        Template { origin: Some(origin), ..*self }
    }

    /// The pod's node; `None` for a workload without template.
    pub(crate) fn node(&self) -> Option<&'a Node> {
        self.object.node.pointer(self.path).filter(|node| !node.is_null())
    }

    /// The pasted pod's pointer of what stands at `pointer`; `None` for what was injected.
    fn pasted(&self, pointer: &str) -> Option<String> {
        match self.origin {
            Some(origin) => origin.pasted(pointer),
            None => Some(pointer.to_owned()),
        }
    }

    /// What was pasted at `pointer` in the pod; `None` for what was injected.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a Node> {
        self.node()?.pointer(&self.pasted(pointer)?)
    }

    /// The place of what stands at `pointer` in the pod; `None` for what was injected.
    pub(crate) fn span(&self, pointer: &str) -> Option<Span> {
        let pointer = format!("{}{}", self.path, self.pasted(pointer)?);
        let node = self.object.node.pointer(&pointer)?;
        Some(self.object.span(self.text, node, &pointer))
    }

    /// What was written at `pointer` in the pod.
    pub(super) fn written(&self, pointer: &str) -> Option<&'a str> {
        self.text.text.get(self.at(pointer)?.range.clone())
    }

    /// The place nearest to `pointer` that was pasted: itself, or the closest object around it.
    pub(crate) fn nearest_span(&self, pointer: &str) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.span(pointer) {
                return span;
            }
            match pointer.rfind('/') {
                Some(at) => pointer = pointer.get(..at).unwrap_or_default(),
                None => return self.object_span(),
            }
        }
    }

    /// The place of the whole object.
    pub(crate) fn object_span(&self) -> Span {
        self.object.span(self.text, &self.object.node, "")
    }

    /// Whether the pod's name, or the prefix of what is generated, is the one of [`pod`](Self::pod). The controllers
    /// between a Deployment or CronJob and its pods, and that of an indexed Job, put something in between.
    pub(super) fn is_named(&self) -> bool {
        let indexed = self.object.node.at(&["spec", "completionMode"]).and_then(Node::as_str);
        !matches!(self.object.kind.as_str(), "CronJob" | "Deployment" | "PodTemplate")
            && indexed != Some("Indexed")
    }

    /// The Pod object that arrives at the API server, before admission.
    pub(crate) fn pod(&self) -> Value {
        let given = self.node().map(Node::to_json).unwrap_or_default();
        let mut metadata = match spec::member(&given, "metadata") {
            Some(Value::Object(metadata)) => metadata.clone(),
            _ => Map::new(),
        };
        metadata.insert("namespace".to_owned(), json!(self.object.namespace));
        let name = &self.object.name;
        if self.naming != Naming::Own {
            metadata.remove("name");
            metadata.remove("generateName");
        }
        match self.naming {
            Naming::Own => None,
            Naming::Generated => metadata.insert("generateName".into(), json!(format!("{name}-"))),
            Naming::Ordinal => metadata.insert("name".into(), json!(format!("{name}-0"))),
        };
        let spec = spec::member(&given, "spec").cloned().unwrap_or_else(|| json!({}));
        let mut pod =
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec });
        converted_account(&mut pod);
        pod
    }

    /// JSON pointer in the pod of the member that names the account, if one does.
    pub(super) fn account_pointer(&self) -> Option<&'static str> {
        let pod = self.node()?;
        ["/spec/serviceAccountName", "/spec/serviceAccount"].into_iter().find(|pointer| {
            pod.pointer(pointer).and_then(Node::as_str).is_some_and(|name| !name.is_empty())
        })
    }
}

/// K67: the old member `serviceAccount` counts where `serviceAccountName` is empty, and else is overwritten.
fn converted_account(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let name = |spec: &Map<String, Value>, member: &str| {
        spec.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (new, old) = (name(spec, "serviceAccountName"), name(spec, "serviceAccount"));
    if old.is_empty() || new == old {
        return;
    }
    let (member, value) =
        if new.is_empty() { ("serviceAccountName", old) } else { ("serviceAccount", new) };
    spec.insert(member.to_owned(), Value::String(value));
}
