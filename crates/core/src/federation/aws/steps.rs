//! The token's steps: format, claims, time, provider, audience, keys, signature (3 to 9).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::keys::{self, IssuerKey, NoKey};
use super::provider::{ProviderArn, Providers};
use super::token::{self, WebIdentity};
use super::{Scene, Subject, errors, hints};
use crate::document::{Duplicates, parse_json};
use crate::federation::Ladder;
use crate::federation::OidcProvider;
use crate::jwk::Key;
use crate::jws::{FormatProblem, Part};
use crate::signature::Judgement;
use crate::trace::{Check, Status};

const PROVIDER_DOCS: &str =
    "https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html";
const ASSUMED_VERIFIED: &str = "claims were given instead of a token; they count as verified";

/// Step 3.
pub(super) fn format(ladder: &mut Ladder, subject: &Subject<'_>) {
    let check =
        |status, title: Cow<'static, str>| Check::new("aws-irsa/format", status, title).rule("A1");
    if matches!(subject, Subject::Claims(_)) {
        return ladder
            .push(check(Status::Skip, "there is no token to read".into()).hint(ASSUMED_VERIFIED));
    }
    // Among the problems is `crit`, which STS takes for no valid JWT (A37).
    let problem = subject.format_problem().map(|problem| problem.message.clone());
    match problem {
        // A34: STS takes the last of two members with one name.
        Some(problem) if last_of_twins(subject).is_some() => ladder.push(
            check(Status::Warn, problem.into())
                .hint("STS takes the last of them; podpass and others refuse such a token")
                .rule("A34"),
        ),
        Some(problem) => ladder.fail(
            check(Status::Fail, problem.into())
                .hint("send the token file's whole content, nothing else"),
            errors::not_a_jwt(),
        ),
        None => ladder.push(check(Status::Pass, "the token is a JWT".into())),
    }
}

/// A34: the claims of a token whose only flaw is that one stands twice; the last of them counts.
pub(super) fn last_of_twins(subject: &Subject<'_>) -> Option<Map<String, Value>> {
    let jws = subject.jws()?;
    let is_twin = |problem: &FormatProblem| {
        problem.part == Part::Payload && problem.message.contains("stands here twice")
    };
    if jws.problems.is_empty() || !jws.problems.iter().all(is_twin) {
        return None;
    }
    let payload = jws.compact.get(jws.parts.get(1)?.clone())?;
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    match parse_json(&text, Duplicates::LastWins).ok()?.to_json() {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// Steps 4 to 9.
pub(super) fn identity(
    ladder: &mut Ladder,
    scene: &Scene<'_>,
    subject: &Subject<'_>,
    identity: &WebIdentity<'_>,
) {
    token::judge_claims(ladder, identity);
    token::judge_time(ladder, identity, scene.now);
    let provider = provider(ladder, scene, identity);
    audience(ladder, scene.providers, provider.as_deref(), identity);
    issuer_keys(ladder, scene, identity, provider.as_deref());
    signature(ladder, subject);
}

/// Step 6 (A20-A22).
fn provider<'a>(
    ladder: &mut Ladder,
    scene: &Scene<'a>,
    identity: &WebIdentity<'_>,
) -> Option<Cow<'a, OidcProvider>> {
    let issuer = identity.issuer()?;
    let check = |status, title: Cow<'static, str>| {
        Check::new("aws-irsa/provider", status, title)
            .expected(issuer)
            .rule("A20")
            .docs(PROVIDER_DOCS)
    };
    let found = scene.providers.for_issuer(issuer);
    let named = super::provider::named(&scene.role.policy);
    let place = found
        .as_ref()
        .and_then(|provider| named.iter().find(|item| item.text == provider.arn))
        .or(named.first())
        .map(|item| item.place.span(scene.text));
    match (&found, scene.providers) {
        (Some(provider), Providers::Listed(_)) => ladder.push(
            check(Status::Pass, "the role's account has a provider for the issuer".into())
                .actual(provider.arn.as_str()),
        ),
        (Some(provider), Providers::Assumed(_)) => ladder.push(
            check(Status::Skip, "the policy names a provider for the issuer".into())
                .actual(provider.arn.as_str())
                .hint("assumed: that provider exists in the role's account"),
        ),
        (None, Providers::Assumed(_)) if named.is_empty() => {
            ladder.push(
                check(Status::Skip, "the policy names no OIDC provider".into())
                    .hint("assumed: the role's account has one for the issuer"),
            );
        }
        (None, _) => {
            let (title, hint) = why_no_provider(scene, issuer);
            let mut error = errors::no_provider(issuer);
            // Whether STS minds the case of the host is not known.
            if scene.providers.issuers().iter().any(|one| one.eq_ignore_ascii_case(issuer)) {
                error = error.likely();
            }
            if matches!(scene.providers, Providers::Assumed(_)) {
                error = errors::or_refused_by_policy(error.likely());
            }
            let check = check(Status::Fail, title.into())
                .actual(scene.providers.issuers())
                .at(place)
                .hint(hint);
            ladder.fail(check, error);
        }
    }
    found
}

/// A20-A23, A113: title and hint.
fn why_no_provider(scene: &Scene<'_>, issuer: &str) -> (String, String) {
    let account = scene.account.map_or("?", |account| account.id.as_str());
    let title = format!("account {account} has no OIDC provider for {issuer}");
    let create = format!(
        "make one there: `aws iam create-open-id-connect-provider --url {issuer} --client-id-list sts.amazonaws.com`"
    );
    if !issuer.starts_with("https://") {
        let cause = "IAM takes only issuers that start with https:// and answer on the internet";
        return (title, cause.to_owned());
    }
    let wanted = scene.account.map(|account| account.provider_arn(issuer));
    let all = match &scene.facts.providers {
        Some(listed) => listed.iter().map(|one| one.arn.as_str()).collect::<Vec<_>>(),
        None => super::provider::named(&scene.role.policy)
            .iter()
            .map(|item| item.text.as_str())
            .collect(),
    };
    let cause = wanted.as_deref().and_then(ProviderArn::parse).and_then(|wanted| {
        let near = all.iter().filter_map(|arn| ProviderArn::parse(arn));
        let nearest = near.max_by_key(|arn| hints::common(arn.url, wanted.url))?;
        Some(hints::provider_difference(nearest, wanted, scene.facts.providers.is_some()))
    });
    match cause {
        Some(cause) => (title, format!("{cause}; if none fits, {create}")),
        None => (title, create),
    }
}

/// Step 7 (A24, A33).
fn audience(
    ladder: &mut Ladder,
    providers: &Providers<'_>,
    provider: Option<&OidcProvider>,
    identity: &WebIdentity<'_>,
) {
    let Some(audience) = identity.audience() else { return };
    let check = |status, title| {
        Check::new("aws-irsa/audience", status, title).actual(audience.as_ref()).rule("A24")
    };
    let assumed = "assumed: the provider lists the token's audience";
    match (providers, provider) {
        (Providers::Listed(_), Some(provider)) => {
            let listed = provider.client_id_list.clone();
            if listed.iter().any(|one| *one == audience) {
                let title = "the provider lists the token's audience";
                return ladder.push(check(Status::Pass, title).expected(listed));
            }
            let title = "the provider does not list the token's audience";
            let check =
                check(Status::Fail, title).hint(audience_hint(&audience, &listed)).expected(listed);
            ladder.fail(check, errors::wrong_audience());
        }
        (Providers::Assumed(_), Some(_)) => {
            ladder.push(check(Status::Skip, "the provider's audiences are not told").hint(assumed))
        }
        (_, None) => ladder.push(check(Status::Skip, "there is no provider that lists audiences")),
    }
}

fn audience_hint(audience: &str, listed: &[String]) -> String {
    if crate::claims::is_in_cluster_name(audience) {
        return "this token is the API server's; mount one with audience sts.amazonaws.com"
            .to_owned();
    }
    match listed {
        [] => "add the audience to the provider's client ids; now it lists none, and no token fits"
            .to_owned(),
        [only] => format!(
            "mount a token with audience {only}, or add {audience} to the provider; {}",
            hints::difference(only, audience)
        ),
        _ => format!(
            "mount a token with one of the listed audiences, or add {audience} to the provider"
        ),
    }
}

/// Step 8, the issuer's side (A6, A26, A27).
fn issuer_keys(
    ladder: &mut Ladder,
    scene: &Scene<'_>,
    identity: &WebIdentity<'_>,
    provider: Option<&OidcProvider>,
) {
    let check = |status, title| Check::new("aws-irsa/keys/issuer", status, title).rule("A27");
    match scene.facts.issuer_reachable {
        Some(false) => {
            let check = check(Status::Fail, "the issuer's keys are not reachable")
                .hint("serve <issuer>/.well-known/openid-configuration and its jwks_uri on the public internet, within five seconds");
            ladder.fail(check, errors::unreachable());
        }
        Some(true) => ladder.push(check(Status::Pass, "the issuer's keys are reachable")),
        None => {
            let in_cluster = identity.issuer().is_some_and(crate::claims::is_in_cluster_name);
            ladder.push(
                check(Status::Skip, "whether the issuer's keys are reachable is not told").hint(
                    if in_cluster {
                        "assumed: they are; but this issuer's name resolves inside its cluster only, so AWS will hardly reach it: set --service-account-issuer to a public URL"
                    } else {
                        "assumed: discovery document and JWKS answer on the public internet"
                    },
                ),
            );
        }
    }
    thumbprint(ladder, scene, provider);
}

/// A26: a thumbprint counts only where AWS' own library does not know the certificate.
fn thumbprint(ladder: &mut Ladder, scene: &Scene<'_>, provider: Option<&OidcProvider>) {
    let Some(certificate) = &scene.facts.issuer_certificate else { return };
    let check = |status, title| Check::new("aws-irsa/keys/certificate", status, title).rule("A26");
    if certificate.publicly_trusted {
        return ladder.push(check(Status::Pass, "AWS knows the CA of the issuer's certificate"));
    }
    let listed = provider.and_then(|provider| provider.thumbprint_list.as_ref());
    let (Some(thumbprint), Some(listed)) = (&certificate.thumbprint, listed) else {
        return ladder.push(
            check(
                Status::Unknown,
                "whether the provider pins the issuer's certificate is not told",
            )
            .hint("give the certificate's thumbprint and the provider's thumbprintList"),
        );
    };
    let check =
        |status, title| check(status, title).expected(listed.clone()).actual(thumbprint.as_str());
    if listed.iter().any(|one| one.eq_ignore_ascii_case(thumbprint)) {
        return ladder.push(check(Status::Pass, "the provider pins the issuer's certificate"));
    }
    let check = check(Status::Fail, "the provider pins another certificate")
        .hint("add the SHA-1 of the top intermediate CA to the provider, or use a publicly trusted certificate");
    ladder.fail(check, errors::thumbprint());
}

/// Steps 8 and 9, the token's side (A37-A39).
fn signature(ladder: &mut Ladder, subject: &Subject<'_>) {
    if matches!(subject, Subject::Claims(_)) {
        for (id, title) in [
            ("aws-irsa/keys", "there is no key to choose"),
            ("aws-irsa/signature", "there is no signature to verify"),
        ] {
            ladder.push(Check::new(id, Status::Skip, title).hint(ASSUMED_VERIFIED));
        }
        return;
    }
    let header = |name: &str| subject.header().and_then(|header| header.get(name)?.as_str());
    let alg = header("alg").unwrap_or_default();
    if !keys::ALGORITHMS.contains(&alg) {
        let check =
            Check::new("aws-irsa/signature", Status::Fail, "STS does not verify this algorithm")
                .expected(keys::ALGORITHMS.as_slice())
                .actual(alg)
                .hint(
                    "let the issuer sign with RS256 or ES256; `none` and shared secrets never pass",
                )
                .rule("A37");
        return ladder.fail(check, errors::bad_signature().likely());
    }
    let Some(keys) = given_keys(subject) else {
        ladder.push(
            Check::new("aws-irsa/signature", Status::Unknown, "the signature was not verified: there are no keys")
                .hint("paste the issuer's JWKS: `kubectl get --raw /openid/v1/jwks`, or fetch its jwks_uri")
                .rule("A37"),
        );
        return;
    };
    let each: Vec<IssuerKey<'_>> = keys.iter().map(published).collect();
    match keys::choose(&each, header("kid"), alg) {
        Err(no_key) => {
            let error = match (no_key.rule, no_key.folded) {
                (_, true) => errors::unusable_key(),
                // Which of the texts other unusable keys give is not known.
                ("A39", false) => errors::no_key_or_unusable(),
                _ => errors::no_key(),
            };
            ladder.fail(no_key_check(no_key, header("kid"), &each), error);
        }
        Ok(index) => {
            let kid = each.get(index).and_then(|key| key.kid);
            ladder.push(
                Check::new("aws-irsa/keys", Status::Pass, "the issuer has the token's key")
                    .actual(kid.unwrap_or_default())
                    .rule("A38"),
            );
            let is_known = keys.get(index).is_some_and(|key| key.public.is_some());
            verified(
                ladder,
                subject.evidence().filter(|_| is_known).map(|evidence| evidence.judge(&[index])),
            );
        }
    }
}

/// `None` as well for a text that holds no key: then nothing is known of the issuer's.
fn given_keys<'a>(subject: &Subject<'a>) -> Option<&'a [Key]> {
    let keys = subject.evidence()?.keys.as_ref()?;
    Some(keys.keys.as_slice()).filter(|keys| !keys.is_empty())
}

/// A JWK as it is published; a PEM key stands for the JWK that the API server makes of it (K2).
fn published(key: &Key) -> IssuerKey<'_> {
    let jwk = Some(&key.written).filter(|jwk| !jwk.is_empty());
    let written = key.info.kid.as_deref().filter(|kid| !kid.is_empty());
    IssuerKey {
        kid: if jwk.is_some() { written } else { key.id() },
        kty: &key.info.kty,
        jwk,
        public: key.public.as_ref(),
    }
}

fn no_key_check(no_key: NoKey, kid: Option<&str>, published: &[IssuerKey<'_>]) -> Check {
    let kids: Vec<&str> = published.iter().filter_map(|key| key.kid).collect();
    let check = Check::new("aws-irsa/keys", Status::Fail, no_key.title)
        .expected(kids)
        .hint(no_key.hint)
        .rule(no_key.rule);
    match kid {
        Some(kid) => check.actual(kid),
        None => check,
    }
}

/// Step 9; `None`: podpass cannot use the key.
fn verified(ladder: &mut Ladder, judgement: Option<Judgement>) {
    let check = |status, title| Check::new("aws-irsa/signature", status, title).rule("A37");
    match judgement {
        Some(Judgement::Valid(_)) => {
            ladder.push(check(Status::Pass, "the token's key made the signature"));
        }
        Some(Judgement::Invalid) => ladder.fail(
            check(Status::Fail, "the token's key did not make the signature").hint(
                "the token was changed, or is of another cluster; send it as it is in the file",
            ),
            errors::bad_signature(),
        ),
        Some(Judgement::NoCandidate | Judgement::NoKeys) | None => ladder.push(
            check(Status::Unknown, "podpass cannot verify with this key")
                .hint("paste the key as a JWK with its public members"),
        ),
    }
}
