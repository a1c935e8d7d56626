//! YAML to the same tree as JSON.
//!
//! granit-parser (the parser under serde-saphyr) yields events with byte ranges, scalar styles and the
//! ends of collections: what an editor needs, and what serde's data model has no room for. Plain scalars
//! resolve as sigs.k8s.io/yaml has it, which is YAML 1.1 through Go's `strconv` (goyaml.v2 `resolve.go`):
//! `yes` is true, `0644` is 420, `1_000` is 1000, `~` is null, a date stays text.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span as YamlSpan, StructureStyle, Tag};
use serde_json::Number;

use super::{Data, MAX_DEPTH, MAX_NODES, Member, Node, SyntaxError, number};

/// Reads every document of a YAML stream, up to the first error.
pub(crate) fn parse_yaml(text: &str) -> (Vec<Node>, Option<SyntaxError>) {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let outcome = match event {
            Ok((event, span)) => builder.event(&event, &bytes(&span)),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                Err(SyntaxError::new(error.info(), at))
            }
        };
        if let Err(error) = outcome {
            return (builder.documents, Some(error));
        }
    }
    (builder.documents, None)
}

fn bytes(span: &YamlSpan) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

/// A collection whose end has not been seen.
struct Open {
    start: usize,
    /// Where its last child ended: a block collection's own end event lies past the blank lines below it.
    last: usize,
    /// Written with brackets or braces, so that its end event is where it ends.
    flow: bool,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    /// The members so far, and a name that waits for its value: its text, whether it is `<<`, its place.
    Mapping(Vec<Member>, Option<(String, bool, Range<usize>)>),
}

impl Builder {
    fn event(&mut self, event: &Event<'_>, range: &Range<usize>) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let plain = *style == ScalarStyle::Plain;
                let data = resolve(value, plain, tag.as_deref()).ok_or_else(|| {
                    SyntaxError::new("a number that no double holds", range.start)
                })?;
                let node = Node { data, range: range.clone() };
                self.anchor(*anchor, &node, 1);
                self.place(node, 1, (plain && value == "<<", Some(value)))
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(range.start, *style, *anchor, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(style, anchor, _) => {
                self.start(range.start, *style, *anchor, Content::Mapping(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range.end),
            Event::Alias(id) => {
                let (mut node, size) = self.anchors.get(id).cloned().ok_or_else(|| {
                    SyntaxError::new(
                        "an alias inside the very node that it stands for",
                        range.start,
                    )
                })?;
                node.range = range.clone();
                self.place(node, size, (false, None))
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        start: usize,
        style: StructureStyle,
        anchor: usize,
        content: Content,
    ) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(SyntaxError::new(format!("nested deeper than {MAX_DEPTH} levels"), start));
        }
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { start, last: start, flow, anchor, content });
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), SyntaxError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let data = match open.content {
            Content::Sequence(elements) => Data::Array(elements),
            Content::Mapping(members, _) => Data::Object(merged(members)),
        };
        let end = if open.flow { end } else { open.last };
        let node = Node { data, range: open.start..end.max(open.start) };
        self.anchor(open.anchor, &node, size(&node));
        self.place(node, 1, (false, None))
    }

    fn anchor(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
    }

    /// Puts a finished node where it belongs. `key`: whether it is a merge key, and its text as written.
    fn place(
        &mut self,
        node: Node,
        size: usize,
        (merge, written): (bool, Option<&str>),
    ) -> Result<(), SyntaxError> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values once aliases are expanded");
            return Err(SyntaxError::new(message, node.range.start));
        }
        let Some(open) = self.open.last_mut() else {
            if !(node.is_null() && node.range.is_empty()) {
                self.documents.push(node);
            }
            return Ok(());
        };
        open.last = open.last.max(node.range.end);
        match &mut open.content {
            Content::Sequence(elements) => elements.push(node),
            Content::Mapping(members, name) => match name.take() {
                None => *name = Some((key_text(&node, written)?, merge, node.range)),
                Some((text, true, name_range)) => {
                    for member in merge_sources(&node) {
                        let name_range = name_range.clone();
                        members.push(Member {
                            name: format!("{MERGED}{}", member.name),
                            name_range,
                            value: member.value.clone(),
                        });
                    }
                    if !node.is_object() && node.elements().is_empty() {
                        members.push(Member { name: text, name_range, value: node });
                    }
                }
                Some((text, false, name_range)) => {
                    members.push(Member { name: text, name_range, value: node });
                }
            },
        }
        Ok(())
    }
}

/// Marks, while a mapping is open, the members that `<<` brought: they give way to its own.
const MERGED: &str = "\u{0}<<\u{0}";

fn merge_sources(node: &Node) -> Vec<&Member> {
    match &node.data {
        Data::Object(members) => members.iter().collect(),
        // The first of several wins.
        Data::Array(elements) => elements.iter().rev().flat_map(Node::members).collect(),
        _ => Vec::new(),
    }
}

fn merged(members: Vec<Member>) -> Vec<Member> {
    if !members.iter().any(|member| member.name.starts_with(MERGED)) {
        return members;
    }
    let own = |name: &str| members.iter().any(|member| member.name == name);
    members
        .iter()
        .filter_map(|member| match member.name.strip_prefix(MERGED) {
            Some(name) if own(name) => None,
            Some(name) => Some(Member { name: name.to_owned(), ..member.clone() }),
            None => Some(member.clone()),
        })
        .collect()
}

fn size(node: &Node) -> usize {
    1 + match &node.data {
        Data::Array(elements) => elements.iter().map(size).sum(),
        Data::Object(members) => members.iter().map(|member| size(&member.value)).sum(),
        _ => 0,
    }
}

/// JSON knows only string names; sigs.k8s.io/yaml prints scalars as such and refuses the rest.
fn key_text(node: &Node, written: Option<&str>) -> Result<String, SyntaxError> {
    match (&node.data, written) {
        (Data::String(text), _) => Ok(text.clone()),
        (Data::Bool(value), _) => Ok(value.to_string()),
        (Data::Number(value), _) => Ok(value.to_string()),
        (Data::Null, Some(written)) => Ok(written.to_owned()),
        _ => {
            let message = format!("expected a member name, found {}", node.kind());
            Err(SyntaxError::new(message, node.range.start))
        }
    }
}

/// `None`: a number that no double holds.
fn resolve(value: &str, plain: bool, tag: Option<&Tag>) -> Option<Data> {
    let text = || Some(Data::String(value.to_owned()));
    match tag.and_then(Tag::core_suffix) {
        Some("str" | "binary") => return text(),
        Some(_) => {}
        None if !plain => return text(),
        None => {}
    }
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Data::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Some(Data::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Some(Data::Bool(false));
        }
        _ => {}
    }
    if !value.starts_with(['+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        return text();
    }
    let digits = value.replace('_', "");
    if let Some(integer) = integer(&digits) {
        return Some(Data::Number(integer));
    }
    if !is_float(&digits) {
        return text();
    }
    let float: f64 = digits.parse().ok()?;
    if !float.is_finite() {
        return None;
    }
    number(float).map(Data::Number)
}

/// Go's `strconv.ParseInt(text, 0, 64)` and `ParseUint`: 0x, 0o, 0b, and octal for a leading zero.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    i64::try_from(value).map(Number::from).or_else(|_| u64::try_from(value).map(Number::from)).ok()
}

/// goyaml.v2's `yamlStyleFloat`: `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let some_digits = |text: &str| !text.is_empty() && all_digits(text);
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => some_digits(fraction),
        Some((whole, fraction)) => some_digits(whole) && all_digits(fraction),
        None => some_digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            some_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let (documents, error) = parse_yaml(text);
        assert_eq!(error, None, "{text}");
        documents.iter().map(|node| node.to_json().to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn scalars_resolve_as_kubernetes_does() {
        let table = [
            ("yes", "true"),
            ("\"yes\"", "\"yes\""),
            ("Off", "false"),
            ("0644", "420"),
            ("0o644", "420"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("~", "null"),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("08", "8"),
            ("2026-01-01", "\"2026-01-01\""),
            ("1.2.3", "\"1.2.3\""),
            ("!!str 12", "\"12\""),
            ("-7", "-7"),
            ("18446744073709551615", "18446744073709551615"),
            ("12:30", "\"12:30\""),
        ];
        for (text, printed) in table {
            assert_eq!(json(&format!("a: {text}\n")), format!("{{\"a\":{printed}}}"), "{text}");
        }
    }

    #[test]
    fn several_documents_anchors_and_merges() {
        assert_eq!(json("a: 1\n---\n---\n- b\n"), r#"{"a":1} ["b"]"#);
        assert_eq!(
            json("p: &p {a: 1, b: 2}\nq: {<<: *p, b: 3}\n"),
            r#"{"p":{"a":1,"b":2},"q":{"a":1,"b":3}}"#
        );
        assert_eq!(json("1: a\ntrue: b\n"), r#"{"1":"a","true":"b"}"#);
    }

    #[test]
    fn knows_where_things_stand() {
        let text = "a:\n  b: \"c\"\n  d: [1, 2 ]\n\ne: f\n";
        let (documents, _) = parse_yaml(text);
        let a = documents[0].get("a").unwrap();
        assert_eq!(&text[a.range.clone()], "b: \"c\"\n  d: [1, 2 ]");
        assert_eq!(&text[a.get("b").unwrap().range.clone()], "\"c\"");
        assert_eq!(&text[a.get("d").unwrap().range.clone()], "[1, 2 ]");
        assert_eq!(&text[a.member("d").unwrap().name_range.clone()], "d");
    }

    #[test]
    fn alias_bombs_end_with_a_message() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let inner = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![inner; 10].join(","));
        }
        let (_, error) = parse_yaml(&text);
        assert!(error.unwrap().message.contains("aliases"));
    }

    #[test]
    fn bad_indentation_names_its_line() {
        let text = "kind: Pod\nmetadata:\n  name: a\n   labels: {}\n";
        let error = parse_yaml(text).1.unwrap();
        assert_eq!(text[..error.at].matches('\n').count(), 3, "{error:?}");
    }
}
