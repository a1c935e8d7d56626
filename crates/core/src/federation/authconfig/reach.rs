//! Whom a file admits: every token of its issuers for its audiences, as far as no rule says no.

use super::config::Authenticator;
use crate::federation::{Breadth, Reach, ReachSubject};

/// Everybody whom the file lets in.
pub(super) fn of(authenticators: &[Authenticator<'_>]) -> Reach {
    let subjects = authenticators.iter().map(subject).collect();
    let breadth = authenticators.iter().map(breadth).max().unwrap_or(Breadth::None);
    Reach { subjects, breadth, admitted: None }
}

fn subject(authenticator: &Authenticator<'_>) -> ReachSubject {
    let audiences = authenticator.audiences.join(", ");
    let mut meaning = format!("every token of this issuer for {audiences}");
    for (_, claim, value) in &authenticator.required {
        meaning.push_str(&format!(" whose claim {claim} is {value:?}"));
    }
    let rules = authenticator.claim_rules.len() + authenticator.user_rules.len();
    if rules > 0 {
        meaning.push_str(&format!(", as far as {rules} expressions allow"));
    }
    ReachSubject { pattern: authenticator.issuer.to_owned(), meaning }
}

/// A cluster signs its issuer's tokens. Expressions may narrow it in ways that only they know.
fn breadth(authenticator: &Authenticator<'_>) -> Breadth {
    let one = authenticator.required.iter().any(|(_, claim, _)| *claim == "sub");
    match (one, authenticator.claim_rules.is_empty() && authenticator.user_rules.is_empty()) {
        (true, _) => Breadth::One,
        (false, true) => Breadth::Cluster,
        (false, false) => narrowed(authenticator),
    }
}

/// What the usual forms of rules leave over.
fn narrowed(authenticator: &Authenticator<'_>) -> Breadth {
    let texts: Vec<&str> =
        authenticator.claim_rules.iter().map(|rule| rule.program.text()).collect();
    let is_one = |text: &str| {
        let rest = text.trim().strip_prefix("claims.sub ==").map(str::trim);
        rest.is_some_and(is_literal)
    };
    let is_namespace = |text: &str| {
        let text = text.trim();
        let names =
            ["claims.kubernetes__dot__io.namespace ==", "claims['kubernetes.io'].namespace =="];
        names.iter().any(|name| text.strip_prefix(name).map(str::trim).is_some_and(is_literal))
            || text
                .strip_prefix("claims.sub.startsWith(")
                .and_then(|rest| rest.strip_suffix(')'))
                .filter(|literal| is_literal(literal))
                .is_some_and(|literal| literal.matches(':').count() >= 3)
    };
    match () {
        () if texts.iter().any(|text| is_one(text)) => Breadth::One,
        () if texts.iter().any(|text| is_namespace(text)) => Breadth::Namespace,
        () => Breadth::Cluster,
    }
}

/// One text in quotes, and nothing else.
fn is_literal(text: &str) -> bool {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    quote.is_some_and(|quote| {
        text.len() > 2 && text.matches(quote).count() == 2 && text.ends_with(quote)
    })
}
