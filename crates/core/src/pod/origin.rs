//! Where the elements of an admitted pod's lists stood in the pod as it was pasted: webhooks put volumes and
//! containers in front of the user's.

use serde_json::Value;

use super::Injection;
use super::spec::{ContainerList, Pod, list};

/// For each element of a list of the admitted pod: its place in the pasted one, `None` for what was injected.
type Places = Vec<Option<usize>>;

/// The lists of a PodSpec whose elements move.
const LISTS: [&str; 3] = ["volumes", ContainerList::Init.member(), ContainerList::Regular.member()];

/// How an admitted pod came of the pasted one.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin([Places; 3]);

impl Origin {
    /// `pasted` is the pod before everything that `injected` did to it.
    pub(super) fn of(pasted: Pod<'_>, injected: &[Injection]) -> Self {
        let places = LISTS.map(|name| (0..list(pasted.spec(), name).len()).map(Some).collect());
        let mut origin = Self(places);
        for operation in injected.iter().flat_map(|injection| &injection.patch) {
            origin.follow(operation);
        }
        origin
    }

    /// One operation of a patch.
    fn follow(&mut self, operation: &Value) {
        let text = |name| operation.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(path) = text("path").strip_prefix("/spec/") else { return };
        let (name, element) = match path.split_once('/') {
            Some((name, element)) => (name, Some(element)),
            None => (path, None),
        };
        let Some(places) = self.places_mut(name) else { return };
        match (text("op"), element) {
            // A list is set as a whole only where there was none.
            (_, None) => {
                let length = operation.get("value").and_then(Value::as_array).map_or(0, Vec::len);
                places.resize(length, None);
            }
            ("add", Some("-")) => places.push(None),
            ("add", Some(element)) => {
                if let Some(at) = index(element).filter(|at| *at <= places.len()) {
                    places.insert(at, None);
                }
            }
            ("replace", Some(element)) => {
                if let Some(place) = index(element).and_then(|at| places.get_mut(at)) {
                    *place = None;
                }
            }
            _ => {}
        }
    }

    fn places_mut(&mut self, name: &str) -> Option<&mut Places> {
        let at = LISTS.iter().position(|list| *list == name)?;
        self.0.get_mut(at)
    }

    /// The pointer in the pasted pod of what stands at `pointer` in the admitted one; `None` for what was injected.
    pub(super) fn pasted(&self, pointer: &str) -> Option<String> {
        let moved = || {
            let (name, rest) = pointer.strip_prefix("/spec/")?.split_once('/')?;
            let (element, below) = match rest.split_once('/') {
                Some((element, below)) => (element, format!("/{below}")),
                None => (rest, String::new()),
            };
            let places = self.0.get(LISTS.iter().position(|list| *list == name)?)?;
            Some((name, places.get(index(element)?).copied().flatten(), below))
        };
        match moved() {
            Some((name, place, below)) => Some(format!("/spec/{name}/{}{below}", place?)),
            None => Some(pointer.to_owned()),
        }
    }
}

/// A whole element's index; deeper paths are none.
fn index(element: &str) -> Option<usize> {
    element.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_what_was_pasted() {
        let pod = json!({ "spec": { "volumes": [{}, {}], "containers": [{}] } });
        let patch = vec![
            json!({ "op": "add", "path": "/spec/volumes/-", "value": {} }),
            json!({ "op": "add", "path": "/spec/volumes/0", "value": {} }),
            json!({ "op": "replace", "path": "/spec/volumes/2", "value": {} }),
            json!({ "op": "add", "path": "/spec/containers/0", "value": {} }),
            json!({ "op": "add", "path": "/spec/initContainers", "value": [{}] }),
            json!({ "op": "add", "path": "/spec/containers/1/env/-", "value": {} }),
        ];
        let injected = [Injection { by: "x".to_owned(), patch }];
        let origin = Origin::of(Pod(&pod), &injected);
        #[rustfmt::skip]
        let table = [
            ("/spec/volumes/0",               None),
            ("/spec/volumes/1/projected",     Some("/spec/volumes/0/projected")),
            ("/spec/volumes/2",               None),
            ("/spec/volumes/3",               None),
            ("/spec/containers/0/env/0",      None),
            ("/spec/containers/1/env/0/name", Some("/spec/containers/0/env/0/name")),
            ("/spec/initContainers/0",        None),
            ("/spec/serviceAccountName",      Some("/spec/serviceAccountName")),
            ("/spec/ephemeralContainers/0",   Some("/spec/ephemeralContainers/0")),
        ];
        for (pointer, expected) in table {
            assert_eq!(origin.pasted(pointer).as_deref(), expected, "{pointer}");
        }
    }
}
