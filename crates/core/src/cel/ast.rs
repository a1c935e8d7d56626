//! Expressions as they are parsed, macros included: what `all` or `map` expands to is never built.

/// An expression, and where it begins (a character of the text).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expr {
    pub(super) at: usize,
    /// How deep it is nested: what evaluates it recurses as deep.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Call {
        function: String,
        target: Option<Box<Expr>>,
        arguments: Vec<Expr>,
    },
    Comprehension(Box<Comprehension>),
    Ident(String),
    List(Vec<Element>),
    Literal(Literal),
    Map(Vec<Entry>),
    /// `a.?b`.
    OptionalSelect {
        operand: Box<Expr>,
        field: String,
    },
    /// `a.b`.
    Select {
        operand: Box<Expr>,
        field: String,
    },
    /// `has(a.b)`.
    Has {
        operand: Box<Expr>,
        field: String,
    },
    /// `Name{field: value}`: no dialect has such types.
    Struct(String),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    Bytes(Vec<u8>),
    Double(f64),
    Int(i64),
    Null,
    String(String),
    Uint(u64),
}

/// A member of a list; `?x` takes part only if it has a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    pub(super) value: Expr,
    pub(super) optional: bool,
}

/// A member of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: Expr,
    pub(super) value: Expr,
    pub(super) optional: bool,
}

/// A macro over a range: `range.all(x, body)`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comprehension {
    pub(super) macro_: Macro,
    pub(super) range: Expr,
    pub(super) variable: String,
    /// Of the macros with two variables: index or key first, then the value.
    pub(super) second: Option<String>,
    /// `map` and the `transform` macros with a condition.
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

/// The macros that loop or bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
    OptFlatMap,
    OptMap,
    SortBy,
    TransformMap,
    TransformMapEntry,
}

impl Expr {
    pub(super) fn new(at: usize, kind: Kind) -> Self {
        let mut expr = Self { at, depth: 0, kind };
        expr.depth = 1 + expr.children().iter().map(|child| child.depth).max().unwrap_or(0);
        expr
    }

    /// The expressions right below.
    pub(super) fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            Kind::Ident(_) | Kind::Literal(_) | Kind::Struct(_) => Vec::new(),
            Kind::Call { target, arguments, .. } => {
                target.as_deref().into_iter().chain(arguments).collect()
            }
            Kind::Comprehension(comprehension) => {
                let Comprehension { range, filter, body, .. } = &**comprehension;
                std::iter::once(range).chain(filter).chain([body]).collect()
            }
            Kind::List(elements) => elements.iter().map(|element| &element.value).collect(),
            Kind::Map(entries) => {
                entries.iter().flat_map(|entry| [&entry.key, &entry.value]).collect()
            }
            Kind::OptionalSelect { operand, .. }
            | Kind::Select { operand, .. }
            | Kind::Has { operand, .. } => vec![operand],
        }
    }

    /// Whether `variable.field` (or `variable.?field`, or `has(variable.field)`) stands anywhere in it.
    pub(super) fn selects(&self, variable: &str, field: &str) -> bool {
        let here = match &self.kind {
            Kind::OptionalSelect { operand, field: name }
            | Kind::Select { operand, field: name }
            | Kind::Has { operand, field: name } => {
                name == field && operand.kind == Kind::Ident(variable.to_owned())
            }
            _ => false,
        };
        here || self.children().into_iter().any(|child| child.selects(variable, field))
    }

    /// `a.b.c` as one name, if it is nothing but names.
    pub(super) fn qualified_name(&self) -> Option<String> {
        match &self.kind {
            Kind::Ident(name) => Some(name.clone()),
            Kind::Select { operand, field } => {
                Some(format!("{}.{field}", operand.qualified_name()?))
            }
            _ => None,
        }
    }
}
