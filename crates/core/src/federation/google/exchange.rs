//! The exchange of a token at `sts.googleapis.com`, up to the attributes (G20 to G27).

use serde_json::{Value, json};

use super::provider::{Name, Provider};
use crate::algorithm::Algorithm;
use crate::check::audience::strict_audiences;
use crate::check::issuer::difference;
use crate::check::lifetime::go_date;
use crate::claims::Claims;
use crate::document::Text;
use crate::federation::{GcpWifFacts, Ladder, Subject, signed};
use crate::signature::Evidence;
use crate::time::{UnixTime, duration};
use crate::trace::{ProviderError, Status};

/// Longest life of a token, in seconds.
const LONGEST: f64 = 86_400.0;

/// A refusal whose text is known.
pub(super) fn refused(code: &str, message: impl Into<String>) -> ProviderError {
    ProviderError::known(code, message).status(400)
}

/// A refusal of which no text is public.
pub(super) fn unknown_text(message: impl Into<String>) -> ProviderError {
    ProviderError::known("", message).status(400).likely()
}

/// G25: the request names the provider, without `https:`.
pub(super) fn request(ladder: &mut Ladder, audience: Option<&str>, name: Option<&Name>) {
    let Some(audience) = audience else {
        let title = "the provider's name is not told, so neither is the audience of the request";
        return ladder.push(ladder.check("request", Status::Unknown, title).rule("G25"));
    };
    let parsed = audience.strip_prefix("//iam.googleapis.com/").and_then(Name::parse);
    let (status, title) = match parsed {
        Some(_) => (Status::Pass, "the request names a provider"),
        None => (Status::Fail, "the request does not name a provider in full"),
    };
    let expected = name.map_or_else(
        || "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER".to_owned(),
        |name| format!("//iam.googleapis.com/{}", name.whole),
    );
    let mut check =
        ladder.check("request", status, title).expected(expected).actual(audience).rule("G25");
    if parsed.is_none() {
        check = check.hint("it begins with `//`, has the project's number, not its id, and names the provider, not only the pool");
    }
    ladder.judge(check, || {
        refused(
            "invalid_request",
            "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.",
        )
    });
}

/// G19.
pub(super) fn provider(
    ladder: &mut Ladder,
    provider: &Provider,
    facts: &GcpWifFacts,
    audience: Option<&str>,
) {
    let other = match (audience, &provider.name) {
        (Some(audience), Some(name)) => {
            let asked = audience.strip_prefix("//iam.googleapis.com/");
            asked.is_some_and(|asked| asked != name.whole && Name::parse(asked).is_some())
        }
        _ => false,
    };
    let (status, title) = match () {
        () if facts.provider_exists == Some(false) => (Status::Fail, "there is no such provider"),
        () if provider.inactive => (Status::Fail, "the provider is disabled or deleted"),
        () if other => (Status::Fail, "the request names another provider than this one"),
        () => (Status::Pass, "the provider is active"),
    };
    let check = ladder.check("provider", status, title).rule("G19");
    ladder.judge(check, || {
        refused(
            "invalid_target",
            "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn't exist.",
        )
    });
}

pub(super) fn format(ladder: &mut Ladder, subject: &Subject<'_>) {
    signed::format(ladder, subject, "G27", |_| {
        refused("invalid_grant", "Unable to parse the ID Token.").likely()
    });
}

/// G20: exactly, trailing slash included.
pub(super) fn issuer(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    claims: Claims<'_>,
) {
    let wanted = &provider.issuer.text;
    let found = claims.text("iss").unwrap_or_default();
    let (status, title) = match found == wanted {
        true => (Status::Pass, "the issuer is the provider's"),
        false => (Status::Fail, "the token is another issuer's"),
    };
    let mut check = ladder
        .check("issuer", status, title)
        .expected(wanted.as_str())
        .actual(found)
        .at(provider.issuer.span(text))
        .rule("G20");
    if let Some(difference) = difference(found, wanted).filter(|_| found != wanted) {
        check = check.hint(format!("the two differ by {difference} only"));
    }
    ladder.judge(check, || {
        refused(
            "invalid_grant",
            format!("The issuer in ID Token {found} does not match the expected one in config: {wanted}."),
        )
    });
}

/// G21: a list replaces the default, which is the provider's name in two spellings.
pub(super) fn audience(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    claims: Claims<'_>,
) {
    let found = strict_audiences(claims.0.get("aud")).unwrap_or_default();
    let Some(wanted) = provider.accepted() else {
        let title = "the provider's name is not told, and it is the default audience";
        return ladder.push(ladder.check("audience", Status::Unknown, title).rule("G21"));
    };
    let good = found.iter().any(|audience| wanted.contains(audience));
    let (status, title) = match good {
        true => (Status::Pass, "the token is meant for this provider"),
        false => (Status::Fail, "the token is meant for somebody else"),
    };
    let mut check = ladder
        .check("audience", status, title)
        .expected(json!(wanted))
        .actual(claims.0.get("aud").cloned().unwrap_or(Value::Null))
        .at(provider.audiences.first().map(|one| one.span(text)))
        .rule("G21");
    if !good && !provider.audiences.is_empty() {
        check = check.hint("allowed audiences replace the default, the provider's name: it no longer counts unless it is listed");
    }
    ladder.judge(check, || {
        let expected = match wanted.as_slice() {
            [only] => format!("expected audience {only}."),
            _ => "expected audience.".to_owned(),
        };
        let found = found.join(", ");
        refused(
            "invalid_grant",
            format!("The audience in ID Token [{found}] does not match the {expected}"),
        )
    });
}

/// G26: RS256 or ES256.
pub(super) fn algorithm(ladder: &mut Ladder, subject: &Subject<'_>) {
    let allowed: Vec<Algorithm> =
        Algorithm::all().filter(|one| matches!(one.name(), "RS256" | "ES256")).collect();
    signed::algorithm(ladder, subject, &allowed, "G26", |name| {
        unknown_text(format!("the algorithm {name:?} is not supported"))
    });
}

/// G26: `exp` ahead, `iat` behind, and at most a day between them.
pub(super) fn time(ladder: &mut Ladder, claims: Claims<'_>, now: UnixTime) {
    let date = |name: &str| go_date(claims, name).ok().flatten();
    let (exp, iat) = (date("exp"), date("iat"));
    let stale = || {
        let issued = iat.map_or_else(|| "unknown".to_owned(), |iat| format!("{}", iat.0));
        refused("invalid_grant", format!("ID Token issued at {issued} is stale to sign-in."))
    };
    let good = exp.is_some_and(|exp| exp > now);
    let title = match exp {
        None => "the token has no `exp`".to_owned(),
        Some(exp) if good => format!("the token expires in {}", duration(exp.since(now))),
        Some(exp) => format!("the token expired {} ago", duration(now.since(exp))),
    };
    let check = ladder
        .check("time/exp", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!("> {now}"))
        .actual(exp.map_or(Value::Null, |exp| exp.to_string().into()))
        .rule("G26");
    ladder.judge(check, stale);
    let good = iat.is_some_and(|iat| iat <= now);
    let title = match iat {
        None => "the token has no `iat`".to_owned(),
        Some(_) if good => "`iat` lies in the past".to_owned(),
        Some(iat) => format!("`iat` lies {} in the future", duration(iat.since(now))),
    };
    let check = ladder
        .check("time/iat", if good { Status::Pass } else { Status::Fail }, title)
        .expected(format!("<= {now}"))
        .actual(iat.map_or(Value::Null, |iat| iat.to_string().into()))
        .rule("G26");
    ladder.judge(check, || unknown_text("the token was issued in the future"));
    let (Some(exp), Some(iat)) = (exp, iat) else { return };
    let life = exp.since(iat);
    let (status, title) = match life <= LONGEST {
        true => (Status::Pass, "the token lives for at most a day"),
        false => (Status::Fail, "the token lives for more than a day"),
    };
    let check = ladder
        .check("lifetime", status, title)
        .expected(json!(LONGEST))
        .actual(json!(life))
        .hint("ask for a token with an `expirationSeconds` of at most 86400")
        .rule("G26");
    ladder.judge(check, || unknown_text("the token lives for more than 24 hours"));
}

/// G22: uploaded keys replace those that the issuer serves.
pub(super) fn keys(
    ladder: &mut Ladder,
    text: &Text<'_>,
    provider: &Provider,
    facts: &GcpWifFacts,
    subject: &Subject<'_>,
) {
    let unreachable =
        || refused("invalid_grant", "Error connecting to the given credential's issuer.");
    let compact = subject.jws().map(|jws| jws.compact.as_str());
    let uploaded = provider.jwks.as_ref().map(|jwks| Evidence::new(compact, Some(&jwks.text)));
    let check = match (&uploaded, facts.issuer_reachable) {
        (Some(evidence), _) => {
            let readable = evidence.keys.as_ref().is_some_and(|keys| !keys.unreadable);
            let (status, title) = match readable {
                true => (Status::Pass, "the provider has keys of its own, so nothing is fetched"),
                false => (Status::Fail, "the keys of the provider cannot be read"),
            };
            ladder.check("discovery", status, title).at(provider.jwks.as_ref().map(|jwks| jwks.span(text)))
        }
        (None, Some(true)) => ladder.check("discovery", Status::Pass, "the issuer's keys are reachable"),
        (None, Some(false)) => ladder
            .check("discovery", Status::Fail, "the issuer's keys are not reachable")
            .hint("upload them: gcloud iam workload-identity-pools providers update-oidc PROVIDER --jwk-json-path=FILE"),
        (None, None) => ladder
            .check("discovery", Status::Skip, "whether the issuer's keys are reachable is not told")
            .hint("assumed: discovery document and keys answer on the public internet"),
    };
    ladder.judge(check.rule("G22"), unreachable);
    let error = || refused("invalid_grant", "Unable to verify the ID Token signature.").likely();
    match &uploaded {
        Some(evidence) if subject.jws().is_some() => {
            signed::signature(ladder, &Subject::Token(evidence), "G22", |_| true, error);
        }
        _ => signed::signature(ladder, subject, "G22", |_| true, error),
    }
}
