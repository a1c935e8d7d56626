//! Paths as Go's `path/filepath` cleans them, and variables in them.

use std::collections::HashMap;

/// `filepath.Clean` on Unix: no empty elements, no `.`, and `..` resolved; nothing left is `.`.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut elements: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." if elements.last().is_some_and(|last| *last != "..") => {
                elements.pop();
            }
            ".." if rooted => {}
            _ => elements.push(element),
        }
    }
    match (rooted, elements.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}

/// `path` below `directory`, if it is: `a/b/token` below `a` is `b/token`; a path below itself is empty.
pub(super) fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory == "." {
        return Some(path);
    }
    match path.strip_prefix(directory)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

/// Expands `$(NAME)` as the kubelet does: `$$` is a dollar. `None` if a variable is not among `variables`.
///
/// Source: `third_party/forked/golang/expansion/expand.go`.
pub(super) fn expand(text: &str, variables: &HashMap<&str, &str>) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        expanded.push_str(before);
        let after = from.get(1..).unwrap_or_default();
        if let Some(next) = after.strip_prefix('$') {
            expanded.push('$');
            rest = next;
        } else if let Some((name, next)) = after.strip_prefix('(').and_then(|v| v.split_once(')')) {
            expanded.push_str(variables.get(name)?);
            rest = next;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_as_go_does() {
        #[rustfmt::skip]
        let table = [
            ("token", "token"), ("./token", "token"), ("token/", "token"), ("a//b", "a/b"), ("a/./b", "a/b"),
            (".", "."), ("", "."), ("/", "/"), ("/a/../../b", "/b"), ("a/..", "."), ("../a", "../a"),
        ];
        for (path, cleaned) in table {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn knows_what_lies_below() {
        let table = [
            ("a/b", "a", Some("b")),
            ("a/b", "a/b", Some("")),
            ("ab", "a", None),
            ("a", ".", Some("a")),
            ("a", "b", None),
        ];
        for (path, directory, rest) in table {
            assert_eq!(below(path, directory), rest, "{path} {directory}");
        }
    }

    #[test]
    fn expands_variables() {
        let variables = HashMap::from([("A", "x")]);
        let table =
            [("$(A)/y", Some("x/y")), ("$$(A)", Some("$(A)")), ("$(B)", None), ("a$", Some("a$"))];
        for (text, expanded) in table {
            assert_eq!(expand(text, &variables).as_deref(), expanded, "{text}");
        }
    }
}
