//! The macros: calls that bind a name (cel-go `parser/macro.go`, `ext/comprehensions.go`, `ext/lists.go`, `cel/library.go`).

use super::ast::{Comprehension, Expr, Kind, Macro};
use super::problem::Problem;

/// Name, number of arguments, macro, and whether it binds two names.
const MACROS: [(&str, usize, Macro, bool); 19] = [
    ("all", 2, Macro::All, false),
    ("all", 3, Macro::All, true),
    ("exists", 2, Macro::Exists, false),
    ("exists", 3, Macro::Exists, true),
    ("exists_one", 2, Macro::ExistsOne, false),
    ("exists_one", 3, Macro::ExistsOne, true),
    ("existsOne", 3, Macro::ExistsOne, true),
    ("filter", 2, Macro::Filter, false),
    ("map", 2, Macro::Map, false),
    ("map", 3, Macro::Map, false),
    ("optFlatMap", 2, Macro::OptFlatMap, false),
    ("optMap", 2, Macro::OptMap, false),
    ("sortBy", 2, Macro::SortBy, false),
    ("transformList", 3, Macro::Map, true),
    ("transformList", 4, Macro::Map, true),
    ("transformMap", 3, Macro::TransformMap, true),
    ("transformMap", 4, Macro::TransformMap, true),
    ("transformMapEntry", 3, Macro::TransformMapEntry, true),
    ("transformMapEntry", 4, Macro::TransformMapEntry, true),
];

/// A call that is a macro becomes what it stands for.
pub(super) fn expand(expr: Expr) -> Result<Expr, Problem> {
    let Kind::Call { function, target, arguments } = &expr.kind else { return Ok(expr) };
    if target.is_none() {
        return match (function.as_str(), arguments.as_slice()) {
            ("has", [argument]) => has(argument, expr.at),
            _ => Ok(expr),
        };
    }
    let found =
        MACROS.iter().find(|(name, count, ..)| name == function && *count == arguments.len());
    let Some((_, _, macro_, two)) = found.copied() else { return Ok(expr) };
    let Kind::Call { target: Some(range), arguments, .. } = expr.kind else { return Ok(expr) };
    comprehension(expr.at, *range, arguments, macro_, two)
}

fn has(argument: &Expr, at: usize) -> Result<Expr, Problem> {
    match &argument.kind {
        Kind::Select { operand, field } => {
            Ok(Expr::new(at, Kind::Has { operand: operand.clone(), field: field.clone() }))
        }
        _ => Err(Problem::syntax(argument.at, "invalid argument to has() macro")),
    }
}

fn comprehension(
    at: usize,
    range: Expr,
    arguments: Vec<Expr>,
    macro_: Macro,
    two: bool,
) -> Result<Expr, Problem> {
    let mut arguments = arguments.into_iter();
    let mut name = || {
        let argument = arguments.next();
        let at = argument.as_ref().map_or(at, |argument| argument.at);
        match argument.map(|argument| argument.kind) {
            Some(Kind::Ident(name)) if name != "__result__" => Ok(name),
            _ => Err(Problem::syntax(at, "argument must be a simple name")),
        }
    };
    let variable = name()?;
    let second = if two { Some(name()?) } else { None };
    if second.as_ref() == Some(&variable) {
        let message = format!("duplicate variable name: {variable}");
        return Err(Problem::syntax(at, message));
    }
    let rest: Vec<Expr> = arguments.collect();
    let mut rest = rest.into_iter();
    let (filter, body) = match (rest.next(), rest.next()) {
        (Some(body), None) => (None, body),
        (filter, Some(body)) => (filter, body),
        (None, None) => return Err(Problem::syntax(at, "a macro lacks an argument")),
    };
    Ok(Expr::new(
        at,
        Kind::Comprehension(Box::new(Comprehension {
            macro_,
            range,
            variable,
            second,
            filter,
            body,
        })),
    ))
}
