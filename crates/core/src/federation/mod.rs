//! Trust documents: would this system let this token in, and if not, where does it stop?
//!
//! One system a file. A system's checks stand in its own order of judgement; after the first failure the
//! later ones are still judged where they can be, and the predicted error is the first failure's.

mod apiserver;
mod authconfig;
mod aws;
mod azure;
mod difference;
mod edits;
#[cfg(test)]
mod exactness;
mod facts;
mod fulcio;
mod google;
mod ladder;
mod oidc;
mod outcome;
mod recognise;
mod signed;
mod subject;
mod vault;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cluster::Cluster;
use crate::document::Text;
use crate::error::{ErrorCode, PodpassError};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, InputName, Status};

pub(crate) use apiserver::{review, takes_signature};
pub use aws::TrustPolicy;
pub use azure::{AzureFacts, IdentityKind};
pub use facts::{
    Association, AwsFacts, FullTrustDocument, GcpWifFacts, GkeFacts, GoogleResource,
    GoogleServiceAccount, IssuerCertificate, IssuerFacts, KubernetesFacts, KubernetesJwtFacts,
    NoFacts, OidcProvider, OneOrMany, TrustDocument, WifImpersonation,
};
pub(crate) use google::{TokenFile, token_files};
pub(crate) use ladder::Ladder;
pub use outcome::{Breadth, Decision, FederationOutcome, Grant, Reach, ReachSubject};
pub(crate) use subject::Subject;
pub use vault::{GivenReview, VaultFacts};

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

fn facts_problem(system: System, facts: &Map<String, Value>) -> Option<String> {
    match system {
        System::AwsIrsa | System::AwsPodIdentity => read_facts::<AwsFacts>(Some(facts)).err(),
        System::Azure => read_facts::<AzureFacts>(Some(facts)).err(),
        System::Kubernetes => read_facts::<KubernetesFacts>(Some(facts)).err(),
        System::VaultJwt | System::VaultKubernetes => read_facts::<VaultFacts>(Some(facts)).err(),
        System::KubernetesJwt => read_facts::<KubernetesJwtFacts>(Some(facts)).err(),
        System::Fulcio => read_facts::<NoFacts>(Some(facts)).err(),
        System::GcpWif => read_facts::<GcpWifFacts>(Some(facts)).err(),
        System::Gke => read_facts::<GkeFacts>(Some(facts)).err(),
        System::Oidc => read_facts::<IssuerFacts>(Some(facts)).err(),
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
        System::AwsIrsa | System::AwsPodIdentity => match read_facts(facts) {
            Ok(facts) => aws::evaluate(system, text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::VaultJwt | System::VaultKubernetes => match read_facts(facts) {
            Ok(facts) => vault::evaluate(system, text, &facts, subject, cluster, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::Azure => match read_facts(facts) {
            Ok(facts) => azure::evaluate(text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::KubernetesJwt => match read_facts(facts) {
            Ok(facts) => authconfig::evaluate(text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::GcpWif => match read_facts(facts) {
            Ok(facts) => google::evaluate_wif(text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::Gke => match read_facts(facts) {
            Ok(facts) => google::evaluate_gke(text, &facts, subject, cluster, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::Fulcio => match read_facts(facts) {
            Ok(facts) => fulcio::evaluate(text, facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
        System::Oidc => match read_facts(facts) {
            Ok(facts) => oidc::evaluate(text, &facts, subject, now),
            Err(problem) => unreadable_facts(system, &problem),
        },
    }
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
