//! Lints of a condition's values (A62-A66, A73, A91, A95, A115).

use std::net::IpAddr;

use super::super::compare::{Compare, Network};
use super::super::policy::{Condition, Item};
use super::super::variables::{self, Flaw, Piece};
use super::{Lint, Severity, after_prefix};

pub(super) fn check(lint: &mut Lint<'_>, condition: &Condition) {
    list(lint, condition);
    for value in &condition.values {
        variable(lint, condition, value);
        wildcard(lint, condition, value);
        kind(lint, condition, value);
        address(lint, condition, value);
        identifier(lint, condition, value);
    }
}

/// A62, A73, and Access Analyzer's suggestions about lists.
fn list(lint: &mut Lint<'_>, condition: &Condition) {
    let place = &condition.place;
    if condition.values.is_empty() {
        let title = format!("`{}` lists no value", condition.key.text.escape_debug());
        let detail = match (condition.operator.set, condition.operator.if_exists) {
            (Some(super::super::condition::Set::Any), _) => {
                "ForAnyValue without values never holds."
            }
            (Some(_), _) | (None, true) => "Without values it holds only where the key is absent.",
            (None, false) => {
                "AWS' texts contradict each other on what an empty list does; podpass takes it to hold for nobody."
            }
        };
        lint.add("condition-without-values", Severity::Warning, "A73", place, title, detail);
    }
    if condition.mixed {
        let title = "Values of different JSON types in one list";
        let detail = "Write all of them as texts.";
        lint.add("values-of-mixed-types", Severity::Error, "A62", place, title, detail);
    }
    if condition.operator.kind.compare == Compare::Bool && condition.values.len() > 1 {
        let title = "Several booleans under Bool";
        let detail = "true and false together hold of every value. Keep one.";
        lint.add("bool-of-several", Severity::Error, "A66", place, title, detail);
    }
    for (index, value) in condition.values.iter().enumerate() {
        if condition.values.iter().take(index).any(|other| other.text == value.text) {
            let title = format!("`{}` stands twice", value.text.escape_debug());
            lint.add("redundant-value", Severity::Info, "A60", &value.place, title, "One can go.");
        }
    }
}

/// A91, A95.
fn variable(lint: &mut Lint<'_>, condition: &Condition, value: &Item) {
    if !lint.policy.variables || !value.text.contains("${") {
        return;
    }
    if !condition.operator.kind.compare.takes_variables() {
        let title = format!("{} takes no policy variables", condition.operator_name);
        let detail = "They work under String and ARN operators only.";
        return lint.add(
            "variable-under-operator",
            Severity::Error,
            "A91",
            &value.place,
            title,
            detail,
        );
    }
    let Some(flaw) = variables::flaw(&value.text) else { return };
    let (title, detail) = match flaw {
        Flaw::NoBrace => ("A policy variable without its closing brace", "Write ${key}."),
        Flaw::Empty => ("A policy variable without a name", "Write ${key}."),
        Flaw::NoQuote => (
            "The default of a policy variable is not in single quotes",
            "Write ${key, 'default'}: a comma, one space, single quotes.",
        ),
        Flaw::Space => ("A space in the name of a policy variable", "Write ${key}."),
    };
    lint.add("variable-malformed", Severity::Error, "A95", &value.place, title, detail);
}

/// A115.
fn wildcard(lint: &mut Lint<'_>, condition: &Condition, value: &Item) {
    let Compare::Text { like: false, .. } = condition.operator.kind.compare else { return };
    let own = |piece: &Piece<'_>| matches!(piece, Piece::Text(text) if text.contains(['*', '?']));
    let has_wildcard = match lint.policy.variables {
        true => variables::pieces(&value.text).iter().any(own),
        false => value.text.contains(['*', '?']),
    };
    if !has_wildcard {
        return;
    }
    let title = format!("A wildcard under {}", condition.operator_name);
    let detail = match condition.operator.kind.negated {
        true => "Here `*` and `?` are plain characters, so nothing is excluded. Use StringNotLike.",
        false => {
            "Here `*` and `?` are plain characters, so no subject matches. Use StringLike, or write the whole value."
        }
    };
    lint.add("wildcard-without-like", Severity::Error, "A115", &value.place, title, detail);
}

/// A64-A66: Access Analyzer's errors "type mismatch", and its warnings about dates and ARNs.
fn kind(lint: &mut Lint<'_>, condition: &Condition, value: &Item) {
    let compare = condition.operator.kind.compare;
    if value.text.contains("${") {
        return;
    }
    if !compare.takes(&value.text) {
        let title = format!(
            "`{}` is not what {} compares",
            value.text.escape_debug(),
            condition.operator_name
        );
        let detail = format!("It wants {}; this value matches nothing.", compare.wants());
        return lint.add(
            "value-of-wrong-type",
            Severity::Error,
            "A65",
            &value.place,
            title,
            detail,
        );
    }
    let is_year = value.text.len() == 4 && value.text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(compare, Compare::Date(_)) && is_year {
        let title = format!("`{}` counts as epoch seconds, not as a year", value.text);
        let detail = "Write the date as YYYY-MM-DD.";
        lint.add("date-ambiguous", Severity::Warning, "A65", &value.place, title, detail);
    }
    let is_arn_key = ["aws:SourceArn", "aws:PrincipalArn"]
        .iter()
        .any(|key| condition.key.text.eq_ignore_ascii_case(key));
    if matches!(compare, Compare::Text { like: true, .. }) && is_arn_key {
        let title = format!("{} on an ARN", condition.operator_name);
        let detail = "`*` runs over colons here. ArnLike compares the six parts one by one.";
        lint.add("string-like-on-arn", Severity::Security, "A64", &value.place, title, detail);
    }
}

/// A66: Access Analyzer's checks of addresses.
fn address(lint: &mut Lint<'_>, condition: &Condition, value: &Item) {
    if condition.operator.kind.compare != Compare::Ip {
        return;
    }
    let Some(network) = Network::parse(&value.text) else { return };
    if network.first() != network.address {
        let title = format!("The bits after /{} do not count", network.prefix);
        let detail = format!("Write {}/{}.", network.first(), network.prefix);
        lint.add("address-bits", Severity::Info, "A66", &value.place, title, detail);
    }
    let is_source = after_prefix(&condition.key.text, "aws:SourceIp").is_some_and(str::is_empty);
    if is_source && is_private(network.address) {
        let title = format!("`{}` is a private address", value.text);
        let detail = "aws:SourceIp is the public address that AWS sees. For calls through a VPC endpoint use aws:VpcSourceIp.";
        lint.add("private-address", Severity::Error, "A66", &value.place, title, detail);
    }
}

/// Access Analyzer's errors "invalid VPC format" and "invalid VPC endpoint format".
fn identifier(lint: &mut Lint<'_>, condition: &Condition, value: &Item) {
    let prefixes = [("aws:SourceVpc", "vpc-"), ("aws:SourceVpce", "vpce-")];
    let Some((_, prefix)) =
        prefixes.iter().find(|(key, _)| condition.key.text.eq_ignore_ascii_case(key))
    else {
        return;
    };
    let is_open = value.text.contains(['*', '?']) || value.text.contains("${");
    let fits = value.text.strip_prefix(prefix).is_some_and(|id| {
        matches!(id.len(), 8 | 17) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if !is_open && !fits {
        let title = format!("`{}` is no such identifier", value.text.escape_debug());
        let detail = format!("It is {prefix} followed by 8 or 17 letters and digits.");
        lint.add("value-of-wrong-type", Severity::Error, "A63", &value.place, title, detail);
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_private() || four.is_loopback() || four.is_link_local(),
        IpAddr::V6(six) => {
            six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local()
        }
    }
}
