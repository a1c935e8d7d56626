//! `webhook-setting-misplaced`: a label or annotation that a webhook does not look for there.

use super::super::super::webhook;
use super::super::{Subject, edit};
use super::owner::{Called, List, Owner};
use crate::trace::{Finding, Severity, TextEdit};

const CODE: &str = "webhook-setting-misplaced";

/// Where a key belongs.
struct Row {
    key: String,
    belongs: Called,
    list: List,
    /// Without it there are no credentials.
    decisive: bool,
    rule: &'static str,
}

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let owners: Vec<Owner<'_>> =
        [Some(Owner::pod(subject)), Owner::workload(subject), Owner::account(subject)]
            .into_iter()
            .flatten()
            .collect();
    let rows = rows(subject);
    let mut findings = Vec::new();
    for row in &rows {
        let home = owners.iter().find(|owner| owner.called == row.belongs);
        for owner in &owners {
            for list in [List::Annotations, List::Labels] {
                let at_home = owner.called == row.belongs && list == row.list;
                if !at_home && owner.get(list, &row.key).is_some() {
                    findings.push(finding(row, *owner, list, home));
                }
            }
        }
    }
    findings
}

/// What the webhooks that are installed look for.
fn rows(subject: &Subject<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(flags) = webhook::eks(subject.manifests) {
        let of_account = ["role-arn", "audience", "sts-regional-endpoints"];
        rows.extend(of_account.map(|name| Row {
            key: webhook::eks::annotation(&flags, name),
            belongs: Called::Account,
            list: List::Annotations,
            decisive: name == "role-arn",
            rule: "A134",
        }));
        rows.push(Row {
            key: webhook::eks::annotation(&flags, "skip-containers"),
            belongs: Called::Pod,
            list: List::Annotations,
            decisive: false,
            rule: "A133",
        });
        rows.push(Row {
            key: webhook::eks::OPT_OUT.to_owned(),
            belongs: Called::Pod,
            list: List::Labels,
            decisive: false,
            rule: "A131",
        });
    }
    if webhook::azure(subject.manifests).is_some() {
        let row = |name: &str, belongs| Row {
            key: format!("azure.workload.identity/{name}"),
            belongs,
            list: List::Annotations,
            decisive: name == "client-id",
            rule: "Z9",
        };
        rows.extend(["client-id", "tenant-id"].map(|name| row(name, Called::Account)));
        let of_pod = ["skip-containers", "inject-proxy-sidecar", "proxy-sidecar-port"];
        rows.extend(of_pod.map(|name| row(name, Called::Pod)));
    }
    rows
}

fn finding(row: &Row, owner: Owner<'_>, list: List, home: Option<&Owner<'_>>) -> Finding {
    let key = &row.key;
    let missing = home.is_none_or(|home| home.get(row.list, key).is_none());
    let severity = if row.decisive && missing { Severity::Error } else { Severity::Warning };
    let kind = |list| if list == List::Labels { "label" } else { "annotation" };
    let place = match row.belongs {
        Called::Pod => "the pod, of a workload its template",
        Called::Account => "the ServiceAccount",
        Called::Workload => "the workload",
    };
    let title = format!("{key} as {} on {} does nothing", kind(list), owner.words());
    let detail = format!(
        "The webhook looks for it as {} on {place} and nowhere else, without any error.{}",
        kind(row.list),
        if missing { "" } else { " There it is given as well." }
    );
    let edits = || -> Option<Vec<TextEdit>> {
        let value = owner.get(list, key)?;
        let removed = owner.remove(list, key)?;
        if !missing {
            return Some(vec![removed]);
        }
        Some(vec![removed, home?.add(row.list, key, value)?])
    };
    let fix = if missing { format!("Move it to {place}") } else { "Remove it".to_owned() };
    let found =
        Finding::new(CODE, severity, title, detail).at(owner.span(list, key)).rule(row.rule);
    edit::with(found, edit::proposal(CODE, "move", fix, edits()))
}
