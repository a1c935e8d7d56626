//! The objects whose labels and annotations webhooks read, and edits of them.

use super::super::super::manifest::{Manifests, Template};
use super::super::Subject;
use super::super::edit::{self, Added};
use crate::document::{Member, Node, push_pointer};
use crate::objects::Object;
use crate::trace::{Span, TextEdit};

/// Which list of an object's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Annotations,
    Labels,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Annotations => "annotations",
            Self::Labels => "labels",
        }
    }
}

/// An object of the manifests, or the pod's part of a workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    manifests: &'a Manifests<'a>,
    object: &'a Object,
    /// JSON pointer of what has the metadata.
    base: &'a str,
    /// `the pod`, `the ServiceAccount`, `the Deployment`.
    pub(super) called: Called,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    Pod,
    Account,
    Workload,
}

impl<'a> Owner<'a> {
    /// The pod as it was pasted.
    pub(super) fn pod(subject: &Subject<'a>) -> Self {
        let Template { object, path, .. } = *subject.template;
        Self { manifests: subject.manifests, object, base: path, called: Called::Pod }
    }

    /// The workload around it, if there is one.
    pub(super) fn workload(subject: &Subject<'a>) -> Option<Self> {
        let Template { object, path, .. } = *subject.template;
        (!path.is_empty()).then_some(Self {
            manifests: subject.manifests,
            object,
            base: "",
            called: Called::Workload,
        })
    }

    /// The account, if it is described.
    pub(super) fn account(subject: &Subject<'a>) -> Option<Self> {
        let account = &subject.report.service_account;
        let object = subject.manifests.account(&account.namespace, &account.name).object()?;
        Some(Self { manifests: subject.manifests, object, base: "", called: Called::Account })
    }

    /// In a sentence.
    pub(super) fn words(&self) -> String {
        match self.called {
            Called::Pod => "the pod".to_owned(),
            Called::Account => format!("ServiceAccount {}", self.object.name),
            Called::Workload => format!("the {} itself", self.object.kind),
        }
    }

    fn pointer(&self, list: List) -> String {
        format!("{}/metadata/{}", self.base, list.name())
    }

    fn node(&self, list: List) -> Option<&'a Node> {
        self.object.node.pointer(&self.pointer(list))
    }

    /// The entries of a list.
    pub(super) fn entries(&self, list: List) -> &'a [Member] {
        self.node(list).map(Node::members).unwrap_or_default()
    }

    pub(super) fn get(&self, list: List, key: &str) -> Option<&'a str> {
        self.node(list)?.get(key)?.as_str()
    }

    /// Whether its text is the manifests', which alone can be edited.
    fn is_pasted(&self) -> bool {
        self.manifests.objects.iter().any(|object| std::ptr::eq(object, self.object))
    }

    /// Where the entry stands; `None` for an object of the live cluster.
    pub(super) fn span(&self, list: List, key: &str) -> Option<Span> {
        let pointer = push_pointer(&self.pointer(list), key);
        let node = self.object.node.pointer(&pointer).filter(|_| self.is_pasted())?;
        Some(self.object.span(&self.manifests.text, node, &pointer))
    }

    /// Takes an entry out.
    pub(super) fn remove(&self, list: List, key: &str) -> Option<TextEdit> {
        edit::remove_from(&self.manifests.text, self.node(list).filter(|_| self.is_pasted())?, key)
    }

    /// Gives an entry another value.
    pub(super) fn replace(&self, list: List, key: &str, value: &str) -> Option<TextEdit> {
        let node = self.node(list).filter(|_| self.is_pasted())?.get(key)?;
        Some(edit::edit(&self.manifests.text, node.range.clone(), &edit::quoted(value)?))
    }

    /// Gives an entry another key.
    pub(super) fn rename(&self, list: List, key: &str, new: &str) -> Option<TextEdit> {
        let member = self.node(list).filter(|_| self.is_pasted())?.member(key)?;
        Some(edit::edit(&self.manifests.text, member.name_range.clone(), &edit::quoted(new)?))
    }

    /// Adds an entry, and the list where there is none.
    pub(super) fn add(&self, list: List, key: &str, value: &str) -> Option<TextEdit> {
        let text = &self.manifests.text;
        let metadata = format!("{}/metadata", self.base);
        let metadata = self.object.node.pointer(&metadata).filter(|_| self.is_pasted())?;
        match metadata.get(list.name()) {
            None => edit::add_to(text, metadata, list.name(), Added::Object(key, value)),
            Some(node) if node.members().is_empty() => {
                let (key, value) = (edit::quoted(key)?, edit::quoted(value)?);
                node.is_object()
                    .then(|| edit::edit(text, node.range.clone(), &format!("{{{key}: {value}}}")))
            }
            Some(node) => edit::add_to(text, node, key, Added::Text(value)),
        }
    }
}
