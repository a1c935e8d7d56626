//! The macros at work: loops over lists and maps, and bindings of optional values.

use std::collections::BTreeMap;

use super::ast::{Comprehension, Expr, Macro};
use super::evaluate::{Evaluation, Fault, insert};
use super::libraries::sort_by_keys;
use super::value::Value;

impl Evaluation {
    pub(super) fn comprehension(&mut self, of: &Comprehension) -> Result<Value, Fault> {
        let range = self.expr(&of.range)?;
        if matches!(of.macro_, Macro::OptMap | Macro::OptFlatMap) {
            return self.optional_map(of, &range);
        }
        let items = iterated(&range, of.second.is_some())?;
        self.budget.spend(items.len())?;
        match of.macro_ {
            Macro::All => self.quantify(of, items, false),
            Macro::Exists => self.quantify(of, items, true),
            Macro::ExistsOne => {
                let mut found = 0_usize;
                for item in items {
                    found += usize::from(self.holds(of, item, &of.body)?);
                }
                Ok(Value::Bool(found == 1))
            }
            Macro::TransformMap | Macro::TransformMapEntry => self.map_of(of, items),
            _ => self.list_of(of, items),
        }
    }

    /// One round of the loop.
    fn bound<T>(
        &mut self,
        of: &Comprehension,
        (first, second): (Value, Option<Value>),
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let depth = self.scopes.len();
        self.scopes.push((of.variable.clone(), first));
        if let (Some(name), Some(second)) = (&of.second, second) {
            self.scopes.push((name.clone(), second));
        }
        let result = work(self);
        self.scopes.truncate(depth);
        result
    }

    fn holds(
        &mut self,
        of: &Comprehension,
        item: (Value, Option<Value>),
        condition: &Expr,
    ) -> Result<bool, Fault> {
        match self.bound(of, item, |this| this.expr(condition))? {
            Value::Bool(value) => Ok(value),
            _ => Err(Fault::no_such_overload()),
        }
    }

    /// `all` and `exists` are long chains of `&&` and `||`: an error counts only if nothing decides.
    fn quantify(
        &mut self,
        of: &Comprehension,
        items: Vec<(Value, Option<Value>)>,
        deciding: bool,
    ) -> Result<Value, Fault> {
        let mut fault: Option<Fault> = None;
        for item in items {
            match self.holds(of, item, &of.body) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(cancelled @ Fault::Cancelled(_)) => return Err(cancelled),
                Err(unknown @ Fault::Unsupported(_)) => fault = Some(unknown),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        fault.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    /// Whether the round takes part.
    fn wanted(&mut self, of: &Comprehension, item: &(Value, Option<Value>)) -> Result<bool, Fault> {
        match &of.filter {
            Some(filter) => self.holds(of, item.clone(), filter),
            None => Ok(true),
        }
    }

    fn list_of(
        &mut self,
        of: &Comprehension,
        items: Vec<(Value, Option<Value>)>,
    ) -> Result<Value, Fault> {
        let (mut found, mut originals) = (Vec::new(), Vec::new());
        for item in items {
            let first = item.0.clone();
            if of.macro_ == Macro::Filter {
                if self.holds(of, item, &of.body)? {
                    found.push(first);
                }
                continue;
            }
            if self.wanted(of, &item)? {
                found.push(self.bound(of, item, |this| this.expr(&of.body))?);
                originals.push(first);
            }
        }
        self.budget.allocate(found.len().saturating_mul(32))?;
        if of.macro_ == Macro::SortBy {
            return sort_by_keys(&originals, &found);
        }
        Ok(Value::list(found))
    }

    fn map_of(
        &mut self,
        of: &Comprehension,
        items: Vec<(Value, Option<Value>)>,
    ) -> Result<Value, Fault> {
        let mut members = BTreeMap::new();
        for item in items {
            let key = item.0.clone();
            if !self.wanted(of, &item)? {
                continue;
            }
            let made = self.bound(of, item, |this| this.expr(&of.body))?;
            match (of.macro_, made) {
                (Macro::TransformMap, made) => insert(&mut members, &key, made)?,
                (_, Value::Map(map)) => {
                    for (key, value) in map.entries.iter() {
                        insert(&mut members, &key.value(), value.clone())?;
                    }
                }
                _ => return Err(Fault::no_such_overload()),
            }
        }
        self.budget.allocate(members.len().saturating_mul(64))?;
        Ok(Value::map(members))
    }

    fn optional_map(&mut self, of: &Comprehension, range: &Value) -> Result<Value, Fault> {
        let inner = match range {
            Value::Optional(Some(inner)) => (**inner).clone(),
            Value::Optional(None) => return Ok(Value::Optional(None)),
            _ => return Err(Fault::no_such_overload()),
        };
        let made = self.bound(of, (inner, None), |this| this.expr(&of.body))?;
        Ok(if of.macro_ == Macro::OptMap { Value::some(made) } else { made })
    }
}

/// What the loop runs over: with one name the elements of a list and the keys of a map, with two index or key first.
/// R28: the claims yield their values, not their names.
fn iterated(range: &Value, two: bool) -> Result<Vec<(Value, Option<Value>)>, Fault> {
    match range {
        Value::List(list) if two => Ok((0_i64..)
            .zip(list.items.iter())
            .map(|(index, item)| (Value::Int(index), Some(item.clone())))
            .collect()),
        Value::List(list) => Ok(list.items.iter().map(|item| (item.clone(), None)).collect()),
        Value::Map(map) => Ok(map
            .entries
            .iter()
            .map(|(key, value)| (key.value(), two.then(|| value.clone())))
            .collect()),
        // The names whose escapes are wrong yield nothing.
        Value::Lazy(lazy) => Ok(lazy
            .fields
            .values()
            .map(|value| (value.clone(), two.then(|| value.clone())))
            .collect()),
        other => Err(Fault::Error(format!("got '{}', expected iterable type", go_name(other)))),
    }
}

/// The Go type of a value that is no list or map, as `%T` prints it.
fn go_name(value: &Value) -> String {
    let name = match value {
        Value::Bool(_) => "Bool",
        Value::Bytes(_) => "Bytes",
        Value::Double(_) => "Double",
        Value::Duration(_) => "Duration",
        Value::Int(_) => "Int",
        Value::Null => "Null",
        Value::String(_) => "String",
        Value::Timestamp(_) => "Timestamp",
        Value::Uint(_) => "Uint",
        other => return other.type_name().to_owned(),
    };
    format!("types.{name}")
}
