//! Tries every fix before it is offered: the edited manifests are inspected like the pasted ones.

use super::super::manifest::Manifests;
use super::super::payload::Stored;
use super::super::spec::Pod;
use super::super::stuck::stuck;
use super::super::{PodReport, PodsReport};
use crate::trace::{Fix, Status, TextEdit};

/// Longest text that fixes are tried on, in bytes, and most fixes: each costs an inspection of all of it.
const MAX_TEXT: usize = 1 << 15;
const MAX_TRIALS: usize = 16;

/// Drops the fixes that do not hold what they promise.
pub(in super::super) fn prove(manifests: &Manifests<'_>, report: &mut PodsReport) {
    let before = report.clone();
    let mut left = if manifests.text.text.len() > MAX_TEXT { 0 } else { MAX_TRIALS };
    for (at, pod) in report.pods.iter_mut().enumerate() {
        for finding in &mut pod.findings {
            finding.fixes.retain(|fix| {
                let affordable = left > 0;
                left = left.saturating_sub(1);
                affordable && holds(manifests, &before, at, fix) == Some(true)
            });
        }
    }
}

/// Whether the finding goes, the pod is admitted, nothing more keeps it from starting, and nothing else gets worse.
fn holds(manifests: &Manifests<'_>, before: &PodsReport, at: usize, fix: &Fix) -> Option<bool> {
    let text = apply(manifests.text.text, &fix.edits)?;
    let after = Manifests::parse(&text, manifests.cluster).untried();
    if after.pods.len() != before.pods.len() || failures(&after) > failures(before) {
        return Some(false);
    }
    let (old, new) = (before.pods.get(at)?, after.pods.get(at)?);
    let gone = count(new, &fix.check) < count(old, &fix.check);
    // What keeps the pod from starting in any case, a missing ConfigMap, is no fault of the fix.
    let waits = || stuck(Pod(&old.admitted), manifests, &Stored::of(manifests));
    let starts = new.rejected.is_none() && (new.stuck.is_none() || new.stuck == waits());
    let no_worse = before.pods.iter().zip(&after.pods).enumerate().all(|(index, (old, new))| {
        let same = index == at || (old.rejected == new.rejected && old.stuck == new.stuck);
        same && is_same(old, new)
            && new.findings.iter().all(|f| count(new, &f.code) <= count(old, &f.code))
    });
    Some(gone && starts && no_worse)
}

fn failures(report: &PodsReport) -> usize {
    report.checks.iter().filter(|check| check.status == Status::Fail).count()
}

fn count(pod: &PodReport, code: &str) -> usize {
    pod.findings.iter().filter(|finding| finding.code == code).count()
}

fn is_same(old: &PodReport, new: &PodReport) -> bool {
    let name = |pod: &PodReport| {
        let workload = &pod.workload;
        (workload.kind.clone(), workload.namespace.clone(), workload.name.clone())
    };
    name(old) == name(new) && old.service_account.name == new.service_account.name
}

/// The text with the edits made; `None` if two of them overlap or one lies outside.
fn apply(text: &str, edits: &[TextEdit]) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.start);
    let (mut edited, mut at) = (Vec::with_capacity(units.len()), 0);
    for edit in sorted {
        edited.extend_from_slice(units.get(at..edit.start)?);
        edited.extend(edit.text.encode_utf16());
        at = edit.end;
    }
    edited.extend_from_slice(units.get(at..)?);
    String::from_utf16(&edited).ok()
}

#[cfg(test)]
pub(super) fn applied(text: &str, fix: &Fix) -> String {
    apply(text, &fix.edits).unwrap()
}
