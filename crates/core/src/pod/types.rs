//! Members of the wrong type: the API server cannot decode such a pod, so nothing of it is judged further.
//!
//! Source: Go's `encoding/json` as the API server uses it (`sigs.k8s.io/json`); structs of
//! `staging/src/k8s.io/api/core/v1/types.go`.

use crate::document::{Data, Node, push_pointer};

/// What a member must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Bool,
    Int32,
    Int64,
    List,
    Object,
    Text,
}

/// A member: its path, the Go struct it belongs to, its Go type, what it must be. `*` stands for every
/// element or member; an element counts to the struct that holds the list.
type Row = (&'static str, &'static str, &'static str, Want);

#[rustfmt::skip]
const POD: [Row; 24] = [
    ("metadata",                                  "Pod",        "v1.ObjectMeta", Want::Object),
    ("metadata/name",                             "ObjectMeta", "string",        Want::Text),
    ("metadata/namespace",                        "ObjectMeta", "string",        Want::Text),
    ("metadata/generateName",                     "ObjectMeta", "string",        Want::Text),
    ("metadata/labels",                           "ObjectMeta", "map[string]string", Want::Object),
    ("metadata/labels/*",                         "ObjectMeta", "string",        Want::Text),
    ("metadata/annotations",                      "ObjectMeta", "map[string]string", Want::Object),
    ("metadata/annotations/*",                    "ObjectMeta", "string",        Want::Text),
    ("spec",                                      "Pod",        "v1.PodSpec",    Want::Object),
    ("spec/serviceAccountName",                   "PodSpec",    "string",        Want::Text),
    ("spec/serviceAccount",                       "PodSpec",    "string",        Want::Text),
    ("spec/automountServiceAccountToken",         "PodSpec",    "bool",          Want::Bool),
    ("spec/securityContext",                      "PodSpec",    "v1.PodSecurityContext", Want::Object),
    ("spec/securityContext/fsGroup",              "PodSecurityContext", "int64", Want::Int64),
    ("spec/securityContext/runAsUser",            "PodSecurityContext", "int64", Want::Int64),
    ("spec/imagePullSecrets",                     "PodSpec",    "[]v1.LocalObjectReference", Want::List),
    ("spec/volumes",                              "PodSpec",    "[]v1.Volume",   Want::List),
    ("spec/volumes/*",                            "PodSpec",    "v1.Volume",     Want::Object),
    ("spec/volumes/*/name",                       "Volume",     "string",        Want::Text),
    ("spec/volumes/*/projected",                  "Volume",     "v1.ProjectedVolumeSource", Want::Object),
    ("spec/volumes/*/projected/defaultMode",      "ProjectedVolumeSource", "int32", Want::Int32),
    ("spec/volumes/*/projected/sources",          "ProjectedVolumeSource", "[]v1.VolumeProjection", Want::List),
    ("spec/volumes/*/projected/sources/*",        "ProjectedVolumeSource", "v1.VolumeProjection", Want::Object),
    ("spec/volumes/*/projected/sources/*/serviceAccountToken", "VolumeProjection", "v1.ServiceAccountTokenProjection", Want::Object),
];

#[rustfmt::skip]
const TOKEN: [Row; 3] = [
    ("audience",          "ServiceAccountTokenProjection", "string", Want::Text),
    ("expirationSeconds", "ServiceAccountTokenProjection", "int64",  Want::Int64),
    ("path",              "ServiceAccountTokenProjection", "string", Want::Text),
];
/// Where [`TOKEN`]'s rows hang.
const TOKEN_AT: &str = "spec/volumes/*/projected/sources/*/serviceAccountToken";

#[rustfmt::skip]
const CONTAINER: [Row; 18] = [
    ("",                          "PodSpec",     "[]v1.Container",      Want::List),
    ("*",                         "PodSpec",     "v1.Container",        Want::Object),
    ("*/name",                    "Container",   "string",              Want::Text),
    ("*/image",                   "Container",   "string",              Want::Text),
    ("*/env",                     "Container",   "[]v1.EnvVar",         Want::List),
    ("*/env/*",                   "Container",   "v1.EnvVar",           Want::Object),
    ("*/env/*/name",              "EnvVar",      "string",              Want::Text),
    ("*/env/*/value",             "EnvVar",      "string",              Want::Text),
    ("*/volumeMounts",            "Container",   "[]v1.VolumeMount",    Want::List),
    ("*/volumeMounts/*",          "Container",   "v1.VolumeMount",      Want::Object),
    ("*/volumeMounts/*/name",     "VolumeMount", "string",              Want::Text),
    ("*/volumeMounts/*/mountPath", "VolumeMount", "string",             Want::Text),
    ("*/volumeMounts/*/subPath",  "VolumeMount", "string",              Want::Text),
    ("*/volumeMounts/*/subPathExpr", "VolumeMount", "string",           Want::Text),
    ("*/volumeMounts/*/readOnly", "VolumeMount", "bool",                Want::Bool),
    ("*/ports",                   "Container",   "[]v1.ContainerPort",  Want::List),
    ("*/securityContext",         "Container",   "v1.SecurityContext",  Want::Object),
    ("*/securityContext/runAsUser", "SecurityContext", "int64",         Want::Int64),
];
/// Where [`CONTAINER`]'s rows hang.
const CONTAINER_AT: [&str; 3] =
    ["spec/containers", "spec/initContainers", "spec/ephemeralContainers"];

#[rustfmt::skip]
const ACCOUNT: [Row; 6] = [
    ("metadata",                     "ServiceAccount", "v1.ObjectMeta",              Want::Object),
    ("metadata/name",                "ObjectMeta",     "string",                     Want::Text),
    ("metadata/annotations/*",       "ObjectMeta",     "string",                     Want::Text),
    ("automountServiceAccountToken", "ServiceAccount", "bool",                       Want::Bool),
    ("imagePullSecrets",             "ServiceAccount", "[]v1.LocalObjectReference",  Want::List),
    ("secrets",                      "ServiceAccount", "[]v1.ObjectReference",       Want::List),
];

/// A member that the API server cannot decode.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistyped {
    /// JSON pointer in what was checked.
    pub(super) pointer: String,
    /// Where its value begins, in bytes: decoding stops at the first.
    pub(super) at: usize,
    /// `a list`
    pub(super) wanted: &'static str,
    /// `a string`
    pub(super) found: &'static str,
    /// Go's words, without the path that leads to what was checked.
    go: (String, &'static str, String, &'static str),
}

impl Mistyped {
    /// What Go says; `prefix` leads to what was checked: `spec.template.`
    pub(super) fn message(&self, prefix: &str) -> String {
        let (found, owner, path, wanted) = &self.go;
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{prefix}{path} of type {wanted}"
        )
    }
}

/// The members of a pod that cannot be decoded, in the order of the text.
pub(super) fn in_pod(pod: &Node) -> Vec<Mistyped> {
    let mut found = Vec::new();
    let nested = TOKEN.iter().map(|row| (TOKEN_AT, row));
    let containers =
        CONTAINER_AT.into_iter().flat_map(|at| CONTAINER.iter().map(move |row| (at, row)));
    let rows = POD.iter().map(|row| ("", row)).chain(nested).chain(containers);
    for (at, row) in rows {
        check(pod, at, row, &mut found);
    }
    found.sort_by_key(|mistyped| mistyped.at);
    found
}

/// The members of a ServiceAccount that cannot be decoded, in the order of the text.
pub(super) fn in_account(account: &Node) -> Vec<Mistyped> {
    let mut found = Vec::new();
    for row in &ACCOUNT {
        check(account, "", row, &mut found);
    }
    found.sort_by_key(|mistyped| mistyped.at);
    found
}

fn check(root: &Node, at: &str, row: &Row, found: &mut Vec<Mistyped>) {
    let (path, owner, go_type, want) = *row;
    let steps: Vec<&str> =
        at.split('/').chain(path.split('/')).filter(|step| !step.is_empty()).collect();
    visit(root, &steps, String::new(), &mut |node, pointer| {
        if let Some(value) = unfit(node, want) {
            let fields = steps.iter().filter(|step| **step != "*");
            let fields = fields.copied().collect::<Vec<_>>().join(".");
            found.push(Mistyped {
                pointer,
                at: node.range.start,
                wanted: called(want),
                found: node.kind(),
                go: (value, owner, fields, go_type),
            });
        }
    });
}

/// Calls `on` for every node that `steps` lead to.
fn visit(node: &Node, steps: &[&str], pointer: String, on: &mut impl FnMut(&Node, String)) {
    match steps.split_first() {
        None => on(node, pointer),
        Some((&"*", rest)) => {
            for (at, element) in node.elements().iter().enumerate() {
                visit(element, rest, push_pointer(&pointer, &at.to_string()), on);
            }
            for member in node.members() {
                visit(&member.value, rest, push_pointer(&pointer, &member.name), on);
            }
        }
        Some((step, rest)) => {
            if let Some(next) = node.get(step) {
                visit(next, rest, push_pointer(&pointer, step), on);
            }
        }
    }
}

/// What Go calls a value that does not fit; `null` fits everything.
fn unfit(node: &Node, want: Want) -> Option<String> {
    let integer_within =
        |low, high| node.as_i64().is_some_and(|number| (low..=high).contains(&number));
    let fits = match (&node.data, want) {
        (Data::Null, _)
        | (Data::Bool(_), Want::Bool)
        | (Data::String(_), Want::Text)
        | (Data::Array(_), Want::List)
        | (Data::Object(_), Want::Object) => true,
        (Data::Number(_), Want::Int32) => integer_within(i64::from(i32::MIN), i64::from(i32::MAX)),
        // Beyond 2^53 a double is not exact, but the text was a whole number that Go may well take.
        (Data::Number(number), Want::Int64) => number
            .as_f64()
            .is_some_and(|n| n.fract() == 0.0 && n.abs() <= 9_223_372_036_854_775_807.0),
        _ => false,
    };
    if fits {
        return None;
    }
    Some(match &node.data {
        Data::Number(number) if matches!(want, Want::Int32 | Want::Int64) => {
            format!("number {number}")
        }
        Data::Number(_) => "number".to_owned(),
        Data::Bool(_) => "bool".to_owned(),
        Data::String(_) => "string".to_owned(),
        Data::Array(_) => "array".to_owned(),
        Data::Null | Data::Object(_) => "object".to_owned(),
    })
}

const fn called(want: Want) -> &'static str {
    match want {
        Want::Bool => "a boolean",
        Want::Int32 | Want::Int64 => "a whole number",
        Want::List => "a list",
        Want::Object => "an object",
        Want::Text => "a string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_document;

    #[test]
    fn names_what_go_cannot_decode() {
        let table = [
            (
                "spec: {containers: [{env: [{name: A, value: 8080}]}]}",
                "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
            ),
            (
                "spec: {containers: {}}",
                "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
            ),
            (
                "spec: {volumes: [{projected: {sources: [{serviceAccountToken: {expirationSeconds: 1h}}]}}]}",
                "json: cannot unmarshal string into Go struct field ServiceAccountTokenProjection.spec.volumes.projected.sources.serviceAccountToken.expirationSeconds of type int64",
            ),
            (
                "metadata: {labels: {on: off}}",
                "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string",
            ),
        ];
        for (text, message) in table {
            let found = in_pod(&parse_document(text).unwrap());
            assert_eq!(
                found.first().map(|first| first.message("")).as_deref(),
                Some(message),
                "{text}"
            );
        }
        assert_eq!(in_pod(&parse_document("spec: {containers: null, volumes: []}").unwrap()), []);
    }
}
