//! The one value that a view shows.

mod credential_file;
mod findings;
mod markdown;
mod summary;
mod timeline;

use serde::{Deserialize, Serialize};

use crate::claims::DecodedToken;
use crate::cluster::Cluster;
use crate::decode::describe;
use crate::federation::{
    FederationOutcome, OneOrMany, Subject, TrustDocument, evaluate_all, takes_signature,
};
use crate::jwk::{KeySet, Keys};
use crate::paste::{Found, unwrap};
use crate::pod::{PodReport, PodsReport, inspect_pods};
use crate::rotation::{Scenario, Timeline};
use crate::signature::Evidence;
use crate::time::UnixTime;
use crate::trace::{Check, Finding, Status};
use crate::verify::{Verification, VerifyOptions};

pub use markdown::report_to_markdown;

/// Everything that was pasted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplainInput {
    /// A token, wrapped or bare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Kubernetes manifests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifests: Option<String>,
    /// Trust documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Vec<TrustDocument>>,
    /// The cluster that issued the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// What happens to the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Scenario>,
    /// The instant of judgement.
    pub now: UnixTime,
}

/// Everything that can be said of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape: 1.
    pub schema: u32,
    /// The instant of judgement.
    pub now: UnixTime,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<DecodedToken>,
    /// The key set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub keys: Option<KeySet>,
    /// What a verifier in Node would check, in its order.
    pub verification: Vec<Check>,
    /// Whether the manifests could be read, and what in them is not modelled.
    pub manifests: Vec<Check>,
    /// The pods of the manifests.
    pub pods: Vec<PodReport>,
    /// Its times, if a token or a projection was pasted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub timeline: Option<Timeline>,
    /// One outcome per trust document.
    pub federation: Vec<FederationOutcome>,
    /// Lints that belong neither to a pod nor to a trust document.
    pub findings: Vec<Finding>,
    /// One sentence, for a screen reader and a ticket.
    pub summary: String,
}

/// Deepest nesting of a report's JSON: a token's claims may have 128 levels, and stand a few levels down.
const DEEPEST: usize = crate::document::MAX_DEPTH + 16;

impl Report {
    /// Reads a report back from its JSON.
    ///
    /// Unlike serde_json alone it takes every report that [`explain`] makes, however deep the claims in it.
    ///
    /// # Errors
    ///
    /// If the text is no report.
    ///
    /// ```
    /// use podpass::{ExplainInput, Report, explain};
    ///
    /// let report = explain(&ExplainInput::default());
    /// assert_eq!(Report::from_json(&serde_json::to_string(&report)?)?, report);
    /// assert!(Report::from_json(&"[".repeat(100_000)).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        if nesting(text) > DEEPEST {
            let message = format!("the report is nested deeper than {DEEPEST} levels");
            return Err(serde::de::Error::custom(message));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.disable_recursion_limit();
        let report = Self::deserialize(&mut reader)?;
        reader.end()?;
        Ok(report)
    }
}

/// How deep brackets nest outside strings.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Explains everything that was pasted.
///
/// What is missing is left out; what cannot be read is a failing check, and the rest is explained all the same.
///
/// # Examples
///
/// ```
/// use podpass::{ExplainInput, explain};
///
/// let pod = "{kind: Pod, apiVersion: v1, metadata: {name: a}, spec: {containers: [{name: app}]}}";
/// let input = ExplainInput { manifests: Some(format!("# a pod\n{pod}")), ..ExplainInput::default() };
/// let report = explain(&input);
/// assert_eq!(report.pods[0].tokens[0].expiration_seconds, 3607.0);
///
/// let nothing = explain(&ExplainInput::default());
/// assert_eq!(nothing.summary, "Nothing was given to judge.");
/// ```
pub fn explain(input: &ExplainInput) -> Report {
    Explainer::default().explain(input)
}

/// Explains again and again: what does not depend on what changed is kept.
///
/// A signature is judged once per token and key set, so moving `now` costs no cryptography.
///
/// ```
/// use podpass::{ExplainInput, Explainer};
///
/// let mut explainer = Explainer::default();
/// let mut input = ExplainInput { token: Some("eyJhbGciOiJub25lIn0.e30.".into()), ..ExplainInput::default() };
/// let first = explainer.explain(&input);
/// input.now = 60.into();
/// assert_eq!(explainer.explain(&input).token, first.token);
/// ```
#[derive(Debug, Default)]
pub struct Explainer {
    prepared: Option<Prepared>,
}

/// A token and a key set, read.
#[derive(Debug)]
struct Prepared {
    token: Option<String>,
    jwks: Option<String>,
    found: Option<Found>,
    evidence: Evidence,
}

impl Prepared {
    fn new(token: Option<&str>, jwks: Option<&str>) -> Self {
        let token = present(token);
        let jwks = present(jwks);
        let found = token.map(unwrap);
        let evidence = Evidence::new(found.as_ref().map(|found| found.compact.as_str()), jwks);
        Self { token: token.map(str::to_owned), jwks: jwks.map(str::to_owned), found, evidence }
    }

    fn is_of(&self, token: Option<&str>, jwks: Option<&str>) -> bool {
        self.token.as_deref() == present(token) && self.jwks.as_deref() == present(jwks)
    }
}

/// An input that is empty was not given.
fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

impl Explainer {
    /// As [`explain`].
    pub fn explain(&mut self, input: &ExplainInput) -> Report {
        let (token, jwks) = (input.token.as_deref(), input.jwks.as_deref());
        let prepared = match self.prepared.take() {
            Some(prepared) if prepared.is_of(token, jwks) => prepared,
            _ => Prepared::new(token, jwks),
        };
        let report = report(input, &prepared);
        self.prepared = Some(prepared);
        report
    }
}

fn report(input: &ExplainInput, prepared: &Prepared) -> Report {
    let cluster = input.cluster.clone().unwrap_or_default();
    let evidence = &prepared.evidence;
    let jws = evidence.jws.as_ref();
    let subject = if jws.is_some() { Subject::Token(evidence) } else { Subject::Nobody };
    let trust = input.trust.as_deref().unwrap_or_default();
    let pods = match present(input.manifests.as_deref()) {
        Some(manifests) => inspect_pods(manifests, &cluster),
        None => PodsReport {
            pods: Vec::new(),
            service_accounts: Vec::new(),
            findings: Vec::new(),
            checks: Vec::new(),
        },
    };
    let mut report = Report {
        schema: 1,
        now: input.now,
        token: token_report(prepared),
        keys: evidence.keys.as_ref().map(Keys::describe),
        verification: jws.map(|_| verification(evidence, &cluster, input.now)).unwrap_or_default(),
        manifests: pods.checks,
        timeline: timeline::timeline(jws, &pods.pods, input, &cluster),
        pods: pods.pods,
        federation: evaluate_all(trust, &subject, &cluster, input.now),
        findings: pods.findings,
        summary: String::new(),
    };
    if let Some(timeline) = &mut report.timeline {
        timeline::refuse_sessions(timeline, &report.federation);
    }
    report.findings.extend(findings::findings(&report, &cluster));
    report.findings.extend(credential_file::findings(&report, trust, &cluster));
    report.summary = summary::summary(&report);
    report
}

fn token_report(prepared: &Prepared) -> Option<DecodedToken> {
    let jws = prepared.evidence.jws.as_ref()?;
    Some(describe(jws, prepared.token.as_deref()?, prepared.found.as_ref()?))
}

/// Issuer and audience are those of the cluster, where it names them.
fn verification(evidence: &Evidence, cluster: &Cluster, now: UnixTime) -> Vec<Check> {
    let options = VerifyOptions {
        issuer: cluster.issuers.clone().map(OneOrMany::Many),
        audience: cluster.api_audiences.clone().map(OneOrMany::Many),
        ..VerifyOptions::new("", "", now)
    };
    let mut checks = Verification::of(evidence, &options).checks();
    for check in &mut checks {
        let unnamed = match &*check.id {
            "token/iss" => cluster.issuers.is_none(),
            "token/aud" => cluster.api_audiences.is_none(),
            _ => false,
        };
        if unnamed && check.status == Status::Skip {
            check.title = "not checked: the cluster facts name none".into();
            check.hint = None;
        }
    }
    tell_looser_server(&mut checks, evidence, cluster, now);
    checks
}

/// K4: the API server takes more than podpass does; where that decides, it is said.
fn tell_looser_server(checks: &mut [Check], evidence: &Evidence, cluster: &Cluster, now: UnixTime) {
    const SIGNATURE: [&str; 4] = ["token/format", "token/alg", "token/key", "token/signature"];
    let refused =
        |check: &&mut Check| check.status == Status::Fail && SIGNATURE.contains(&check.id.as_ref());
    let Some(check) = checks.iter_mut().find(refused) else { return };
    let said =
        check.hint.as_deref().is_some_and(|hint| hint.starts_with("the API server would accept"));
    if !said && takes_signature(evidence, cluster, now) {
        let looser = format!(
            "the API server would accept this signature, podpass does not, because {}",
            check.title
        );
        check.hint = Some(match &check.hint {
            Some(hint) => format!("{hint}; {looser}").into(),
            None => looser.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_deepest_claims_survive_the_way_to_the_page() {
        let claims = format!(r#"{{"deep":{}{}}}"#, "[".repeat(127), "]".repeat(127));
        let token = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let report = explain(&ExplainInput { token: Some(token), ..ExplainInput::default() });
        assert!(report.token.as_ref().is_some_and(|token| token.ok));
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(Report::from_json(&text).unwrap(), report);
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_the_same(
            now in -1e12..1e12_f64,
            iat: i32, life in -1e12..1e12_f64, warn: Option<i32>,
            name in "[ -~é]{0,12}", seconds in "[0-9.e-]{1,6}", keys in "[ -~]{0,20}",
            reader: bool, trust: bool,
        ) {
            let mut claims = serde_json::json!({
                "iss": "https://i.example", "aud": [name], "iat": iat, "exp": life, "sub": name, name.clone(): {name.clone(): [iat, null]},
                "kubernetes.io": {"namespace": "a", "pod": {"name": name, "uid": "p"}, "serviceaccount": {"name": "b", "uid": "u"}}
            });
            if let (Some(warn), Some(own)) = (warn, claims.get_mut("kubernetes.io")) {
                own["warnafter"] = warn.into();
            }
            let part = |text: String| URL_SAFE_NO_PAD.encode(text);
            let token = format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#.into()), part(claims.to_string()));
            let quoted = serde_json::Value::from(name.as_str());
            let manifests = format!(
                "kind: Pod\nmetadata: {{name: {quoted}}}\nspec: {{containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v, subPath: t}}]}}], volumes: [{{name: v, projected: {{sources: [{{serviceAccountToken: {{path: t, expirationSeconds: {seconds}}}}}]}}}}]}}"
            );
            let scenario = Scenario { reader: reader.then_some(crate::rotation::Reader::CachedAtStart), ..Scenario::default() };
            let trust = trust.then(|| serde_json::from_value(serde_json::json!([{"system": "kubernetes", "text": ""}, "{}"])).unwrap());
            let input = ExplainInput {
                token: Some(token), jwks: Some(keys), manifests: Some(manifests), trust,
                cluster: None, scenario: Some(scenario), now: UnixTime(now.trunc()),
            };
            let report = explain(&input);
            let text = serde_json::to_string(&report).unwrap();
            proptest::prop_assert_eq!(Report::from_json(&text).unwrap(), report);
        }
    }
}
