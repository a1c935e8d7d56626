//! What a judgement is made of: checks, findings, fixes, and the places in the input they point at. Plain data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold: the real system refuses here.
    Fail,
    /// It holds, but the reader should know something.
    Warn,
    /// Moot, or it rests on an assumption that `hint` names.
    Skip,
    /// An input is missing or a construct is not modelled. Never counted as a pass.
    Unknown,
}

/// What a relying party would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No check failed or is unknown.
    Allow,
    /// A check failed.
    Deny,
    /// None failed, but not all are known.
    Unknown,
}

impl Verdict {
    /// The verdict of a list of checks: any `Fail` denies; else any `Unknown`, or no check at all,
    /// leaves it open; else it is allowed.
    ///
    /// ```
    /// use podpass::{Check, Status, Verdict};
    ///
    /// assert_eq!(Verdict::of(&[]), Verdict::Unknown);
    /// assert_eq!(Verdict::of(&[Check::new("token/aud", Status::Pass, "audience")]), Verdict::Allow);
    /// ```
    pub fn of(checks: &[Check]) -> Self {
        let any = |status| checks.iter().any(|check| check.status == status);
        match () {
            () if any(Status::Fail) => Self::Deny,
            () if any(Status::Unknown) || checks.is_empty() => Self::Unknown,
            () => Self::Allow,
        }
    }
}

/// Which pasted input a [`Span`] points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputName {
    /// Cluster facts; `cluster.objects` where a span is given.
    Cluster,
    /// The key set.
    Jwks,
    /// Kubernetes manifests.
    Manifests,
    /// The token.
    Token,
    /// One of the trust documents.
    Trust,
}

/// A place in a pasted input: UTF-16 offsets into the text as pasted, and a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Which input.
    pub input: InputName,
    /// Which trust document or, in manifests, which YAML document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<usize>,
    /// First UTF-16 unit.
    pub start: usize,
    /// One past the last UTF-16 unit.
    pub end: usize,
    /// Line of `start`, from 1.
    pub line: usize,
    /// Column of `start` in UTF-16 units, from 1.
    pub column: usize,
    /// JSON pointer (RFC 6901) within the document, wrappers included.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pointer: Option<String>,
}

/// One thing that was judged. Checks stand in the order in which the real system judges them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Stable: `token/exp`, `keys/...`, `manifests/...`; `<system>/<stage>[/<detail>]`.
    pub id: Cow<'static, str>,
    /// How it came out.
    pub status: Status,
    /// A sentence fragment that says what was judged and how it came out.
    pub title: Cow<'static, str>,
    /// What would have passed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<Value>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actual: Option<Value>,
    /// Where it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<Cow<'static, str>>,
    /// The rule that specifies the behaviour: `K53`, `A12`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<Cow<'static, str>>,
    /// A public page about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub docs: Option<Cow<'static, str>>,
}

impl Check {
    /// A check with neither values nor place; add them with the methods below.
    ///
    /// ```
    /// use podpass::{Check, Status};
    ///
    /// let check = Check::new("token/aud", Status::Fail, "the token is for another audience")
    ///     .expected("vault")
    ///     .actual("sts.amazonaws.com")
    ///     .rule("K52");
    /// assert_eq!(check.expected, Some("vault".into()));
    /// ```
    pub fn new(
        id: impl Into<Cow<'static, str>>,
        status: Status,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id: id.into(),
            status,
            title: title.into(),
            expected: None,
            actual: None,
            span: None,
            hint: None,
            rule: None,
            docs: None,
        }
    }

    /// With what would have passed.
    #[must_use]
    pub fn expected(mut self, value: impl Into<Value>) -> Self {
        self.expected = Some(value.into());
        self
    }

    /// With what was there.
    #[must_use]
    pub fn actual(mut self, value: impl Into<Value>) -> Self {
        self.actual = Some(value.into());
        self
    }

    /// With its place.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// With what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With its rule.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<Cow<'static, str>>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// With a public page.
    #[must_use]
    pub fn docs(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.docs = Some(url.into());
        self
    }
}

/// How sure the wording of a [`ProviderError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Documented, or seen on the real system.
    Known,
    /// Inferred, or sources conflict.
    Likely,
}

/// What the real system would print, so that a log line can be traced back to its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderError {
    /// The system's own error code or reason; empty where it names none.
    pub code: String,
    /// The text, to the letter.
    pub message: String,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http_status: Option<u16>,
    /// How sure this is.
    pub certainty: Certainty,
    /// The same refusal in other years or moods.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub alternatives: Vec<Alternative>,
}

impl ProviderError {
    /// An error whose wording is known, without status or alternatives.
    pub fn known(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            http_status: None,
            certainty: Certainty::Known,
            alternatives: Vec::new(),
        }
    }

    /// With its HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.http_status = Some(status);
        self
    }

    /// As inferred rather than known.
    #[must_use]
    pub fn likely(mut self) -> Self {
        self.certainty = Certainty::Likely;
        self
    }

    /// With another wording of the same refusal.
    #[must_use]
    pub fn alternative(mut self, message: impl Into<String>, when: impl Into<String>) -> Self {
        self.alternatives.push(Alternative {
            code: None,
            message: Some(message.into()),
            when: when.into(),
        });
        self
    }
}

/// Another form of a [`ProviderError`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The other code, where it differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// The other text, where it differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// When this form is seen.
    pub when: String,
}

/// A replacement of the UTF-16 units from `start` to `end` by `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdit {
    /// First UTF-16 unit replaced.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

/// A change to one pasted input that turns a failing check green. Offered only after it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// Stable name.
    pub id: String,
    /// What it does, as an instruction.
    pub title: String,
    /// Id of the check that then passes.
    pub check: String,
    /// The input that is edited.
    pub input: InputName,
    /// Which trust document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index: Option<usize>,
    /// The edits; none overlaps another.
    pub edits: Vec<TextEdit>,
    /// The verdict once the edits are made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict_after: Option<Verdict>,
    /// The command that applies the edited input to the real system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
}

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refused, or cannot work as meant.
    Error,
    /// A suggestion.
    Info,
    /// Works, and lets in more than meant.
    Security,
    /// Works today; look at it.
    Warning,
}

/// A lint: true whatever the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name.
    pub code: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Why, and what to do.
    pub detail: String,
    /// The element at fault, or the one that lacks something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub span: Option<Span>,
    /// The rule behind it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<Cow<'static, str>>,
    /// Edits that were tried.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fixes: Vec<Fix>,
}

impl Finding {
    /// A finding without place, rule or fix; add them with the methods below.
    pub fn new(
        code: &'static str,
        severity: Severity,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            code: Cow::Borrowed(code),
            severity,
            title: title.into(),
            detail: detail.into(),
            span: None,
            rule: None,
            fixes: Vec::new(),
        }
    }

    /// With its place.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        self.span = span.into();
        self
    }

    /// With its rule.
    #[must_use]
    pub fn rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(Cow::Borrowed(rule));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_denies_and_one_unknown_leaves_open() {
        use Status::{Fail, Pass, Skip, Unknown, Warn};
        let table: [(&[Status], Verdict); 6] = [
            (&[], Verdict::Unknown),
            (&[Pass, Skip, Warn], Verdict::Allow),
            (&[Pass, Unknown], Verdict::Unknown),
            (&[Unknown, Fail], Verdict::Deny),
            (&[Fail, Pass], Verdict::Deny),
            (&[Skip], Verdict::Allow),
        ];
        for (statuses, verdict) in table {
            let checks: Vec<Check> =
                statuses.iter().map(|status| Check::new("x", *status, "")).collect();
            assert_eq!(Verdict::of(&checks), verdict, "{statuses:?}");
        }
    }
}
