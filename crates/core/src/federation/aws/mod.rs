//! AWS: IAM roles for service accounts (`sts:AssumeRoleWithWebIdentity`) and EKS Pod Identity.
//!
//! What both share stands here: the document, its refusal by IAM, lints and fixes. The call of a web identity
//! is unsigned, so only the role's trust policy decides; service and resource control policies are not modelled
//! (A2). Sources: the API references of STS and IAM, the IAM User Guide (read 2026-11).

mod compare;
mod condition;
mod context;
mod errors;
mod evaluate;
mod fix;
mod hints;
mod irsa;
mod judge;
mod keys;
mod lint;
mod percent;
mod pod_identity;
mod policy;
mod provider;
mod reach;
mod request;
mod session;
mod spelling;
mod steps;
mod token;
mod trace;
mod trust_policy;
mod variables;

use self::evaluate::Evaluation;
use self::policy::{Document, Policy, Refusal, Role};
use self::provider::{Account, Providers, RoleArn};
use super::{AwsFacts, Breadth, Decision, FederationOutcome, Ladder, Reach, Subject, System};
use crate::document::{SyntaxError, Text};
use crate::time::UnixTime;
use crate::trace::{Alternative, Check, ProviderError, Status, Verdict};

pub use trust_policy::TrustPolicy;

/// What a pod's SDK asks STS for.
const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
/// Of what a session's name or a role's is not told.
const SESSION_NAME: &str = "session-xxxxx";
const ROLE_NAME: &str = "role-xxxxx";

/// Would AWS give this token's bearer the role?
pub(crate) fn evaluate(
    system: System,
    text: &Text<'_>,
    facts: &AwsFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let case = Case { system, facts, subject, now };
    let mut run = case.run(text);
    run.outcome.fixes = fix::propose(text, &case, &run);
    run.outcome.findings = lint::findings(text, &case, &run);
    run.outcome
}

/// All of the input but the document's text: what fixes are tried with.
struct Case<'a> {
    system: System,
    facts: &'a AwsFacts,
    subject: &'a Subject<'a>,
    now: UnixTime,
}

/// An outcome, and what fixes and lints start from.
struct Run {
    outcome: FederationOutcome,
    /// Set if the text is no JSON.
    syntax: Option<SyntaxError>,
    /// Empty unless the document could be read.
    role: Role,
    /// Set if the policy was evaluated.
    trial: Option<Trial>,
}

/// An evaluated policy.
struct Trial {
    evaluation: Evaluation,
    /// What the evaluation asked for, and how the evaluations of further actions came out.
    actions: Vec<(&'static str, Evaluation)>,
    /// ARN of the caller's provider, the issuer's key prefix, `sub` and `aud`.
    provider: Option<String>,
    prefix: Option<String>,
    subject: Option<String>,
    audience: Option<String>,
}

impl Case<'_> {
    fn run(&self, text: &Text<'_>) -> Run {
        match policy::parse(text) {
            Document::Unreadable(error) => Run {
                outcome: self.unreadable(text, &error),
                syntax: Some(error),
                role: Role::default(),
                trial: None,
            },
            Document::NoRole => self.judge(text, Role::default(), false),
            Document::Role(role) if role.refusals.is_empty() => self.judge(text, *role, true),
            Document::Role(role) => {
                Run { outcome: self.refused(text, &role), syntax: None, role: *role, trial: None }
            }
        }
    }

    fn judge(&self, text: &Text<'_>, role: Role, exists: bool) -> Run {
        let exists = exists && self.facts.role_exists != Some(false);
        match self.system {
            System::AwsPodIdentity => pod_identity::run(text, self, role, exists),
            _ => irsa::run(text, self, role, exists),
        }
    }

    /// An id of this system.
    fn id(&self, stage: &str) -> String {
        format!("{}/{stage}", self.system.name())
    }

    /// The role in question: facts before the document.
    fn role_arn<'r>(&'r self, role: &'r Role) -> Option<&'r str> {
        self.facts.role_arn.as_deref().or(role.arn.as_deref())
    }

    fn title(&self, role: &Role) -> String {
        let name = self.role_arn(role).and_then(RoleArn::parse).map(|arn| arn.name);
        match name.or(role.name.as_deref()) {
            Some(name) => format!("role/{name}"),
            None => "IAM role".to_owned(),
        }
    }

    /// An outcome about the document alone.
    fn of_document(
        &self,
        text: &Text<'_>,
        role: &Role,
        checks: Vec<Check>,
        rejected: Option<ProviderError>,
    ) -> FederationOutcome {
        let mut ladder = Ladder::new(self.system);
        for check in checks {
            ladder.push(check);
        }
        FederationOutcome {
            document: text.index,
            verdict: Verdict::Unknown,
            rejected,
            ..ladder.conclude(self.title(role))
        }
    }

    /// Text that is no JSON: IAM says so of a policy, but never saw what `get-role` printed.
    fn unreadable(&self, text: &Text<'_>, error: &SyntaxError) -> FederationOutcome {
        let span = text.point(error.at);
        let place = format!("line {}, column {}", span.line, span.column);
        let title = format!("{place}: {}", error.message);
        let check = Check::new(self.id("document"), Status::Fail, title)
            .at(span)
            .hint(syntax_hint(&error.message))
            .rule("A50");
        let rejected = (!policy::is_wrapped(text.text)).then(|| {
            let (code, message) = policy::invalid_json();
            ProviderError::known(code, message).status(400)
        });
        self.of_document(text, &Role::default(), vec![check], rejected)
    }

    /// IAM would not save this policy.
    fn refused(&self, text: &Text<'_>, role: &Role) -> FederationOutcome {
        let check = |refusal: &Refusal| {
            Check::new(self.id("document"), Status::Fail, refusal.title.clone())
                .at(refusal.place.span(text))
                .hint(refusal.hint)
                .rule(refusal.rule)
        };
        let alternatives = |refusal: &Refusal| {
            let other = |message: &str| Alternative {
                code: None,
                message: Some(message.to_owned()),
                when: "depending on which of IAM's two parsers meets it first".to_owned(),
            };
            refusal.alternative.map(other).into_iter().collect()
        };
        let rejected = role.refusals.first().map(|first| ProviderError {
            code: first.code.to_owned(),
            message: first.message.clone().into_owned(),
            http_status: Some(if first.code == "LimitExceeded" { 409 } else { 400 }),
            certainty: first.certainty,
            alternatives: alternatives(first),
        });
        let checks = role.refusals.iter().map(check).collect();
        self.of_document(text, role, checks, rejected)
    }
}

/// What to do about the usual slips.
fn syntax_hint(message: &str) -> &'static str {
    match () {
        () if message.starts_with("expected `,`") => {
            "put a comma after the element before this place, or close its bracket"
        }
        () if message.starts_with("expected a member name") => {
            "remove the comma before this place, or put the name in double quotes"
        }
        () if message.contains("found the end of the text") => {
            "the text ends too early: copy all of it"
        }
        () => "correct the text here; IAM takes strict JSON, without comments or trailing commas",
    }
}

/// What the steps look at.
struct Scene<'a> {
    text: &'a Text<'a>,
    case: &'a Case<'a>,
    facts: &'a AwsFacts,
    role: &'a Role,
    account: Option<&'a Account>,
    providers: &'a Providers<'a>,
    now: UnixTime,
}

impl Scene<'_> {
    /// The outcome of a ladder; without a role nobody is let in.
    fn judged(
        &self,
        ladder: Ladder,
        decision: Option<Decision>,
        reach: impl FnOnce(&Policy) -> Reach,
        exists: bool,
    ) -> FederationOutcome {
        let nobody = || Reach { subjects: Vec::new(), breadth: Breadth::None, admitted: None };
        FederationOutcome {
            document: self.text.index,
            decision,
            reach: if exists { reach(&self.role.policy) } else { nobody() },
            ..ladder.conclude(self.case.title(self.role))
        }
    }

    /// The assumed role's ARN (A105).
    fn principal(&self, account: &Account, session: &str) -> String {
        let role = self
            .case
            .role_arn(self.role)
            .and_then(RoleArn::parse)
            .map(|arn| arn.name)
            .or(self.role.name.as_deref())
            .unwrap_or(ROLE_NAME);
        format!("arn:{}:sts::{}:assumed-role/{role}/{session}", account.partition, account.id)
    }
}

/// Without a token there is no call, only a document that IAM would save.
fn nobody(case: &Case<'_>, stage: &str) -> Ladder {
    let mut ladder = Ladder::new(case.system);
    let saved = Check::new(case.id("document"), Status::Pass, "IAM saves this policy");
    ladder.push(saved.rule("A51"));
    let title = "there is no token to judge";
    ladder.push(Check::new(case.id(stage), Status::Unknown, title).hint("paste the pod's token"));
    ladder
}

#[cfg(test)]
mod tests;
