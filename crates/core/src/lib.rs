//! podpass: will this pod's token be accepted, and until when?
//!
//! The engine behind the playground and the npm package. It decodes and verifies Kubernetes ServiceAccount
//! tokens, predicts what admission and the kubelet do to a pod and its tokens, and evaluates trust policies
//! as the real systems do, check by check.
//!
//! It knows no clock, no file, no network, no randomness and no JavaScript: `now` is an argument.

mod algorithm;
mod cel;
mod check;
mod claims;
mod cluster;
mod decode;
mod discovery;
mod document;
mod error;
mod federation;
mod flags;
mod go;
mod go_url;
mod jwk;
mod jws;
mod lean;
mod objects;
mod paste;
mod pod;
mod report;
mod request;
mod review;
mod rotation;
mod secrets;
mod signature;
mod time;
mod trace;
mod verify;
mod version;

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

pub use claims::{DecodedToken, ObjectRef, ServiceAccountRef, TokenKind};
pub use cluster::{
    AzureWebhook, Cluster, ComposeRoleArn, ConfigMapRole, ContainerCredentials,
    CustomTokenEndpoint, EksWebhook, ExternalSigner, Gke, Identity, SignerHeader, Switch, Webhooks,
};
pub use decode::decode_token;
pub use discovery::{DiscoveryAnswer, DiscoveryInput, simulate_discovery};
pub use error::PodpassError;
pub use federation::{
    Association, AwsFacts, AzureFacts, Breadth, Decision, FederationInput, FederationOutcome,
    FullTrustDocument, GcpWifFacts, GivenReview, GkeFacts, GoogleResource, GoogleServiceAccount,
    Grant, IdentityKind, IssuerCertificate, IssuerFacts, KubernetesFacts, KubernetesJwtFacts,
    NoFacts, OidcProvider, OneOrMany, Reach, ReachSubject, System, TrustDocument, TrustPolicy,
    VaultFacts, WifImpersonation, evaluate_federation,
};
pub use flags::{ClusterReport, EffectiveFlags, StartUpError, inspect_cluster};
pub use jwk::{Discovery, KeyInfo, KeySet, KeyUse, parse_keys};
pub use pod::{
    Injection, PodReport, PodServiceAccount, PodsReport, ProjectedToken, TokenMount, Workload,
    inspect_pods,
};
pub use report::{ExplainInput, Explainer, Report, explain, report_to_markdown};
pub use request::{
    AskingKubelet, RequestedPod, TokenReply, TokenRequestAnswer, TokenRequestInput,
    simulate_token_request,
};
pub use review::{
    ReviewedUser, TokenReviewAnswer, TokenReviewInput, TokenReviewStatus, simulate_token_review,
};
pub use rotation::{
    FirstFailure, Lane, LaneEvent, LaneKind, LaneSpan, Reader, Refresh, Scenario, Timeline,
    TimelineOptions, Window, kubelet_refresh, rotation_timeline,
};
pub use secrets::{CleanUp, TokenSecret, TokenSecretOptions, inspect_token_secrets};
pub use time::UnixTime;
pub use trace::{
    Alternative, Certainty, Check, Finding, Fix, InputName, ProviderError, Severity, Span, Status,
    TextEdit, Verdict,
};
pub use verify::{
    Expect, Scratch, SignatureRequest, TokenCheck, VerifiedKey, VerifiedToken, Verifier,
    VerifyOptions, check_service_account_token, decode_bare_token, verify_service_account_token,
};

/// The version of the engine, equal to the npm package's.
///
/// ```
/// assert!(podpass::version().starts_with("0."));
/// ```
pub const fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
