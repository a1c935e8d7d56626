//! Tokens to an expression (cel-go `parser/parser.go`).

use super::ast::{Element, Entry, Expr, Kind, Literal};
use super::lexer::{Number, Token, TokenKind, tokens};
use super::macros::expand;
use super::problem::Problem;

/// podpass' own limits of depth, for the stack of a browser: of brackets (cel-go: 250), and of what is evaluated,
/// where a chain of operators is as deep as it is long.
const MAX_DEPTH: usize = 100;
const MAX_EXPR_DEPTH: usize = 250;
/// cel-go's limit of length, in characters.
const MAX_LENGTH: usize = 100_000;
/// Names that no variable may have; after a dot they are fine.
const RESERVED: [&str; 17] = [
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

/// Rank, symbol and function of the operators with two sides.
const OPERATORS: [(usize, &str, &str); 14] = [
    (0, "||", "_||_"),
    (1, "&&", "_&&_"),
    (2, "==", "_==_"),
    (2, "!=", "_!=_"),
    (2, "<=", "_<=_"),
    (2, ">=", "_>=_"),
    (2, "<", "_<_"),
    (2, ">", "_>_"),
    (2, "in", "@in"),
    (3, "+", "_+_"),
    (3, "-", "_-_"),
    (4, "*", "_*_"),
    (4, "/", "_/_"),
    (4, "%", "_%_"),
];

/// Parses a whole text.
pub(super) fn parse(text: &str) -> Result<Expr, Problem> {
    if text.chars().count() > MAX_LENGTH {
        return Err(Problem::syntax(0, "expression code point size exceeds limit: 100000"));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let expr = parser.expr()?;
    match parser.kind() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("<EOF>")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

/// What an expression can begin with, as the generated parser of cel-go lists it.
const EXPRESSION: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, \
    IDENTIFIER}";

impl Parser<'_> {
    fn kind(&self) -> &TokenKind {
        self.tokens.get(self.at).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.at)
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.kind(), TokenKind::Symbol(found) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, symbol: &str) -> Result<(), Problem> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected(&format!("'{symbol}'"))) }
    }

    fn unexpected(&self, wanted: &str) -> Problem {
        let found = match self.kind() {
            TokenKind::End => "<EOF>".to_owned(),
            TokenKind::Symbol(symbol) => (*symbol).to_owned(),
            TokenKind::Ident(name) => name.clone(),
            TokenKind::Escaped(name) => format!("`{name}`"),
            TokenKind::Number(number) => number.digits.clone(),
            TokenKind::Literal(literal) => format!("{literal:?}"),
        };
        let message = format!("Syntax error: mismatched input '{found}' expecting {wanted}");
        Problem::syntax(self.place(), message)
    }

    fn expr(&mut self) -> Result<Expr, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = "expression recursion limit exceeded: 100";
            return Err(Problem::syntax(self.place(), message));
        }
        let condition = self.binary(0)?;
        let at = self.place();
        let expr = if self.take("?") {
            let yes = self.binary(0)?;
            self.require(":")?;
            let no = self.expr()?;
            call(at, "_?_:_", vec![condition, yes, no])
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expr)
    }

    /// Operators from a rank upwards, those of one rank from the left. A long chain is deep.
    fn binary(&mut self, lowest: usize) -> Result<Expr, Problem> {
        let mut left = self.unary()?;
        loop {
            let found =
                OPERATORS.iter().find(|(rank, symbol, _)| *rank >= lowest && self.is(symbol));
            let Some((rank, symbol, function)) = found.copied() else { return Ok(left) };
            let at = self.place();
            self.take(symbol);
            let right = self.binary(rank + 1)?;
            left = shallow(call(at, function, vec![left, right]))?;
        }
    }

    fn unary(&mut self) -> Result<Expr, Problem> {
        let at = self.place();
        for (symbol, function) in [("!", "!_"), ("-", "-_")] {
            if !self.is(symbol) {
                continue;
            }
            if symbol == "-"
                && let Some(literal) = self.negative_number()?
            {
                return self.members(literal);
            }
            let mut count = 0_usize;
            while self.take(symbol) {
                count += 1;
            }
            // cel-go leaves pairs out.
            let operand = self.member()?;
            return Ok(if count.is_multiple_of(2) {
                operand
            } else {
                call(at, function, vec![operand])
            });
        }
        self.member()
    }

    /// `-` right before a number belongs to it.
    fn negative_number(&mut self) -> Result<Option<Expr>, Problem> {
        let at = self.place();
        let literal = match self.tokens.get(self.at + 1).map(|token| &token.kind) {
            Some(TokenKind::Number(number)) => integer(at, number, true)?,
            Some(TokenKind::Literal(Literal::Double(value))) => Literal::Double(-value),
            _ => return Ok(None),
        };
        self.at += 2;
        Ok(Some(Expr::new(at, Kind::Literal(literal))))
    }

    fn member(&mut self) -> Result<Expr, Problem> {
        let primary = self.primary()?;
        self.members(primary)
    }

    /// What follows a primary expression: fields, calls and indices.
    fn members(&mut self, mut operand: Expr) -> Result<Expr, Problem> {
        loop {
            operand = shallow(operand)?;
            let at = self.place();
            operand = if self.take(".") {
                self.field_or_call(operand, at)?
            } else if self.take("[") {
                let function = if self.take("?") { "_[?_]" } else { "_[_]" };
                let index = self.expr()?;
                self.require("]")?;
                call(at, function, vec![operand, index])
            } else {
                return Ok(operand);
            };
        }
    }

    fn field_or_call(&mut self, operand: Expr, at: usize) -> Result<Expr, Problem> {
        let optional = self.take("?");
        let TokenKind::Ident(field) = self.kind().clone() else {
            return Err(match self.kind() {
                TokenKind::Escaped(_) => Problem::syntax(self.place(), "unsupported syntax: '`'"),
                TokenKind::End => Problem::syntax(
                    self.place(),
                    "Syntax error: no viable alternative at input '.'",
                ),
                _ => self.unexpected("IDENTIFIER"),
            });
        };
        self.at += 1;
        let operand = Box::new(operand);
        if optional {
            return Ok(Expr::new(at, Kind::OptionalSelect { operand, field }));
        }
        let open = self.place();
        if !self.take("(") {
            return Ok(Expr::new(at, Kind::Select { operand, field }));
        }
        let arguments = self.arguments()?;
        expand(Expr::new(open, Kind::Call { function: field, target: Some(operand), arguments }))
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Problem> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expr()?);
            if !self.take(",") {
                self.require(")")?;
                return Ok(arguments);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Problem> {
        let at = self.place();
        match self.kind().clone() {
            TokenKind::Number(number) => {
                self.at += 1;
                Ok(Expr::new(at, Kind::Literal(integer(at, &number, false)?)))
            }
            TokenKind::Literal(literal) => {
                self.at += 1;
                Ok(Expr::new(at, Kind::Literal(literal)))
            }
            TokenKind::Symbol("(") => {
                self.at += 1;
                let nested = self.expr()?;
                self.require(")")?;
                Ok(nested)
            }
            TokenKind::Symbol("[") => {
                self.at += 1;
                self.list(at)
            }
            TokenKind::Symbol("{") => {
                self.at += 1;
                self.map(at)
            }
            TokenKind::Symbol(".") => {
                self.at += 1;
                self.name(at)
            }
            TokenKind::Ident(_) => self.name(at),
            _ => Err(self.unexpected(EXPRESSION)),
        }
    }

    fn name(&mut self, at: usize) -> Result<Expr, Problem> {
        let TokenKind::Ident(name) = self.kind().clone() else {
            return Err(self.unexpected("IDENTIFIER"));
        };
        self.at += 1;
        if RESERVED.contains(&name.as_str()) {
            return Err(Problem::syntax(at, format!("reserved identifier: {name}")));
        }
        let open = self.place();
        if self.take("(") {
            let arguments = self.arguments()?;
            return expand(Expr::new(open, Kind::Call { function: name, target: None, arguments }));
        }
        if let Some(name) = self.message(&name) {
            return Ok(Expr::new(at, Kind::Struct(name)));
        }
        Ok(Expr::new(at, Kind::Ident(name)))
    }

    /// `a.b.C{`: the name of a message, whose fields are skipped, for none exists.
    fn message(&mut self, first: &str) -> Option<String> {
        let (mut name, mut ahead) = (first.to_owned(), self.at);
        let kind = |at: usize| self.tokens.get(at).map(|token| &token.kind);
        while let (Some(TokenKind::Symbol(".")), Some(TokenKind::Ident(part))) =
            (kind(ahead), kind(ahead + 1))
        {
            name = format!("{name}.{part}");
            ahead += 2;
        }
        if kind(ahead) != Some(&TokenKind::Symbol("{")) {
            return None;
        }
        self.at = self.tokens.len().saturating_sub(1);
        Some(name)
    }

    fn list(&mut self, at: usize) -> Result<Expr, Problem> {
        let mut elements = Vec::new();
        while !self.take("]") {
            let optional = self.take("?");
            elements.push(Element { value: self.expr()?, optional });
            if !self.take(",") {
                self.require("]")?;
                break;
            }
            if self.is(",") {
                return Err(self.unexpected(EXPRESSION));
            }
        }
        Ok(Expr::new(at, Kind::List(elements)))
    }

    fn map(&mut self, at: usize) -> Result<Expr, Problem> {
        let mut entries = Vec::new();
        while !self.take("}") {
            let optional = self.take("?");
            let key = self.expr()?;
            self.require(":")?;
            entries.push(Entry { key, value: self.expr()?, optional });
            if !self.take(",") {
                self.require("}")?;
                break;
            }
        }
        Ok(Expr::new(at, Kind::Map(entries)))
    }
}

fn shallow(expr: Expr) -> Result<Expr, Problem> {
    if expr.depth > MAX_EXPR_DEPTH {
        return Err(Problem::syntax(expr.at, "expression recursion limit exceeded: 250"));
    }
    Ok(expr)
}

fn call(at: usize, function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::new(at, Kind::Call { function: function.to_owned(), target: None, arguments })
}

fn integer(at: usize, number: &Number, negative: bool) -> Result<Literal, Problem> {
    let signed = if negative { format!("-{}", number.digits) } else { number.digits.clone() };
    i64::from_str_radix(&signed, number.radix)
        .map(Literal::Int)
        .map_err(|_| Problem::syntax(at, "invalid int literal"))
}
