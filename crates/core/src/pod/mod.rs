//! Pods: what admission makes of them and where their tokens end up.

mod admission;
mod checks;
mod file_mode;
mod findings;
mod manifest;
mod mutation;
mod origin;
mod patch;
mod path;
mod payload;
mod secrets;
mod spec;
mod stuck;
mod token;
mod types;
mod validation;
mod webhook;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::admission::NAME as ADMISSION;
use self::file_mode::Owners;
pub(crate) use self::manifest::Manifests;
use self::manifest::Template;
use self::mutation::Mutation;
use self::origin::Origin;
use self::payload::Stored;
use self::spec::Pod;
pub(crate) use self::webhook::azure::start_up_error as azure_start_up_error;
use crate::claims::ServiceAccountRef;
use crate::cluster::Cluster;
use crate::trace::{Check, Finding, ProviderError, Span};

/// What becomes of one pod, or of the pods of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodReport {
    /// The object that was pasted.
    pub workload: Workload,
    /// The account the pod runs as.
    pub service_account: PodServiceAccount,
    /// The Pod object after admission and webhooks, also when it is then rejected.
    pub admitted: Value,
    /// Who added what.
    pub injected: Vec<Injection>,
    /// The first refusal by admission, a webhook or validation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<ProviderError>,
    /// Admitted, but the kubelet cannot set up its volumes (K37, K80).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stuck: Option<ProviderError>,
    /// Every token of the pod.
    pub tokens: Vec<ProjectedToken>,
    /// Lints.
    pub findings: Vec<Finding>,
}

/// The object that a pod comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    /// `Pod`, `Deployment`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Where it stands.
    pub span: Span,
}

/// The account a pod runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodServiceAccount {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The pod names none, so admission chose `default` (K67).
    pub defaulted: bool,
    /// Where the pod names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
}

/// One change to a pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Injection {
    /// `serviceaccount-admission`, `eks-pod-identity-webhook`, `azure-workload-identity-webhook`.
    pub by: String,
    /// RFC 6902.
    pub patch: Vec<Value>,
}

/// One token source of a pod, followed to files and variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectedToken {
    /// The volume's name.
    pub volume: String,
    /// The source's path.
    pub path: String,
    /// `null`: the API server's.
    pub audience: Option<String>,
    /// Seconds asked for.
    #[serde(serialize_with = "crate::time::whole")]
    pub expiration_seconds: f64,
    /// Who added it, if the user did not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub injected_by: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// Sources with equal keys share one token (K25).
    pub cache_key: String,
    /// Where containers see it.
    pub mounts: Vec<TokenMount>,
}

/// A token file in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenMount {
    /// The container's name.
    pub container: String,
    /// The file's path in it.
    pub file: String,
    /// As the mount has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_path: Option<String>,
    /// After the fsGroup pass: `0640` (K42).
    pub mode: String,
    /// Its owner (K42).
    pub uid: i64,
    /// Its group (K42).
    pub gid: i64,
    /// Whether the file follows refreshes (K45).
    pub refreshed: bool,
    /// Environment variables that name this file.
    pub env: Vec<String>,
}

/// What the manifests make of pods and accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodsReport {
    /// One per pod template.
    pub pods: Vec<PodReport>,
    /// Accounts that the manifests define.
    pub service_accounts: Vec<ServiceAccountRef>,
    /// Lints that belong to no pod.
    pub findings: Vec<Finding>,
    /// Whether the manifests could be read.
    pub checks: Vec<Check>,
}

/// CREATE of every pod in the manifests: ServiceAccount admission, webhooks, then validation as far as tokens are
/// concerned, then every token followed to its files.
///
/// A ServiceAccount is looked up in the manifests, then in `cluster.objects`; one in neither is assumed to
/// exist, and a check of status `skip` says so, unless `cluster.objects_complete`; likewise the ConfigMaps and
/// Secrets that volumes take their files from (K37).
///
/// ```
/// use podpass::{Cluster, inspect_pods};
///
/// let manifests = "\
/// apiVersion: v1
/// kind: Pod
/// metadata: {name: web}
/// spec:
///   containers: [{name: app, image: web}]
/// ";
/// let report = inspect_pods(manifests, &Cluster::default());
/// let token = &report.pods[0].tokens[0];
/// assert_eq!(token.mounts[0].file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
/// assert_eq!(token.expiration_seconds, 3607.0);
///
/// let report = inspect_pods("kind: Pod\nmetadata: [", &Cluster::default());
/// assert_eq!(report.checks[0].id, "manifests/syntax");
/// assert!(report.pods.is_empty());
/// ```
pub fn inspect_pods(manifests: &str, cluster: &Cluster) -> PodsReport {
    Manifests::parse(manifests, cluster).inspect()
}

impl Manifests<'_> {
    /// What becomes of every pod.
    pub(crate) fn inspect(&self) -> PodsReport {
        let mut report = self.untried();
        findings::prove(self, &mut report);
        report
    }

    /// The same with fixes that have yet to be tried.
    fn untried(&self) -> PodsReport {
        let mut checks: Vec<Check> = self.cluster.version_check().into_iter().collect();
        checks.extend(checks::checks(self));
        let mut pods = Vec::new();
        let stored = Stored::of(self);
        for template in self.templates().iter().filter(|template| template.node().is_some()) {
            let (report, open) = create(self, &stored, template);
            checks.extend(open);
            pods.push(report);
        }
        let findings = findings::extension(self.cluster, &pods).into_iter().collect();
        PodsReport { pods, service_accounts: self.accounts(), findings, checks }
    }
}

/// CREATE of one pod, and what its report leaves open.
fn create(
    manifests: &Manifests<'_>,
    stored: &Stored<'_>,
    template: &Template<'_>,
) -> (PodReport, Vec<Check>) {
    let pasted = template.pod();
    let mut admitted = pasted.clone();
    let mistyped = template.node().map(types::in_pod).unwrap_or_default();
    let Mutation { injected, rejected } = match checks::undecodable(template, &mistyped) {
        // What cannot be decoded reaches neither admission nor a webhook.
        Some(error) => Mutation { rejected: Some(error), ..Mutation::default() },
        None => mutation::mutate(manifests, template, &mut admitted),
    };
    let origin = Origin::of(Pod(&pasted), &injected);
    let template = &template.admitted(&origin);
    let pod = Pod(&admitted);
    let rejected = rejected.or_else(|| validation::validate(pod));
    let stuck = if rejected.is_none() { stuck::stuck(pod, manifests, stored) } else { None };
    let owners = Owners::of(pod, manifests.cluster);
    let followed = token::follow(pod, template, &injected, owners, stored);
    let mut open = webhook::assumptions(manifests, template, pod, &injected);
    open.extend(followed.cut.then(|| checks::too_many_files(template)));
    open.extend(followed.open.iter().map(|mount| checks::open_sub_path(template, mount)));
    let mut report = PodReport {
        workload: workload(template),
        service_account: service_account(template, pod),
        tokens: followed.tokens,
        injected,
        rejected,
        stuck,
        findings: Vec::new(),
        admitted: admitted.clone(),
    };
    let subject = findings::Subject { pod, manifests, stored, template, owners, report: &report };
    report.findings = findings::findings(&subject);
    (report, open)
}

fn workload(template: &Template<'_>) -> Workload {
    let object = template.object;
    Workload {
        kind: object.kind.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        span: template.object_span(),
    }
}

fn service_account(template: &Template<'_>, pod: Pod<'_>) -> PodServiceAccount {
    let pointer = template.account_pointer();
    PodServiceAccount {
        name: pod.service_account().to_owned(),
        namespace: template.object.namespace.clone(),
        defaulted: pointer.is_none() && !pod.service_account().is_empty(),
        span: pointer.and_then(|pointer| template.span(pointer)),
    }
}
