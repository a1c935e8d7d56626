//! What no input may break.

use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::{at, pasted, projection};

fn reader() -> impl Strategy<Value = Reader> {
    prop::sample::select(vec![
        Reader::AwsSdk,
        Reader::CachedAtStart,
        Reader::ClientGo,
        Reader::Rereads,
    ])
}

fn audience() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "vault", "sts.amazonaws.com", "api://AzureADTokenExchange"])
        .prop_map(str::to_owned)
}

/// Any finite number, most of them near the start.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10_000.0..100_000.0_f64,
        1 => -1e300..1e300_f64,
        1 => prop::sample::select(vec![0.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE]),
    ]
}

fn instant() -> impl Strategy<Value = UnixTime> {
    number().prop_map(at)
}

prop_compose! {
    fn scenario()(
        reader in prop::option::of(reader()),
        pod_deleted_at in prop::option::of(instant()),
        grace_period_seconds in prop::option::of(number()),
        signing_key_rotated_at in prop::option::of(instant()),
        kubelet_clock_skew in prop::option::of(number()),
        rotations in prop::option::of(0_u32..8),
        failing in prop::option::of((instant(), instant())),
        kubelet_restarted_at in prop::option::of(instant()),
    ) -> Scenario {
        Scenario {
            reader, pod_deleted_at, grace_period_seconds, signing_key_rotated_at,
            kubelet_clock_skew, rotations, kubelet_restarted_at,
            token_requests_fail: failing.map(|(earliest, latest)| Window { earliest, latest }),
        }
    }
}

fn options() -> impl Strategy<Value = TimelineOptions> {
    let projected = (number(), audience(), instant(), scenario()).prop_map(
        |(seconds, audience, issued_at, scenario)| TimelineOptions {
            issued_at: Some(issued_at),
            ..projection(seconds, &audience, scenario)
        },
    );
    let token = (instant(), instant(), audience(), prop::option::of(instant()), scenario())
        .prop_map(|(iat, exp, audience, warnafter, scenario)| {
            let claims = json!({
                "iat": iat.0, "exp": exp.0, "aud": [audience], "kubernetes.io": {
                    "pod": {"name": "p"}, "warnafter": warnafter.map(|at| at.0)
                }
            });
            pasted(&claims, scenario)
        });
    prop_oneof![projected, token]
}

proptest! {
    #[test]
    fn lanes_are_contiguous_ordered_and_bounded(options in options()) {
        let timeline = rotation_timeline(&options);
        prop_assert!(timeline.from.0.is_finite() && timeline.to.0.is_finite());
        prop_assert!(timeline.from <= timeline.to);
        prop_assert!(timeline.lanes.len() < 130);
        for lane in &timeline.lanes {
            for span in &lane.spans {
                prop_assert!(span.from < span.to, "{lane:?}");
                prop_assert!(timeline.from <= span.from && span.to <= timeline.to, "{lane:?}");
            }
            for (before, after) in lane.spans.iter().zip(lane.spans.iter().skip(1)) {
                prop_assert_eq!(before.to, after.from, "{:?}", lane);
            }
            for (before, after) in lane.events.iter().zip(lane.events.iter().skip(1)) {
                prop_assert!(before.at <= after.at, "{lane:?}");
            }
            for window in lane.events.iter().filter_map(|event| event.window) {
                prop_assert!(window.earliest < window.latest, "{lane:?}");
            }
        }
    }

    #[test]
    fn the_first_failure_is_on_a_lane(options in options()) {
        let timeline = rotation_timeline(&options);
        if let Some(failure) = &timeline.first_failure {
            prop_assert!(timeline.from <= failure.at && failure.at < timeline.to);
            let lane = timeline.lanes.iter().find(|lane| lane.id == failure.lane).unwrap();
            prop_assert!(lane.events.iter().all(|event| event.kind != "exchange")
                || lane.events.iter().any(|event| event.at == failure.at)
                || lane.events.len() == 100, "{failure:?} {lane:?}");
        }
    }

    #[test]
    fn a_live_kubelet_never_lets_a_token_expire(seconds in 600_u32..10_000_000, reader in reader()) {
        let scenario = Scenario { reader: Some(reader), rotations: Some(8), ..Scenario::default() };
        let timeline = rotation_timeline(&projection(f64::from(seconds), "vault", scenario));
        let file = timeline.lanes.iter().find(|lane| lane.id == "file").unwrap();
        prop_assert!(file.spans.iter().all(|span| span.state == "current"), "{file:?}");
        prop_assert_eq!(timeline.first_failure.is_none(), reader != Reader::CachedAtStart);
    }
}
