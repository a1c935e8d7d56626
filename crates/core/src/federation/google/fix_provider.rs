//! Edits of a provider that let the token in, each tried before it is offered.
//!
//! An issuer changes only where it was meant already, and audiences grow by the token's own, never by the API
//! server's: every pod has a token for that one. Who gets in by subject or condition stays as it is.

use serde_json::Value;

use super::provider::Provider;
use crate::check::audience::strict_audiences;
use crate::check::issuer::difference;
use crate::claims::{Claims, TokenKind};
use crate::document::{Node, Text, parse_document};
use crate::federation::edits::{Edit, apply, fails, shown, spares};
use crate::federation::{FederationOutcome, Subject};
use crate::trace::{Fix, InputName};

const ISSUER: &str = "gcp-wif/issuer";
const AUDIENCE: &str = "gcp-wif/audience";

/// A change of one field.
struct Change {
    check: &'static str,
    title: String,
    /// Of `update-oidc`.
    option: String,
    edit: Edit,
}

pub(super) fn propose(
    text: &Text<'_>,
    outcome: &FederationOutcome,
    subject: &Subject<'_>,
    again: &dyn Fn(&Text<'_>) -> FederationOutcome,
) -> Vec<Fix> {
    let (Some(claims), Ok(provider)) = (subject.claims(), Provider::read(text)) else {
        return Vec::new();
    };
    let changes: Vec<Change> = [
        fails(outcome, ISSUER).then(|| issuer(&provider, claims)),
        fails(outcome, AUDIENCE).then(|| audience(text, &provider, claims)),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .collect();
    tried(text, outcome, &provider, changes, again).into_iter().collect()
}

/// G20: a slip in `issuerUri`.
fn issuer(provider: &Provider, claims: Claims<'_>) -> Option<Change> {
    let found = claims.text("iss")?;
    difference(found, &provider.issuer.text)?;
    Some(Change {
        check: ISSUER,
        title: format!("set issuerUri to {found}"),
        option: format!("--issuer-uri=\"{found}\""),
        edit: Edit { bytes: provider.issuer.range.clone(), text: Value::from(found).to_string() },
    })
}

/// G21: a slip in `allowedAudiences` is corrected, else the token's audience is added.
fn audience(text: &Text<'_>, provider: &Provider, claims: Claims<'_>) -> Option<Change> {
    let found = strict_audiences(claims.0.get("aud")).ok()?;
    let [wanted] = found.as_slice() else { return None };
    if claims.kind() == TokenKind::Bound {
        return None;
    }
    let quoted = Value::from(&**wanted).to_string();
    let slip = provider.audiences.iter().find(|one| difference(wanted, &one.text).is_some());
    let kept =
        provider.audiences.iter().filter(|one| slip.is_none_or(|slip| slip.range != one.range));
    let mut all: Vec<&str> = kept.map(|one| one.text.as_str()).collect();
    all.push(wanted);
    let (edit, title) = match (slip, provider.audiences.last()) {
        (Some(slip), _) => {
            let title = format!("allow the audience {wanted} instead of {}", slip.text);
            (Edit { bytes: slip.range.clone(), text: quoted }, title)
        }
        (None, Some(last)) => {
            let edit = Edit::after(text.text, &last.range, &quoted);
            (edit, format!("allow the audience {wanted} too"))
        }
        (None, None) => {
            let title = format!("allow the audience {wanted} instead of the provider's name");
            (first_audience(text, provider, &quoted)?, title)
        }
    };
    let option = format!("--allowed-audiences=\"{}\"", all.join(","));
    Some(Change { check: AUDIENCE, title, option, edit })
}

/// Into the empty list, or into a list where there is none.
fn first_audience(text: &Text<'_>, provider: &Provider, quoted: &str) -> Option<Edit> {
    let node = parse_document(text.text).ok()?;
    if let Some(list) = node.at(&["oidc", "allowedAudiences"]).map(|list: &Node| &list.range) {
        return Some(Edit { bytes: list.clone(), text: format!("[{quoted}]") });
    }
    let issuer = &provider.issuer.range;
    let line = text.text.get(..issuer.start)?.rsplit('\n').next()?;
    let indent = line.get(..line.len() - line.trim_start().len())?;
    let text = match line.trim_start().starts_with("issuerUri:") {
        true => format!("\n{indent}allowedAudiences: [{quoted}]"),
        false => format!(", \"allowedAudiences\": [{quoted}]"),
    };
    Some(Edit { bytes: issuer.end..issuer.end, text })
}

/// All changes at once: whether the token passes there, and nothing else fails.
fn tried(
    text: &Text<'_>,
    before: &FederationOutcome,
    provider: &Provider,
    changes: Vec<Change>,
    again: &dyn Fn(&Text<'_>) -> FederationOutcome,
) -> Option<Fix> {
    let check = changes.first()?.check;
    let (mut titles, mut options, mut edits) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        titles.push(change.title);
        options.push(change.option);
        edits.push(change.edit);
    }
    let edited = apply(text.text, &edits)?;
    let source = Text::new(text.input, &edited);
    let after = again(&source);
    let passes = [ISSUER, AUDIENCE].iter().all(|id| !fails(&after, id));
    let name = provider.name.as_ref();
    let id = name.and_then(|name| name.whole.rsplit('/').next()).unwrap_or("PROVIDER");
    let pool = name.map_or("POOL", |name| &name.pool);
    let said = titles.join("; ");
    (passes && spares(before, &after)).then(|| Fix {
        id: format!("{check}/correct"),
        title: format!("In the provider, {said}"),
        check: check.to_owned(),
        input: InputName::Trust,
        index: text.index,
        edits: shown(text, &edits),
        verdict_after: Some(after.verdict),
        command: Some(format!(
            "gcloud iam workload-identity-pools providers update-oidc {id} --location=global --workload-identity-pool={pool} {}",
            options.join(" ")
        )),
    })
}
