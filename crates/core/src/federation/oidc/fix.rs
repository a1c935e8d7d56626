//! Edits that let the token in, each tried before it is offered.
//!
//! None widens trust: an issuer changes only where it was meant already, a subject only to the one in question.

use super::document::{Item, Profile};
use crate::check::issuer::difference;
use crate::claims::ServiceAccountRef;
use crate::document::Text;
use crate::federation::{FederationOutcome, Subject};
use crate::trace::{Fix, InputName, Status, TextEdit};

pub(super) fn propose(
    text: &Text<'_>,
    outcome: &FederationOutcome,
    subject: &Subject<'_>,
    again: &dyn Fn(&Text<'_>) -> FederationOutcome,
) -> Vec<Fix> {
    let (Ok(profile), Some(claims)) = (Profile::read(text), subject.claims()) else {
        return Vec::new();
    };
    let failed = |id: &str| {
        outcome.checks.iter().any(|check| check.id == id && check.status == Status::Fail)
    };
    let mut fixes = Vec::new();
    if let Some(found) = claims.text("iss").filter(|_| failed("oidc/issuer"))
        && difference(found, &profile.issuer.text).is_some()
    {
        let title = "Name the issuer as its tokens do";
        fixes.extend(tried(text, &profile.issuer, found, "oidc/issuer", title, again));
    }
    if let (Some(pattern), Some(found)) = (&profile.subject, claims.text("sub"))
        && failed("oidc/subject")
        && ServiceAccountRef::from_subject(found).is_some()
    {
        let title = "Let in this ServiceAccount instead";
        fixes.extend(tried(text, pattern, found, "oidc/subject", title, again));
    }
    fixes
}

fn tried(
    text: &Text<'_>,
    item: &Item,
    wanted: &str,
    check: &str,
    title: &str,
    again: &dyn Fn(&Text<'_>) -> FederationOutcome,
) -> Option<Fix> {
    let new = serde_json::Value::from(wanted).to_string();
    let (before, after) = (text.text.get(..item.range.start)?, text.text.get(item.range.end..)?);
    let edited = format!("{before}{new}{after}");
    let source = Text::new(text.input, &edited);
    let outcome = again(&text.index.map_or(source.clone(), |index| source.with_index(index)));
    let passes =
        outcome.checks.iter().any(|found| found.id == check && found.status == Status::Pass);
    let span = item.span(text);
    passes.then(|| Fix {
        id: format!("{check}/replace"),
        title: title.to_owned(),
        check: check.to_owned(),
        input: InputName::Trust,
        index: text.index,
        edits: vec![TextEdit { start: span.start, end: span.end, text: new }],
        verdict_after: Some(outcome.verdict),
        command: None,
    })
}
