//! From when on a token is refused, why, and what is then printed.

use super::FirstFailure;
use super::course::{Course, Turn, TurnEnd};
use super::party::Party;
use super::reader::Holding;
use crate::time::{UnixTime, duration};
use crate::trace::ProviderError;

/// The end of a token's acceptance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Refusal {
    /// Accepted before, refused after.
    pub(super) at: UnixTime,
    pub(super) cause: Cause,
}

/// Why a token is refused. In the order in which the API server looks (K50, K53, K54).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    KeyRotated,
    LivesTooLong,
    Expired,
    PodGone,
}

impl Cause {
    /// The API server's own words. It takes tokens of any life.
    const fn reason(self) -> &'static str {
        match self {
            Self::KeyRotated => "invalid signature, no keys found",
            Self::LivesTooLong | Self::Expired => "service account token has expired",
            Self::PodGone => "service account token has been invalidated",
        }
    }

    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::KeyRotated => "K50",
            Self::LivesTooLong => "Z37",
            Self::Expired => "K53",
            Self::PodGone => "K54",
        }
    }
}

/// Whether the key that signed a turn's token is withdrawn (K50): it was signed before.
pub(super) fn has_old_key(course: &Course, turn: &Turn) -> bool {
    course.plan.key_rotated_at.is_some_and(|at| turn.from() < at)
}

/// When what the reader holds is refused for the first time.
pub(super) fn refusal(course: &Course, holding: &Holding<'_>) -> Option<Refusal> {
    let manners = course.subject.party.manners();
    let key = course.plan.key_rotated_at.filter(|_| has_old_key(course, holding.turn));
    let expired = course
        .expires(holding.turn)
        .map(|end| end.latest.plus(manners.leeway))
        .filter(|at| !holding.is_renewed_by(*at));
    let too_long = course
        .subject
        .life
        .filter(|life| manners.longest_life.is_some_and(|longest| *life > longest))
        .map(|_| holding.turn.from());
    let sees_pods = manners.sees_pods && course.subject.pod_bound;
    let gone = course.plan.gone_at().filter(|_| sees_pods);
    let candidates = [
        (key, Cause::KeyRotated),
        (too_long, Cause::LivesTooLong),
        (expired, Cause::Expired),
        (gone, Cause::PodGone),
    ];
    candidates
        .into_iter()
        .filter_map(|(at, cause)| Some(Refusal { at: at?, cause }))
        .reduce(|first, next| if next.at < first.at { next } else { first })
}

/// The failing call itself.
pub(super) fn failure(
    course: &Course,
    holding: &Holding<'_>,
    cause: Cause,
    at: UnixTime,
    lane: &str,
) -> FirstFailure {
    FirstFailure {
        at,
        lane: lane.to_owned(),
        reason: reason(course, holding, cause),
        error: Some(error(course, holding.turn, cause, at)),
    }
}

fn reason(course: &Course, holding: &Holding<'_>, cause: Cause) -> String {
    let number = holding.turn.number;
    match (cause, course.plan.key_rotated_at, course.plan.gone_at()) {
        (Cause::KeyRotated, Some(at), _) => format!(
            "token {number} was signed with the key that was withdrawn at {at} (K50); {}",
            why_held(course, holding)
        ),
        (Cause::PodGone, _, Some(at)) => format!(
            "the pod is gone since {at}, and with it every token bound to it; a server that has just \
             accepted the token may go on for 10 s (K54, K61)"
        ),
        (Cause::LivesTooLong, ..) => format!(
            "tokens that live longer than {} are refused by {} (Z37)",
            duration(course.subject.party.manners().longest_life.unwrap_or_default()),
            course.subject.party.manners().name
        ),
        _ => format!(
            "token {number} expired at {}{}; {}",
            course.expires(holding.turn).map_or_else(String::new, |end| end.latest.to_string()),
            leeway(course.subject.party),
            why_held(course, holding)
        ),
    }
}

fn leeway(party: Party) -> String {
    let manners = party.manners();
    match manners.leeway_rule {
        Some(rule) => {
            format!(", {} allows {} s more ({rule})", manners.name, manners.leeway)
        }
        None => String::new(),
    }
}

/// Why the reader has nothing newer.
fn why_held(course: &Course, holding: &Holding<'_>) -> &'static str {
    if holding.is_cached(course) {
        return "the reader never read its successors";
    }
    match holding.turn.end {
        TurnEnd::Kept => "no kubelet replaces it, for it is not bound to a pod",
        TurnEnd::Terminating => "the token of a terminating pod is not replaced (K35)",
        _ if holding.turn.failing.is_some() => "requests for its successor failed (K30)",
        _ if course.plan.skew < 0.0 => "the kubelet's clock is behind (K32)",
        _ => "the kubelet replaces it only when it is due (K26)",
    }
}

/// What is printed, in the party's own words.
fn error(course: &Course, turn: &Turn, cause: Cause, at: UnixTime) -> ProviderError {
    match course.subject.party {
        Party::ApiServer => unauthorized(cause),
        Party::Reviewer => ProviderError::known("", reviewed(cause)),
        Party::AwsSts => sts_error(course, turn, cause, at),
        Party::Azure => entra_error(course, turn, cause, at),
        Party::Google => google_error(turn, cause),
    }
}

/// K62: the caller learns nothing; the reason is in the API server's log, worded as in a TokenReview.
fn unauthorized(cause: Cause) -> ProviderError {
    ProviderError::known("Unauthorized", "Unauthorized")
        .status(401)
        .alternative(reviewed(cause), "in the API server's log, and in a TokenReview")
}

/// K64: the first part is always there.
fn reviewed(cause: Cause) -> String {
    format!("[invalid bearer token, {}]", cause.reason())
}

/// A36; A6 for a `kid` that is no longer published.
fn sts_error(course: &Course, turn: &Turn, cause: Cause, at: UnixTime) -> ProviderError {
    if cause == Cause::KeyRotated {
        return ProviderError::known(
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
        .status(400);
    }
    let expires = course.expires(turn).map_or(at, |end| end.latest);
    ProviderError::known(
        "ExpiredTokenException",
        format!(
            "Token expired: current date/time {} must be before the expiration date/time {}",
            (at.0 - Party::AwsSts.manners().leeway).floor(),
            expires.0.floor()
        ),
    )
    .status(400)
}

fn entra_error(course: &Course, turn: &Turn, cause: Cause, at: UnixTime) -> ProviderError {
    if cause == Cause::KeyRotated {
        let kid = course.subject.kid.as_deref().unwrap_or("of the withdrawn key");
        return ProviderError::known(
            "AADSTS7000272",
            format!(
                "AADSTS7000272: The certificate with identifier {kid} used to sign the federated \
                 credential could not be found in the metadata of identity provider"
            ),
        )
        .likely();
    }
    let expires = course.expires(turn).map_or(at, |end| end.latest);
    if cause == Cause::LivesTooLong {
        return ProviderError::known(
            "AADSTS70023",
            format!(
                "AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to \
                 1.01:00:00. Token issued at {}. Token expires on {}.",
                turn.from().0.floor(),
                expires.0.floor()
            ),
        )
        .likely();
    }
    ProviderError::known(
        "AADSTS700024",
        format!(
            "AADSTS700024: Client assertion is not within its valid time range. Current time: {at}, \
             assertion valid from {}, expiry time of assertion {expires}.",
            turn.from()
        ),
    )
    .likely()
}

fn google_error(turn: &Turn, cause: Cause) -> ProviderError {
    let text = match cause {
        Cause::KeyRotated => "Unable to verify the ID Token signature.".to_owned(),
        _ => format!("ID Token issued at {} is stale to sign-in.", turn.from().0.floor()),
    };
    ProviderError::known("invalid_grant", text).status(400).likely()
}
