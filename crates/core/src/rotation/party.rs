//! Who the token is for, as far as its audiences tell: whom its reader calls, and with what patience.

use crate::check::lifetime::LEEWAY;
use crate::claims::is_in_cluster_name;
use crate::cluster::Cluster;

/// Whom the reader presents the token to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// The API server, at every call.
    ApiServer,
    /// STS, for a session.
    AwsSts,
    /// Entra, for an access token.
    Azure,
    /// Google's STS, for an access token.
    Google,
    /// Anybody else, who asks the API server by TokenReview at every call.
    Reviewer,
}

/// What there is to know of a [`Party`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Manners {
    pub(super) name: &'static str,
    /// Seconds after `exp` for which the token still passes, and the rule that says so.
    pub(super) leeway: f64,
    pub(super) leeway_rule: Option<&'static str>,
    /// Most seconds from `iat` to `exp` that it takes.
    pub(super) longest_life: Option<f64>,
    /// What the token is exchanged for, and for how many seconds.
    pub(super) session: Option<Session>,
    /// Sees that a pod is gone. Offline checks cannot (K66).
    pub(super) sees_pods: bool,
}

/// What a token is exchanged for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Session {
    pub(super) name: &'static str,
    /// How long it lasts; the token's `exp` has no say in it (A105).
    pub(super) seconds: f64,
}

const KUBERNETES: Manners = Manners {
    name: "the API server",
    leeway: LEEWAY,
    leeway_rule: Some("K53"),
    longest_life: None,
    session: None,
    sees_pods: true,
};

impl Party {
    /// By the audiences: with several, a cloud's counts, for the API server's own tokens name no cloud.
    pub(super) fn of(audiences: &[String], cluster: &Cluster) -> Self {
        let own = cluster.effective_api_audiences();
        let is_own = |audience: &String| own.contains(audience) || is_in_cluster_name(audience);
        let cloud = audiences.iter().find_map(|audience| cloud(audience));
        match cloud {
            Some(cloud) => cloud,
            None if audiences.is_empty() || audiences.iter().any(is_own) => Self::ApiServer,
            None => Self::Reviewer,
        }
    }

    pub(super) const fn manners(self) -> Manners {
        match self {
            Self::ApiServer => KUBERNETES,
            Self::Reviewer => Manners { name: "the relying party's TokenReview", ..KUBERNETES },
            // Five minutes: A35. One hour is what SDKs ask for when nothing is configured.
            Self::AwsSts => Manners {
                name: "STS",
                leeway: 300.0,
                leeway_rule: Some("A35"),
                longest_life: None,
                session: Some(Session { name: "AWS session", seconds: 3600.0 }),
                sees_pods: false,
            },
            // Entra grants 60 to 90 minutes, here the shorter. No leeway is documented; 25 h: Z37.
            Self::Azure => Manners {
                name: "Entra",
                leeway: 0.0,
                leeway_rule: None,
                longest_life: Some(90_000.0),
                session: Some(Session { name: "Azure access token", seconds: 3600.0 }),
                sees_pods: false,
            },
            // No leeway is documented.
            Self::Google => Manners {
                name: "Google's STS",
                leeway: 0.0,
                leeway_rule: None,
                longest_life: None,
                session: Some(Session { name: "Google access token", seconds: 3600.0 }),
                sees_pods: false,
            },
        }
    }
}

/// Audiences that the clouds' own tools ask for.
fn cloud(audience: &str) -> Option<Party> {
    match audience {
        "sts.amazonaws.com" => Some(Party::AwsSts),
        // Z36: one suffix per sovereign cloud.
        _ if audience.starts_with("api://AzureADTokenExchange") => Some(Party::Azure),
        // The fleet's workload pool, and a provider's name with or without scheme.
        _ if audience.ends_with(".svc.id.goog")
            || audience.trim_start_matches("https:").starts_with("//iam.googleapis.com/") =>
        {
            Some(Party::Google)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_tell_the_party() {
        let table: [(&[&str], Party); 8] = [
            (&[], Party::ApiServer),
            (&["https://kubernetes.default.svc.cluster.local"], Party::ApiServer),
            (&["https://kubernetes.default.svc"], Party::ApiServer),
            (&["sts.amazonaws.com"], Party::AwsSts),
            (&["api://AzureADTokenExchangeUSGov"], Party::Azure),
            (&["acme.svc.id.goog"], Party::Google),
            (
                &[
                    "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
                ],
                Party::Google,
            ),
            (&["vault"], Party::Reviewer),
        ];
        for (audiences, party) in table {
            let audiences: Vec<String> = audiences.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(Party::of(&audiences, &Cluster::default()), party, "{audiences:?}");
        }
    }
}
