//! The objects that a token is bound to: they must exist, be the same ones, and not be deleted (K54 to K56, K95).

use super::Examination;
use super::identity::{account_names, path_problem};
use super::steps::{Refusal, Steps};
use crate::check::lifetime::LEEWAY;
use crate::claims::{Claims, ObjectRef};
use crate::document::Node;
use crate::go::quoted;
use crate::objects::Object;
use crate::trace::{Check, Status};
use crate::version::Feature;

/// K95, K97: the Secret's labels.
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

/// One object that the API server looks up, and how it says no.
struct Lookup<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    /// Of the claim; `None`: it is not compared.
    uid: Option<&'a str>,
    legacy: bool,
}

impl Examination<'_> {
    /// K54, K55: account, Secret, pod, node; the node only if there is no pod (K56).
    pub(super) fn bound_objects(&self, steps: &mut Steps, claims: Claims<'_>) {
        let (namespace, name) = account_names(claims);
        if namespace.is_empty() || name.is_empty() {
            let title = "the token names no account to look up";
            steps.push(Steps::check("objects", Status::Skip, title));
            return;
        }
        let uid = claims.service_account().and_then(|account| account.uid).unwrap_or_default();
        let lookup = |kind, namespace, name, uid| Lookup {
            kind,
            namespace,
            name,
            uid: Some(uid),
            legacy: false,
        };
        self.object(steps, &lookup("ServiceAccount", namespace, name, &uid));
        let reference = |member: &str| -> Option<ObjectRef> {
            let value = claims.kubernetes()?.get(member)?.as_object()?;
            let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
            Some(ObjectRef {
                name: text("name").unwrap_or_default().to_owned(),
                uid: text("uid").map(str::to_owned),
            })
        };
        let (secret, pod, node) = (reference("secret"), reference("pod"), reference("node"));
        for (kind, object) in [("Secret", &secret), ("Pod", &pod)] {
            if let Some(object) = object {
                let uid = object.uid.as_deref().unwrap_or_default();
                self.object(steps, &lookup(kind, namespace, &object.name, uid));
            }
        }
        match (node, &pod) {
            (Some(node), None) if self.cluster.has(Feature::PodNodeInfo) => {
                let uid = node.uid.as_deref().unwrap_or_default();
                self.object(steps, &lookup("Node", "", &node.name, uid));
            }
            (Some(_), None) => {
                let title = "what releases before 1.30 do with a token that is bound to a node is not modelled";
                steps.push(Steps::check("objects/node", Status::Unknown, title).rule("K54"));
            }
            _ => {}
        }
    }

    /// K95: the Secret, the copy in it, the account, and whether the Secret is marked invalid.
    pub(super) fn legacy_objects(&self, steps: &mut Steps, claims: Claims<'_>) {
        if self.cluster.service_account_lookup == Some(false) {
            let title = "objects are not looked up: --service-account-lookup is off";
            steps.push(Steps::check("objects", Status::Skip, title).rule("K95"));
            return;
        }
        let flat = |name: &str| claims.legacy(name).unwrap_or_default();
        let (namespace, secret) = (flat("namespace"), flat("secret.name"));
        let (account, uid) = (flat("service-account.name"), flat("service-account.uid"));
        if [namespace, secret, account].contains(&"") {
            let title = "the token names no account to look up";
            steps.push(Steps::check("objects", Status::Skip, title));
            return;
        }
        let lookup = Lookup { kind: "Secret", namespace, name: secret, uid: None, legacy: true };
        self.object(steps, &lookup);
        let stored = self.objects.find("Secret", namespace, secret);
        if let (Some(stored), Some(token)) = (stored, self.token) {
            stored_copy(steps, stored, &token.text);
        }
        let lookup = Lookup {
            kind: "ServiceAccount",
            namespace,
            name: account,
            uid: Some(uid),
            legacy: true,
        };
        self.object(steps, &lookup);
        if let Some(stored) = stored {
            self.tracking(steps, stored, account);
        }
    }

    /// K95, K97: a Secret that the cleaner marked is refused; any use is noted.
    fn tracking(&self, steps: &mut Steps, secret: &Object, account: &str) {
        let (namespace, name) = (secret.namespace.as_str(), secret.name.as_str());
        let label = secret.node.at(&["metadata", "labels", INVALID_SINCE]).and_then(Node::as_str);
        let marked = label.filter(|since| !since.is_empty());
        if let Some(since) = marked.filter(|_| self.cluster.has(Feature::LegacyCleanUp)) {
            steps.annotate("legacy-token-invalidated", format!("{name}/{namespace}"));
            let check = Steps::check(
                "objects/secret/invalid-since",
                Status::Fail,
                format!("the Secret was marked invalid on {since}: nobody had used it for long"),
            );
            let reason = format!(
                "the token in secret {namespace}/{name} for service account {namespace}/{account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
            );
            steps.judge(check.rule("K95"), || Refusal::because(reason));
            return;
        }
        let Some(live) = self.objects.find("ServiceAccount", namespace, account) else { return };
        let listed = live.node.get("secrets").map(Node::elements).unwrap_or_default();
        let is_it = |entry: &Node| entry.get("name").and_then(Node::as_str) == Some(name);
        if listed.iter().any(is_it) {
            steps.annotate("legacy-token-autogenerated-secret", name.to_owned());
            let title =
                "the Secret is listed in the account's `secrets`, so it counts as auto-generated";
            let check = Steps::check("objects/secret/auto-generated", Status::Warn, title);
            steps.push(check.hint("Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.").rule("K97"));
        } else {
            steps.annotate("legacy-token-manual-secret", name.to_owned());
        }
    }

    /// Existence, UID, deletion, in the release's order.
    fn object(&self, steps: &mut Steps, lookup: &Lookup<'_>) {
        let stage = format!("objects/{}", lookup.kind.to_lowercase());
        let named = format!("{} {}", lookup.kind, lookup.name);
        let Some(found) = self.objects.find(lookup.kind, lookup.namespace, lookup.name) else {
            self.not_found(steps, lookup, &stage, &named);
            return;
        };
        let (other, deleted) = (
            lookup.is_another(found, &stage, &named),
            self.is_deleted(lookup, found, &stage, &named),
        );
        let uid_first = self.cluster.has(Feature::UidBeforeDeletion) && !lookup.legacy;
        let failed = if uid_first { other.or(deleted) } else { deleted.or(other) };
        if let Some((check, reason)) = failed {
            steps.judge(check, || Refusal::because(reason));
            return;
        }
        if lookup.uid.is_some() && found.uid().is_none() {
            let title = format!(
                "whether this is the {named} of the token cannot be known: its UID is not told"
            );
            let check = Steps::check(&stage, Status::Unknown, title).rule("K54");
            steps.push(
                check.hint("paste the live object: `kubectl get -o yaml` tells metadata.uid"),
            );
            return;
        }
        steps.push(Steps::check(&stage, Status::Pass, format!("{named} exists")).rule("K54"));
    }

    fn not_found(&self, steps: &mut Steps, lookup: &Lookup<'_>, stage: &str, named: &str) {
        // A list that could not be read to its end is not complete.
        let complete = self.cluster.objects_complete == Some(true) && self.objects.error.is_none();
        let impossible = lookup.name.is_empty() || path_problem(lookup.name).is_some();
        let (status, title) = match complete || impossible {
            true => (Status::Fail, format!("{named} does not exist")),
            false => {
                (Status::Unknown, format!("whether {named} still exists cannot be known offline"))
            }
        };
        let check = Steps::check(stage, status, title).rule("K54").hint(
            "only TokenReview can tell: deletion of pod, node, Secret or account is invisible in the token",
        );
        steps.judge(check, || Refusal::because(lookup.missing()));
    }

    /// K55; K95: for legacy tokens without leeway, whatever the date.
    fn is_deleted(
        &self,
        lookup: &Lookup<'_>,
        found: &Object,
        stage: &str,
        named: &str,
    ) -> Option<(Check, String)> {
        let at = found.deletion_timestamp()?;
        if !lookup.legacy && at.0 >= self.now.0 - LEEWAY {
            return None;
        }
        let check = Steps::check(stage, Status::Fail, format!("{named} is deleted as of {at}"));
        Some((check.rule(if lookup.legacy { "K95" } else { "K55" }), lookup.deleted()))
    }
}

impl Lookup<'_> {
    /// K54: the claim's UID is not the live one.
    fn is_another(&self, found: &Object, stage: &str, named: &str) -> Option<(Check, String)> {
        let (claim, live) = (self.uid?, found.uid()?);
        if claim == live {
            return None;
        }
        let title = match claim {
            "" => format!("the token does not tell the UID of {named}"),
            _ => format!(
                "{named} is not the one that the token was issued for: it was deleted and made again"
            ),
        };
        let check = Steps::check(stage, Status::Fail, title).expected(claim).actual(live);
        Some((check.rule("K54"), self.other_uid(live, claim)))
    }

    fn missing(&self) -> String {
        match (self.kind, self.legacy) {
            ("ServiceAccount", _) => format!("serviceaccounts {} not found", quoted(self.name)),
            (_, true) => "Token has been invalidated".into(),
            _ => "service account token has been invalidated".into(),
        }
    }

    fn other_uid(&self, live: &str, claim: &str) -> String {
        match (self.kind, self.legacy) {
            ("ServiceAccount", true) => {
                format!("ServiceAccount UID ({live}) does not match claim ({claim})")
            }
            ("ServiceAccount", false) => {
                format!("service account UID ({live}) does not match claim ({claim})")
            }
            (kind, _) => {
                let kind = kind.to_lowercase();
                format!(
                    "{kind} UID ({live}) does not match service account {kind} ref claim ({claim})"
                )
            }
        }
    }

    fn deleted(&self) -> String {
        let named = format!("{}/{} has been deleted", self.namespace, self.name);
        match (self.kind, self.legacy) {
            ("ServiceAccount", true) => format!("ServiceAccount {named}"),
            ("ServiceAccount", false) => format!("service account {named}"),
            (_, true) => "Token has been invalidated".into(),
            _ => "service account token has been invalidated".into(),
        }
    }
}

/// K95: the Secret must hold this very token.
fn stored_copy(steps: &mut Steps, secret: &Object, token: &str) {
    use base64::Engine as _;
    let stored = secret.node.at(&["data", "token"]).and_then(Node::as_str);
    let stored =
        stored.and_then(|stored| base64::engine::general_purpose::STANDARD.decode(stored).ok());
    let (status, title) = match stored.as_deref() == Some(token.as_bytes()) {
        true => (Status::Pass, "the Secret holds this very token"),
        false => (Status::Fail, "the Secret holds another token"),
    };
    let check = Steps::check("objects/secret/token", status, title).rule("K95");
    steps.judge(check, || Refusal::because("Token does not match server's copy"));
}
