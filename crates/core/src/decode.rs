//! From pasted text to [`DecodedToken`].

use crate::claims::{Claims, DecodedToken};
use crate::document::Text;
use crate::jws::{Jws, Part};
use crate::paste::{Found, unwrap};
use crate::time::UnixTime;
use crate::trace::{Check, InputName, Status};

/// Finds the token in a pasted text and decodes as much of it as possible. Nothing is verified.
///
/// # Examples
///
/// ```
/// use podpass::{TokenKind, decode_token};
///
/// let token = decode_token("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.");
/// assert!(token.ok);
/// assert_eq!(token.kind, Some(TokenKind::NotKubernetes));
/// assert_eq!(token.unwrapped, ["bearer"]);
///
/// let cut_off = decode_token("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn");
/// assert!(!cut_off.ok);
/// assert!(cut_off.header.is_some());
/// ```
pub fn decode_token(text: &str) -> DecodedToken {
    let found = unwrap(text);
    let jws = Jws::parse(&found.compact);
    describe(&jws, text, &found)
}

/// A token to the letter: what verification and federation take.
pub(crate) fn describe_exact(jws: &Jws) -> DecodedToken {
    describe(jws, &jws.compact, &Found::exact(&jws.compact))
}

pub(crate) fn describe(jws: &Jws, pasted: &str, found: &Found) -> DecodedToken {
    let text = Text::new(InputName::Token, pasted);
    let claims = jws.claims();
    let has_parts = jws.parts.len() >= 2;
    DecodedToken {
        ok: jws.is_well_formed(),
        kind: claims.map(Claims::kind),
        compact: has_parts.then(|| jws.compact.clone()),
        unwrapped: found.unwrapped.clone(),
        header: jws.header.clone(),
        claims: jws.claims.clone(),
        service_account: claims.and_then(Claims::service_account),
        pod: claims.and_then(|claims| claims.bound("pod")),
        node: claims.and_then(|claims| claims.bound("node")),
        secret: claims.and_then(Claims::secret),
        issuer: claims.and_then(|claims| claims.text("iss")).map(str::to_owned),
        audiences: claims.map(Claims::audiences).unwrap_or_default(),
        subject: claims.and_then(|claims| claims.text("sub")).map(str::to_owned),
        id: claims.and_then(|claims| claims.text("jti")).map(str::to_owned),
        issued_at: date(claims, "iat"),
        not_before: date(claims, "nbf"),
        expires_at: date(claims, "exp"),
        warn_after: claims.and_then(Claims::warn_after),
        extended: claims.and_then(Claims::warn_after).is_some(),
        segments: if has_parts {
            jws.parts.iter().map(|part| text.span(&found.in_paste(part), None)).collect()
        } else {
            Vec::new()
        },
        checks: structure(jws, &text, found),
    }
}

fn date(claims: Option<Claims<'_>>, name: &str) -> Option<UnixTime> {
    claims?.date(name)
}

/// One check a part, in the order they are read.
fn structure(jws: &Jws, text: &Text<'_>, found: &Found) -> Vec<Check> {
    let parts = [
        (Part::Token, "token/format", "three parts within limits"),
        (Part::Header, "token/format/header", "the header is base64url of a JSON object"),
        (Part::Payload, "token/format/payload", "the payload is base64url of a JSON object"),
        (Part::Signature, "token/format/signature", "the signature part is base64url"),
    ];
    let mut checks = Vec::new();
    for (part, id, good) in parts {
        let problems: Vec<_> = jws.problems.iter().filter(|problem| problem.part == part).collect();
        for problem in &problems {
            let check = Check::new(id, Status::Fail, problem.message.clone())
                .at(text.span(&found.in_paste(&problem.range), None))
                .hint(hint(jws, part));
            checks.push(check);
        }
        if problems.is_empty() {
            let read = match part {
                Part::Token => true,
                Part::Header => jws.header.is_some(),
                Part::Payload => jws.claims.is_some(),
                Part::Signature => jws.signature.is_some(),
            };
            let status = if read { Status::Pass } else { Status::Skip };
            checks.push(Check::new(id, status, good));
        }
    }
    checks
}

fn hint(jws: &Jws, part: Part) -> &'static str {
    match part {
        Part::Token if jws.compact.is_empty() => {
            "paste a token, for example the output of `kubectl exec POD -- cat /var/run/secrets/kubernetes.io/serviceaccount/token`"
        }
        Part::Token => {
            "copy the whole token again: header, payload and signature, with the two dots between them"
        }
        Part::Header | Part::Payload => {
            "copy the whole token again; a JWT is base64url, not plain base64, and must not be edited"
        }
        Part::Signature => "copy the token again up to its very end",
    }
}
