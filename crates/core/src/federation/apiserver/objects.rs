//! The objects that a token is bound to: they must exist, be the same ones, and not be deleted (K54 to K56, K95).

use super::{Review, refused};
use crate::check::lifetime::LEEWAY;
use crate::claims::Claims;
use crate::document::Node;
use crate::federation::Ladder;
use crate::jws::Jws;
use crate::objects::{Object, Objects};
use crate::trace::Status;

impl Review<'_> {
    /// K54, K55, K95: account, Secret, pod, node; the node only if there is no pod (K56).
    pub(super) fn objects(
        &self,
        ladder: &mut Ladder,
        claims: Claims<'_>,
        legacy: bool,
        jws: Option<&Jws>,
    ) {
        if legacy && self.cluster.service_account_lookup == Some(false) {
            let check = ladder.check(
                "objects",
                Status::Skip,
                "objects are not looked up: --service-account-lookup is off",
            );
            ladder.push(check.rule("K95"));
            return;
        }
        let Some(account) = claims.service_account() else {
            ladder.push(ladder.check(
                "objects",
                Status::Skip,
                "the token names no account to look up",
            ));
            return;
        };
        let objects = Objects::read(
            self.cluster.objects.as_deref().unwrap_or_default(),
            self.cluster.default_namespace(),
        );
        let mut wanted = Vec::new();
        if legacy {
            wanted.extend(claims.secret().map(|secret| ("Secret", secret.name, None)));
        }
        wanted.push(("ServiceAccount", account.name.clone(), account.uid.clone()));
        if !legacy {
            let pod = claims.bound("pod");
            let node = if pod.is_some() { None } else { claims.bound("node") };
            wanted.extend(claims.bound("secret").map(|secret| ("Secret", secret.name, secret.uid)));
            wanted.extend(pod.map(|pod| ("Pod", pod.name, pod.uid)));
            wanted.extend(node.map(|node| ("Node", node.name, node.uid)));
        }
        for (kind, name, uid) in wanted {
            let namespace = if kind == "Node" { "" } else { account.namespace.as_str() };
            let lookup = Lookup { kind, namespace, name: &name, uid, legacy };
            let found = objects.find(kind, namespace, &name);
            self.object(ladder, &lookup, found);
            if let (true, "Secret", Some(found), Some(jws)) = (legacy, kind, found, jws) {
                stored_copy(ladder, found, &jws.compact);
            }
        }
    }

    fn object(&self, ladder: &mut Ladder, lookup: &Lookup<'_>, found: Option<&Object>) {
        let stage = format!("objects/{}", lookup.kind.to_lowercase());
        let named = format!("{} {}", lookup.kind, lookup.name);
        let Some(found) = found else {
            let complete = self.cluster.objects_complete == Some(true);
            let status = if complete { Status::Fail } else { Status::Unknown };
            let title = if complete {
                format!("{named} does not exist")
            } else {
                format!("whether {named} still exists cannot be known offline")
            };
            let check = ladder
                .check(&stage, status, title)
                .rule("K54")
                .hint("only TokenReview can tell: deletion of pod, node, Secret or account is invisible in the token");
            ladder.judge(check, || refused(Some(&lookup.missing())));
            return;
        };
        if let Some(live) =
            found.uid().filter(|live| lookup.uid.as_deref().is_some_and(|uid| uid != *live))
        {
            let claim = lookup.uid.as_deref().unwrap_or_default();
            let title = format!(
                "{named} is not the one that the token was issued for: it was deleted and made again"
            );
            let check =
                ladder.check(&stage, Status::Fail, title).expected(claim).actual(live).rule("K54");
            ladder.judge(check, || refused(Some(&lookup.other_uid(live, claim))));
            return;
        }
        // K95: for legacy tokens without leeway.
        let leeway = if lookup.legacy { 0.0 } else { LEEWAY };
        let gone =
            found.deletion_timestamp().filter(|at| lookup.legacy || at.0 < self.now.0 - leeway);
        match gone {
            Some(at) => {
                let check = ladder
                    .check(&stage, Status::Fail, format!("{named} is deleted as of {at}"))
                    .rule("K55");
                ladder.judge(check, || refused(Some(&lookup.deleted())));
            }
            None => ladder
                .push(ladder.check(&stage, Status::Pass, format!("{named} exists")).rule("K54")),
        }
    }
}

/// One object that the API server looks up, and how it says no.
struct Lookup<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    uid: Option<String>,
    legacy: bool,
}

impl Lookup<'_> {
    fn missing(&self) -> String {
        match (self.kind, self.legacy) {
            ("ServiceAccount", _) => format!("serviceaccounts \"{}\" not found", self.name),
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
fn stored_copy(ladder: &mut Ladder, secret: &Object, compact: &str) {
    use base64::Engine as _;
    let stored = secret.node.at(&["data", "token"]).and_then(Node::as_str);
    let stored =
        stored.and_then(|stored| base64::engine::general_purpose::STANDARD.decode(stored).ok());
    let same = stored.as_deref() == Some(compact.as_bytes());
    let (status, title) = if same {
        (Status::Pass, "the Secret holds this very token")
    } else {
        (Status::Fail, "the Secret holds another token")
    };
    let check = ladder.check("objects/secret/token", status, title).rule("K95");
    ladder.judge(check, || refused(Some("Token does not match server's copy")));
}
