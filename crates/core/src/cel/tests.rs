//! Expressions with what the API server's own evaluator makes of them, and hostile ones.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::libraries::double_text;
use super::value::Value;
use super::{CompileError, Dialect, Fault, Lazy, Program, Type, Variable};

/// The claims that the expressions of the table speak of.
fn claims() -> Json {
    json!({
        "sub": "system:serviceaccount:a:b", "aud": ["x", "y"], "exp": 1_767_229_140, "n": 7, "f": 1.5,
        "null": null, "b": true, "kubernetes.io": {"namespace": "a", "pod": {"name": "p"}},
        "l": [1, "a", null], "o": {"a": {"b": 1}}, "e": ""
    })
}

fn compile(text: &str) -> Result<Program, CompileError> {
    let claims = Type::Map(Box::new(Type::String), Box::new(Type::Any));
    Program::compile(text, Dialect::Kubernetes, &[Variable { name: "claims", type_: claims }])
}

fn lazy(claims: &Json) -> Value {
    let fields: BTreeMap<String, Value> = claims
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), Value::from_json(value)))
        .collect();
    Lazy::value("kubernetes.claims", fields)
}

/// As the table writes values.
fn shown(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Value::Double(value) => double_text(*value),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => format!("{value}u"),
        Value::Null => "null".into(),
        Value::String(text) => format!("{text:?}"),
        Value::Type(name) => format!("type:{name}"),
        Value::Optional(None) => "none".into(),
        Value::Optional(Some(value)) => format!("some({})", shown(value)),
        Value::List(list) => {
            let items: Vec<String> = list.items().iter().map(shown).collect();
            format!("[{}]", items.join(","))
        }
        Value::Map(map) => {
            let members: Vec<String> = map
                .entries
                .iter()
                .map(|(key, value)| format!("{}:{}", shown(&key.value()), shown(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Duration(nanos) => format!("duration:{nanos}"),
        Value::Timestamp(nanos) => format!("timestamp:{nanos}"),
        other => format!("<{}>", other.type_name()),
    }
}

/// `does not compile`, `error: ...`, `not modelled`, or the value.
fn outcome(text: &str) -> String {
    let program = match compile(text) {
        Ok(program) => program,
        Err(_) => return "does not compile".into(),
    };
    match program.evaluate(&[("claims", lazy(&claims()))]) {
        Ok(value) => shown(&value),
        Err(Fault::Error(message)) => format!("error: {message}"),
        Err(Fault::Cancelled(message)) => format!("cancelled: {message}"),
        Err(Fault::Unsupported(what)) => format!("not modelled: {what}"),
    }
}

#[test]
fn expressions_and_their_results() {
    let table = include_str!("tests/expressions.txt");
    let mut wrong = Vec::new();
    for row in table.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let (text, expected) = row.rsplit_once("  =>  ").unwrap();
        let found = outcome(text);
        if found != expected {
            wrong.push(format!("{text}\n   expected {expected}\n   found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn hostile_expressions_end_within_the_budget() {
    let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
    let nested =
        "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))";
    let doubling =
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]";
    let doubled = (0..40).fold("'abc'".to_owned(), |text, _| format!("[{text}].map(x, x + x)[0]"));
    let table = [
        (deep.as_str(), "does not compile"),
        (nested, "cancelled: operation cancelled: actual cost limit exceeded"),
        ("lists.range(1000000000)", "cancelled: operation cancelled: actual cost limit exceeded"),
        (&doubled, "cancelled: operation cancelled: actual cost limit exceeded"),
        (
            &format!(
                "'a'.replace('', '{}').replace('', '{0}').replace('', '{0}')",
                "x".repeat(1000)
            ),
            "cancelled: operation cancelled: actual cost limit exceeded",
        ),
        (
            &format!(
                "{doubling}.map(a, {doubling}.map(b, {doubling}.map(c, {doubling}.map(d, a + b)))).size() > 0"
            ),
            "cancelled: operation cancelled: actual cost limit exceeded",
        ),
        (
            // An error on the other side is forgotten, running out of budget is not.
            &format!("({nested}) || true"),
            "cancelled: operation cancelled: actual cost limit exceeded",
        ),
        (&"1 + ".repeat(40_000), "does not compile"),
        (&format!("1{}", " + 1".repeat(40_000)), "does not compile"),
        (&format!("claims{}", ".a".repeat(40_000)), "does not compile"),
        (&"!".repeat(100_001), "does not compile"),
        (&"[".repeat(50_000), "does not compile"),
        ("'a'.getHours('x') ", "does not compile"),
        (
            "timestamp('2024-01-01T05:00:00Z').getHours('Europe/Berlin')",
            "not modelled: the time zone \"Europe/Berlin\"",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(outcome(text), expected, "{}", text.chars().take(60).collect::<String>());
    }
}

#[test]
fn messages_of_the_compiler() {
    let table = [
        (
            "claims.sub.nofunc()",
            "compilation failed: ERROR: <input>:1:18: undeclared reference to 'nofunc' (in container '')\n | claims.sub.nofunc()\n | .................^",
        ),
        (
            "claims + 1",
            "compilation failed: ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(map(string, any), int)'\n | claims + 1\n | .......^",
        ),
        (
            "claims.aud.all(a, true)",
            "compilation failed: ERROR: <input>:1:7: expression of type 'any' cannot be range of a comprehension (must be list, map, or dynamic)\n | claims.aud.all(a, true)\n | ......^",
        ),
        (
            "[1, 'a']",
            "compilation failed: ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^",
        ),
        ("int('x')", "program instantiation failed: type conversion error from 'string' to 'int'"),
        (
            "'a'.matches('(')",
            "compilation failed: ERROR: <input>:1:13: invalid matches argument\n | 'a'.matches('(')\n | ............^",
        ),
        (
            "namespace",
            "compilation failed: ERROR: <input>:1:1: reserved identifier: namespace\n | namespace\n | ^",
        ),
    ];
    for (text, message) in table {
        assert_eq!(compile(text).unwrap_err().print(text), message, "{text}");
    }
}

#[test]
fn google_mixes_types_and_has_extract() {
    let compile = |text: &str| Program::compile(text, Dialect::Google, &[]);
    let value = |text: &str| shown(&compile(text).unwrap().evaluate(&[]).unwrap());
    assert_eq!(
        value("'system:serviceaccount:shop:cart'.extract('system:serviceaccount:{id}')"),
        "\"shop:cart\""
    );
    assert_eq!(value("[1, 'a'].size()"), "2");
    assert!(compile("ip('1.2.3.4')").is_err());
    assert!(compile("claims.sub").is_err());
}

proptest::proptest! {
    #[test]
    fn never_panics(text in ".{0,60}", expression in "[a-c\\[\\](){}.?:!&|+*/<>='\" 0-9,-]{0,60}") {
        let _ = (outcome(&text), outcome(&expression));
    }
}
