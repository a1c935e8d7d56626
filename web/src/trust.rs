//! A trust document as pasted, with what was said beside it. Pure.

use std::rc::Rc;

use podpass::{FullTrustDocument, System, TrustDocument};

use crate::facts::{self, Typed};

/// One trust box.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trust {
    pub(crate) text: Rc<str>,
    /// Chosen; else it is recognised.
    pub(crate) system: Option<System>,
    pub(crate) facts: Typed,
}

impl<T: Into<Rc<str>>> From<T> for Trust {
    fn from(text: T) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Trust {
    /// An empty box asks nobody, unless the system was chosen: an empty document then says that there is none.
    pub(crate) fn is_asked(&self) -> bool {
        self.system.is_some() || !self.text.trim().is_empty()
    }

    /// As the engine takes it. Facts that belong to another system are kept in the form and not sent.
    pub(crate) fn document(&self) -> TrustDocument {
        let text = TrustDocument::Text(self.text.to_string());
        if self.system.is_none() && self.facts.is_empty() {
            return text;
        }
        let system = self.system.or_else(|| text.recognised());
        let facts = system.map(|system| self.facts.values(facts::of_system(system)));
        TrustDocument::Full(FullTrustDocument {
            text: self.text.to_string(),
            system,
            facts: facts.filter(|facts| !facts.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_another_system_are_not_sent() {
        let review = "kind: TokenReview\napiVersion: authentication.k8s.io/v1\n";
        let facts = Typed::one("roleArn", "arn:aws:iam::111122223333:role/a");
        let trust = Trust { facts: facts.with("audiences", "a\nb".into()), ..review.into() };
        let TrustDocument::Full(full) = trust.document() else { panic!("facts are sent") };
        assert_eq!(full.system, Some(System::Kubernetes));
        assert_eq!(full.facts.unwrap().keys().collect::<Vec<_>>(), ["audiences"]);
    }

    #[test]
    fn an_empty_document_is_one_only_if_its_system_is_chosen() {
        assert!(!Trust::from("  ").is_asked());
        let none = Trust { system: Some(System::AwsIrsa), ..Trust::default() };
        assert!(none.is_asked());
    }
}
