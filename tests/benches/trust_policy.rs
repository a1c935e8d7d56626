//! How long a decision on a role trust policy takes: `cargo bench -p podpass-tests [calls]`.
//!
//! On the policy that EKS documents, `sub` and `aud` pinned: parsed once, parsed each time, and with everything
//! that `evaluateFederation` tells. Prints a table; asserts nothing, for machines differ. The fastest batch tells
//! most on a busy one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use podpass::{AwsFacts, FederationInput, TrustPolicy, UnixTime, evaluate_federation};
use serde_json::{Map, Value, json};

/// Calls between two looks at the clock.
const BATCH: u32 = 100;
const KEY: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const SUBJECT: &str = "system:serviceaccount:default:my-service-account";
const NOW: i64 = 1_789_124_000;

fn policy() -> String {
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{KEY}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{KEY}:aud"): "sts.amazonaws.com", format!("{KEY}:sub"): SUBJECT}},
    }]});
    format!("{document:#}")
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": format!("https://{KEY}"), "sub": SUBJECT, "aud": ["sts.amazonaws.com"],
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 3540,
    });
    claims.as_object().cloned().unwrap_or_default()
}

/// Microseconds a call: of the fastest batch, and of the one in the middle.
fn measure(calls: u32, mut call: impl FnMut()) -> (f64, f64) {
    let mut batches: Vec<Duration> = (0..calls.div_ceil(BATCH).max(1))
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
            let start = Instant::now();
            (0..BATCH).for_each(|_| call());
            start.elapsed()
        })
        .collect();
    batches.sort_unstable();
    let micros = |at: usize| {
        batches.get(at).map_or(f64::NAN, |batch| batch.as_secs_f64() * 1e6 / f64::from(BATCH))
    };
    (micros(0), micros(batches.len() / 2))
}

fn main() {
    let calls = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let (text, claims) = (policy(), claims());
    let (facts, now) = (AwsFacts::default(), UnixTime::from(NOW));
    let Some(parsed) = TrustPolicy::parse(&text) else { return };
    let whole: FederationInput = FederationInput {
        claims: Some(claims.clone()),
        trust: vec![podpass::TrustDocument::Text(text.clone())],
        now,
        ..FederationInput::default()
    };
    let rows = [
        (
            "decide, parsed once",
            5.0,
            measure(calls, || {
                black_box(black_box(&parsed).decide(black_box(&claims), &facts, now));
            }),
        ),
        (
            "parse and decide",
            60.0,
            measure(calls, || {
                let parsed = TrustPolicy::parse(black_box(&text));
                black_box(parsed.and_then(|parsed| parsed.decide(&claims, &facts, now)));
            }),
        ),
        (
            "evaluate_federation: trace, reach, findings",
            f64::NAN,
            measure(calls / 10, || {
                black_box(evaluate_federation(black_box(&whole)));
            }),
        ),
    ];
    println!("podpass {}, {calls} calls, microseconds each\n", podpass::version());
    println!("| call | fastest | median | target |\n| --- | ---: | ---: | ---: |");
    for (name, target, (fastest, median)) in rows {
        let target = if target.is_nan() { String::new() } else { format!("{target:.0}") };
        println!("| {name} | {fastest:.2} | {median:.2} | {target} |");
    }
}
