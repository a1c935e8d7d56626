//! `api-token-injected-as-well`: the pod brings a token for the API server itself, and gets the injected one too.

use super::Subject;
use crate::trace::{Finding, Severity};

/// Two tokens may be meant, so this is only said; no edit is known to be safe.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let tokens = &subject.report.tokens;
    let containers = |injected: bool| {
        tokens
            .iter()
            .filter(move |token| {
                token.injected_by.is_some() == injected && token.audience.is_none()
            })
            .flat_map(|token| &token.mounts)
    };
    let injected: Vec<&str> = containers(true).map(|mount| mount.container.as_str()).collect();
    let Some(own) = containers(false).find(|own| injected.contains(&own.container.as_str())) else {
        return Vec::new();
    };
    let title = format!("Container {} has two tokens for the API server", own.container);
    let detail = format!(
        "{} is one of the pod's own, and admission injects another because automounting is on (the pod's \
         setting, else the account's, else yes). If only the pod's own is read, set \
         automountServiceAccountToken: false in the pod: that removes the injected token alone and leaves \
         explicit projections as they are.",
        own.file
    );
    vec![
        Finding::new("api-token-injected-as-well", Severity::Info, title, detail)
            .at(subject.template.nearest_span("/spec/automountServiceAccountToken"))
            .rule("K68"),
    ]
}
