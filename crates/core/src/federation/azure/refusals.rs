//! What Entra refuses to store (Z29 to Z32, Z40, Z41).
//!
//! Source of the texts: MicrosoftDocs/entra-docs, workload-identity-federation-considerations.md (read 2026-11).
//! Where none is published the refusal is `likely`, in podpass's words.

use super::credential::{Credential, Listed, Place};
use super::{AzureFacts, IdentityKind, flexible};
use crate::trace::ProviderError;

/// Most credentials of one application or identity (Z30).
const MOST: usize = 20;
/// Longest name; longest issuer, subject and description, in characters (Z29).
const LONGEST_NAME: usize = 120;
const LONGEST: usize = 600;

/// Why a credential is not stored.
pub(super) struct Refusal {
    pub(super) error: ProviderError,
    pub(super) hint: String,
    pub(super) place: Place,
    pub(super) rule: &'static str,
}

impl Refusal {
    fn known(message: String, hint: &str, place: &Place, rule: &'static str) -> Self {
        let error = ProviderError::known("", message).status(400);
        Self { error, hint: hint.to_owned(), place: place.clone(), rule }
    }

    /// The wording of which is not published.
    fn likely(message: String, hint: &str, place: &Place, rule: &'static str) -> Self {
        let mut refusal = Self::known(message, hint, place, rule);
        refusal.error = refusal.error.likely();
        refusal
    }
}

/// In the document's order.
pub(super) fn of(listed: &Listed, facts: &AzureFacts) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = listed.credentials.iter().flat_map(one).collect();
    for (index, credential) in listed.credentials.iter().enumerate() {
        let before = listed.credentials.iter().take(index);
        if before.clone().any(|earlier| same_pair(earlier, credential)) {
            refusals.push(taken(credential, facts));
        }
    }
    if let Some(surplus) = listed.credentials.get(MOST) {
        refusals.push(Refusal::likely(
            format!(
                "an identity has at most {MOST} federated identity credentials, here are {}",
                listed.credentials.len()
            ),
            "spread the ServiceAccounts over several identities",
            &surplus.place,
            "Z30",
        ));
    }
    refusals
}

/// Z30: unique even where the audience differs.
fn same_pair(left: &Credential, right: &Credential) -> bool {
    left.expression.is_none()
        && right.expression.is_none()
        && left.issuer_text() == right.issuer_text()
        && left.subject_text() == right.subject_text()
}

fn taken(credential: &Credential, facts: &AzureFacts) -> Refusal {
    let message = "Issuer and subject combination already exists for this Managed Identity.";
    let hint = "one issuer and subject can have one credential, whatever its audience";
    let mut refusal = Refusal::known(message.to_owned(), hint, &credential.place, "Z32");
    if facts.identity_kind == Some(IdentityKind::Application) {
        refusal.error = refusal.error.likely().alternative(
            "Request contains a property with duplicate values.",
            "Microsoft Graph, for an application",
        );
    }
    refusal
}

fn one(credential: &Credential) -> Vec<Refusal> {
    [
        name(credential),
        properties(credential),
        audiences(credential),
        lengths(credential),
        expression(credential),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Z29.
fn name(credential: &Credential) -> Option<Refusal> {
    let name = credential.name.as_ref()?;
    let length = name.text.chars().count();
    // A name of one or two characters is documented as too short, but is met in practice: a finding tells of it.
    let fits = (1..=LONGEST_NAME).contains(&length)
        && name.text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let message = format!("Federated Identity Credential name '{}' is invalid.", name.text);
    let hint = "3 to 120 letters, digits, `-` and `_`, the first a letter or digit";
    (!fits).then(|| Refusal::known(message, hint, &name.place, "Z29"))
}

/// Z32.
fn properties(credential: &Credential) -> Option<Refusal> {
    let blank = |text: &str| text.is_empty();
    let subject = credential.expression.is_none() && blank(credential.subject_text());
    let audience = credential
        .audiences
        .as_ref()
        .is_none_or(|all| all.iter().any(|audience| blank(&audience.text)));
    let lacks = match () {
        () if blank(credential.issuer_text()) => "issuer",
        () if subject => "subject",
        () if audience => "audiences",
        () => return None,
    };
    Some(Refusal::known(
        "Federated Identity Credential from HTTP body has empty properties".to_owned(),
        &format!("`{lacks}` must be set and not be empty"),
        &credential.place,
        "Z32",
    ))
}

/// Z29: exactly one.
fn audiences(credential: &Credential) -> Option<Refusal> {
    let audiences = credential.audiences.as_ref().filter(|all| all.len() != 1)?;
    let place = audiences.get(1).map_or(&credential.place, |second| &second.place);
    Some(Refusal::known(
        "Federated identity credentials must have exactly one audience.".to_owned(),
        "keep the audience that the token has; a second one needs an identity of its own, for issuer and subject are unique",
        place,
        "Z29",
    ))
}

/// Z29, and the same limit for issuer and subject.
fn lengths(credential: &Credential) -> Option<Refusal> {
    let fields = [
        ("issuer", &credential.issuer),
        ("subject", &credential.subject),
        ("description", &credential.description),
    ];
    let (what, item) = fields.into_iter().find_map(|(what, item)| {
        let item = item.as_ref().filter(|item| item.text.chars().count() > LONGEST)?;
        Some((what, item))
    })?;
    let message = format!("the {what} has more than {LONGEST} characters");
    Some(Refusal::likely(message, "shorten it", &item.place, "Z29"))
}

/// Z40, Z41.
fn expression(credential: &Credential) -> Option<Refusal> {
    let expression = credential.expression.as_ref()?;
    let refuse = |message: String, hint: &str, rule| {
        Some(Refusal::likely(message, hint, &expression.place, rule))
    };
    if !credential.subject_text().is_empty() {
        let message = "subject and claimsMatchingExpression exclude each other".to_owned();
        return refuse(message, "set one of them to null", "Z40");
    }
    if credential.language.as_deref() != Some("1") {
        let found = credential.language.as_deref().unwrap_or("none");
        let message = format!("languageVersion must be 1, found {found}");
        return refuse(message, "add \"languageVersion\": 1", "Z40");
    }
    let Some(supported) = flexible::claims_of(credential.issuer_text()) else {
        let message = format!(
            "claimsMatchingExpression is not supported for the issuer {}",
            credential.issuer_text()
        );
        let hint = "only GitHub, GitLab and Terraform Cloud have flexible credentials; a Kubernetes issuer needs one credential with `subject` for each namespace and ServiceAccount";
        return refuse(message, hint, "Z41");
    };
    match flexible::parse(&expression.text) {
        Err(problem) => refuse(
            format!("the expression is not valid: {problem}"),
            "write claims['sub'] matches 'PATTERN', terms joined by ` and `",
            "Z40",
        ),
        Ok(parsed) => {
            let other =
                parsed.terms.iter().find(|term| !supported.contains(&term.claim.as_str()))?;
            let message = format!("the claim {} is not supported for this issuer", other.claim);
            refuse(message, &format!("supported: {}", supported.join(", ")), "Z41")
        }
    }
}
