//! Who else the trust policy lets in: the blast radius, from its conditions on `:sub`.
//!
//! What is not modelled makes the reach unknown, never smaller.

use super::compare::{Compare, like};
use super::condition::Set;
use super::evaluate::action_holds;
use super::judge::Holds;
use super::pod_identity::SERVICE;
use super::policy::{Condition, Effect, Item, Policy, Principal, Statement, is_shared};
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
        add(&mut entries, everybody(statement));
        if !covers(statement, action) {
            continue;
        }
        for provider in providers(statement) {
            match Denials::of(policy, action, provider).admitted(policy, statement) {
                Some(found) => add(&mut entries, found),
                None => unknown = true,
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

fn add(
    entries: &mut Vec<(Breadth, ReachSubject)>,
    found: impl IntoIterator<Item = (Breadth, ReachSubject)>,
) {
    for (breadth, subject) in found {
        if !entries.iter().any(|(_, known)| *known == subject) {
            entries.push((breadth, subject));
        }
    }
}

/// EKS Pod Identity: the pods for which an association exists, as far as the policy asks for their tags (A162).
pub(super) fn of_pod_identity(policy: &Policy) -> Reach {
    let mut entries: Vec<(Breadth, ReachSubject)> = Vec::new();
    let mut unknown = false;
    for statement in &policy.statements {
        let is_meant = statement.principals_of("Service").any(|one| one.value.text == SERVICE)
            && covers(statement, "sts:AssumeRole");
        match statement.effect {
            Effect::Allow => {
                add(&mut entries, everybody(statement));
                if is_meant {
                    match tagged(policy, statement) {
                        Some(found) => add(&mut entries, found),
                        None => unknown = true,
                    }
                }
            }
            Effect::Deny if is_meant && statement.conditions.is_empty() => {
                return Reach { subjects: Vec::new(), breadth: Breadth::None, admitted: None };
            }
            Effect::Deny => unknown |= is_meant,
        }
    }
    let widest = entries.iter().map(|(breadth, _)| *breadth).max().unwrap_or(Breadth::None);
    Reach {
        breadth: if unknown { Breadth::Unknown } else { widest },
        subjects: entries.into_iter().map(|(_, subject)| subject).collect(),
        admitted: None,
    }
}

/// The ServiceAccounts that a statement asks for by their tags; `None`: not computed.
fn tagged(policy: &Policy, statement: &Statement) -> Option<Vec<(Breadth, ReachSubject)>> {
    let values = |name: &str| -> Option<Vec<&str>> {
        let key = format!("aws:RequestTag/{name}");
        let on_tag = |one: &&Condition| one.key.text.eq_ignore_ascii_case(&key);
        let mut found = statement.conditions.iter().filter(on_tag);
        match (found.next(), found.next()) {
            (None, _) => Some(vec!["*"]),
            (Some(one), None) => {
                let is_text = matches!(one.operator.kind.compare, Compare::Text { .. });
                let is_known = is_text && !one.operator.kind.negated && is_plain(policy, one);
                is_known.then(|| one.values.iter().map(|value| value.text.as_str()).collect())
            }
            (Some(_), Some(_)) => None,
        }
    };
    let (namespaces, names) =
        (values("kubernetes-namespace")?, values("kubernetes-service-account")?);
    let mut found = Vec::new();
    for namespace in namespaces {
        for name in &names {
            let is_open = |text: &str| text.contains(['*', '?']);
            let breadth = match (is_open(namespace), is_open(name)) {
                (true, _) => Breadth::Cluster,
                (false, true) => Breadth::Namespace,
                (false, false) => Breadth::One,
            };
            let pattern = format!("{ACCOUNT}{namespace}:{name}");
            let whom = match breadth {
                Breadth::Cluster => "every ServiceAccount",
                Breadth::Namespace => "every ServiceAccount of the namespace",
                _ => "the ServiceAccount",
            };
            let meaning = format!("{whom} that a pod identity association links to the role");
            found.push((breadth, ReachSubject { pattern, meaning }));
        }
    }
    Some(found)
}

/// `{"AWS": "*"}` lets no token in (A56), but every caller with AWS credentials.
fn everybody(statement: &Statement) -> Option<(Breadth, ReachSubject)> {
    let open = statement.principals.iter().any(Principal::is_everybody);
    let pattern = "*".to_owned();
    let meaning = match statement.conditions.as_slice() {
        [] => "everybody with AWS credentials, of any account".to_owned(),
        _ => "everybody with AWS credentials, of any account, who meets the conditions".to_owned(),
    };
    (open && covers(statement, "sts:AssumeRole"))
        .then_some((Breadth::Anyone, ReachSubject { pattern, meaning }))
}

/// A57.
fn covers(statement: &Statement, action: &str) -> bool {
    action_holds(statement, action) == Holds::Yes
}

fn providers(statement: &Statement) -> Vec<ProviderArn<'_>> {
    statement
        .principals_of("Federated")
        .filter_map(|one| ProviderArn::parse(&one.value.text))
        .collect()
}

/// A condition on `sub`, as a Deny turns it round.
#[derive(Clone, Copy)]
struct Test<'p> {
    condition: &'p Condition,
    /// Whoever matches is left out.
    excludes: bool,
}

/// What the Deny statements take away from a provider's identities.
struct Denials<'p> {
    provider: ProviderArn<'p>,
    /// Of a Deny that hangs on `sub` alone: what it leaves.
    tests: Vec<Test<'p>>,
    /// Nobody is left.
    everybody: bool,
    /// A Deny with other conditions: whom it takes is not computed.
    others: bool,
    unknown: bool,
}

impl<'p> Denials<'p> {
    fn of(policy: &'p Policy, action: &str, provider: ProviderArn<'p>) -> Self {
        let mut denials =
            Self { provider, tests: Vec::new(), everybody: false, others: false, unknown: false };
        for statement in policy.statements.iter().filter(|one| one.effect == Effect::Deny) {
            if covers(statement, action) && providers(statement).contains(&provider) {
                denials.take(policy, &statement.conditions);
            }
        }
        denials
    }

    fn take(&mut self, policy: &Policy, conditions: &'p [Condition]) {
        match conditions {
            [] => self.everybody = true,
            [only] if is_subject_test(policy, only, self.provider) => {
                let excludes = !only.operator.kind.negated;
                self.tests.push(Test { condition: only, excludes });
            }
            // Of positive conditions the reach is an upper bound that is near enough.
            many if many.iter().all(|one| is_plain(policy, one) && !one.operator.kind.negated) => {
                self.others = true;
            }
            _ => self.unknown = true,
        }
    }

    /// Whom an Allow admits after that; `None`: not known.
    fn admitted(
        &self,
        policy: &Policy,
        statement: &Statement,
    ) -> Option<Vec<(Breadth, ReachSubject)>> {
        if self.everybody {
            return Some(Vec::new());
        }
        let mut tests = self.tests.clone();
        for one in &statement.conditions {
            match meaning_of(policy, one, self.provider)? {
                Meaning::Nobody => return Some(Vec::new()),
                Meaning::Anybody => {}
                Meaning::Subject => {
                    tests.push(Test { condition: one, excludes: one.operator.kind.negated });
                }
            }
        }
        if self.unknown {
            return None;
        }
        let mut found = subjects(&tests, self.provider);
        if self.others {
            found
                .iter_mut()
                .for_each(|(_, one)| one.meaning.push_str(", less those whom a Deny names"));
        }
        Some(found)
    }
}

/// Without a policy variable, whose value depends on the request.
fn is_plain(policy: &Policy, condition: &Condition) -> bool {
    let is_template = |value: &Item| policy.variables && value.text.contains("${");
    !condition.twin && !condition.values.iter().any(is_template)
}

/// `sub` under an operator on texts. Every token has one, so neither a set prefix nor `IfExists` changes it.
fn is_subject_test(policy: &Policy, condition: &Condition, provider: ProviderArn<'_>) -> bool {
    is_plain(policy, condition)
        && matches!(key_of(condition, provider), Key::Subject)
        && matches!(condition.operator.kind.compare, Compare::Text { .. })
        && !condition.values.is_empty()
}

/// What one condition of an Allow does to its reach.
enum Meaning {
    Anybody,
    Nobody,
    Subject,
}

/// `None`: not known.
fn meaning_of(
    policy: &Policy,
    condition: &Condition,
    provider: ProviderArn<'_>,
) -> Option<Meaning> {
    if !is_plain(policy, condition) {
        return None;
    }
    let operator = condition.operator;
    match key_of(condition, provider) {
        Key::Subject | Key::Foreign if operator.is_null() => null(condition, provider),
        Key::Subject if is_subject_test(policy, condition, provider) => Some(Meaning::Subject),
        Key::Subject if condition.values.is_empty() => Some(Meaning::Nobody),
        Key::Subject => None,
        // Some token may have whatever value is asked for; only whose it is matters here.
        Key::Claim | Key::Global => Some(Meaning::Anybody),
        // A69: never there.
        Key::Foreign if operator.holds_for_absent() => Some(Meaning::Anybody),
        Key::Foreign => Some(Meaning::Nobody),
    }
}

/// A68.
fn null(condition: &Condition, provider: ProviderArn<'_>) -> Option<Meaning> {
    let absent = matches!(key_of(condition, provider), Key::Foreign);
    let wanted = if absent { "true" } else { "false" };
    let fits = match condition.operator.set {
        Some(set) => set == Set::All,
        None => condition.values.iter().any(|value| value.text.eq_ignore_ascii_case(wanted)),
    };
    Some(if fits { Meaning::Anybody } else { Meaning::Nobody })
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

/// The subjects that meet every test: the values of the narrowest one that asks for some, less those that
/// another refuses.
fn subjects(tests: &[Test<'_>], provider: ProviderArn<'_>) -> Vec<(Breadth, ReachSubject)> {
    let cluster = provider.issuer();
    let asking = tests.iter().filter(|one| !one.excludes);
    let Some(narrowest) = asking.min_by_key(|one| width(one.condition)) else {
        return vec![all_but(tests, provider)];
    };
    let mut found = Vec::new();
    let is_like = narrowest.condition.operator.is_like();
    for value in &narrowest.condition.values {
        let is_pattern = is_like && value.text.contains(['*', '?']);
        if !is_pattern && tests.iter().any(|other| refuses(other, &value.text)) {
            continue;
        }
        if let Some((breadth, meaning)) = meaning(&value.text, is_pattern, &cluster) {
            found.push((breadth, ReachSubject { pattern: value.text.clone(), meaning }));
        }
    }
    found
}

/// Without a test that asks for some (A116); one that leaves out takes away no more than it names.
fn all_but(tests: &[Test<'_>], provider: ProviderArn<'_>) -> (Breadth, ReachSubject) {
    let named: Vec<&str> = tests
        .iter()
        .flat_map(|one| &one.condition.values)
        .map(|value| value.text.as_str())
        .collect();
    let but = match named.as_slice() {
        [] => ": no condition asks for `sub`".to_owned(),
        named => format!(", but {}", named.join(", ")),
    };
    let issuer = provider.issuer();
    let (breadth, whose) = match is_shared(provider.url) {
        true => (Breadth::Anyone, format!("everybody to whom {issuer} gives a token")),
        false => (Breadth::Cluster, format!("every ServiceAccount of the cluster {issuer}")),
    };
    (breadth, ReachSubject { pattern: "*".to_owned(), meaning: format!("{whose}{but}") })
}

fn refuses(test: &Test<'_>, subject: &str) -> bool {
    let compare = test.condition.operator.kind.compare;
    let mut values = test.condition.values.iter();
    values.any(|wanted| compare.matches(&wanted.text, subject) == Some(true)) == test.excludes
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
        _ if like(text, "system:serviceaccount:any-namespace-at-all:any-name-at-all") => {
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
