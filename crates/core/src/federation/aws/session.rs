//! What a token asks for beyond the role: session tags, a source identity, a choice of roles (A100-A103).
//!
//! Sources: IAM User Guide, "Pass session tags in AWS STS" (read 2026-11); captured answers of STS for the
//! roles claim and the texts.

use serde_json::{Map, Value};

const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
const ROLES: &str = "https://aws.amazon.com/roles";

/// Most tags of a session, and the longest key and value in characters (A13).
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// Why STS takes no such claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Which claim.
    pub(super) claim: &'static str,
    /// What STS says.
    pub(super) message: &'static str,
    /// Whether its text was ever seen.
    pub(super) is_known: bool,
    pub(super) rule: &'static str,
}

/// The claims about the session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) tags: Vec<(String, String)>,
    pub(super) transitive: Vec<String>,
    /// Tags that are there, with a value that nothing given tells (A162).
    pub(super) untold: Vec<&'static str>,
    pub(super) source_identity: Option<String>,
    /// `None`: no such claim, no check (A103).
    pub(super) roles: Option<Vec<String>>,
    pub(super) flaw: Option<Flaw>,
}

const FORMAT: Flaw = Flaw {
    claim: TAGS,
    message: "principal_tags passed in claim is not in correct format.",
    is_known: true,
    rule: "A100",
};
const LIMITS: Flaw = Flaw {
    claim: TAGS,
    message: "The session tags passed in the claim exceed a limit.",
    is_known: false,
    rule: "A13",
};
const IDENTITY: Flaw = Flaw {
    claim: SOURCE_IDENTITY,
    message: "The source identity passed in the claim is not in correct format.",
    is_known: false,
    rule: "A102",
};
/// A103: said of an empty list, and of texts that are no ARN of a role.
pub(super) const NO_ROLES: &str = "The roles claim contains no valid role ARNs";
/// A103.
pub(super) const OTHER_ROLES: &str =
    "The target role ARN is not present in the roles claim of the identity token";

impl Session {
    pub(super) fn read(claims: &Map<String, Value>) -> Self {
        let mut session = Self::default();
        // Kubernetes' own tokens have none of these claims.
        if !claims.keys().any(|name| name.starts_with("https://aws.amazon.com/")) {
            return session;
        }
        session.roles = claims.get(ROLES).and_then(roles);
        let read = session.read_tags(claims).and_then(|()| session.read_identity(claims));
        session.flaw = read.err();
        session
    }

    /// A100: nested, each value a list of one text; or flat, each value a text.
    fn read_tags(&mut self, claims: &Map<String, Value>) -> Result<(), Flaw> {
        if let Some(nested) = claims.get(TAGS) {
            let nested = nested.as_object().ok_or(Flaw { is_known: false, ..FORMAT })?;
            let tags = nested.get("principal_tags").map(|tags| tags.as_object().ok_or(FORMAT));
            for (key, values) in tags.transpose()?.into_iter().flatten() {
                match values.as_array().map(Vec::as_slice) {
                    Some([Value::String(value)]) => self.tags.push((key.clone(), value.clone())),
                    _ => return Err(FORMAT),
                }
            }
            self.read_transitive(nested.get("transitive_tag_keys"))?;
        }
        for (name, value) in claims {
            let Some(key) =
                name.strip_prefix(TAGS).and_then(|name| name.strip_prefix("/principal_tags/"))
            else {
                continue;
            };
            let value = value.as_str().ok_or(Flaw { is_known: false, ..FORMAT })?;
            self.tags.push((key.to_owned(), value.to_owned()));
        }
        self.read_transitive(claims.get("https://aws.amazon.com/tags/transitive_tag_keys"))?;
        let too_long = |text: &str, most| text.chars().count() > most;
        let over =
            |(key, value): &(String, String)| too_long(key, MAX_KEY) || too_long(value, MAX_VALUE);
        if self.tags.len() > MAX_TAGS || self.tags.iter().any(over) {
            return Err(LIMITS);
        }
        Ok(())
    }

    fn read_transitive(&mut self, keys: Option<&Value>) -> Result<(), Flaw> {
        let Some(keys) = keys else { return Ok(()) };
        let texts = keys.as_array().map(|keys| keys.iter().map(Value::as_str));
        let flaw = Flaw { is_known: false, ..FORMAT };
        for key in texts.ok_or(flaw)? {
            self.transitive.push(key.ok_or(flaw)?.to_owned());
        }
        Ok(())
    }

    /// A102; its characters are those of AssumeRole's `SourceIdentity`.
    fn read_identity(&mut self, claims: &Map<String, Value>) -> Result<(), Flaw> {
        let Some(identity) = claims.get(SOURCE_IDENTITY) else { return Ok(()) };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        let text = identity
            .as_str()
            .filter(|text| (2..=64).contains(&text.len()) && text.bytes().all(fits))
            .ok_or(IDENTITY)?;
        self.source_identity = Some(text.to_owned());
        Ok(())
    }

    /// A101, A102: what the trust policy must allow beside the role.
    pub(super) fn actions(&self) -> Vec<&'static str> {
        let tags = (!self.tags.is_empty()).then_some("sts:TagSession");
        let identity = self.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
        tags.into_iter().chain(identity).collect()
    }
}

/// A103: a list, or one text with semicolons; blanks at the ends do not count, nor what is no role's ARN.
fn roles(claim: &Value) -> Option<Vec<String>> {
    let texts: Vec<&str> = match claim {
        Value::Null => return None,
        Value::String(text) => text.split(';').collect(),
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let arns = texts.into_iter().map(str::trim);
    Some(
        arns.filter(|arn| super::provider::RoleArn::parse(arn).is_some())
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: &Value) -> Session {
        Session::read(claims.as_object().unwrap())
    }

    #[test]
    fn tags_in_both_forms() {
        let nested = json!({"https://aws.amazon.com/tags": {
            "principal_tags": {"Team": ["engineering"]}, "transitive_tag_keys": ["Team"],
        }});
        let flat = json!({
            "https://aws.amazon.com/tags/principal_tags/Team": "engineering",
            "https://aws.amazon.com/tags/transitive_tag_keys": ["Team"],
        });
        for claims in [nested, flat] {
            let session = read(&claims);
            assert_eq!(session.tags, [("Team".to_owned(), "engineering".to_owned())], "{claims}");
            assert_eq!(session.transitive, ["Team"], "{claims}");
            assert_eq!(session.flaw, None, "{claims}");
            assert_eq!(session.actions(), ["sts:TagSession"], "{claims}");
        }
    }

    #[test]
    fn shapes_that_sts_refuses() {
        let tags = |tags: Value| json!({"https://aws.amazon.com/tags": {"principal_tags": tags}});
        let table = [
            (tags(json!({"Team": "engineering"})), Some("A100")),
            (tags(json!({"Team": []})), Some("A100")),
            (tags(json!({"Team": ["a", "b"]})), Some("A100")),
            (tags(json!({"Team": [1]})), Some("A100")),
            (tags(json!("Team")), Some("A100")),
            (tags(json!({"k".repeat(128): ["v".repeat(256)]})), None),
            (tags(json!({"k".repeat(129): ["v"]})), Some("A13")),
            (tags(json!({"k": ["v".repeat(257)]})), Some("A13")),
            (json!({"https://aws.amazon.com/tags/principal_tags/Team": ["x"]}), Some("A100")),
            (json!({"https://aws.amazon.com/source_identity": "me"}), None),
            (json!({"https://aws.amazon.com/source_identity": "m e"}), Some("A102")),
            (json!({"https://aws.amazon.com/source_identity": null}), Some("A102")),
        ];
        for (claims, rule) in table {
            assert_eq!(read(&claims).flaw.map(|flaw| flaw.rule), rule, "{claims}");
        }
    }

    #[test]
    fn the_roles_claim() {
        let (app, other) =
            ("arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/x");
        let table = [
            (json!([app, other]), Some(vec![app, other])),
            (json!(format!("{app}; {other} ")), Some(vec![app, other])),
            (json!([app, 7, "role/app"]), Some(vec![app])),
            (json!([]), Some(vec![])),
            (json!(""), Some(vec![])),
            (json!({}), Some(vec![])),
            (json!(null), None),
        ];
        for (claim, expected) in table {
            let found = read(&json!({"https://aws.amazon.com/roles": claim})).roles;
            let found: Option<Vec<&str>> =
                found.as_ref().map(|arns| arns.iter().map(String::as_str).collect());
            assert_eq!(found, expected, "{claim}");
        }
    }
}
