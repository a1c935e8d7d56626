//! Members of a pod that the webhook does not know: it writes the pod anew with the types of Kubernetes 1.31, so
//! what is newer is lost (Z19).
//!
//! Source: the structs below `Pod` in `k8s.io/api/core/v1`, v0.31.14 against v0.36.3.

use serde_json::Value;

use crate::document::push_pointer;
use crate::pod::patch::Patcher;

/// Paths in a pod; `*` stands for every element.
#[rustfmt::skip]
const MEMBERS: [&str; 14] = [
    "spec/hostnameOverride",
    "spec/resources",
    "spec/schedulingGroup",
    "spec/securityContext/seLinuxChangePolicy",
    "spec/containers/*/env/*/valueFrom/fileKeyRef",
    "spec/containers/*/lifecycle/stopSignal",
    "spec/containers/*/restartPolicyRules",
    "spec/ephemeralContainers/*/env/*/valueFrom/fileKeyRef",
    "spec/ephemeralContainers/*/lifecycle/stopSignal",
    "spec/ephemeralContainers/*/restartPolicyRules",
    "spec/initContainers/*/env/*/valueFrom/fileKeyRef",
    "spec/initContainers/*/lifecycle/stopSignal",
    "spec/initContainers/*/restartPolicyRules",
    "spec/volumes/*/projected/sources/*/podCertificate",
];

/// Takes them out.
pub(super) fn drop(patcher: &mut Patcher<'_>) {
    for path in MEMBERS {
        let steps: Vec<&str> = path.split('/').collect();
        for (parent, name) in found(patcher.pod(), &steps, String::new()) {
            patcher.remove(&parent, name);
        }
    }
}

/// The members that a path leads to: the pointer of the object, and the name.
fn found<'a>(value: &Value, steps: &[&'a str], pointer: String) -> Vec<(String, &'a str)> {
    match steps {
        [] => Vec::new(),
        [name] => value.get(*name).map(|_| (pointer, *name)).into_iter().collect(),
        ["*", rest @ ..] => {
            let elements = value.as_array().into_iter().flatten().enumerate();
            elements
                .flat_map(|(at, element)| {
                    found(element, rest, push_pointer(&pointer, &at.to_string()))
                })
                .collect()
        }
        [step, rest @ ..] => {
            let next = value.get(*step);
            next.map(|next| found(next, rest, push_pointer(&pointer, step))).unwrap_or_default()
        }
    }
}
