//! Vault: the auth methods `auth/jwt` and `auth/kubernetes`, their roles and mount configurations.
//!
//! What Vault refuses to store comes first, the role before the configuration; then a login, in Vault's order.
//! Source: `github.com/hashicorp/vault-plugin-auth-jwt` v0.26.1, `-kubernetes` v0.23.1, read in November 2026 and
//! compared with both, run on the same roles and tokens. Not modelled: the browser flow of OIDC, `provider_config`.

mod cidr;
mod claims;
mod facts;
mod fields;
mod fix;
mod go;
mod jwt;
mod kubernetes;
mod lint;
mod presented;
mod reach;
mod standard;
mod token_fields;

use std::borrow::Cow;

use self::fields::{Fields, Read};
use super::{Breadth, FederationOutcome, Grant, Ladder, Reach, Subject, System};
use crate::cluster::Cluster;
use crate::document::Text;
use crate::time::UnixTime;
use crate::trace::{Certainty, Check, InputName, ProviderError, Span, Status, Verdict};

pub use facts::{GivenReview, VaultFacts};

/// Would Vault log this token's bearer in?
pub(crate) fn evaluate(
    system: System,
    text: &Text<'_>,
    facts: &VaultFacts,
    subject: &Subject<'_>,
    cluster: &Cluster,
    now: UnixTime,
) -> FederationOutcome {
    let case = Case { system, facts, subject, cluster, now };
    let mut outcome = case.run(text);
    outcome.fixes = fix::propose(text, &case, &outcome);
    outcome.findings = lint::findings(text, &case, &outcome);
    outcome
}

/// All of the input but the role's text: what fixes are tried with.
struct Case<'a> {
    system: System,
    facts: &'a VaultFacts,
    subject: &'a Subject<'a>,
    cluster: &'a Cluster,
    now: UnixTime,
}

/// Why Vault does not store a role or a configuration.
struct Refusal {
    message: String,
    certainty: Certainty,
    /// Of the role; a configuration is no trust document of its own.
    span: Option<Span>,
    rule: &'static str,
}

impl Refusal {
    fn of(
        fields: &Fields<'_>,
        field: &str,
        message: impl Into<String>,
        rule: &'static str,
    ) -> Self {
        let span = (fields.text.input == InputName::Trust).then(|| fields.span(field));
        Self { message: message.into(), certainty: Certainty::Known, span, rule }
    }
}

/// The rules that differ between the methods.
#[derive(Clone, Copy)]
struct Rules {
    issuer: &'static str,
    audience: &'static str,
}

/// The ladder, with what every failure of a stretch of it has in common.
struct Judge<'a> {
    ladder: Ladder,
    now: UnixTime,
    rules: Rules,
    /// Before the texts of token validation.
    prefix: &'a str,
    /// Of those texts.
    status: u16,
}

impl Judge<'_> {
    fn check(&self, stage: &str, status: Status, title: impl Into<Cow<'static, str>>) -> Check {
        self.ladder.check(stage, status, title)
    }

    fn push(&mut self, check: Check) {
        self.ladder.push(check);
    }

    /// Token validation: if the check fails, Vault says this.
    fn told(&mut self, check: Check, message: &str) {
        let error = error(format!("{}{message}", self.prefix), self.status);
        self.ladder.judge(check, || error);
    }

    /// Token validation failed.
    fn refuse(&mut self, check: Check, message: &str) {
        self.told(check, message);
    }
}

/// R1: Vault's errors have a text and a status, no code.
fn error(message: impl Into<String>, status: u16) -> ProviderError {
    ProviderError::known("", message).status(status)
}

/// R13: the reason is in Vault's debug log only.
fn permission_denied() -> ProviderError {
    error("permission denied", 403)
}

impl Case<'_> {
    fn run(&self, text: &Text<'_>) -> FederationOutcome {
        let role = match Fields::read(text.clone()) {
            Read::Unreadable(syntax) => {
                let span = text.point(syntax.at);
                let title =
                    format!("line {}, column {}: {}", span.line, span.column, syntax.message);
                let check = Check::new(self.id("document"), Status::Fail, title).at(span);
                let hint = "paste the output of `vault read -format=json auth/PATH/role/NAME`";
                return self.of_document(text, vec![check.hint(hint)]);
            }
            Read::Nothing => None,
            Read::Fields(fields) => Some(fields),
        };
        let config = match self.facts.config.as_deref() {
            None => None,
            // A configuration is no document of its own: nothing points into it.
            Some(config) => match Fields::read(Text::new(InputName::Cluster, config)) {
                Read::Nothing => None,
                Read::Fields(fields) => Some(fields),
                Read::Unreadable(syntax) => {
                    let title = format!("the configuration is not understood: {}", syntax.message);
                    let check = Check::new(self.id("document/config"), Status::Unknown, title);
                    return self.of_document(text, vec![check]);
                }
            },
        };
        match self.system {
            System::VaultKubernetes => kubernetes::run(self, text, role.as_ref(), config.as_ref()),
            _ => jwt::run(self, text, role.as_ref(), config.as_ref()),
        }
    }

    fn id(&self, stage: &str) -> String {
        format!("{}/{stage}", self.system.name())
    }

    fn title(&self) -> String {
        match &self.facts.role_name {
            Some(name) if !name.is_empty() => format!("role {name}"),
            _ => self.system.title().to_owned(),
        }
    }

    fn of_document(&self, text: &Text<'_>, checks: Vec<Check>) -> FederationOutcome {
        let mut ladder = Ladder::new(self.system);
        for check in checks {
            ladder.push(check);
        }
        FederationOutcome {
            document: text.index,
            verdict: Verdict::Unknown,
            ..ladder.conclude(self.title())
        }
    }

    /// R12, R16: Vault does not store it; nothing is evaluated.
    fn refused(&self, text: &Text<'_>, refusal: Refusal) -> FederationOutcome {
        let check = Check::new(self.id("document"), Status::Fail, refusal.message.clone())
            .at(refusal.span)
            .rule(refusal.rule);
        let mut rejected = error(refusal.message, 400);
        rejected.certainty = refusal.certainty;
        FederationOutcome { rejected: Some(rejected), ..self.of_document(text, vec![check]) }
    }

    /// What a login is judged with.
    fn judge(&self, rules: Rules, prefix: &'static str, status: u16) -> Judge<'static> {
        Judge { ladder: Ladder::new(self.system), now: self.now, rules, prefix, status }
    }

    /// Without a token there is no login, only a role that Vault stores.
    fn nobody(&self, judge: &mut Judge<'_>) {
        let check = judge.check("document", Status::Pass, "Vault stores this role");
        judge.push(check.rule("R12"));
        let check = judge.check("format", Status::Unknown, "there is no token to judge");
        judge.push(check.hint("paste the pod's token"));
    }

    /// R3: where the login comes from. `cidrs` empty: from anywhere.
    fn bound_cidrs(&self, judge: &mut Judge<'_>, cidrs: &[cidr::Network]) {
        if cidrs.is_empty() {
            return;
        }
        let rule = if self.system == System::VaultJwt { "R3" } else { "R13" };
        let Some(remote) = &self.facts.remote_address else {
            let check =
                judge.check("role/cidr", Status::Skip, "where the login comes from is not told");
            return judge
                .push(check.hint("assumed: an address within token_bound_cidrs").rule(rule));
        };
        let holds = cidrs.iter().any(|network| network.contains(remote));
        let (status, title) = match holds {
            true => (Status::Pass, "the login comes from a bound network"),
            false => (Status::Fail, "the login comes from outside the bound networks"),
        };
        let check = judge.check("role/cidr", status, title).actual(remote.clone()).rule(rule);
        judge.ladder.judge(check, permission_denied);
    }

    fn conclude(
        &self,
        text: &Text<'_>,
        judge: Judge<'_>,
        grant: Option<Grant>,
        reach: Option<Reach>,
    ) -> FederationOutcome {
        let outcome = judge.ladder.conclude(self.title());
        let nobody = || Reach { subjects: Vec::new(), breadth: Breadth::None, admitted: None };
        FederationOutcome {
            document: text.index,
            grant: grant.filter(|_| outcome.verdict == Verdict::Allow),
            reach: reach.unwrap_or_else(nobody),
            ..outcome
        }
    }
}

#[cfg(test)]
mod tests;
