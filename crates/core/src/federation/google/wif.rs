//! A provider of a workload identity pool, from the request to the principal (G19 to G32).

use serde_json::{Map, Value};

use super::mapping::{self, Failed, Mapped};
use super::member::{Federated, PoolMember};
use super::policy::Policy;
use super::provider::{Provider, Refusal};
use super::{exchange, fix_provider, impersonate, reach};
use crate::document::{Node, Text, parse_document};
use crate::federation::{
    Breadth, FederationOutcome, GcpWifFacts, Grant, Ladder, Reach, ReachSubject, Subject, System,
};
use crate::time::UnixTime;
use crate::trace::{Finding, ProviderError, Severity, Status, Verdict};

const SYSTEM: System = System::GcpWif;

/// The `gcp-wif` column.
pub(crate) fn evaluate(
    text: &Text<'_>,
    facts: &GcpWifFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let run = |text: &Text<'_>| run(text, facts, subject, now);
    let outcome = run(text);
    let fixes = fix_provider::propose(text, &outcome, subject, &run);
    FederationOutcome { fixes, ..outcome }
}

fn run(
    text: &Text<'_>,
    facts: &GcpWifFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let provider = match Provider::read(text) {
        Ok(provider) => provider,
        Err(refusals) => return rejected(text, &refusals),
    };
    let mut ladder = Ladder::new(SYSTEM);
    let config = facts.credential_config.as_deref().map(parse_document);
    let audience = asked_audience(facts, config.as_ref(), &provider);
    let mut grant = None;
    if subject.is_nobody() {
        let check = ladder.check("format", Status::Unknown, "there is no token to judge");
        ladder.push(check.hint("paste the pod's token"));
    } else {
        exchange::request(&mut ladder, audience.as_deref(), provider.name.as_ref());
        if let Some(config) = &config {
            credential_file(&mut ladder, config.as_ref().ok(), facts);
        }
        exchange::provider(&mut ladder, &provider, facts, audience.as_deref());
        exchange::format(&mut ladder, subject);
        grant = tokens(&mut ladder, text, &provider, facts, subject, now);
    }
    let verdict = ladder.verdict();
    let title = provider.name.as_ref().map_or_else(
        || SYSTEM.title().to_owned(),
        |name| name.whole.rsplit('/').next().unwrap_or_default().to_owned(),
    );
    FederationOutcome {
        document: text.index,
        grant: grant.filter(|_| verdict == Verdict::Allow),
        reach: reach_of(&provider, facts),
        findings: findings(
            text,
            &provider,
            facts,
            config.as_ref().and_then(|one| one.as_ref().ok()),
        ),
        ..ladder.conclude(title)
    }
}

fn rejected(text: &Text<'_>, refusals: &[Refusal]) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    for refusal in refusals {
        let check = ladder.check("document", Status::Fail, refusal.message.clone());
        ladder.push(check.at(refusal.span.clone()).rule(refusal.rule));
    }
    let message = refusals.first().map(|first| first.message.clone()).unwrap_or_default();
    FederationOutcome {
        document: text.index,
        verdict: Verdict::Unknown,
        rejected: Some(ProviderError::known("", message).status(400).likely()),
        ..ladder.conclude(SYSTEM.title())
    }
}

/// G25: of the request, else of the credential file, else the provider's name.
fn asked_audience<E>(
    facts: &GcpWifFacts,
    config: Option<&Result<Node, E>>,
    provider: &Provider,
) -> Option<String> {
    let of_file = config
        .and_then(|config| config.as_ref().ok())
        .and_then(|config| config.get("audience"))
        .and_then(Node::as_str);
    facts.request_audience.clone().or_else(|| of_file.map(str::to_owned)).or_else(|| {
        provider.name.as_ref().map(|name| format!("//iam.googleapis.com/{}", name.whole))
    })
}

/// G32: the `external_account` file that libraries read.
fn credential_file(ladder: &mut Ladder, config: Option<&Node>, facts: &GcpWifFacts) {
    let text = |path: &[&str]| config.and_then(|config| config.at(path)).and_then(Node::as_str);
    let types =
        ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
    let url = text(&["service_account_impersonation_url"]);
    let account = facts.impersonate.as_ref().map(|wanted| wanted.email.as_str());
    let problem = match () {
        () if config.is_none() => Some("the credential file is no JSON"),
        () if text(&["type"]) != Some("external_account") => {
            Some("`type` must be \"external_account\"")
        }
        () if !text(&["subject_token_type"]).is_some_and(|kind| types.contains(&kind)) => {
            Some("`subject_token_type` must end in :jwt or :id_token")
        }
        () if text(&["token_url"]) != Some("https://sts.googleapis.com/v1/token") => {
            Some("`token_url` must be https://sts.googleapis.com/v1/token")
        }
        () if text(&["credential_source", "file"]).is_none()
            && text(&["credential_source", "url"]).is_none() =>
        {
            Some("`credential_source.file` must name the token's file")
        }
        () if text(&["credential_source", "format", "type"]) == Some("json")
            && text(&["credential_source", "format", "subject_token_field_name"]).is_none() =>
        {
            Some("a source in JSON needs `subject_token_field_name`")
        }
        () if url.zip(account).is_some_and(|(url, account)| {
            !url.ends_with(&format!("/serviceAccounts/{account}:generateAccessToken"))
        }) =>
        {
            Some("`service_account_impersonation_url` names another service account")
        }
        () => None,
    };
    let (status, title) = match problem {
        None => (Status::Pass, "the credential file is complete"),
        Some(problem) => (Status::Warn, problem),
    };
    ladder.push(ladder.check("request/credential-file", status, title).rule("G32"));
}

/// From the claims on.
fn tokens(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    facts: &GcpWifFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> Option<Grant> {
    let claims = subject.claims()?;
    exchange::issuer(ladder, text, provider, claims);
    exchange::audience(ladder, text, provider, claims);
    exchange::algorithm(ladder, subject);
    exchange::time(ladder, claims, now);
    exchange::keys(ladder, text, provider, facts, subject);
    let mapped = map(ladder, text, provider, claims.0)?;
    condition(ladder, text, provider, claims.0, &mapped);
    let name = provider.name.as_ref();
    let identity = Federated {
        number: name.map(|name| name.project.clone()),
        pool: name.map(|name| name.pool.clone()).unwrap_or_default(),
        principals: vec![format!("subject/{}", mapped.subject())],
        sets: mapped.sets(),
        legacy: None,
    };
    let principal = match &facts.impersonate {
        Some(wanted) => {
            impersonate::judge(ladder, wanted, &identity, now);
            format!("serviceAccount:{}", wanted.email)
        }
        None => {
            let title = "no service account is impersonated: the principal acts itself";
            let check = ladder.check("impersonation", Status::Skip, title).rule("G31");
            ladder.push(check.hint("not every API takes a federated token; those that do not answer 401: impersonate a service account then"));
            identity.principal()
        }
    };
    let mut detail = Map::new();
    detail.insert("mapped".into(), Value::Object(mapped.values.clone()));
    detail.insert("principalSets".into(), reach::shown(&identity));
    Some(Grant { principal, expires_at: None, detail })
}

fn map(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    claims: &Map<String, Value>,
) -> Option<Mapped> {
    let result = mapping::mapped(provider, claims);
    let at = provider.mapping.first().map(|mapping| mapping.expression.at.span(text));
    let check = match &result {
        Ok(mapped) => ladder
            .check("mapping", Status::Pass, "the claims give a subject")
            .actual(Value::Object(mapped.values.clone())),
        // G30: `assertions` is a misprint of one page.
        Err(Failed::Because(message) | Failed::TooLarge(message)) => ladder
            .check("mapping", Status::Fail, message.clone())
            .hint("the claims are `assertion`; a claim that the token lacks is an error"),
        Err(Failed::Unknown(what)) => {
            ladder.check("mapping", Status::Unknown, format!("podpass does not model {what}"))
        }
    };
    ladder.judge(check.at(at).rule("G23"), || match &result {
        Err(Failed::TooLarge(message)) => exchange::refused("invalid_request", message.clone()),
        Err(Failed::Because(message)) => exchange::unknown_text(message.clone()),
        _ => exchange::unknown_text(""),
    });
    result.ok()
}

/// G24: absent, every valid token is accepted.
fn condition(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    claims: &Map<String, Value>,
    mapped: &Mapped,
) {
    let Some(condition) = &provider.condition else {
        let title = "the provider has no condition";
        return ladder.push(ladder.check("condition", Status::Pass, title).rule("G23"));
    };
    let result = mapping::holds(condition, claims, mapped);
    let check = match &result {
        Ok(true) => ladder.check("condition", Status::Pass, "the condition holds"),
        Ok(false) => ladder.check("condition", Status::Fail, "the condition does not hold"),
        Err(Failed::Because(message) | Failed::TooLarge(message)) => {
            ladder.check("condition", Status::Fail, message.clone()).hint(
                "a name that is not mapped is not there; neither is a claim that the token lacks",
            )
        }
        Err(Failed::Unknown(what)) => {
            ladder.check("condition", Status::Unknown, format!("podpass does not model {what}"))
        }
    };
    let check = check.expected(condition.at.text.as_str()).at(condition.at.span(text)).rule("G24");
    ladder.judge(check, || match &result {
        Err(Failed::Because(message)) => exchange::unknown_text(message.clone()),
        _ => exchange::refused(
            "unauthorized_client",
            "The given credential is rejected by the attribute condition.",
        ),
    });
}

fn reach_of(provider: &Provider, facts: &GcpWifFacts) -> Reach {
    let impersonated = facts
        .impersonate
        .as_ref()
        .and_then(|wanted| wanted.policy.as_deref())
        .and_then(|text| Policy::read(text).ok());
    if let Some(policy) = impersonated {
        return reach::of(&policy);
    }
    let issuer = &provider.issuer.text;
    let meaning = match &provider.condition {
        None => format!("every token of {issuer} for this provider"),
        Some(_) => format!("tokens of {issuer} that meet the condition"),
    };
    let pattern = provider.condition.as_ref().map_or("*", |condition| condition.at.text.as_str());
    let subject = ReachSubject { pattern: pattern.to_owned(), meaning };
    Reach { subjects: vec![subject], breadth: Breadth::Cluster, admitted: None }
}

fn findings(
    text: &Text<'_>,
    provider: &Provider,
    facts: &GcpWifFacts,
    config: Option<&Node>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if provider.condition.is_none() {
        findings.push(
            Finding::new(
                "gcp-wif-no-condition",
                Severity::Info,
                "Every pod of the cluster gets into the pool",
                "Without a condition every valid token of the issuer is exchanged; what it may do then hangs on bindings alone",
            )
            .at(provider.issuer.span(text))
            .rule("G23"),
        );
    }
    let lone_number = provider.mapping.iter().find(|mapping| {
        mapping.expression.at.text.contains("string(assertion.exp)")
            || mapping.expression.at.text.contains("string(assertion.iat)")
    });
    if let Some(mapping) = lone_number {
        findings.push(
            Finding::new(
                "gcp-wif-number-as-text",
                Severity::Warning,
                "Numbers of a token are doubles",
                "string() of a claim that is a number gives it with an exponent: 1.76e+09. Convert it with int() first",
            )
            .at(mapping.expression.at.span(text))
            .rule("G37"),
        );
    }
    if let Some(audience) = config.and_then(|config| config.get("audience")).and_then(Node::as_str)
        && audience.starts_with("https:")
    {
        findings.push(
            Finding::new(
                "gcp-wif-request-audience",
                Severity::Error,
                "The request's audience has no scheme",
                "The credential file's `audience` begins with //iam.googleapis.com/; only the token's own begins with https:",
            )
            .rule("G25"),
        );
    }
    let policy = facts.impersonate.as_ref().and_then(|wanted| wanted.policy.as_deref());
    if let Some(policy) = policy.and_then(|text| Policy::read(text).ok()) {
        findings.extend(members(provider, &policy));
    }
    findings
}

/// G28: attributes have to be mapped, and stand alone.
fn members(provider: &Provider, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in policy.bindings.iter().flat_map(|binding| &binding.members) {
        let Some(parsed) = PoolMember::parse(&member.text).filter(|parsed| parsed.set) else {
            continue;
        };
        let Some((attribute, value)) = parsed.rest.split_once('/') else { continue };
        if !attribute.starts_with("attribute.") {
            continue;
        }
        if !provider.mapping.iter().any(|mapping| mapping.attribute == attribute) {
            findings.push(
                Finding::new(
                    "gcp-wif-attribute-not-mapped",
                    Severity::Error,
                    "A binding names an attribute that is not mapped",
                    format!(
                        "{} can match nobody: the provider does not map {attribute}",
                        member.text
                    ),
                )
                .rule("G28"),
            );
        } else if value.contains("/attribute.") {
            findings.push(
                Finding::new(
                    "gcp-wif-chained-attributes",
                    Severity::Error,
                    "A principalSet names one attribute only",
                    format!("everything after {attribute}/ is its value, also {value:?}: map one attribute that holds both"),
                )
                .rule("G28"),
            );
        }
    }
    findings
}
