//! What a token says: the registered claims (RFC 7519 §4.1), the `kubernetes.io` claim (K6), the flat
//! claims of legacy tokens (K7), and which kind of token that makes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::UnixTime;
use crate::trace::{Check, Span};

/// The member under which bound tokens keep their private claims (K6).
pub(crate) const KUBERNETES_CLAIM: &str = "kubernetes.io";
/// Prefix of the flat claims of legacy tokens (K7).
pub(crate) const LEGACY_CLAIM: &str = "kubernetes.io/serviceaccount/";
/// The issuer of legacy tokens (K7).
pub(crate) const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// What kind of token it is, as far as the token alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// Has the `kubernetes.io` claim, and is meant for the API server: no audience (K52), or one that
    /// equals `iss` or is a form of `https://kubernetes.default.svc`.
    Bound,
    /// Has the `kubernetes.io` claim, and is meant for somebody else.
    External,
    /// Has the flat `kubernetes.io/serviceaccount/` claims.
    LegacySecret,
    /// Has neither.
    NotKubernetes,
}

/// A ServiceAccount: `system:serviceaccount:<namespace>:<name>`.
///
/// ```
/// use podpass::ServiceAccountRef;
///
/// let account = ServiceAccountRef::from_subject("system:serviceaccount:production:api").unwrap();
/// assert_eq!((account.namespace.as_str(), account.name.as_str()), ("production", "api"));
/// assert_eq!(ServiceAccountRef::from_subject("system:serviceaccount:a:b:c"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<String>,
}

impl ServiceAccountRef {
    /// Splits a `sub`: four parts, the first two fixed, neither of the others empty.
    pub fn from_subject(subject: &str) -> Option<Self> {
        let mut parts = subject.strip_prefix("system:serviceaccount:")?.split(':');
        let (namespace, name) = (parts.next()?, parts.next()?);
        let fits = parts.next().is_none() && !namespace.is_empty() && !name.is_empty();
        fits.then(|| Self { namespace: namespace.into(), name: name.into(), uid: None })
    }

    /// The `sub` of its tokens, and its user name at the API server (K5, K59).
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }
}

/// A named object, such as the pod that a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRef {
    /// Its name.
    pub name: String,
    /// Its UID, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<String>,
}

/// A token as far as it could be read. Nothing in it is verified: all of it is the sender's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecodedToken {
    /// Three parts, strict base64url, header and claims valid JSON objects, within limits; `alg` does not matter.
    pub ok: bool,
    /// Absent if the claims could not be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<TokenKind>,
    /// The token as found in the pasted text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compact: Option<String>,
    /// What was stripped or opened to find it: `bearer`, `quotes`, `line-wraps`, `secret-data`, ...
    pub unwrapped: Vec<String>,
    /// The JOSE header.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub header: Option<Map<String, Value>>,
    /// Exactly the payload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claims: Option<Map<String, Value>>,
    /// Whose token it says it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_account: Option<ServiceAccountRef>,
    /// The pod it is bound to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pod: Option<ObjectRef>,
    /// The node it is bound to, or its pod's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node: Option<ObjectRef>,
    /// The Secret it is bound to, or comes from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<ObjectRef>,
    /// `iss`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issuer: Option<String>,
    /// `aud`, always as a list.
    pub audiences: Vec<String>,
    /// `sub`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// `jti`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// `iat`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issued_at: Option<UnixTime>,
    /// `nbf`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_before: Option<UnixTime>,
    /// `exp`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<UnixTime>,
    /// `kubernetes.io.warnafter`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warn_after: Option<UnixTime>,
    /// Its life was extended (K17): it has `warnafter`.
    pub extended: bool,
    /// Header, payload, signature.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub segments: Vec<Span>,
    /// Structure only; a signature is never judged here.
    pub checks: Vec<Check>,
}

/// The claims of a token, read as the API server reads them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Claims<'a> {
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A NumericDate; `None` as well if it is no number.
    pub(crate) fn date(self, name: &str) -> Option<UnixTime> {
        self.0.get(name).and_then(Value::as_f64).map(UnixTime)
    }

    /// `aud` may be one string or a list of strings (K9); anything else counts as none.
    pub(crate) fn audiences(self) -> Vec<String> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => {
                many.iter().filter_map(|aud| aud.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn kubernetes(self) -> Option<&'a Map<String, Value>> {
        self.0.get(KUBERNETES_CLAIM).and_then(Value::as_object)
    }

    pub(crate) fn is_legacy(self) -> bool {
        self.0.keys().any(|name| name.starts_with(LEGACY_CLAIM))
    }

    /// A flat claim of a legacy token (K7).
    pub(crate) fn legacy(self, name: &str) -> Option<&'a str> {
        self.text(&format!("{LEGACY_CLAIM}{name}"))
    }

    /// A reference in the `kubernetes.io` claim: `pod`, `node`, `secret` (K6).
    pub(crate) fn bound(self, member: &str) -> Option<ObjectRef> {
        object_ref(self.kubernetes()?.get(member)?)
    }

    pub(crate) fn kind(self) -> TokenKind {
        if self.kubernetes().is_some() {
            return if self.for_api_server() { TokenKind::Bound } else { TokenKind::External };
        }
        if self.is_legacy() { TokenKind::LegacySecret } else { TokenKind::NotKubernetes }
    }

    fn for_api_server(self) -> bool {
        let audiences = self.audiences();
        let issuer = self.text("iss");
        audiences.is_empty()
            || audiences.iter().any(|aud| Some(aud.as_str()) == issuer || is_in_cluster_name(aud))
    }

    pub(crate) fn service_account(self) -> Option<ServiceAccountRef> {
        if let Some(kubernetes) = self.kubernetes() {
            let account = object_ref(kubernetes.get("serviceaccount")?)?;
            let namespace = kubernetes.get("namespace")?.as_str()?.to_owned();
            return Some(ServiceAccountRef { namespace, name: account.name, uid: account.uid });
        }
        Some(ServiceAccountRef {
            namespace: self.legacy("namespace")?.to_owned(),
            name: self.legacy("service-account.name")?.to_owned(),
            uid: self.legacy("service-account.uid").map(str::to_owned),
        })
    }

    pub(crate) fn secret(self) -> Option<ObjectRef> {
        self.bound("secret")
            .or_else(|| Some(ObjectRef { name: self.legacy("secret.name")?.to_owned(), uid: None }))
    }

    pub(crate) fn warn_after(self) -> Option<UnixTime> {
        self.kubernetes()?.get("warnafter")?.as_f64().map(UnixTime)
    }
}

fn object_ref(value: &Value) -> Option<ObjectRef> {
    Some(ObjectRef {
        name: value.get("name")?.as_str()?.to_owned(),
        uid: value.get("uid").and_then(Value::as_str).map(str::to_owned),
    })
}

/// `https://kubernetes.default.svc`, with or without the cluster's domain behind it.
pub(crate) fn is_in_cluster_name(audience: &str) -> bool {
    audience.strip_prefix("https://kubernetes.default.svc").is_some_and(|domain| {
        domain.is_empty() || (domain.starts_with('.') && domain.len() > 1 && !domain.contains('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds() {
        let table = [
            (json!({"kubernetes.io": {}}), TokenKind::Bound),
            (json!({"kubernetes.io": {}, "iss": "i", "aud": ["x", "i"]}), TokenKind::Bound),
            (
                json!({"kubernetes.io": {}, "aud": "https://kubernetes.default.svc"}),
                TokenKind::Bound,
            ),
            (
                json!({"kubernetes.io": {}, "aud": "https://kubernetes.default.svc.corp"}),
                TokenKind::Bound,
            ),
            (
                json!({"kubernetes.io": {}, "aud": "https://kubernetes.default.svcx"}),
                TokenKind::External,
            ),
            (json!({"kubernetes.io": {}, "aud": ["vault"]}), TokenKind::External),
            (json!({"kubernetes.io/serviceaccount/namespace": "a"}), TokenKind::LegacySecret),
            (json!({"sub": "system:serviceaccount:a:b"}), TokenKind::NotKubernetes),
        ];
        for (claims, kind) in table {
            assert_eq!(Claims(claims.as_object().unwrap()).kind(), kind, "{claims}");
        }
    }
}
