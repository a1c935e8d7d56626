//! The types of expressions, and how they fit one another (cel-go `checker/types.go`).

use std::collections::BTreeMap;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    /// Whatever comes, and nothing may be assumed of it: the claims of the API server.
    Any,
    Bool,
    Bytes,
    Double,
    Duration,
    /// Whatever comes.
    Dyn,
    /// What is left after a problem.
    Error,
    Int,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Null,
    /// A type of a library: `net.IP`.
    Opaque(String),
    Optional(Box<Type>),
    /// A type that is not known yet.
    Param(String),
    String,
    /// A structure with declared fields.
    Struct(&'static str),
    Timestamp,
    /// The type of a type.
    Meta(Box<Type>),
    Uint,
}

impl Type {
    /// Reads `list(string)`; a single capital letter is a parameter.
    pub(super) fn read(text: &str) -> Self {
        let inner = |name: &str| {
            text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::to_owned)
        };
        if let Some(element) = inner("list") {
            return Self::List(Box::new(Self::read(&element)));
        }
        if let Some(value) = inner("optional") {
            return Self::Optional(Box::new(Self::read(&value)));
        }
        if let Some(named) = inner("type") {
            return Self::Meta(Box::new(Self::read(&named)));
        }
        if let Some(members) = inner("map") {
            let (key, value) = members.split_once(',').unwrap_or((&members, ""));
            return Self::Map(Box::new(Self::read(key)), Box::new(Self::read(value)));
        }
        match text {
            "any" => Self::Any,
            "bool" => Self::Bool,
            "bytes" => Self::Bytes,
            "double" => Self::Double,
            "duration" => Self::Duration,
            "dyn" => Self::Dyn,
            "int" => Self::Int,
            "null" => Self::Null,
            "string" => Self::String,
            "timestamp" => Self::Timestamp,
            "uint" => Self::Uint,
            letter if letter.len() == 1 => Self::Param(letter.to_owned()),
            name => Self::Opaque(name.to_owned()),
        }
    }

    /// As cel-go names it in its messages.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Any => "any".into(),
            Self::Bool => "bool".into(),
            Self::Bytes => "bytes".into(),
            Self::Double => "double".into(),
            Self::Duration => "duration".into(),
            Self::Dyn | Self::Param(_) => "dyn".into(),
            Self::Error => "!error!".into(),
            Self::Int => "int".into(),
            Self::List(element) => format!("list({})", element.print()),
            Self::Map(key, value) => format!("map({}, {})", key.print(), value.print()),
            Self::Null => "null".into(),
            Self::Opaque(name) => name.clone(),
            Self::Optional(value) => format!("optional_type({})", value.print()),
            Self::String => "string".into(),
            Self::Struct(name) => (*name).to_owned(),
            Self::Timestamp => "timestamp".into(),
            Self::Meta(named) => format!("type({})", named.print()),
            Self::Uint => "uint".into(),
        }
    }

    pub(super) const fn is_dyn(&self) -> bool {
        matches!(self, Self::Any | Self::Dyn)
    }

    const fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Any | Self::Dyn | Self::Error)
    }

    const fn takes_null(&self) -> bool {
        matches!(
            self,
            Self::Any
                | Self::Duration
                | Self::Null
                | Self::Opaque(_)
                | Self::Optional(_)
                | Self::Struct(_)
                | Self::Timestamp
        )
    }

    fn parameters(&self) -> Vec<&Self> {
        match self {
            Self::List(inner) | Self::Optional(inner) | Self::Meta(inner) => vec![inner],
            Self::Map(key, value) => vec![key, value],
            _ => Vec::new(),
        }
    }

    fn is_same_shape(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Opaque(a), Self::Opaque(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Whether this says no more than the other.
    fn is_equal_or_less_specific(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any | Self::Dyn | Self::Param(_), _) => true,
            (_, Self::Any | Self::Dyn | Self::Param(_)) => false,
            (Self::Meta(_), Self::Meta(_)) => true,
            _ => {
                self.is_same_shape(other)
                    && self
                        .parameters()
                        .iter()
                        .zip(other.parameters())
                        .all(|(a, b)| a.is_equal_or_less_specific(b))
            }
        }
    }

    fn map_parameters(&self, change: &impl Fn(&Self) -> Self) -> Self {
        match self {
            Self::List(element) => Self::List(Box::new(change(element))),
            Self::Optional(value) => Self::Optional(Box::new(change(value))),
            Self::Meta(named) => Self::Meta(Box::new(change(named))),
            Self::Map(key, value) => Self::Map(Box::new(change(key)), Box::new(change(value))),
            other => other.clone(),
        }
    }

    /// Parameters get fresh names.
    pub(super) fn renamed(&self, suffix: usize) -> Self {
        match self {
            Self::Param(name) => Self::Param(format!("{name}{suffix}")),
            other => other.map_parameters(&|inner| inner.renamed(suffix)),
        }
    }
}

/// The more general of two types that fit.
pub(super) fn most_general(a: &Type, b: &Type) -> Type {
    if a.is_equal_or_less_specific(b) { a.clone() } else { b.clone() }
}

/// What is known of parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapping(BTreeMap<String, Type>);

impl Mapping {
    /// Parameters replaced by what is known of them; the unknown ones by `dyn` if so asked.
    pub(super) fn substitute(&self, of: &Type, unknown_to_dyn: bool) -> Type {
        match of {
            Type::Param(name) => match self.0.get(name) {
                Some(known) => self.substitute(known, unknown_to_dyn),
                None if unknown_to_dyn => Type::Dyn,
                None => of.clone(),
            },
            other => other.map_parameters(&|inner| self.substitute(inner, unknown_to_dyn)),
        }
    }

    /// Whether values of the first types may stand where the second are wanted; if so, what that tells is kept.
    pub(super) fn take(&mut self, pairs: &[(&Type, &Type)]) -> bool {
        let mut trial = self.clone();
        let fits = pairs.iter().all(|(from, to)| trial.fits(from, to));
        if fits {
            *self = trial;
        }
        fits
    }

    fn fits(&mut self, from: &Type, to: &Type) -> bool {
        if let Type::Param(_) = to {
            match self.binds(from, to) {
                (true, _) => return true,
                (false, true) => return false,
                _ => {}
            }
        }
        if let Type::Param(_) = from {
            return self.binds(to, from).0;
        }
        if from.is_dyn_or_error() || to.is_dyn_or_error() {
            return true;
        }
        match (from, to) {
            (Type::Null, other) | (other, Type::Null) => other.takes_null(),
            (Type::Meta(_), Type::Meta(_)) => true,
            _ => {
                from.is_same_shape(to)
                    && from
                        .parameters()
                        .iter()
                        .zip(to.parameters())
                        .all(|(from, to)| self.fits(from, to))
            }
        }
    }

    /// Whether `known` may be what the parameter stands for, and whether something was known of it before.
    fn binds(&mut self, known: &Type, parameter: &Type) -> (bool, bool) {
        if known == parameter {
            return (true, true);
        }
        let Type::Param(name) = parameter else { return (false, false) };
        if let Some(before) = self.0.get(name).cloned() {
            if *known == before {
                return (true, true);
            }
            if self.fits(known, &before) {
                let general = most_general(known, &before);
                if self.is_not_within(parameter, &general) {
                    self.0.insert(name.clone(), general);
                }
                return (true, true);
            }
            return (false, true);
        }
        if self.is_not_within(parameter, known) {
            self.0.insert(name.clone(), known.clone());
            return (true, false);
        }
        (false, false)
    }

    fn is_not_within(&self, parameter: &Type, within: &Type) -> bool {
        if parameter == within {
            return false;
        }
        match within {
            Type::Param(name) => {
                self.0.get(name).is_none_or(|known| self.is_not_within(parameter, known))
            }
            other => other.parameters().iter().all(|inner| self.is_not_within(parameter, inner)),
        }
    }
}
