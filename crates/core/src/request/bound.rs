//! What the token is bound to: looked up, compared, written into the claims (K6, K14, K15).

use serde_json::{Map, Value, json};

use super::live::{Found, node_name, service_account};
use super::{Refused, Request, refused};
use crate::claims::ObjectRef;
use crate::go;
use crate::trace::ProviderError;
use crate::version::Feature;

/// An object's name and, where it is known, its UID.
type Reference = (String, Option<String>);

/// The objects that the claims name.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub(super) pod: Option<Reference>,
    node: Option<Reference>,
    secret: Option<Reference>,
}

impl Bound {
    /// K6.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let members = [("node", &self.node), ("pod", &self.pod), ("secret", &self.secret)];
        let named = members.into_iter().filter_map(|(member, object)| {
            let (name, uid) = object.as_ref()?;
            Some((member.to_owned(), reference(name, uid.as_deref())))
        });
        named.collect()
    }
}

/// `{ name, uid }`, without a UID that nobody knows.
pub(super) fn reference(name: &str, uid: Option<&str>) -> Value {
    match uid {
        Some(uid) => json!({ "name": name, "uid": uid }),
        None => json!({ "name": name }),
    }
}

impl Request<'_> {
    pub(super) fn bound(&self) -> Refused<Bound> {
        let input = self.input;
        match (&input.pod, &input.secret, &input.node) {
            (None, None, None) => Ok(Bound::default()),
            (Some(_), None, _) => self.bound_to_pod(),
            (None, Some(secret), None) => {
                let namespace = &input.service_account.namespace;
                let secret = self.object("Secret", "secrets", namespace, secret)?;
                Ok(Bound { secret: Some(secret), ..Bound::default() })
            }
            (None, None, Some(node)) => self.bound_to_node(node),
            // K6: a TokenRequest has one reference, so only claims made by hand come here.
            (_, Some(_), _) => Err(Box::new(
                ProviderError::known(
                    "InternalError",
                    "internal error, token can only be bound to one object type",
                )
                .status(500)
                .likely(),
            )),
        }
    }

    /// K14: the pod must run as the account. Its UID is compared after that.
    fn bound_to_pod(&self) -> Refused<Bound> {
        let Some(asked) = &self.input.pod else { return Ok(Bound::default()) };
        readable(&asked.name)?;
        let account = &self.input.service_account;
        let given = asked.node_name.as_deref();
        let given = given.or_else(|| self.input.node.as_ref().map(|node| node.name.as_str()));
        let given = given.or_else(|| self.input.kubelet.as_ref().map(|k| k.node.as_str()));
        let (uid, node) = match self.live.find("Pod", &account.namespace, &asked.name) {
            Found::Missing => {
                return refused("NotFound", 404, format!("pods \"{}\" not found", asked.name));
            }
            Found::Assumed => (asked.uid.clone(), given),
            Found::Live(pod) => {
                if service_account(pod) != account.name {
                    let message = format!(
                        "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
                        account.name
                    );
                    return refused("BadRequest", 400, message);
                }
                let uid = same_uid("Pod", &asked.name, asked.uid.as_deref(), pod.uid())?;
                (uid, node_name(pod).or(asked.node_name.as_deref()))
            }
        };
        let node = node.filter(|_| self.input.cluster.has(Feature::PodNodeInfo));
        Ok(Bound {
            pod: Some((asked.name.clone(), uid)),
            node: node.map(|name| self.node_of_pod(name)),
            secret: None,
        })
    }

    /// K15: without `uid` if there is no such Node.
    fn node_of_pod(&self, name: &str) -> Reference {
        let given = self.input.node.as_ref().filter(|node| node.name == name);
        let uid = match self.live.find("Node", "", name) {
            Found::Live(node) => node.uid().map(str::to_owned),
            Found::Assumed => given.and_then(|node| node.uid.clone()),
            Found::Missing => None,
        };
        (name.to_owned(), uid)
    }

    fn bound_to_node(&self, node: &ObjectRef) -> Refused<Bound> {
        if !self.input.cluster.has(Feature::NodeBinding) {
            let message = "cannot bind token to a Node object as the \"ServiceAccountTokenNodeBinding\" feature-gate is disabled";
            let error = ProviderError::known("BadRequest", message).status(400).likely();
            return Err(Box::new(error.alternative(
                "cannot bind token to object of type /v1, Kind=Node",
                "before Kubernetes 1.29",
            )));
        }
        let node = self.object("Node", "nodes", "", node)?;
        Ok(Bound { node: Some(node), ..Bound::default() })
    }

    /// K14: a Secret or Node needs no relation to the account.
    fn object(
        &self,
        kind: &str,
        resource: &str,
        namespace: &str,
        asked: &ObjectRef,
    ) -> Refused<Reference> {
        readable(&asked.name)?;
        let uid = match self.live.find(kind, namespace, &asked.name) {
            Found::Missing => {
                return refused(
                    "NotFound",
                    404,
                    format!("{resource} \"{}\" not found", asked.name),
                );
            }
            Found::Assumed => asked.uid.clone(),
            Found::Live(object) => same_uid(kind, &asked.name, asked.uid.as_deref(), object.uid())?,
        };
        Ok((asked.name.clone(), uid))
    }
}

/// K14: no object is looked up by a name that cannot be part of a path. Source: `staging/src/k8s.io/apiserver/pkg/
/// registry/generic/registry/store.go` `NamespaceKeyFunc`.
fn readable(name: &str) -> Refused<()> {
    let problems = match name {
        "" => return refused("BadRequest", 400, "Name parameter required.".to_owned()),
        "." | ".." => format!("may not be '{name}'"),
        _ => {
            let inside = ["/", "%"].into_iter().filter(|part| name.contains(part));
            inside.map(|part| format!("may not contain '{part}'")).collect::<Vec<_>>().join(";")
        }
    };
    if problems.is_empty() {
        return Ok(());
    }
    let message = format!("Name parameter invalid: {}: {problems}", go::quoted(name));
    refused("BadRequest", 400, message)
}

/// K14: what `boundObjectRef.uid` is compared with goes into the claim.
fn same_uid(
    kind: &str,
    name: &str,
    asked: Option<&str>,
    live: Option<&str>,
) -> Refused<Option<String>> {
    let asked = asked.filter(|uid| !uid.is_empty());
    match (asked, live) {
        (Some(asked), Some(live)) if asked != live => refused(
            "Conflict",
            409,
            format!("Operation cannot be fulfilled on {kind} \"{name}\": {}", other_uid(asked)),
        ),
        _ => Ok(live.or(asked).map(str::to_owned)),
    }
}

/// K14 and, as another kind of refusal, K88.
pub(super) fn other_uid(asked: &str) -> String {
    format!(
        "the UID in the bound object reference ({asked}) does not match the UID in record. The object might have been deleted and then recreated"
    )
}
