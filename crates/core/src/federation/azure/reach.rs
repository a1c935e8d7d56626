//! Whom the credentials let in.

use super::credential::{Credential, Listed};
use super::{AzureFacts, flexible};
use crate::claims::ServiceAccountRef;
use crate::federation::{Breadth, Reach, ReachSubject};

/// Every credential names one subject; only an expression can name more.
pub(super) fn of(listed: &Listed, facts: &AzureFacts) -> Reach {
    if facts.client_exists == Some(false) {
        return Reach { subjects: Vec::new(), breadth: Breadth::None, admitted: None };
    }
    let entries: Vec<(Breadth, ReachSubject)> = listed.credentials.iter().map(one).collect();
    let widest = entries.iter().map(|(breadth, _)| *breadth).max().unwrap_or(Breadth::None);
    Reach {
        subjects: entries.into_iter().map(|(_, subject)| subject).collect(),
        breadth: widest,
        admitted: None,
    }
}

fn one(credential: &Credential) -> (Breadth, ReachSubject) {
    let issuer = credential.issuer_text();
    if let Some(expression) = &credential.expression {
        let parsed = flexible::parse(&expression.text).map(|it| it.terms).unwrap_or_default();
        let wild = |term: &flexible::Term| term.pattern && term.comparand.contains(['*', '?']);
        let breadth = match () {
            () if parsed.iter().all(|term| term.fits("any claim of anybody")) => Breadth::Anyone,
            () if parsed.iter().any(wild) => Breadth::Unknown,
            () => Breadth::One,
        };
        let meaning = format!("every token of {issuer} whose claims fit the expression");
        return (breadth, ReachSubject { pattern: expression.text.clone(), meaning });
    }
    let subject = credential.subject_text();
    let meaning = match ServiceAccountRef::from_subject(subject) {
        Some(account) => format!(
            "the ServiceAccount {} of namespace {} in the cluster {issuer}",
            account.name, account.namespace
        ),
        None => format!("the subject {subject} of {issuer}"),
    };
    (Breadth::One, ReachSubject { pattern: subject.to_owned(), meaning })
}
