//! Types before any evaluation (cel-go `checker/checker.go`): what does not fit never runs (R28).

use super::ast::{Comprehension, Element, Entry, Expr, Kind, Literal, Macro};
use super::declarations::{Overload, overloads, type_named};
use super::problem::Problem;
use super::types::{Mapping, Type, most_general};
use super::{Dialect, Variable};

/// Fields of structures: `user` is the only one.
const FIELDS: [(&str, &str, &str); 4] = [
    ("kubernetes.UserInfo", "username", "string"),
    ("kubernetes.UserInfo", "uid", "string"),
    ("kubernetes.UserInfo", "groups", "list(string)"),
    ("kubernetes.UserInfo", "extra", "map(string,list(string))"),
];

/// The type of an expression, or all that is wrong with it.
pub(super) fn check(
    expr: &Expr,
    dialect: Dialect,
    variables: &[Variable],
) -> Result<Type, Vec<Problem>> {
    let mut checker = Checker {
        dialect,
        scopes: variables.iter().map(|v| (v.name.to_owned(), v.type_.clone())).collect(),
        mapping: Mapping::default(),
        fresh: 0,
        problems: Vec::new(),
        aggregates: Vec::new(),
        exempt: 0,
        formats: Vec::new(),
    };
    let found = checker.expr(expr);
    if checker.problems.is_empty() {
        checker.homogeneous();
        checker.formats();
    }
    if checker.problems.is_empty() {
        return Ok(checker.mapping.substitute(&found, true));
    }
    Err(checker.problems)
}

/// A constant template, where what it is given stands, and the places and types of that.
struct Format {
    at: usize,
    template: String,
    given: Vec<(usize, Type)>,
}

struct Checker {
    dialect: Dialect,
    /// Names in sight, the innermost last.
    scopes: Vec<(String, Type)>,
    mapping: Mapping,
    fresh: usize,
    problems: Vec<Problem>,
    /// The members of each literal: they must be of one type in the end.
    aggregates: Vec<Vec<(usize, Type)>>,
    /// How many calls of `format` stand around: what they are given may be mixed.
    exempt: usize,
    /// Of the calls that are judged before anything runs.
    formats: Vec<Format>,
}

impl Checker {
    fn problem(&mut self, at: usize, message: String) -> Type {
        self.problems.push(Problem::typed(at, message));
        Type::Error
    }

    fn fresh(&mut self) -> Type {
        self.fresh += 1;
        Type::Param(format!("_{}", self.fresh))
    }

    fn lookup(&self, name: &str) -> Option<Type> {
        let found = self.scopes.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, found)| found.clone()).or_else(|| type_named(name))
    }

    fn expr(&mut self, expr: &Expr) -> Type {
        let at = expr.at;
        match &expr.kind {
            Kind::Literal(literal) => literal_type(literal),
            Kind::Ident(name) => self.lookup(name).unwrap_or_else(|| {
                self.problems.push(Problem::undeclared(at, name, false));
                Type::Error
            }),
            Kind::Select { operand, field } => {
                let named = expr.qualified_name().and_then(|name| self.lookup(&name));
                named.unwrap_or_else(|| self.select(at, operand, field, false))
            }
            Kind::Has { operand, field } => {
                self.select(at, operand, field, false);
                Type::Bool
            }
            Kind::OptionalSelect { operand, field } => self.select(at, operand, field, true),
            Kind::Call { function, target, arguments } => {
                self.call(at, function, target.as_deref(), arguments)
            }
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Struct(name) => {
                self.problems.push(Problem::undeclared(at, name, true));
                Type::Error
            }
            Kind::Comprehension(comprehension) => self.comprehension(at, comprehension),
        }
    }

    fn select(&mut self, at: usize, operand: &Expr, field: &str, optional: bool) -> Type {
        let operand = self.expr(operand);
        let operand = self.mapping.substitute(&operand, false);
        let (target, wrapped) = match operand {
            Type::Optional(inner) => (*inner, true),
            other => (other, false),
        };
        let result = match &target {
            Type::Map(_, value) => (**value).clone(),
            Type::Struct(name) => {
                let declared =
                    FIELDS.iter().find(|(owner, known, _)| owner == name && *known == field);
                match declared {
                    Some((.., found)) => Type::read(found),
                    None => self.problem(at, format!("undefined field '{field}'")),
                }
            }
            Type::Param(_) => {
                self.mapping.take(&[(&Type::Dyn, &target)]);
                Type::Dyn
            }
            Type::Any | Type::Dyn | Type::Error => Type::Dyn,
            other => {
                let message = format!("type '{}' does not support field selection", other.print());
                self.problem(at, message);
                Type::Dyn
            }
        };
        let result = self.mapping.substitute(&result, false);
        if wrapped || optional { Type::Optional(Box::new(result)) } else { result }
    }

    fn call(
        &mut self,
        at: usize,
        function: &str,
        target: Option<&Expr>,
        arguments: &[Expr],
    ) -> Type {
        let mixed = usize::from(function == "format");
        self.exempt += mixed;
        let types: Vec<Type> = arguments.iter().map(|argument| self.expr(argument)).collect();
        self.exempt -= mixed;
        self.remember_format(function, target, arguments);
        let arguments = types;
        let qualified = target
            .and_then(Expr::qualified_name)
            .map(|prefix| format!("{prefix}.{function}"))
            .filter(|name| !overloads(self.dialect, name).is_empty());
        if let Some(name) = qualified {
            return self.resolve(at, &name, false, arguments);
        }
        let member = target.is_some();
        let target = target.map(|target| self.expr(target));
        if overloads(self.dialect, function).is_empty() {
            self.problems.push(Problem::undeclared(at, function, true));
            return Type::Error;
        }
        self.resolve(at, function, member, target.into_iter().chain(arguments).collect())
    }

    /// A template and a list that are both constant are judged before anything runs.
    fn remember_format(&mut self, function: &str, target: Option<&Expr>, arguments: &[Expr]) {
        let template = target.map(|target| &target.kind);
        let ("format", Some(Kind::Literal(Literal::String(template))), [list]) =
            (function, template, arguments)
        else {
            return;
        };
        let Kind::List(elements) = &list.kind else { return };
        let problems = self.problems.len();
        self.exempt += 1;
        let given = elements.iter().map(|e| (e.value.at, self.expr(&e.value))).collect();
        self.exempt -= 1;
        // They were checked once already.
        self.problems.truncate(problems);
        self.formats.push(Format { at: list.at, template: template.clone(), given });
    }

    fn formats(&mut self) {
        for Format { at, template, given } in std::mem::take(&mut self.formats) {
            let given: Vec<(usize, Type)> = given
                .into_iter()
                .map(|(at, found)| (at, self.mapping.substitute(&found, true)))
                .collect();
            if let Err((index, message)) = judge_format(&template, &given) {
                let place = given.get(index).map_or(at, |(place, _)| *place);
                self.problem(place, message);
            }
        }
    }

    fn resolve(&mut self, at: usize, function: &str, member: bool, arguments: Vec<Type>) -> Type {
        if matches!(function, "_&&_" | "_||_") {
            for argument in &arguments {
                if !self.mapping.take(&[(argument, &Type::Bool)]) {
                    let found = self.mapping.substitute(argument, true).print();
                    return self.problem(at, format!("expected type 'bool' but found '{found}'"));
                }
            }
            return Type::Bool;
        }
        let mut result: Option<Type> = None;
        for overload in overloads(self.dialect, function) {
            if overload.member != member || overload.parameters.len() != arguments.len() {
                continue;
            }
            self.fresh += 1;
            let Overload { parameters, result: promised, .. } = overload;
            let parameters: Vec<Type> =
                parameters.iter().map(|wanted| wanted.renamed(self.fresh)).collect();
            let pairs: Vec<(&Type, &Type)> = arguments.iter().zip(&parameters).collect();
            if !self.mapping.take(&pairs) {
                continue;
            }
            let promised = self.mapping.substitute(&promised.renamed(self.fresh), false);
            result = Some(match result {
                Some(before) if !before.is_dyn() && before != promised => Type::Dyn,
                Some(before) => before,
                None => promised,
            });
        }
        result.unwrap_or_else(|| {
            let printed: Vec<String> = arguments
                .iter()
                .map(|found| self.mapping.substitute(found, true).print())
                .collect();
            let applied = match (member, printed.split_first()) {
                (true, Some((target, rest))) => format!("{target}.({})", rest.join(", ")),
                _ => format!("({})", printed.join(", ")),
            };
            let message =
                format!("found no matching overload for '{function}' applied to '{applied}'");
            self.problem(at, message)
        })
    }

    /// The type of several members so far and one more.
    fn join(&mut self, so_far: Option<Type>, next: Type) -> Option<Type> {
        let Some(so_far) = so_far else { return Some(next) };
        if self.mapping.take(&[(&so_far, &next)]) {
            return Some(most_general(&so_far, &next));
        }
        Some(Type::Dyn)
    }

    fn mismatch(&mut self, at: usize, expected: &Type, found: &Type) -> Type {
        let (expected, found) = (expected.print(), found.print());
        self.problem(at, format!("expected type '{expected}' but found '{found}'"))
    }

    /// A member, and what it holds if it is an optional one.
    fn member(&mut self, expr: &Expr, optional: bool) -> Type {
        let found = self.expr(expr);
        if !optional {
            return found;
        }
        match self.mapping.substitute(&found, false) {
            Type::Optional(inner) => *inner,
            other if other.is_dyn() => other,
            other => {
                let wanted = Type::Optional(Box::new(other.clone()));
                self.mismatch(expr.at, &wanted, &other)
            }
        }
    }

    fn list(&mut self, elements: &[Element]) -> Type {
        let (mut joined, mut members) = (None, Vec::new());
        for Element { value, optional } in elements {
            let found = self.member(value, *optional);
            members.push((value.at, found.clone()));
            joined = self.join(joined, found);
        }
        if self.exempt == 0 {
            self.aggregates.push(members);
        }
        Type::List(Box::new(joined.unwrap_or_else(|| self.fresh())))
    }

    fn map(&mut self, entries: &[Entry]) -> Type {
        let (mut key_type, mut value_type) = (None, None);
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for Entry { key, value, optional } in entries {
            let found = self.expr(key);
            keys.push((key.at, found.clone()));
            key_type = self.join(key_type, found);
            let found = self.member(value, *optional);
            values.push((value.at, found.clone()));
            value_type = self.join(value_type, found);
        }
        if self.exempt == 0 {
            self.aggregates.extend([keys, values]);
        }
        let key = key_type.unwrap_or_else(|| self.fresh());
        let value = value_type.unwrap_or_else(|| self.fresh());
        Type::Map(Box::new(key), Box::new(value))
    }

    /// R28: members of a literal are of one type, `dyn` included.
    fn homogeneous(&mut self) {
        if self.dialect == Dialect::Google {
            return;
        }
        for members in std::mem::take(&mut self.aggregates) {
            let mut members =
                members.into_iter().map(|(at, found)| (at, self.mapping.substitute(&found, true)));
            let Some((_, first)) = members.next() else { continue };
            let odd = members.find(|(_, found)| *found != first);
            if let Some((at, found)) = odd.filter(|_| self.problems.is_empty()) {
                self.mismatch(at, &first, &found);
            }
        }
    }

    fn comprehension(&mut self, at: usize, comprehension: &Comprehension) -> Type {
        let range = self.expr(&comprehension.range);
        let range = self.mapping.substitute(&range, false);
        if matches!(comprehension.macro_, Macro::OptMap | Macro::OptFlatMap) {
            return self.optional_map(comprehension, range);
        }
        let (key, value) = self.iterated(comprehension, &range);
        let two = comprehension.second.clone();
        let (first, second) = match (&two, &range) {
            (Some(_), _) => (key, Some(value)),
            (None, Type::List(_)) => (value, None),
            _ => (key, None),
        };
        let depth = self.scopes.len();
        self.scopes.push((comprehension.variable.clone(), first.clone()));
        if let (Some(name), Some(second)) = (two, second) {
            self.scopes.push((name, second));
        }
        if let Some(filter) = &comprehension.filter {
            self.boolean(filter);
        }
        let result = match comprehension.macro_ {
            Macro::All | Macro::Exists | Macro::ExistsOne => {
                self.boolean(&comprehension.body);
                Type::Bool
            }
            Macro::Filter => {
                self.boolean(&comprehension.body);
                Type::List(Box::new(first))
            }
            Macro::Map => Type::List(Box::new(self.expr(&comprehension.body))),
            Macro::SortBy => {
                let key = self.expr(&comprehension.body);
                let keys = Type::List(Box::new(key));
                self.resolve(at, "sort", true, vec![keys]);
                Type::List(Box::new(first))
            }
            Macro::TransformMap => {
                Type::Map(Box::new(first), Box::new(self.expr(&comprehension.body)))
            }
            Macro::TransformMapEntry => self.expr(&comprehension.body),
            Macro::OptMap | Macro::OptFlatMap => Type::Dyn,
        };
        self.scopes.truncate(depth);
        self.mapping.substitute(&result, false)
    }

    /// What the names of a macro stand for: key or index, and value.
    fn iterated(&mut self, comprehension: &Comprehension, range: &Type) -> (Type, Type) {
        match range {
            Type::List(element) => (Type::Int, (**element).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.mapping.take(&[(&Type::Dyn, range)]);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let message = format!(
                    "expression of type '{}' cannot be range of a comprehension (must be list, map, or dynamic)",
                    other.print()
                );
                self.problem(comprehension.range.at, message);
                (Type::Error, Type::Error)
            }
        }
    }

    fn boolean(&mut self, expr: &Expr) {
        let found = self.expr(expr);
        if !self.mapping.take(&[(&Type::Bool, &found)]) {
            self.mismatch(expr.at, &Type::Bool, &found);
        }
    }

    fn optional_map(&mut self, comprehension: &Comprehension, range: Type) -> Type {
        let inner = self.fresh();
        let wanted = Type::Optional(Box::new(inner.clone()));
        if !self.mapping.take(&[(&range, &wanted)]) {
            let message = format!(
                "found no matching overload for 'hasValue' applied to '{}.()'",
                range.print()
            );
            return self.problem(comprehension.range.at, message);
        }
        let depth = self.scopes.len();
        let inner = self.mapping.substitute(&inner, false);
        self.scopes.push((comprehension.variable.clone(), inner));
        let body = self.expr(&comprehension.body);
        self.scopes.truncate(depth);
        if comprehension.macro_ == Macro::OptMap {
            return Type::Optional(Box::new(body));
        }
        // The other branch is `optional.none()`.
        let none = Type::Optional(Box::new(self.fresh()));
        self.resolve(comprehension.body.at, "_?_:_", false, vec![Type::Bool, body, none])
    }
}

/// Whether each clause of a template gets what it can print; else which argument it is about.
fn judge_format(template: &str, given: &[(usize, Type)]) -> Result<(), (usize, String)> {
    let (mut rest, mut used) = (template, 0_usize);
    while let Some((_, after)) = rest.split_once('%') {
        if let Some(after) = after.strip_prefix('%') {
            rest = after;
            continue;
        }
        let verb_at = after.find(char::is_alphabetic).unwrap_or(after.len());
        let Some(verb) = after.get(verb_at..).and_then(|verb| verb.chars().next()) else {
            return Err((used, "unexpected end of string".into()));
        };
        let Some((_, found)) = given.get(used) else {
            return Err((used, format!("index {used} out of range")));
        };
        let precision = after.get(..verb_at).unwrap_or_default();
        let digits = precision.strip_prefix('.').unwrap_or(precision);
        let plain = precision.is_empty()
            || (precision.starts_with('.') && digits.bytes().all(|b| b.is_ascii_digit()));
        let fits = plain
            && match verb {
                's' => !matches!(
                    found,
                    Type::Any | Type::Opaque(_) | Type::Optional(_) | Type::Struct(_)
                ),
                'd' | 'o' => matches!(found, Type::Dyn | Type::Int | Type::Uint),
                'b' => matches!(found, Type::Bool | Type::Dyn | Type::Int | Type::Uint),
                'x' | 'X' => {
                    matches!(found, Type::Bytes | Type::Dyn | Type::Int | Type::String | Type::Uint)
                }
                'e' | 'f' => matches!(found, Type::Double | Type::Dyn | Type::String),
                _ => false,
            };
        if !fits {
            let found = found.print();
            return Err((used, format!("error during formatting: %{verb} cannot print {found}")));
        }
        used += 1;
        rest = after.get(verb_at + verb.len_utf8()..).unwrap_or_default();
    }
    if used < given.len() {
        let message = format!(
            "too many arguments supplied to string.format (expected {used}, got {})",
            given.len()
        );
        return Err((given.len(), message));
    }
    Ok(())
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Bool(_) => Type::Bool,
        Literal::Bytes(_) => Type::Bytes,
        Literal::Double(_) => Type::Double,
        Literal::Int(_) => Type::Int,
        Literal::Null => Type::Null,
        Literal::String(_) => Type::String,
        Literal::Uint(_) => Type::Uint,
    }
}
