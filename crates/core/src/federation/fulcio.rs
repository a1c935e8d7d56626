//! Sigstore's Fulcio: which issuers it knows, and the name that it puts into the certificate (R31 to R34).
//!
//! Source: github.com/sigstore/fulcio `pkg/config/config.go`, `pkg/identity/kubernetes`, `pkg/identity/spiffe`;
//! go-oidc v3 `oidc/verify.go`, read in November 2026.

use serde_json::{Value, json};

use super::{
    Breadth, FederationOutcome, Grant, Ladder, NoFacts, Reach, ReachSubject, Subject, System,
    signed,
};
use crate::algorithm::Algorithm;
use crate::check::audience::strict_audiences;
use crate::check::issuer::difference;
use crate::check::lifetime::go_date;
use crate::claims::Claims;
use crate::document::{Member, Node, Text, parse_document};
use crate::go::{quoted, quoted_list};
use crate::time::{UnixTime, duration};
use crate::trace::{Check, Finding, ProviderError, Severity, Status, Verdict};

const SYSTEM: System = System::Fulcio;
/// Seconds that `nbf` may lie ahead (go-oidc v3).
const LEEWAY: f64 = 300.0;
/// What the API answers, whatever the reason.
const ANSWER: &str = "There was an error processing the identity token";

/// R31: the reason is in Fulcio's log.
fn refused(message: impl Into<String>) -> ProviderError {
    ProviderError::known("", message)
        .status(400)
        .alternative(ANSWER, "what the API answers the client; the reason is in Fulcio's log")
}

/// An issuer, or a pattern of issuers.
#[derive(Debug)]
struct Issuer<'a> {
    url: &'a str,
    pattern: bool,
    client_id: &'a str,
    kind: &'a str,
    trust_domain: &'a str,
    member: &'a Member,
    pointer: String,
}

/// The member, by its name in JSON (in any case) or in YAML.
fn member<'a>(node: &'a Node, json: &str, yaml: &str) -> Option<&'a Member> {
    let fits = |member: &&Member| member.name.eq_ignore_ascii_case(json) || member.name == yaml;
    node.members().iter().rev().find(fits)
}

fn text<'a>(node: &'a Node, json: &str, yaml: &str) -> &'a str {
    member(node, json, yaml).and_then(|member| member.value.as_str()).unwrap_or_default()
}

/// R31: the exact ones before the patterns.
fn issuers(node: &Node) -> Vec<Issuer<'_>> {
    let mut issuers = Vec::new();
    for (json, yaml, pattern) in
        [("OIDCIssuers", "oidc-issuers", false), ("MetaIssuers", "meta-issuers", true)]
    {
        let Some(group) = member(node, json, yaml) else { continue };
        issuers.extend(group.value.members().iter().map(|member| Issuer {
            url: &member.name,
            pattern,
            client_id: text(&member.value, "ClientID", "client-id"),
            kind: text(&member.value, "Type", "type"),
            trust_domain: text(&member.value, "SPIFFETrustDomain", "spiffe-trust-domain"),
            member,
            pointer: format!(
                "/{}/{}",
                group.name,
                member.name.replace('~', "~0").replace('/', "~1")
            ),
        }));
    }
    issuers
}

impl Issuer<'_> {
    fn answers_for(&self, issuer: &str) -> bool {
        if self.pattern { matches(self.url, issuer) } else { self.url == issuer }
    }
}

/// R31: `*` stands for one or more of `[-_a-zA-Z0-9]`.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((literal, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(after) = text.strip_prefix(literal) else { return false };
    let most = after
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .count();
    (1..=most).any(|length| after.get(length..).is_some_and(|after| matches(rest, after)))
}

/// The `fulcio` column.
pub(crate) fn evaluate(
    source: &Text<'_>,
    _: NoFacts,
    subject: &Subject<'_>,
    now: UnixTime,
) -> FederationOutcome {
    let mut ladder = Ladder::new(SYSTEM);
    let node = match parse_document(source.text) {
        Ok(node) if node.is_object() => node,
        unreadable => return rejected(source, ladder, unreadable.err()),
    };
    let issuers = issuers(&node);
    if subject.is_nobody() {
        let check = ladder.check("format", Status::Unknown, "there is no token to judge");
        ladder.push(check.hint("paste the pod's token"));
    } else {
        signed::format(&mut ladder, subject, "R32", |problem| {
            refused(format!("oidc: malformed jwt: {problem}"))
        });
    }
    let mut principal = None;
    if let Some(claims) = subject.claims() {
        let picked = issuer(&mut ladder, source, &issuers, claims);
        if let Some(issuer) = picked {
            discovery(&mut ladder, claims);
            audience(&mut ladder, source, issuer, claims);
            time(&mut ladder, claims, now);
            keys(&mut ladder, subject);
            principal = name(&mut ladder, source, issuer, claims);
        }
    }
    let grant = principal.map(|principal| Grant {
        principal,
        expires_at: None,
        detail: subject
            .claims()
            .map(|claims| json!({ "issuer": claims.text("iss") }))
            .and_then(|detail| detail.as_object().cloned())
            .unwrap_or_default(),
    });
    let verdict = ladder.verdict();
    FederationOutcome {
        document: source.index,
        grant: grant.filter(|_| verdict == Verdict::Allow),
        reach: reach(&issuers),
        findings: findings(source, &issuers),
        ..ladder.conclude(SYSTEM.title())
    }
}

fn rejected(
    source: &Text<'_>,
    mut ladder: Ladder,
    error: Option<crate::document::SyntaxError>,
) -> FederationOutcome {
    let (message, at) = match error {
        Some(error) => (error.message, error.at),
        None => ("the configuration is no object".to_owned(), 0),
    };
    let check = ladder.check("document", Status::Fail, message.clone()).at(source.point(at));
    ladder.push(check.rule("R31"));
    FederationOutcome {
        document: source.index,
        verdict: Verdict::Unknown,
        rejected: Some(ProviderError::known("", message).likely()),
        ..ladder.conclude(SYSTEM.title())
    }
}

fn issuer<'a, 'd>(
    ladder: &mut Ladder,
    source: &Text<'_>,
    issuers: &'a [Issuer<'d>],
    claims: Claims<'_>,
) -> Option<&'a Issuer<'d>> {
    let found = claims.text("iss").unwrap_or_default();
    let picked = issuers.iter().find(|issuer| issuer.answers_for(found));
    let known: Vec<&str> = issuers.iter().map(|issuer| issuer.url).collect();
    let (status, title) = match picked {
        Some(issuer) if issuer.pattern => (Status::Pass, "a pattern matches the issuer"),
        Some(_) => (Status::Pass, "the issuer is known"),
        None => (Status::Fail, "Fulcio does not know this issuer"),
    };
    let mut check = ladder
        .check("issuer", status, title)
        .expected(json!(known))
        .actual(claims.0.get("iss").cloned().unwrap_or(Value::Null))
        .at(picked.map(|issuer| source.span(&issuer.member.name_range, Some(&issuer.pointer))))
        .rule("R31");
    if picked.is_none() {
        let near = known.iter().find_map(|known| difference(found, known));
        check = check.hint(near.map_or_else(
            || "issuers are listed by URL; in patterns `*` stands for letters, digits, `-` and `_` only".to_owned(),
            |difference| format!("the two differ by {difference} only"),
        ));
    }
    ladder.judge(check, || refused(format!("unsupported issuer: {found}")));
    picked
}

fn discovery(ladder: &mut Ladder, claims: Claims<'_>) {
    let issuer = claims.text("iss").unwrap_or_default().trim_end_matches('/');
    let check = ladder
        .check("discovery", Status::Skip, "whether Fulcio reaches the issuer is not told")
        .hint(format!("assumed: {issuer}/.well-known/openid-configuration answers Fulcio"));
    ladder.push(check.rule("R37"));
}

fn audience(ladder: &mut Ladder, source: &Text<'_>, issuer: &Issuer<'_>, claims: Claims<'_>) {
    let found = strict_audiences(claims.0.get("aud")).unwrap_or_default();
    let good = found.iter().any(|audience| audience == issuer.client_id);
    let (status, title) = match good {
        true => (Status::Pass, "the token is meant for Fulcio"),
        false => (Status::Fail, "the token is meant for somebody else"),
    };
    let check = ladder
        .check("audience", status, title)
        .expected(issuer.client_id)
        .actual(claims.0.get("aud").cloned().unwrap_or(Value::Null))
        .at(source.span(&issuer.member.value.range, Some(&issuer.pointer)))
        .rule("R32");
    ladder.judge(check, || {
        refused(format!(
            "oidc: expected audience {} got {}",
            quoted(issuer.client_id),
            quoted_list(&found)
        ))
    });
}

/// R32: no leeway for `exp`, five minutes for `nbf`.
fn time(ladder: &mut Ladder, claims: Claims<'_>, now: UnixTime) {
    let exp = go_date(claims, "exp").ok().flatten();
    let good = exp.is_some_and(|exp| exp.0 >= now.0);
    let title = match exp {
        None => "the token has no `exp`, so it counts as expired".to_owned(),
        Some(exp) if good => format!("the token expires in {}", duration(exp.since(now))),
        Some(exp) => format!("the token expired {} ago", duration(now.since(exp))),
    };
    let check = ladder
        .check("time/exp", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!(">= {now}, without leeway"))
        .actual(exp.map_or(Value::Null, |exp| exp.to_string().into()))
        .rule("R32");
    ladder.judge(check, || {
        let shown = exp.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |exp| exp.to_string());
        let shown = shown.trim_end_matches('Z').replace('T', " ");
        refused(format!("oidc: token is expired (Token Expiry: {shown} +0000 UTC)"))
    });
    let Some(nbf) = go_date(claims, "nbf").ok().flatten() else { return };
    let good = now.0 + LEEWAY >= nbf.0;
    let title = match good {
        true => "`nbf` lies in the past, or within five minutes".to_owned(),
        false => format!("`nbf` lies {} in the future", duration(nbf.since(now))),
    };
    let check = ladder
        .check("time/nbf", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!("<= {now} + 5 min"))
        .actual(nbf.to_string())
        .rule("R32");
    ladder.judge(check, || {
        refused(format!("oidc: current time {now} before the nbf (not before) time: {nbf}"))
    });
}

/// The issuer's discovery document says which algorithms count: those that it signs with.
fn keys(ladder: &mut Ladder, subject: &Subject<'_>) {
    let all: Vec<Algorithm> = Algorithm::all().collect();
    signed::algorithm(ladder, subject, &all, "R32", |name| {
        refused(format!("oidc: id token signed with unsupported algorithm, got {}", quoted(name)))
    });
    signed::signature(
        ladder,
        subject,
        "R32",
        |_| true,
        || refused("failed to verify signature: failed to verify id token signature"),
    );
}

/// R33, R34: what the certificate names.
fn name(
    ladder: &mut Ladder,
    source: &Text<'_>,
    issuer: &Issuer<'_>,
    claims: Claims<'_>,
) -> Option<String> {
    let at = source.span(&issuer.member.value.range, Some(&issuer.pointer));
    match issuer.kind {
        "kubernetes" => {
            let (check, name) = kubernetes(ladder, claims);
            let error = || refused("unable to parse the kubernetes.io claim");
            ladder.judge(check.at(at).rule("R33"), error);
            name
        }
        "spiffe" => {
            let sub = claims.text("sub").unwrap_or_default();
            let prefix = format!("spiffe://{}/", issuer.trust_domain);
            let good = sub.starts_with(&prefix) && !issuer.trust_domain.is_empty();
            let (status, title) = match good {
                true => (Status::Pass, "the subject is a SPIFFE ID of the trust domain"),
                false => (Status::Fail, "the subject is no SPIFFE ID of the trust domain"),
            };
            let check = ladder
                .check("subject", status, title)
                .expected(format!("{prefix}..."))
                .actual(sub)
                .at(at)
                .hint("tokens of ServiceAccounts have no such subjects: their issuer type is `kubernetes`")
                .rule("R34");
            ladder.judge(check, || refused(format!("invalid spiffe ID: {sub}")));
            good.then(|| sub.to_owned())
        }
        other => {
            let title = format!("podpass does not model the issuer type {other:?}");
            ladder.push(ladder.check("subject", Status::Unknown, title).at(at).rule("R33"));
            None
        }
    }
}

/// R33: from the `kubernetes.io` claim, never from `sub`; what is missing is an empty segment.
fn kubernetes(ladder: &Ladder, claims: Claims<'_>) -> (Check, Option<String>) {
    let claim = claims.0.get("kubernetes.io");
    let text = |path: &[&str]| -> Result<String, ()> {
        let mut found = claim;
        for name in path {
            found = match found {
                None | Some(Value::Null) => None,
                Some(Value::Object(members)) => members.get(*name),
                Some(_) => return Err(()),
            };
        }
        match found {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(()),
        }
    };
    let (Ok(namespace), Ok(name)) = (text(&["namespace"]), text(&["serviceaccount", "name"]))
    else {
        let title = "the `kubernetes.io` claim is not of its usual form";
        let check = ladder.check("subject", Status::Fail, title);
        return (check.actual(claim.cloned().unwrap_or(Value::Null)), None);
    };
    let san = format!("https://kubernetes.io/namespaces/{namespace}/serviceaccounts/{name}");
    let check = match namespace.is_empty() || name.is_empty() {
        true => ladder.check(
            "subject",
            Status::Warn,
            "the certificate names nobody: parts of the `kubernetes.io` claim are missing",
        ),
        false => ladder.check("subject", Status::Pass, "the certificate names the ServiceAccount"),
    };
    (check.actual(san.clone()), Some(san))
}

fn reach(issuers: &[Issuer<'_>]) -> Reach {
    let subjects = issuers
        .iter()
        .map(|issuer| ReachSubject {
            pattern: issuer.url.to_owned(),
            meaning: format!(
                "every token of {} for {}",
                if issuer.pattern { "every issuer that fits" } else { "this issuer" },
                issuer.client_id
            ),
        })
        .collect();
    let breadth = match () {
        () if issuers.is_empty() => Breadth::None,
        () if issuers.iter().any(|issuer| issuer.pattern && issuer.url.contains('*')) => {
            Breadth::Anyone
        }
        () => Breadth::Cluster,
    };
    Reach { subjects, breadth, admitted: None }
}

fn findings(source: &Text<'_>, issuers: &[Issuer<'_>]) -> Vec<Finding> {
    let open = issuers
        .iter()
        .filter(|issuer| issuer.pattern && issuer.kind == "kubernetes" && issuer.url.contains('*'));
    open.map(|issuer| {
        Finding::new(
            "fulcio-cluster-in-issuer-only",
            Severity::Info,
            "The name in the certificate does not tell the cluster",
            "Every cluster whose issuer fits gets certificates for the same names. Only the issuer extension tells them apart: verifiers must check issuer and name together",
        )
        .at(source.span(&issuer.member.name_range, Some(&issuer.pointer)))
        .rule("R33")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::InputName;

    #[test]
    fn patterns() {
        let table = [
            ("https://a/*", "https://a/b", true),
            ("https://a/*", "https://a/", false),
            ("https://a/*", "https://a/b/c", false),
            ("https://a/*", "https://a/b.c", false),
            ("https://*.a/*/*/", "https://x-1_Y.a/b/c/", true),
            ("https://*.a/*/*/", "https://x.a/b/c", false),
            ("https://a", "https://a", true),
            ("https://a*b", "https://abb", true),
        ];
        for (pattern, issuer, expected) in table {
            assert_eq!(matches(pattern, issuer), expected, "{pattern} {issuer}");
        }
    }

    fn judged(file: &str, claims: Value) -> FederationOutcome {
        let subject = Subject::Claims(claims.as_object().unwrap());
        evaluate(&Text::new(InputName::Trust, file), NoFacts {}, &subject, UnixTime::from(50))
    }

    #[test]
    fn names() {
        let json = r#"{"OIDCIssuers": {"https://a": {"IssuerURL": "https://a", "ClientID": "sigstore", "Type": "kubernetes"},
            "https://s": {"ClientID": "sigstore", "Type": "spiffe", "SPIFFETrustDomain": "td"}, "https://m": {"ClientID": "sigstore", "Type": "email"}}}"#;
        let yaml = "oidc-issuers:\n  https://a:\n    client-id: sigstore\n    type: kubernetes\n";
        let claims = |iss: &str, extra: Value| {
            let mut claims =
                json!({"iss": iss, "aud": "sigstore", "sub": "spiffe://td/x", "exp": 50});
            claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            claims
        };
        let bound = json!({"kubernetes.io": {"namespace": "n", "serviceaccount": {"name": "s"}}});
        let name = "https://kubernetes.io/namespaces/n/serviceaccounts/s";
        for file in [json, yaml] {
            let outcome = judged(file, claims("https://a", bound.clone()));
            assert_eq!(outcome.grant.unwrap().principal, name);
        }
        let nobody = judged(json, claims("https://a", json!({}))).grant.unwrap().principal;
        assert_eq!(nobody, "https://kubernetes.io/namespaces//serviceaccounts/");
        let spiffe = judged(json, claims("https://s", json!({}))).grant.unwrap().principal;
        assert_eq!(spiffe, "spiffe://td/x");
        let table = [
            ("https://m", json!({}), Verdict::Unknown, None),
            ("https://x", json!({}), Verdict::Deny, Some("issuer")),
            ("https://a", json!({"aud": "x"}), Verdict::Deny, Some("audience")),
            ("https://a", json!({"exp": 49}), Verdict::Deny, Some("time")),
            ("https://a", json!({"nbf": 351}), Verdict::Deny, Some("time")),
            ("https://a", json!({"nbf": 350}), Verdict::Allow, None),
            ("https://s", json!({"sub": "x"}), Verdict::Deny, Some("subject")),
            ("https://a", json!({"kubernetes.io": 1}), Verdict::Deny, Some("subject")),
        ];
        for (iss, extra, verdict, stage) in table {
            let outcome = judged(json, claims(iss, extra.clone()));
            assert_eq!(
                (outcome.verdict, outcome.stage.as_deref()),
                (verdict, stage),
                "{iss} {extra}"
            );
        }
        assert!(judged("[]", json!({})).rejected.is_some());
    }
}
