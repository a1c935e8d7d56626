//! Claims to attributes, and the condition over them (G23, G24, G29).

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::provider::{Expression, Provider};
use crate::cel::{Fault, Value};

/// Longest subject, and all values together, in bytes.
const MOST_SUBJECT: usize = 127;
const MOST_ALL: usize = 8192;

/// What the mapping makes of the claims.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mapped {
    /// `google.subject`, `attribute.x`: texts; `google.groups`: a list.
    pub(super) values: Map<String, Json>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failed {
    /// Larger than it may be: attribute, message.
    TooLarge(String),
    /// It does not evaluate.
    Because(String),
    /// podpass does not model what is needed.
    Unknown(String),
}

impl Failed {
    fn of(what: &str, fault: &Fault) -> Self {
        match fault {
            Fault::Unsupported(construct) => Self::Unknown(construct.clone()),
            other => Self::Because(format!("{what}: {}", other.message())),
        }
    }
}

fn run(what: &str, expression: &Expression, variables: &[(&str, Value)]) -> Result<Value, Failed> {
    match &expression.program {
        Ok(program) => program.evaluate(variables).map_err(|fault| Failed::of(what, &fault)),
        Err(error) => match error.unknown_function() {
            Some(name) => Err(Failed::Unknown(format!("the function {name}"))),
            None => Err(Failed::Because(format!("{what}: {}", error.print(&expression.at.text)))),
        },
    }
}

/// G23: every expression must give a text, `google.groups` a list of texts.
pub(super) fn mapped(provider: &Provider, claims: &Map<String, Json>) -> Result<Mapped, Failed> {
    let assertion = Value::from_json(&Json::Object(claims.clone()));
    let mut mapped = Mapped::default();
    for mapping in &provider.mapping {
        let name = &mapping.attribute;
        let value = run(name, &mapping.expression, &[("assertion", assertion.clone())])?;
        let json = match (&value, name.as_str()) {
            (Value::List(list), "google.groups") => {
                let groups: Option<Vec<&str>> = list.items().iter().map(Value::as_str).collect();
                groups.map(|groups| groups.into_iter().map(Json::from).collect())
            }
            (Value::String(text), _) => Some(Json::from(&**text)),
            _ => None,
        };
        let Some(json) = json else {
            let found = value.type_name();
            return Err(Failed::Because(format!(
                "{name}: the expression gives {found}, not a text"
            )));
        };
        mapped.values.insert(name.clone(), json);
    }
    mapped.limits()?;
    Ok(mapped)
}

impl Mapped {
    fn limits(&self) -> Result<(), Failed> {
        let subject = self.subject();
        if subject.is_empty() {
            return Err(Failed::Because("google.subject is empty".into()));
        }
        if subject.len() > MOST_SUBJECT {
            return Err(Failed::TooLarge(format!(
                "The size of mapped attribute google.subject exceeds the {MOST_SUBJECT} bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than {MOST_SUBJECT} bytes."
            )));
        }
        let length = |value: &Json| match value {
            Json::Array(many) => many.iter().filter_map(Json::as_str).map(str::len).sum(),
            one => one.as_str().map_or(0, str::len),
        };
        let all: usize = self.values.values().map(length).sum();
        if all > MOST_ALL {
            return Err(Failed::TooLarge(format!(
                "The size of all mapped attributes is {all} bytes, which exceeds the {MOST_ALL} bytes limit."
            )));
        }
        Ok(())
    }

    pub(super) fn subject(&self) -> &str {
        self.values.get("google.subject").and_then(Json::as_str).unwrap_or_default()
    }

    /// What members may say after `principalSet://.../`.
    pub(super) fn sets(&self) -> Vec<String> {
        let mut sets = Vec::new();
        for (name, value) in &self.values {
            match (name.as_str(), value) {
                ("google.groups", Json::Array(groups)) => {
                    sets.extend(
                        groups.iter().filter_map(Json::as_str).map(|g| format!("group/{g}")),
                    );
                }
                (name, Json::String(value)) if name.starts_with("attribute.") => {
                    sets.push(format!("{name}/{value}"));
                }
                _ => {}
            }
        }
        sets.push("*".into());
        sets
    }

    /// `google` and `attribute`: only what is mapped (G24).
    fn variables(&self) -> [(&'static str, Value); 2] {
        let of = |prefix: &str| {
            let members: BTreeMap<&str, &Json> = self
                .values
                .iter()
                .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)))
                .collect();
            Value::record(members.into_iter().map(|(name, value)| (name, Value::from_json(value))))
        };
        [("google", of("google.")), ("attribute", of("attribute."))]
    }
}

/// G24: whether the condition holds.
pub(super) fn holds(
    condition: &Expression,
    claims: &Map<String, Json>,
    mapped: &Mapped,
) -> Result<bool, Failed> {
    let [google, attribute] = mapped.variables();
    let assertion = ("assertion", Value::from_json(&Json::Object(claims.clone())));
    match run("attributeCondition", condition, &[assertion, google, attribute])? {
        Value::Bool(value) => Ok(value),
        other => Err(Failed::Because(format!(
            "attributeCondition: the expression gives {}, not a boolean",
            other.type_name()
        ))),
    }
}
