//! Lints of a trust policy: true whatever the token says. One subject a file.
//!
//! They follow IAM Access Analyzer's policy checks where it has one, and what users of IRSA get wrong where it
//! has none. Source: IAM User Guide, "IAM Access Analyzer policy check reference" (read 2026-11).

mod action;
mod document;
mod key;
mod operator;
mod principal;
mod subject;
mod value;

use super::context::after_prefix;
use super::policy::{Condition, Effect, Place, Policy, Statement};
use super::provider::ProviderArn;
use super::{ASSUME, Case, Run};
use crate::document::Text;
use crate::federation::System;
use crate::trace::{Finding, Severity};

/// Longest text that is linted, in bytes: a policy has at most 4096 characters beside white space.
const MAX_TEXT: usize = 1 << 16;

/// Every finding, in the order of the document.
pub(super) fn findings(text: &Text<'_>, case: &Case<'_>, run: &Run) -> Vec<Finding> {
    let mut lint = Lint { text, case, run, policy: &run.role.policy, found: Vec::new() };
    document::refusals(&mut lint);
    // Far beyond what a role holds; some lints compare each element with each.
    if text.text.len() > MAX_TEXT {
        return lint.found;
    }
    document::whole(&mut lint);
    for statement in &run.role.policy.statements {
        principal::check(&mut lint, statement);
        action::check(&mut lint, statement);
        subject::check(&mut lint, statement);
        for condition in &statement.conditions {
            operator::check(&mut lint, statement, condition);
            key::check(&mut lint, statement, condition);
            value::check(&mut lint, condition);
        }
        key::of_two_issuers(&mut lint, statement);
    }
    let mut found = lint.found;
    found.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
    found
}

/// What lints look at, and what they found.
struct Lint<'a> {
    text: &'a Text<'a>,
    case: &'a Case<'a>,
    run: &'a Run,
    policy: &'a Policy,
    found: Vec<Finding>,
}

impl Lint<'_> {
    fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        rule: &'static str,
        place: &Place,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let span = place.span(self.text);
        self.found.push(Finding::new(code, severity, title, detail).at(span).rule(rule));
    }
}

/// The OIDC providers that a statement names.
fn providers(statement: &Statement) -> Vec<ProviderArn<'_>> {
    let federated = statement.principals_of("Federated");
    federated.filter_map(|one| ProviderArn::parse(&one.value.text)).collect()
}

/// An Allow that is meant for web identities.
fn admits_tokens(statement: &Statement) -> bool {
    statement.effect == Effect::Allow
        && !providers(statement).is_empty()
        && super::evaluate::action_holds(statement, ASSUME) == super::judge::Holds::Yes
}

/// What a condition's key asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked<'k> {
    /// A claim of a provider that the statement names.
    Claim(&'k str),
    /// `aws:...` and `sts:...`.
    Global,
    /// Anything else: another issuer's, misspelt, of another service.
    Other,
}

fn asked<'k>(statement: &Statement, condition: &'k Condition) -> Asked<'k> {
    let key = condition.key.text.as_str();
    let of = |provider: &ProviderArn<'_>| after_prefix(key, provider.url)?.strip_prefix(':');
    if let Some(claim) = providers(statement).iter().find_map(of) {
        return Asked::Claim(claim);
    }
    let is_global = |prefix| after_prefix(key, prefix).is_some();
    if is_global("aws:") || is_global("sts:") { Asked::Global } else { Asked::Other }
}

/// Whether a condition asks about this claim of the statement's provider.
fn asks_for(statement: &Statement, condition: &Condition, claim: &str) -> bool {
    matches!(asked(statement, condition), Asked::Claim(name) if name.eq_ignore_ascii_case(claim))
}

fn is_pod_identity(lint: &Lint<'_>) -> bool {
    lint.case.system == System::AwsPodIdentity
}
