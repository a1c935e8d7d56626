//! From the document's tree to a policy, element by element; every reason why IAM would not save it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Condition, Cursor, Effect, Item, Place, Policy, Principal, Refusal, Statement};
use crate::document::Data;
use crate::federation::aws::condition::Operator;
use crate::federation::aws::provider::ProviderArn;
use crate::trace::Certainty;

/// Most characters of a trust policy, white space aside, on the highest quota AWS grants (A25).
pub(super) const MAX_POLICY: usize = 4096;
/// What IAM says of JSON that is no policy.
pub(super) const SYNTAX: &str = "Syntax errors in policy.";
/// A110.
pub(super) const FEDERATED: &str =
    "Federated principals must be valid domain names or SAML metadata ARNs";
/// A57.
pub(super) const VENDOR: &str =
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

/// Reads on after a refusal, so that every one of them is listed.
pub(super) struct Reader {
    pub(super) refusals: Vec<Refusal>,
}

impl Reader {
    fn refuse(
        &mut self,
        rule: &'static str,
        message: impl Into<Cow<'static, str>>,
        title: impl Into<String>,
        hint: &'static str,
        place: Place,
    ) {
        let message = message.into();
        // Those that AWS' users quote; the others follow from the grammar.
        let quoted = message == FEDERATED || message == "Has prohibited field Resource";
        self.refusals.push(Refusal {
            code: "MalformedPolicyDocument",
            message,
            certainty: if quoted { Certainty::Known } else { Certainty::Likely },
            title: title.into(),
            hint,
            place,
            rule,
        });
    }

    /// A25: the quota counts characters without white space.
    pub(super) fn size(&mut self, source: &str, root: &Cursor<'_>) {
        let characters = source.chars().filter(|character| !character.is_whitespace()).count();
        if characters > MAX_POLICY {
            self.refusals.push(Refusal {
                code: "LimitExceeded",
                message: Cow::Owned(format!(
                    "Cannot exceed quota for ACLSizePerRole: {MAX_POLICY}"
                )),
                certainty: Certainty::Likely,
                title: format!(
                    "the policy has {characters} characters, a role takes at most {MAX_POLICY}"
                ),
                hint: "split the accounts over several roles, or use a pattern under StringLike",
                place: root.place(),
                rule: "A25",
            });
        }
    }

    pub(super) fn policy(&mut self, root: &Cursor<'_>) -> Policy {
        let hint = "a trust policy is an object with Version and Statement";
        if !root.node.is_object() {
            let title = format!("expected a policy object, found {}", root.node.kind());
            self.refuse("A50", SYNTAX, title, hint, root.place());
            return Policy::default();
        }
        self.only(root, &["Version", "Id", "Statement"]);
        if !self.refusals.is_empty() && root.get("Statement").is_none() {
            return Policy::default();
        }
        let variables = self.version(root);
        let statements = match root.get("Statement") {
            Some(statements) => {
                let mut sids = HashSet::new();
                let each = statements.each();
                each.iter().filter_map(|one| self.statement(one, &mut sids)).collect()
            }
            None => {
                self.missing("Statement", root, "A51");
                Vec::new()
            }
        };
        Policy { variables, statements }
    }

    /// A50: missing means 2008.
    fn version(&mut self, root: &Cursor<'_>) -> bool {
        let Some(version) = root.get("Version") else { return false };
        match version.node.as_str() {
            Some("2012-10-17") => true,
            Some("2008-10-17") => false,
            _ => {
                let title = format!("Version is {}", version.node.to_json());
                let hint = "write \"Version\": \"2012-10-17\"";
                self.refuse("A50", SYNTAX, title, hint, version.place());
                false
            }
        }
    }

    /// Elements outside the grammar.
    fn only(&mut self, object: &Cursor<'_>, names: &[&str]) {
        for (name, _) in object.members() {
            if !names.contains(&name.text.as_str()) {
                let title = format!(
                    "`{}` is no element here; there are {}",
                    name.text.escape_debug(),
                    names.join(", ")
                );
                let hint = "check the spelling, capitals included, or remove it";
                self.refuse("A51", SYNTAX, title, hint, name.place);
            }
        }
    }

    fn missing(&mut self, name: &str, at: &Cursor<'_>, rule: &'static str) {
        let message = format!("Missing required field {name}");
        let hint = "add the element";
        self.refuse(rule, message, format!("{name} is missing"), hint, at.place());
    }

    fn statement(&mut self, at: &Cursor<'_>, sids: &mut HashSet<String>) -> Option<Statement> {
        if !at.node.is_object() {
            let title = format!("expected a statement object, found {}", at.node.kind());
            self.refuse("A51", SYNTAX, title, "a statement is an object", at.place());
            return None;
        }
        self.only(
            at,
            &[
                "Sid",
                "Effect",
                "Principal",
                "NotPrincipal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        );
        self.prohibited(at);
        self.sid(at, sids);
        let effect = self.effect(at);
        let principals = self.principals(at);
        let actions = self.actions(at);
        let conditions = self.conditions(at);
        let (effect, effect_place) = effect?;
        let (principals, principal_place) = principals?;
        let (not_action, actions, action_place) = actions?;
        Some(Statement {
            effect,
            effect_place,
            principals,
            principal_place,
            not_action,
            actions,
            action_place,
            conditions,
        })
    }

    /// A52.
    fn prohibited(&mut self, at: &Cursor<'_>) {
        for name in ["Resource", "NotResource", "NotPrincipal"] {
            if let Some(value) = at.get(name) {
                let title = format!("a role trust policy takes no {name}");
                let hint = match name {
                    "NotPrincipal" => "name the principals that are meant with Principal",
                    _ => "remove it: the resource of a trust policy is the role itself",
                };
                self.refuse(
                    "A52",
                    format!("Has prohibited field {name}"),
                    title,
                    hint,
                    value.place(),
                );
            }
        }
    }

    /// A51: letters and digits, unique; an empty one counts as none.
    fn sid(&mut self, at: &Cursor<'_>, sids: &mut HashSet<String>) {
        let Some(sid) = at.get("Sid") else { return };
        let hint = "use letters and digits, another Sid in each statement";
        match sid.node.as_str() {
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                let message = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
                let title = format!("the Sid `{}` is not letters and digits", text.escape_debug());
                self.refuse("A51", message, title, hint, sid.place());
            }
            Some(text) if !text.is_empty() && !sids.insert(text.to_owned()) => {
                let message = "Statement IDs (SID) in a single policy must be unique.";
                self.refuse(
                    "A51",
                    message,
                    format!("the Sid `{text}` stands twice"),
                    hint,
                    sid.place(),
                );
            }
            Some(_) => {}
            None => {
                let title = format!("expected a text as Sid, found {}", sid.node.kind());
                self.refuse("A51", SYNTAX, title, hint, sid.place());
            }
        }
    }

    fn effect(&mut self, at: &Cursor<'_>) -> Option<(Effect, Place)> {
        let Some(effect) = at.get("Effect") else {
            self.missing("Effect", at, "A51");
            return None;
        };
        match effect.node.as_str() {
            Some("Allow") => Some((Effect::Allow, effect.place())),
            Some("Deny") => Some((Effect::Deny, effect.place())),
            _ => {
                let title = format!("Effect is {}", effect.node.to_json());
                let hint = "write Allow or Deny, with these capitals";
                self.refuse("A51", SYNTAX, title, hint, effect.place());
                None
            }
        }
    }

    fn principals(&mut self, at: &Cursor<'_>) -> Option<(Vec<Principal>, Place)> {
        let Some(principal) = at.get("Principal") else {
            if at.get("NotPrincipal").is_none() {
                self.missing("Principal", at, "A54");
            }
            return None;
        };
        let place = principal.place();
        // A56: never matches a federated caller.
        if principal.node.as_str() == Some("*") {
            let value = Item { text: "*".to_owned(), place: place.clone() };
            return Some((vec![Principal { kind: String::new(), value }], place));
        }
        let hint = "write {\"Federated\": \"arn:aws:iam::ACCOUNT:oidc-provider/ISSUER\"}";
        if !principal.node.is_object() {
            let title = format!("expected an object as Principal, found {}", principal.node.kind());
            self.refuse("A54", SYNTAX, title, hint, place);
            return None;
        }
        let mut principals = Vec::new();
        for (kind, values) in principal.members() {
            if !["AWS", "CanonicalUser", "Federated", "Service"].contains(&kind.text.as_str()) {
                let title = format!("`{}` is no kind of principal", kind.text.escape_debug());
                self.refuse("A54", SYNTAX, title, hint, kind.place);
                continue;
            }
            for value in self.texts(&values) {
                if kind.text == "Federated" && !is_federated(&value.text) {
                    let title = format!("`{}` is no provider", value.text.escape_debug());
                    self.refuse("A110", FEDERATED, title, hint, value.place.clone());
                }
                principals.push(Principal { kind: kind.text.clone(), value });
            }
        }
        Some((principals, place))
    }

    /// A57.
    fn actions(&mut self, at: &Cursor<'_>) -> Option<(bool, Vec<Item>, Place)> {
        let hint = "write \"Action\": \"sts:AssumeRoleWithWebIdentity\"";
        let (negated, actions) = match (at.get("Action"), at.get("NotAction")) {
            (Some(actions), None) => (false, actions),
            (None, Some(actions)) => (true, actions),
            (Some(_), Some(both)) => {
                let title = "Action and NotAction stand side by side";
                self.refuse("A57", SYNTAX, title, "keep one of the two", both.place());
                return None;
            }
            (None, None) => {
                self.missing("Action", at, "A57");
                return None;
            }
        };
        let place = actions.place();
        let actions = self.texts(&actions);
        for action in &actions {
            if action.text != "*" && !action.text.contains(':') {
                let title = format!("the action `{}` names no service", action.text.escape_debug());
                self.refuse("A57", VENDOR, title, hint, action.place.clone());
            }
        }
        Some((negated, actions, place))
    }

    /// A60: operators, keys, values.
    fn conditions(&mut self, at: &Cursor<'_>) -> Vec<Condition> {
        let Some(condition) = at.get("Condition") else { return Vec::new() };
        let mut conditions = Vec::new();
        if !self.is_object(&condition, "Condition") {
            return conditions;
        }
        for (name, keys) in condition.members() {
            let Some(operator) = Operator::parse(&name.text) else {
                let title = format!("AWS has no operator `{}`", name.text.escape_debug());
                let hint = "check the spelling: StringEquals, StringLike, ...";
                self.refuse("A74", SYNTAX, title, hint, name.place);
                continue;
            };
            if !self.is_object(&keys, &name.text) {
                continue;
            }
            let members = keys.members();
            for (key, values) in &members {
                let twin = members.iter().any(|(other, _)| {
                    other.text != key.text && other.text.eq_ignore_ascii_case(&key.text)
                });
                conditions.push(Condition {
                    operator,
                    operator_name: name.text.clone(),
                    key: key.clone(),
                    values: self.texts(values),
                    place: values.place(),
                    twin,
                });
            }
        }
        conditions
    }

    fn is_object(&mut self, at: &Cursor<'_>, name: &str) -> bool {
        if !at.node.is_object() {
            let title = format!("expected an object under {name}, found {}", at.node.kind());
            let hint = "Condition holds operators, an operator holds keys with their values";
            self.refuse("A60", SYNTAX, title, hint, at.place());
        }
        at.node.is_object()
    }

    /// A62: text, number or boolean, alone or in a list; their text form counts.
    fn texts(&mut self, at: &Cursor<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        for value in at.each() {
            let text = match &value.node.data {
                Data::String(text) => text.clone(),
                Data::Number(number) => number.to_string(),
                Data::Bool(flag) => flag.to_string(),
                Data::Null | Data::Array(_) | Data::Object(_) => {
                    let title = format!("expected a text, found {}", value.node.kind());
                    let hint = "write a text, or a list of texts";
                    self.refuse("A62", SYNTAX, title, hint, value.place());
                    continue;
                }
            };
            items.push(Item { text, place: value.place() });
        }
        items
    }
}

/// A110: the ARN of an OIDC or SAML provider, or the name of a built-in one. Another host, with or
/// without a path, can be saved and never matches (A55).
fn is_federated(value: &str) -> bool {
    if value.starts_with("arn:") {
        return ProviderArn::parse(value).is_some()
            || value.split(':').nth(5).is_some_and(|name| name.starts_with("saml-provider/"));
    }
    let host = value.split('/').next().unwrap_or_default();
    let host_like = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    host.contains('.') && host.bytes().all(host_like)
}
