//! A report as Markdown for a ticket. The token is redacted: its signature is left out.

use std::fmt::Write as _;

use super::Report;
use crate::trace::{Check, Finding, Severity, Status, Verdict};

/// Markdown for a ticket; no text in it is a usable token.
///
/// # Examples
///
/// ```
/// use podpass::{ExplainInput, explain, report_to_markdown};
///
/// let input = ExplainInput { token: Some("abc".into()), ..ExplainInput::default() };
/// let markdown = report_to_markdown(&explain(&input));
/// assert!(markdown.starts_with("# podpass report\n"));
/// ```
pub fn report_to_markdown(report: &Report) -> String {
    let mut out = String::from("# podpass report\n\n");
    line(&mut out, &format!("{}\n\nAs of {}.", text(&report.summary), report.now));
    if let Some(token) = &report.token {
        heading(&mut out, "Token");
        if let Some(compact) = &token.compact {
            let redacted: Vec<&str> = compact.split('.').take(2).collect();
            line(&mut out, &format!("```\n{}.REDACTED\n```", redacted.join(".")));
        }
        checks(&mut out, &token.checks);
    }
    if !report.verification.is_empty() {
        heading(&mut out, "Verification");
        checks(&mut out, &report.verification);
    }
    for outcome in &report.federation {
        let verdict = match outcome.verdict {
            Verdict::Allow => "admitted",
            Verdict::Deny => "refused",
            Verdict::Unknown => "cannot be known",
        };
        heading(&mut out, &format!("{}: {verdict}", text(&outcome.title)));
        if let Some(error) = outcome.error.as_ref().or(outcome.rejected.as_ref()) {
            let code =
                if error.code.is_empty() { String::new() } else { format!("{}: ", error.code) };
            line(&mut out, &format!("> {}{}", code, text(&error.message)));
        }
        checks(&mut out, &outcome.checks);
        findings(&mut out, &outcome.findings);
    }
    for pod in &report.pods {
        heading(
            &mut out,
            &format!(
                "{} {}/{}",
                pod.workload.kind,
                text(&pod.workload.namespace),
                text(&pod.workload.name)
            ),
        );
        if let Some(rejected) = &pod.rejected {
            line(&mut out, &format!("> {}: {}", rejected.code, text(&rejected.message)));
        }
        for token in &pod.tokens {
            let audience = token.audience.as_deref().unwrap_or("the API server");
            let _ = writeln!(
                out,
                "- `{}` for {}, {} s",
                text(&token.volume),
                text(audience),
                token.expiration_seconds
            );
        }
        findings(&mut out, &pod.findings);
    }
    findings(&mut out, &report.findings);
    out
}

fn heading(out: &mut String, title: &str) {
    let _ = write!(out, "\n## {title}\n\n");
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}");
}

fn checks(out: &mut String, checks: &[Check]) {
    if checks.is_empty() {
        return;
    }
    out.push_str("\n| | check | expected | found | rule |\n|---|---|---|---|---|\n");
    for check in checks {
        let mark = match check.status {
            Status::Pass => "pass",
            Status::Fail => "**FAIL**",
            Status::Warn => "warn",
            Status::Skip => "skip",
            Status::Unknown => "unknown",
        };
        let cell = |value: &Option<serde_json::Value>| {
            value.as_ref().map(|value| code(&value.to_string())).unwrap_or_default()
        };
        let _ = writeln!(
            out,
            "| {mark} | {} | {} | {} | {} |",
            text(&check.title),
            cell(&check.expected),
            cell(&check.actual),
            check.rule.as_deref().unwrap_or_default()
        );
    }
}

fn findings(out: &mut String, findings: &[Finding]) {
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Info => "info",
            Severity::Security => "security",
            Severity::Warning => "warning",
        };
        let _ = writeln!(out, "- {severity} `{}`: {}", finding.code, text(&finding.title));
    }
}

/// What came from the input must not become Markdown or HTML.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '<' | '>' | '*' | '_' | '[' | ']' | '#' | '\\' => {
                safe.push('\\');
                safe.push(character);
            }
            '\n' | '\r' => safe.push(' '),
            character if character.is_control() => {}
            character => safe.push(character),
        }
    }
    safe
}

/// As a code span within a table cell.
fn code(value: &str) -> String {
    let inner: String = value.chars().filter(|character| !character.is_control()).collect();
    format!("`{}`", inner.replace('`', "'").replace('|', "\\|"))
}
