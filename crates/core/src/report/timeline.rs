//! The timeline of a report: which token it is about, and what the trust documents say of its sessions.

use super::ExplainInput;
use crate::cluster::Cluster;
use crate::federation::{FederationOutcome, System};
use crate::jws::Jws;
use crate::pod::{ADMISSION, PodReport, ProjectedToken};
use crate::rotation::{
    FirstFailure, LaneKind, LaneSpan, Timeline, TimelineOptions, rotation_timeline,
};
use crate::trace::Verdict;

/// The life of the token that was given; else of one that the manifests project: the user's own first, then one that
/// a webhook adds, since the pod is about that.
pub(super) fn timeline(
    jws: Option<&Jws>,
    pods: &[PodReport],
    input: &ExplainInput,
    cluster: &Cluster,
) -> Option<Timeline> {
    let options = TimelineOptions {
        cluster: Some(cluster.clone()),
        scenario: input.scenario.clone(),
        now: input.now,
        ..TimelineOptions::default()
    };
    let dated = jws.filter(|jws| {
        jws.claims()
            .is_some_and(|claims| claims.date("iat").is_some() && claims.date("exp").is_some())
    });
    if let Some(jws) = dated {
        let token = Some(jws.compact.clone());
        return Some(rotation_timeline(&TimelineOptions { token, ..options }));
    }
    let tokens = pods.iter().filter(|pod| pod.rejected.is_none()).flat_map(|pod| &pod.tokens);
    let rank = |token: &&ProjectedToken| match &token.injected_by {
        None => 0,
        Some(by) if by != ADMISSION => 1,
        Some(_) => 2,
    };
    let ProjectedToken { expiration_seconds, audience, .. } = tokens.min_by_key(rank)?;
    Some(rotation_timeline(&TimelineOptions {
        expiration_seconds: Some(*expiration_seconds),
        audience: audience.clone(),
        ..options
    }))
}

/// Systems that give a session of their own for a token.
const SESSIONS: [System; 4] = [System::AwsIrsa, System::Azure, System::Gke, System::GcpWif];

/// A session that the trust document never grants does not begin.
///
/// The timeline by itself takes the first exchange as accepted. Where every document that could grant a session
/// refuses it, and not only because of the time of judgement, each exchange fails alike.
pub(super) fn refuse_sessions(timeline: &mut Timeline, federation: &[FederationOutcome]) {
    let mut judging = federation.iter().filter(|outcome| SESSIONS.contains(&outcome.system));
    let Some(first) = judging.clone().next() else { return };
    let refused = |outcome: &FederationOutcome| {
        outcome.verdict == Verdict::Deny && !matches!(outcome.stage.as_deref(), None | Some("time"))
    };
    if !judging.all(refused) {
        return;
    }
    let (from, to) = (timeline.from, timeline.to);
    let Some(lane) = timeline.lanes.iter_mut().find(|lane| lane.kind == LaneKind::Session) else {
        return;
    };
    let code = first.error.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
    let label = format!("never begins: {code} at every call");
    lane.spans = vec![LaneSpan { from, to, state: "none".into(), label }];
    lane.events.clear();
    timeline.first_failure = Some(FirstFailure {
        at: from,
        lane: lane.id.clone(),
        reason: format!(
            "{} refuses the first exchange at {}",
            first.title,
            first.stage.as_deref().unwrap_or_default()
        ),
        error: first.error.clone(),
    });
    for lane in timeline.lanes.iter_mut().filter(|lane| lane.kind == LaneKind::Reader) {
        let label = "has no session".to_owned();
        lane.spans = vec![LaneSpan { from, to, state: "refused".into(), label }];
        lane.events.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::{FederationInput, TrustDocument, evaluate_federation};

    /// A statement for nobody, and claims that STS would take.
    fn outcomes(statement: &str) -> Vec<FederationOutcome> {
        let claims = serde_json::json!({
            "iss": "https://oidc.example", "sub": "system:serviceaccount:a:b", "aud": "sts.amazonaws.com",
            "iat": 0, "nbf": 0, "exp": 3600
        });
        evaluate_federation(&FederationInput {
            claims: claims.as_object().cloned(),
            trust: vec![TrustDocument::Text(format!(
                r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#
            ))],
            now: 60.into(),
            ..FederationInput::default()
        })
    }

    #[test]
    fn a_refused_exchange_begins_no_session() {
        let options = TimelineOptions {
            audience: Some("sts.amazonaws.com".into()),
            issued_at: Some(0.into()),
            now: 60.into(),
            ..TimelineOptions::default()
        };
        let before = rotation_timeline(&options);
        let table = [
            (
                r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.example"},"Action":"sts:AssumeRoleWithWebIdentity"}"#,
                false,
            ),
            (
                r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.example"},"Action":"sts:AssumeRole"}"#,
                true,
            ),
        ];
        for (statement, refused) in table {
            let mut timeline = before.clone();
            refuse_sessions(&mut timeline, &outcomes(statement));
            let session =
                timeline.lanes.iter().find(|lane| lane.kind == LaneKind::Session).unwrap();
            assert_eq!(session.spans[0].state == "none", refused, "{statement}");
            assert_eq!(timeline.first_failure != before.first_failure, refused, "{statement}");
        }
    }
}
