//! What the API server refuses in a container: its name, ports and users; variables and mounts have files of
//! their own. That an image is missing is not judged: it has nothing to do with tokens.
//!
//! Source: `pkg/apis/core/validation/validation.go` `validateContainerCommon`, `validateContainers`,
//! `validateInitContainers`, `validateContainerPorts`, `AccumulateUniqueHostPorts`.

use std::collections::HashSet;

use serde_json::Value;

use super::field_error::FieldErrors;
use super::mounts::Volumes;
use super::{mounts, names, variables};
use crate::pod::spec::{Container, ContainerList, Pod, list, member, text};

/// Regular, init and ephemeral containers, in this order.
pub(super) fn validate(pod: Pod<'_>, volumes: &Volumes<'_>, errors: &mut FieldErrors) {
    let regular = pod.containers_of(ContainerList::Regular);
    if regular.is_empty() {
        errors.required("spec.containers");
    }
    let (mut taken, mut ports) = (HashSet::new(), HashSet::new());
    for container in &regular {
        validate_container(*container, volumes, errors);
        validate_unique(*container, &mut taken, errors);
    }
    regular.iter().for_each(|container| host_ports(pod, *container, &mut ports, errors));
    for container in pod.containers_of(ContainerList::Init) {
        validate_container(container, volumes, errors);
        validate_unique(container, &mut taken, errors);
        // One runs after the other.
        host_ports(pod, container, &mut HashSet::new(), errors);
    }
    for container in pod.containers_of(ContainerList::Ephemeral) {
        validate_container(container, volumes, errors);
        validate_unique(container, &mut taken, errors);
        only_for_debugging(container, errors);
    }
}

/// In the API server's order: name, ports, variables, mounts, devices, users (K81).
fn validate_container(container: Container<'_>, volumes: &Volumes<'_>, errors: &mut FieldErrors) {
    let field = format!("{}.name", container.field());
    match container.name() {
        "" => errors.required(&field),
        name => names::judge(names::label, name, &field, errors),
    }
    validate_ports(container, errors);
    variables::validate(container, errors);
    mounts::validate(container, volumes, errors);
    let security = format!("{}.securityContext", container.field());
    validate_ids(container.value, &["runAsUser", "runAsGroup"], &security, errors);
}

/// Names are unique among all containers together.
fn validate_unique<'a>(
    container: Container<'a>,
    taken: &mut HashSet<&'a str>,
    errors: &mut FieldErrors,
) {
    if !taken.insert(container.name()) {
        errors.duplicate(&format!("{}.name", container.field()), container.name());
    }
}

fn validate_ports(container: Container<'_>, errors: &mut FieldErrors) {
    const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
    let mut taken = HashSet::new();
    for (at, port) in list(container.value, "ports").iter().enumerate() {
        let field = format!("{}.ports[{at}]", container.field());
        let name = text(port, "name");
        if !name.is_empty() {
            let before = errors.len();
            names::judge(names::port, name, &format!("{field}.name"), errors);
            if errors.len() == before && !taken.insert(name) {
                errors.duplicate(&format!("{field}.name"), name);
            }
        }
        match number(port, "containerPort") {
            None => errors.required(&format!("{field}.containerPort")),
            Some(value) => port_number(value, &format!("{field}.containerPort"), errors),
        }
        if let Some(value) = number(port, "hostPort") {
            port_number(value, &format!("{field}.hostPort"), errors);
        }
        let protocol = text(port, "protocol");
        if !protocol.is_empty() && !PROTOCOLS.contains(&protocol) {
            errors.not_supported(&format!("{field}.protocol"), protocol, &PROTOCOLS);
        }
    }
}

/// A number that is not zero.
fn number<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value, name).filter(|number| number.as_i64() != Some(0))
}

fn port_number(value: &Value, field: &str, errors: &mut FieldErrors) {
    if !value.as_i64().is_some_and(|port| (1..=65_535).contains(&port)) {
        errors.invalid_number(field, value, "must be between 1 and 65535, inclusive");
    }
}

/// No port of the node twice. With `hostNetwork` a port without one gets its own number
/// (`pkg/apis/core/v1/defaults.go` `defaultHostNetworkPorts`).
fn host_ports(
    pod: Pod<'_>,
    container: Container<'_>,
    taken: &mut HashSet<String>,
    errors: &mut FieldErrors,
) {
    let on_host = member(pod.spec(), "hostNetwork").and_then(Value::as_bool) == Some(true);
    for (at, port) in list(container.value, "ports").iter().enumerate() {
        let own = on_host.then(|| number(port, "containerPort")).flatten();
        let Some(value) = number(port, "hostPort").or(own) else { continue };
        let protocol = Some(text(port, "protocol")).filter(|protocol| !protocol.is_empty());
        let place = format!("{}/{}/{value}", protocol.unwrap_or("TCP"), text(port, "hostIP"));
        if taken.contains(&place) {
            errors.duplicate(&format!("{}.ports[{at}].hostPort", container.field()), &place);
        } else {
            taken.insert(place);
        }
    }
}

/// `IsValidUserID`, `IsValidGroupID` for members of a securityContext.
pub(super) fn validate_ids(of: &Value, ids: &[&str], field: &str, errors: &mut FieldErrors) {
    let Some(security) = member(of, "securityContext") else { return };
    for name in ids {
        let given = member(security, name);
        let within = |id: &&Value| id.as_i64().is_some_and(|id| (0..=2_147_483_647).contains(&id));
        if let Some(id) = given.filter(|id| !within(id)) {
            let detail = "must be between 0 and 2147483647, inclusive";
            errors.invalid_number(&format!("{field}.{name}"), id, detail);
        }
    }
}

/// `validateFieldAllowList`: what a container of the workload has; and a subPath would stay behind until the pod ends.
fn only_for_debugging(container: Container<'_>, errors: &mut FieldErrors) {
    const DETAIL: &str = "cannot be set for an Ephemeral Container";
    for name in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
        let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        if member(container.value, name).is_some_and(|value| !empty(value)) {
            errors.forbidden(&format!("{}.{name}", container.field()), DETAIL);
        }
    }
    for mount in container.mounts() {
        for (name, path) in [("subPath", mount.sub_path()), ("subPathExpr", mount.sub_path_expr())]
        {
            if !path.is_empty() {
                let field = format!("{}.volumeMounts[{}].{name}", container.field(), mount.at);
                errors.forbidden(&field, DETAIL);
            }
        }
    }
}
