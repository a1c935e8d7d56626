//! Which file a credential configuration reads the token from, and for whom it has to be (G21, G32).

use super::provider::Provider;
use crate::document::{Node, Text, parse_document};
use crate::federation::{GcpWifFacts, System, TrustDocument, read_facts, recognise};
use crate::trace::InputName;

/// A file that a library of Google's reads a token from.
#[derive(Debug)]
pub(crate) struct TokenFile {
    /// Its path in the container.
    pub(crate) file: String,
    /// What the provider takes; `None`: not known.
    pub(crate) audiences: Option<Vec<String>>,
}

/// The files of all `external_account` configurations.
pub(crate) fn token_files(trust: &[TrustDocument]) -> Vec<TokenFile> {
    trust.iter().filter_map(token_file).collect()
}

fn token_file(document: &TrustDocument) -> Option<TokenFile> {
    let is_wif = recognise::system_of(document) == Some(System::GcpWif);
    let facts: GcpWifFacts = read_facts(document.facts().filter(|_| is_wif)).ok()?;
    let config = parse_document(facts.credential_config.as_deref()?).ok()?;
    let file = config.at(&["credential_source", "file"]).and_then(Node::as_str)?.to_owned();
    let text = Text::new(InputName::Trust, document.text());
    let audiences = Provider::read(&text).ok().and_then(|provider| provider.accepted());
    Some(TokenFile { file, audiences })
}
