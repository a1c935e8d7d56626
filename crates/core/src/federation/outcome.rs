//! What one system says of a token.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::System;
use crate::claims::ServiceAccountRef;
use crate::review::TokenReviewStatus;
use crate::time::UnixTime;
use crate::trace::{Check, Finding, Fix, ProviderError, Verdict};

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
    /// `kubernetes`: the status that a TokenReview of the token would show; where objects are unknown, if they are in order.
    #[serde(rename = "tokenReview", skip_serializing_if = "Option::is_none", default)]
    pub token_review: Option<TokenReviewStatus>,
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
