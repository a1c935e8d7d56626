//! What keeps the API server from starting with a file that decodes (R20 to R24).
//!
//! Source: `k8s.io/apiserver/pkg/apis/apiserver/validation/validation.go`, in its order.

use std::collections::HashSet;

use super::config::{over_claims, over_user};
use super::document::Refusal;
use super::schema::At;
use crate::cel::{CompileError, Program, Type};
use crate::document::Node;
use crate::go::{is_dns_subdomain, quoted};
use crate::go_url;

/// At most this many authenticators.
const MOST: usize = 64;
const EMAIL: &str = "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const PATH: &str = r"Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+')";

/// All field errors, in the API server's order.
#[derive(Debug, Default)]
pub(super) struct Errors(pub(super) Vec<Refusal>);

impl Errors {
    fn push(&mut self, at: &At<'_>, message: String) {
        self.0.push(Refusal { message, place: Some((at.range(), at.pointer.clone())) });
    }

    fn required(&mut self, at: &At<'_>, detail: &str) {
        let field = field(&at.pointer);
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        self.push(at, format!("{field}: Required value{detail}"));
    }

    fn invalid(&mut self, at: &At<'_>, value: &str, detail: &str) {
        let field = field(&at.pointer);
        self.push(at, format!("{field}: Invalid value: {}: {detail}", quoted(value)));
    }

    fn duplicate(&mut self, at: &At<'_>, value: &str) {
        let field = field(&at.pointer);
        self.push(at, format!("{field}: Duplicate value: {}", quoted(value)));
    }
}

/// `/jwt/0/issuer` as the API server names it: `jwt[0].issuer`.
fn field(pointer: &str) -> String {
    let mut field = String::new();
    for step in pointer.split('/').skip(1) {
        match step.parse::<usize>() {
            Ok(index) => field.push_str(&format!("[{index}]")),
            Err(_) if field.is_empty() => field.push_str(step),
            Err(_) => field.push_str(&format!(".{step}")),
        }
    }
    field
}

/// What is wrong with the file; nothing: the API server starts.
pub(super) fn validate(node: &Node, own_issuers: &[String]) -> Vec<Refusal> {
    let root = At::root(node);
    let mut errors = Errors::default();
    let authenticators = root.child("jwt").elements();
    if authenticators.len() > MOST {
        let message =
            format!("jwt: Too many: {}: must have at most {MOST} items", authenticators.len());
        errors.push(&root.child("jwt"), message);
        return errors.0;
    }
    let (mut issuers, mut discovery_urls) = (HashSet::new(), HashSet::new());
    for one in &authenticators {
        authenticator(&mut errors, one);
        let url = one.child("issuer").child("url");
        if !issuers.insert(url.text()) {
            errors.duplicate(&url, url.text());
        }
        let discovery = one.child("issuer").child("discoveryURL");
        if !discovery.text().is_empty() && !discovery_urls.insert(discovery.text()) {
            errors.duplicate(&discovery, discovery.text());
        }
    }
    anonymous(&mut errors, &root.child("anonymous"));
    if errors.0.is_empty() {
        overlaps(&mut errors, &authenticators, own_issuers);
    }
    errors.0
}

/// R20: found only when the authenticators are made, so without `jwt[0]`.
fn overlaps(errors: &mut Errors, authenticators: &[At<'_>], own_issuers: &[String]) {
    let mut sorted: Vec<&str> = own_issuers.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    for one in authenticators {
        let url = one.child("issuer").child("url");
        if sorted.contains(&url.text()) {
            let message = format!(
                "issuer.url: Invalid value: {}: URL must not overlap with disallowed issuers: [{}]",
                quoted(url.text()),
                sorted.join(" ")
            );
            errors.push(&url, message);
            return;
        }
    }
}

fn anonymous(errors: &mut Errors, at: &At<'_>) {
    let conditions = at.child("conditions");
    let elements = conditions.elements();
    if at.child("enabled").switch() || elements.is_empty() {
        return;
    }
    let paths: Vec<String> = elements
        .iter()
        .map(|one| serde_json::json!({ "Path": one.child("path").text() }).to_string())
        .collect();
    let message = format!(
        "anonymous.conditions: Invalid value: [{}]: enabled should be set to true when conditions are defined",
        paths.join(",")
    );
    errors.push(&conditions, message);
}

/// What the email rule needs to know (R23).
#[derive(Default)]
struct Email {
    used: bool,
    verified: bool,
}

fn authenticator(errors: &mut Errors, at: &At<'_>) {
    let mut email = Email::default();
    issuer(errors, &at.child("issuer"));
    claim_rules(errors, &at.child("claimValidationRules"), &mut email);
    claim_mappings(errors, &at.child("claimMappings"), &mut email);
    user_rules(errors, &at.child("userValidationRules"));
}

fn issuer(errors: &mut Errors, at: &At<'_>) {
    let url = at.child("url");
    match url.text() {
        "" => errors.required(&url, ""),
        text => judge_url(errors, &url, text),
    }
    let discovery = at.child("discoveryURL");
    if !discovery.text().is_empty() {
        let trimmed = |text: &str| text.trim_end_matches('/').to_owned();
        if !url.text().is_empty() && trimmed(url.text()) == trimmed(discovery.text()) {
            errors.invalid(&discovery, discovery.text(), "discoveryURL must be different from URL");
        }
        judge_url(errors, &discovery, discovery.text());
    }
    audiences(errors, at);
    let authority = at.child("certificateAuthority");
    if let Some(problem) =
        Some(authority.text()).filter(|text| !text.is_empty()).and_then(certificates)
    {
        errors.invalid(&authority, "<omitted>", &problem);
    }
    let egress = at.child("egressSelectorType");
    if !matches!(egress.text(), "" | "controlplane" | "cluster") {
        let detail = "egress selector must be either controlplane or cluster";
        errors.invalid(&egress, egress.text(), detail);
    }
}

fn judge_url(errors: &mut Errors, at: &At<'_>, text: &str) {
    let url = match go_url::parse(text) {
        Ok(url) => url,
        Err(problem) => return errors.invalid(at, text, &problem),
    };
    if url.scheme != "https" {
        errors.invalid(at, text, "URL scheme must be https");
    }
    let authority = text
        .split(['?', '#'])
        .next()
        .and_then(|before| before.split_once("//"))
        .map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    if authority.is_some_and(|authority| authority.contains('@')) {
        errors.invalid(at, text, "URL must not contain a username or password");
    }
    if !url.query.is_empty() {
        errors.invalid(at, text, "URL must not contain a query");
    }
    if !url.fragment.is_empty() {
        errors.invalid(at, text, "URL must not contain a fragment");
    }
}

/// R21.
fn audiences(errors: &mut Errors, issuer: &At<'_>) {
    let at = issuer.child("audiences");
    let audiences = at.elements();
    if audiences.is_empty() {
        let detail = format!("at least one {} is required", field(&at.pointer));
        return errors.required(&at, &detail);
    }
    let mut seen = HashSet::new();
    for audience in &audiences {
        if audience.text().is_empty() {
            errors.required(audience, "");
        }
        if !seen.insert(audience.text()) {
            errors.duplicate(audience, audience.text());
        }
    }
    let policy = issuer.child("audienceMatchPolicy");
    let detail = match (audiences.len(), policy.text()) {
        (_, "MatchAny") | (1, "") => return,
        (1, _) => "audienceMatchPolicy must be empty or MatchAny for single audience",
        _ => "audienceMatchPolicy must be MatchAny for multiple audiences",
    };
    errors.invalid(&policy, policy.text(), detail);
}

/// `cert.NewPoolFromBytes`: every block must be a certificate that parses, and there must be one.
fn certificates(text: &str) -> Option<String> {
    use base64::Engine as _;
    use x509_cert::der::Decode as _;
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let (mut rest, mut found) = (text, false);
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let Some((body, next)) = after.split_once(END) else { break };
        let solid: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(solid).unwrap_or_default();
        if x509_cert::Certificate::from_der(&der).is_err() {
            return Some("x509: malformed certificate".into());
        }
        (rest, found) = (next, true);
    }
    (!found).then(|| "data does not contain any valid RSA or ECDSA certificates".to_owned())
}

/// R22.
fn claim_rules(errors: &mut Errors, at: &At<'_>, email: &mut Email) {
    let (mut claims, mut expressions) = (HashSet::new(), HashSet::new());
    for rule in at.elements() {
        let (claim, expression) = (rule.child("claim"), rule.child("expression"));
        match (claim.text(), expression.text()) {
            ("", "") => errors.required(&rule, "claim or expression is required"),
            (name, "") => {
                let message = rule.child("message");
                if !message.text().is_empty() {
                    let detail = "may not be specified when claim is set";
                    errors.invalid(&message, message.text(), detail);
                }
                if !claims.insert(name) {
                    errors.duplicate(&claim, name);
                }
            }
            ("", text) => {
                let required = rule.child("requiredValue");
                if !required.text().is_empty() {
                    let detail = "may not be specified when expression is set";
                    errors.invalid(&required, required.text(), detail);
                }
                if !expressions.insert(text) {
                    errors.duplicate(&expression, text);
                    continue;
                }
                if let Some(program) = compiled(errors, &expression, over_claims, true) {
                    email.verified |= program.selects("claims", "email_verified");
                }
            }
            (name, _) => errors.invalid(&rule, name, "claim and expression can't both be set"),
        }
    }
}

/// An expression; `boolean`: it must be one by its type.
fn compiled(
    errors: &mut Errors,
    at: &At<'_>,
    compile: fn(&str) -> Result<Program, CompileError>,
    boolean: bool,
) -> Option<Program> {
    match compile(at.text()) {
        Ok(program) if boolean && program.output != Type::Bool => {
            errors.invalid(at, at.text(), "must evaluate to bool");
            None
        }
        Ok(program) => Some(program),
        Err(error @ CompileError::Instantiation(_)) => {
            let field = field(&at.pointer);
            errors.push(at, format!("{field}: Internal error: {}", error.print(at.text())));
            None
        }
        Err(error) => {
            errors.invalid(at, at.text(), &error.print(at.text()));
            None
        }
    }
}

/// R23.
fn claim_mappings(errors: &mut Errors, at: &At<'_>, email: &mut Email) {
    let username = at.child("username");
    if let Some(program) = prefixed(errors, &username, true) {
        email.used |= program.selects("claims", "email");
        email.verified |= program.selects("claims", "email_verified");
    }
    prefixed(errors, &at.child("groups"), false);
    let uid = at.child("uid");
    match (uid.child("claim").text(), uid.child("expression").text()) {
        (_, "") => {}
        ("", _) => {
            compiled(errors, &uid.child("expression"), over_claims, false);
        }
        _ => errors.invalid(&uid, "", "claim and expression can't both be set"),
    }
    extra(errors, &at.child("extra"), email);
    if email.used && !email.verified {
        let expression = username.child("expression");
        errors.invalid(&expression, expression.text(), EMAIL);
    }
}

fn prefixed(errors: &mut Errors, at: &At<'_>, needed: bool) -> Option<Program> {
    let (claim, expression) = (at.child("claim"), at.child("expression"));
    let prefix = at.child("prefix");
    match (claim.text(), expression.text()) {
        ("", "") => {
            if needed {
                errors.required(at, "claim or expression is required");
            }
            None
        }
        (_, "") => {
            if prefix.optional_text().is_none() {
                let detail = "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
                errors.required(&prefix, detail);
            }
            None
        }
        ("", _) => {
            let before = errors.0.len();
            if let Some(text) = prefix.optional_text() {
                errors.invalid(&prefix, text, "may not be specified when expression is set");
            }
            let program = compiled(errors, &expression, over_claims, false);
            program.filter(|_| errors.0.len() == before)
        }
        _ => {
            errors.invalid(at, "", "claim and expression can't both be set");
            None
        }
    }
}

fn extra(errors: &mut Errors, at: &At<'_>, email: &mut Email) {
    let mut seen = HashSet::new();
    for one in at.elements() {
        let key = one.child("key");
        domain_prefixed(errors, &key);
        if key.text() != key.text().to_lowercase() {
            errors.invalid(&key, key.text(), "must be lowercase");
        }
        let domain = key.text().split_once('/').map_or("", |(domain, _)| domain);
        let reserved = ["kubernetes.io", "k8s.io"]
            .iter()
            .any(|name| domain == *name || domain.ends_with(&format!(".{name}")));
        if reserved {
            let detail =
                "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use";
            errors.invalid(&key, key.text(), detail);
        }
        if !seen.insert(key.text()) {
            errors.duplicate(&key, key.text());
            continue;
        }
        let expression = one.child("valueExpression");
        if expression.text().is_empty() {
            errors.required(&expression, "");
            continue;
        }
        if let Some(program) = compiled(errors, &expression, over_claims, false) {
            email.verified |= program.selects("claims", "email_verified");
        }
    }
}

/// `IsDomainPrefixedPath`.
fn domain_prefixed(errors: &mut Errors, at: &At<'_>) {
    let key = at.text();
    if key.is_empty() {
        return errors.required(at, "");
    }
    let Some((host, path)) = key.split_once('/').filter(|(a, b)| !a.is_empty() && !b.is_empty())
    else {
        let detail = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return errors.invalid(at, key, detail);
    };
    if host.len() > 253 {
        errors.invalid(at, host, "must be no more than 253 characters");
    }
    if !host.split('.').all(is_dns_subdomain) {
        errors.invalid(at, host, SUBDOMAIN);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    if !path.chars().all(fits) {
        errors.invalid(at, path, PATH);
    }
}

/// R24.
fn user_rules(errors: &mut Errors, at: &At<'_>) {
    let mut seen = HashSet::new();
    for rule in at.elements() {
        let expression = rule.child("expression");
        if expression.text().is_empty() {
            errors.required(&expression, "");
        } else if !seen.insert(expression.text()) {
            errors.duplicate(&expression, expression.text());
        } else {
            compiled(errors, &expression, over_user, true);
        }
    }
}
