//! What amazon-eks-pod-identity-webhook injects into the pods of an account: its flags, the account's
//! annotations, its ConfigMap, and the list of EKS Pod Identity.
//!
//! Source: `pkg/cache/cache.go`, `pkg/annotations/parser.go`, `pkg/handler/handler.go` `buildPodPatchConfig`.

use std::collections::HashSet;

use super::csv;
use crate::cluster::{ConfigMapRole, ContainerCredentials, EksWebhook};
use crate::go;
use crate::objects::Object;
use crate::pod::manifest::Account;
use crate::pod::spec::Pod;

/// Shortest life, seconds: less becomes this (A133).
const SHORTEST: i64 = 600;
/// Life where nothing says otherwise, and the one that chance shortens in EKS Pod Identity mode (A160).
const A_DAY: i64 = 86_400;

/// What is injected into a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pod) struct Injects {
    pub(in crate::pod) mode: Mode,
    pub(in crate::pod) audience: String,
    pub(in crate::pod) expiration: i64,
    /// `AWS_STS_REGIONAL_ENDPOINTS=regional`.
    pub(in crate::pod) regional: bool,
    /// Empty: no variables for it.
    pub(in crate::pod) region: String,
    pub(in crate::pod) volume: String,
    pub(in crate::pod) mount_path: String,
    /// In the volume.
    pub(in crate::pod) token_path: String,
    /// Names of containers that are left alone.
    pub(in crate::pod) skip: HashSet<String>,
}

/// How the pod gets credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pod) enum Mode {
    /// IRSA: this role, by `sts:AssumeRoleWithWebIdentity`.
    Role(String),
    /// EKS Pod Identity: from this address (A160).
    PodIdentity(String),
}

/// What an account is given.
struct Entry {
    role: String,
    audience: String,
    regional: bool,
    expiration: i64,
}

/// A133: the list of EKS Pod Identity, then the account's annotation, then the ConfigMap; `None`: no patch.
pub(in crate::pod) fn injects(
    flags: &EksWebhook,
    pod: Pod<'_>,
    account: Account<'_>,
) -> Option<Injects> {
    let name = (pod.metadata("namespace"), pod.service_account());
    let own = annotated(flags, account);
    let injects = match identity(flags, name) {
        Some(credentials) => pod_identity(flags, credentials, own, name),
        None => irsa(flags, own, name)?,
    };
    Some(injects.overridden(flags, pod))
}

impl Injects {
    /// What the pod's own annotations say (A133); role, audience and endpoints on a pod count for nothing (A134).
    fn overridden(self, flags: &EksWebhook, pod: Pod<'_>) -> Self {
        let of_pod = |name| pod.annotation(&annotation(flags, name));
        let asked = of_pod("token-expiration").and_then(expiration);
        let mut expiration = asked.unwrap_or(self.expiration);
        if matches!(self.mode, Mode::PodIdentity(_)) && expiration == A_DAY {
            expiration = expiration.saturating_sub(jitter(flags));
        }
        let skip = of_pod("skip-containers").and_then(csv::first_record).unwrap_or_default();
        let skip = skip.into_iter().collect();
        Self { expiration, skip, ..self }
    }
}

/// Key of an annotation under `--annotation-prefix`.
pub(in crate::pod) fn annotation(flags: &EksWebhook, name: &str) -> String {
    format!("{}/{name}", flags.annotation_prefix.as_deref().unwrap_or("eks.amazonaws.com"))
}

/// An annotation's seconds: no number, no value; below the shortest, the shortest (A133).
pub(super) fn expiration(text: &str) -> Option<i64> {
    go::parse_int(text).ok().map(|seconds| seconds.max(SHORTEST))
}

/// `--token-expiration`, clamped as well.
fn default_expiration(flags: &EksWebhook) -> i64 {
    flags.default_token_expiration.map_or(A_DAY, whole).max(SHORTEST)
}

/// Seconds as Go's int64.
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// A160: chance takes off up to two hours.
fn jitter(flags: &EksWebhook) -> i64 {
    let credentials = flags.container_credentials.as_ref();
    credentials.and_then(|credentials| credentials.expiration_jitter).map_or(0, whole)
}

/// The account as the webhook's cache holds it; `None`: it is not in there (A132).
fn annotated(flags: &EksWebhook, account: Account<'_>) -> Option<Entry> {
    if matches!(account, Account::Missing) {
        return None;
    }
    let of_account = |name| annotation_of(account.object(), &annotation(flags, name));
    let regional = of_account("sts-regional-endpoints").and_then(go::parse_bool);
    Some(Entry {
        role: of_account("role-arn").map(|role| composed(flags, role)).unwrap_or_default(),
        audience: of_account("audience").unwrap_or(default_audience(flags)).to_owned(),
        regional: regional.or(flags.regional_sts_endpoints).unwrap_or(false),
        expiration: of_account("token-expiration")
            .and_then(expiration)
            .unwrap_or_else(|| default_expiration(flags)),
    })
}

fn annotation_of<'a>(object: Option<&'a Object>, key: &str) -> Option<&'a str> {
    object.and_then(|object| object.annotation(key))
}

fn default_audience(flags: &EksWebhook) -> &str {
    flags.default_audience.as_deref().unwrap_or("sts.amazonaws.com")
}

/// A133: with `--compose-role-arn`, whatever has no `arn:` anywhere in it is a role's name, the empty text too.
fn composed(flags: &EksWebhook, role: &str) -> String {
    match &flags.compose_role_arn {
        Some(compose) if !role.contains("arn:") => {
            format!("arn:{}:iam::{}:role/{role}", compose.partition, compose.account_id)
        }
        _ => role.to_owned(),
    }
}

/// A133: the exact entry hides the one for every namespace, even if it names no role; defaults of audience and
/// endpoints do not apply, and the expiration is not clamped.
fn mapped(flags: &EksWebhook, (namespace, name): (&str, &str)) -> Option<Entry> {
    let entry =
        config_map_entry(flags, namespace, name).or_else(|| config_map_entry(flags, "*", name))?;
    Some(Entry {
        role: entry.role_arn.clone(),
        audience: entry.audience.clone().unwrap_or_default(),
        regional: entry.use_regional_sts.unwrap_or(false),
        expiration: mapped_expiration(flags, entry),
    })
}

/// Missing or 0, the flag's.
fn mapped_expiration(flags: &EksWebhook, entry: &ConfigMapRole) -> i64 {
    match entry.token_expiration.map_or(0, whole) {
        0 => default_expiration(flags),
        seconds => seconds,
    }
}

/// Keys are cut at every `/`, and only the first two pieces count.
fn config_map_entry<'a>(
    flags: &'a EksWebhook,
    namespace: &str,
    name: &str,
) -> Option<&'a ConfigMapRole> {
    let is_key = |key: &str| {
        let mut parts = key.split('/');
        (parts.next(), parts.next()) == (Some(namespace), Some(name))
    };
    flags.config_map.iter().flatten().find(|(key, _)| is_key(key)).map(|(_, entry)| entry)
}

fn irsa(flags: &EksWebhook, own: Option<Entry>, name: (&str, &str)) -> Option<Injects> {
    let entry = own.filter(|own| !own.role.is_empty()).or_else(|| mapped(flags, name))?;
    if entry.role.is_empty() {
        return None;
    }
    let mount_path = flags.mount_path.as_deref();
    Some(Injects {
        mode: Mode::Role(entry.role),
        audience: entry.audience,
        expiration: entry.expiration,
        regional: entry.regional,
        region: region(flags),
        volume: "aws-iam-token".to_owned(),
        mount_path: mount_path
            .unwrap_or("/var/run/secrets/eks.amazonaws.com/serviceaccount")
            .to_owned(),
        token_path: "token".to_owned(),
        skip: HashSet::new(),
    })
}

fn region(flags: &EksWebhook) -> String {
    flags.default_region.clone().unwrap_or_default()
}

/// A160: exact names, no wildcards.
fn identity<'a>(
    flags: &'a EksWebhook,
    (namespace, name): (&str, &str),
) -> Option<&'a ContainerCredentials> {
    let credentials = flags.container_credentials.as_ref()?;
    let is_listed = |identity: &crate::cluster::Identity| {
        identity.namespace == namespace && identity.service_account == name
    };
    credentials.identities.iter().any(is_listed).then_some(credentials)
}

/// A160: expiration and endpoints come from the account, else from the exact entry of the ConfigMap, else from
/// neither flag.
fn pod_identity(
    flags: &EksWebhook,
    credentials: &ContainerCredentials,
    own: Option<Entry>,
    (namespace, name): (&str, &str),
) -> Injects {
    let (regional, expiration) = match (own, config_map_entry(flags, namespace, name)) {
        (Some(own), _) => (own.regional, own.expiration),
        (None, Some(entry)) => {
            (entry.use_regional_sts.unwrap_or(false), mapped_expiration(flags, entry))
        }
        (None, None) => (false, A_DAY),
    };
    let or =
        |setting: &Option<String>, default: &str| setting.as_deref().unwrap_or(default).to_owned();
    Injects {
        mode: Mode::PodIdentity(or(&credentials.full_uri, "http://169.254.170.23/v1/credentials")),
        audience: or(&credentials.audience, "pods.eks.amazonaws.com"),
        expiration,
        regional,
        region: region(flags),
        volume: or(&credentials.volume_name, "eks-pod-identity-token"),
        mount_path: or(
            &credentials.mount_path,
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
        ),
        token_path: or(&credentials.token_path, "eks-pod-identity-token"),
        skip: HashSet::new(),
    }
}
