//! What no document says, as typed into forms: one table row a field, named as the API names it. Pure.

use std::collections::BTreeMap;
use std::rc::Rc;

use podpass::{Cluster, System};
use serde_json::{Map, Value};

/// How a field's text becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A document of its own, as text.
    Document,
    /// Whatever JSON is typed.
    Json,
    /// A list: one text a line.
    Lines,
    /// A number.
    Number,
    /// Yes, no, or not said.
    Switch,
    /// One line of text.
    Text,
    /// True, or not said.
    Tick,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The member of the API; a dot leads into an object.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// What holds when it is left empty.
    pub(crate) assumed: &'static str,
    pub(crate) kind: Kind,
}

const fn fact(name: &'static str, kind: Kind, label: &'static str, assumed: &'static str) -> Fact {
    Fact { name, label, assumed, kind }
}

use Kind::{Document, Json, Lines, Number, Switch, Text, Tick};

/// The cluster that issued the token: what is asked for most.
pub(crate) const CLUSTER: [Fact; 8] = [
    fact(
        "issuers",
        Lines,
        "Issuers, one a line",
        "empty: the checks of issuer and audience are skipped; the API server is assumed to sign as https://kubernetes.default.svc.cluster.local",
    ),
    fact("apiAudiences", Lines, "API audiences, one a line", "empty: the issuers"),
    fact("maxTokenExpiration", Number, "Maximum token expiration, seconds", "empty: no cap"),
    fact(
        "extendTokenExpiration",
        Switch,
        "Extended expiration",
        "not said: yes, as the API server has it",
    ),
    fact("kubernetesVersion", Text, "Kubernetes version", "empty: the newest that is modelled"),
    fact("namespace", Text, "Namespace of manifests that name none", "empty: default"),
    fact(
        "objects",
        Document,
        "Live objects: ServiceAccount, Pod, Secret, Node, ...",
        "empty: whether they are still there is unknown; kubectl get sa,pod,node -o yaml tells",
    ),
    fact(
        "objectsComplete",
        Tick,
        "What is pasted is all there is",
        "not ticked: what is not pasted is unknown, not absent",
    ),
];

/// The cluster: what is asked for rarely.
pub(crate) const CLUSTER_MORE: [Fact; 9] = [
    fact("serviceAccountLookup", Switch, "Legacy tokens are looked up", "not said: yes"),
    fact(
        "disableAdmissionPlugins",
        Lines,
        "Disabled admission plugins, one a line",
        "empty: ServiceAccount and NodeRestriction are on",
    ),
    fact(
        "externalSigner",
        Json,
        "External signer, as JSON",
        "empty: the API server signs itself; else {\"maxTokenExpiration\": 3600}",
    ),
    fact(
        "webhooks.eks",
        Json,
        "EKS webhook: its flags as JSON, or false",
        "empty: on if the manifests call for it",
    ),
    fact(
        "webhooks.azure",
        Json,
        "Azure webhook: its settings as JSON, or false",
        "empty: on if the manifests call for it",
    ),
    fact("gke.projectId", Text, "GKE: project id", "empty: unknown"),
    fact("gke.projectNumber", Text, "GKE: project number", "empty: unknown"),
    fact(
        "gke.metadataMode",
        Text,
        "GKE: metadata mode of the node pool",
        "GKE_METADATA or GCE_METADATA; empty: unknown",
    ),
    fact("gke.nodeServiceAccount", Text, "GKE: service account of the node pool", "empty: unknown"),
];

/// Facts of roles that trust an OIDC provider.
const AWS: [Fact; 12] = [
    fact(
        "roleArn",
        Text,
        "Role ARN",
        "empty: as the document says, else a role in the provider's account",
    ),
    fact(
        "providers",
        Json,
        "IAM OIDC providers, as JSON",
        "empty: the one that the policy names, listing the token's audience; else [{\"arn\": ..., \"clientIDList\": [...]}]",
    ),
    fact("roleExists", Switch, "The role exists", "not said: yes"),
    fact("issuerReachable", Switch, "Discovery and keys answer on the internet", "not said: yes"),
    fact(
        "issuerCertificate",
        Json,
        "Certificate of the key host, as JSON",
        "empty: publicly trusted; else {\"publiclyTrusted\": false, \"thumbprint\": ...}",
    ),
    fact("stsActiveInRegion", Switch, "STS is active in the region", "not said: yes"),
    fact(
        "maxSessionDuration",
        Number,
        "Longest session of the role, seconds",
        "empty: as the document says, else 3600",
    ),
    fact("durationSeconds", Number, "DurationSeconds of the request", "empty: not sent"),
    fact("roleSessionName", Text, "RoleSessionName of the request", "empty: a valid one"),
    fact("providerId", Text, "ProviderId of the request", "empty: not sent"),
    fact("action", Text, "Action that the decision is about", "empty: the system's own"),
    fact(
        "requestContext",
        Json,
        "Other condition keys, as JSON",
        "empty: absent from the request; else {\"aws:SourceIp\": \"203.0.113.7\"}",
    ),
];

const POD_IDENTITY: [Fact; 3] = [
    fact(
        "association",
        Json,
        "Association, as JSON",
        "empty: unknown; null: there is none; else {\"namespace\": ..., \"serviceAccount\": ..., \"roleArn\": ...}",
    ),
    fact("clusterArn", Text, "Cluster ARN", "empty: unknown"),
    fact("roleArn", Text, "Role ARN", "empty: the association's"),
];

const AZURE: [Fact; 6] = [
    fact("clientId", Text, "Client id", "empty: as the pod or the document says"),
    fact("tenantId", Text, "Tenant id", "empty: as the pod says"),
    fact("clientExists", Switch, "The client exists", "not said: yes"),
    fact(
        "identityKind",
        Text,
        "Kind of identity",
        "application or userAssignedIdentity; empty: as the document says",
    ),
    fact("cloud", Text, "Cloud", "empty: the public one"),
    fact("issuerReachable", Switch, "Discovery and keys answer on the internet", "not said: yes"),
];

const GKE: [Fact; 6] = [
    fact(
        "serviceAccount.email",
        Text,
        "Google service account",
        "empty: the ServiceAccount's annotation",
    ),
    fact("serviceAccount.exists", Switch, "It exists", "not said: yes"),
    fact("resource.name", Text, "Resource that the pod calls", "empty: none is judged"),
    fact("resource.permission", Text, "Permission it needs there", "empty: any"),
    fact("resource.roles", Lines, "Roles that contain it, one a line", "empty: any"),
    fact("resource.policy", Document, "Allow policy of the resource", "empty: none is judged"),
];

const GCP_WIF: [Fact; 7] = [
    fact("requestAudience", Text, "Audience of the STS request", "empty: the provider's name"),
    fact("providerExists", Switch, "The provider exists", "not said: yes"),
    fact("issuerReachable", Switch, "Discovery and keys answer on the internet", "not said: yes"),
    fact("impersonate.email", Text, "Service account to impersonate", "empty: direct access"),
    fact("impersonate.exists", Switch, "It exists", "not said: yes"),
    fact("impersonate.policy", Document, "Its allow policy", "empty: unknown"),
    fact(
        "credentialConfig",
        Document,
        "Credential configuration (external_account)",
        "empty: not checked",
    ),
];

const VAULT: [Fact; 4] = [
    fact("roleName", Text, "Role name", "empty: the document's"),
    fact("roleExists", Switch, "The role exists", "not said: yes"),
    fact("config", Document, "Configuration of the mount", "empty: the pasted keys stand for it"),
    fact(
        "remoteAddress",
        Text,
        "Address that the login comes from",
        "empty: within the bound CIDRs",
    ),
];

const VAULT_KUBERNETES: [Fact; 6] = [
    VAULT[0],
    VAULT[1],
    VAULT[2],
    VAULT[3],
    fact(
        "tokenReview.authenticated",
        Switch,
        "TokenReview accepts the token",
        "not said: simulated where issuers are given, else yes",
    ),
    fact(
        "tokenReview.audiences",
        Lines,
        "Audiences that it answers, one a line",
        "empty: as asked",
    ),
];

/// What a document of this system leaves out.
pub(crate) const fn of_system(system: System) -> &'static [Fact] {
    match system {
        System::AwsIrsa => &AWS,
        System::AwsPodIdentity => &POD_IDENTITY,
        System::Azure => &AZURE,
        System::Fulcio => &[],
        System::GcpWif => &GCP_WIF,
        System::Gke => &GKE,
        System::Kubernetes => {
            const {
                &[fact(
                    "audiences",
                    Lines,
                    "Audiences asked for, one a line",
                    "empty: as the document says, else the API server's own",
                )]
            }
        }
        System::KubernetesJwt => {
            const {
                &[fact(
                    "serviceAccountIssuers",
                    Lines,
                    "Its own --service-account-issuer, one a line",
                    "empty: none that clashes",
                )]
            }
        }
        System::Oidc => {
            const {
                &[fact(
                    "issuerReachable",
                    Switch,
                    "Discovery and keys answer on the internet",
                    "not said: yes",
                )]
            }
        }
        System::VaultJwt => &VAULT,
        System::VaultKubernetes => &VAULT_KUBERNETES,
    }
}

/// What was typed, by the fields' names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Typed(BTreeMap<&'static str, Rc<str>>);

impl Typed {
    /// One field filled.
    pub(crate) fn one(name: &'static str, text: &str) -> Self {
        Self::default().with(name, text.into())
    }

    /// With a field set; an empty text clears it.
    pub(crate) fn with(mut self, name: &'static str, text: Rc<str>) -> Self {
        if text.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name, text);
        }
        self
    }

    pub(crate) fn get(&self, name: &str) -> Rc<str> {
        self.0.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of these fields are filled.
    pub(crate) fn filled(&self, facts: &[Fact]) -> usize {
        facts.iter().filter(|fact| self.0.contains_key(fact.name)).count()
    }

    /// The values of these fields, each where the API has it; what cannot be read is left out.
    pub(crate) fn values(&self, facts: &[Fact]) -> Map<String, Value> {
        let mut all = Map::new();
        for fact in facts {
            if let Some(value) = self.0.get(fact.name).and_then(|text| value(fact.kind, text)) {
                place(&mut all, fact.name, value);
            }
        }
        all
    }

    /// The cluster of the cluster's form; `None` if nothing was said: the engine then assumes all of it.
    pub(crate) fn cluster(&self) -> Option<Cluster> {
        let readable = |fact: &&Fact| self.problem(fact).is_none();
        let facts: Vec<_> = CLUSTER.iter().chain(&CLUSTER_MORE).filter(readable).copied().collect();
        let values = self.values(&facts);
        if values.is_empty() { None } else { serde_json::from_value(Value::Object(values)).ok() }
    }

    /// Of each of the cluster's fields: why it cannot be taken.
    pub(crate) fn problems(&self, facts: &[Fact]) -> Vec<Option<String>> {
        facts.iter().map(|fact| self.problem(fact)).collect()
    }

    fn problem(&self, fact: &Fact) -> Option<String> {
        let text = self.0.get(fact.name)?;
        if let Some(problem) = unreadable(fact.kind, text) {
            return Some(problem);
        }
        let alone = self.values(&[*fact]);
        serde_json::from_value::<Cluster>(Value::Object(alone)).err().map(|error| error.to_string())
    }
}

/// Why a text is no value of its kind.
pub(crate) fn unreadable(kind: Kind, text: &str) -> Option<String> {
    if text.trim().is_empty() || value(kind, text).is_some() {
        return None;
    }
    Some(match kind {
        Kind::Json => match serde_json::from_str::<Value>(text) {
            Err(error) => format!("no JSON: {error}"),
            Ok(_) => String::new(),
        },
        _ => "not a number".to_owned(),
    })
}

fn value(kind: Kind, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    match kind {
        Document => Some(text.into()),
        Json => serde_json::from_str(trimmed).ok(),
        Lines => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Some(lines.map(Value::from).collect())
        }
        Number => trimmed.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from),
        Switch | Tick => Some((trimmed == "true").into()),
        Text => Some(trimmed.into()),
    }
}

/// Sets a member; dots lead into objects.
fn place(object: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some((outer, inner)) => {
            let entry = object.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(members) = entry {
                place(members, inner, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_becomes_its_value() {
        let typed = Typed::one("issuers", " https://a \n\nhttps://b")
            .with("maxTokenExpiration", "3600".into())
            .with("extendTokenExpiration", "false".into())
            .with("objectsComplete", "true".into())
            .with("webhooks.eks", "false".into())
            .with("gke.projectId", "shop".into());
        let all: Vec<_> = CLUSTER.iter().chain(&CLUSTER_MORE).copied().collect();
        assert_eq!(
            Value::Object(typed.values(&all)),
            json!({
                "issuers": ["https://a", "https://b"], "maxTokenExpiration": 3600.0,
                "extendTokenExpiration": false, "objectsComplete": true,
                "webhooks": { "eks": false }, "gke": { "projectId": "shop" },
            })
        );
        assert_eq!(typed.cluster().unwrap().accepted_issuers(), ["https://a", "https://b"]);
    }

    #[test]
    fn a_field_that_cannot_be_read_is_told_and_left_out() {
        let typed = Typed::one("externalSigner", "{").with("namespace", "shop".into());
        let signer = CLUSTER_MORE.iter().find(|fact| fact.name == "externalSigner").unwrap();
        assert!(typed.problem(signer).unwrap().starts_with("no JSON"));
        assert_eq!(typed.cluster().unwrap().namespace.as_deref(), Some("shop"));
        let typed = Typed::one("externalSigner", r#"{"lifetime": 600}"#);
        assert!(typed.problem(signer).is_some());
        assert_eq!(typed.cluster(), None);
    }

    #[test]
    fn names_are_those_of_the_engine() {
        for fact in CLUSTER.iter().chain(&CLUSTER_MORE) {
            let text = match fact.kind {
                Kind::Json if fact.name == "externalSigner" => r#"{"maxTokenExpiration": 600}"#,
                Kind::Json => "false",
                Kind::Number => "600",
                Kind::Switch | Kind::Tick => "true",
                _ if fact.name == "gke.metadataMode" => "GKE_METADATA",
                _ => "x",
            };
            assert_eq!(Typed::one(fact.name, text).problem(fact), None, "{}", fact.name);
        }
    }
}
