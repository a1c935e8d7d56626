//! Finding the token in what people paste: a header line, a quoted string, a wrapped terminal line, a Secret.
//!
//! Each step takes one wrapping off and is named in the answer; nothing is changed silently. A token with
//! something else behind it stays as it is and fails: a token file followed by log lines was the cause of
//! real outages (kubernetes/kubernetes#126381), so it must be seen.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::document::{Node, parse_document};
use crate::jws::Jws;

/// A token as found in a pasted text.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) compact: String,
    /// What was taken off, from the outside in.
    pub(crate) unwrapped: Vec<String>,
    origin: Origin,
}

/// Where the characters of [`Found::compact`] stood.
#[derive(Debug, Clone)]
enum Origin {
    /// Runs of bytes that were copied: start in the compact text, start in the pasted text.
    Runs(Vec<(usize, usize)>),
    /// The compact text was decoded out of these bytes.
    Decoded(Range<usize>),
}

/// Wrappings can nest (a Secret in a List, its token in base64); more than this is not a paste but a puzzle.
const MOST_LAYERS: usize = 8;

/// Finds the token in a pasted text; if there is none, the text without the white space around it.
pub(crate) fn unwrap(text: &str) -> Found {
    let start = text.len() - text.trim_start().len();
    let trimmed = text.trim();
    let mut found = Found {
        compact: trimmed.to_owned(),
        unwrapped: Vec::new(),
        origin: Origin::Runs(vec![(0, start)]),
    };
    for _ in 0..MOST_LAYERS {
        let Some((name, layer)) =
            STEPS.iter().find_map(|(name, step)| Some((*name, step(&found.compact)?)))
        else {
            break;
        };
        found.unwrapped.push(layer.name.unwrap_or(name).to_owned());
        found.take(layer);
    }
    found
}

/// One wrapping taken off.
struct Layer {
    /// More precise than the step's own name.
    name: Option<&'static str>,
    inside: Inside,
}

enum Inside {
    /// These bytes of the outer text, joined.
    Runs(Vec<Range<usize>>),
    /// What those bytes decode to.
    Decoded(String, Range<usize>),
}

impl Inside {
    fn run(range: Range<usize>) -> Self {
        Self::Runs(std::iter::once(range).collect())
    }
}

impl Layer {
    fn slice(outer: &str, inner: &str) -> Option<Self> {
        let start = inner.as_ptr() as usize - outer.as_ptr() as usize;
        let inner_trimmed = inner.trim();
        let start = start + (inner.len() - inner.trim_start().len());
        (!inner_trimmed.is_empty())
            .then(|| Self { name: None, inside: Inside::run(start..start + inner_trimmed.len()) })
    }

    fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }
}

/// A step: `None` if it has nothing to take off.
type Step = fn(&str) -> Option<Layer>;

/// In the order they are tried, again and again until none applies.
const STEPS: [(&str, Step); 9] = [
    ("document", document),
    ("prompt", prompt),
    ("authorization-header", authorization_header),
    ("bearer", bearer),
    ("quotes", quotes),
    ("environment", environment),
    ("shell-percent", shell_percent),
    ("percent-encoding", percent_encoding),
    ("line-wraps", line_wraps),
];

impl Found {
    /// A text that is taken to the letter.
    pub(crate) fn exact(compact: &str) -> Self {
        Self {
            compact: compact.to_owned(),
            unwrapped: Vec::new(),
            origin: Origin::Runs(vec![(0, 0)]),
        }
    }

    fn take(&mut self, layer: Layer) {
        match layer.inside {
            Inside::Runs(ranges) => {
                let mut compact = String::new();
                let mut runs = Vec::new();
                for range in ranges {
                    // A run of the inner text may span several runs of the outer one.
                    let mut at = range.start;
                    while at < range.end {
                        let next = self.next_run(at).map_or(range.end, |next| next.min(range.end));
                        runs.push((compact.len(), self.source(at)));
                        compact.push_str(self.compact.get(at..next).unwrap_or_default());
                        at = next;
                    }
                }
                if let Origin::Runs(outer) = &mut self.origin {
                    *outer = runs;
                }
                self.compact = compact;
            }
            Inside::Decoded(text, range) => {
                let end = self.source(range.end.saturating_sub(1)) + 1;
                self.origin =
                    Origin::Decoded(self.source(range.start)..end.max(self.source(range.start)));
                self.compact = text;
            }
        }
    }

    /// Where the run after the one that holds `at` begins, in the compact text.
    fn next_run(&self, at: usize) -> Option<usize> {
        match &self.origin {
            Origin::Runs(runs) => runs.iter().map(|(start, _)| *start).find(|start| *start > at),
            Origin::Decoded(_) => None,
        }
    }

    fn source(&self, at: usize) -> usize {
        match &self.origin {
            Origin::Runs(runs) => runs
                .iter()
                .rev()
                .find(|(start, _)| *start <= at)
                .map_or(at, |(start, source)| source + (at - start)),
            Origin::Decoded(range) => range.start,
        }
    }

    /// The bytes of the pasted text that these bytes of the token come from.
    pub(crate) fn in_paste(&self, range: &Range<usize>) -> Range<usize> {
        match &self.origin {
            Origin::Decoded(whole) => whole.clone(),
            Origin::Runs(_) if range.is_empty() => {
                let at = self.source(range.start);
                at..at
            }
            Origin::Runs(_) => self.source(range.start)..self.source(range.end - 1) + 1,
        }
    }
}

/// The documents that carry tokens: `kind`, path to the token, name of the wrapping, base64.
const CARRIERS: [(&str, &[&str], &str, bool); 7] = [
    ("TokenRequest", &["status", "token"], "token-request", false),
    ("Secret", &["data", "token"], "secret-data", true),
    ("Secret", &["stringData", "token"], "secret-string-data", false),
    ("ExecCredential", &["status", "token"], "exec-credential", false),
    ("TokenReview", &["spec", "token"], "token-review", false),
    ("", &["token"], "json-member", false),
    ("", &["access_token"], "json-member", false),
];

/// A Kubernetes object in JSON or YAML that carries a token.
fn document(text: &str) -> Option<Layer> {
    if !text.starts_with(['{', '[']) && !text.contains(": ") {
        return None;
    }
    carried(text, &parse_document(text).ok()?)
}

fn carried(text: &str, node: &Node) -> Option<Layer> {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    if let Some(items) = node.get("items") {
        return items.elements().iter().find_map(|item| carried(text, item));
    }
    if kind == "Config" {
        return kubeconfig(text, node);
    }
    CARRIERS.iter().filter(|(wanted, ..)| wanted.is_empty() || *wanted == kind).find_map(
        |(_, path, name, base64)| Some(value_layer(text, node.at(path)?, *base64)?.named(name)),
    )
}

/// `users[].user.token` of a kubeconfig: the current context's user, or the first that has one.
fn kubeconfig(text: &str, node: &Node) -> Option<Layer> {
    let named = |list: &str, name: &str| {
        node.get(list)?
            .elements()
            .iter()
            .find(|item| item.get("name").and_then(Node::as_str) == Some(name))
    };
    let current = node
        .get("current-context")
        .and_then(Node::as_str)
        .and_then(|context| named("contexts", context)?.at(&["context", "user"])?.as_str());
    let token =
        current.and_then(|user| named("users", user)?.at(&["user", "token"])).or_else(|| {
            node.get("users")?.elements().iter().find_map(|user| user.at(&["user", "token"]))
        })?;
    Some(value_layer(text, token, false)?.named("kubeconfig"))
}

fn value_layer(text: &str, node: &Node, base64: bool) -> Option<Layer> {
    let value = node.as_str()?;
    if base64 {
        let packed: String = value.split_whitespace().collect();
        let decoded = String::from_utf8(STANDARD.decode(packed).ok()?).ok()?;
        return Some(Layer { name: None, inside: Inside::Decoded(decoded, node.range.clone()) });
    }
    let written = text.get(node.range.clone())?;
    match written.find(value) {
        Some(at) if !value.is_empty() => {
            let start = node.range.start + at;
            Some(Layer { name: None, inside: Inside::run(start..start + value.len()) })
        }
        _ => Some(Layer {
            name: None,
            inside: Inside::Decoded(value.to_owned(), node.range.clone()),
        }),
    }
}

/// Lines of a terminal that hold the command, not its output: `$ kubectl ...`, `user@host:~$ cat ...`.
fn prompt(text: &str) -> Option<Layer> {
    let is_prompt = |line: &str| {
        let line = line.trim_start();
        line == "$"
            || line.starts_with("$ ")
            || line.starts_with("# ")
            || line.split_once(['$', '#']).is_some_and(|(before, after)| {
                before.contains('@')
                    && !before.contains(' ')
                    && (after.is_empty() || after.starts_with(' '))
            })
    };
    let mut at = 0;
    let mut kept = Vec::new();
    let mut dropped = false;
    for line in text.split_inclusive('\n') {
        if is_prompt(line.trim_end()) {
            dropped = true;
        } else {
            kept.push(at..at + line.len());
        }
        at += line.len();
    }
    let rest: String = kept.iter().filter_map(|range| text.get(range.clone())).collect();
    if !dropped || rest.trim().is_empty() {
        return None;
    }
    Some(Layer { name: None, inside: Inside::Runs(trim_runs(text, kept)) })
}

/// Takes the white space off the outside of the first and the last run.
fn trim_runs(text: &str, mut runs: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let is_blank =
        |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().trim().is_empty();
    while runs.first().is_some_and(is_blank) {
        runs.remove(0);
    }
    while runs.last().is_some_and(is_blank) {
        runs.pop();
    }
    if let Some(first) = runs.first_mut() {
        let line = text.get(first.clone()).unwrap_or_default();
        first.start += line.len() - line.trim_start().len();
    }
    if let Some(last) = runs.last_mut() {
        let line = text.get(last.clone()).unwrap_or_default();
        last.end -= line.len() - line.trim_end().len();
    }
    runs
}

fn authorization_header(text: &str) -> Option<Layer> {
    let (name, value) = text.split_once(':')?;
    name.trim().eq_ignore_ascii_case("authorization").then(|| Layer::slice(text, value))?
}

fn bearer(text: &str) -> Option<Layer> {
    let (scheme, token) = text.split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Layer::slice(text, token))?
}

fn quotes(text: &str) -> Option<Layer> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let inner = text.strip_prefix(quote)?;
    Layer::slice(
        text,
        inner
            .strip_suffix(quote)
            .unwrap_or_else(|| inner.trim_end_matches([',', ';']).trim_end_matches(quote)),
    )
}

/// `NAME=value` lines: the first whose value is a token.
fn environment(text: &str) -> Option<Layer> {
    text.lines().find_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        let name = name.strip_prefix("export ").unwrap_or(name);
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let holds = value.trim_start_matches(['"', '\'']).starts_with("ey") && value.contains('.');
        (is_name && holds).then(|| Layer::slice(text, value))?
    })
}

/// zsh marks the end of output that has no newline with `%`.
fn shell_percent(text: &str) -> Option<Layer> {
    text.strip_suffix('%')
        .filter(|rest| rest.contains('.'))
        .and_then(|rest| Layer::slice(text, rest))
}

/// `%2E` and the like, as in a form body.
fn percent_encoding(text: &str) -> Option<Layer> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| (*byte as char).to_digit(16);
                let byte = digit(high)? * 16 + digit(low)?;
                rest = after;
                u8::try_from(byte).ok()?
            }
            (b'%', _) => return None,
            (byte, _) => *byte,
        });
    }
    let decoded = String::from_utf8(bytes).ok()?;
    (decoded != text && decoded.starts_with("ey"))
        .then_some(Layer { name: None, inside: Inside::Decoded(decoded, 0..text.len()) })
}

/// A token broken over lines. Not one that is whole on its first line: what follows that is something else.
fn line_wraps(text: &str) -> Option<Layer> {
    let mut at = 0;
    let mut runs = Vec::new();
    for line in text.split_inclusive('\n') {
        let piece = line.trim().trim_end_matches('\\').trim_end();
        let start = at + (line.len() - line.trim_start().len());
        if !piece.is_empty() {
            runs.push(start..start + piece.len());
        }
        at += line.len();
    }
    let is_token_text = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'='))
    };
    let first = text.get(runs.first()?.clone())?;
    let all_fit = runs.iter().all(|run| text.get(run.clone()).is_some_and(is_token_text));
    if runs.len() < 2 || !all_fit || is_whole(first) {
        return None;
    }
    Some(Layer { name: None, inside: Inside::Runs(runs) })
}

/// Three good parts, the last of a length that signatures have.
fn is_whole(text: &str) -> bool {
    let jws = Jws::parse(text);
    // RSA: multiples of 64 bytes from 1024 bits on; ECDSA: 64, 96, 132 (RFC 7518 §3.3, §3.4); Ed25519: 64.
    let whole_signature = jws.signature.as_ref().is_some_and(|signature| {
        matches!(signature.len(), 64 | 96 | 132)
            || (signature.len() >= 128 && signature.len() % 64 == 0)
    });
    jws.is_well_formed() && whole_signature
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln";

    fn check(text: &str, unwrapped: &[&str]) {
        let found = unwrap(text);
        assert_eq!(found.compact, TOKEN, "{text}");
        assert_eq!(found.unwrapped, unwrapped, "{text}");
    }

    #[test]
    fn takes_wrappings_off() {
        let base64 = STANDARD.encode(TOKEN);
        check(TOKEN, &[]);
        check(&format!(" \n{TOKEN}\n"), &[]);
        check(&format!("Bearer {TOKEN}"), &["bearer"]);
        check(&format!("Authorization: bearer  {TOKEN}"), &["authorization-header", "bearer"]);
        check(&format!("-H 'x'\nTOKEN={TOKEN}"), &["environment"]);
        check(&format!("\"{TOKEN}\""), &["quotes"]);
        check(&format!("'Bearer {TOKEN}'"), &["quotes", "bearer"]);
        check(&format!("{TOKEN}%"), &["shell-percent"]);
        check(&TOKEN.replace('.', "%2E"), &["percent-encoding"]);
        check(&TOKEN.replace('.', ".\n  "), &["line-wraps"]);
        check(&format!("$ kubectl exec app -- cat token\n{TOKEN}\n$ "), &["prompt"]);
        check(
            &format!("root@app:/# cat token\n{}\n", TOKEN.replace('J', "J\n")),
            &["prompt", "line-wraps"],
        );
        check(&format!("export AWS_WEB_IDENTITY_TOKEN=\"{TOKEN}\"\n"), &["environment", "quotes"]);
        check(
            &format!(r#"{{"kind":"TokenRequest","status":{{"token":"{TOKEN}"}}}}"#),
            &["token-request"],
        );
        check(&format!("kind: Secret\ndata:\n  token: {base64}\n"), &["secret-data"]);
        check(
            &format!(
                r#"{{"kind":"List","items":[{{}},{{"kind":"Secret","data":{{"token":"{base64}"}}}}]}}"#
            ),
            &["secret-data"],
        );
        check(&format!("kind: ExecCredential\nstatus:\n  token: {TOKEN}\n"), &["exec-credential"]);
        check(
            &format!("kind: Config\nusers:\n- name: a\n  user:\n    token: {TOKEN}\n"),
            &["kubeconfig"],
        );
        check(&format!(r#"{{"access_token":"{TOKEN}"}}"#), &["json-member"]);
    }

    #[test]
    fn does_not_swallow_what_follows_a_whole_token() {
        let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([7; 64]);
        let text = format!("eyJhbGciOiJFUzI1NiJ9.e30.{signature}\nINFO");
        assert_eq!(unwrap(&text).compact, text);
    }

    #[test]
    fn knows_where_the_characters_stood() {
        let text = "Bearer abc.\n  def";
        let found = unwrap(text);
        assert_eq!(found.compact, "abc.def");
        assert_eq!(&text[found.in_paste(&(0..3))], "abc");
        assert_eq!(&text[found.in_paste(&(4..7))], "def");
        assert_eq!(&text[found.in_paste(&(3..5))], ".\n  d");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(?s).{0,120}") {
            let found = unwrap(&text);
            for at in 0..=found.compact.len() {
                let _ = found.in_paste(&(at.min(1)..at));
            }
        }
    }
}
