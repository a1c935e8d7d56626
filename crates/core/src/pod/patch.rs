//! Changes a pod and notes each change as RFC 6902, so that what was injected and what came of it cannot differ.

use serde_json::{Value, json};

use crate::document::push_pointer;

/// A pod under change.
pub(super) struct Patcher<'a> {
    pod: &'a mut Value,
    operations: Vec<Value>,
}

impl<'a> Patcher<'a> {
    pub(super) fn new(pod: &'a mut Value) -> Self {
        Self { pod, operations: Vec::new() }
    }

    pub(super) fn pod(&self) -> &Value {
        self.pod
    }

    /// Sets a member of the object at `parent`.
    pub(super) fn set(&mut self, parent: &str, name: &str, value: Value) {
        let Some(object) = self.pod.pointer_mut(parent).and_then(Value::as_object_mut) else {
            return;
        };
        object.insert(name.to_owned(), value.clone());
        let path = push_pointer(parent, name);
        self.operations.push(json!({ "op": "add", "path": path, "value": value }));
    }

    /// Appends to the list `name` of the object at `parent`; makes the list where there is none.
    pub(super) fn append(&mut self, parent: &str, name: &str, value: Value) {
        let path = push_pointer(parent, name);
        match self.pod.pointer_mut(&path) {
            Some(Value::Array(elements)) => {
                elements.push(value.clone());
                let path = format!("{path}/-");
                self.operations.push(json!({ "op": "add", "path": path, "value": value }));
            }
            _ => self.set(parent, name, json!([value])),
        }
    }

    /// Puts a value into the list `name` of the object at `parent`, before the element that stands at `at`; makes
    /// the list where there is none.
    pub(super) fn insert(&mut self, parent: &str, name: &str, at: usize, value: Value) {
        let path = push_pointer(parent, name);
        match self.pod.pointer_mut(&path) {
            Some(Value::Array(elements)) if !elements.is_empty() => {
                elements.insert(at.min(elements.len()), value.clone());
                let path = push_pointer(&path, &at.to_string());
                self.operations.push(json!({ "op": "add", "path": path, "value": value }));
            }
            _ => self.set(parent, name, json!([value])),
        }
    }

    /// Puts another value in the place of what stands at `pointer`.
    pub(super) fn replace(&mut self, pointer: &str, value: Value) {
        if let Some(place) = self.pod.pointer_mut(pointer) {
            *place = value.clone();
            self.operations.push(json!({ "op": "replace", "path": pointer, "value": value }));
        }
    }

    /// Takes a member out of the object at `parent`.
    pub(super) fn remove(&mut self, parent: &str, name: &str) {
        let object = self.pod.pointer_mut(parent).and_then(Value::as_object_mut);
        if object.and_then(|object| object.remove(name)).is_some() {
            let path = push_pointer(parent, name);
            self.operations.push(json!({ "op": "remove", "path": path }));
        }
    }

    pub(super) fn into_operations(self) -> Vec<Value> {
        self.operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_what_it_does() {
        let mut pod = json!({ "spec": { "volumes": null, "containers": [{ "name": "a" }] } });
        let mut patcher = Patcher::new(&mut pod);
        patcher.append("/spec", "volumes", json!({ "name": "v" }));
        patcher.append("/spec", "volumes", json!({ "name": "w" }));
        patcher.append("/spec/containers/0", "volumeMounts", json!(1));
        patcher.append("/spec/containers/7", "volumeMounts", json!(1));
        patcher.insert("/spec", "volumes", 0, json!({ "name": "u" }));
        patcher.replace("/spec/volumes/0", json!({ "name": "x" }));
        patcher.replace("/spec/volumes/9", json!({}));
        patcher.remove("/spec/containers/0", "name");
        patcher.remove("/spec/containers/0", "name");
        patcher.insert("/spec", "initContainers", 0, json!({ "name": "i" }));
        let operations = patcher.into_operations();
        assert_eq!(
            json!(operations),
            json!([
                { "op": "add", "path": "/spec/volumes", "value": [{ "name": "v" }] },
                { "op": "add", "path": "/spec/volumes/-", "value": { "name": "w" } },
                { "op": "add", "path": "/spec/containers/0/volumeMounts", "value": [1] },
                { "op": "add", "path": "/spec/volumes/0", "value": { "name": "u" } },
                { "op": "replace", "path": "/spec/volumes/0", "value": { "name": "x" } },
                { "op": "remove", "path": "/spec/containers/0/name" },
                { "op": "add", "path": "/spec/initContainers", "value": [{ "name": "i" }] },
            ])
        );
        assert_eq!(pod["spec"]["volumes"][2]["name"], "w");
    }
}
