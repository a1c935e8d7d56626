//! Which credentials match, step by step: issuer, then subject, then audience (Z33).

use serde_json::{Map, Value};

use super::credential::Credential;
use super::errors::Presented;
use super::flexible;

/// The token beside the credentials.
pub(super) struct Matching<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audiences: Vec<String>,
    claims: &'a Map<String, Value>,
    credentials: &'a [Credential],
}

impl<'a> Matching<'a> {
    pub(super) fn new(claims: &'a Map<String, Value>, credentials: &'a [Credential]) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            issuer: text("iss"),
            subject: text("sub"),
            audiences: super::steps::first_audience(claims),
            claims,
            credentials,
        }
    }

    pub(super) fn presented(&self) -> Presented<'_> {
        Presented {
            issuer: self.issuer,
            subject: self.subject,
            audience: self.audiences.first().map_or("", String::as_str),
        }
    }

    /// Character for character.
    pub(super) fn by_issuer(&self) -> Vec<&'a Credential> {
        self.credentials.iter().filter(|one| one.issuer_text() == self.issuer).collect()
    }

    /// Those that the subject is compared with; where no issuer fits, all: what else is wrong is told too.
    pub(super) fn for_subject(&self) -> Vec<&'a Credential> {
        or_all(self.by_issuer(), self.credentials.iter().collect())
    }

    pub(super) fn by_subject(&self) -> Vec<&'a Credential> {
        self.for_subject().into_iter().filter(|one| self.has_subject(one)).collect()
    }

    pub(super) fn for_audience(&self) -> Vec<&'a Credential> {
        or_all(self.by_subject(), self.for_subject())
    }

    /// Z39: one equal audience is enough.
    pub(super) fn by_audience(&self) -> Vec<&'a Credential> {
        let has = |one: &&Credential| {
            one.audience().is_some_and(|audience| self.audiences.contains(&audience.text))
        };
        self.for_audience().into_iter().filter(has).collect()
    }

    /// The credential that lets the token in.
    pub(super) fn matched(&self) -> Option<&'a Credential> {
        self.by_audience()
            .into_iter()
            .find(|one| one.issuer_text() == self.issuer && self.has_subject(one))
    }

    fn has_subject(&self, credential: &Credential) -> bool {
        match &credential.expression {
            // Z40; what cannot be parsed is never stored.
            Some(expression) => {
                flexible::parse(&expression.text).is_ok_and(|parsed| parsed.holds(self.claims))
            }
            None => credential.subject_text() == self.subject,
        }
    }
}

fn or_all<'a>(found: Vec<&'a Credential>, all: Vec<&'a Credential>) -> Vec<&'a Credential> {
    if found.is_empty() { all } else { found }
}
