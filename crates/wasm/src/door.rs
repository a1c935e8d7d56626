//! The two ways out and the one way in.

use podpass::PodpassError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wasm_bindgen::JsValue;

/// What every export returns: a plain object, or a failure as [`throw`] makes it.
pub(crate) type Answer = Result<JsValue, JsValue>;

/// The name and code of failures that are the caller's fault.
const TYPE_ERROR: (&str, &str) = ("TypeError", "ERR_INVALID_OPTIONS");

/// Options come in as JSON text: serde-wasm-bindgen 0.6 would let unknown members past `deny_unknown_fields`.
pub(crate) fn options<T: DeserializeOwned>(json: &str) -> Result<T, JsValue> {
    serde_json::from_str(json).map_err(|error| mistake(&error))
}

/// A call that makes no sense.
pub(crate) fn mistake(error: &serde_json::Error) -> JsValue {
    let (name, code) = TYPE_ERROR;
    throw(name, code, &reason(error), &Map::new())
}

/// For whatever may hold what an attacker shapes. `JSON.parse` makes of a member `__proto__` an ordinary own
/// member; setting it one by one, as serde-wasm-bindgen does, would replace the object's prototype.
pub(crate) fn parsed(value: &impl Serialize) -> Answer {
    let text = serde_json::to_string(value).map_err(|error| unexpected(&error))?;
    js_sys::JSON::parse(&text)
}

/// For shapes that are wholly our own.
pub(crate) fn plain(value: &impl Serialize) -> Answer {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| unexpected(&error))
}

/// A failure of the engine.
pub(crate) fn thrown(error: &PodpassError) -> JsValue {
    throw(error.name(), error.code(), &error.to_string(), error.details())
}

/// The agreed shape of a failure, of which the facade makes an `Error`: `{ name, code, message, details }`.
fn throw(name: &str, code: &str, message: &str, details: &Map<String, Value>) -> JsValue {
    let failure = json!({ "name": name, "code": code, "message": message, "details": details });
    parsed(&failure).unwrap_or_else(|error| error)
}

fn unexpected(error: &dyn std::fmt::Display) -> JsValue {
    throw("InternalError", "ERR_INTERNAL", &error.to_string(), &Map::new())
}

/// What is wrong with the options, without the place in a text that the caller never saw.
fn reason(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    without_long_quotes(text.strip_suffix(&place).unwrap_or(&text))
}

/// serde quotes what it did not like; a token that was passed in the wrong place must not get into a log.
fn without_long_quotes(text: &str) -> String {
    const LONGEST: usize = 60;
    let shorten = |(index, part): (usize, &str)| {
        let quoted = index % 2 == 1;
        if quoted && part.chars().count() > LONGEST { "...".to_owned() } else { part.to_owned() }
    };
    let in_backticks = text.split('`').enumerate().map(shorten).collect::<Vec<_>>().join("`");
    in_backticks.split('"').enumerate().map(shorten).collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        reason(&serde_json::from_str::<T>(json).err().unwrap())
    }

    #[test]
    fn reasons_name_the_member_and_never_a_token() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.".repeat(3);
        let table = [
            (r#"{"issuer": null, "now": 1}"#.to_owned(), "missing field `audience`"),
            (
                r#"{"issuer": null, "audience": null, "now": "x"}"#.to_owned(),
                r#"invalid type: string "x", expected f64"#,
            ),
            (
                format!(r#"{{"issuer": null, "audience": null, "now": "{token}"}}"#),
                r#"invalid type: string "...", expected f64"#,
            ),
        ];
        for (json, message) in table {
            assert_eq!(refused::<podpass::VerifyOptions>(&json), message);
        }
        let unknown = refused::<podpass::VerifyOptions>(&format!(r#"{{"{token}": 1}}"#));
        assert!(unknown.starts_with("unknown field `...`, expected one of `issuer`"), "{unknown}");
    }
}
