//! Flexible federated credentials (preview): the language of `claimsMatchingExpression`.
//!
//! Source: MicrosoftDocs/entra-docs, workload-identities-flexible-federated-identity-credentials.md (read 2026-11).

use serde_json::{Map, Value};

/// The issuers that Entra takes for them, each with the claims that may be asked about (Z41). No Kubernetes issuer.
const ISSUERS: &[(&str, &[&str])] = &[
    ("https://token.actions.githubusercontent.com", &["sub", "job_workflow_ref"]),
    ("https://gitlab.com", &["sub"]),
    ("https://app.terraform.io", &["sub"]),
    ("https://app.eu.terraform.io", &["sub"]),
];

/// The claims that this issuer's credentials may ask about; `None`: it has no flexible credentials.
pub(super) fn claims_of(issuer: &str) -> Option<&'static [&'static str]> {
    ISSUERS.iter().find(|(url, _)| *url == issuer).map(|(_, claims)| *claims)
}

/// An expression: terms that must all hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expression {
    pub(super) terms: Vec<Term>,
}

/// `claims['NAME'] eq 'TEXT'`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) claim: String,
    /// `matches` rather than `eq`.
    pub(super) pattern: bool,
    pub(super) comparand: String,
}

/// Z40: single spaces, single quotes, no `or`, no `not`. `Err`: what is wrong.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut rest = text;
    let mut terms = Vec::new();
    loop {
        let (term, after) = term(rest)?;
        terms.push(term);
        if after.is_empty() {
            return Ok(Expression { terms });
        }
        rest = after.strip_prefix(" and ").ok_or_else(|| {
            format!("terms are joined by ` and ` alone, with single spaces; found `{after}`")
        })?;
    }
}

fn term(text: &str) -> Result<(Term, &str), String> {
    let lookup = || format!("expected claims['NAME'] eq 'TEXT', found `{text}`");
    let rest = text.strip_prefix("claims[").ok_or_else(lookup)?;
    let (claim, rest) = quoted(rest).ok_or_else(lookup)?;
    let rest = rest.strip_prefix("] ").ok_or_else(lookup)?;
    let (operator, rest) = rest.split_once(' ').ok_or_else(lookup)?;
    let pattern = match operator {
        "eq" => false,
        "matches" => true,
        other => return Err(format!("the operators are eq and matches, found `{other}`")),
    };
    let (comparand, rest) = quoted(rest).ok_or_else(lookup)?;
    Ok((Term { claim, pattern, comparand }, rest))
}

/// A text in single quotes, and what follows; a quote within is written twice.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut read = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        read.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                read.push('\'');
                rest = more;
            }
            None => return Some((read, after)),
        }
    }
}

impl Expression {
    /// A claim that is absent or no text fits nothing.
    pub(super) fn holds(&self, claims: &Map<String, Value>) -> bool {
        self.terms.iter().all(|term| {
            claims.get(&term.claim).and_then(Value::as_str).is_some_and(|claim| term.fits(claim))
        })
    }
}

impl Term {
    pub(super) fn fits(&self, claim: &str) -> bool {
        match self.pattern {
            true => wildcard(&self.comparand, claim),
            false => self.comparand == claim,
        }
    }
}

/// `?` is one character, `*` any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Where the last `*` stands, and how far into the text it reaches.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    p = at + 1;
                    t = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|one| *one == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions() {
        let claims =
            json!({"sub": "repo:o/r:ref:refs/heads/feature/x", "job_workflow_ref": "it's", "n": 1});
        let table = [
            ("claims['sub'] eq 'repo:o/r:ref:refs/heads/feature/x'", Some(true)),
            ("claims['sub'] eq 'repo:o/r:*'", Some(false)),
            ("claims['sub'] matches 'repo:o/r:*'", Some(true)),
            ("claims['sub'] matches 'repo:?/?:ref:*/x'", Some(true)),
            ("claims['sub'] matches '*'", Some(true)),
            ("claims['sub'] matches ''", Some(false)),
            ("claims['sub'] matches 'REPO:*'", Some(false)),
            ("claims['job_workflow_ref'] eq 'it''s'", Some(true)),
            ("claims['sub'] matches '*' and claims['job_workflow_ref'] eq 'it''s'", Some(true)),
            ("claims['sub'] matches '*' and claims['absent'] matches '*'", Some(false)),
            ("claims['n'] matches '*'", Some(false)),
            ("", None),
            ("claims['sub']  eq 'x'", None),
            ("claims[\"sub\"] eq 'x'", None),
            ("claims['sub'] eq \"x\"", None),
            ("claims['sub'] ne 'x'", None),
            ("claims['sub'] EQ 'x'", None),
            ("claims['sub'] eq 'x' or claims['sub'] eq 'y'", None),
            ("claims['sub'] eq 'x'  and claims['sub'] eq 'y'", None),
            ("not claims['sub'] eq 'x'", None),
            ("claims['sub'] eq 'x'.", None),
            ("claims['sub'] eq 'x", None),
        ];
        for (text, holds) in table {
            let found = parse(text).ok().map(|it| it.holds(claims.as_object().unwrap()));
            assert_eq!(found, holds, "{text}");
        }
    }
}
