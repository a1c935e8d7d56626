//! JWKS (RFC 7517), a single JWK, a discovery document, and what people paste in their place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Discovery, Key, KeyInfo, KeyUse, Keys, objection};
use crate::algorithm::{Algorithm, AlgorithmName, Curve, PublicKey};
use crate::document::{Data, Node, Text, push_pointer};
use crate::trace::{Check, Status};

/// Private members of RSA, EC and OKP keys (RFC 7518 §6.2.2, §6.3.2).
const PRIVATE_MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

pub(super) fn read(source: &Text<'_>, node: &Node) -> Keys {
    let mut keys = Keys::default();
    if let Some(list) = node.get("keys") {
        read_list(&mut keys, source, list, "/keys");
    } else if node.get("kty").is_some() {
        read_key(&mut keys, source, node, "");
    } else if let Some(uri) = node.get("jwks_uri") {
        return discovery(source, node, uri);
    } else if let Data::Array(_) = node.data {
        read_list(&mut keys, source, node, "");
    } else if node.get("kind").and_then(Node::as_str) == Some("Status") {
        return api_status(source, node);
    } else if node.members().iter().any(|member| member.value.get("keys").is_some()) {
        for member in node.members() {
            if let Some(list) = member.value.get("keys") {
                read_list(
                    &mut keys,
                    source,
                    list,
                    &format!("{}/keys", push_pointer("", &member.name)),
                );
            }
        }
    } else {
        let message = "the JSON is no key set: expected `keys`, `kty` or `jwks_uri`";
        return Keys::not_a_key_set(source, message, node.range.start);
    }
    keys.conclude();
    keys
}

/// K83: then the keys are elsewhere, and where is told.
fn discovery(source: &Text<'_>, node: &Node, uri: &Node) -> Keys {
    let issuer = node.get("issuer").and_then(Node::as_str);
    let (Some(issuer), Some(jwks_uri)) = (issuer, uri.as_str()) else {
        let message = "the discovery document lacks a text `issuer` or `jwks_uri`";
        return Keys::not_a_key_set(source, message, node.range.start);
    };
    let check =
        Check::new("keys/discovery", Status::Warn, "this is the discovery document, not the keys")
            .at(source.span(&uri.range, Some("/jwks_uri")))
            .hint(format!("the keys are at {jwks_uri}: fetch that and paste it here"));
    Keys {
        checks: vec![check],
        discovery: Some(Discovery { issuer: issuer.to_owned(), jwks_uri: jwks_uri.to_owned() }),
        ..Keys::default()
    }
}

/// K86: the API server said no, and that answer was pasted.
fn api_status(source: &Text<'_>, node: &Node) -> Keys {
    let mut keys = Keys::not_a_key_set(
        source,
        "this is the API server's refusal, not a key set",
        node.range.start,
    );
    if let Some(check) = keys.checks.first_mut() {
        check.actual = node.get("message").map(Node::to_json);
        check.rule = Some("K86".into());
        check.hint = Some(
            "reading /openid/v1/jwks needs the role system:service-account-issuer-discovery: ask with a ServiceAccount's token, or as a cluster administrator"
                .into(),
        );
    }
    keys
}

fn read_list(keys: &mut Keys, source: &Text<'_>, list: &Node, pointer: &str) {
    if !matches!(list.data, Data::Array(_)) {
        let check = Check::new("keys/format", Status::Fail, "`keys` is not a list")
            .expected("a list")
            .actual(list.kind())
            .at(source.span(&list.range, Some(pointer)));
        keys.checks.push(check);
        keys.unreadable = true;
        return;
    }
    for (index, key) in list.elements().iter().enumerate() {
        read_key(keys, source, key, &push_pointer(pointer, &index.to_string()));
    }
}

fn read_key(keys: &mut Keys, source: &Text<'_>, node: &Node, pointer: &str) {
    if PRIVATE_MEMBERS.iter().any(|member| node.get(member).is_some()) {
        let check = Check::new(
            "keys/private",
            Status::Warn,
            "this key is private: whoever has it can make tokens",
        )
        .at(source.span(&node.range, Some(pointer)))
        .hint("treat it as leaked: replace the signing key, and paste public keys only");
        keys.checks.push(check);
    }
    keys.push(jwk(node), source, &node.range, Some(pointer));
}

fn jwk(node: &Node) -> Key {
    let text = |name: &str| node.get(name).and_then(Node::as_str).map(str::to_owned);
    let kty = text("kty").unwrap_or_default();
    let material = material(node, &kty);
    let mut key = match &material {
        Ok(public) => Key::used(public.clone(), text("kid"), text("alg")),
        Err(_) => Key {
            info: KeyInfo {
                kid: text("kid"),
                kty,
                alg: text("alg"),
                bits: None,
                curve: text("crv"),
                usage: KeyUse::Ignored,
                reason: None,
                derived_kid: None,
            },
            public: None,
            written: serde_json::Map::new(),
        },
    };
    if let Value::Object(members) = node.to_json() {
        key.written = members;
    }
    for private in PRIVATE_MEMBERS {
        key.written.shift_remove(private);
    }
    match material.and_then(|public| policy(node, &public)) {
        Ok(()) => key,
        Err(reason) => key.ignored(reason),
    }
}

/// The public key, or why there is none.
fn material(node: &Node, kty: &str) -> Result<PublicKey, String> {
    let text = |name: &str| {
        node.get(name)
            .and_then(Node::as_str)
            .ok_or_else(|| format!("`{name}` is missing or not a text"))
    };
    let bytes = |name: &str| {
        let text = text(name)?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| format!("`{name}` is not base64url"))
    };
    match kty {
        "RSA" => PublicKey::rsa(&bytes("n")?, &bytes("e")?),
        "EC" => {
            let name = text("crv")?;
            let curve = Curve::from_name(name)
                .ok_or_else(|| format!("the curve `{name}` is not verified with here"))?;
            PublicKey::ec(curve, &bytes("x")?, &bytes("y")?)
        }
        "OKP" => match text("crv")? {
            "Ed25519" => {
                let x = bytes("x")?;
                let length = x.len();
                let x = x
                    .try_into()
                    .map_err(|_| format!("`x` of Ed25519 has 32 bytes, this one {length}"))?;
                Ok(PublicKey::Ed25519(x))
            }
            name => Err(format!("the curve `{name}` is not verified with here")),
        },
        "oct" => Err("it is symmetric: whoever can verify with it can forge".into()),
        "" => Err("`kty` is missing or not a text".into()),
        other => Err(format!("the key type `{other}` is unknown")),
    }
}

/// podpass's own policy; other systems have theirs.
fn policy(node: &Node, public: &PublicKey) -> Result<(), String> {
    if PRIVATE_MEMBERS.iter().any(|member| node.get(member).is_some()) {
        return Err("it is private".into());
    }
    if let Some(objection) = objection(public) {
        return Err(objection);
    }
    if let Some(usage) = node.get("use").filter(|usage| usage.as_str() != Some("sig")) {
        return Err(format!("its `use` is {}, not \"sig\"", usage.to_json()));
    }
    if let Some(operations) = node.get("key_ops") {
        let verifies =
            operations.elements().iter().any(|operation| operation.as_str() == Some("verify"));
        if !verifies {
            return Err(format!("its `key_ops` {} lack \"verify\"", operations.to_json()));
        }
    }
    if let Some(alg) = node.get("alg") {
        let name = alg.as_str().unwrap_or_default();
        let fits = match Algorithm::named(name) {
            AlgorithmName::Known(algorithm) => algorithm.fits(public),
            _ => false,
        };
        if !fits {
            return Err(format!("its `alg` {} is none that such a key can do", alg.to_json()));
        }
    }
    Ok(())
}
