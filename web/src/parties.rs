//! Who judges the token: one card each. And the four states that are never merged into one.

use podpass::{Check, Fix, ProviderError, Report, Status, UnixTime, Verdict};

use crate::words::{self, Tone};

/// One that says yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// Admission and kubelet, of the pod with this index.
    Pod(usize),
    /// A relying party, by its outcome's index.
    Outcome(usize),
    /// The structure of the token.
    Decoded,
    /// A verifier of one's own: signature and claims, no trust document.
    Verifier,
}

/// What a card and a ladder show of a party.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) party: Party,
    /// What people call it.
    pub(crate) name: String,
    /// Which one: the role, the pod.
    pub(crate) which: String,
    pub(crate) verdict: Verdict,
    /// The stage that failed first.
    pub(crate) stage: Option<String>,
    pub(crate) error: Option<ProviderError>,
    /// Who the caller then is, and until when.
    pub(crate) grant: Option<(String, Option<UnixTime>)>,
    pub(crate) checks: Vec<Check>,
    pub(crate) fixes: Vec<Fix>,
}

impl Judgement {
    /// The first check that fails, else the first that cannot be known.
    pub(crate) fn decisive(&self) -> Option<(usize, &Check)> {
        let first =
            |status| self.checks.iter().enumerate().find(|(_, check)| check.status == status);
        first(Status::Fail).or_else(|| first(Status::Unknown))
    }
}

/// Every party that has something to say: relying parties first, then pods that cannot run; if nobody else does,
/// a verifier of one's own.
pub(crate) fn judgements(report: &Report) -> Vec<Judgement> {
    let outcomes = (0..report.federation.len()).filter_map(|at| outcome(report, at));
    let pods = (0..report.pods.len()).filter_map(|at| pod(report, at));
    let mut all: Vec<_> = outcomes.chain(pods).collect();
    if report.token.is_some() {
        all.push(verifier(report));
    }
    tell_apart(&mut all, report);
    all
}

/// Parties with one name are told apart by their trust document.
fn tell_apart(all: &mut [Judgement], report: &Report) {
    let names: Vec<_> =
        all.iter().map(|judged| (judged.name.clone(), judged.which.clone())).collect();
    for judged in all {
        let Party::Outcome(at) = judged.party else { continue };
        let twins =
            names.iter().filter(|(name, which)| *name == judged.name && *which == judged.which);
        if twins.count() > 1 {
            let document = report.federation.get(at).and_then(|outcome| outcome.document);
            let number = document.unwrap_or(at) + 1;
            judged.which = format!("{} trust {number}", judged.which).trim_start().to_owned();
        }
    }
}

/// The judgement of one party, also of those that have no card.
pub(crate) fn judgement(report: &Report, party: Party) -> Option<Judgement> {
    match party {
        Party::Decoded => decoded(report),
        Party::Outcome(at) => outcome(report, at),
        Party::Pod(at) => pod(report, at),
        Party::Verifier => report.token.is_some().then(|| verifier(report)),
    }
}

fn outcome(report: &Report, at: usize) -> Option<Judgement> {
    let outcome = report.federation.get(at)?;
    let grant = outcome.grant.as_ref();
    Some(Judgement {
        party: Party::Outcome(at),
        name: words::system_name(outcome.system).to_owned(),
        which: words::outcome_title(outcome).to_owned(),
        verdict: outcome.verdict,
        stage: outcome.stage.as_deref().map(str::to_owned),
        error: outcome.rejected.clone().or_else(|| outcome.error.clone()),
        grant: grant.map(|grant| (grant.principal.clone(), grant.expires_at)),
        checks: outcome.checks.clone(),
        fixes: outcome.fixes.clone(),
    })
}

fn pod(report: &Report, at: usize) -> Option<Judgement> {
    let pod = report.pods.get(at)?;
    let error = pod.rejected.clone().or_else(|| pod.stuck.clone())?;
    let stage = if pod.rejected.is_some() { "admission" } else { "volumes" };
    let check = Check::new(format!("pod/{stage}"), Status::Fail, error.message.clone())
        .at(Some(pod.workload.span.clone()));
    Some(Judgement {
        party: Party::Pod(at),
        name: if pod.rejected.is_some() { "API server, admission" } else { "Kubelet" }.to_owned(),
        which: format!("{}/{}", pod.workload.namespace, pod.workload.name),
        verdict: Verdict::Deny,
        stage: Some(stage.to_owned()),
        error: Some(error),
        grant: None,
        checks: vec![check],
        fixes: Vec::new(),
    })
}

fn verifier(report: &Report) -> Judgement {
    let checks = report.verification.clone();
    let failed = checks.iter().find(|check| check.status == Status::Fail);
    let stage = failed.map(|check| words::stage_of(&check.id).to_owned());
    Judgement {
        party: Party::Verifier,
        name: "Your own service".to_owned(),
        which: "signature and claims".to_owned(),
        verdict: Verdict::of(&checks),
        stage,
        error: None,
        grant: None,
        checks,
        fixes: Vec::new(),
    }
}

fn decoded(report: &Report) -> Option<Judgement> {
    let token = report.token.as_ref()?;
    Some(Judgement {
        party: Party::Decoded,
        name: "Token".to_owned(),
        which: "structure".to_owned(),
        verdict: if token.ok { Verdict::Allow } else { Verdict::Deny },
        stage: (!token.ok).then(|| "format".to_owned()),
        error: None,
        grant: None,
        checks: token.checks.clone(),
        fixes: Vec::new(),
    })
}

/// One of the four.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FourthState {
    pub(crate) name: &'static str,
    pub(crate) tone: Tone,
    pub(crate) words: String,
    /// Whose ladder tells more.
    pub(crate) party: Option<Party>,
}

/// Decoded, signature, claims, federation.
pub(crate) fn four_states(report: &Report) -> [FourthState; 4] {
    [decoded_state(report), signature_state(report), claims_state(report), federation_state(report)]
}

fn none(name: &'static str, words: &str) -> FourthState {
    FourthState { name, tone: Tone::Skip, words: words.to_owned(), party: None }
}

fn decoded_state(report: &Report) -> FourthState {
    let name = "Decoded";
    match &report.token {
        None => none(name, "no token"),
        Some(token) if token.ok => FourthState {
            name,
            tone: Tone::Pass,
            words: "well formed".to_owned(),
            party: Some(Party::Decoded),
        },
        Some(_) => FourthState {
            name,
            tone: Tone::Fail,
            words: "malformed".to_owned(),
            party: Some(Party::Decoded),
        },
    }
}

/// Whether a check of `verification` is about how the token is signed.
fn about_signature(check: &Check) -> bool {
    matches!(words::stage_of(&check.id), "alg" | "key" | "signature" | "algorithm" | "keys")
}

fn signature_state(report: &Report) -> FourthState {
    let name = "Signature";
    let checks: Vec<_> =
        report.verification.iter().filter(|check| about_signature(check)).collect();
    if report.token.is_none() || checks.is_empty() {
        return none(name, "not judged");
    }
    let tone = worst(&checks);
    let words = match tone {
        Tone::Fail => "does not hold".to_owned(),
        Tone::Unknown if report.keys.is_none() => "unknown: no keys".to_owned(),
        Tone::Unknown => "unknown".to_owned(),
        Tone::Skip => "not judged".to_owned(),
        Tone::Pass | Tone::Warn => "verified".to_owned(),
    };
    FourthState { name, tone, words, party: Some(Party::Verifier) }
}

fn claims_state(report: &Report) -> FourthState {
    let name = "Claims";
    let format = |check: &Check| words::stage_of(&check.id) == "format";
    let checks: Vec<_> = report
        .verification
        .iter()
        .filter(|check| !about_signature(check) && !format(check))
        .collect();
    let decoded = report.token.as_ref().is_some_and(|token| token.claims.is_some());
    if !decoded || checks.is_empty() {
        return none(name, "not judged");
    }
    let tone = worst(&checks);
    let failed = checks.iter().find(|check| check.status == Status::Fail);
    let words = match (tone, failed) {
        (_, Some(check)) => words::stage_label(words::stage_of(&check.id)).to_lowercase(),
        (Tone::Unknown, _) => "not all known".to_owned(),
        (Tone::Skip, _) => "not judged".to_owned(),
        _ => "in order".to_owned(),
    };
    FourthState { name, tone, words, party: Some(Party::Verifier) }
}

fn federation_state(report: &Report) -> FourthState {
    let name = "Federation";
    let all = &report.federation;
    let count = |verdict| all.iter().filter(|outcome| outcome.verdict == verdict).count();
    let first = |verdict| {
        let at = all.iter().position(|outcome| outcome.verdict == verdict);
        Some(Party::Outcome(at.unwrap_or(0)))
    };
    let (allowed, denied, total) = (count(Verdict::Allow), count(Verdict::Deny), all.len());
    let (tone, words, party) = match () {
        () if total == 0 => return none(name, "no trust document"),
        () if denied > 0 => {
            (Tone::Fail, format!("{denied} of {total} refuses"), first(Verdict::Deny))
        }
        () if allowed == total => {
            (Tone::Pass, format!("{allowed} of {total} admits"), first(Verdict::Allow))
        }
        () => (Tone::Unknown, "cannot know".to_owned(), first(Verdict::Unknown)),
    };
    FourthState { name, tone, words, party }
}

/// Fail before unknown before warn before pass; only skips: skip.
fn worst(checks: &[&Check]) -> Tone {
    [Status::Fail, Status::Unknown, Status::Warn, Status::Pass]
        .into_iter()
        .find(|status| checks.iter().any(|check| check.status == *status))
        .map_or(Tone::Skip, Tone::from)
}

/// The party whose ladder is open when nobody chose one: the first that refuses, else the first.
pub(crate) fn default_party(judgements: &[Judgement]) -> Option<Party> {
    let relying = || judgements.iter().filter(|judged| judged.party != Party::Verifier);
    relying()
        .find(|judged| judged.verdict == Verdict::Deny)
        .or_else(|| relying().next())
        .or_else(|| judgements.first())
        .map(|judged| judged.party)
}

/// The page's title and the sentence in one: `AWS STS says no`.
pub(crate) fn headline(judgements: &[Judgement]) -> String {
    let chosen = default_party(judgements);
    let Some(judged) = judgements.iter().find(|judged| Some(judged.party) == chosen) else {
        return "nothing to judge yet".to_owned();
    };
    match judged.verdict {
        Verdict::Allow => format!("✓ {} says yes", judged.name),
        Verdict::Deny => format!("✕ {} says no", judged.name),
        Verdict::Unknown => format!("? {} cannot be known", judged.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use podpass::{ExplainInput, TrustDocument, explain};

    const REVIEW: &str = "apiVersion: authentication.k8s.io/v1\nkind: TokenReview\nspec: {}\n";

    fn report(token: &str) -> Report {
        explain(&ExplainInput {
            token: Some(token.into()),
            trust: Some(vec![
                TrustDocument::Text(REVIEW.into()),
                TrustDocument::Text(REVIEW.into()),
            ]),
            ..ExplainInput::default()
        })
    }

    #[test]
    fn four_states_stay_four() {
        let states = four_states(&report("e30.e30.AA"));
        let tones: Vec<_> = states.iter().map(|state| (state.name, state.tone)).collect();
        assert_eq!(tones[0], ("Decoded", Tone::Pass));
        assert_ne!(tones[1], ("Signature", Tone::Pass), "decoded is not verified");
        let nothing = four_states(&explain(&ExplainInput::default()));
        assert!(nothing.iter().all(|state| state.tone == Tone::Skip));
    }

    #[test]
    fn twins_are_told_apart() {
        let report = report("e30.e30.AA");
        let judged = judgements(&report);
        assert_eq!(judged.len(), 3);
        assert_ne!(judged[0].which, judged[1].which);
        assert_eq!(default_party(&judged), Some(Party::Outcome(0)));
    }
}
