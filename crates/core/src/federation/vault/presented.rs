//! The token as go-jose reads it, and the keys that may have signed it.

use serde_json::{Map, Value};

use crate::document::{Duplicates, Node, parse_json};
use crate::federation::Subject;
use crate::federation::apiserver::Token;
use crate::signature::Evidence;

/// What is presented at a login.
pub(super) struct Presented<'a> {
    /// `None`: claims count as verified.
    pub(super) token: Option<Token>,
    /// Without white space.
    pub(super) compact: String,
    pub(super) evidence: Option<&'a Evidence>,
    payload: Option<Node>,
}

impl<'a> Presented<'a> {
    /// `padded`: padding is forgiven, as go-jose v3 does. `None`: there is nobody.
    pub(super) fn new(subject: &Subject<'a>, padded: bool) -> Option<Self> {
        if let Some(evidence) = subject.evidence() {
            let written = evidence.jws.as_ref().map_or("", |jws| jws.compact.as_str());
            let compact: String = written.chars().filter(|c| !c.is_whitespace()).collect();
            let unpadded: Vec<&str> = compact
                .split('.')
                .map(|part| if padded { part.trim_end_matches('=') } else { part })
                .collect();
            let mut token = Token::read(&unpadded.join("."));
            let payload = token.payload.take();
            return Some(Self { token: Some(token), compact, evidence: Some(evidence), payload });
        }
        let claims = Value::Object(subject.claims()?.0.clone()).to_string();
        let payload = parse_json(&claims, Duplicates::JudgedByDecoder).ok();
        Some(Self { token: None, compact: String::new(), evidence: None, payload })
    }

    /// The claims, if they are an object; of several members with one name the last counts.
    pub(super) fn claims(&self) -> Option<Map<String, Value>> {
        match self.payload.as_ref()?.to_json() {
            Value::Object(claims) => Some(claims),
            _ => None,
        }
    }

    /// go-jose's own decoder takes no name twice.
    pub(super) fn has_twins(&self) -> bool {
        self.payload.as_ref().is_some_and(has_twins)
    }

    pub(super) fn alg(&self) -> &str {
        self.token.as_ref().and_then(|token| token.header.as_ref()).map_or("", |header| &header.alg)
    }

    /// What go-jose says of a text that is no token; what is wrong with the payload alone it does not see here.
    pub(super) fn malformed(&self) -> Option<String> {
        let problem = self.token.as_ref()?.problem.as_ref()?;
        let parts = self.compact.split('.').count();
        if parts != 3 || self.compact.starts_with('{') {
            return Some("go-jose/go-jose: compact JWS format must have three parts".to_owned());
        }
        (!problem.contains("the payload is not JSON")).then(|| match problem.contains("base64") {
            true => "illegal base64 data at input byte 0".to_owned(),
            false => format!("go-jose/go-jose: {problem}"),
        })
    }
}

fn has_twins(node: &Node) -> bool {
    let mut names = std::collections::HashSet::new();
    node.members()
        .iter()
        .any(|member| !names.insert(member.name.as_str()) || has_twins(&member.value))
        || node.elements().iter().any(has_twins)
}
