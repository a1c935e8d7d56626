//! A kubelet asks: the Node authorizer, then the admission plugin NodeRestriction (K88).
//!
//! Source: `plugin/pkg/admission/noderestriction/admission.go`, `plugin/pkg/auth/authorizer/node`.

use super::bound::other_uid;
use super::live::{Found, node_name, service_account};
use super::{AskingKubelet, Refused, Request, RequestedPod, refused};
use crate::go;
use crate::objects::Object;
use crate::trace::ProviderError;
use crate::version::Feature;

impl Request<'_> {
    /// K88, before the request itself is looked at (K13, K14).
    pub(super) fn asked_by_kubelet(&self) -> Refused<()> {
        let Some(kubelet) = &self.input.kubelet else { return Ok(()) };
        if self.lacks_relationship(kubelet) {
            return self.forbidden(&self.no_relationship(kubelet));
        }
        if !self.input.cluster.has_plugin("NodeRestriction") {
            return Ok(());
        }
        // A reference without a name is no pod to this plugin.
        let Some(asked) = self.input.pod.as_ref().filter(|pod| !pod.name.is_empty()) else {
            return self.forbidden("node requested token not bound to a pod");
        };
        let Some(uid) = asked.uid.as_deref().filter(|uid| !uid.is_empty()) else {
            return self.forbidden("node requested token with a pod binding without a uid");
        };
        let namespace = &self.input.service_account.namespace;
        let pod = match self.live.find("Pod", namespace, &asked.name) {
            Found::Missing => {
                return refused("NotFound", 404, format!("pod \"{}\" not found", asked.name));
            }
            Found::Assumed => None,
            Found::Live(pod) => Some(pod),
        };
        if pod.and_then(Object::uid).is_some_and(|live| live != uid) {
            return self.forbidden(&other_uid(uid));
        }
        if !runs_on(pod, asked, &kubelet.node) {
            return self
                .forbidden("node requested token bound to a pod scheduled on a different node");
        }
        if !self.input.cluster.has(Feature::NodeAudienceRestriction) {
            return Ok(());
        }
        self.audience(kubelet, pod)
    }

    /// At most one audience, and one that the pod or RBAC names; no audience is the empty one.
    fn audience(&self, kubelet: &AskingKubelet, pod: Option<&Object>) -> Refused<()> {
        let audience = match self.input.audiences.as_deref().unwrap_or_default() {
            [] => "",
            [only] => only.as_str(),
            _ => return self.forbidden("node may only request 0 or 1 audiences"),
        };
        // A pod that nobody pasted is assumed to be one that needs this token.
        let referenced = match pod.map_or(Ok(true), |pod| self.references(pod, audience)) {
            Ok(referenced) => referenced,
            Err(error) => {
                let audience = go::quoted(audience);
                return self.forbidden(&format!("error validating audience {audience}: {error}"));
            }
        };
        if referenced || kubelet.authorized_audiences.iter().any(|known| known == audience) {
            return Ok(());
        }
        self.forbidden(&format!(
            "audience {} not found in pod spec volume, system:node:{} is not authorized to request tokens for this audience",
            go::quoted(audience),
            kubelet.node
        ))
    }

    /// The Node authorizer: a kubelet may ask for accounts of pods on its node. Told only where pods on the node
    /// are known and all of them; a token bound to one of these pods is left to K14, which names the account.
    fn lacks_relationship(&self, kubelet: &AskingKubelet) -> bool {
        let account = &self.input.service_account;
        let bound = self.input.pod.as_ref().map(|pod| pod.name.as_str());
        let mut pods = self.live.pods_on(&kubelet.node).peekable();
        self.live.is_complete()
            && pods.peek().is_some()
            && pods.all(|pod| {
                let its_own = pod.namespace == account.namespace;
                !(its_own
                    && (service_account(pod) == account.name || Some(pod.name.as_str()) == bound))
            })
    }

    fn no_relationship(&self, kubelet: &AskingKubelet) -> String {
        let node = &kubelet.node;
        format!(
            "User \"system:node:{node}\" cannot create resource \"serviceaccounts/token\" in API group \"\" in the namespace \"{}\": no relationship found between node '{node}' and this object",
            self.input.service_account.namespace
        )
    }

    /// Which of two refusals a kubelet meets depends on the other pods of its node.
    pub(super) fn or_no_relationship(&self, error: Box<ProviderError>) -> Box<ProviderError> {
        match &self.input.kubelet {
            Some(kubelet) if error.code == "BadRequest" => Box::new(error.alternative(
                self.prefixed(&self.no_relationship(kubelet)),
                "no pod on that node uses the account",
            )),
            _ => error,
        }
    }

    fn prefixed(&self, reason: &str) -> String {
        format!("serviceaccounts \"{}\" is forbidden: {reason}", self.input.service_account.name)
    }

    fn forbidden(&self, reason: &str) -> Refused<()> {
        refused("Forbidden", 403, self.prefixed(reason))
    }
}

/// A pod that is not scheduled runs on no node.
fn runs_on(pod: Option<&Object>, asked: &RequestedPod, node: &str) -> bool {
    match pod {
        Some(pod) => node_name(pod).or(asked.node_name.as_deref()) == Some(node),
        None => asked.node_name.as_deref().is_none_or(|name| name == node),
    }
}
