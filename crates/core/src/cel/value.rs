//! Values of expressions (G33): equality, order and how they print (cel-go `common/types`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::libraries::Opaque;

/// A value. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Bool(bool),
    Bytes(Rc<[u8]>),
    Double(f64),
    /// Nanoseconds.
    Duration(i64),
    Int(i64),
    /// The claims of the API server: fields on demand, and hardly anything else (R28).
    Lazy(Rc<Lazy>),
    List(List),
    Map(Map),
    Null,
    Opaque(Rc<Opaque>),
    Optional(Option<Rc<Value>>),
    String(Rc<str>),
    /// Nanoseconds since the Unix epoch.
    Timestamp(i128),
    Type(Rc<str>),
    Uint(u64),
}

/// A list.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(super) items: Rc<[Value]>,
    /// Go's own list of strings, as `split` makes it: refused where groups are wanted (R28).
    pub(crate) native: bool,
    /// Names in it may be escaped: `a__dot__b` (R28).
    escaped: bool,
}

/// A map.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(super) entries: Rc<BTreeMap<Key, Value>>,
    escaped: bool,
}

/// What may be a key. Numbers of one value are one key.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Bool(bool),
    Number(i128, bool),
    String(Rc<str>),
}

/// Fields by name. It is no map: it has no size, and iteration yields its values.
#[derive(Debug)]
pub(crate) struct Lazy {
    pub(super) name: &'static str,
    pub(super) fields: BTreeMap<String, Value>,
}

impl Value {
    pub(crate) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(List { items: items.into(), native: false, escaped: false })
    }

    pub(super) fn strings(items: Vec<String>) -> Self {
        let items = items.into_iter().map(Self::text).collect();
        Self::List(List { items, native: true, escaped: false })
    }

    pub(super) fn map(entries: BTreeMap<Key, Self>) -> Self {
        Self::Map(Map { entries: Rc::new(entries), escaped: false })
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Rc::new(value)))
    }

    pub(super) fn opaque(value: Opaque) -> Self {
        Self::Opaque(Rc::new(value))
    }

    /// Members by name.
    pub(crate) fn record<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let members = members.into_iter();
        Self::map(members.map(|(name, value)| (Key::String(name.into()), value)).collect())
    }

    /// An instant, from seconds since the Unix epoch.
    pub(crate) fn instant(seconds: f64) -> Self {
        Self::Timestamp((seconds * 1e9) as i128)
    }

    /// JSON, whose numbers are doubles (R28, G37).
    pub(crate) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => Self::map(
                members
                    .iter()
                    .map(|(name, value)| {
                        (Key::String(name.as_str().into()), Self::from_json(value))
                    })
                    .collect(),
            ),
        }
    }

    /// The value with names that may be escaped.
    pub(crate) fn escaped(self) -> Self {
        match self {
            Self::List(list) => Self::List(List { escaped: true, ..list }),
            Self::Map(map) => Self::Map(Map { escaped: true, ..map }),
            other => other,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// As `type()` names it.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Bool(_) => "bool",
            Self::Bytes(_) => "bytes",
            Self::Double(_) => "double",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Int(_) => "int",
            Self::Lazy(lazy) => lazy.name,
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Null => "null_type",
            Self::Opaque(value) => value.type_name(),
            Self::Optional(_) => "optional_type",
            Self::String(_) => "string",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Type(_) => "type",
            Self::Uint(_) => "uint",
        }
    }

    pub(super) fn key(&self) -> Option<Key> {
        match self {
            Self::Bool(value) => Some(Key::Bool(*value)),
            Self::Int(value) => Some(Key::Number(i128::from(*value), false)),
            Self::Uint(value) => Some(Key::Number(i128::from(*value), true)),
            Self::Double(value) if value.fract() == 0.0 && value.abs() < 1e19 => {
                Some(Key::Number(*value as i128, false))
            }
            Self::String(text) => Some(Key::String(Rc::clone(text))),
            _ => None,
        }
    }

    /// Equality, where values of different types differ and numbers compare by value. `None`: no such overload.
    pub(super) fn equals(&self, other: &Self) -> Option<bool> {
        Some(match (self, other) {
            (Self::Lazy(a), Self::Lazy(b)) => Rc::ptr_eq(a, b),
            (Self::Lazy(_), _) | (_, Self::Lazy(_)) => return None,
            (Self::List(a), Self::List(b)) => {
                a.items.len() == b.items.len()
                    && a.items.iter().zip(b.items.iter()).all(|(a, b)| a.equals(b) == Some(true))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries.iter().all(|(key, value)| {
                        b.entries.get(key).is_some_and(|other| value.equals(other) == Some(true))
                    })
            }
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Null, Self::Null) => true,
            (Self::Opaque(a), Self::Opaque(b)) => a.equals(b),
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => return a.equals(b),
                _ => false,
            },
            (Self::Type(a), Self::Type(b)) => a == b,
            _ => self.compare(other) == Some(Ordering::Equal),
        })
    }

    /// The order of values that have one; `None` also where a number is none.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), b) => compare_double(*a, b.integer()?),
            (a, Self::Double(b)) => compare_double(*b, a.integer()?).map(Ordering::reverse),
            (a, b) => Some(a.integer()?.cmp(&b.integer()?)),
        }
    }

    pub(super) const fn is_ordered(&self) -> bool {
        matches!(
            self,
            Self::Bool(_)
                | Self::Bytes(_)
                | Self::Double(_)
                | Self::Duration(_)
                | Self::Int(_)
                | Self::String(_)
                | Self::Timestamp(_)
                | Self::Uint(_)
        )
    }

    /// An integer of either kind.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// Whether both are of one family that an order knows.
    pub(super) fn is_comparable_with(&self, other: &Self) -> bool {
        let number = |value: &Self| matches!(value, Self::Double(_) | Self::Int(_) | Self::Uint(_));
        (number(self) && number(other))
            || (self.is_ordered() && std::mem::discriminant(self) == std::mem::discriminant(other))
    }

    /// As an error message shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Double(value) => super::libraries::double_text(*value),
            Self::Int(value) => value.to_string(),
            Self::Null => "null".into(),
            Self::String(text) => text.to_string(),
            Self::Uint(value) => value.to_string(),
            other => other.type_name().to_owned(),
        }
    }

    /// Bytes that it holds itself.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::String(text) => text.len(),
            Self::List(list) => list.items.len().saturating_mul(32),
            Self::Map(map) => map.entries.len().saturating_mul(64),
            _ => 0,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Bool(value) => !value,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Double(value) => *value == 0.0,
            Self::Duration(value) | Self::Int(value) => *value == 0,
            Self::List(list) => list.items.is_empty(),
            Self::Map(map) => map.entries.is_empty(),
            Self::Null => true,
            Self::Optional(value) => value.is_none(),
            Self::String(text) => text.is_empty(),
            Self::Uint(value) => *value == 0,
            Self::Lazy(_) | Self::Opaque(_) | Self::Timestamp(_) | Self::Type(_) => false,
        }
    }
}

/// A double and an integer, without loss.
fn compare_double(double: f64, integer: i128) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double.abs() >= 1e30 {
        return Some(if double > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = double.trunc() as i128;
    Some(
        whole
            .cmp(&integer)
            .then_with(|| double.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal)),
    )
}

impl List {
    pub(crate) fn items(&self) -> &[Value] {
        &self.items
    }

    pub(super) fn get(&self, index: usize) -> Option<Value> {
        let value = self.items.get(index)?.clone();
        Some(if self.escaped { value.escaped() } else { value })
    }
}

impl Map {
    /// By field or index: an escaped name finds the real one.
    pub(super) fn find(&self, key: &Key) -> Option<Value> {
        if !self.escaped {
            return self.entries.get(key).cloned();
        }
        let unescaped = match key {
            Key::String(name) => unescape(name).map(|name| Key::String(name.into())),
            _ => None,
        };
        self.entries.get(unescaped.as_ref().unwrap_or(key)).cloned().map(Value::escaped)
    }
}

impl Lazy {
    /// The claims or the user of the API server.
    pub(crate) fn value(name: &'static str, fields: BTreeMap<String, Value>) -> Value {
        Value::Lazy(Rc::new(Self { name, fields }))
    }

    pub(super) fn find(&self, name: &str) -> Option<Value> {
        self.fields.get(&unescape(name)?).cloned().map(Value::escaped)
    }
}

impl Key {
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value, true) => Value::Uint(u64::try_from(*value).unwrap_or_default()),
            Self::Number(value, false) => Value::Int(i64::try_from(*value).unwrap_or_default()),
            Self::String(text) => Value::String(Rc::clone(text)),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Number(..) => 1,
            Self::String(_) => 2,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a, _), Self::Number(b, _)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

/// R28: `__dot__`, `__dash__`, `__slash__`, `__underscores__`, and `__in__` for reserved words that are the whole
/// name (Kubernetes `pkg/cel/escaping.go`). `None`: no such escape.
fn unescape(name: &str) -> Option<String> {
    const RESERVED: [&str; 21] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ];
    let (mut unescaped, mut rest) = (String::new(), name);
    while let Some(start) = rest.find("__") {
        let (before, after) = (rest.get(..start)?, rest.get(start + 2..)?);
        let length = after.bytes().take_while(|byte| *byte != b'_').count();
        let word = after.get(..length)?;
        if length == 0 || !after.get(length..)?.starts_with("__") {
            unescaped.push_str(before);
            unescaped.push('_');
            rest = rest.get(start + 1..)?;
            continue;
        }
        unescaped.push_str(before);
        match word {
            "underscores" => unescaped.push_str("__"),
            "dot" => unescaped.push('.'),
            "dash" => unescaped.push('-'),
            "slash" => unescaped.push('/'),
            word if RESERVED.contains(&word) && name.len() == word.len() + 4 => {
                unescaped.push_str(word);
            }
            _ => return None,
        }
        rest = after.get(length + 2..)?;
    }
    unescaped.push_str(rest);
    Some(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_names() {
        let table = [
            ("kubernetes__dot__io", Some("kubernetes.io")),
            ("a__dash__b__slash__c", Some("a-b/c")),
            ("a__underscores__b", Some("a__b")),
            ("__namespace__", Some("namespace")),
            ("x__namespace__", None),
            ("a__bad__b", None),
            ("a__b", Some("a__b")),
            ("plain_name", Some("plain_name")),
        ];
        for (name, expected) in table {
            assert_eq!(unescape(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        let equal = |a: Value, b: Value| a.equals(&b);
        assert_eq!(equal(Value::Int(7), Value::Double(7.0)), Some(true));
        assert_eq!(equal(Value::Uint(7), Value::Int(7)), Some(true));
        assert_eq!(equal(Value::Double(7.5), Value::Int(7)), Some(false));
        assert_eq!(equal(Value::Int(7), Value::text("7")), Some(false));
        assert_eq!(equal(Value::Double(f64::NAN), Value::Double(f64::NAN)), Some(false));
        assert_eq!(
            Value::Int(i64::MAX).compare(&Value::Double(9_223_372_036_854_775_808.0)),
            Some(Ordering::Less)
        );
    }
}
