//! The claims as Go decodes them into its structs: what a wrong type or a duplicate makes it say (K9, K53, K54).
//!
//! Source: go-jose v2.6.3 `json/decode.go` (an older `encoding/json` with exact names), `jwt/claims.go`;
//! `pkg/serviceaccount/claims.go`, `legacy.go`.

use std::collections::HashSet;

use crate::document::{Data, Node};

/// What Go expects of a member.
enum Shape {
    Audience,
    Date,
    Struct(&'static str, Fields),
    Text,
}
type Fields = &'static [(&'static str, Shape)];

/// `jwt.Claims`.
const PUBLIC: Fields = &[
    ("iss", Shape::Text),
    ("sub", Shape::Text),
    ("aud", Shape::Audience),
    ("exp", Shape::Date),
    ("nbf", Shape::Date),
    ("iat", Shape::Date),
    ("jti", Shape::Text),
];
const REF: Fields = &[("name", Shape::Text), ("uid", Shape::Text)];
const KUBERNETES: Fields = &[
    ("namespace", Shape::Text),
    ("serviceaccount", Shape::Struct("serviceaccount.ref", REF)),
    ("pod", Shape::Struct("serviceaccount.ref", REF)),
    ("secret", Shape::Struct("serviceaccount.ref", REF)),
    ("node", Shape::Struct("serviceaccount.ref", REF)),
    ("warnafter", Shape::Date),
];
/// `privateClaims` (K6).
const BOUND: Fields = &[("kubernetes.io", Shape::Struct("serviceaccount.kubernetes", KUBERNETES))];
/// `legacyPrivateClaims` (K7).
const LEGACY: Fields = &[
    ("kubernetes.io/serviceaccount/service-account.name", Shape::Text),
    ("kubernetes.io/serviceaccount/service-account.uid", Shape::Text),
    ("kubernetes.io/serviceaccount/secret.name", Shape::Text),
    ("kubernetes.io/serviceaccount/namespace", Shape::Text),
];

/// Why the claims cannot be decoded.
#[derive(Debug, PartialEq)]
pub(super) struct DecodeError {
    /// The stage that it belongs to: `audience`, `time/exp`, `claims`.
    pub(super) stage: String,
    /// As go-jose words it.
    pub(super) message: String,
}

/// An error that ends the decoding (duplicates, what an own decoder refuses, a number where none belongs), or one that
/// is kept while it goes on; the first of these counts.
pub(super) enum Fault {
    Ends(DecodeError),
    Kept(DecodeError),
}

impl Fault {
    /// As go-jose words it.
    pub(super) fn message(self) -> String {
        let (Self::Ends(error) | Self::Kept(error)) = self;
        error.message
    }
}

/// The public claims first, then the private ones.
pub(super) fn decode(payload: &Node, legacy: bool) -> Result<(), DecodeError> {
    into_struct(payload, "jwt.Claims", PUBLIC)?;
    let (name, fields) = match legacy {
        true => ("serviceaccount.legacyPrivateClaims", LEGACY),
        false => ("serviceaccount.privateClaims", BOUND),
    };
    into_struct(payload, name, fields)
}

fn into_struct(node: &Node, name: &str, fields: Fields) -> Result<(), DecodeError> {
    match object(node, name, fields) {
        Ok(()) => Ok(()),
        Err(Fault::Ends(error) | Fault::Kept(error)) => Err(error),
    }
}

fn object(node: &Node, name: &str, fields: Fields) -> Result<(), Fault> {
    if !node.is_object() {
        return if node.is_null() { Ok(()) } else { Err(mistyped(node, name)) };
    }
    let (mut names, mut kept) = (HashSet::new(), None);
    for member in node.members() {
        if !names.insert(member.name.as_str()) {
            let message = format!("json: duplicate key '{}' in object", member.name);
            return Err(Fault::Ends(DecodeError { stage: "claims".into(), message }));
        }
        // Members that no field takes are skipped, whatever they hold.
        let Some((_, shape)) = fields.iter().find(|(field, _)| *field == member.name) else {
            continue;
        };
        match value(&member.name, &member.value, shape) {
            Err(Fault::Kept(error)) if kept.is_none() => kept = Some(error),
            Err(Fault::Ends(error)) => return Err(Fault::Ends(error)),
            _ => {}
        }
    }
    kept.map_or(Ok(()), |error| Err(Fault::Kept(error)))
}

fn value(name: &str, value: &Node, shape: &Shape) -> Result<(), Fault> {
    let fault = |stage: String, message: &str| {
        Err(Fault::Ends(DecodeError { stage, message: message.to_owned() }))
    };
    match shape {
        Shape::Struct(type_name, fields) => object(value, type_name, fields),
        Shape::Text if value.is_null() || value.as_str().is_some() => Ok(()),
        Shape::Text => Err(mistyped(value, "string")),
        // null ends up in its own decoder, which wants a text or a list.
        Shape::Audience if is_audience(value) => Ok(()),
        Shape::Audience => fault(
            "audience".into(),
            "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience",
        ),
        // f64::MAX stands for a number that `strconv.ParseFloat` refuses.
        Shape::Date if value.is_null() || value.as_f64().is_some_and(|n| n.abs() < f64::MAX) => {
            Ok(())
        }
        Shape::Date => fault(
            if name == "warnafter" { "claims".into() } else { format!("time/{name}") },
            "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate",
        ),
    }
}

/// `crit` as a list of names: those that there are, or why it cannot be decoded.
pub(super) fn names(value: &Node) -> Result<Vec<&str>, String> {
    let Data::Array(elements) = &value.data else {
        return Err(mistyped(value, "[]string").message());
    };
    let (mut names, mut kept) = (Vec::new(), None);
    for element in elements {
        match (element.as_str(), element.is_null()) {
            (Some(name), _) => names.push(name),
            (None, true) => names.push(""),
            (None, false) => match mistyped(element, "string") {
                Fault::Ends(error) => return Err(error.message),
                Fault::Kept(error) => kept = kept.or(Some(error.message)),
            },
        }
    }
    kept.map_or(Ok(names), Err)
}

fn is_audience(value: &Node) -> bool {
    match &value.data {
        Data::String(_) => true,
        Data::Array(elements) => elements.iter().all(|element| element.as_str().is_some()),
        _ => false,
    }
}

/// `UnmarshalTypeError`.
pub(super) fn mistyped(value: &Node, wanted: &str) -> Fault {
    let found = match value.data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Number(_) => "number",
        Data::String(_) => "string",
        Data::Array(_) => "array",
        Data::Object(_) => "object",
    };
    let message = format!("json: cannot unmarshal {found} into Go value of type {wanted}");
    let error = DecodeError { stage: "claims".into(), message };
    // `literalStore` panics at a number, and only remembers the others.
    if matches!(value.data, Data::Number(_)) { Fault::Ends(error) } else { Fault::Kept(error) }
}

/// `iss` as `hasCorrectIssuer` peeks at it with the standard decoder, before any signature: the last of several,
/// in any case of letters (K49). `Err`: it has the wrong type, or the payload is no object.
pub(in crate::federation) fn peek_issuer(payload: &Node) -> Result<String, ()> {
    if !payload.is_object() && !payload.is_null() {
        return Err(());
    }
    let mut issuer = String::new();
    for member in payload.members() {
        // Go folds the long s (U+017F) too.
        if member.name.replace('\u{17f}', "s").eq_ignore_ascii_case("iss")
            && !member.value.is_null()
        {
            issuer = member.value.as_str().ok_or(())?.to_owned();
        }
    }
    Ok(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Duplicates, parse_json};

    fn node(text: &str) -> Node {
        parse_json(text, Duplicates::JudgedByDecoder).unwrap()
    }

    #[test]
    fn says_what_go_jose_says() {
        const AUDIENCE: &str =
            "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";
        const DATE: &str = "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate";
        let table = [
            (r#"{"iss":"a","aud":"b","exp":1.5,"nbf":null,"x":{"y":1,"y":2},"sub":null}"#, None),
            (r#"{"sub":5}"#, Some("json: cannot unmarshal number into Go value of type string")),
            (r#"{"jti":true}"#, Some("json: cannot unmarshal bool into Go value of type string")),
            (r#"{"sub":[]}"#, Some("json: cannot unmarshal array into Go value of type string")),
            (r#"{"sub":[],"exp":"x"}"#, Some(DATE)),
            (
                r#"{"sub":5,"exp":"x"}"#,
                Some("json: cannot unmarshal number into Go value of type string"),
            ),
            (r#"{"exp":"x","aud":5}"#, Some(DATE)),
            (r#"{"aud":5,"exp":"x"}"#, Some(AUDIENCE)),
            (r#"{"aud":null}"#, Some(AUDIENCE)),
            (r#"{"aud":["a",1]}"#, Some(AUDIENCE)),
            (r#"{"exp":1e400}"#, Some(DATE)),
            (r#"{"exp":1e300}"#, None),
            (r#"{"x":1,"x":2}"#, Some("json: duplicate key 'x' in object")),
            (
                r#"{"kubernetes.io":"x"}"#,
                Some(
                    "json: cannot unmarshal string into Go value of type serviceaccount.kubernetes",
                ),
            ),
            (
                r#"{"kubernetes.io":{"pod":"x","pod":1}}"#,
                Some("json: duplicate key 'pod' in object"),
            ),
            (
                r#"{"kubernetes.io":{"serviceaccount":"x","namespace":[]}}"#,
                Some("json: cannot unmarshal string into Go value of type serviceaccount.ref"),
            ),
            (
                r#"{"kubernetes.io":{"serviceaccount":"x","namespace":1}}"#,
                Some("json: cannot unmarshal number into Go value of type string"),
            ),
            (
                r#"{"kubernetes.io":{"node":{"uid":1}}}"#,
                Some("json: cannot unmarshal number into Go value of type string"),
            ),
            (r#"{"kubernetes.io":{"warnafter":"1"}}"#, Some(DATE)),
            (r#"{"kubernetes.io":null}"#, None),
        ];
        for (payload, message) in table {
            let found = decode(&node(payload), false).err().map(|error| error.message);
            assert_eq!(found.as_deref(), message, "{payload}");
        }
        let legacy = r#"{"kubernetes.io":1,"kubernetes.io/serviceaccount/namespace":1}"#;
        assert_eq!(
            decode(&node(legacy), true).unwrap_err().message,
            "json: cannot unmarshal number into Go value of type string"
        );
    }

    #[test]
    fn peeks_at_the_issuer() {
        let table = [
            (r#"{"iss":"a"}"#, Ok("a")),
            (r#"{"ISS":"a"}"#, Ok("a")),
            (r#"{"i\u017fs":"a"}"#, Ok("a")),
            (r#"{"iss":"a","iss":"b","iss":null}"#, Ok("b")),
            (r#"{"iss":["a"],"iss":"b"}"#, Err(())),
            ("{}", Ok("")),
            ("null", Ok("")),
            ("[]", Err(())),
        ];
        for (payload, issuer) in table {
            assert_eq!(peek_issuer(&node(payload)), issuer.map(str::to_owned), "{payload}");
        }
    }
}
