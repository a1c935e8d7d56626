//! Entra: federated identity credentials of an application or a user-assigned managed identity.
//!
//! Sources: MicrosoftDocs/entra-docs, docs/workload-id (read 2026-11); answers quoted in public issues, see
//! `errors`. Z43: for some minutes after a credential was made or changed Entra may answer from its cache. Z44: once
//! the token is issued, a 403 of the resource is Azure RBAC, not federation.

mod credential;
mod errors;
mod facts;
mod fix;
mod flexible;
mod lint;
mod matching;
mod reach;
mod refusals;
mod signature;
mod steps;

use serde_json::{Map, Value};

use self::credential::{Document, Listed};
use self::matching::Matching;
use super::{FederationOutcome, Grant, Ladder, Subject, System};
use crate::document::{SyntaxError, Text};
use crate::time::UnixTime;
use crate::trace::{Check, Status, Verdict};

pub use facts::{AzureFacts, IdentityKind};

/// Of a client or tenant that was not told.
const CLIENT: &str = "client-xxxxx";
const TENANT: &str = "tenant-xxxxx";

/// Would Entra give this token's bearer a token of the client?
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &AzureFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let case = Case { facts, subject, now };
    let mut run = case.run(text);
    run.outcome.fixes = fix::propose(text, &case, &run);
    run.outcome.findings = lint::findings(text, &case, &run);
    run.outcome
}

/// All of the input but the document's text: what fixes are tried with.
struct Case<'a> {
    facts: &'a AzureFacts,
    subject: &'a Subject<'a>,
    now: UnixTime,
}

/// An outcome, and what fixes and lints start from.
struct Run {
    outcome: FederationOutcome,
    listed: Listed,
}

/// What the stages look at.
struct Scene<'a> {
    text: &'a Text<'a>,
    facts: &'a AzureFacts,
    listed: &'a Listed,
}

impl Case<'_> {
    fn run(&self, text: &Text<'_>) -> Run {
        let listed = match credential::read(text) {
            Document::Unreadable(error) => {
                return Run { outcome: self.unreadable(text, &error), listed: Listed::default() };
            }
            Document::Credentials(listed) => listed,
        };
        let refusals = refusals::of(&listed, self.facts);
        let outcome = match refusals.is_empty() {
            true => self.judge(text, &listed),
            false => self.refused(text, &refusals),
        };
        Run { outcome, listed }
    }

    fn judge(&self, text: &Text<'_>, listed: &Listed) -> FederationOutcome {
        let mut ladder = Ladder::new(System::Azure);
        let scene = Scene { text, facts: self.facts, listed };
        let mut grant = None;
        if self.subject.is_nobody() {
            let stored =
                Check::new("azure/document", Status::Pass, "Entra stores these credentials");
            ladder.push(stored.rule("Z29"));
            let title = "there is no token to judge";
            ladder.push(
                Check::new("azure/format", Status::Unknown, title).hint("paste the pod's token"),
            );
        } else {
            steps::client(&mut ladder, &scene);
            steps::format(&mut ladder, self.subject);
            match self.subject.claims() {
                Some(claims) => {
                    steps::lifetime(&mut ladder, claims);
                    steps::time(&mut ladder, claims, self.now);
                    steps::credentials(&mut ladder, &scene);
                    let matching = Matching::new(claims.0, &listed.credentials);
                    steps::matching(&mut ladder, &scene, &matching);
                    steps::discovery(&mut ladder, &scene, matching.issuer);
                    signature::judge(&mut ladder, self.subject, matching.issuer);
                    grant = matching.matched().map(|matched| self.grant(matched));
                }
                None => ladder.push(Check::new(
                    "azure/lifetime",
                    Status::Skip,
                    "the claims could not be read",
                )),
            }
        }
        let outcome = ladder.conclude(self.title());
        FederationOutcome {
            document: text.index,
            grant: grant.filter(|_| outcome.verdict == Verdict::Allow),
            reach: reach::of(listed, self.facts),
            ..outcome
        }
    }

    fn grant(&self, matched: &credential::Credential) -> Grant {
        let mut detail = Map::new();
        let name = matched.name.as_ref().map(|name| name.text.clone());
        detail.insert("federatedCredential".to_owned(), name.map_or(Value::Null, Value::String));
        if let Some(tenant) = &self.facts.tenant_id {
            detail.insert("tenantId".to_owned(), Value::String(tenant.clone()));
        }
        let client = self.facts.client_id.as_deref().unwrap_or(CLIENT);
        Grant { principal: client.to_owned(), expires_at: None, detail }
    }

    fn title(&self) -> String {
        let kind = match self.facts.identity_kind {
            Some(IdentityKind::Application) => "application",
            Some(IdentityKind::UserAssignedIdentity) => "managed identity",
            None => "client",
        };
        match &self.facts.client_id {
            Some(client) => format!("{kind} {client}"),
            None => format!("Entra {kind}"),
        }
    }

    fn of_document(&self, text: &Text<'_>, checks: Vec<Check>) -> FederationOutcome {
        let mut ladder = Ladder::new(System::Azure);
        for check in checks {
            ladder.push(check);
        }
        FederationOutcome {
            document: text.index,
            verdict: Verdict::Unknown,
            ..ladder.conclude(self.title())
        }
    }

    fn unreadable(&self, text: &Text<'_>, error: &SyntaxError) -> FederationOutcome {
        let span = text.point(error.at);
        let title = format!("line {}, column {}: {}", span.line, span.column, error.message);
        let check = Check::new("azure/document", Status::Fail, title).at(span).hint(
            "paste the whole output of `az identity federated-credential list` or `az ad app federated-credential list`",
        );
        self.of_document(text, vec![check])
    }

    /// Entra would not store such a credential (Z32).
    fn refused(&self, text: &Text<'_>, refusals: &[refusals::Refusal]) -> FederationOutcome {
        let check = |refusal: &refusals::Refusal| {
            Check::new("azure/document", Status::Fail, refusal.error.message.clone())
                .at(refusal.place.span(text))
                .hint(refusal.hint.clone())
                .rule(refusal.rule)
        };
        let outcome = self.of_document(text, refusals.iter().map(check).collect());
        FederationOutcome { rejected: refusals.first().map(|first| first.error.clone()), ..outcome }
    }
}

#[cfg(test)]
mod tests;
