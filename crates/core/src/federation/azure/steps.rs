//! The stages in Entra's order (Z42), where the evidence for parts of it is thin: later failures are told as well.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::credential::{Credential, Item};
use super::errors::{self, Presented};
use super::matching::Matching;
use super::{CLIENT, Scene, TENANT};
use crate::claims::{Claims, is_in_cluster_name};
use crate::federation::difference::{difference, nearest};
use crate::federation::{Ladder, Subject};
use crate::time::UnixTime;
use crate::trace::{Check, Status};

/// Z37: a day and an hour, inclusive.
const LONGEST_LIFE: f64 = 90_000.0;
/// Z38.
const HEADER_TYPES: [&str; 2] = ["JWT", "http://openid.net/specs/jwt/1.0"];
const ASSUMED_VERIFIED: &str = "claims were given instead of a token; they count as verified";
const DOCS: &str =
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations";

fn check(stage: &str, status: Status, title: impl Into<Cow<'static, str>>) -> Check {
    Check::new(format!("azure/{stage}"), status, title)
}

/// Whether the tenant knows the client.
pub(super) fn client(ladder: &mut Ladder, scene: &Scene<'_>) {
    let facts = scene.facts;
    let client = facts.client_id.as_deref().unwrap_or(CLIENT);
    match facts.client_exists {
        Some(false) => {
            let check = check("client", Status::Fail, "the tenant has no such client")
                .actual(client)
                .hint("compare AZURE_CLIENT_ID and AZURE_TENANT_ID with the identity: `az identity show --query \"{clientId:clientId,tenantId:tenantId}\"`")
                .rule("Z42");
            let error =
                errors::unknown_client(client, facts.tenant_id.as_deref().unwrap_or(TENANT));
            let told = facts.client_id.is_some() && facts.tenant_id.is_some();
            ladder.fail(check, if told { error } else { error.likely() });
        }
        Some(true) => {
            ladder.push(
                check("client", Status::Pass, "the client exists").actual(client).rule("Z42"),
            );
        }
        None => ladder.push(
            check("client", Status::Skip, "whether the client exists is not told")
                .hint("assumed: it exists in the tenant")
                .rule("Z42"),
        ),
    }
}

/// What stands in the assertion (Z38).
pub(super) fn format(ladder: &mut Ladder, subject: &Subject<'_>) {
    if matches!(subject, Subject::Claims(_)) {
        let check = check("format", Status::Skip, "there is no token to read");
        return ladder.push(check.hint(ASSUMED_VERIFIED).rule("Z42"));
    }
    if let Some(problem) = subject.format_problem() {
        let check = check("format", Status::Fail, problem.message.clone())
            .hint("send the token file's whole content, nothing else")
            .rule("Z42");
        return ladder.fail(check, errors::malformed().likely());
    }
    let written = subject.header().and_then(|header| header.get("typ"));
    match written {
        Some(typ) if !typ.as_str().is_some_and(|typ| HEADER_TYPES.contains(&typ)) => {
            let check = check("format/typ", Status::Fail, "the header's `typ` is not JWT")
                .expected("JWT")
                .actual(typ.clone())
                .hint("the API server writes no `typ`: this token is of another issuer")
                .rule("Z38");
            ladder.fail(check, errors::wrong_type());
        }
        _ => ladder.push(check("format", Status::Pass, "the token is a JWT").rule("Z42")),
    }
}

/// Z37: before the audience, and before the time.
pub(super) fn lifetime(ladder: &mut Ladder, claims: Claims<'_>) {
    let date = |name| claims.date(name).map_or(0.0, |date| date.0.trunc());
    let (issued, expires) = (date("iat"), date("exp"));
    let life = expires - issued;
    let judged = |status, title: String| {
        check("lifetime", status, title).expected(LONGEST_LIFE).actual(life).rule("Z37").docs(DOCS)
    };
    if life <= LONGEST_LIFE {
        let title = format!("the token lives {life} s, at most a day and an hour");
        return ladder.push(judged(Status::Pass, title));
    }
    let (title, hint) = match claims.date("iat") {
        None => (
            "the token has no `iat`, which counts as 1970".to_owned(),
            "use a projected serviceAccountToken volume, whose tokens have `iat`",
        ),
        Some(_) => (
            format!("the token lives {life} s, longer than a day and an hour"),
            "send the token in AZURE_FEDERATED_TOKEN_FILE, not the API server's own in /var/run/secrets/kubernetes.io/serviceaccount; an expirationSeconds of at most 86400 always passes",
        ),
    };
    ladder.fail(judged(Status::Fail, title).hint(hint), errors::lifetime(issued, expires));
}

/// `nbf` and `exp`; a missing one counts as 1970.
pub(super) fn time(ladder: &mut Ladder, claims: Claims<'_>, now: UnixTime) {
    let date = |name: &str| claims.date(name).unwrap_or(UnixTime(0.0));
    let (not_before, expires) = (date("nbf"), date("exp"));
    let error = || {
        let error = errors::out_of_time(now, not_before, expires);
        // How much tolerance Entra has is not published.
        let margin = (now.since(expires).abs()).min(now.since(not_before).abs());
        if margin <= 300.0 { error.likely() } else { error }
    };
    let judged = |name: &str, status, title: String| {
        check(&format!("time/{name}"), status, title).actual(date(name).to_string()).rule("Z27")
    };
    if now < not_before {
        let distance = not_before.since(now);
        let title = format!("valid only in {distance} s, at {not_before}");
        let check = judged("nbf", Status::Fail, title)
            .hint("compare the clocks of the issuer and of this machine");
        ladder.fail(check, error());
    } else {
        ladder.push(judged("nbf", Status::Pass, format!("valid since {not_before}")));
    }
    if now > expires {
        let title = format!("expired {} s ago, at {expires}", now.since(expires));
        let check = judged("exp", Status::Fail, title).hint(
            "read the token file again at every use: the kubelet replaces it long before it expires",
        );
        ladder.fail(check, error());
    } else {
        let title = format!("expires in {} s, at {expires}", expires.since(now));
        ladder.push(judged("exp", Status::Pass, title));
    }
}

/// Any credential at all (Z42).
pub(super) fn credentials(ladder: &mut Ladder, scene: &Scene<'_>) {
    let count = scene.listed.credentials.len();
    let judged =
        |status, title: String| check("credentials", status, title).actual(count).rule("Z42");
    if count > 0 {
        return ladder.push(judged(Status::Pass, format!("the client has {count} credentials")));
    }
    let check = judged(Status::Fail, "the client has no federated credential".to_owned())
        .hint("make one for the token's issuer and subject: `az identity federated-credential create`; or the wrong client id is used");
    let client = scene.facts.client_id.as_deref();
    let error = errors::no_credentials(client.unwrap_or(CLIENT));
    ladder.fail(check, if client.is_some() { error } else { error.likely() });
}

/// Issuer, subject, audience: the three that one credential must match (Z33).
pub(super) fn matching(ladder: &mut Ladder, scene: &Scene<'_>, matching: &Matching<'_>) {
    let presented = matching.presented();
    issuer(ladder, scene, matching, &presented);
    subject(ladder, scene, matching, &presented);
    audience(ladder, scene, matching, &presented);
}

/// The places of what was compared, one of them for the reader.
fn at(check: Check, scene: &Scene<'_>, item: Option<&Item>) -> Check {
    check.at(item.map(|item| item.place.span(scene.text)))
}

fn issuer(
    ladder: &mut Ladder,
    scene: &Scene<'_>,
    matching: &Matching<'_>,
    presented: &Presented<'_>,
) {
    let all = &scene.listed.credentials;
    let listed: Vec<&str> = all.iter().map(Credential::issuer_text).collect();
    let judged = |status, title: &'static str| {
        check("issuer", status, title).expected(listed.clone()).actual(matching.issuer).rule("Z33")
    };
    let is_entra = ["https://sts.windows.net/", "https://login.microsoftonline."]
        .iter()
        .any(|start| matching.issuer.starts_with(start));
    if let Some(first) = matching.by_issuer().first() {
        if is_entra {
            let check = judged(Status::Unknown, "tokens of Entra itself are not modelled");
            return ladder.push(
                check.hint("a managed identity can be a credential of an application; ask Entra"),
            );
        }
        let check = judged(Status::Pass, "a credential has the token's issuer");
        return ladder.push(at(check, scene, first.issuer.as_ref()));
    }
    if all.is_empty() {
        return;
    }
    if is_entra {
        let check = judged(Status::Fail, "the token was issued by Entra").hint(
            "send the ServiceAccount token in AZURE_FEDERATED_TOKEN_FILE, not an access token",
        );
        return ladder.fail(check, errors::issued_by_entra());
    }
    let near = nearest(listed.iter().copied(), matching.issuer);
    let item =
        all.iter().find(|one| Some(one.issuer_text()) == near).and_then(|one| one.issuer.as_ref());
    let hint = match near {
        _ if is_in_cluster_name(matching.issuer) => "the cluster has no public OIDC issuer (Z45): `az aks update --enable-oidc-issuer`, then restart the pods".to_owned(),
        Some(near) => issuer_hint(near, matching.issuer),
        None => String::new(),
    };
    let check = judged(Status::Fail, "no credential has the token's issuer").hint(hint);
    ladder.fail(at(check, scene, item), presented.no_issuer());
}

/// Z35.
fn issuer_hint(near: &str, issuer: &str) -> String {
    let said = difference("the credential", near, issuer);
    let is_aks =
        issuer.contains("oic.prod-aks.azure.com/") || issuer.contains("oidc.prod-aks.azure.com/");
    let and = if is_aks && near.len() + 1 == issuer.len() {
        "; issuers of AKS end with a slash"
    } else {
        ""
    };
    format!("{said}{and}; copy the issuer from the token, nothing is normalised")
}

fn subject(
    ladder: &mut Ladder,
    scene: &Scene<'_>,
    matching: &Matching<'_>,
    presented: &Presented<'_>,
) {
    let candidates = matching.for_subject();
    let wanted = |one: &&Credential| match &one.expression {
        Some(expression) => expression.text.clone(),
        None => one.subject_text().to_owned(),
    };
    let listed: Vec<String> = candidates.iter().map(wanted).collect();
    let judged = |status, title: &'static str| {
        check("subject", status, title).expected(listed.clone()).actual(matching.subject)
    };
    if candidates.is_empty() {
        return;
    }
    if let Some(first) = matching.by_subject().first() {
        let item = first.expression.as_ref().or(first.subject.as_ref());
        let rule = if first.expression.is_some() { "Z40" } else { "Z33" };
        let check = judged(Status::Pass, "a credential has the token's subject").rule(rule);
        return ladder.push(at(check, scene, item));
    }
    let texts =
        candidates.iter().filter(|one| one.expression.is_none()).map(|one| one.subject_text());
    let near = nearest(texts, matching.subject);
    let item = candidates
        .iter()
        .find(|one| Some(one.subject_text()) == near)
        .and_then(|one| one.subject.as_ref());
    let folded = |one: &&Credential| {
        one.expression.is_none()
            && one.subject_text().to_lowercase() == matching.subject.to_lowercase()
    };
    let other_case = matching.by_issuer().iter().any(folded);
    let hint = match near {
        Some(near) if near.contains(['*', '?']) => "`*` and `?` are plain characters: a Kubernetes issuer needs one credential for each ServiceAccount".to_owned(),
        Some(near) => difference("the credential", near, matching.subject),
        None => "the expression does not fit the token's claims".to_owned(),
    };
    let check =
        judged(Status::Fail, "no credential of this issuer has the token's subject").hint(hint);
    match other_case {
        true => ladder.fail(at(check.rule("Z34"), scene, item), presented.other_case()),
        false => ladder.fail(at(check.rule("Z33"), scene, item), presented.no_subject()),
    }
}

/// Z36, Z39.
fn audience(
    ladder: &mut Ladder,
    scene: &Scene<'_>,
    matching: &Matching<'_>,
    presented: &Presented<'_>,
) {
    let candidates = matching.for_audience();
    let listed: Vec<&str> =
        candidates.iter().filter_map(|one| one.audience()).map(|item| item.text.as_str()).collect();
    let judged = |status, title: &'static str| {
        check("audience", status, title)
            .expected(listed.clone())
            .actual(matching.audiences.clone())
            .rule("Z33")
    };
    let Some(first) = candidates.first() else { return };
    if let Some(matched) = matching.by_audience().first() {
        let check = judged(Status::Pass, "the credential has the token's audience");
        let check = match matching.audiences.len() > 1 {
            true => check
                .hint("the token has further audiences, which Entra is taken to tolerate")
                .rule("Z39"),
            false => check,
        };
        return ladder.push(at(check, scene, matched.audience()));
    }
    let found = matching.audiences.first().map_or("", String::as_str);
    let hint = match listed.first() {
        _ if is_in_cluster_name(found) => "this token is the API server's; send the one in AZURE_FEDERATED_TOKEN_FILE (label azure.workload.identity/use: \"true\" on the pod)".to_owned(),
        Some(near) => format!("{}; the audience does not follow the cloud by itself", difference("the credential", near, found)),
        None => String::new(),
    };
    let check = judged(Status::Fail, "no such credential has the token's audience").hint(hint);
    let error = presented.no_audience();
    let error = if matching.audiences.len() == 1 { error } else { error.likely() };
    ladder.fail(at(check, scene, first.audience()), error);
}

/// Whether discovery document and keys can be read (Z48).
pub(super) fn discovery(ladder: &mut Ladder, scene: &Scene<'_>, issuer: &str) {
    let judged = |status, title: &'static str| check("discovery", status, title).rule("Z48");
    let unreachable = "serve ISSUER/.well-known/openid-configuration and its jwks_uri on the public internet over https, complete";
    match scene.facts.issuer_reachable {
        Some(false) => ladder.fail(
            judged(Status::Fail, "the issuer's discovery document or keys are not reachable")
                .hint(unreachable),
            errors::unreachable(),
        ),
        _ if !issuer.starts_with("https://") => ladder.fail(
            judged(Status::Fail, "the issuer is no https URL").actual(issuer).hint(unreachable),
            errors::unreachable().likely(),
        ),
        Some(true) => ladder.push(judged(Status::Pass, "the issuer's keys are reachable")),
        None if is_in_cluster_name(issuer) => ladder.push(
            judged(Status::Skip, "whether the issuer's keys are reachable is not told")
                .hint("assumed: they are; but this issuer's name resolves inside its cluster only")
                .rule("Z45"),
        ),
        None => ladder.push(
            judged(Status::Skip, "whether the issuer's keys are reachable is not told")
                .hint("assumed: discovery document and JWKS answer on the public internet"),
        ),
    }
}

/// The text that stands in `aud` where Entra prints one.
pub(super) fn first_audience(claims: &Map<String, Value>) -> Vec<String> {
    Claims(claims).audiences()
}
