//! A pod on GKE asks the metadata server: who answers, as whom, and what that identity may do (G1 to G14).

use serde_json::{Map, json};

use super::member::{Caller, Federated};
use super::policy::{Contains, Policy, Said, may_impersonate, roles_of};
use super::{GET_ACCESS_TOKEN, denied, fix_policy, no_account, reach};
use crate::claims::{Claims, ServiceAccountRef};
use crate::cluster::{Cluster, Gke};
use crate::document::{Node, Text};
use crate::federation::{FederationOutcome, GkeFacts, Grant, Ladder, Subject, System};
use crate::objects::{Object, Objects};
use crate::time::UnixTime;
use crate::trace::{Check, ProviderError, Status, Verdict};

const SYSTEM: System = System::Gke;
const ANNOTATION: &str = "iam.gke.io/gcp-service-account";
const AS_EMAIL: &str = "iam.gke.io/return-principal-id-as-email";

/// The pod and what is known of it.
struct Pod<'a> {
    /// G2, G3.
    identity: Federated,
    project: Option<String>,
    service_account: Option<&'a Object>,
    pod: Option<&'a Object>,
    settings: Gke,
}

/// G1: the project in `https://container.googleapis.com/v1/projects/P/...`.
fn project_of(issuer: &str) -> Option<&str> {
    issuer.strip_prefix("https://container.googleapis.com/v1/projects/")?.split('/').next()
}

impl<'a> Pod<'a> {
    fn of(claims: Claims<'_>, cluster: &Cluster, objects: &'a Objects) -> Option<Self> {
        let subject = claims.text("sub").and_then(ServiceAccountRef::from_subject);
        let account = claims.service_account().or(subject)?;
        let settings = cluster.gke.clone().unwrap_or_default();
        let issuer = claims.text("iss").unwrap_or_default();
        let project = settings.project_id.clone().or_else(|| project_of(issuer).map(str::to_owned));
        let (namespace, name) = (account.namespace.as_str(), account.name.as_str());
        let service_account = objects.find("ServiceAccount", namespace, name);
        let uid = account
            .uid
            .clone()
            .or_else(|| service_account.and_then(Object::uid).map(str::to_owned));
        let pool = format!("{}.svc.id.goog", project.as_deref().unwrap_or_default());
        let subject = format!("subject/ns/{namespace}/sa/{name}");
        let identity = Federated {
            number: settings.project_number.clone(),
            principals: std::iter::once(subject)
                .chain(uid.map(|uid| format!("kubernetes.serviceaccount.uid/{uid}")))
                .collect(),
            sets: vec![
                format!("namespace/{namespace}"),
                format!("kubernetes.cluster/{issuer}"),
                "*".to_owned(),
            ],
            legacy: Some(format!("serviceAccount:{pool}[{namespace}/{name}]")),
            pool,
        };
        let pod = claims.bound("pod").and_then(|pod| objects.find("Pod", namespace, &pod.name));
        Some(Self { identity, project, service_account, pod, settings })
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.service_account?.annotation(name).filter(|value| !value.is_empty())
    }
}

/// The `gke` column.
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &GkeFacts,
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let objects =
        Objects::read(cluster.objects.as_deref().unwrap_or_default(), cluster.default_namespace());
    let pod = subject.claims().and_then(|claims| Pod::of(claims, cluster, &objects));
    let run = |text: &Text<'_>| run(text, facts, pod.as_ref(), cluster, now);
    let outcome = run(text);
    let Some(pod) = &pod else { return outcome };
    let told = facts.service_account.as_ref().and_then(|account| account.email.as_deref());
    let account = pod.annotation(ANNOTATION).or(told);
    let fixes = fix_policy::propose(text, &outcome, &pod.identity, account, &run);
    FederationOutcome { fixes, ..outcome }
}

fn run(
    text: &Text<'_>,
    facts: &GkeFacts,
    pod: Option<&Pod<'_>>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    let policy = match Policy::read(text.text) {
        Ok(policy) => policy,
        Err(error) => {
            let check = ladder.check("document", Status::Fail, error.message.clone());
            ladder.push(check.at(text.point(error.at)).rule("G15"));
            return FederationOutcome {
                document: text.index,
                verdict: Verdict::Unknown,
                rejected: Some(ProviderError::known("", error.message).likely()),
                ..ladder.conclude(SYSTEM.title())
            };
        }
    };
    let mut grant = None;
    match pod {
        Some(pod) => grant = examine(&mut ladder, text, &policy, facts, pod, cluster, now),
        None => {
            let title = "no pod is known: neither a token nor claims name a ServiceAccount";
            ladder.push(ladder.check("metadata-server", Status::Unknown, title));
        }
    }
    let node_answers =
        ladder.first_failure().is_some_and(|check| check.id.starts_with("gke/metadata-server"));
    let verdict = ladder.verdict();
    let title = match pod
        .and_then(|pod| pod.annotation(ANNOTATION))
        .or_else(|| facts.service_account.as_ref().and_then(|one| one.email.as_deref()))
    {
        Some(email) => email.to_owned(),
        None => SYSTEM.title().to_owned(),
    };
    FederationOutcome {
        document: text.index,
        grant: grant.filter(|_| verdict == Verdict::Allow || node_answers),
        reach: reach::of(&policy),
        findings: reach::findings(text, &policy, pod.map(|pod| &pod.identity)),
        ..ladder.conclude(title)
    }
}

/// Metadata server, impersonation, resource.
fn examine(
    ladder: &mut Ladder,
    text: &Text<'_>,
    policy: &Policy,
    facts: &GkeFacts,
    pod: &Pod<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> Option<Grant> {
    if !metadata_server(ladder, pod) {
        // G12, G13: without an error, the pod is the node.
        let node = pod.settings.node_service_account.as_deref()?;
        return Some(granted(format!("serviceAccount:{node}"), node));
    }
    let known = pod.service_account.is_some() || cluster.objects_complete.unwrap_or(false);
    let email = match (pod.annotation(ANNOTATION), known) {
        (Some(email), _) => Some(email),
        (None, true) => None,
        (None, false) => {
            let email = facts.service_account.as_ref().and_then(|one| one.email.as_deref());
            let check = ladder
                .check(
                    "impersonation/annotation",
                    Status::Unknown,
                    "the ServiceAccount's annotations are not told",
                )
                .hint("paste it into the cluster's objects: `kubectl get serviceaccount -o yaml`")
                .rule("G9");
            if email.is_some() || !text.text.trim().is_empty() {
                ladder.push(check);
            }
            email
        }
    };
    match email {
        Some(email) => impersonate(ladder, text, policy, facts, pod, email, now),
        None => {
            let title = "without the annotation the pod acts as itself";
            ladder.push(ladder.check("impersonation", Status::Skip, title).rule("G10"));
        }
    }
    resource(ladder, facts, pod, email, now);
    Some(match email {
        Some(email) => granted(format!("serviceAccount:{email}"), email),
        None => {
            let principal = pod.identity.principal();
            let own = pod.annotation(AS_EMAIL) == Some("true");
            let shown = if own { principal.clone() } else { pod.identity.pool.clone() };
            granted(principal, &shown)
        }
    })
}

/// G11: `detail.email` is what the metadata server's email endpoint says.
fn granted(principal: String, email: &str) -> Grant {
    let mut detail = Map::new();
    detail.insert("email".into(), email.into());
    Grant { principal, expires_at: None, detail }
}

/// G12, G13: whether it is GKE's metadata server that answers.
fn metadata_server(ladder: &mut Ladder, pod: &Pod<'_>) -> bool {
    let silent =
        || ProviderError::known("", "no error: the pod gets the node's service account").likely();
    let host = pod
        .pod
        .map(|pod| pod.node.at(&["spec", "hostNetwork"]).and_then(Node::as_bool).unwrap_or(false));
    let check = match host {
        Some(true) => ladder
            .check(
                "metadata-server/host-network",
                Status::Fail,
                "a pod on the host's network gets the node's service account",
            )
            .hint(
                "set `hostNetwork: false`, or give the node's service account what the pod needs",
            ),
        Some(false) => ladder.check(
            "metadata-server/host-network",
            Status::Pass,
            "the pod is not on the host's network",
        ),
        None => ladder
            .check(
                "metadata-server/host-network",
                Status::Unknown,
                "whether the pod is on the host's network is not told",
            )
            .hint("paste the pod into the cluster's objects: `kubectl get pod -o yaml`"),
    };
    ladder.judge(check.rule("G13"), silent);
    let mode = pod.settings.metadata_mode.as_deref();
    let check = match mode {
        Some("GKE_METADATA") => {
            ladder.check("metadata-server/mode", Status::Pass, "the node pool runs GKE's metadata server")
        }
        Some(_) => ladder
            .check("metadata-server/mode", Status::Fail, "the node pool hands out the node's service account")
            .hint("gcloud container node-pools update POOL --cluster=CLUSTER --workload-metadata=GKE_METADATA"),
        None => ladder
            .check("metadata-server/mode", Status::Unknown, "the node pool's metadata mode is not told")
            .hint("`gcloud container node-pools describe POOL` tells workloadMetadataConfig.mode; Autopilot always has GKE_METADATA"),
    };
    let check = check.expected("GKE_METADATA").actual(mode).rule("G12");
    ladder.judge(check, silent);
    host != Some(true) && matches!(mode, None | Some("GKE_METADATA"))
}

/// G9: the other half of the annotation.
fn impersonate(
    ladder: &mut Ladder,
    text: &Text<'_>,
    policy: &Policy,
    facts: &GkeFacts,
    pod: &Pod<'_>,
    email: &str,
    now: UnixTime,
) {
    let account = facts.service_account.as_ref();
    if account.and_then(|account| account.exists) == Some(false) {
        let check =
            ladder.check("impersonation/account", Status::Fail, "there is no such service account");
        return ladder.fail(check.actual(email).rule("G18"), no_account());
    }
    let told = account.and_then(|account| account.email.as_deref());
    if told.is_some_and(|told| told != email) {
        let check = ladder
            .check(
                "impersonation/account",
                Status::Unknown,
                "the policy is another service account's than the annotation names",
            )
            .expected(email)
            .actual(told)
            .rule("G9");
        return ladder.push(check);
    }
    if pod.project.is_none() {
        let check = ladder.check(
            "impersonation/project",
            Status::Unknown,
            "the project is not told, so neither is the pool",
        );
        return ladder.push(check.hint("name cluster.gke.projectId").rule("G2"));
    }
    let caller = Caller::Federated(pod.identity.clone());
    let said = policy.judge(&caller, may_impersonate, email, now);
    let command = format!(
        "gcloud iam service-accounts add-iam-policy-binding {email} --role=roles/iam.workloadIdentityUser --member=\"{}\"",
        pod.identity.to_bind()
    );
    let wanted = json!([pod.identity.principal(), pod.identity.legacy]);
    let check =
        judged(ladder, text, policy, "impersonation", &said, "may impersonate the service account")
            .expected(wanted);
    let check = match &said {
        Said::Denied => {
            let roles = roles_of(policy, &caller);
            let others: Vec<&str> = roles.keys().copied().collect();
            check.actual(json!(others)).hint(format!("{command} (changes take minutes to apply)"))
        }
        _ => check,
    };
    ladder.judge(check.rule("G9"), || denied(GET_ACCESS_TOKEN));
}

/// A check about what a policy says.
pub(super) fn judged(
    ladder: &Ladder,
    text: &Text<'_>,
    policy: &Policy,
    stage: &str,
    said: &Said,
    what: &str,
) -> Check {
    match said {
        Said::Granted(index) => {
            let binding = policy.bindings.get(*index);
            let span = binding.map(|binding| text.span(&binding.range, Some(&binding.pointer)));
            let check =
                ladder.check(stage, Status::Pass, format!("a binding says that the caller {what}"));
            check.at(span)
        }
        Said::Denied => {
            ladder.check(stage, Status::Fail, format!("no binding says that the caller {what}"))
        }
        Said::Unknown(why) => ladder.check(stage, Status::Unknown, format!("not known: {why}")),
    }
}

/// G8, G10: what is called in the end.
fn resource(
    ladder: &mut Ladder,
    facts: &GkeFacts,
    pod: &Pod<'_>,
    email: Option<&str>,
    now: UnixTime,
) {
    let Some(resource) = &facts.resource else {
        let title = "which resource is called in the end is not told";
        let status = if email.is_some() { Status::Skip } else { Status::Unknown };
        return ladder.push(ladder.check("resource", status, title).rule("G8"));
    };
    let Ok(policy) = Policy::read(&resource.policy) else {
        let title = "the resource's policy cannot be read";
        return ladder.push(ladder.check("resource", Status::Unknown, title).rule("G15"));
    };
    let caller = match email {
        Some(email) => Caller::Account(email),
        None => Caller::Federated(pod.identity.clone()),
    };
    let contains = |role: &str| match &resource.roles {
        None => Contains::Yes,
        Some(roles) if roles.iter().any(|known| known == role) => Contains::Yes,
        Some(_) => Contains::No,
    };
    let said = policy.judge(&caller, contains, &resource.name, now);
    let source = Text::new(crate::trace::InputName::Trust, &resource.policy);
    let mut check = judged(ladder, &source, &policy, "resource", &said, "may do this");
    check.span = None;
    let principal = match email {
        Some(email) => format!("serviceAccount:{email}"),
        None => pod.identity.principal(),
    };
    let check = check.expected(principal).actual(resource.name.as_str()).rule("G8");
    let permission = resource.permission.clone().unwrap_or_else(|| "the permission".into());
    ladder.judge(check, || denied(&permission));
}
