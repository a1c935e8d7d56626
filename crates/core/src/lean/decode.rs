//! [`crate::decode_token`] for a bare, well-formed token of an API server.

use podpass_scan::{Lean, Writer, member, scan, text};

use super::{Claims, decoded, parts, write_bound};

/// Writes the decoded token as JSON, without what does not depend on what it says: `compact`, `segments`, `checks`.
/// Gives where header and payload end.
pub(crate) fn decode(
    token: &str,
    scratch: &mut Vec<u8>,
    out: &mut String,
) -> Option<(usize, usize)> {
    out.clear();
    let (header, payload, signature) = parts(token)?;
    // Whatever else there is may be wrapped: a JSON header starts so.
    if !header.starts_with("eyJ") {
        return None;
    }
    decoded(signature, scratch)?;
    let mut writer = Writer(out);
    let header_json = std::str::from_utf8(decoded(header, scratch)?).ok()?;
    header_is_plain(header_json)?;
    writer.json("{\"ok\":true,\"unwrapped\":[],\"header\":", header_json);
    let payload_json = std::str::from_utf8(decoded(payload, scratch)?).ok()?;
    let claims = Claims::read(payload_json)?;
    writer.json(",\"claims\":", payload_json);
    describe(&claims, &mut writer)?;
    writer.json("}", "");
    Some((header.len(), header.len() + 1 + payload.len()))
}

/// An object without `crit`, its `kid` a text: what `jws` objects to is left to it.
fn header_is_plain(json: &str) -> Option<()> {
    let Lean::Object(members) = scan(json)? else { return None };
    text(&members, "kid")?;
    member(&members, "crit").is_none().then_some(())
}

fn describe(claims: &Claims<'_>, writer: &mut Writer<'_>) -> Option<()> {
    let (issuer, audiences) = (claims.text("iss")?, claims.audiences()?);
    let (namespace, account) = claims.account()?;
    let warn_after = claims.warn_after()?;
    writer.text(",\"kind\":\"", Claims::kind(issuer, &audiences));
    writer.text(",\"serviceAccount\":{\"namespace\":\"", namespace);
    write_bound(writer, ",\"name\":\"", account);
    for (name, before) in [
        ("pod", ",\"pod\":{\"name\":\""),
        ("node", ",\"node\":{\"name\":\""),
        ("secret", ",\"secret\":{\"name\":\""),
    ] {
        if let Some(bound) = claims.bound(name)? {
            write_bound(writer, before, bound);
        }
    }
    writer.texts(",\"audiences\":[", &audiences);
    let texts = [
        (",\"issuer\":\"", issuer),
        (",\"subject\":\"", claims.text("sub")?),
        (",\"id\":\"", claims.text("jti")?),
    ];
    for (before, text) in texts {
        if let Some(text) = text {
            writer.text(before, text);
        }
    }
    for (before, date) in [
        (",\"issuedAt\":", claims.date("iat")?),
        (",\"notBefore\":", claims.date("nbf")?),
        (",\"expiresAt\":", claims.date("exp")?),
        (",\"warnAfter\":", warn_after),
    ] {
        if let Some(date) = date {
            writer.json(before, date);
        }
    }
    writer.json(",\"extended\":", if warn_after.is_some() { "true" } else { "false" });
    Some(())
}
