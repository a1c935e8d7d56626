//! What is wrong with an expression, printed as cel-go prints it.

/// Why an expression does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The character where it stands.
    at: usize,
    pub(crate) message: String,
    pub(crate) kind: ProblemKind,
}

/// What sort of problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The text is no expression.
    Syntax,
    /// The types do not fit, or a constant is wrong.
    Type,
    /// A variable that nobody declares.
    UnknownVariable,
    /// A function that the dialect does not know: podpass may not either.
    UnknownFunction(String),
}

impl Problem {
    pub(super) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), kind: ProblemKind::Syntax }
    }

    pub(super) fn typed(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), kind: ProblemKind::Type }
    }

    pub(super) fn undeclared(at: usize, name: &str, function: bool) -> Self {
        let kind = match function {
            true => ProblemKind::UnknownFunction(name.to_owned()),
            false => ProblemKind::UnknownVariable,
        };
        Self { at, message: format!("undeclared reference to '{name}' (in container '')"), kind }
    }

    /// `ERROR: <input>:1:8: message`, the line, and a mark below the place.
    pub(crate) fn print(&self, text: &str) -> String {
        let mut left = self.at;
        let (mut number, mut line) = (1, "");
        for (index, candidate) in text.split('\n').enumerate() {
            (number, line) = (index + 1, candidate);
            let length = candidate.chars().count();
            if left <= length {
                break;
            }
            left -= length + 1;
        }
        let dots = ".".repeat(left);
        format!("ERROR: <input>:{number}:{}: {}\n | {line}\n | {dots}^", left + 1, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_cel_go_does() {
        let problem =
            Problem::typed(2, "found no matching overload for '_+_' applied to '(int, string)'");
        assert_eq!(
            problem.print("1 + 'a'"),
            "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^"
        );
        assert!(
            Problem::syntax(5, "x")
                .print("a +\n b")
                .starts_with("ERROR: <input>:2:2: x\n |  b\n | .^")
        );
    }
}
