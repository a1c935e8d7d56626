//! A token as the API server reads it: looser than podpass does (K4, K9, K49, K50).
//!
//! Source: `pkg/serviceaccount/jwt.go` `hasCorrectIssuer`; go-jose v2.6.3 `jws.go`, `shared.go`, `utils.go`.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use x509_cert::der::Decode as _;

use super::decode::{mistyped, names};
use crate::algorithm::{Algorithm, AlgorithmName, verify_as_go_jose};
use crate::document::{Data, Duplicates, Node, parse_json};
use crate::go::quoted;
use crate::jwk::Keys;
use crate::signature::{Evidence, Judgement};

/// `base64.RawURLEncoding`: no padding, and stray bits at the end do not matter.
const RAW_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);
/// `base64.StdEncoding`.
const STD: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What the API server makes of a text.
pub(in crate::federation) struct Token {
    pub(in crate::federation) text: String,
    /// Why no authenticator looks at it; none of this is ever said (K49).
    pub(in crate::federation) problem: Option<String>,
    /// What go-jose says of that, where it is known: it is repeated by authenticators of other issuers (R27).
    pub(in crate::federation) go_problem: Option<String>,
    pub(in crate::federation) payload: Option<Node>,
    pub(in crate::federation) header: Option<Header>,
    /// Header and payload, encoded anew: line breaks and stray bits are gone.
    pub(in crate::federation) signing_input: Vec<u8>,
    pub(in crate::federation) signature: Vec<u8>,
}

/// What of a header matters.
#[derive(Debug, Default, PartialEq)]
pub(in crate::federation) struct Header {
    pub(in crate::federation) alg: String,
    /// An empty one counts as none (K50).
    pub(in crate::federation) kid: String,
    pub(in crate::federation) critical: Critical,
    /// `b64: false`: the payload is signed as it is.
    bare_payload: bool,
}

/// `crit`, which is looked at with each key that is tried (K50; go-jose `DetachedVerify`).
#[derive(Debug, Default, PartialEq)]
pub(in crate::federation) enum Critical {
    #[default]
    Absent,
    /// Nothing but `b64`, or nothing at all.
    Known,
    /// No key helps.
    Unknown,
    /// No key helps either, and this is said instead of the usual.
    Unreadable(String),
}

impl Critical {
    fn of(crit: Option<&Node>) -> Self {
        match crit.map(names) {
            None => Self::Absent,
            Some(Ok(names)) if names.iter().all(|name| *name == "b64") => Self::Known,
            Some(Ok(_)) => Self::Unknown,
            Some(Err(message)) => Self::Unreadable(message),
        }
    }
}

impl Token {
    pub(in crate::federation) fn read(text: &str) -> Self {
        let mut token = Self {
            text: text.to_owned(),
            problem: None,
            go_problem: None,
            payload: None,
            header: None,
            signing_input: Vec::new(),
            signature: Vec::new(),
        };
        if let Err(Problem { title, go }) = token.decode() {
            (token.problem, token.go_problem) = (Some(title), go);
        }
        token
    }

    fn decode(&mut self) -> Result<(), Problem> {
        if self.text.trim().starts_with('{') {
            return Err("the text is JSON, not a token in compact form".to_owned().into());
        }
        let parts: Vec<&str> = self.text.split('.').collect();
        let &[header, payload, signature] = parts.as_slice() else {
            let found = parts.len();
            return Err(format!("expected three parts separated by dots, found {found}").into());
        };
        let payload = raw_url(payload).ok_or_else(|| "the payload is not base64url".to_owned())?;
        // Go puts U+FFFD for what is not UTF-8.
        let node = parse_json(&String::from_utf8_lossy(&payload), Duplicates::JudgedByDecoder);
        self.payload =
            Some(node.map_err(|error| format!("the payload is not JSON: {}", error.message))?);
        let part = |name: &str, part: &str| {
            let solid: String = part.chars().filter(|c| !c.is_whitespace()).collect();
            raw_url(&solid).ok_or_else(|| Problem {
                title: format!("the {name} is not base64url"),
                go: Some(illegal_base64(&solid)),
            })
        };
        let (header, signature) = (part("header", header)?, part("signature", signature)?);
        let read = Header::read(&header)?;
        self.signing_input = [RAW_URL.encode(&header).into_bytes(), vec![b'.']].concat();
        match read.bare_payload {
            true => self.signing_input.extend(&payload),
            false => self.signing_input.extend(RAW_URL.encode(&payload).into_bytes()),
        }
        self.signature = signature;
        self.header = Some(read);
        Ok(())
    }

    /// K4. What podpass verifies to the letter anyhow is not verified twice.
    pub(in crate::federation) fn is_signed_by(&self, evidence: &Evidence, at: usize) -> bool {
        let Some(header) = self.header.as_ref() else { return false };
        if !matches!(header.critical, Critical::Absent | Critical::Known) {
            return false;
        }
        let AlgorithmName::Known(algorithm) = Algorithm::named(&header.alg) else { return false };
        let Some(public) = evidence.key(at).and_then(|key| key.public.as_ref()) else {
            return false;
        };
        let to_the_letter = evidence
            .jws
            .as_ref()
            .is_some_and(|jws| jws.is_well_formed() && jws.signing_input() == self.signing_input);
        // podpass itself takes no `crit`.
        let plain = header.critical == Critical::Absent;
        if to_the_letter && plain && algorithm.fits(public) {
            return matches!(evidence.judge(&[at]), Judgement::Valid(_));
        }
        verify_as_go_jose(algorithm, public, &self.signing_input, &self.signature)
    }
}

/// `base64.CorruptInputError`: the first character that does not belong there, or the one that is too many.
fn illegal_base64(part: &str) -> String {
    let strange = part.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    let at = strange.unwrap_or(part.len().saturating_sub(1));
    format!("illegal base64 data at input byte {at}")
}

/// Go's decoder skips line breaks.
fn raw_url(part: &str) -> Option<Vec<u8>> {
    let solid: String = part.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    RAW_URL.decode(solid).ok()
}

/// Why a text is no token to the API server.
struct Problem {
    title: String,
    /// What go-jose says, for those who repeat it.
    go: Option<String>,
}

impl From<String> for Problem {
    fn from(title: String) -> Self {
        Self { title, go: None }
    }
}

impl Header {
    /// go-jose `rawHeader.sanitized`.
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let source = String::from_utf8_lossy(bytes);
        let node = parse_json(&source, Duplicates::JudgedByDecoder)
            .map_err(|error| format!("the header is not JSON: {}", error.message))?;
        if !node.is_object() && !node.is_null() {
            return Err(Problem {
                title: "the header is JSON, but not an object".into(),
                go: Some(mistyped(&node, "jose.rawHeader").message()),
            });
        }
        if has_duplicates(&node) {
            return Err("a member stands twice in the header".to_owned().into());
        }
        let member = |name: &str| node.get(name).filter(|value| !value.is_null());
        let problem = |title: &str, what: &str, value: &Node, reason: Option<String>| {
            let raw = quoted(source.get(value.range.clone()).unwrap_or_default());
            let go = reason.map(|reason| format!("failed to unmarshal {what}: {reason}: {raw}"));
            Problem { title: title.to_owned(), go }
        };
        let text = |name: &str, what: &str| match member(name) {
            None => Ok(String::new()),
            Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| {
                let title = format!("the header's `{name}` is not a string");
                problem(&title, what, value, Some(mistyped(value, "string").message()))
            }),
        };
        text("nonce", "nonce")?;
        if let Some(jwk) = member("jwk").filter(|jwk| !is_public_key(jwk)) {
            let title = "the header's `jwk` is no public key";
            return Err(problem(title, "JWK", jwk, unknown_key_type(jwk)));
        }
        if let Some(chain) = member("x5c").filter(|chain| !is_chain(chain)) {
            let title = "the header's `x5c` is no chain of certificates";
            return Err(problem(title, "x5c header", chain, no_base64(chain)));
        }
        Ok(Self {
            alg: text("alg", "algorithm")?,
            kid: text("kid", "key ID")?,
            critical: Critical::of(member("crit")),
            bare_payload: member("b64").and_then(Node::as_bool) == Some(false),
        })
    }
}

fn has_duplicates(node: &Node) -> bool {
    let mut names = std::collections::HashSet::new();
    node.members()
        .iter()
        .any(|member| !names.insert(member.name.as_str()) || has_duplicates(&member.value))
        || node.elements().iter().any(has_duplicates)
}

/// It is ignored, but it must make sense.
fn is_public_key(jwk: &Node) -> bool {
    let keys = Keys::parse(&jwk.to_json().to_string()).keys;
    keys.first().is_some_and(|key| key.public.is_some()) && jwk.get("d").is_none()
}

/// What go-jose says of a key whose type it does not know; of others its words are not known here.
fn unknown_key_type(jwk: &Node) -> Option<String> {
    let kty = jwk.get("kty").and_then(Node::as_str).unwrap_or_default();
    let known = matches!(kty, "RSA" | "EC" | "oct" | "OKP") || !jwk.is_object();
    (!known).then(|| format!("go-jose/go-jose: unknown json web key type '{kty}'"))
}

/// What Go says of a chain that is no list, or of its first member that is no base64.
fn no_base64(chain: &Node) -> Option<String> {
    let names = match names(chain) {
        Err(message) => return Some(message),
        Ok(names) => names,
    };
    let strange = |text: &str| {
        text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b"+/=\r\n".contains(&b)))
    };
    let bad = names.into_iter().find(|text| STD.decode(text).is_err())?;
    // A text that is too short is told by where its last group of four begins.
    let at = strange(bad).unwrap_or(bad.len() - bad.len() % 4);
    Some(format!("illegal base64 data at input byte {at}"))
}

fn is_chain(chain: &Node) -> bool {
    let certificate = |text: &Node| {
        text.as_str()
            .and_then(|text| STD.decode(text).ok())
            .is_some_and(|der| x509_cert::Certificate::from_der(&der).is_ok())
    };
    matches!(&chain.data, Data::Array(elements) if elements.iter().all(certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        RAW_URL.encode(text)
    }

    #[test]
    fn what_is_skipped_without_a_word() {
        let token =
            |header: &str, payload: &str| format!("{}.{}.c2ln", encode(header), encode(payload));
        let table = [
            (" {\"a\":1}".to_owned(), Some("the text is JSON, not a token in compact form")),
            ("a.b".into(), Some("expected three parts separated by dots, found 2")),
            (
                "..".into(),
                Some("the payload is not JSON: expected a value, found the end of the text"),
            ),
            ("e30.e30=.c2ln".into(), Some("the payload is not base64url")),
            ("e30.e3 0.c2ln".into(), Some("the payload is not base64url")),
            ("e30.e30.+/+/".into(), Some("the signature is not base64url")),
            (token("[]", "{}"), Some("the header is JSON, but not an object")),
            (token(r#"{"kid":1}"#, "{}"), Some("the header's `kid` is not a string")),
            (token(r#"{"alg":1}"#, "{}"), Some("the header's `alg` is not a string")),
            (token(r#"{"a":1,"a":1}"#, "{}"), Some("a member stands twice in the header")),
            (
                token(r#"{"x5c":["AAAA"]}"#, "{}"),
                Some("the header's `x5c` is no chain of certificates"),
            ),
            (token(r#"{"jwk":{}}"#, "{}"), Some("the header's `jwk` is no public key")),
            (".e30.".into(), None),
            ("e30.e30.".into(), None),
            ("\n e3\t0.e3\n0.c2\r\nln \n".into(), None),
            ("e31.e31.c2l".into(), None),
            (token("null", "[]"), None),
            (token(r#"{"kid":null,"crit":["x"]}"#, "\"\\ud800\""), None),
        ];
        for (text, problem) in table {
            assert_eq!(Token::read(&text).problem.as_deref(), problem, "{text:?}");
        }
    }

    #[test]
    fn the_signing_input_is_encoded_anew() {
        let token = Token::read("\ne3\n1.e31.c2ln");
        assert_eq!(token.signing_input, b"e30.e30");
        assert_eq!(token.signature, b"sig");
        let bare = Token::read(&format!("{}.e30.c2ln", encode(r#"{"b64":false}"#)));
        assert!(bare.signing_input.ends_with(b".{}"));
    }
}
