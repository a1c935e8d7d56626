//! When tokens are replaced, and what a reader of the file notices of it.

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::time::UnixTime;
use crate::trace::ProviderError;

/// A span of time within which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Not before this, or exactly at it.
    pub earliest: UnixTime,
    /// Not after this.
    pub latest: UnixTime,
}

/// When the kubelet asks for a new token, and when the file changes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// Not at `earliest`, surely after `latest` (K26).
    pub due: Window,
    /// K34.
    pub file_changes: Window,
}

/// The kubelet's schedule for a token (K26, K34).
///
/// `None`: not before it has expired, for the reply had no `expirationSeconds`.
pub fn kubelet_refresh(
    expiration_timestamp: UnixTime,
    expiration_seconds: Option<f64>,
) -> Option<Refresh> {
    let _ = (expiration_timestamp, expiration_seconds);
    None
}

/// Lanes over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// The instant that verdicts are about.
    pub now: UnixTime,
    /// Where the lanes begin.
    pub from: UnixTime,
    /// Where they end.
    pub to: UnixTime,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The first failing call of the reader, or of its exchange for a session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_failure: Option<FirstFailure>,
}

/// The first failing call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstFailure {
    /// When.
    pub at: UnixTime,
    /// On which lane.
    pub lane: String,
    /// Why.
    pub reason: String,
    /// What is printed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<ProviderError>,
}

/// One thing over time. Its spans are contiguous and in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Stable name.
    pub id: String,
    /// What it shows.
    pub kind: LaneKind,
    /// What a reader calls it.
    pub label: String,
    /// States.
    pub spans: Vec<LaneSpan>,
    /// Events.
    pub events: Vec<LaneEvent>,
}

/// What a lane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LaneKind {
    /// The token file.
    File,
    /// The pod.
    Pod,
    /// The application that reads the file.
    Reader,
    /// What the token was exchanged for.
    Session,
    /// One issued token.
    Token,
}

/// A state that lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneSpan {
    /// Its beginning.
    pub from: UnixTime,
    /// Its end.
    pub to: UnixTime,
    /// `running`, `valid`, `current`, ...
    pub state: String,
    /// What a reader calls it.
    pub label: String,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneEvent {
    /// When; of a window, its beginning.
    pub at: UnixTime,
    /// If the instant is not certain.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window: Option<Window>,
    /// `issued`, `refresh`, `file-change`, ...
    pub kind: String,
    /// What a reader calls it.
    pub label: String,
    /// The rule behind it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
}

/// What happens to the pod, the kubelet and the keys (K30 to K32, K35, K91).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scenario {
    /// Default `rereads`.
    pub reader: Option<Reader>,
    /// When somebody deletes the pod.
    pub pod_deleted_at: Option<UnixTime>,
    /// Default 30.
    pub grace_period_seconds: Option<f64>,
    /// When the old key stops verifying.
    pub signing_key_rotated_at: Option<UnixTime>,
    /// Seconds the kubelet's clock is ahead; negative: behind (K32).
    pub kubelet_clock_skew: Option<f64>,
    /// How many refreshes are shown; default 3.
    pub rotations: Option<u32>,
    /// While TokenRequests fail (K30).
    pub token_requests_fail: Option<Window>,
    /// When the kubelet restarts (K31).
    pub kubelet_restarted_at: Option<UnixTime>,
}

/// How an application reads its token file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// At every session refresh (A172).
    AwsSdk,
    /// Once.
    CachedAtStart,
    /// 50 seconds after the last read (K91).
    ClientGo,
    /// At every call.
    Rereads,
}

/// What a timeline is drawn from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TimelineOptions {
    /// A token whose times count; else the fields below.
    pub token: Option<String>,
    /// Seconds asked for.
    pub expiration_seconds: Option<f64>,
    /// Audience asked for.
    pub audience: Option<String>,
    /// When the first token was issued.
    pub issued_at: Option<UnixTime>,
    /// The cluster.
    pub cluster: Option<Cluster>,
    /// What happens.
    pub scenario: Option<Scenario>,
    /// The instant that verdicts are about.
    pub now: UnixTime,
}

/// The life of a pod's token.
pub fn rotation_timeline(options: &TimelineOptions) -> Timeline {
    Timeline {
        now: options.now,
        from: options.now,
        to: options.now,
        lanes: Vec::new(),
        first_failure: None,
    }
}
