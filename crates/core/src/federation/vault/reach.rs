//! Whom a role lets in.

use super::jwt::role::Role as JwtRole;
use super::kubernetes::Selector;
use super::kubernetes::role::Role as KubernetesRole;
use crate::claims::ServiceAccountRef;
use crate::document::Node;
use crate::federation::{Breadth, Reach, ReachSubject};

/// `auth/jwt`: what `bound_subject` and `bound_claims` leave of an issuer's subjects.
pub(super) fn of_jwt(role: &JwtRole, issuer: &str) -> Reach {
    let whose = if issuer.is_empty() { "any issuer whose key is known" } else { issuer };
    let wild = |text: &str| role.glob && text.contains('*');
    let mut entries = Vec::new();
    if !role.subject.is_empty() {
        entries.push(subject(&role.subject, false, whose));
    }
    let values = |name: &str| -> Vec<String> {
        let bound = role.claims.iter().find(|(claim, _)| claim == name);
        bound.map(|(_, value)| texts(value)).unwrap_or_default()
    };
    if entries.is_empty() {
        entries.extend(values("sub").iter().map(|text| subject(text, wild(text), whose)));
    }
    if entries.is_empty() {
        let namespaces = values("/kubernetes.io/namespace");
        let names = values("/kubernetes.io/serviceaccount/name");
        if !namespaces.is_empty() {
            let names = if names.is_empty() { vec!["*".to_owned()] } else { names };
            for namespace in &namespaces {
                for name in &names {
                    entries.push(account(namespace, name, whose, |text| wild(text) || text == "*"));
                }
            }
        }
    }
    if entries.is_empty() {
        let meaning = format!("every token of {whose} that fits the role's other bounds");
        entries.push((Breadth::Cluster, ReachSubject { pattern: "*".to_owned(), meaning }));
    }
    whole(entries)
}

/// `auth/kubernetes`: every listed name in every listed namespace.
pub(super) fn of_kubernetes(role: &KubernetesRole) -> Reach {
    let mut namespaces = role.namespaces.clone();
    let mut entries = Vec::new();
    if let Some(selector) = Selector::parse(&role.selector).filter(|_| !role.selector.is_empty()) {
        if selector.labels.is_empty() {
            namespaces.push("*".to_owned());
        } else {
            let meaning =
                format!("accounts in every namespace whose labels fit {}", role.selector.trim());
            entries
                .push((Breadth::Cluster, ReachSubject { pattern: role.selector.clone(), meaning }));
        }
    }
    for namespace in &namespaces {
        for name in &role.names {
            entries.push(account(namespace, name, "the cluster", |text| text.contains('*')));
        }
    }
    whole(entries)
}

fn texts(value: &Node) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let values = if value.elements().is_empty() { one } else { value.elements() };
    values.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

fn subject(text: &str, wild: bool, whose: &str) -> (Breadth, ReachSubject) {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    if let (true, &["system", "serviceaccount", namespace, name]) = (wild, parts.as_slice()) {
        let (breadth, found) = account(namespace, name, whose, |text| text.contains('*'));
        return (breadth, ReachSubject { pattern: text.to_owned(), ..found });
    }
    let breadth = if wild { Breadth::Cluster } else { Breadth::One };
    let meaning = match ServiceAccountRef::from_subject(text) {
        Some(account) if !wild => {
            format!(
                "the ServiceAccount {} of namespace {} of {whose}",
                account.name, account.namespace
            )
        }
        _ => format!("subjects of {whose} that fit `{text}`"),
    };
    (breadth, ReachSubject { pattern: text.to_owned(), meaning })
}

fn account(
    namespace: &str,
    name: &str,
    whose: &str,
    wild: impl Fn(&str) -> bool,
) -> (Breadth, ReachSubject) {
    let pattern = format!("system:serviceaccount:{namespace}:{name}");
    let (breadth, meaning) = match (wild(namespace), wild(name)) {
        (true, _) => (
            Breadth::Cluster,
            format!(
                "ServiceAccounts that fit `{name}` in namespaces that fit `{namespace}`, of {whose}"
            ),
        ),
        (false, true) => (
            Breadth::Namespace,
            format!("ServiceAccounts that fit `{name}` in namespace {namespace} of {whose}"),
        ),
        (false, false) => {
            (Breadth::One, format!("the ServiceAccount {name} of namespace {namespace} of {whose}"))
        }
    };
    (breadth, ReachSubject { pattern, meaning })
}

fn whole(entries: Vec<(Breadth, ReachSubject)>) -> Reach {
    Reach {
        breadth: entries.iter().map(|(breadth, _)| *breadth).max().unwrap_or(Breadth::None),
        subjects: entries.into_iter().map(|(_, subject)| subject).collect(),
        admitted: None,
    }
}
