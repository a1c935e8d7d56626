//! Evaluation, within a budget of steps and bytes.
//!
//! Source: cel-go `interpreter/interpretable.go`, `attributes.go`. An error on one side of `&&` and `||` is forgotten
//! if the other side decides.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Dialect;
use super::ast::{Element, Entry, Expr, Kind, Literal};
use super::declarations::{overloads, type_named};
use super::libraries;
use super::operators;
use super::types::Type;
use super::value::{Key, Value};

/// Steps that one evaluation may take: the API server's limit of cost, of which a step is about one unit.
const MAX_STEPS: usize = 1_000_000;
/// Bytes that its values may take in all.
const MAX_BYTES: usize = 16 << 20;
/// What the API server says when its limit of cost is reached.
const CANCELLED: &str = "operation cancelled: actual cost limit exceeded";

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Out of budget.
    Cancelled(&'static str),
    /// As cel-go words it.
    Error(String),
    /// podpass does not model this: nobody knows.
    Unsupported(String),
}

impl Fault {
    pub(super) fn no_such_overload() -> Self {
        Self::Error("no such overload".into())
    }

    pub(super) fn error(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    /// As it is printed.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Cancelled(message) => (*message).to_owned(),
            Self::Error(message) => message.clone(),
            Self::Unsupported(what) => format!("podpass does not model {what}"),
        }
    }
}

/// Evaluates with these values of variables.
pub(super) fn evaluate(
    expr: &Expr,
    dialect: Dialect,
    variables: &[(&str, Value)],
) -> Result<Value, Fault> {
    let scopes =
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Evaluation { dialect, scopes, budget: Budget::default() }.expr(expr)
}

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: MAX_STEPS, bytes: MAX_BYTES }
    }
}

impl Budget {
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Fault> {
        let left = self.steps.checked_sub(steps);
        self.steps = left.ok_or(Fault::Cancelled(CANCELLED))?;
        Ok(())
    }

    pub(super) fn allocate(&mut self, bytes: usize) -> Result<(), Fault> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or(Fault::Cancelled(CANCELLED))?;
        self.spend(bytes / 10)
    }
}

pub(super) struct Evaluation {
    dialect: Dialect,
    /// Names in sight, the innermost last.
    pub(super) scopes: Vec<(String, Value)>,
    pub(super) budget: Budget,
}

impl Evaluation {
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Value, Fault> {
        self.budget.spend(1)?;
        match &expr.kind {
            Kind::Literal(literal) => Ok(literal_value(literal)),
            Kind::Ident(name) => self.lookup(name),
            Kind::Select { operand, field } => {
                let operand = self.expr(operand)?;
                qualify(&operand, &Value::text(field.as_str()))
            }
            Kind::Has { operand, field } => {
                let operand = self.expr(operand)?;
                let found = qualify_if_present(&operand, &Value::text(field.as_str()))?;
                Ok(Value::Bool(found.is_some_and(|found| !matches!(found, Value::Optional(None)))))
            }
            Kind::OptionalSelect { operand, field } => {
                self.optional(operand, &Value::text(field.as_str()))
            }
            Kind::Call { function, target, arguments } => {
                self.call(function, target.as_deref(), arguments)
            }
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Struct(name) => Err(Fault::Unsupported(format!("the type {name}"))),
            Kind::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn lookup(&self, name: &str) -> Result<Value, Fault> {
        let found = self.scopes.iter().rev().find(|(known, _)| known == name);
        if let Some((_, value)) = found {
            return Ok(value.clone());
        }
        match type_named(name) {
            Some(Type::Meta(_)) => Ok(Value::Type(name.into())),
            _ => Err(Fault::Error(format!("no such attribute(s): {name}"))),
        }
    }

    /// `a.?b` and `a[?b]`.
    fn optional(&mut self, operand: &Expr, key: &Value) -> Result<Value, Fault> {
        let operand = self.expr(operand)?;
        Ok(match qualify_if_present(&operand, key)? {
            Some(already @ Value::Optional(_)) if matches!(operand, Value::Optional(_)) => already,
            Some(found) => Value::some(found),
            None => Value::Optional(None),
        })
    }

    fn call(
        &mut self,
        function: &str,
        target: Option<&Expr>,
        arguments: &[Expr],
    ) -> Result<Value, Fault> {
        match (function, arguments) {
            ("_&&_" | "_||_", [left, right]) => return self.logic(function == "_||_", left, right),
            ("_?_:_", [condition, yes, no]) => {
                return match self.expr(condition)? {
                    Value::Bool(true) => self.expr(yes),
                    Value::Bool(false) => self.expr(no),
                    _ => Err(Fault::no_such_overload()),
                };
            }
            ("_[?_]", [operand, index]) => {
                let index = self.expr(index)?;
                return self.optional(operand, &index);
            }
            ("or" | "orValue", [other]) => {
                if let Some(target) = target {
                    return self.or(function == "orValue", target, other);
                }
            }
            _ => {}
        }
        let qualified = target
            .and_then(Expr::qualified_name)
            .map(|prefix| format!("{prefix}.{function}"))
            .filter(|name| !overloads(self.dialect, name).is_empty());
        let (name, target) = match &qualified {
            Some(name) => (name.as_str(), None),
            None => (function, target),
        };
        let mut values = Vec::with_capacity(arguments.len() + 1);
        for operand in target.into_iter().chain(arguments) {
            values.push(self.expr(operand)?);
        }
        self.budget.spend(values.iter().map(Value::weight).sum::<usize>() / 10)?;
        let result = match operators::apply(name, &values) {
            Some(result) => result?,
            None => libraries::call(name, target.is_some(), &values, &mut self.budget)?,
        };
        self.budget.allocate(result.weight())?;
        Ok(result)
    }

    /// G34: the side that decides wins over an error or an unknown on the other; an unknown wins over an error.
    fn logic(&mut self, deciding: bool, left: &Expr, right: &Expr) -> Result<Value, Fault> {
        let mut fault: Option<Fault> = None;
        for side in [left, right] {
            let found = match self.expr(side) {
                Ok(Value::Bool(value)) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(Value::Bool(_)) => continue,
                Ok(_) => Fault::no_such_overload(),
                Err(cancelled @ Fault::Cancelled(_)) => return Err(cancelled),
                Err(other) => other,
            };
            fault = match (fault, found) {
                (Some(first @ Fault::Unsupported(_)), _) => Some(first),
                (_, unknown @ Fault::Unsupported(_)) => Some(unknown),
                (Some(first), _) => Some(first),
                (None, found) => Some(found),
            };
        }
        fault.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    /// The other is evaluated only if it is needed; what is no optional stands for itself.
    fn or(&mut self, value: bool, target: &Expr, other: &Expr) -> Result<Value, Fault> {
        match self.expr(target)? {
            Value::Optional(None) => self.expr(other),
            Value::Optional(Some(inner)) if value => Ok((*inner).clone()),
            found => Ok(found),
        }
    }

    fn list(&mut self, elements: &[Element]) -> Result<Value, Fault> {
        let mut items = Vec::with_capacity(elements.len());
        for Element { value, optional } in elements {
            items.extend(self.member(value, *optional)?);
        }
        self.budget.allocate(items.len().saturating_mul(32))?;
        Ok(Value::list(items))
    }

    fn map(&mut self, entries: &[Entry]) -> Result<Value, Fault> {
        let mut members = BTreeMap::new();
        for Entry { key, value, optional } in entries {
            let key = self.expr(key)?;
            let Some(value) = self.member(value, *optional)? else { continue };
            // Of a key that stands twice the last counts.
            members.insert(key_of(&key)?, value);
        }
        self.budget.allocate(members.len().saturating_mul(64))?;
        Ok(Value::map(members))
    }

    /// A member of a literal; an optional one without a value is left out.
    fn member(&mut self, expr: &Expr, optional: bool) -> Result<Option<Value>, Fault> {
        let value = self.expr(expr)?;
        match value {
            value if !optional => Ok(Some(value)),
            Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
            _ => Err(Fault::no_such_overload()),
        }
    }
}

fn key_of(key: &Value) -> Result<Key, Fault> {
    let name = key.key().filter(|_| !matches!(key, Value::Double(_)));
    name.ok_or_else(|| Fault::Error(format!("unsupported key type: {}", key.type_name())))
}

/// A key that is there already is refused.
pub(super) fn insert(
    members: &mut BTreeMap<Key, Value>,
    key: &Value,
    value: Value,
) -> Result<(), Fault> {
    if members.insert(key_of(key)?, value).is_some() {
        return Err(Fault::Error(format!("insert failed: key {} already exists", key.shown())));
    }
    Ok(())
}

/// `operand[key]`, `operand.key`.
pub(super) fn qualify(operand: &Value, key: &Value) -> Result<Value, Fault> {
    if let Value::Optional(_) = operand {
        return Ok(match qualify_if_present(operand, key)? {
            Some(already @ Value::Optional(_)) => already,
            Some(found) => Value::some(found),
            None => Value::Optional(None),
        });
    }
    qualify_if_present(operand, key)?.ok_or_else(|| match (operand, key.as_index()) {
        (Value::List(_), Ok(index)) => Fault::Error(format!("index out of bounds: {index}")),
        _ => Fault::Error(format!("no such key: {}", key.shown())),
    })
}

/// The same, where what is missing is no error.
fn qualify_if_present(operand: &Value, key: &Value) -> Result<Option<Value>, Fault> {
    match operand {
        Value::Map(map) => Ok(key.key().and_then(|key| map.find(&key))),
        Value::Lazy(lazy) => match key {
            Value::String(name) => Ok(lazy.find(name)),
            _ => Err(Fault::no_such_overload()),
        },
        Value::List(list) => {
            let index = key.as_index().map_err(Fault::Error)?;
            Ok(usize::try_from(index).ok().and_then(|index| list.get(index)))
        }
        Value::Optional(None) => Ok(None),
        Value::Optional(Some(inner)) => Ok(qualify_if_present(inner, key)?.map(Value::some)),
        // Whatever has no members has not this one either.
        _ => Ok(None),
    }
}

impl Value {
    /// As an index of a list, or why it is none.
    fn as_index(&self) -> Result<i128, String> {
        match self {
            Self::Int(_) | Self::Uint(_) => Ok(self.integer().unwrap_or(-1)),
            Self::Double(value) if value.fract() == 0.0 => Ok(*value as i128),
            Self::Double(_) => Err(format!("unsupported index value {} in list", self.shown())),
            other => Err(format!("unsupported index type '{}' in list", other.type_name())),
        }
    }
}

fn literal_value(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Bytes(bytes) => Value::Bytes(Rc::from(bytes.as_slice())),
        Literal::Double(value) => Value::Double(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Null => Value::Null,
        Literal::String(text) => Value::text(text.as_str()),
        Literal::Uint(value) => Value::Uint(*value),
    }
}
