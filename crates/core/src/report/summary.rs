//! One sentence, for a screen reader and a ticket.

use super::Report;
use crate::claims::{DecodedToken, TokenKind};
use crate::federation::FederationOutcome;
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Status, Verdict};

pub(super) fn summary(report: &Report) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(
        report.token.as_ref().map(|token| of_token(token, &report.verification, report.now)),
    );
    parts.extend(report.federation.iter().map(of_outcome));
    parts.extend(report.pods.iter().filter_map(|pod| {
        let rejected = pod.rejected.as_ref()?;
        Some(format!(
            "{} {} is refused: {}",
            pod.workload.kind, pod.workload.name, rejected.message
        ))
    }));
    if parts.is_empty() && !report.pods.is_empty() {
        let tokens: usize = report.pods.iter().map(|pod| pod.tokens.len()).sum();
        parts.push(format!(
            "{} with {}",
            count(report.pods.len(), "pod"),
            count(tokens, "projected token")
        ));
    }
    if parts.is_empty() {
        return "Nothing was given to judge.".to_owned();
    }
    let sentence = parts.join("; ");
    let mut characters = sentence.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn of_token(token: &DecodedToken, verification: &[Check], now: UnixTime) -> String {
    if !token.ok {
        return "the text is no well-formed token".to_owned();
    }
    let what = match token.kind {
        Some(TokenKind::Bound) => "a bound token",
        Some(TokenKind::External) => "a bound token for another audience",
        Some(TokenKind::LegacySecret) => "a legacy Secret token",
        _ => "a token that is no ServiceAccount's",
    };
    let whose = token
        .service_account
        .as_ref()
        .map(|account| format!(" of {}/{}", account.namespace, account.name))
        .unwrap_or_default();
    let signature =
        verification.iter().find(|check| check.id == "token/signature").map(|check| check.status);
    let signed = match signature {
        Some(Status::Pass) => "signature right",
        Some(Status::Fail) => "signature wrong",
        _ => "signature not checked",
    };
    let life = match token.expires_at.map(|exp| exp.since(now)) {
        Some(left) if left >= 0.0 => format!("expires in {}", duration(left)),
        Some(left) => format!("expired {} ago", duration(left)),
        None => "never expires".to_owned(),
    };
    format!("{what}{whose}, {signed}, {life}")
}

fn of_outcome(outcome: &FederationOutcome) -> String {
    let who = &outcome.title;
    if let Some(rejected) = &outcome.rejected {
        return format!("{who} would not store this document: {}", rejected.message);
    }
    match (outcome.verdict, &outcome.stage, &outcome.error) {
        (Verdict::Allow, _, _) => format!("{who} admits it"),
        (Verdict::Deny, Some(stage), Some(error)) => {
            format!("{who} refuses it at {stage}: {}", error.message)
        }
        (Verdict::Deny, stage, _) => {
            format!("{who} refuses it at {}", stage.as_deref().unwrap_or("the first check"))
        }
        (Verdict::Unknown, ..) => format!("{who} cannot be known"),
    }
}
