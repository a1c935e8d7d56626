//! What the engine says of each example.

use super::*;
use podpass::{Report, UnixTime, Verdict, explain};

fn samples() -> Samples {
    Samples {
        cluster: Issuer::cluster().unwrap(),
        stranger: Issuer::stranger().unwrap(),
        now: UnixTime(1_795_616_345.0),
    }
}

fn report(id: &str) -> Report {
    let samples = samples();
    let preset = PRESETS.iter().find(|preset| preset.id == id).unwrap();
    explain(&preset.inputs(&samples).request(samples.now))
}

#[test]
fn every_example_is_judged_as_its_name_says() {
    use Verdict::{Allow, Deny, Unknown};
    let table = [
        ("healthy-irsa", Allow, None),
        ("wrong-namespace", Deny, Some("trust-policy")),
        ("wrong-audience", Deny, Some("trust-policy")),
        ("other-cluster", Deny, Some("provider")),
        ("expired", Deny, Some("time")),
        ("year-long", Unknown, None),
        ("legacy-secret", Deny, Some("claims")),
        ("trailing-slash", Deny, Some("provider")),
        ("pod-deleted", Deny, Some("objects")),
        ("cached-at-start", Unknown, None),
        ("requests-fail", Unknown, None),
        ("not-yet-valid", Deny, Some("time")),
        ("unknown-key", Deny, Some("keys")),
        ("changed-signature", Deny, Some("signature")),
        ("alg-none", Deny, Some("signature")),
        ("truncated", Deny, Some("format")),
        ("service-to-service", Unknown, None),
        ("aks", Allow, None),
        ("aks-slash", Deny, Some("issuer")),
        ("gke-annotation", Deny, Some("impersonation")),
        ("gcp-condition", Deny, Some("condition")),
        ("hub", Deny, Some("claim-rules")),
        ("vault", Deny, Some("namespace")),
        ("yaml-error", Allow, None),
        ("json-comma", Unknown, Some("document")),
    ];
    let got: Vec<_> = table
        .iter()
        .map(|(id, _, _)| {
            let outcome = report(id).federation.into_iter().next();
            outcome.map(|outcome| (*id, outcome.verdict, outcome.stage.map(String::from)))
        })
        .collect();
    let wanted: Vec<_> = table
        .iter()
        .map(|(id, verdict, stage)| Some((*id, *verdict, stage.map(str::to_owned))))
        .collect();
    assert_eq!(got, wanted);
}

#[test]
fn what_goes_wrong_later_is_seen_on_the_timeline() {
    for id in ["pod-deleted", "cached-at-start", "requests-fail"] {
        let timeline = report(id).timeline.unwrap();
        assert!(timeline.first_failure.is_some(), "{id}");
    }
}

#[test]
fn a_missing_label_is_found_and_can_be_mended() {
    let pod = report("aks-label").pods.remove(0);
    let finding =
        pod.findings.iter().find(|finding| finding.code == "azure-label-missing").unwrap();
    assert_eq!(finding.fixes.len(), 1);
    assert!(pod.injected.iter().all(|injection| injection.by == "serviceaccount-admission"));
}

#[test]
fn the_healthy_pod_gets_its_token_from_the_webhook() {
    let pod = report("healthy-irsa").pods.remove(0);
    let token =
        pod.tokens.iter().find(|token| token.audience.as_deref() == Some("sts.amazonaws.com"));
    assert_eq!(token.unwrap().injected_by.as_deref(), Some("eks-pod-identity-webhook"));
    assert_eq!(token.unwrap().mounts[0].env, ["AWS_WEB_IDENTITY_TOKEN_FILE"]);
}

#[test]
fn ids_are_unique() {
    let mut ids: Vec<_> = PRESETS.iter().map(|preset| preset.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), PRESETS.len());
}
