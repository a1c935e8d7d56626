//! Settings of azure-workload-identity's webhook, and what follows from them.
//!
//! Source: `github.com/Azure/azure-workload-identity` v1.6.0 and v1.5.1, `pkg/config`, `pkg/webhook/consts.go`;
//! `github.com/Azure/go-autorest/autorest/azure/environments.go`.

use sha2::{Digest, Sha256};

use crate::cluster::{AzureWebhook, CustomTokenEndpoint};
use crate::pod::spec::Pod;
use crate::version::Version;

/// Audience of the token, unless `--audience` or a token endpoint of one's own names another (Z14).
pub(super) const DEFAULT_AUDIENCE: &str = "api://AzureADTokenExchange";
/// Key of the annotation that asks for the token endpoint of one's own, without its suffix (Z20).
pub(super) const ENDPOINT_KEY: &str = "azure.workload.identity/use-";

/// The first release with the layout of today (Z13).
const NEW_LAYOUT: Version = Version::new(1, 6);

/// Where a release puts its token (Z13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pod) enum Layout {
    /// Up to 1.5.
    Old,
    /// From 1.6 on.
    New,
}

impl Layout {
    /// That of the newest release where none is named, or one that cannot be read.
    pub(in crate::pod) fn of(settings: &AzureWebhook) -> Self {
        let version = settings.version.as_deref().and_then(Version::parse);
        match version {
            Some(version) if version < NEW_LAYOUT => Self::Old,
            Some(_) | None => Self::New,
        }
    }

    pub(in crate::pod) const fn mount_path(self) -> &'static str {
        match self {
            Self::Old => "/var/run/secrets/azure/tokens",
            Self::New => "/var/run/secrets/azure/wi",
        }
    }

    /// In the volume.
    pub(in crate::pod) const fn token_path(self) -> &'static str {
        match self {
            Self::Old => "azure-identity-token",
            Self::New => "token/azure-identity-token",
        }
    }

    /// The volume's name, which from 1.6 on depends on the pod's; `None`: nobody knows what it will be.
    pub(in crate::pod) fn volume(self, pod: Option<Pod<'_>>) -> String {
        match self {
            Self::Old => "azure-identity-token".to_owned(),
            Self::New => format!(
                "azure-workload-identity-reserved-{}",
                pod.map_or("xxxxx".to_owned(), identity)
            ),
        }
    }
}

/// The first 30 hex digits of SHA-256 over the pod's name, or over its prefix and what the webhook says of it.
fn identity(pod: Pod<'_>) -> String {
    let name = match pod.metadata("name") {
        "" => format!("{} (prefix)", pod.metadata("generateName")),
        name => name.to_owned(),
    };
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(15).map(|byte| format!("{byte:02x}")).collect()
}

/// Names of clouds, in upper case, and where they sign in (Z18).
#[rustfmt::skip]
const CLOUDS: [(&str, &str); 6] = [
    ("AZURECHINACLOUD",        "https://login.chinacloudapi.cn/"),
    ("AZURECLOUD",             "https://login.microsoftonline.com/"),
    ("AZUREGERMANCLOUD",       "https://login.microsoftonline.de/"),
    ("AZUREPUBLICCLOUD",       "https://login.microsoftonline.com/"),
    ("AZUREUSGOVERNMENT",      "https://login.microsoftonline.us/"),
    ("AZUREUSGOVERNMENTCLOUD", "https://login.microsoftonline.us/"),
];

/// Z18: `AZURE_AUTHORITY_HOST`; the error is what keeps the webhook from starting.
pub(super) fn authority_host(settings: &AzureWebhook) -> Result<&'static str, String> {
    let name = settings.environment.as_deref().unwrap_or_default();
    let name = if name.is_empty() { "AZUREPUBLICCLOUD".to_owned() } else { name.to_uppercase() };
    if name == "AZURESTACKCLOUD" {
        // It wants a file that AZURE_ENVIRONMENT_FILEPATH names.
        return Err("open : no such file or directory".to_owned());
    }
    let cloud = CLOUDS.iter().find(|(known, _)| *known == name);
    cloud.map(|(_, host)| *host).ok_or_else(|| {
        let name = crate::go::quoted(&name);
        format!("autorest/azure: There is no cloud environment matching the name {name}")
    })
}

/// Z20: the token endpoint of one's own, if it is configured and the pod asks for it.
pub(super) fn endpoint<'a>(
    settings: &'a AzureWebhook,
    pod: Pod<'_>,
) -> Option<&'a CustomTokenEndpoint> {
    let endpoint = configured_endpoint(settings)?;
    let asked = pod.annotation(&format!("{ENDPOINT_KEY}{}", endpoint.annotation_suffix))?;
    asked.eq_ignore_ascii_case("true").then_some(endpoint)
}

/// The settings of the endpoint in releases that have it, whether or not they are complete.
pub(super) fn endpoint_settings(settings: &AzureWebhook) -> Option<&CustomTokenEndpoint> {
    settings.custom_token_endpoint.as_ref().filter(|_| Layout::of(settings) == Layout::New)
}

fn configured_endpoint(settings: &AzureWebhook) -> Option<&CustomTokenEndpoint> {
    endpoint_settings(settings)
        .filter(|endpoint| !endpoint.annotation_suffix.is_empty() && !endpoint.audience.is_empty())
}

/// Z14: the audience does not follow the cloud.
pub(super) fn audience<'a>(
    settings: &'a AzureWebhook,
    endpoint: Option<&'a CustomTokenEndpoint>,
) -> &'a str {
    let flag = settings.audience.as_deref().filter(|audience| !audience.is_empty());
    endpoint.map(|endpoint| endpoint.audience.as_str()).or(flag).unwrap_or(DEFAULT_AUDIENCE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn volumes_are_named_after_the_pod() {
        #[rustfmt::skip]
        let table = [
            // Of the rule's worked example, and of a pod whose name will be generated.
            (json!({ "name": "worker" }),       "azure-workload-identity-reserved-87eba76e7f3164534045ba922e7770"),
            (json!({ "name": "a" }),            "azure-workload-identity-reserved-ca978112ca1bbdcafac231b39a23dc"),
        ];
        for (metadata, name) in table {
            let pod = json!({ "metadata": metadata });
            assert_eq!(Layout::New.volume(Some(Pod(&pod))), name);
            assert_eq!(Layout::Old.volume(Some(Pod(&pod))), "azure-identity-token");
        }
        let generated = json!({ "metadata": { "generateName": "web-" } });
        let named = json!({ "metadata": { "name": "web- (prefix)" } });
        assert_eq!(
            Layout::New.volume(Some(Pod(&generated))),
            Layout::New.volume(Some(Pod(&named)))
        );
        assert_eq!(Layout::New.volume(None), "azure-workload-identity-reserved-xxxxx");
    }

    #[test]
    fn releases() {
        #[rustfmt::skip]
        let table = [
            (None, Layout::New), (Some("1.6.0"), Layout::New), (Some("v1.6"), Layout::New), (Some("1.5.1"), Layout::Old),
            (Some("1.5"), Layout::Old), (Some("newest"), Layout::New),
        ];
        for (version, layout) in table {
            let settings =
                AzureWebhook { version: version.map(str::to_owned), ..AzureWebhook::default() };
            assert_eq!(Layout::of(&settings), layout, "{version:?}");
        }
    }
}
