//! When tokens are replaced, and what a reader of the file notices of it.
//!
//! A straight line: the [`subject`] (a token, or what the API server would [`issue`]) and the [`scenario`]
//! give the [`course`] of its turns in the file; from that follow what the [`reader`] holds, what its
//! [`session`]s are, the first [`refusal`], and the [`lanes`].

mod course;
mod issue;
mod lanes;
mod party;
mod reader;
mod refusal;
mod scenario;
mod schedule;
mod session;
mod subject;
#[cfg(test)]
mod tests;

pub(crate) use self::issue::{EXTENDABLE, EXTENDED, Granted, Lifetime, grant};
pub use schedule::kubelet_refresh;

use serde::{Deserialize, Serialize};

use self::course::Course;
use self::scenario::Plan;
use self::session::Exchanges;
use self::subject::Subject;
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

impl Window {
    /// A window of one instant.
    fn instant(at: UnixTime) -> Self {
        Self { earliest: at, latest: at }
    }

    fn width(self) -> f64 {
        self.latest.since(self.earliest)
    }

    fn overlaps(self, other: Self) -> bool {
        self.earliest <= other.latest && other.earliest <= self.latest
    }

    /// This window and `seconds` later.
    fn plus(self, seconds: f64) -> Self {
        Self { earliest: self.earliest.plus(seconds), latest: self.latest.plus(seconds) }
    }
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

/// Seconds for which a lane goes on after what the scenario names, so that the state after it is seen.
const AFTERMATH: f64 = 60.0;

/// The life of a pod's token: its turns in the file, its reader, and the first call that fails.
///
/// A pasted token's own times count, else what the API server would grant for `expiration_seconds` (default
/// 3600) and `audience`, issued at `issued_at` (default `now`). Every successor lives as long as the first.
///
/// # Windows
///
/// The kubelet draws its jitter and looks only when a pod is synced, so most instants are windows, and they
/// widen from token to token. The course that is drawn takes the *latest* edge each time: spans change there,
/// and `first_failure` is that of the slowest kubelet. The event carries the whole window.
///
/// # Lanes
///
/// `pod`, `token-1` to the last one shown, `file`, `reader`, and `session` where the audience is a cloud's.
/// Shown are the first `rotations` refreshes (at most 100) and those that the scenario touches. Readers of a
/// token for the API server, or for anybody who asks it by TokenReview, present the token at every call.
///
/// # Not modelled
///
/// Which file of which container it is (a `subPath` never changes), finalizers that keep a deleted pod's
/// object, and refusals at the first call (a wrong audience, a trust policy): see the federation outcome.
///
/// # Examples
///
/// ```
/// use podpass::{Reader, Scenario, TimelineOptions, UnixTime, rotation_timeline};
///
/// let options = TimelineOptions {
///     expiration_seconds: Some(600.0),
///     audience: Some("vault".to_owned()),
///     issued_at: Some(UnixTime(0.0)),
///     ..TimelineOptions::default()
/// };
/// let timeline = rotation_timeline(&options);
/// let file = timeline.lanes.iter().find(|lane| lane.id == "file").unwrap();
/// assert_eq!(file.spans[1].from, UnixTime(571.0));
/// assert_eq!(timeline.first_failure, None);
///
/// // The same, read once at start.
/// let scenario = Scenario { reader: Some(Reader::CachedAtStart), ..Scenario::default() };
/// let timeline = rotation_timeline(&TimelineOptions { scenario: Some(scenario), ..options });
/// let failure = timeline.first_failure.unwrap();
/// assert_eq!(failure.at, UnixTime(660.0)); // 60 s of leeway
/// assert_eq!(
///     failure.error.unwrap().message,
///     "[invalid bearer token, service account token has expired]"
/// );
/// ```
pub fn rotation_timeline(options: &TimelineOptions) -> Timeline {
    let subject = Subject::of(options);
    let plan = Plan::of(options.scenario.as_ref(), subject.issued_at);
    let course = Course::of(subject, plan);
    let holdings = reader::holdings(&course);
    let end = end(&course);
    let manners = course.subject.party.manners();
    let exchanges = manners.session.map(|session| {
        Exchanges::of(&course, session, &holdings, end.plus(session.seconds + manners.leeway))
    });
    let first_failure = match &exchanges {
        Some(exchanges) => exchanges.first_failure(&course),
        None => reader::first_failure(&course, &holdings),
    };
    let to =
        first_failure.iter().map(|failure| failure.at.plus(AFTERMATH)).fold(end, UnixTime::max);

    let mut lanes = vec![lanes::pod_lane(&course, to)];
    lanes.extend(course.shown().map(|turn| lanes::token_lane(&course, turn, to)));
    lanes.push(lanes::file_lane(&course, to));
    match &exchanges {
        Some(exchanges) => {
            lanes.extend([exchanges.reader_lane(&course, to), exchanges.session_lane(to)]);
        }
        None => lanes.push(reader::direct_lane(&course, &holdings, to)),
    }
    Timeline { now: options.now, from: course.subject.issued_at, to, lanes, first_failure }
}

/// The end of the last token shown, or of what the scenario names.
fn end(course: &Course) -> UnixTime {
    let expiries = course.shown().filter_map(|turn| course.expires(turn)).map(|end| end.latest);
    let named = course.plan.last().map(|last| last.plus(AFTERMATH));
    // Of a token without `exp` an hour is shown.
    let least = if course.subject.life.is_some() { AFTERMATH } else { 3600.0 };
    expiries.chain(named).fold(course.subject.issued_at.plus(least), UnixTime::max)
}
