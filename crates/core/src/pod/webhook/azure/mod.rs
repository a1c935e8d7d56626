//! azure-workload-identity's webhook: a token for Entra ID, and the variables that Azure's SDKs read.
//!
//! Source: `github.com/Azure/azure-workload-identity` v1.6.0 and v1.5.1, `pkg/webhook/webhook.go`.
//! It sees pods that are being created, never updates (Z1). Where its mount clashes with the user's, validation
//! refuses the pod afterwards (Z17).

mod newer;
mod proxy;
mod settings;
mod start;

use std::collections::HashSet;

use serde_json::{Value, json};

pub(in crate::pod) use self::settings::Layout;
pub(crate) use self::start::start_up_error;
use crate::cluster::{AzureWebhook, Cluster, CustomTokenEndpoint};
use crate::go;
use crate::pod::manifest::Account;
use crate::pod::patch::Patcher;
use crate::pod::spec::{Container, ContainerList, Pod, TokenSource, Volume, list, text};
use crate::trace::ProviderError;

/// How `injected` calls it.
pub(in crate::pod) const NAME: &str = "azure-workload-identity-webhook";
/// The label without which the API server does not ask it.
pub(in crate::pod) const LABEL: &str = "azure.workload.identity/use";
pub(in crate::pod) const CLIENT_ID: &str = "azure.workload.identity/client-id";
pub(super) const TENANT_ID: &str = "azure.workload.identity/tenant-id";
pub(in crate::pod) const EXPIRATION: &str =
    "azure.workload.identity/service-account-token-expiration";
pub(in crate::pod) const SKIP: &str = "azure.workload.identity/skip-containers";
/// Seconds: the default, and the bounds (Z6, Z7).
const DEFAULT_EXPIRATION: i64 = 3_600;
const SHORTEST: i64 = 3_600;
const LONGEST: i64 = 86_400;
/// Where a token endpoint's CA stands in the volume (Z20).
const CA_PATH: &str = "ca-cert/ca.crt";

/// What a call needs to know beside the pod.
pub(super) struct Call<'a> {
    pub(super) settings: &'a AzureWebhook,
    pub(super) cluster: &'a Cluster,
    pub(super) account: Account<'a>,
    /// Whether the pod's name or prefix is the one it will have.
    pub(super) named: bool,
}

/// Z2: the pod must be labelled, with exactly `true`.
pub(in crate::pod) fn is_asked(pod: Pod<'_>) -> bool {
    pod.label(LABEL) == Some("true")
}

/// Z5: the account that it looks up, also where admission does not fill it in.
pub(super) fn account_name(pod: Pod<'_>) -> &str {
    match pod.service_account() {
        "" => "default",
        name => name,
    }
}

impl Call<'_> {
    /// The patch, empty if nothing is to change; or the denial, the first in the order of Z25.
    pub(super) fn answer(&self, pod: &mut Value) -> Result<Vec<Value>, ProviderError> {
        if let Account::Missing = self.account {
            let name = account_name(Pod(pod));
            return Err(denied(&format!("serviceaccounts \"{name}\" not found")));
        }
        let port = proxy::wanted(Pod(pod)).map_err(|text| denied(&text))?;
        let expiration = self.expiration(Pod(pod)).map_err(|text| denied(&text))?;
        let mut patcher = Patcher::new(pod);
        newer::drop(&mut patcher);
        if let Some(port) = port {
            proxy::add(&mut patcher, self.settings, self.cluster, port);
        }
        self.add_to_containers(&mut patcher);
        self.add_volume(&mut patcher, expiration);
        Ok(patcher.into_operations())
    }

    fn layout(&self) -> Layout {
        Layout::of(self.settings)
    }

    fn volume_name(&self, pod: Pod<'_>) -> String {
        self.layout().volume(self.named.then_some(pod))
    }

    /// Z9: each annotation counts in its own place only: client and tenant here, what concerns containers on the pod.
    fn of_account(&self, annotation: &str) -> Option<&str> {
        self.account.object()?.annotation(annotation)
    }

    /// Z6, Z7: the pod's annotation, else the account's, where they are not empty; the one that loses is not read.
    fn expiration(&self, pod: Pod<'_>) -> Result<i64, String> {
        let given = [pod.annotation(EXPIRATION), self.of_account(EXPIRATION)];
        let Some(text) = given.into_iter().flatten().find(|text| !text.is_empty()) else {
            return Ok(DEFAULT_EXPIRATION);
        };
        let seconds = go::parse_int(text).map_err(|error| error.message(text))?;
        if (SHORTEST..=LONGEST).contains(&seconds) {
            return Ok(seconds);
        }
        Err(format!(
            "token expiration {seconds} not valid. Expected value to be between {SHORTEST} and {LONGEST}"
        ))
    }

    /// Z11: init containers, then containers, the injected ones among them.
    fn add_to_containers(&self, patcher: &mut Patcher<'_>) {
        let pod = Pod(patcher.pod());
        let skip = skipped(pod);
        let variables = self.variables(pod);
        let volume = self.volume_name(pod);
        let mount = json!({
            "name": volume,
            "readOnly": true,
            "mountPath": self.layout().mount_path(),
        });
        let additions: Vec<Additions> = [ContainerList::Init, ContainerList::Regular]
            .into_iter()
            .flat_map(|list| pod.containers_of(list))
            .filter(|container| !skip.contains(container.name()))
            .map(|container| Additions {
                container: container.pointer(),
                variables: missing(container, &variables),
                mount: self.placing_mount(container, &mount),
            })
            .collect();
        for Additions { container, variables, mount: placing } in additions {
            for (name, value) in variables {
                patcher.append(&container, "env", json!({ "name": name, "value": value }));
            }
            match placing {
                Placing::Append => patcher.append(&container, "volumeMounts", mount.clone()),
                Placing::Replace(pointer) => patcher.replace(&pointer, mount.clone()),
                Placing::Keep => {}
            }
        }
    }

    /// Z11, Z20: what every container gets, in this order; what is empty is left out (Z12).
    fn variables(&self, pod: Pod<'_>) -> Vec<(&'static str, String)> {
        let layout = self.layout();
        let tenant = self.of_account(TENANT_ID).or(self.settings.tenant_id.as_deref());
        let file = format!("{}/{}", layout.mount_path(), layout.token_path());
        let mut variables = vec![
            ("AZURE_CLIENT_ID", self.of_account(CLIENT_ID).unwrap_or_default().to_owned()),
            // Z8: a tenant that is annotated and empty does not bring the configured one back.
            ("AZURE_TENANT_ID", tenant.unwrap_or_default().to_owned()),
            ("AZURE_FEDERATED_TOKEN_FILE", file),
            ("AZURE_AUTHORITY_HOST", authority_host(self.settings)),
        ];
        if let Some(endpoint) = settings::endpoint(self.settings, pod) {
            let or_empty = |setting: &Option<String>| setting.clone().unwrap_or_default();
            let ca_file = format!("{}/{CA_PATH}", layout.mount_path());
            variables.extend([
                ("AZURE_KUBERNETES_TOKEN_PROXY", or_empty(&endpoint.token_proxy)),
                ("AZURE_KUBERNETES_SNI_NAME", or_empty(&endpoint.sni_name)),
                ("AZURE_KUBERNETES_CA_FILE", ca_file),
                ("AZURE_KUBERNETES_CA_DATA", or_empty(&endpoint.ca_data)),
            ]);
        }
        variables.retain(|(_, value)| !value.is_empty());
        variables
    }

    /// Z15: from 1.6 on the first mount of that name is replaced; Z16: before, it suppresses the webhook's.
    fn placing_mount(&self, container: Container<'_>, mount: &Value) -> Placing {
        let name = text(mount, "name");
        let Some(existing) = container.mounts().find(|existing| existing.volume() == name) else {
            return Placing::Append;
        };
        match self.layout() {
            Layout::New if existing.value != mount => Placing::Replace(existing.pointer()),
            Layout::New | Layout::Old => Placing::Keep,
        }
    }

    /// Z14: also if every container is skipped.
    fn add_volume(&self, patcher: &mut Patcher<'_>, expiration: i64) {
        let volume = self.volume(Pod(patcher.pod()), expiration);
        match self.placing_volume(Pod(patcher.pod()), &volume) {
            Placing::Append => patcher.append("/spec", "volumes", volume),
            Placing::Replace(pointer) => patcher.replace(&pointer, volume),
            Placing::Keep => {}
        }
    }

    /// Z15: from 1.6 on the first volume of that name is replaced; Z16: before, a token of that path suppresses the
    /// webhook's, whatever its volume is called.
    fn placing_volume(&self, pod: Pod<'_>, volume: &Value) -> Placing {
        match self.layout() {
            Layout::Old => {
                let mut sources = pod.volumes().flat_map(Volume::token_sources);
                let path = Layout::Old.token_path();
                let is_there = sources.any(|source: TokenSource<'_>| source.path() == path);
                if is_there { Placing::Keep } else { Placing::Append }
            }
            Layout::New => {
                let name = text(volume, "name");
                match pod.volumes().find(|existing| existing.name() == name) {
                    None => Placing::Append,
                    Some(existing) if is_same(existing, volume) => Placing::Keep,
                    Some(existing) => Placing::Replace(existing.pointer()),
                }
            }
        }
    }

    fn volume(&self, pod: Pod<'_>, expiration: i64) -> Value {
        let endpoint = settings::endpoint(self.settings, pod);
        let mut sources = vec![json!({
            "serviceAccountToken": {
                "audience": settings::audience(self.settings, endpoint),
                "expirationSeconds": expiration,
                "path": self.layout().token_path(),
            },
        })];
        sources.extend(endpoint.into_iter().flat_map(ca_sources));
        json!({ "name": self.volume_name(pod), "projected": { "sources": sources } })
    }
}

/// What one container gets.
struct Additions {
    /// JSON pointer in the pod.
    container: String,
    variables: Vec<(&'static str, String)>,
    mount: Placing,
}

/// What becomes of a mount or volume.
enum Placing {
    Append,
    Replace(String),
    Keep,
}

/// A denial (Z5).
fn denied(text: &str) -> ProviderError {
    let message = format!(
        "admission webhook \"mutation.azure-workload-identity.io\" denied the request: {text}"
    );
    ProviderError::known("", message).status(400)
}

/// Z10: cut at `;`, blanks around the names do not count.
fn skipped(pod: Pod<'_>) -> HashSet<&str> {
    let names = pod.annotation(SKIP).filter(|names| !names.is_empty());
    names.into_iter().flat_map(|names| names.split(';')).map(str::trim).collect()
}

/// Z12: those whose names the container does not have, whatever their values.
fn missing(
    container: Container<'_>,
    variables: &[(&'static str, String)],
) -> Vec<(&'static str, String)> {
    let env = list(container.value, "env");
    let is_given = |name: &str| env.iter().any(|variable| text(variable, "name") == name);
    variables.iter().filter(|(name, _)| !is_given(name)).cloned().collect()
}

/// Empty for a cloud with which the webhook would not start (Z18).
fn authority_host(settings: &AzureWebhook) -> String {
    settings::authority_host(settings).unwrap_or_default().to_owned()
}

/// Whether a volume is the webhook's already; the API server's default mode does not count.
fn is_same(existing: Volume<'_>, volume: &Value) -> bool {
    let mut existing = existing.value.clone();
    if let Some(Value::Object(projected)) = existing.get_mut("projected")
        && projected.get("defaultMode") == Some(&json!(0o644))
    {
        projected.remove("defaultMode");
    }
    existing == *volume
}

/// Z20: where the CA of a token endpoint comes from, if not from a variable.
fn ca_sources(endpoint: &CustomTokenEndpoint) -> Vec<Value> {
    let given = |setting: &Option<String>| setting.clone().filter(|name| !name.is_empty());
    let config_map = given(&endpoint.ca_config_map_name).map(|name| {
        json!({
            "configMap": {
                "name": name,
                "items": [{ "key": "ca.crt", "path": CA_PATH }],
                "optional": false,
            },
        })
    });
    let bundle = given(&endpoint.ca_cluster_trust_bundle_signer).map(|signer| {
        json!({ "clusterTrustBundle": { "signerName": signer, "path": CA_PATH, "optional": false } })
    });
    config_map.into_iter().chain(bundle).collect()
}
