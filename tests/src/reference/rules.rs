//! What each rule says, from the comments of the core that cite it.

use std::collections::BTreeMap;
use std::fs;

use crate::tree::{files, root};

/// A rule's letter and number; sorts as people count.
pub(crate) type Rule = (char, u32);

/// Of each rule: sentences that cite it, and the files that they are in.
#[derive(Debug, Default)]
pub(crate) struct Cited {
    /// Each with the number of rules that it cites: the fewer, the more it says of this one.
    sentences: Vec<(usize, String)>,
    pub(crate) files: Vec<String>,
}

/// The name of an item says less than any sentence.
const NAME_ALONE: usize = 100;

/// More of them would not be read.
const MOST: usize = 2;

impl Cited {
    /// The sentences that say most of the rule.
    pub(crate) fn told(&self) -> Vec<&str> {
        let mut sorted: Vec<_> = self.sentences.iter().collect();
        sorted.sort_by_key(|(rules, _)| *rules);
        sorted.into_iter().take(MOST).map(|(_, sentence)| sentence.as_str()).collect()
    }
}

/// The rules that the core cites.
pub(crate) fn cited() -> BTreeMap<Rule, Cited> {
    let mut rules: BTreeMap<Rule, Cited> = BTreeMap::new();
    let core = root().join("crates/core/src");
    for path in files(&core, ".rs") {
        let name = path.strip_prefix(&core).unwrap().to_string_lossy().replace('\\', "/");
        if name == "version.rs" || name.ends_with("tests.rs") || name.contains("tests/") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines() {
            for rule in ids(line) {
                let files = &mut rules.entry(rule).or_default().files;
                if files.last() != Some(&name) {
                    files.push(name.clone());
                }
            }
        }
        for (sentence, below) in sentences(code) {
            let cites = ids(&sentence);
            let Some(told) = told(&sentence, cites.len(), below.as_deref()) else { continue };
            for rule in &cites {
                let kept = &mut rules.entry(*rule).or_default().sentences;
                if !kept.iter().any(|(_, sentence)| *sentence == told.1) {
                    kept.push(told.clone());
                }
            }
        }
    }
    rules
}

/// The rules that are out of scope, with the reason: rows of a table in ARCHITECTURE.md.
pub(crate) fn out_of_scope() -> BTreeMap<Rule, String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let section = text.split("## Rules out of scope").nth(1).unwrap_or_default();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    rows.flat_map(|(rules, why)| ids(rules).into_iter().map(move |rule| (rule, why.to_owned())))
        .collect()
}

/// The ids in a text: a letter of a family and one to three digits, standing alone.
pub(crate) fn ids(text: &str) -> Vec<Rule> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter_map(id).collect()
}

fn id(word: &str) -> Option<Rule> {
    let letter = word.chars().next().filter(|letter| "KAZGR".contains(*letter))?;
    let digits = word.get(1..).filter(|digits| (1..=3).contains(&digits.len()))?;
    Some((letter, digits.parse().ok()?))
}

/// The sentences of the comments, each with the name of what stands below its comment.
fn sentences(code: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in code.lines().map(str::trim) {
        let text =
            line.strip_prefix("///").or(line.strip_prefix("//!")).or(line.strip_prefix("//"));
        if let Some(text) = text {
            let text = text.trim();
            let ends = text.is_empty() || text.starts_with(['-', '#', '|', '`']);
            comment.push_str(if ends { "\n" } else { " " });
            comment.push_str(text);
            continue;
        }
        if line.starts_with("#[") {
            continue;
        }
        if !comment.is_empty() {
            let below = name(line);
            for paragraph in comment.lines() {
                found
                    .extend(split(paragraph).into_iter().map(|sentence| (sentence, below.clone())));
            }
            comment.clear();
        }
    }
    found
}

/// At full stops that end a sentence: not within brackets or code.
fn split(paragraph: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let (mut sentence, mut depth, mut code) = (String::new(), 0_i32, false);
    let mut letters = paragraph.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '`' => code = !code,
            '(' if !code => depth += 1,
            ')' if !code => depth -= 1,
            _ => {}
        }
        sentence.push(letter);
        let ends = letter == '.' && !code && depth <= 0;
        if ends && letters.peek().is_none_or(|next| *next == ' ') {
            sentences.push(std::mem::take(&mut sentence).trim().to_owned());
        }
    }
    sentences.push(sentence.trim().to_owned());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// A sentence that says something; one of ids alone (`K16.`) says it with the name below it.
fn told(sentence: &str, cites: usize, below: Option<&str>) -> Option<(usize, String)> {
    let words = sentence.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let says = words.filter(|word| id(word).is_none() && !["and", "to"].contains(word)).count() > 1;
    if says {
        let said = [": ", ", ", "; "].iter().find_map(|mark| {
            sentence.split_once(mark).filter(|(head, _)| only_ids(head)).map(|(_, said)| said)
        });
        return Some((cites, without_own_brackets(&capital(said.unwrap_or(sentence)))));
    }
    below.map(|name| (cites + NAME_ALONE, format!("`{name}`")))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `... (K16, K17).` needs no brackets in a table by rule.
fn without_own_brackets(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    while let Some(start) = text.find(" (") {
        let Some(length) = text.get(start..).and_then(|rest| rest.find(')')) else { break };
        let inside = text.get(start + 2..start + length).unwrap_or_default();
        if !only_ids(inside) {
            break;
        }
        text.replace_range(start..=start + length, "");
    }
    text
}

/// `K16, K17` or `K16 to K21`.
fn only_ids(text: &str) -> bool {
    let mut words = text.split([',', ' ']).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| id(word).is_some() || word == "to" || word == "and")
}

/// The name of an item or a member.
fn name(line: &str) -> Option<String> {
    let line = line
        .trim_start_matches("pub")
        .trim_start_matches("(crate)")
        .trim_start_matches("(super)")
        .trim_start();
    let rest = ["fn ", "const ", "struct ", "enum ", "static ", "type "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (name.len() > 2).then_some(name)
}
