//! Whom a system is asked about.

use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::jws::{FormatProblem, Jws};
use crate::signature::Evidence;

/// A token, claims that count as verified, or nobody: then only the document is judged.
pub(crate) enum Subject<'a> {
    Claims(&'a Map<String, Value>),
    Nobody,
    Token(&'a Evidence),
}

impl<'a> Subject<'a> {
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// `None`: there is no token, so form, keys and signature are moot.
    pub(crate) fn evidence(&self) -> Option<&'a Evidence> {
        match self {
            Self::Token(evidence) => Some(evidence),
            _ => None,
        }
    }

    pub(crate) fn jws(&self) -> Option<&'a Jws> {
        self.evidence()?.jws.as_ref()
    }

    pub(crate) fn claims(&self) -> Option<Claims<'a>> {
        match self {
            Self::Claims(claims) => Some(Claims(claims)),
            Self::Nobody => None,
            Self::Token(evidence) => evidence.jws.as_ref()?.claims(),
        }
    }

    pub(crate) fn header(&self) -> Option<&'a Map<String, Value>> {
        self.jws()?.header.as_ref()
    }

    /// The first thing wrong with the token's form.
    pub(crate) fn format_problem(&self) -> Option<&'a FormatProblem> {
        self.jws()?.problems.first()
    }
}
