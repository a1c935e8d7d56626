//! The words, tones and symbols that every part of the page shares.

use podpass::{
    FederationOutcome, InputName, Severity, Span, Status, System, TokenKind, UnixTime, Verdict,
};
use serde_json::Value;

/// A colour that also differs in shape and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Fail,
    Pass,
    Skip,
    Unknown,
    Warn,
}

impl Tone {
    /// The CSS class and the name of the symbol.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
        }
    }

    /// Said to whoever does not see the symbol.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fails",
            Self::Pass => "holds",
            Self::Skip => "not judged",
            Self::Unknown => "cannot be known",
            Self::Warn => "holds, with a warning",
        }
    }
}

impl From<Status> for Tone {
    fn from(status: Status) -> Self {
        match status {
            Status::Fail => Self::Fail,
            Status::Pass => Self::Pass,
            Status::Skip => Self::Skip,
            Status::Unknown => Self::Unknown,
            Status::Warn => Self::Warn,
        }
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Pass,
            Verdict::Deny => Self::Fail,
            Verdict::Unknown => Self::Unknown,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Fail,
            Severity::Security | Severity::Warning => Self::Warn,
            Severity::Info => Self::Skip,
        }
    }
}

/// What a card says in large letters.
pub(crate) const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "Admitted",
        Verdict::Deny => "Refused",
        Verdict::Unknown => "Cannot know",
    }
}

/// What people call a system.
pub(crate) const fn system_name(system: System) -> &'static str {
    match system {
        System::AwsIrsa => "AWS STS",
        System::AwsPodIdentity => "EKS Pod Identity",
        System::Azure => "Entra ID",
        System::Fulcio => "Fulcio",
        System::GcpWif => "Google STS",
        System::Gke => "GKE Workload Identity",
        System::Kubernetes => "Kubernetes API server",
        System::KubernetesJwt => "Another API server",
        System::Oidc => "OIDC relying party",
        System::VaultJwt => "Vault, JWT",
        System::VaultKubernetes => "Vault, Kubernetes",
    }
}

/// What kind of document describes a system's trust.
pub(crate) const fn document_name(system: System) -> &'static str {
    match system {
        System::AwsIrsa | System::AwsPodIdentity => "AWS role trust policy",
        System::Azure => "Azure federated credentials",
        System::Fulcio => "Fulcio configuration",
        System::GcpWif => "Google pool provider",
        System::Gke => "Google allow policy",
        System::Kubernetes => "TokenReview",
        System::KubernetesJwt => "AuthenticationConfiguration",
        System::Oidc => "OIDC profile",
        System::VaultJwt | System::VaultKubernetes => "Vault role",
    }
}

/// The title of an outcome without the system's name, which stands beside it.
pub(crate) fn outcome_title(outcome: &FederationOutcome) -> &str {
    let title = outcome.title.as_str();
    if title == system_name(outcome.system) || title == outcome.system.name() { "" } else { title }
}

/// `kind` as people say it.
pub(crate) const fn kind_name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Bound => "bound to an object, for the API server",
        TokenKind::External => "bound to an object, for another audience",
        TokenKind::LegacySecret => "legacy, from a Secret: never expires",
        TokenKind::NotKubernetes => "not from Kubernetes",
    }
}

/// The stage of a check's id: `aws-irsa/trust-policy/condition` is at `trust-policy`.
pub(crate) fn stage_of(id: &str) -> &str {
    id.split('/').nth(1).unwrap_or(id)
}

/// A stage as a heading: `trust-policy` is `Trust policy`.
pub(crate) fn stage_label(stage: &str) -> String {
    let known = match stage {
        "alg" => "Algorithm",
        "aud" => "Audience",
        "exp" => "Expiry",
        "iat" => "Issued at",
        "iss" => "Issuer",
        "jti" => "Token id",
        "nbf" => "Not before",
        "sub" => "Subject",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let mut letters = stage.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().replace('-', " ")
}

/// Where a span is, for a button.
pub(crate) fn place(span: &Span) -> String {
    let name = match (span.input, span.index) {
        (InputName::Trust, Some(index)) if index > 0 => format!("Trust {}", index + 1),
        (input, _) => input_label(input).to_owned(),
    };
    if span.input == InputName::Token { name } else { format!("{name}, line {}", span.line) }
}

/// The label of an input.
pub(crate) const fn input_label(input: InputName) -> &'static str {
    match input {
        InputName::Cluster => "Cluster facts",
        InputName::Jwks => "Keys",
        InputName::Manifests => "Manifests",
        InputName::Token => "Token",
        InputName::Trust => "Trust",
    }
}

/// A value as text: a string bare, a list of strings by commas, all else as JSON.
pub(crate) fn value_text(value: &Value) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "(none)".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            texts.join(", ")
        }
        Value::Null => "(absent)".to_owned(),
        other => other.to_string(),
    };
    if plain.is_empty() { "(empty)".to_owned() } else { visible(&plain) }
}

/// Control and direction characters as their code points, so that text cannot pretend to be other text.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
    };
    if !text.contains(hidden) {
        return text.to_owned();
    }
    text.chars()
        .map(|letter| {
            if hidden(letter) {
                format!("⟨U+{:04X}⟩", u32::from(letter))
            } else {
                letter.into()
            }
        })
        .collect()
}

/// A length of time in at most two units: `41 min`, `1 h 5 min`, `364 days`.
pub(crate) fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let total = seconds.abs().round();
    if total >= 3.0 * 86_400.0 {
        return format!("{} days", (total / 86_400.0).round());
    }
    let mut rest = total;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let count = (rest / size).floor();
        rest -= count * size;
        if count > 0.0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// An instant as seen from another: `in 41 min`, `5 s ago`.
pub(crate) fn relative(at: UnixTime, now: UnixTime) -> String {
    let seconds = at.since(now);
    match seconds {
        _ if seconds.abs() < 0.5 => "now".to_owned(),
        _ if seconds > 0.0 => format!("in {}", duration(seconds)),
        _ => format!("{} ago", duration(seconds)),
    }
}

/// `2026-11-25 14:19:05`, UTC.
pub(crate) fn date_time(at: UnixTime) -> String {
    at.to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

/// `14:19:05`, UTC.
pub(crate) fn time_of_day(at: UnixTime) -> String {
    let text = date_time(at);
    text.split_once(' ').map_or(text.clone(), |(_, time)| time.to_owned())
}

/// `one check`, `3 checks`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_have_at_most_two_units() {
        let table = [
            (0.0, "0 s"),
            (59.0, "59 s"),
            (2_460.0, "41 min"),
            (3_607.0, "1 h"),
            (3_660.0, "1 h 1 min"),
            (90_000.0, "1 d 1 h"),
            (31_536_000.0, "365 days"),
        ];
        for (seconds, text) in table {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(value_text(&json!("a\u{200b}b")), "a⟨U+200B⟩b");
        assert_eq!(value_text(&json!(["a", "b"])), "a, b");
        assert_eq!(value_text(&json!({"a": 1})), r#"{"a":1}"#);
    }

    #[test]
    fn stages_are_read_from_ids() {
        assert_eq!(stage_label(stage_of("aws-irsa/trust-policy/condition")), "Trust policy");
        assert_eq!(stage_label(stage_of("token/exp")), "Expiry");
    }
}
