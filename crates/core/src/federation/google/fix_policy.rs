//! Edits of an allow policy that let the pod impersonate the service account, each tried before it is offered.
//!
//! A member that was meant for this ServiceAccount is corrected; else one is added. Neither lets in anybody else.

use serde_json::{Value, json};

use super::member::{Caller, Federated, Match, PoolMember};
use super::policy::{Binding, Contains, Member, Policy, may_impersonate};
use crate::document::{Text, parse_document};
use crate::federation::FederationOutcome;
use crate::federation::edits::{Edit, apply, fails, shown, spares};
use crate::trace::{Fix, InputName};

const CHECK: &str = "gke/impersonation";
/// The narrowest role that contains what is needed (G9).
const ROLE: &str = "roles/iam.workloadIdentityUser";

/// How near a member comes to the ServiceAccount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    /// It names this ServiceAccount, but matches nobody: letter case, the project's id for its number, another
    /// form of subject (G2 to G4).
    Slip,
    /// It names another ServiceAccount: its name or its namespace is this one's.
    Other,
}

pub(super) fn propose(
    text: &Text<'_>,
    outcome: &FederationOutcome,
    identity: &Federated,
    account: Option<&str>,
    again: &dyn Fn(&Text<'_>) -> FederationOutcome,
) -> Vec<Fix> {
    let (true, Ok(policy)) = (fails(outcome, CHECK), Policy::read(text.text)) else {
        return Vec::new();
    };
    let account = account.unwrap_or("SERVICE_ACCOUNT");
    let attempt = Attempt { text, outcome, identity, policy: &policy, account, again };
    let mut corrections: Vec<(Near, Fix)> = policy
        .bindings
        .iter()
        .filter(|binding| may_impersonate(&binding.role) == Contains::Yes)
        .flat_map(|binding| binding.members.iter().map(move |member| (binding, member)))
        .filter_map(|(binding, member)| attempt.correct(binding, member))
        .collect();
    corrections.sort_by_key(|(near, _)| *near);
    let mut fixes: Vec<Fix> = corrections.into_iter().map(|(_, fix)| fix).collect();
    fixes.extend(attempt.add());
    fixes
}

struct Attempt<'a> {
    text: &'a Text<'a>,
    outcome: &'a FederationOutcome,
    identity: &'a Federated,
    policy: &'a Policy,
    account: &'a str,
    again: &'a dyn Fn(&Text<'_>) -> FederationOutcome,
}

impl Attempt<'_> {
    /// One member that is meant for this ServiceAccount, or for a neighbour of it.
    fn correct(&self, binding: &Binding, member: &Member) -> Option<(Near, Fix)> {
        let near = near(&member.text, self.identity)?;
        let legacy = self.identity.legacy.clone().filter(|_| member.text.contains('['));
        let wanted = legacy.unwrap_or_else(|| self.identity.to_bind());
        let edit = Edit { bytes: member.range.clone(), text: Value::from(&*wanted).to_string() };
        let id = format!("{CHECK}{}", member.pointer.replace("/bindings/", "/binding-"));
        let title = format!("Bind {wanted} instead of {}", member.text);
        let command = match binding.condition {
            None => format!(
                "{} && {}",
                self.command("add", &binding.role, &wanted),
                self.command("remove", &binding.role, &member.text)
            ),
            Some(_) => {
                format!("gcloud iam service-accounts set-iam-policy {} policy.json", self.account)
            }
        };
        Some((near, self.tried(edit, id.replace("/members/", "/member-"), title, command)?))
    }

    /// A further member, for this ServiceAccount alone. Not where it has a binding that its condition denies it now:
    /// somebody wanted that.
    fn add(&self) -> Option<Fix> {
        let caller = Caller::Federated(self.identity.clone());
        let is_bound = self.policy.bindings.iter().any(|binding| {
            may_impersonate(&binding.role) == Contains::Yes
                && binding.members.iter().any(|member| caller.matches(&member.text) == Match::Yes)
        });
        if is_bound {
            return None;
        }
        let wanted = self.identity.to_bind();
        let edit = self.addition(&wanted)?;
        let title = format!("Bind {wanted} to {ROLE}");
        let command = self.command("add", ROLE, &wanted);
        self.tried(edit, format!("{CHECK}/add-member"), title, command)
    }

    /// To a binding of the role that has no condition, else as a binding of its own.
    fn addition(&self, wanted: &str) -> Option<Edit> {
        let of_role = |binding: &&Binding| binding.role == ROLE && binding.condition.is_none();
        let last = self.policy.bindings.iter().find(of_role).and_then(|one| one.members.last());
        let member = Value::from(wanted).to_string();
        if let Some(last) = last {
            return Some(Edit::after(self.text.text, &last.range, &member));
        }
        let binding = json!({ "role": ROLE, "members": [wanted] }).to_string();
        if let Some(last) = self.policy.bindings.last() {
            return Some(Edit::after(self.text.text, &last.range, &binding));
        }
        let Ok(node) = parse_document(self.text.text) else {
            let whole =
                json!({ "version": 1, "bindings": [{ "role": ROLE, "members": [wanted] }] });
            return Some(Edit { bytes: 0..self.text.text.len(), text: whole.to_string() });
        };
        if let Some(bindings) = node.get("bindings") {
            return Some(Edit { bytes: bindings.range.clone(), text: format!("[{binding}]") });
        }
        let start = node.range.start;
        let (at, text) = match self.text.text.get(start..)?.strip_prefix('{') {
            Some(_) if node.members().is_empty() => {
                (start + 1, format!("\"bindings\": [{binding}]"))
            }
            Some(_) => (start + 1, format!("\"bindings\": [{binding}], ")),
            None => (start, format!("bindings: [{binding}]\n")),
        };
        Some(Edit { bytes: at..at, text })
    }

    fn command(&self, verb: &str, role: &str, member: &str) -> String {
        // Where a policy has conditions, gcloud asks for one, unless told that there is none.
        let conditional = self.policy.bindings.iter().any(|binding| binding.condition.is_some());
        let none = if conditional { " --condition=None" } else { "" };
        format!(
            "gcloud iam service-accounts {verb}-iam-policy-binding {} --role={role} --member=\"{member}\"{none}",
            self.account
        )
    }

    /// Whether the pod may impersonate then, nothing else fails, and nobody else comes in.
    fn tried(&self, edit: Edit, id: String, title: String, command: String) -> Option<Fix> {
        let edits = [edit];
        let edited = apply(self.text.text, &edits)?;
        let source = Text::new(self.text.input, &edited);
        let after = (self.again)(&source);
        let caller = Caller::Federated(self.identity.clone());
        let is_narrow = after.reach.subjects.iter().all(|one| {
            self.outcome.reach.subjects.contains(one) || caller.matches(&one.pattern) == Match::Yes
        });
        let helps = !fails(&after, CHECK) && spares(self.outcome, &after);
        (helps && is_narrow).then(|| Fix {
            id,
            title,
            check: CHECK.to_owned(),
            input: InputName::Trust,
            index: self.text.index,
            edits: shown(self.text, &edits),
            verdict_after: Some(after.verdict),
            command: Some(command),
        })
    }
}

/// Whether a member that does not match comes near.
fn near(member: &str, identity: &Federated) -> Option<Near> {
    let (pool, namespace, name) = named(member)?;
    let legacy = identity.legacy.as_deref()?;
    let (own_pool, own_namespace, own_name) = named(legacy)?;
    let same = |left: &str, right: &str| left.trim().eq_ignore_ascii_case(right);
    if !same(pool, own_pool) {
        return None;
    }
    match (same(namespace, own_namespace), same(name, own_name)) {
        (true, true) => Some(Near::Slip),
        (false, false) => None,
        _ => Some(Near::Other),
    }
}

/// Pool, namespace and name in any form in which a ServiceAccount is written (G2 to G4).
fn named(member: &str) -> Option<(&str, &str, &str)> {
    if let Some(parsed) = PoolMember::parse(member).filter(|parsed| !parsed.set) {
        let subject = parsed.rest.strip_prefix("subject/")?;
        let (namespace, name) = match subject.strip_prefix("system:serviceaccount:") {
            Some(account) => account.split_once(':')?,
            None => {
                let mut parts = subject.split('/');
                let [Some(_), Some(namespace), Some(_), Some(name), None] =
                    std::array::from_fn(|_| parts.next())
                else {
                    return None;
                };
                (namespace, name)
            }
        };
        return Some((parsed.pool, namespace, name));
    }
    let member = member.trim();
    let (kind, rest) = member.split_once(':')?;
    let (pool, inside) = rest.split_once('[')?;
    let (namespace, name) = inside.strip_suffix(']')?.split_once('/')?;
    kind.eq_ignore_ascii_case("serviceAccount").then_some((pool, namespace, name))
}
