//! Secrets that hold legacy tokens: whose they are, and what the cleaner does with them (K93, K97, K98).
//!
//! Source: Kubernetes v1.36 `pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go`,
//! `pkg/apis/core/validation/validation.go` `ValidateSecret`,
//! `staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go` `IsServiceAccountToken`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::claims::ServiceAccountRef;
use crate::document::{Data, Node};
use crate::objects::{Object, Objects};
use crate::time::{UnixTime, parse_rfc3339};
use crate::trace::ProviderError;

/// How the cleaner is set up, and when it looks.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenSecretOptions {
    /// `--legacy-service-account-token-clean-up-period`, seconds; default 365 days.
    pub clean_up_period: Option<f64>,
    /// When.
    pub now: UnixTime,
}

/// One Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whose token it is, if type and annotations say so and that account exists.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_account: Option<ServiceAccountRef>,
    /// Validation would not have let it in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<ProviderError>,
    /// The UTC date of the last use (K97).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_used: Option<String>,
    /// The date since which the token is refused (K95).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invalid_since: Option<String>,
    /// What the cleaner does next.
    pub clean_up: CleanUp,
    /// Why.
    pub reason: String,
}

/// What the cleaner does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleanUp {
    /// Deletes the Secret.
    Delete,
    /// Sets the label that makes the API server refuse the token.
    MarkInvalid,
    /// Leaves it alone.
    None,
}

/// Every Secret among the objects: whose token it holds, and what the cleaner of legacy tokens does with it (K93 to K98).
///
/// # Examples
///
/// ```
/// use podpass::{CleanUp, TokenSecretOptions, inspect_token_secrets};
///
/// let objects = r#"{"kind":"Secret","metadata":{"name":"a"},"type":"Opaque"}"#;
/// let secrets = inspect_token_secrets(objects, &TokenSecretOptions::default());
/// assert_eq!(secrets[0].clean_up, CleanUp::None);
/// assert_eq!(secrets[0].reason, "it holds no ServiceAccount token");
/// ```
pub fn inspect_token_secrets(objects: &str, options: &TokenSecretOptions) -> Vec<TokenSecret> {
    let objects = Objects::read(objects, "default");
    let cleaner = Cleaner::new(&objects, options);
    let secrets = objects.iter().filter(|object| object.kind == "Secret");
    secrets.map(|secret| describe(secret, &objects, &cleaner)).collect()
}

const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";

fn describe(secret: &Object, objects: &Objects, cleaner: &Cleaner) -> TokenSecret {
    let label = |name| secret.label(name).map(str::to_owned);
    let account = account(secret, objects);
    let (clean_up, reason) = match cleaner.judge(secret, cleaned(secret, objects)) {
        Ok((clean_up, reason)) => (clean_up, reason),
        Err(reason) => (CleanUp::None, reason),
    };
    TokenSecret {
        namespace: secret.namespace.clone(),
        name: secret.name.clone(),
        service_account: account.map(|account| ServiceAccountRef {
            namespace: account.namespace.clone(),
            name: account.name.clone(),
            uid: account.uid().map(str::to_owned),
        }),
        rejected: rejected(secret),
        last_used: label(LAST_USED),
        invalid_since: label(INVALID_SINCE),
        clean_up,
        reason,
    }
}

fn is_token(secret: &Object) -> bool {
    secret.node.get("type").and_then(Node::as_str) == Some("kubernetes.io/service-account-token")
}

/// The account that type and annotations name, by name and UID.
fn account<'a>(secret: &Object, objects: &'a Objects) -> Option<&'a Object> {
    let name = secret.annotation(ACCOUNT_NAME).filter(|_| is_token(secret))?;
    let account = objects.find("ServiceAccount", &secret.namespace, name)?;
    let uid = secret.annotation(ACCOUNT_UID).unwrap_or_default();
    (account.uid().unwrap_or_default() == uid).then_some(account)
}

/// The account by which the cleaner goes: here a UID that is not told is no other one (`getServiceAccount`).
fn cleaned<'a>(secret: &Object, objects: &'a Objects) -> Option<&'a Object> {
    let name = secret.annotation(ACCOUNT_NAME).filter(|name| !name.is_empty())?;
    let account = objects.find("ServiceAccount", &secret.namespace, name)?;
    let uid = secret.annotation(ACCOUNT_UID).unwrap_or_default();
    (uid.is_empty() || account.uid().unwrap_or_default() == uid).then_some(account)
}

/// K93: of a token Secret only the account's name is required.
fn rejected(secret: &Object) -> Option<ProviderError> {
    let named = secret.annotation(ACCOUNT_NAME).is_some_and(|name| !name.is_empty());
    (is_token(secret) && !named).then(|| {
        let message = format!(
            "Secret \"{}\" is invalid: metadata.annotations[{ACCOUNT_NAME}]: Required value",
            secret.name
        );
        ProviderError::known("Invalid", message).status(422)
    })
}

/// The cleaner of the controller manager, at one instant.
struct Cleaner {
    /// Why it does nothing at all.
    idle: Option<String>,
    /// What was made or used from here on stays: now less the period.
    horizon: UnixTime,
    /// Namespace and name of each Secret that a pod names.
    mounted: HashSet<(String, String)>,
}

const DAY: f64 = 86_400.0;
const DEFAULT_PERIOD: f64 = 365.0 * DAY;

impl Cleaner {
    fn new(objects: &Objects, options: &TokenSecretOptions) -> Self {
        let period = options.clean_up_period.unwrap_or(DEFAULT_PERIOD);
        let mut mounted = HashSet::new();
        for pod in objects.iter().filter(|object| object.kind == "Pod") {
            if let Some(spec) = pod.node.get("spec") {
                secret_names(spec, &mut |name| {
                    mounted.insert((pod.namespace.clone(), name.to_owned()));
                });
            }
        }
        let horizon = options.now.plus(-period);
        Self { idle: idle(objects, options.now, period), horizon, mounted }
    }

    /// K98, in the cleaner's order; `Err`: why it leaves the Secret alone.
    fn judge(
        &self,
        secret: &Object,
        account: Option<&Object>,
    ) -> Result<(CleanUp, String), String> {
        if !is_token(secret) {
            return Err("it holds no ServiceAccount token".to_owned());
        }
        if let Some(idle) = &self.idle {
            return Err(idle.clone());
        }
        let made = secret.metadata("creationTimestamp").and_then(parse_rfc3339);
        if !made.is_some_and(|made| made < self.horizon) {
            return Err(
                "it was not created before the clean-up period began, or nobody knows when"
                    .to_owned(),
            );
        }
        if secret.metadata("deletionTimestamp").is_some() {
            return Err("it is being deleted already".to_owned());
        }
        let horizon = date(self.horizon).ok_or("the instant has no date")?;
        if let Some(used) = secret.label(LAST_USED) {
            if !is_date(used) {
                return Err("the date of its last use cannot be read".to_owned());
            }
            // Dates compare as texts.
            if used >= horizon.as_str() {
                return Err(format!("it was last used on {used}, within the clean-up period"));
            }
        }
        let account = account.ok_or("its account does not exist, or has another UID")?;
        if !lists(account, &secret.name) {
            return Err("it was made by hand: its account does not list it in `secrets`".to_owned());
        }
        if self.mounted.contains(&(secret.namespace.clone(), secret.name.clone())) {
            return Err("a pod mounts it".to_owned());
        }
        match secret.label(INVALID_SINCE) {
            Some(since) if !is_date(since) => Ok((
                CleanUp::MarkInvalid,
                "the date since which it is invalid cannot be read, so it is marked anew"
                    .to_owned(),
            )),
            Some(since) if since >= horizon.as_str() => {
                Err(format!("it is marked invalid since {since}, not yet for a whole period"))
            }
            Some(since) => Ok((
                CleanUp::Delete,
                format!("it has been marked invalid since {since}, for longer than the period"),
            )),
            None => Ok((
                CleanUp::MarkInvalid,
                "it was generated, and nobody has used it within the period".to_owned(),
            )),
        }
    }
}

/// Uses must have been dated for a day and a whole period.
fn idle(objects: &Objects, now: UnixTime, period: f64) -> Option<String> {
    let name = "kube-apiserver-legacy-service-account-token-tracking";
    let tracking = objects.find("ConfigMap", "kube-system", name);
    let since = tracking.and_then(|map| map.node.at(&["data", "since"])?.as_str());
    let Some(since) = since else {
        return Some(format!(
            "without `since` in ConfigMap kube-system/{name} the cleaner does nothing"
        ));
    };
    let Some(at) = parse_rfc3339(&format!("{since}T00:00:00Z")).filter(|_| is_date(since)) else {
        return Some(
            "`since`, the begin of tracking, is no date, so the cleaner does nothing".to_owned(),
        );
    };
    (now < at.plus(DAY + period)).then(|| {
        format!("uses are tracked since {since}, not yet for a day and a whole clean-up period")
    })
}

/// The UTC date, within the years that dates have.
fn date(at: UnixTime) -> Option<String> {
    let text = at.to_string();
    let day = text.get(..10).filter(|day| is_date(day))?;
    Some(day.to_owned())
}

/// Go's layout `2006-01-02`.
fn is_date(text: &str) -> bool {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    // The 31st of a short month comes back as another day.
    shaped
        && parse_rfc3339(&format!("{text}T00:00:00Z"))
            .is_some_and(|at| at.to_string().starts_with(text))
}

/// Named in the account's `secrets`: generated, not made by hand (K97).
fn lists(account: &Object, secret: &str) -> bool {
    let secrets = account.node.get("secrets").map(Node::elements).unwrap_or_default();
    secrets.iter().any(|entry| entry.get("name").and_then(Node::as_str) == Some(secret))
}

/// Every Secret that a pod names: in volumes, variables, and for pulling images.
fn secret_names(node: &Node, found: &mut impl FnMut(&str)) {
    const REFERENCES: [&str; 4] = ["nodePublishSecretRef", "secret", "secretKeyRef", "secretRef"];
    let name_of = |node: &Node| node.get("name").and_then(Node::as_str).map(str::to_owned);
    for member in node.members() {
        let name = match member.name.as_str() {
            "secretName" => member.value.as_str().map(str::to_owned),
            reference if REFERENCES.contains(&reference) => name_of(&member.value),
            _ => None,
        };
        if let Some(name) = name {
            found(&name);
        }
        if member.name == "imagePullSecrets" {
            member.value.elements().iter().filter_map(name_of).for_each(|name| found(&name));
        }
        secret_names(&member.value, found);
    }
    if let Data::Array(elements) = &node.data {
        elements.iter().for_each(|element| secret_names(element, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_703_937_600; // 2023-12-30T12:00:00Z

    fn secret(extra: &str) -> String {
        format!(
            r#"{{"kind":"Secret","type":"kubernetes.io/service-account-token","metadata":{{"name":"t","creationTimestamp":"2022-12-27T00:00:00Z",
              "annotations":{{"{ACCOUNT_NAME}":"app","{ACCOUNT_UID}":"u"}}{extra}}}}}"#
        )
    }

    fn judge(secret: &str, others: &str) -> TokenSecret {
        let objects = format!(
            r#"{{"kind":"List","items":[{secret},{{"kind":"ServiceAccount","metadata":{{"name":"app","uid":"u"}},"secrets":[{{"name":"t"}}]}}{others}]}}"#
        );
        let options = TokenSecretOptions { clean_up_period: None, now: NOW.into() };
        inspect_token_secrets(&objects, &options).remove(0)
    }

    fn since(day: &str) -> String {
        format!(
            r#",{{"kind":"ConfigMap","metadata":{{"name":"kube-apiserver-legacy-service-account-token-tracking","namespace":"kube-system"}},"data":{{"since":"{day}"}}}}"#
        )
    }

    fn labels(last_used: &str, invalid_since: &str) -> String {
        let label = |name, value: &str| {
            if value.is_empty() { String::new() } else { format!(r#""{name}":"{value}""#) }
        };
        let labels = [label(LAST_USED, last_used), label(INVALID_SINCE, invalid_since)];
        let labels: Vec<_> = labels.into_iter().filter(|label| !label.is_empty()).collect();
        format!(r#","labels":{{{}}}"#, labels.join(","))
    }

    #[test]
    fn the_cleaner_by_its_labels() {
        use CleanUp::{Delete, MarkInvalid, None};
        #[rustfmt::skip]
        let table = [
            // since        last used     invalid since
            ("2022-12-28", "",            "",           MarkInvalid),
            ("2022-12-30", "",            "",           None),
            ("2022-12-29", "",            "",           MarkInvalid),
            ("yesterday",  "",            "",           None),
            ("2022-12-28", "2022-12-29",  "",           MarkInvalid),
            ("2022-12-28", "2022-12-30",  "",           None),
            ("2022-12-28", "2022-02-31",  "",           None),
            ("2022-12-28", "2022-12-29",  "2022-12-29", Delete),
            ("2022-12-28", "",            "2022-12-30", None),
            ("2022-12-28", "",            "long ago",   MarkInvalid),
        ];
        for (day, last_used, invalid_since, expected) in table {
            let found = judge(&secret(&labels(last_used, invalid_since)), &since(day));
            assert_eq!(
                found.clean_up, expected,
                "{day} {last_used} {invalid_since}: {}",
                found.reason
            );
        }
    }

    #[test]
    fn what_the_cleaner_leaves_alone() {
        let tracking = since("2022-01-01");
        let pod = |spec: &str| {
            format!(r#"{tracking},{{"kind":"Pod","metadata":{{"name":"p"}},"spec":{spec}}}"#)
        };
        let old = secret("");
        #[rustfmt::skip]
        let table = [
            (old.clone(), tracking.clone(), CleanUp::MarkInvalid),
            (old.clone(), String::new(), CleanUp::None),
            (old.replace("2022-12-27", "2023-12-27"), tracking.clone(), CleanUp::None),
            (old.replace("\"u\"", "\"v\""), tracking.clone(), CleanUp::None),
            (old.replace("\"t\"", "\"by-hand\""), tracking.clone(), CleanUp::None),
            (old.replace("kubernetes.io/service-account-token", "Opaque"), tracking.clone(), CleanUp::None),
            (secret(r#","deletionTimestamp":"2023-01-01T00:00:00Z""#), tracking.clone(), CleanUp::None),
            (old.clone(), pod(r#"{"volumes":[{"secret":{"secretName":"t"}}]}"#), CleanUp::None),
            (old.clone(), pod(r#"{"volumes":[{"projected":{"sources":[{"secret":{"name":"t"}}]}}]}"#), CleanUp::None),
            (old.clone(), pod(r#"{"containers":[{"env":[{"valueFrom":{"secretKeyRef":{"name":"t"}}}]}]}"#), CleanUp::None),
            (old, pod(r#"{"volumes":[{"configMap":{"name":"t"}}]}"#), CleanUp::MarkInvalid),
        ];
        for (secret, others, expected) in table {
            let found = judge(&secret, &others);
            assert_eq!(found.clean_up, expected, "{secret} {others}: {}", found.reason);
        }
    }

    #[test]
    fn whose_token_it_is() {
        let named = judge(&secret(""), "");
        assert_eq!(named.service_account.unwrap().uid.as_deref(), Some("u"));
        assert_eq!(named.rejected, None);
        let nameless = judge(&secret("").replace(ACCOUNT_NAME, "x"), "");
        assert_eq!(nameless.service_account, None);
        assert_eq!(
            nameless.rejected.unwrap().message,
            "Secret \"t\" is invalid: metadata.annotations[kubernetes.io/service-account.name]: Required value"
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(objects: String, label: String, day: String, now: f64, period: f64) {
            let options = TokenSecretOptions { clean_up_period: Some(period), now: UnixTime(now) };
            inspect_token_secrets(&objects, &options);
            let label = serde_json::to_string(&label).unwrap();
            let day = serde_json::to_string(&day).unwrap();
            let text = format!(r#"{{"kind":"List","items":[{},{}]}}"#,
                secret(&format!(r#","labels":{{"{LAST_USED}":{label}}}"#)), since("x").replace("\"x\"", &day).trim_start_matches(','));
            inspect_token_secrets(&text, &options);
        }
    }
}
