//! Lints of the token that was pasted: true whatever a verifier says.

use crate::claims::{DecodedToken, TokenKind};
use crate::cluster::Cluster;
use crate::federation::System;
use crate::time::{UnixTime, duration};
use crate::trace::{Finding, Severity};

use super::Report;

/// Seconds that the API server grants every date (K53).
const LEEWAY: f64 = 60.0;

/// Systems outside the cluster that receive the token itself. Vault's `auth/kubernetes` asks the API server
/// about it, so a token for the API server is what it needs.
const RECEIVERS: [System; 5] =
    [System::AwsIrsa, System::Azure, System::Fulcio, System::GcpWif, System::Oidc];

/// Every lint of the token, if one could be read.
pub(super) fn findings(report: &Report, cluster: &Cluster) -> Vec<Finding> {
    let Some(token) = report.token.as_ref().filter(|token| token.ok) else { return Vec::new() };
    let found = [
        from_the_future(token, report.now),
        extended(token),
        legacy(token),
        handed_out(token, report, cluster),
        of_no_pod(token, report),
    ];
    let payload = token.segments.get(1);
    found.into_iter().flatten().map(|finding| finding.at(payload.cloned())).collect()
}

/// `token-from-the-future`: K32. The API server refuses it until then, and the kubelet keeps it all the same.
fn from_the_future(token: &DecodedToken, now: UnixTime) -> Option<Finding> {
    if !is_of_kubernetes(token) || token.kind == Some(TokenKind::LegacySecret) {
        return None; // K96: nobody looks at a legacy token's dates.
    }
    let dates = [("nbf", token.not_before), ("iat", token.issued_at)];
    let (name, ahead) = dates
        .iter()
        .find_map(|(name, at)| Some((name, (*at)?.since(now))).filter(|d| d.1 > LEEWAY))?;
    let title = format!("Issued in the future: {name} is {} ahead", duration(ahead));
    let detail = "Either the clock of the API server that issued it was ahead, or the one that judges it is \
        behind. Such a token is refused until its time comes, and the kubelet does not replace it for that \
        reason: it refreshes by age alone. Once the clocks agree, restart the kubelet or the pod to get a new \
        one.";
    Some(Finding::new("token-from-the-future", Severity::Error, title, detail).rule("K32"))
}

/// `token-extended`: K17, K27. What the year in `exp` means, and what it does not.
fn extended(token: &DecodedToken) -> Option<Finding> {
    let (issued, expires, warn) = (token.issued_at?, token.expires_at?, token.warn_after?);
    let title = format!(
        "exp is {} after iat, but this token is meant for {}",
        duration(expires.since(issued)),
        duration(warn.since(issued))
    );
    let detail = "The API server extends an injected token for clients that read it once. The kubelet still \
        replaces the file by the shorter life, and a use after warnafter succeeds but is marked stale in the \
        audit log. Do not count on exp: the token ends with its pod, or when its signing key is retired. \
        Reread the file.";
    Some(Finding::new("token-extended", Severity::Info, title, detail).rule("K17"))
}

/// `legacy-token`: K7, K96.
fn legacy(token: &DecodedToken) -> Option<Finding> {
    if token.kind != Some(TokenKind::LegacySecret) {
        return None;
    }
    let title = "A legacy token: it never expires";
    let detail = "It comes from a Secret and has no audience; its dates, if it has any, are not checked. \
        Whoever has a copy is this ServiceAccount until the Secret or the account is deleted. Use a \
        serviceAccountToken projection in pods, and TokenRequest (kubectl create token) elsewhere, then \
        delete the Secret.";
    Some(Finding::new("legacy-token", Severity::Security, title, detail).rule("K96"))
}

/// `api-token-handed-out`: the API server takes the very token that is sent to somebody else (K52).
fn handed_out(token: &DecodedToken, report: &Report, cluster: &Cluster) -> Option<Finding> {
    let for_api_server = match &cluster.api_audiences {
        Some(audiences) => token.audiences.iter().any(|audience| audiences.contains(audience)),
        None => token.kind == Some(TokenKind::Bound),
    };
    if !is_of_kubernetes(token) || !for_api_server {
        return None;
    }
    let receiver = report.federation.iter().find(|outcome| RECEIVERS.contains(&outcome.system))?;
    let title = format!("{} is shown a token that the API server takes", receiver.title);
    let detail = format!(
        "Its audiences are {}. Whoever receives it can call the API server of its cluster as this \
         ServiceAccount until it ends. Give every receiver a token with its own audience alone: a \
         serviceAccountToken source with `audience`.",
        token.audiences.join(", ")
    );
    Some(Finding::new("api-token-handed-out", Severity::Security, title, detail).rule("K52"))
}

/// `token-of-no-pod`: the manifests have the account's pods, and none of them gets such a token, neither by a volume
/// of its own nor by a webhook (A133, Z2).
fn of_no_pod(token: &DecodedToken, report: &Report) -> Option<Finding> {
    let account =
        token.service_account.as_ref().filter(|_| token.kind == Some(TokenKind::External))?;
    let pods = report.pods.iter().filter(|pod| {
        let of = &pod.service_account;
        pod.rejected.is_none() && (&of.name, &of.namespace) == (&account.name, &account.namespace)
    });
    let pod = pods.clone().next()?;
    let mut tokens = pods.flat_map(|pod| &pod.tokens);
    if tokens.any(|of| of.audience.as_ref().is_some_and(|one| token.audiences.contains(one))) {
        return None;
    }
    let audiences = token.audiences.join(", ");
    let title = format!("No pod of the manifests gets a token for {audiences}");
    let detail = format!(
        "{} {} runs as {}/{}, but neither a volume of its own nor a webhook brings it a token with the audience of \
         this one. Either the token comes from elsewhere, or the pods were created from other manifests: a webhook \
         changes pods only when they are created.",
        pod.workload.kind, pod.workload.name, account.namespace, account.name
    );
    Some(Finding::new("token-of-no-pod", Severity::Info, title, detail).rule("A130"))
}

fn is_of_kubernetes(token: &DecodedToken) -> bool {
    token.kind.is_some_and(|kind| kind != TokenKind::NotKubernetes)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use crate::report::{ExplainInput, explain};

    fn codes(claims: &Value, trust: bool, now: i64) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(claims));
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": "arn:aws:iam::111122223333:oidc-provider/i.example" }
        }] });
        let mut input = json!({ "token": token, "now": now });
        if trust {
            input["trust"] = json!([policy.to_string()]);
        }
        let input: ExplainInput = serde_json::from_value(input).unwrap();
        let report = explain(&input);
        let codes: Vec<&str> = report.findings.iter().map(|f| f.code.as_ref()).collect();
        codes.join(" ")
    }

    #[test]
    fn findings_of_tokens() {
        let bound = |aud: Value, iat: i64, warn: Option<i64>| {
            let mut own =
                json!({ "namespace": "a", "serviceaccount": { "name": "b", "uid": "u" } });
            if let Some(warn) = warn {
                own["warnafter"] = json!(warn);
            }
            json!({ "iss": "https://i.example", "aud": aud, "iat": iat, "nbf": iat, "exp": iat + 31_536_000, "kubernetes.io": own })
        };
        let api = || json!(["https://i.example"]);
        let legacy = json!({ "iss": "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/namespace": "a", "nbf": 9e9 });
        #[rustfmt::skip]
        let table = [
            (bound(api(), 1000, None),                                  false, 1000, ""),
            (bound(api(), 1060, None),                                  false, 1000, ""),
            (bound(api(), 1061, None),                                  false, 1000, "token-from-the-future"),
            (bound(api(), 1000, Some(4607)),                            false, 1000, "token-extended"),
            (bound(api(), 1000, None),                                  true,  1000, "api-token-handed-out"),
            (bound(json!(["sts.amazonaws.com"]), 1000, None),           true,  1000, ""),
            (legacy,                                                    false, 1000, "legacy-token"),
            (json!({ "iss": "x", "iat": 9000 }),                        false, 1000, ""),
        ];
        for (claims, trust, now, expected) in table {
            assert_eq!(codes(&claims, trust, now), expected, "{claims}");
        }
    }
}
