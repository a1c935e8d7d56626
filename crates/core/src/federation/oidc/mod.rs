//! The generic relying party: a profile that most libraries come close to (R36, R37).
//!
//! Discovery with an exact issuer, the client's audience, RS256, times with 60 s of leeway, and a subject, exact or
//! with `*`. What a relying party prints is its own, so errors are likely ones.

mod document;
mod fix;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use document::Profile;

use super::{
    Breadth, FederationOutcome, Grant, IssuerFacts, Ladder, Reach, ReachSubject, Subject, System,
    signed,
};
use crate::algorithm::{Algorithm, AlgorithmName};
use crate::check::audience::strict_audiences;
use crate::check::issuer::difference;
use crate::check::lifetime::{LEEWAY, go_date};
use crate::claims::{Claims, ServiceAccountRef};
use crate::document::Text;
use crate::jwk::Key;
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Finding, ProviderError, Severity, Status, Verdict};

const SYSTEM: System = System::Oidc;

/// Nobody knows how a relying party words it.
fn refused(message: impl Into<String>) -> ProviderError {
    ProviderError::known("", message).status(401).likely()
}

/// The `oidc` column.
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &IssuerFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let mut outcome = judge(text, facts, subject, now);
    let again = |edited: &Text<'_>| judge(edited, facts, subject, now);
    outcome.fixes = fix::propose(text, &outcome, subject, &again);
    outcome
}

fn judge(
    text: &Text<'_>,
    facts: &IssuerFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let profile = match Profile::read(text) {
        Ok(profile) => profile,
        Err(check) => return rejected(text, *check),
    };
    let mut ladder = Ladder::new(SYSTEM);
    if subject.is_nobody() {
        let check = ladder.check("format", Status::Unknown, "there is no token to judge");
        ladder.push(check.hint("paste the pod's token"));
    } else {
        signed::format(&mut ladder, subject, "R36", |problem| {
            refused(format!("malformed token: {problem}"))
        });
    }
    if let Some(claims) = subject.claims() {
        issuer(&mut ladder, text, &profile, claims);
        discovery(&mut ladder, facts, &profile);
        audience(&mut ladder, text, &profile, claims);
        time(&mut ladder, claims, now);
        algorithm_and_keys(&mut ladder, subject);
        judge_subject(&mut ladder, text, &profile, claims);
    }
    let grant = subject.claims().map(grant);
    let verdict = ladder.verdict();
    FederationOutcome {
        document: text.index,
        grant: grant.filter(|_| verdict == Verdict::Allow),
        reach: reach(&profile),
        findings: findings(text, &profile),
        ..ladder.conclude(format!("relying party of {}", profile.issuer.text))
    }
}

fn rejected(text: &Text<'_>, check: Check) -> FederationOutcome {
    let message = check.title.clone().into_owned();
    let mut ladder = Ladder::new(SYSTEM);
    ladder.push(check);
    FederationOutcome {
        document: text.index,
        verdict: Verdict::Unknown,
        rejected: Some(ProviderError::known("", message).likely()),
        ..ladder.conclude(SYSTEM.title())
    }
}

fn issuer(ladder: &mut Ladder, text: &Text<'_>, profile: &Profile, claims: Claims<'_>) {
    let wanted = &profile.issuer.text;
    let found = claims.text("iss");
    let good = found == Some(wanted);
    let (status, title) = match good {
        true => (Status::Pass, "the issuer is the one that is trusted"),
        false => (Status::Fail, "the token is another issuer's"),
    };
    let mut check = ladder
        .check("issuer", status, title)
        .expected(wanted.as_str())
        .actual(claims.0.get("iss").cloned().unwrap_or(Value::Null))
        .at(profile.issuer.span(text))
        .rule("R36");
    if let Some(difference) = found.and_then(|found| difference(found, wanted)).filter(|_| !good) {
        check = check.hint(format!(
            "the two differ by {difference} only; issuers are compared byte for byte"
        ));
    }
    ladder.judge(check, || refused("unexpected \"iss\" claim value"));
}

/// R36, R37: the document lies below the issuer, and the relying party has to get there.
fn discovery(ladder: &mut Ladder, facts: &IssuerFacts, profile: &Profile) {
    let url =
        format!("{}/.well-known/openid-configuration", profile.issuer.text.trim_end_matches('/'));
    let hint = "anonymous access to discovery and keys is off by default: bind system:service-account-issuer-discovery to system:unauthenticated, or publish both files elsewhere";
    let check = match facts.issuer_reachable {
        Some(true) => ladder.check("discovery", Status::Pass, "the issuer's keys are reachable"),
        None => ladder
            .check("discovery", Status::Skip, "whether the issuer's keys are reachable is not told")
            .hint(format!("assumed: {url} answers, with this issuer exactly")),
        Some(false) => ladder
            .check("discovery", Status::Fail, "the issuer's keys are not reachable")
            .hint(hint),
    };
    let check = check.expected(url.clone()).rule("R37");
    ladder.judge(check, || refused(format!("could not fetch {url}")));
}

fn audience(ladder: &mut Ladder, text: &Text<'_>, profile: &Profile, claims: Claims<'_>) {
    let found = strict_audiences(claims.0.get("aud")).unwrap_or_default();
    let wanted: Vec<&str> = profile.audiences.iter().map(|one| one.text.as_str()).collect();
    let good = found.iter().any(|audience| wanted.contains(&audience.as_str()));
    let (status, title) = match good {
        true => (Status::Pass, "the token is meant for this client"),
        false => (Status::Fail, "the token is meant for somebody else"),
    };
    let mut check = ladder
        .check("audience", status, title)
        .expected(json!(wanted))
        .actual(claims.0.get("aud").cloned().unwrap_or(Value::Null))
        .at(profile.audiences.first().map(|one| one.span(text)))
        .rule("R36");
    if !good {
        check = check.hint("ask for a token with this audience: `audience` of the projected volume's serviceAccountToken source");
    }
    ladder.judge(check, || refused("unexpected \"aud\" claim value"));
}

/// With the borders of the API server: equality passes.
fn time(ladder: &mut Ladder, claims: Claims<'_>, now: UnixTime) {
    for (claim, late) in [("exp", true), ("nbf", false), ("iat", false)] {
        let stage = format!("time/{claim}");
        let check = match go_date(claims, claim) {
            Err(actual) => {
                ladder.check(&stage, Status::Fail, format!("`{claim}` is no number")).actual(actual)
            }
            Ok(None) if late => ladder.check(
                &stage,
                Status::Fail,
                "the token has no `exp`, which OpenID Connect demands",
            ),
            Ok(None) => ladder.check(&stage, Status::Skip, format!("the token has no `{claim}`")),
            Ok(Some(date)) => border(ladder, &stage, claim, date, now, late),
        };
        ladder.judge(check.rule("R36"), || {
            refused(format!("\"{claim}\" claim timestamp check failed"))
        });
    }
}

fn border(
    ladder: &Ladder,
    stage: &str,
    claim: &str,
    date: UnixTime,
    now: UnixTime,
    late: bool,
) -> Check {
    let good = if late { now.0 - LEEWAY <= date.0 } else { now.0 + LEEWAY >= date.0 };
    let apart = duration(now.since(date));
    let title = match (late, good) {
        (true, true) => format!("the token expires in {apart}, or did so within the leeway"),
        (true, false) => format!("the token expired {apart} ago"),
        (false, true) => format!("`{claim}` lies in the past, or within the leeway"),
        (false, false) => format!("`{claim}` lies {apart} in the future"),
    };
    let sign = if late { "now - 60 s <=" } else { "now + 60 s >=" };
    ladder
        .check(stage, if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!("{sign} {date}"))
        .actual(now.to_string())
}

fn algorithm_and_keys(ladder: &mut Ladder, subject: &Subject<'_>) {
    let allowed: Vec<Algorithm> = match Algorithm::named("RS256") {
        AlgorithmName::Known(algorithm) => vec![algorithm],
        _ => Vec::new(),
    };
    signed::algorithm(ladder, subject, &allowed, "R36", |name| {
        refused(format!("unexpected algorithm {name:?}"))
    });
    let usable = |key: &Key| {
        let written = |name: &str| key.written.get(name).and_then(Value::as_str);
        written("use").is_none_or(|usage| usage == "sig")
            && written("alg").is_none_or(|alg| alg == "RS256")
    };
    signed::signature(ladder, subject, "R36", usable, || refused("signature verification failed"));
}

fn judge_subject(ladder: &mut Ladder, text: &Text<'_>, profile: &Profile, claims: Claims<'_>) {
    let Some(pattern) = &profile.subject else {
        let title = "every subject of the issuer is let in";
        return ladder.push(ladder.check("subject", Status::Pass, title).rule("R36"));
    };
    let found = claims.text("sub");
    let good = found.is_some_and(|found| matches(&pattern.text, found));
    let (status, title) = match good {
        true => (Status::Pass, "the subject is one that is let in"),
        false => (Status::Fail, "the subject is not let in"),
    };
    let check = ladder
        .check("subject", status, title)
        .expected(pattern.text.as_str())
        .actual(claims.0.get("sub").cloned().unwrap_or(Value::Null))
        .at(pattern.span(text))
        .rule("R36");
    ladder.judge(check, || refused("the subject is not allowed"));
}

/// `*` stands for any characters, also none; everything else for itself.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn grant(claims: Claims<'_>) -> Grant {
    let detail = json!({ "issuer": claims.text("iss"), "audience": claims.0.get("aud") });
    Grant {
        principal: claims.text("sub").unwrap_or_default().to_owned(),
        expires_at: claims.date("exp"),
        detail: detail.as_object().cloned().unwrap_or_default(),
    }
}

fn reach(profile: &Profile) -> Reach {
    let issuer = &profile.issuer.text;
    let Some(pattern) = &profile.subject else {
        let subject =
            ReachSubject { pattern: "*".into(), meaning: format!("every subject of {issuer}") };
        return Reach { subjects: vec![subject], breadth: Breadth::Cluster, admitted: None };
    };
    let (breadth, meaning) = match breadth(&pattern.text) {
        Breadth::One => (Breadth::One, "this subject only"),
        Breadth::Namespace => (Breadth::Namespace, "ServiceAccounts of one namespace"),
        other => (other, "subjects of several namespaces"),
    };
    let subject =
        ReachSubject { pattern: pattern.text.clone(), meaning: format!("{meaning}, of {issuer}") };
    Reach { subjects: vec![subject], breadth, admitted: None }
}

/// How many subjects of a cluster a pattern can match.
fn breadth(pattern: &str) -> Breadth {
    let Some((literal, _)) = pattern.split_once('*') else { return Breadth::One };
    let rest = literal.strip_prefix("system:serviceaccount:");
    match rest.is_some_and(|rest| rest.contains(':')) {
        true => Breadth::Namespace,
        false => Breadth::Cluster,
    }
}

fn findings(text: &Text<'_>, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &profile.subject {
        None => findings.push(
            Finding::new(
                "oidc-any-subject",
                Severity::Security,
                "Every pod of the cluster is let in",
                "No subject is asked for, so a token of any ServiceAccount of this issuer with this audience will do; a pod may ask for any audience. Name the subject",
            )
            .at(profile.issuer.span(text))
            .rule("R36"),
        ),
        Some(pattern) if breadth(&pattern.text) == Breadth::Cluster => findings.push(
            Finding::new(
                "oidc-wide-subject",
                Severity::Security,
                "The subject is open to several namespaces",
                format!(
                    "{:?} matches ServiceAccounts of every namespace that fits: whoever may create one there is let in",
                    pattern.text
                ),
            )
            .at(pattern.span(text))
            .rule("R36"),
        ),
        Some(pattern)
            if !pattern.text.contains('*')
                && ServiceAccountRef::from_subject(&pattern.text).is_none() =>
        {
            findings.push(
                Finding::new(
                    "oidc-subject-no-service-account",
                    Severity::Warning,
                    "No ServiceAccount has this subject",
                    format!(
                        "Tokens of ServiceAccounts have subjects of the form system:serviceaccount:NAMESPACE:NAME, which {:?} is not",
                        pattern.text
                    ),
                )
                .at(pattern.span(text))
                .rule("R36"),
            );
        }
        Some(_) => {}
    }
    findings
}
