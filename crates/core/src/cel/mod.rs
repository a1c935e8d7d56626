//! The Common Expression Language, in the dialects of the API server (R28, G38) and of Google (G33 to G36).
//!
//! Own parser, type checker and evaluator, because the differences matter: the API server refuses at start-up what
//! does not type-check, its `claims` are no map, and its error texts are shown to the caller.
//! Sources: google/cel-go v0.26, `k8s.io/apiserver` v0.36 `pkg/cel`, `pkg/authentication/cel`, read in November 2026.

mod ast;
mod checker;
mod declarations;
mod evaluate;
mod fold;
mod lexer;
mod libraries;
mod macros;
mod operators;
mod parser;
mod problem;
#[cfg(test)]
mod tests;
mod types;
mod value;

use ast::{Expr, Kind};
pub(crate) use evaluate::Fault;
use evaluate::evaluate;
use problem::{Problem, ProblemKind};
pub(crate) use types::Type;
pub(crate) use value::{Lazy, List, Value};

/// Whose functions and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Attribute mapping, attribute conditions and the conditions of allow policies.
    Google,
    /// The API server's.
    Kubernetes,
}

/// A declared variable.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) type_: Type,
}

/// An expression that compiled.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    text: String,
    expr: Expr,
    dialect: Dialect,
    /// What it evaluates to, as far as that is known.
    pub(crate) output: Type,
}

/// Why an expression does not compile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CompileError {
    /// Of the text or its types.
    Problems(Vec<Problem>),
    /// A constant that cannot be converted.
    Instantiation(String),
}

impl CompileError {
    /// As the API server prints it, for the expression that it was made of.
    pub(crate) fn print(&self, text: &str) -> String {
        match self {
            Self::Problems(problems) => {
                let printed: Vec<String> =
                    problems.iter().map(|problem| problem.print(text)).collect();
                format!("compilation failed: {}", printed.join("\n"))
            }
            Self::Instantiation(message) => format!("program instantiation failed: {message}"),
        }
    }
}

impl CompileError {
    /// Whether the text is no expression at all.
    pub(crate) fn is_syntax(&self) -> bool {
        matches!(self, Self::Problems(problems) if problems.iter().any(|one| one.kind == ProblemKind::Syntax))
    }

    /// A function that the dialect, as podpass knows it, has not.
    pub(crate) fn unknown_function(&self) -> Option<&str> {
        let Self::Problems(problems) = self else { return None };
        problems.iter().find_map(|problem| match &problem.kind {
            ProblemKind::UnknownFunction(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Program {
    /// Parses and type-checks.
    pub(crate) fn compile(
        text: &str,
        dialect: Dialect,
        variables: &[Variable],
    ) -> Result<Self, CompileError> {
        let expr = parser::parse(text).map_err(|problem| CompileError::Problems(vec![problem]))?;
        let output = checker::check(&expr, dialect, variables).map_err(CompileError::Problems)?;
        let mut program = Self { text: text.to_owned(), expr, dialect, output };
        program.constants()?;
        program.output = if program.output == Type::Error { Type::Dyn } else { program.output };
        Ok(program)
    }

    /// The text that it was made of.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether `variable.field` stands anywhere in it, in one of its three spellings.
    pub(crate) fn selects(&self, variable: &str, field: &str) -> bool {
        self.expr.selects(variable, field)
    }

    /// Whether a macro loops right over this variable.
    pub(crate) fn loops_over(&self, variable: &str) -> bool {
        let mut waiting = vec![&self.expr];
        while let Some(expr) = waiting.pop() {
            waiting.extend(expr.children());
            if let Kind::Comprehension(comprehension) = &expr.kind
                && comprehension.range.kind == Kind::Ident(variable.to_owned())
            {
                return true;
            }
        }
        false
    }

    /// Constants that cannot be converted, or are no regular expression, are found before anything runs.
    fn constants(&self) -> Result<(), CompileError> {
        let mut waiting = vec![&self.expr];
        while let Some(expr) = waiting.pop() {
            waiting.extend(expr.children());
            let Kind::Call { function, target, arguments } = &expr.kind else { continue };
            let constant = match (target, arguments.as_slice()) {
                (None, [only]) => matches!(only.kind, Kind::Literal(_)).then_some(only),
                (Some(_), [first, ..]) => matches!(first.kind, Kind::Literal(_)).then_some(first),
                _ => None,
            };
            let Some(constant) = constant else { continue };
            match (function.as_str(), target) {
                ("matches", Some(_)) => self.literal(constant, expr, "matches")?,
                ("duration" | "timestamp", None) => self.literal(constant, expr, function)?,
                ("find" | "findAll", Some(_)) => self.instantiate(&pattern(constant))?,
                ("bool" | "bytes" | "double" | "int" | "string" | "uint", None) => {
                    self.instantiate(expr)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn literal(&self, constant: &Expr, call: &Expr, name: &str) -> Result<(), CompileError> {
        let tried = if name == "matches" { &pattern(constant) } else { call };
        match evaluate(tried, self.dialect, &[]) {
            Err(Fault::Error(_)) => {
                let message = format!("invalid {name} argument");
                Err(CompileError::Problems(vec![Problem::typed(constant.at, message)]))
            }
            _ => Ok(()),
        }
    }

    fn instantiate(&self, call: &Expr) -> Result<(), CompileError> {
        match evaluate(call, self.dialect, &[]) {
            Err(Fault::Error(message)) => Err(CompileError::Instantiation(message)),
            _ => Ok(()),
        }
    }

    /// Evaluates with these values.
    pub(crate) fn evaluate(&self, variables: &[(&str, Value)]) -> Result<Value, Fault> {
        evaluate(&self.expr, self.dialect, variables)
    }
}

/// `''.matches(constant)`: whether the constant is a regular expression.
fn pattern(constant: &Expr) -> Expr {
    let empty = Expr::new(constant.at, Kind::Literal(ast::Literal::String(String::new())));
    Expr::new(
        constant.at,
        Kind::Call {
            function: "matches".into(),
            target: Some(Box::new(empty)),
            arguments: vec![constant.clone()],
        },
    )
}
