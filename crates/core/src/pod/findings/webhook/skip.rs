//! `skip-containers-unmatched`: a name among those to skip that no container has.

use std::collections::HashSet;

use super::super::super::spec::{Container, ContainerList};
use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{List, Owner};
use crate::trace::{Finding, Severity};

const CODE: &str = "skip-containers-unmatched";

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let eks = webhook::eks(subject.manifests)
        .filter(|_| super::eks_plan(subject).is_some())
        .map(|flags| (webhook::eks::annotation(&flags, "skip-containers"), Separator::Comma));
    let azure =
        webhook::azure::is_asked(subject.pod) && webhook::azure(subject.manifests).is_some();
    let azure = azure.then(|| (webhook::azure::SKIP.to_owned(), Separator::Semicolon));
    eks.into_iter()
        .chain(azure)
        .filter_map(|(key, separator)| finding(subject, &key, separator))
        .collect()
}

/// How a webhook cuts its list of names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// The first record of comma-separated text; blanks belong to the names (A133).
    Comma,
    /// Blanks around the names do not count (Z10).
    Semicolon,
}

fn finding(subject: &Subject<'_>, key: &str, separator: Separator) -> Option<Finding> {
    let pod = Owner::pod(subject);
    let given = pod.get(List::Annotations, key)?;
    let names: Vec<String> = match separator {
        Separator::Comma => {
            webhook::eks::first_record(given).unwrap_or_else(|| vec![given.to_owned()])
        }
        Separator::Semicolon => given.split(';').map(|name| name.trim().to_owned()).collect(),
    };
    let containers: HashSet<&str> = [ContainerList::Init, ContainerList::Regular]
        .into_iter()
        .flat_map(|list| subject.pod.containers_of(list))
        .map(Container::name)
        .collect();
    let exists = |name: &str| containers.contains(name);
    let unmatched = names.iter().find(|name| !name.is_empty() && !exists(name))?;
    let (how, rule) = match separator {
        Separator::Comma => ("Names are separated by commas, and blanks belong to them", "A133"),
        Separator::Semicolon => ("Names are separated by semicolons, commas do not", "Z10"),
    };
    let title = format!("{key} names {unmatched:?}, which is no container of the pod");
    let detail = format!(
        "{how}; they are compared exactly, and a name that fits nothing is not an error. The container that was meant \
         is changed all the same."
    );
    // Whatever people separate names with, if each piece is a container.
    let pieces: Vec<&str> =
        given.split([',', ';', ' ']).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let joined = pieces.join(if separator == Separator::Comma { "," } else { ";" });
    let edits = pieces
        .iter()
        .all(|piece| exists(piece))
        .then(|| Some(vec![pod.replace(List::Annotations, key, &joined)?]));
    let found = Finding::new(CODE, Severity::Warning, title, detail)
        .at(pod.span(List::Annotations, key))
        .rule(rule);
    let title = format!("Write {joined:?}");
    Some(edit::with(found, edit::proposal(CODE, "separator", title, edits.flatten())))
}
