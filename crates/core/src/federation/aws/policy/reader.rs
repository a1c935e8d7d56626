//! From the document's tree to a policy, element by element; every reason why IAM would not save it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::refusals::{ACTIONS, COLONS, EFFECT, FEDERATED, MAX_POLICY, NO_PRINCIPAL, OPERATOR};
use super::refusals::{
    PRINCIPAL, QUOTA, SHARED, SID_CHARACTERS, SIDS, SYNTAX, Said, VENDOR, prohibited,
};
use super::{
    Condition, Cursor, Effect, Item, Place, Policy, Principal, Refusal, Statement, shared,
    superseded,
};
use crate::document::{Data, Node};
use crate::federation::aws::condition::{NoOperator, Operator, nearest};

/// Reads on after a refusal, so that every one of them is listed.
#[derive(Default)]
pub(super) struct Reader {
    refusals: Vec<(u8, Refusal)>,
    repeated: Vec<Item>,
}

impl Reader {
    /// In the order in which IAM looks: the whole document's syntax first.
    pub(super) fn refusals(self) -> Vec<Refusal> {
        let mut refusals = self.refusals;
        refusals.sort_by_key(|(order, _)| *order);
        refusals.into_iter().map(|(_, refusal)| refusal).collect()
    }

    fn refuse(
        &mut self,
        rule: &'static str,
        said: Said,
        title: impl Into<String>,
        hint: &'static str,
        place: Place,
    ) {
        let order = said.order;
        self.refusals.push((order, said.refusal(rule, title.into(), hint, place)));
    }

    pub(super) fn policy(&mut self, source: &str, root: &Cursor<'_>) -> Policy {
        let size = source.chars().filter(|character| !character.is_whitespace()).count();
        let mut policy = Policy { size, place: root.place(), ..Policy::default() };
        // A25.
        if size > MAX_POLICY {
            let title =
                format!("the policy has {size} characters, a role takes at most {MAX_POLICY}");
            let hint = "split the accounts over several roles, or use a pattern under StringLike";
            self.refuse("A25", QUOTA, title, hint, root.place());
        }
        let hint = "a trust policy is an object with Version and Statement";
        if !root.node.is_object() {
            let title = format!("expected a policy object, found {}", root.node.kind());
            self.refuse("A50", SYNTAX, title, hint, root.place());
            return policy;
        }
        self.only(root, &["Version", "Id", "Statement"]);
        if !self.refusals.is_empty() && root.get("Statement").is_none() {
            return policy;
        }
        policy.version = self.version(root);
        policy.variables =
            policy.version.as_ref().is_some_and(|version| version.text == "2012-10-17");
        match root.get("Statement") {
            Some(statements) => {
                let mut sids = HashSet::new();
                let each = statements.each();
                if each.is_empty() {
                    self.missing(SYNTAX, "Statement", "A51", statements.place());
                }
                policy.statements =
                    each.iter().filter_map(|one| self.statement(one, &mut sids)).collect();
            }
            None => self.missing(SYNTAX, "Statement", "A51", root.place()),
        }
        policy.repeated = std::mem::take(&mut self.repeated);
        policy
    }

    /// A50: missing means 2008.
    fn version(&mut self, root: &Cursor<'_>) -> Option<Item> {
        let version = root.get("Version")?;
        match version.node.as_str() {
            Some(text @ ("2012-10-17" | "2008-10-17")) => {
                Some(Item { text: text.to_owned(), place: version.place() })
            }
            _ => {
                let title = format!("Version is {}", version.node.to_json());
                let hint = "write \"Version\": \"2012-10-17\"";
                self.refuse("A50", SYNTAX, title, hint, version.place());
                None
            }
        }
    }

    /// Elements outside the grammar; members of one name.
    fn only(&mut self, object: &Cursor<'_>, names: &[&str]) {
        self.once(object);
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

    /// Notes members that stand twice.
    fn once(&mut self, object: &Cursor<'_>) {
        let members = object.node.members();
        for member in superseded(members).into_iter().filter_map(|at| members.get(at)) {
            let place = object.step(&member.value, &member.name).place_of(&member.name_range);
            self.repeated.push(Item { text: member.name.clone(), place });
        }
    }

    fn missing(&mut self, said: Said, name: &str, rule: &'static str, at: Place) {
        self.refuse(rule, said, format!("{name} is missing"), "add the element", at);
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
        let sid = self.sid(at, sids);
        let effect = self.effect(at);
        let principals = self.principals(at);
        let actions = self.actions(at);
        let (conditions, empty_blocks) = self.conditions(at);
        let (effect, effect_place) = effect?;
        let (principals, principal_place) = principals?;
        let (not_action, actions, action_place) = actions?;
        let statement = Statement {
            place: at.place(),
            sid,
            effect,
            effect_place,
            principals,
            principal_place,
            not_action,
            actions,
            action_place,
            condition_place: at.get("Condition").map(|condition| condition.place()),
            conditions,
            empty_blocks,
        };
        self.shared(&statement);
        Some(statement)
    }

    /// A111.
    fn shared(&mut self, statement: &Statement) {
        let Some((message, principal)) = shared::refusal(statement) else { return };
        let title = "the provider serves many customers, and the statement lets in all of them";
        let hint =
            "ask for its `sub` with StringEquals or StringLike; the first value must not be `*`";
        let place = principal.place.clone();
        let refusal = SHARED.refusal("A111", title.to_owned(), hint, place);
        self.refusals.push((SHARED.order, Refusal { message: Cow::Owned(message), ..refusal }));
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
                self.refuse("A52", prohibited(name), title, hint, value.place());
            }
        }
    }

    /// A51: letters and digits, unique; an empty one counts as none.
    fn sid(&mut self, at: &Cursor<'_>, sids: &mut HashSet<String>) -> Option<Item> {
        let sid = at.get("Sid")?;
        let hint = "use letters and digits, another Sid in each statement";
        let Some(text) = sid.node.as_str() else {
            let title = format!("expected a text as Sid, found {}", sid.node.kind());
            self.refuse("A51", SYNTAX, title, hint, sid.place());
            return None;
        };
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let title = format!("the Sid `{}` is not letters and digits", text.escape_debug());
            self.refuse("A51", SID_CHARACTERS, title, hint, sid.place());
        } else if !text.is_empty() && !sids.insert(text.to_owned()) {
            self.refuse("A51", SIDS, format!("the Sid `{text}` stands twice"), hint, sid.place());
        }
        Some(Item { text: text.to_owned(), place: sid.place() })
    }

    fn effect(&mut self, at: &Cursor<'_>) -> Option<(Effect, Place)> {
        let Some(effect) = at.get("Effect") else {
            self.missing(SYNTAX, "Effect", "A51", at.place());
            return None;
        };
        match effect.node.as_str() {
            Some("Allow") => Some((Effect::Allow, effect.place())),
            Some("Deny") => Some((Effect::Deny, effect.place())),
            other => {
                let title = format!("Effect is {}", effect.node.to_json());
                let hint = "write Allow or Deny, with these capitals";
                let is_case = other.is_some_and(|text| {
                    ["Allow", "Deny"].iter().any(|name| name.eq_ignore_ascii_case(text))
                });
                let said = if is_case { EFFECT } else { SYNTAX };
                self.refuse("A51", said, title, hint, effect.place());
                None
            }
        }
    }

    fn principals(&mut self, at: &Cursor<'_>) -> Option<(Vec<Principal>, Place)> {
        let Some(principal) = at.get("Principal") else {
            if at.get("NotPrincipal").is_none() {
                self.missing(PRINCIPAL, "Principal", "A54", at.place());
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
        self.once(&principal);
        let mut principals = Vec::new();
        for (kind, values) in principal.members() {
            if !["AWS", "CanonicalUser", "Federated", "Service"].contains(&kind.text.as_str()) {
                let title = format!("`{}` is no kind of principal", kind.text.escape_debug());
                self.refuse("A54", SYNTAX, title, hint, kind.place);
                continue;
            }
            for value in self.texts(&values).0 {
                if kind.text == "Federated" && !is_federated(&value.text) {
                    let title = format!("`{}` is no provider", value.text.escape_debug());
                    self.refuse("A110", FEDERATED, title, hint, value.place.clone());
                }
                principals.push(Principal { kind: kind.text.clone(), value });
            }
        }
        if principals.is_empty() && self.refusals.is_empty() {
            self.refuse("A54", NO_PRINCIPAL, "Principal names nobody", hint, place.clone());
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
                self.missing(ACTIONS, "Action", "A57", at.place());
                return None;
            }
        };
        let place = actions.place();
        let actions = self.texts(&actions).0;
        if actions.is_empty() {
            self.missing(ACTIONS, "An action", "A57", place.clone());
        }
        for action in &actions {
            let name = action.text.escape_debug();
            match action.text.matches(':').count() {
                0 if action.text != "*" => {
                    let title = format!("the action `{name}` names no service");
                    self.refuse("A57", VENDOR, title, hint, action.place.clone());
                }
                0 | 1 => {}
                _ => {
                    let title = format!("the action `{name}` has more than one colon");
                    self.refuse("A57", COLONS, title, hint, action.place.clone());
                }
            }
        }
        Some((negated, actions, place))
    }

    /// A60: operators, keys, values; and the places of what is empty (A73).
    fn conditions(&mut self, at: &Cursor<'_>) -> (Vec<Condition>, Vec<Place>) {
        let (mut conditions, mut empty) = (Vec::new(), Vec::new());
        let Some(condition) = at.get("Condition") else { return (conditions, empty) };
        if !self.is_object(&condition, "Condition") {
            return (conditions, empty);
        }
        self.once(&condition);
        if condition.node.members().is_empty() {
            empty.push(condition.place());
        }
        for (name, keys) in condition.members() {
            let operator = Operator::parse(&name.text);
            if let Err(problem) = operator {
                self.no_operator(&name, problem);
            }
            if !self.is_object(&keys, &name.text) {
                continue;
            }
            self.once(&keys);
            let members = keys.members();
            if members.is_empty() {
                empty.push(keys.place());
            }
            let Ok(operator) = operator else { continue };
            let twins = twins(&members);
            for (key, values) in &members {
                let twin = twins.contains(&key.text.to_ascii_lowercase());
                let (items, mixed) = self.texts(values);
                conditions.push(Condition {
                    operator,
                    operator_name: name.text.clone(),
                    key: key.clone(),
                    values: items,
                    mixed,
                    place: values.place(),
                    operator_place: name.place.clone(),
                    twin,
                });
            }
        }
        (conditions, empty)
    }

    /// A68, A74.
    fn no_operator(&mut self, name: &Item, problem: NoOperator) {
        let place = name.place.clone();
        let (rule, title, hint) = match (problem, nearest(&name.text)) {
            (NoOperator::NullIfExists, _) => (
                "A68",
                "Null asks whether a key is there, so it takes no IfExists".to_owned(),
                "write Null",
            ),
            (NoOperator::Unknown, Some(near)) => (
                "A74",
                format!("AWS has no operator `{}`; there is {near}", name.text.escape_debug()),
                "check the spelling, capitals included",
            ),
            (NoOperator::Unknown, None) => (
                "A74",
                format!("AWS has no operator `{}`", name.text.escape_debug()),
                "use StringEquals, StringLike or another of IAM's operators",
            ),
        };
        self.refuse(rule, OPERATOR, title, hint, place);
    }

    fn is_object(&mut self, at: &Cursor<'_>, name: &str) -> bool {
        if !at.node.is_object() {
            let title = format!("expected an object under {name}, found {}", at.node.kind());
            let hint = "Condition holds operators, an operator holds keys with their values";
            self.refuse("A60", SYNTAX, title, hint, at.place());
        }
        at.node.is_object()
    }

    /// A62: text, number or boolean, alone or in a list; their text form counts. And whether kinds mix.
    fn texts(&mut self, at: &Cursor<'_>) -> (Vec<Item>, bool) {
        let mut items = Vec::new();
        let each = at.each();
        for value in &each {
            let Some(text) = text_of(value.node) else {
                let title = format!("expected a text, found {}", value.node.kind());
                let hint = "write a text, or a list of texts";
                self.refuse("A62", SYNTAX, title, hint, value.place());
                continue;
            };
            items.push(Item { text, place: value.place() });
        }
        let kinds: HashSet<&str> = each.iter().map(|value| value.node.kind()).collect();
        (items, kinds.len() > 1)
    }
}

/// A61: names, in lower case, that stand in the keys of an operator more than once.
fn twins(members: &[(Item, Cursor<'_>)]) -> HashSet<String> {
    let mut seen = HashSet::new();
    let lower = members.iter().map(|(key, _)| key.text.to_ascii_lowercase());
    lower.filter(|name| !seen.insert(name.clone())).collect()
}

fn text_of(node: &Node) -> Option<String> {
    match &node.data {
        Data::String(text) => Some(text.clone()),
        Data::Number(number) => Some(number.to_string()),
        Data::Bool(flag) => Some(flag.to_string()),
        Data::Null | Data::Array(_) | Data::Object(_) => None,
    }
}

/// A110: the ARN of an OIDC or SAML provider, or the name of a built-in one. Another host, with or
/// without a path, can be saved and never matches (A55); so can an ARN of whatever account.
fn is_federated(value: &str) -> bool {
    if value.starts_with("arn:") {
        let resource = value.splitn(6, ':').nth(5).unwrap_or_default();
        return ["oidc-provider/", "saml-provider/"]
            .iter()
            .any(|kind| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty()));
    }
    let host = value.split('/').next().unwrap_or_default();
    let host_like = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    host.contains('.') && host.bytes().all(host_like)
}
