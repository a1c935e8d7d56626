//! Trust documents: would this system let this token in, and if not, where does it stop?
//!
//! One system a file. A system's checks stand in its own order of judgement; after the first failure the
//! later ones are still judged where they can be, and the predicted error is the first failure's.

mod apiserver;
mod aws;
mod ladder;
mod recognise;
mod subject;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::ServiceAccountRef;
use crate::cluster::Cluster;
use crate::document::Text;
use crate::error::{ErrorCode, PodpassError};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, Finding, Fix, InputName, ProviderError, Status, Verdict};

pub(crate) use ladder::Ladder;
pub(crate) use subject::Subject;

/// A relying party that podpass knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// IAM roles for service accounts: STS `AssumeRoleWithWebIdentity`.
    AwsIrsa,
    /// EKS Pod Identity.
    AwsPodIdentity,
    /// Entra workload identity federation.
    Azure,
    /// Sigstore's Fulcio.
    Fulcio,
    /// Google's Workload Identity Federation.
    GcpWif,
    /// GKE Workload Identity.
    Gke,
    /// The API server that issued the token: TokenReview.
    Kubernetes,
    /// Another API server, by AuthenticationConfiguration.
    KubernetesJwt,
    /// The generic profile.
    Oidc,
    /// Vault's `auth/jwt`.
    VaultJwt,
    /// Vault's `auth/kubernetes`.
    VaultKubernetes,
}

impl System {
    /// The name in ids and JSON.
    ///
    /// ```
    /// assert_eq!(podpass::System::AwsIrsa.name(), "aws-irsa");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsIrsa => "aws-irsa",
            Self::AwsPodIdentity => "aws-pod-identity",
            Self::Azure => "azure",
            Self::Fulcio => "fulcio",
            Self::GcpWif => "gcp-wif",
            Self::Gke => "gke",
            Self::Kubernetes => "kubernetes",
            Self::KubernetesJwt => "kubernetes-jwt",
            Self::Oidc => "oidc",
            Self::VaultJwt => "vault-jwt",
            Self::VaultKubernetes => "vault-kubernetes",
        }
    }

    /// The name that a reader knows.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AwsIrsa => "AWS STS",
            Self::AwsPodIdentity => "EKS Pod Identity",
            Self::Azure => "Microsoft Entra",
            Self::Fulcio => "Fulcio",
            Self::GcpWif => "Google Workload Identity Federation",
            Self::Gke => "GKE Workload Identity",
            Self::Kubernetes => "Kubernetes API server",
            Self::KubernetesJwt => "Kubernetes API server (AuthenticationConfiguration)",
            Self::Oidc => "OIDC relying party",
            Self::VaultJwt => "Vault (auth/jwt)",
            Self::VaultKubernetes => "Vault (auth/kubernetes)",
        }
    }
}

/// A trust document as its vendor's tool prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TrustDocument {
    /// The text alone: the system is recognised.
    Text(String),
    /// The text with what it does not say.
    Full(FullTrustDocument),
}

/// A trust document with what it does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullTrustDocument {
    /// The document.
    pub text: String,
    /// Overrides recognition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub system: Option<System>,
    /// What no document says; its members depend on the system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub facts: Option<Map<String, Value>>,
}

impl TrustDocument {
    /// The document's text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Full(FullTrustDocument { text, .. }) => text,
        }
    }

    pub(crate) fn system(&self) -> Option<System> {
        match self {
            Self::Text(_) => None,
            Self::Full(full) => full.system,
        }
    }

    pub(crate) fn facts(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Text(_) => None,
            Self::Full(full) => full.facts.as_ref(),
        }
    }
}

/// What `aws-irsa` and `aws-pod-identity` documents leave out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AwsFacts {
    /// Discovery document and JWKS answer on the public internet; default true.
    pub issuer_reachable: Option<bool>,
    /// The role; default: as the document says, else a role in the provider's account.
    pub role_arn: Option<String>,
    /// Default true.
    pub role_exists: Option<bool>,
    /// Seconds; default: as the document says, else 3600.
    pub max_session_duration: Option<f64>,
    /// All IAM OIDC providers that exist; default: the one that the policy names, listing the token's audience.
    pub providers: Option<Vec<OidcProvider>>,
    /// Of the JWKS host (A26); default publicly trusted.
    pub issuer_certificate: Option<IssuerCertificate>,
    /// Step 2; default true.
    pub sts_active_in_region: Option<bool>,
    /// Request field (A11).
    pub role_session_name: Option<String>,
    /// Request field (A14).
    pub duration_seconds: Option<f64>,
    /// Request field (A7).
    pub provider_id: Option<String>,
    /// What `decision` is about; default: the system's own.
    pub action: Option<String>,
    /// Condition keys that come neither from claims nor from the fields above (A43).
    pub request_context: Option<BTreeMap<String, OneOrMany>>,
    /// `aws-pod-identity`: absent: unknown; `null`: there is none.
    #[serde(deserialize_with = "present")]
    pub association: Option<Option<Association>>,
    /// `aws-pod-identity`: the cluster.
    pub cluster_arn: Option<String>,
}

/// Tells `null` from absent.
fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// An EKS Pod Identity association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Association {
    /// The account's namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// The role.
    pub role_arn: String,
}

/// An IAM OIDC provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcProvider {
    /// Its ARN (A21).
    pub arn: String,
    /// Its audiences (A24).
    #[serde(rename = "clientIDList")]
    pub client_id_list: Vec<String>,
    /// SHA-1 of the top intermediate CA (A26).
    #[serde(default)]
    pub thumbprint_list: Option<Vec<String>>,
}

/// The certificate of the host that serves the JWKS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerCertificate {
    /// Whether AWS' own library of CAs knows it.
    pub publicly_trusted: bool,
    /// SHA-1, 40 hex digits.
    #[serde(default)]
    pub thumbprint: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// As a slice.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// What `kubernetes` documents leave out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesFacts {
    /// `spec.audiences` of the TokenReview.
    pub audiences: Option<Vec<String>>,
}

/// AWS: what the policy alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// An Allow applies and no Deny.
    Allowed,
    /// A Deny applies.
    ExplicitDeny,
    /// Nothing applies.
    ImplicitDeny,
}

/// What one system says of the token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FederationOutcome {
    /// The system.
    pub system: System,
    /// Index of its trust document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub document: Option<usize>,
    /// What a reader calls it: `role/api-gateway`.
    pub title: String,
    /// What it would answer.
    pub verdict: Verdict,
    /// AWS: the policy alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decision: Option<Decision>,
    /// The stage that failed first.
    pub stage: Option<Cow<'static, str>>,
    /// In the system's order.
    pub checks: Vec<Check>,
    /// Of that stage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ProviderError>,
    /// The vendor refuses to store this document: nothing is evaluated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<ProviderError>,
    /// Who the caller then is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<Grant>,
    /// Who else this document lets in.
    pub reach: Reach,
    /// Lints.
    pub findings: Vec<Finding>,
    /// Edits that were tried.
    pub fixes: Vec<Fix>,
}

/// Who the caller then is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The identity.
    pub principal: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<UnixTime>,
    /// What else the system says of it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub detail: Map<String, Value>,
}

/// Everybody whom a trust document admits, not only this token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Patterns, each with its meaning in a sentence.
    pub subjects: Vec<ReachSubject>,
    /// The widest of them.
    pub breadth: Breadth,
    /// Accounts of the manifests that are admitted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub admitted: Option<Vec<ServiceAccountRef>>,
}

impl Reach {
    /// Not computed.
    pub(crate) fn unknown() -> Self {
        Self { subjects: Vec::new(), breadth: Breadth::Unknown, admitted: None }
    }
}

/// A pattern that a trust document admits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachSubject {
    /// As the document has it.
    pub pattern: String,
    /// In a sentence.
    pub meaning: String,
}

/// How many a trust document admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Breadth {
    /// Nobody.
    None,
    /// One ServiceAccount.
    One,
    /// A namespace's.
    Namespace,
    /// A cluster's.
    Cluster,
    /// Whoever.
    Anyone,
    /// Not computed.
    Unknown,
}

/// What is evaluated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FederationInput {
    /// The token, to the letter: its signature is judged with `keys`.
    pub token: Option<String>,
    /// Instead of a token: claims that count as verified.
    pub claims: Option<Map<String, Value>>,
    /// A key set; none: the signature is unknown.
    pub keys: Option<String>,
    /// The trust documents.
    pub trust: Vec<TrustDocument>,
    /// The cluster that issued the token.
    pub cluster: Cluster,
    /// The instant of judgement.
    pub now: UnixTime,
}

impl FederationInput {
    /// Whether the facts are of the shape that their systems have.
    ///
    /// # Errors
    ///
    /// Named `TypeError`: an unknown or mistyped member of `facts`.
    ///
    /// ```
    /// use podpass::FederationInput;
    ///
    /// let input: FederationInput = serde_json::from_str(
    ///     r#"{"trust":[{"system":"kubernetes","text":"","facts":{"audience":"x"}}],"now":0}"#,
    /// )?;
    /// assert_eq!(input.validate().unwrap_err().name(), "TypeError");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn validate(&self) -> Result<(), PodpassError> {
        self.trust.iter().enumerate().try_for_each(|(index, document)| {
            let (Some(facts), Some(system)) = (document.facts(), recognise::system_of(document))
            else {
                return Ok(());
            };
            facts_problem(system, facts).map_or(Ok(()), |problem| {
                let message = format!("`trust[{index}].facts`: {problem}");
                Err(PodpassError::new(ErrorCode::InvalidOptions, message))
            })
        })
    }
}

/// Facts of systems that are not modelled yet are taken as they are.
fn facts_problem(system: System, facts: &Map<String, Value>) -> Option<String> {
    match system {
        System::AwsIrsa | System::AwsPodIdentity => read_facts::<AwsFacts>(Some(facts)).err(),
        System::Kubernetes => read_facts::<KubernetesFacts>(Some(facts)).err(),
        _ => None,
    }
}

fn read_facts<T: Default + for<'de> Deserialize<'de>>(
    facts: Option<&Map<String, Value>>,
) -> Result<T, String> {
    facts.map_or_else(
        || Ok(T::default()),
        |facts| {
            serde_json::from_value(Value::Object(facts.clone())).map_err(|error| error.to_string())
        },
    )
}

/// One outcome per document, in their order.
///
/// With `token` and `keys` the signature is judged; with `claims` instead they count as verified. With neither
/// only the documents are judged, and every verdict is `unknown`. The token is taken to the letter.
///
/// # Examples
///
/// ```
/// use podpass::{FederationInput, Verdict, evaluate_federation};
///
/// let input: FederationInput = serde_json::from_str(
///     r#"{"token":"abc","keys":"{\"keys\":[]}","trust":[{"system":"kubernetes","text":""}],"now":0}"#,
/// )?;
/// let outcome = &evaluate_federation(&input)[0];
/// assert_eq!((outcome.verdict, outcome.stage.as_deref()), (Verdict::Deny, Some("format")));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn evaluate_federation(input: &FederationInput) -> Vec<FederationOutcome> {
    let evidence = Evidence::new(input.token.as_deref(), input.keys.as_deref());
    let subject = match (&input.claims, &evidence.jws) {
        (_, Some(_)) => Subject::Token(&evidence),
        (Some(claims), None) => Subject::Claims(claims),
        (None, None) => Subject::Nobody,
    };
    evaluate_all(&input.trust, &subject, &input.cluster, input.now)
}

/// The same for a token whose signature may already have been judged.
pub(crate) fn evaluate_all(
    trust: &[TrustDocument],
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> Vec<FederationOutcome> {
    let evaluate_one = |(index, document): (usize, &TrustDocument)| {
        let text = Text::new(InputName::Trust, document.text()).with_index(index);
        let mut outcome = evaluate(&text, document, subject, cluster, now);
        outcome.document = Some(index);
        outcome
    };
    trust.iter().enumerate().map(evaluate_one).collect()
}

fn evaluate(
    text: &Text<'_>,
    document: &TrustDocument,
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let Some(system) = recognise::system_of(document) else {
        return unrecognised();
    };
    let facts = document.facts();
    match system {
        System::Kubernetes => match read_facts(facts) {
            Ok(facts) => apiserver::evaluate(text, &facts, subject, cluster, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::AwsIrsa => match read_facts(facts) {
            Ok(facts) => aws::evaluate(text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        other => not_modelled(other),
    }
}

/// Never wrong and never silently passed: what this version does not evaluate is unknown, and says so.
fn not_modelled(system: System) -> FederationOutcome {
    let mut ladder = Ladder::new(system);
    ladder.push(
        Check::new(
            format!("{}/document", system.name()),
            Status::Unknown,
            format!(
                "this version of podpass recognises {} but does not evaluate it yet",
                system.title()
            ),
        )
        .hint("ask the real system; nothing is concluded here"),
    );
    ladder.conclude(system.title())
}

fn unreadable_facts(system: System, problem: &str) -> FederationOutcome {
    let mut ladder = Ladder::new(system);
    let title = format!("the facts about this document are not understood: {problem}");
    ladder.push(Check::new(format!("{}/facts", system.name()), Status::Unknown, title));
    ladder.conclude(system.title())
}

fn unrecognised() -> FederationOutcome {
    let mut ladder = Ladder::new(System::Oidc);
    ladder.push(
        Check::new("oidc/document", Status::Unknown, "the document is none that podpass recognises").hint(
            "paste a role trust policy (`aws iam get-role`), federated credentials, an allow policy, a Vault role or an AuthenticationConfiguration, whole",
        ),
    );
    ladder.conclude("unrecognised document")
}
