//! From a function's JavaScript name to the crate: arguments as JavaScript passes them, answers as JSON.

use podpass::{PodpassError, VerifyOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// What the facade would read off the clock where a case brings no `now`: 2026-05-28T20:26:40Z, as most cases have it.
const NOW: i64 = 1_780_000_000;

/// Makes one call of a case.
///
/// An error of a plain call fails the case; `try:NAME` answers `{ "error": .. }` or `{ "value": .. }`.
///
/// ```
/// use podpass_tests::call;
/// use serde_json::json;
///
/// let refresh = call("kubeletRefresh", &[json!({ "expirationTimestamp": 600 })]);
/// assert_eq!(refresh, Ok(json!(null)));
/// assert!(call("noSuchFunction", &[]).is_err());
/// ```
pub fn call(function: &str, arguments: &[Value]) -> Result<Value, String> {
    let Some(name) = function.strip_prefix("try:") else {
        return invoke(function, arguments).map_err(|error| error.to_string());
    };
    match invoke(name, arguments) {
        Ok(value) => Ok(json!({ "value": value })),
        Err(error) if error.get("name") == Some(&NO_FUNCTION.into()) => Err(error.to_string()),
        Err(error) => Ok(json!({ "error": error })),
    }
}

/// Not an answer of the crate: the case is wrong, or the function is not there.
const NO_FUNCTION: &str = "no such function";

fn invoke(name: &str, arguments: &[Value]) -> Result<Value, Value> {
    let arguments = Arguments(arguments);
    match name {
        "checkServiceAccountToken" => {
            let (token, keys) = (arguments.text(0)?, arguments.document(1));
            let options: VerifyOptions = arguments.options(2)?;
            options.validate().map_err(|error| thrown(&error))?;
            answer(podpass::check_service_account_token(token, &keys, &options))
        }
        "decodeToken" => answer(podpass::decode_token(arguments.text(0)?)),
        "evaluateFederation" => answer(podpass::evaluate_federation(&arguments.options(0)?)),
        "explain" => answer(podpass::explain(&arguments.options(0)?)),
        "inspectCluster" => answer(podpass::inspect_cluster(&arguments.plain(0)?)),
        "inspectPods" => {
            let cluster = if arguments.has(1) { arguments.plain(1)? } else { Default::default() };
            answer(podpass::inspect_pods(arguments.text(0)?, &cluster))
        }
        "inspectTokenSecrets" => {
            let options = arguments.options_or_none(1)?;
            answer(podpass::inspect_token_secrets(arguments.text(0)?, &options))
        }
        "kubeletRefresh" => {
            let reply: RefreshOf = arguments.plain(0)?;
            answer(podpass::kubelet_refresh(reply.expiration_timestamp, reply.expiration_seconds))
        }
        "parseKeys" => answer(podpass::parse_keys(&arguments.document(0))),
        "reportToMarkdown" => answer(podpass::report_to_markdown(&arguments.plain(0)?)),
        "rotationTimeline" => answer(podpass::rotation_timeline(&arguments.options(0)?)),
        "simulateDiscovery" => answer(podpass::simulate_discovery(&arguments.with_keys(0)?)),
        "simulateTokenRequest" => answer(podpass::simulate_token_request(&arguments.options(0)?)),
        "simulateTokenReview" => answer(podpass::simulate_token_review(&arguments.options(0)?)),
        "verifyServiceAccountToken" => {
            let (token, keys) = (arguments.text(0)?, arguments.document(1));
            podpass::verify_service_account_token(token, &keys, &arguments.options(2)?)
                .map_err(|error| thrown(&error))
                .and_then(answer)
        }
        "version" => answer(podpass::version()),
        _ => Err(json!({ "name": NO_FUNCTION, "message": name })),
    }
}

/// `kubeletRefresh`'s argument.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RefreshOf {
    expiration_timestamp: podpass::UnixTime,
    #[serde(default)]
    expiration_seconds: Option<f64>,
}

fn answer(value: impl Serialize) -> Result<Value, Value> {
    serde_json::to_value(value)
        .map_err(|error| json!({ "name": "Error", "message": error.to_string() }))
}

fn thrown(error: &PodpassError) -> Value {
    let mut members = error.details().clone();
    members.insert("name".to_owned(), error.name().into());
    members.insert("code".to_owned(), error.code().into());
    members.insert("message".to_owned(), error.to_string().into());
    Value::Object(members)
}

fn type_error(message: impl std::fmt::Display) -> Value {
    json!({ "name": "TypeError", "message": message.to_string() })
}

/// What a call passes, taken apart as the facade does.
struct Arguments<'a>(&'a [Value]);

impl<'a> Arguments<'a> {
    fn has(&self, index: usize) -> bool {
        self.0.get(index).is_some()
    }

    fn text(&self, index: usize) -> Result<&'a str, Value> {
        let text = self.0.get(index).and_then(Value::as_str);
        text.ok_or_else(|| type_error(format_args!("argument {index} is no text")))
    }

    /// A text, or an object that stands for its JSON.
    fn document(&self, index: usize) -> String {
        document(self.0.get(index).unwrap_or(&Value::Null))
    }

    fn plain<T: DeserializeOwned>(&self, index: usize) -> Result<T, Value> {
        T::deserialize(self.0.get(index).unwrap_or(&Value::Null)).map_err(type_error)
    }

    /// Options that may be left out.
    fn options_or_none<T: DeserializeOwned>(&self, index: usize) -> Result<T, Value> {
        if self.has(index) {
            return self.options(index);
        }
        T::deserialize(json!({ "now": NOW })).map_err(type_error)
    }

    /// What is judged at no instant, `keys` as text.
    fn with_keys<T: DeserializeOwned>(&self, index: usize) -> Result<T, Value> {
        let mut value = self.0.get(index).cloned().unwrap_or_default();
        if let Some(keys) = value.get_mut("keys") {
            *keys = document(keys).into();
        }
        T::deserialize(value).map_err(type_error)
    }

    /// Options: `now` filled in, `keys` as text.
    fn options<T: DeserializeOwned>(&self, index: usize) -> Result<T, Value> {
        let given = self.0.get(index).and_then(Value::as_object);
        let mut members: Map<String, Value> =
            given.cloned().ok_or_else(|| type_error("no options"))?;
        members.entry("now").or_insert_with(|| NOW.into());
        if let Some(keys) = members.get_mut("keys") {
            *keys = document(keys).into();
        }
        T::deserialize(Value::Object(members)).map_err(type_error)
    }
}

fn document(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
