//! The Kubernetes objects of a text, `List`s unpacked: what each is called, where it stands, and how to find it.
//!
//! Manifests and `cluster.objects` are read alike.

use std::collections::HashMap;

use crate::document::{Node, SyntaxError, Text, parse_documents, push_pointer};
use crate::time::{UnixTime, parse_rfc3339};
use crate::trace::Span;

/// Kinds without a namespace, as far as they matter here.
const CLUSTER_SCOPED: [&str; 4] = ["CSIDriver", "Namespace", "Node", "PersistentVolume"];

/// One object and its place.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) node: Node,
    /// Which document of the text it stands in, from 0; empty YAML documents are not counted.
    pub(crate) document: usize,
    /// Its JSON pointer in that document: empty, or `/items/3`.
    pub(crate) pointer: String,
    /// API group, empty for the core one; `None` if `apiVersion` is missing.
    pub(crate) group: Option<String>,
    pub(crate) kind: String,
    /// Empty for kinds that have none.
    pub(crate) namespace: String,
    /// Empty if it has none.
    pub(crate) name: String,
}

impl Object {
    /// `None` for what names no kind.
    fn new(
        node: Node,
        document: usize,
        pointer: String,
        default_namespace: &str,
    ) -> Result<Self, Node> {
        let Some(kind) = node.get("kind").and_then(Node::as_str).map(str::to_owned) else {
            return Err(node);
        };
        let text = |path: &[&str]| node.at(path).and_then(Node::as_str).filter(|t| !t.is_empty());
        let group = text(&["apiVersion"])
            .map(|version| version.split_once('/').map_or("", |(group, _)| group).to_owned());
        let namespace = if CLUSTER_SCOPED.contains(&kind.as_str()) {
            ""
        } else {
            text(&["metadata", "namespace"]).unwrap_or(default_namespace)
        };
        let (namespace, name) =
            (namespace.to_owned(), text(&["metadata", "name"]).unwrap_or_default().to_owned());
        Ok(Self { node, document, pointer, group, kind, namespace, name })
    }

    pub(crate) fn metadata(&self, member: &str) -> Option<&str> {
        self.node.at(&["metadata", member]).and_then(Node::as_str)
    }

    pub(crate) fn uid(&self) -> Option<&str> {
        self.metadata("uid").filter(|uid| !uid.is_empty())
    }

    /// When the object counts as deleted: for a pod the end of its grace period (K55).
    pub(crate) fn deletion_timestamp(&self) -> Option<UnixTime> {
        self.metadata("deletionTimestamp").and_then(parse_rfc3339)
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.node.at(&["metadata", "labels", name]).and_then(Node::as_str)
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.node.at(&["metadata", "annotations", name]).and_then(Node::as_str)
    }

    /// The span of `node`, which stands at `pointer` in this object.
    pub(crate) fn span(&self, text: &Text<'_>, node: &Node, pointer: &str) -> Span {
        let pointer = format!("{}{pointer}", self.pointer);
        text.with_index(self.document).span(&node.range, Some(&pointer))
    }
}

/// Every object of a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    list: Vec<Object>,
    index: HashMap<(String, String, String), usize>,
    /// Documents and list items that name no kind: the document, the pointer, and what stands there.
    pub(crate) without_kind: Vec<(usize, String, Node)>,
    /// Why reading stopped; what stands before it is here all the same.
    pub(crate) error: Option<SyntaxError>,
}

impl Objects {
    pub(crate) fn read(text: &str, default_namespace: &str) -> Self {
        let (documents, error) = parse_documents(text);
        let mut objects = Self { error, ..Self::default() };
        for (document, node) in documents.into_iter().enumerate() {
            objects.add(node, document, String::new(), default_namespace);
        }
        objects
    }

    fn add(&mut self, node: Node, document: usize, pointer: String, default_namespace: &str) {
        match Object::new(node, document, pointer.clone(), default_namespace) {
            // `List`, `PodList`, ...: what `kubectl get` prints, never an object of its own.
            Ok(list) if list.kind.ends_with("List") && list.node.get("items").is_some() => {
                let pointer = push_pointer(&pointer, "items");
                let element_kind = list.kind.strip_suffix("List").unwrap_or_default();
                let version = list.node.get("apiVersion").cloned();
                let items = list.node.get("items").map(Node::elements).unwrap_or_default();
                for (at, item) in items.iter().enumerate() {
                    let item = typed(item.clone(), element_kind, version.as_ref());
                    let pointer = push_pointer(&pointer, &at.to_string());
                    self.add(item, document, pointer, default_namespace);
                }
            }
            Ok(object) => {
                let key = (object.kind.clone(), object.namespace.clone(), object.name.clone());
                // Applied in order, the last of several with one name stays.
                self.index.insert(key, self.list.len());
                self.list.push(object);
            }
            Err(node) => self.without_kind.push((document, pointer, node)),
        }
    }

    /// The last object of that kind, namespace (empty for kinds that have none) and name.
    pub(crate) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        let key = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.index.get(&key).and_then(|at| self.list.get(*at))
    }

    /// All of them, in the order of the text.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Object> {
        self.list.iter()
    }
}

/// Items of a typed list (`PodList`) may leave out what the list says of them all.
fn typed(mut item: Node, kind: &str, version: Option<&Node>) -> Node {
    use crate::document::{Data, Member};
    let place = item.range.clone();
    if let Data::Object(members) = &mut item.data {
        let mut lacks = |name: &str, value: Data| {
            if !members.iter().any(|member| member.name == name) {
                let value = Node { data: value, range: place.clone() };
                members.push(Member { name: name.to_owned(), name_range: place.clone(), value });
            }
        };
        if !kind.is_empty() {
            lacks("kind", Data::String(kind.to_owned()));
            if let Some(version) = version {
                lacks("apiVersion", version.data.clone());
            }
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::InputName;

    #[test]
    fn unpacks_lists_and_finds_by_kind_namespace_and_name() {
        let text = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, uid: u-1, annotations: {a/b: c}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node-1, namespace: ignored}}
- {apiVersion: v1, kind: PodList, items: [{metadata: {name: p, namespace: x}}]}
---
just: text
";
        let objects = Objects::read(text, "shop");
        let account = objects.find("ServiceAccount", "shop", "app").unwrap();
        assert_eq!((account.uid(), account.annotation("a/b")), (Some("u-1"), Some("c")));
        assert!(objects.find("Node", "", "node-1").is_some());
        let pod = objects.find("Pod", "x", "p").unwrap();
        assert_eq!(pod.group.as_deref(), Some(""));
        let name = pod.node.at(&["metadata", "name"]).unwrap();
        let span = pod.span(&Text::new(InputName::Cluster, text), name, "/metadata/name");
        assert_eq!(span.pointer.as_deref(), Some("/items/1/items/0/metadata/name"));
        assert_eq!((span.index, span.line), (Some(1), 9));
        assert_eq!(objects.without_kind.len(), 1);
    }

    #[test]
    fn what_stands_before_an_error_counts() {
        let objects = Objects::read("kind: Pod\nmetadata: {name: a}\n---\n{", "default");
        assert!(objects.find("Pod", "default", "a").is_some());
        assert!(objects.error.is_some());
    }

    #[test]
    fn knows_when_a_pod_goes() {
        let text =
            r#"{"kind":"Pod","metadata":{"name":"a","deletionTimestamp":"1970-01-01T00:01:00Z"}}"#;
        let objects = Objects::read(text, "default");
        let pod = objects.iter().next().unwrap();
        assert_eq!(pod.deletion_timestamp(), Some(UnixTime::from(60)));
    }
}
