//! Who else the trust policy lets in: the blast radius, from its conditions on `:sub`.
//!
//! What is not modelled makes the reach unknown, never smaller.

use super::condition;
use super::policy::{Condition, Effect, Policy, Principal, Statement};
use super::provider::ProviderArn;
use crate::claims::ServiceAccountRef;
use crate::federation::{Breadth, Reach, ReachSubject};

/// What the subjects of ServiceAccounts begin with (A42).
const ACCOUNT: &str = "system:serviceaccount:";

/// Everybody whom some Allow admits for the action.
pub(super) fn of(policy: &Policy, action: &str) -> Reach {
    let mut entries: Vec<(Breadth, ReachSubject)> = Vec::new();
    let mut unknown = false;
    for statement in policy.statements.iter().filter(|one| one.effect == Effect::Allow) {
        if !covers(statement, action) {
            continue;
        }
        for provider in providers(statement) {
            let denial = Denial::of(policy, action, provider);
            match (admitted(policy, statement, provider), denial) {
                (_, Denial::Everybody) => {}
                (_, Denial::Unknown) | (None, _) => unknown = true,
                (Some(found), denial) => {
                    let less =
                        if denial == Denial::Some { ", less those whom a Deny names" } else { "" };
                    for (breadth, mut subject) in found {
                        subject.meaning.push_str(less);
                        if !entries.iter().any(|(_, known)| {
                            known.pattern == subject.pattern && known.meaning == subject.meaning
                        }) {
                            entries.push((breadth, subject));
                        }
                    }
                }
            }
        }
    }
    let widest = entries.iter().map(|(breadth, _)| *breadth).max().unwrap_or(Breadth::None);
    Reach {
        breadth: if unknown { Breadth::Unknown } else { widest },
        subjects: entries.into_iter().map(|(_, subject)| subject).collect(),
        admitted: None,
    }
}

/// A57.
fn covers(statement: &Statement, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let named = statement
        .actions
        .iter()
        .any(|pattern| condition::like(&pattern.text.to_ascii_lowercase(), &action));
    named != statement.not_action
}

fn providers(statement: &Statement) -> Vec<ProviderArn<'_>> {
    let arn = |one: &'_ Principal| one.kind == "Federated";
    statement
        .principals
        .iter()
        .filter(|one| arn(one))
        .filter_map(|one| ProviderArn::parse(&one.value.text))
        .collect()
}

/// What the Deny statements take away from a provider's identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    Nobody,
    Some,
    Everybody,
    Unknown,
}

impl Denial {
    fn of(policy: &Policy, action: &str, provider: ProviderArn<'_>) -> Self {
        let mut worst = Self::Nobody;
        for statement in policy.statements.iter().filter(|one| one.effect == Effect::Deny) {
            if !covers(statement, action) || !providers(statement).contains(&provider) {
                continue;
            }
            worst = match statement.conditions.as_slice() {
                [] => return Self::Everybody,
                // Of positive conditions on `:sub` the reach is an upper bound that is near enough;
                // what a negated one leaves over would have to be computed.
                conditions
                    if conditions
                        .iter()
                        .all(|one| is_plain(policy, one) && !one.operator.kind.negated) =>
                {
                    if worst == Self::Unknown { worst } else { Self::Some }
                }
                _ => Self::Unknown,
            };
        }
        worst
    }
}

/// Modelled, and without a policy variable.
fn is_plain(policy: &Policy, condition: &Condition) -> bool {
    condition.operator.compare().is_some()
        && !condition.twin
        && !(policy.variables && condition.values.iter().any(|value| value.text.contains("${")))
}

/// Whom an Allow admits of a provider's identities; `None`: not known.
fn admitted(
    policy: &Policy,
    statement: &Statement,
    provider: ProviderArn<'_>,
) -> Option<Vec<(Breadth, ReachSubject)>> {
    let mut on_subject: Vec<&Condition> = Vec::new();
    for one in &statement.conditions {
        if !is_plain(policy, one) {
            return None;
        }
        match key_of(one, provider) {
            Key::Subject => on_subject.push(one),
            // Some token may have whatever value is asked for; only whose it is matters here.
            Key::Claim | Key::Global => {}
            // A69: never there, so a positive operator lets nobody in.
            Key::Foreign if !one.operator.kind.negated => return Some(Vec::new()),
            Key::Foreign => {}
        }
    }
    Some(subjects(&on_subject, provider))
}

/// What a condition key is to a provider's tokens.
enum Key {
    Subject,
    Claim,
    Global,
    /// Another issuer's, or misspelt.
    Foreign,
}

fn key_of(condition: &Condition, provider: ProviderArn<'_>) -> Key {
    let key = condition.key.text.to_ascii_lowercase();
    let prefix = format!("{}:", provider.url.to_ascii_lowercase());
    match key.strip_prefix(&prefix) {
        Some("sub") => Key::Subject,
        Some("aud" | "oaud" | "amr" | "email") => Key::Claim,
        None if key.starts_with("aws:") || key.starts_with("sts:") => Key::Global,
        _ => Key::Foreign,
    }
}

/// The subjects that meet every condition: the values of the narrowest positive one, less those that
/// another refuses.
fn subjects(conditions: &[&Condition], provider: ProviderArn<'_>) -> Vec<(Breadth, ReachSubject)> {
    let cluster = provider.issuer();
    let positive = conditions.iter().filter(|one| !one.operator.kind.negated);
    let Some(narrowest) = positive.min_by_key(|one| width(one)) else {
        return vec![(Breadth::Cluster, all_but(conditions, &cluster))];
    };
    let mut found = Vec::new();
    for value in &narrowest.values {
        let is_pattern = narrowest.operator.is_like() && value.text.contains(['*', '?']);
        if !is_pattern && conditions.iter().any(|other| refuses(other, &value.text)) {
            continue;
        }
        if let Some((breadth, meaning)) = meaning(&value.text, is_pattern, &cluster) {
            found.push((breadth, ReachSubject { pattern: value.text.clone(), meaning }));
        }
    }
    found
}

/// Without a positive condition on `sub` (A116); a negated one takes away no more than it names.
fn all_but(negated: &[&Condition], cluster: &str) -> ReachSubject {
    let named: Vec<&str> =
        negated.iter().flat_map(|one| &one.values).map(|value| value.text.as_str()).collect();
    let but = match named.as_slice() {
        [] => ": no condition asks for `sub`".to_owned(),
        named => format!(", but {}", named.join(", ")),
    };
    let meaning = format!("every ServiceAccount of the cluster {cluster}{but}");
    ReachSubject { pattern: "*".to_owned(), meaning }
}

fn refuses(condition: &Condition, subject: &str) -> bool {
    let compare = condition.operator.compare();
    let any = condition
        .values
        .iter()
        .any(|wanted| compare.is_some_and(|compare| compare(&wanted.text, subject)));
    any == condition.operator.kind.negated
}

/// The widest value of a condition.
fn width(condition: &Condition) -> Breadth {
    let is_like = condition.operator.is_like();
    let one = |text: &str| match is_like && text.contains(['*', '?']) {
        true => pattern_breadth(text),
        false => Breadth::One,
    };
    condition.values.iter().map(|value| one(&value.text)).max().unwrap_or(Breadth::None)
}

/// Namespace or cluster: a `*` in the namespace part runs over the colon into any other (A117).
fn pattern_breadth(pattern: &str) -> Breadth {
    match pattern.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':')) {
        Some((namespace, _)) if !namespace.contains(['*', '?']) => Breadth::Namespace,
        _ => Breadth::Cluster,
    }
}

/// `None`: no ServiceAccount has such a subject, which the trace tells.
fn meaning(text: &str, is_pattern: bool, cluster: &str) -> Option<(Breadth, String)> {
    if !is_pattern {
        // No object's name has a `*`: under StringEquals it stands for itself.
        let account =
            ServiceAccountRef::from_subject(text).filter(|_| !text.contains(['*', '?']))?;
        let said = format!(
            "the ServiceAccount {} of namespace {} in the cluster {cluster}",
            account.name, account.namespace
        );
        return Some((Breadth::One, said));
    }
    if !may_name_an_account(text) {
        return None;
    }
    let breadth = pattern_breadth(text);
    let names = text.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':'));
    let said = match (breadth, names) {
        (Breadth::Namespace, Some((namespace, "*"))) => {
            format!("every ServiceAccount of namespace {namespace} in the cluster {cluster}")
        }
        (Breadth::Namespace, Some((namespace, name))) => format!(
            "every ServiceAccount of namespace {namespace} whose name fits `{name}`, in the cluster {cluster}"
        ),
        _ if condition::like(
            text,
            "system:serviceaccount:any-namespace-at-all:any-name-at-all",
        ) =>
        {
            format!("every ServiceAccount of the cluster {cluster}")
        }
        _ => format!(
            "every ServiceAccount whose subject fits `{text}`, in any namespace of the cluster {cluster} that does"
        ),
    };
    Some((breadth, said))
}

/// Whether a pattern can match a subject at all: its plain beginning must be that of subjects.
fn may_name_an_account(pattern: &str) -> bool {
    let plain = pattern.split(['*', '?']).next().unwrap_or_default();
    plain.starts_with(ACCOUNT) || ACCOUNT.starts_with(plain)
}
