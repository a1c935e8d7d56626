//! Objects as the API server would find them: live, missing, or assumed to be as asked for.

use crate::cluster::Cluster;
use crate::objects::{Object, Objects};

/// What is known of an object.
pub(super) enum Found<'a> {
    /// Nobody pasted it, and what was pasted is not all there is.
    Assumed,
    Live(&'a Object),
    Missing,
}

pub(super) struct Live<'a> {
    cluster: &'a Cluster,
    objects: Objects,
}

impl<'a> Live<'a> {
    pub(super) fn of(cluster: &'a Cluster) -> Self {
        let text = cluster.objects.as_deref().unwrap_or_default();
        Self { cluster, objects: Objects::read(text, cluster.default_namespace()) }
    }

    /// Whether what was pasted is all there is. A list that could not be read to its end is not.
    pub(super) fn is_complete(&self) -> bool {
        self.cluster.objects_complete == Some(true) && self.objects.error.is_none()
    }

    pub(super) fn find(&self, kind: &str, namespace: &str, name: &str) -> Found<'_> {
        match self.objects.find(kind, namespace, name) {
            Some(object) => Found::Live(object),
            None if self.is_complete() => Found::Missing,
            None => Found::Assumed,
        }
    }

    /// The pods that are placed on a node.
    pub(super) fn pods_on<'s>(&'s self, node: &'s str) -> impl Iterator<Item = &'s Object> {
        self.objects.iter().filter(move |object| {
            object.kind == "Pod" && node_name(object).is_some_and(|placed| placed == node)
        })
    }
}

/// `spec.nodeName`; none for a pod that is not scheduled.
pub(super) fn node_name(pod: &Object) -> Option<&str> {
    let name = pod.node.at(&["spec", "nodeName"])?.as_str()?;
    Some(name).filter(|name| !name.is_empty())
}

/// The account a pod runs as; admission chooses `default` where it names none.
pub(super) fn service_account(pod: &Object) -> &str {
    let named = |member| pod.node.at(&["spec", member])?.as_str().filter(|name| !name.is_empty());
    named("serviceAccountName").or_else(|| named("serviceAccount")).unwrap_or("default")
}
