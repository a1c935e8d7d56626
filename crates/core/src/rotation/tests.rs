//! Whole timelines: what scenarios lead to.

mod properties;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;

const START: f64 = 1_700_000_000.0;

fn at(seconds: f64) -> UnixTime {
    UnixTime(START + seconds)
}

fn projection(seconds: f64, audience: &str, scenario: Scenario) -> TimelineOptions {
    TimelineOptions {
        expiration_seconds: Some(seconds),
        audience: Some(audience.to_owned()),
        issued_at: Some(at(0.0)),
        scenario: Some(scenario),
        ..TimelineOptions::default()
    }
}

fn pasted(claims: &Value, scenario: Scenario) -> TimelineOptions {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "kid": "k1"})), part(claims));
    TimelineOptions {
        token: Some(token),
        scenario: Some(scenario),
        now: at(0.0),
        ..TimelineOptions::default()
    }
}

fn with(reader: Reader) -> Scenario {
    Scenario { reader: Some(reader), ..Scenario::default() }
}

/// Every lane, in seconds after the start.
fn draw(timeline: &Timeline) -> String {
    let mut text = String::new();
    let after = |time: UnixTime| time.0 - START;
    for lane in &timeline.lanes {
        text += &format!("{}:", lane.id);
        for span in &lane.spans {
            text += &format!(" {}-{} {};", after(span.from), after(span.to), span.state);
        }
        for event in &lane.events {
            let until = event.window.map_or(String::new(), |w| format!("..{}", after(w.latest)));
            text += &format!(" {}{until} [{}]", after(event.at), event.kind);
        }
        text += "\n";
    }
    match &timeline.first_failure {
        Some(failure) => {
            let error = failure.error.as_ref().map_or("", |error| error.message.as_str());
            text += &format!(
                "fails at {} on {}: {}\n  {error}\n",
                after(failure.at),
                failure.lane,
                failure.reason
            );
        }
        None => text += "never fails\n",
    }
    text
}

fn check(options: &TimelineOptions, expected: Expect) {
    expected.assert_eq(&draw(&rotation_timeline(options)));
}

#[test]
fn a_reader_that_rereads_is_never_refused() {
    let scenario = Scenario { rotations: Some(2), ..Scenario::default() };
    check(
        &projection(600.0, "vault", scenario),
        expect![[r#"
        pod: 0-1742 running;
        token-1: 0-480 valid; 480-600 due; 600-1742 expired; 0 [issued] 471..480 [refresh] 600 [expires]
        token-2: 571-1051 valid; 1051-1171 due; 1171-1742 expired; 471..571 [issued] 942..1051 [refresh] 1071..1171 [expires]
        token-3: 1142-1622 valid; 1622-1742 due; 942..1142 [issued] 1413..1622 [refresh] 1542..1742 [expires]
        file: 0-571 current; 571-1142 current; 1142-1742 current; 471..571 [file-change] 942..1142 [file-change]
        reader: 0-571 ok; 571-1142 ok; 1142-1742 ok; 0 [read] 471..571 [read] 942..1142 [read]
        never fails
    "#]],
    );
}

#[test]
fn client_go_lags_by_less_than_the_leeway() {
    let scenario = Scenario { rotations: Some(1), ..with(Reader::ClientGo) };
    check(
        &projection(600.0, "", scenario),
        expect![[r#"
        pod: 0-1171 running;
        token-1: 0-480 valid; 480-600 due; 600-1171 expired; 0 [issued] 471..480 [refresh] 600 [expires]
        token-2: 571-1051 valid; 1051-1171 due; 471..571 [issued] 942..1051 [refresh] 1071..1171 [expires]
        file: 0-571 current; 571-1171 current; 471..571 [file-change]
        reader: 0-571 ok; 571-621 outdated; 621-1171 ok; 0 [read] 471..621 [read]
        never fails
    "#]],
    );
}

#[test]
fn an_extended_token_carries_a_cached_reader_for_a_year() {
    let scenario = Scenario { rotations: Some(1), ..with(Reader::CachedAtStart) };
    check(
        &projection(3607.0, "", scenario),
        expect![[r#"
        pod: 0-31538977 running;
        token-1: 0-2886 valid; 2886-3607 due; 3607-31536000 extended; 31536000-31538977 expired; 0 [issued] 2877..2886 [refresh] 3607 [warn-after] 31536000 [expires]
        token-2: 2977-5863 valid; 5863-6584 due; 6584-31538977 extended; 2877..2977 [issued] 5754..5863 [refresh] 6484..6584 [warn-after] 31538877..31538977 [expires]
        file: 0-2977 current; 2977-31538977 current; 2877..2977 [file-change]
        reader: 0-2977 ok; 2977-31536060 outdated; 31536060-31538977 refused; 0 [read]
        fails at 31536060 on reader: token 1 expired at 2024-11-13T22:13:20Z, the API server allows 60 s more (K53); the reader never read its successors
          Unauthorized
    "#]],
    );
}

#[test]
fn a_cached_token_begins_one_more_session_at_sts() {
    let scenario = Scenario { rotations: Some(1), ..with(Reader::CachedAtStart) };
    check(
        &projection(3600.0, "sts.amazonaws.com", scenario),
        expect![[r#"
            pod: 0-7260 running;
            token-1: 0-2880 valid; 2880-3600 due; 3600-7260 expired; 0 [issued] 2871..2880 [refresh] 3600 [expires]
            token-2: 2971-5851 valid; 5851-6571 due; 6571-7260 expired; 2871..2971 [issued] 5742..5851 [refresh] 6471..6571 [expires]
            file: 0-2971 current; 2971-7260 current; 2871..2971 [file-change]
            reader: 0-2971 ok; 2971-7200 outdated; 7200-7260 refused; 0 [read]
            session: 0-7200 active; 7200-7260 expired; 0 [exchange] 3600 [exchange] 7200 [exchange]
            fails at 7200 on session: token 1 expired at 2023-11-14T23:13:20Z, STS allows 300 s more (A35); the reader never read its successors
              Token expired: current date/time 1700006900 must be before the expiration date/time 1700003600
        "#]],
    );
}

#[test]
fn a_long_grace_period_outlives_the_token() {
    let scenario = Scenario {
        pod_deleted_at: Some(at(400.0)),
        grace_period_seconds: Some(600.0),
        ..Scenario::default()
    };
    check(
        &projection(600.0, "vault", scenario),
        expect![[r#"
        pod: 0-400 running; 400-1000 terminating; 1000-1060 gone; 400 [pod-deleted] 1000 [pod-gone]
        token-1: 0-480 valid; 480-600 due; 600-1060 expired; 0 [issued] 471..480 [refresh] 600 [expires]
        file: 0-571 current; 571-600 outdated; 600-1000 expired;
        reader: 0-660 ok; 660-1060 refused; 0 [read]
        fails at 660 on reader: token 1 expired at 2023-11-14T22:23:20Z, the relying party's TokenReview allows 60 s more (K53); the token of a terminating pod is not replaced (K35)
          [invalid bearer token, service account token has expired]
    "#]],
    );
}

#[test]
fn a_deleted_pod_s_token_dies_with_the_object() {
    let scenario = Scenario { pod_deleted_at: Some(at(1000.0)), ..Scenario::default() };
    check(
        &projection(3600.0, "", scenario),
        expect![[r#"
        pod: 0-1000 running; 1000-1030 terminating; 1030-3600 gone; 1000 [pod-deleted] 1030 [pod-gone]
        token-1: 0-2880 valid; 2880-3600 due; 0 [issued] 2871..2880 [refresh] 3600 [expires]
        file: 0-1030 current;
        reader: 0-1030 ok; 1030-3600 refused; 0 [read]
        fails at 1030 on reader: the pod is gone since 2023-11-14T22:30:30Z, and with it every token bound to it; a server that has just accepted the token may go on for 10 s (K54, K61)
          Unauthorized
    "#]],
    );
}

#[test]
fn sts_does_not_see_that_the_pod_is_gone() {
    let scenario =
        Scenario { pod_deleted_at: Some(at(8000.0)), rotations: Some(0), ..with(Reader::AwsSdk) };
    check(
        &projection(3600.0, "sts.amazonaws.com", scenario),
        expect![[r#"
        pod: 0-8000 running; 8000-8030 terminating; 8030-9542 gone; 8000 [pod-deleted] 8030 [pod-gone]
        token-1: 0-2880 valid; 2880-3600 due; 3600-9542 expired; 0 [issued] 2871..2880 [refresh] 3600 [expires]
        token-3: 5942-8822 valid; 8822-9542 due; 5742..5942 [issued] 8613..8822 [refresh] 9342..9542 [expires]
        file: 0-2971 current; 2971-5942 current; 5942-8030 current; 5742..5942 [file-change]
        reader: 0-8030 ok; 0 [read] 3600 [read] 7200 [read]
        session: 0-3600 active; 3600-7200 active; 7200-9542 active; 0 [exchange] 3600 [exchange] 7200 [exchange]
        never fails
    "#]],
    );
}

#[test]
fn a_withdrawn_key_is_felt_until_the_next_refresh() {
    let scenario = Scenario {
        signing_key_rotated_at: Some(at(1000.0)),
        rotations: Some(1),
        ..Scenario::default()
    };
    check(
        &projection(3600.0, "", scenario.clone()),
        expect![[r#"
            pod: 0-6571 running;
            token-1: 0-2880 valid; 2880-3600 due; 3600-6571 expired; 0 [issued] 1000 [key-rotated] 2871..2880 [refresh] 3600 [expires]
            token-2: 2971-5851 valid; 5851-6571 due; 2871..2971 [issued] 5742..5851 [refresh] 6471..6571 [expires]
            file: 0-1000 current; 1000-2971 outdated; 2971-6571 current; 2871..2971 [file-change]
            reader: 0-1000 ok; 1000-2971 refused; 2971-6571 ok; 0 [read] 2871..2971 [read]
            fails at 1000 on reader: token 1 was signed with the key that was withdrawn at 2023-11-14T22:30:00Z (K50); the kubelet replaces it only when it is due (K26)
              Unauthorized
        "#]],
    );
    check(
        &projection(3600.0, "sts.amazonaws.com", scenario),
        expect![[r#"
        pod: 0-6571 running;
        token-1: 0-2880 valid; 2880-3600 due; 3600-6571 expired; 0 [issued] 1000 [key-rotated] 2871..2880 [refresh] 3600 [expires]
        token-2: 2971-5851 valid; 5851-6571 due; 2871..2971 [issued] 5742..5851 [refresh] 6471..6571 [expires]
        file: 0-1000 current; 1000-2971 outdated; 2971-6571 current; 2871..2971 [file-change]
        reader: 0-6571 ok; 0 [read] 3600 [read]
        session: 0-3600 active; 3600-6571 active; 0 [exchange] 3600 [exchange]
        never fails
    "#]],
    );
}

#[test]
fn a_slow_kubelet_clock_delays_the_refresh_beyond_expiry() {
    let scenario =
        Scenario { kubelet_clock_skew: Some(-300.0), rotations: Some(1), ..Scenario::default() };
    check(
        &projection(600.0, "vault", scenario),
        expect![[r#"
            pod: 0-1471 running;
            token-1: 0-600 valid; 600-1471 expired; 0 [issued] 600 [expires] 771..780 [refresh]
            token-2: 871-1471 valid; 771..871 [issued] 1371..1471 [expires] 1542..1651 [refresh]
            file: 0-571 current; 571-600 outdated; 600-871 expired; 871-1442 current; 1442-1471 outdated; 771..871 [file-change]
            reader: 0-660 ok; 660-871 refused; 871-1471 ok; 0 [read] 771..871 [read]
            fails at 660 on reader: token 1 expired at 2023-11-14T22:23:20Z, the relying party's TokenReview allows 60 s more (K53); the kubelet's clock is behind (K32)
              [invalid bearer token, service account token has expired]
        "#]],
    );
}

#[test]
fn a_failure_before_the_first_refresh_is_seen_without_refreshes() {
    let scenario =
        Scenario { kubelet_clock_skew: Some(-300.0), rotations: Some(0), ..Scenario::default() };
    check(
        &projection(600.0, "vault", scenario),
        expect![[r#"
        pod: 0-720 running;
        token-1: 0-600 valid; 600-720 expired; 0 [issued] 600 [expires] 771..780 [refresh]
        file: 0-571 current; 571-600 outdated; 600-720 expired;
        reader: 0-660 ok; 660-720 refused; 0 [read]
        fails at 660 on reader: token 1 expired at 2023-11-14T22:23:20Z, the relying party's TokenReview allows 60 s more (K53); the kubelet's clock is behind (K32)
          [invalid bearer token, service account token has expired]
    "#]],
    );
}

#[test]
fn a_fast_kubelet_clock_refreshes_at_every_sync() {
    let scenario =
        Scenario { kubelet_clock_skew: Some(500.0), rotations: Some(2), ..Scenario::default() };
    check(
        &projection(600.0, "vault", scenario),
        expect![[r#"
            pod: 0-782 running;
            token-1: 0-600 due; 600-782 expired; 0 [issued] 0 [refresh] 600 [expires]
            token-2: 91-691 due; 691-782 expired; 60..91 [issued] 60..91 [refresh] 660..691 [expires]
            token-3: 182-782 due; 120..182 [issued] 120..182 [refresh] 720..782 [expires]
            file: 0-91 current; 91-182 current; 182-782 current; 60..91 [file-change] 120..182 [file-change]
            reader: 0-91 ok; 91-182 ok; 182-782 ok; 0 [read] 60..91 [read] 120..182 [read]
            never fails
        "#]],
    );
}

#[test]
fn failing_requests_keep_the_old_token() {
    let fail = |earliest: f64, latest: f64| Scenario {
        token_requests_fail: Some(Window { earliest: at(earliest), latest: at(latest) }),
        rotations: Some(1),
        ..Scenario::default()
    };
    check(
        &projection(3600.0, "", fail(2400.0, 3060.0)),
        expect![[r#"
        pod: 0-6751 running;
        token-1: 0-2880 valid; 2880-3600 due; 3600-6751 expired; 0 [issued] 2871..2880 [refresh] 2871..3060 [request-failed] 3600 [expires]
        token-2: 3151-6031 valid; 6031-6751 due; 3060..3151 [issued] 5931..6031 [refresh] 6660..6751 [expires]
        file: 0-2971 current; 2971-3151 outdated; 3151-6751 current; 3060..3151 [file-change]
        reader: 0-3151 ok; 3151-6751 ok; 0 [read] 3060..3151 [read]
        never fails
    "#]],
    );
    check(
        &projection(3600.0, "", fail(2400.0, 5000.0)),
        expect![[r#"
            pod: 0-8722 running;
            token-1: 0-2880 valid; 2880-3600 due; 3600-8722 expired; 0 [issued] 2871..2880 [refresh] 2871..5000 [request-failed] 3600 [request-failed] 3600 [expires]
            token-2: 5122-8002 valid; 8002-8722 due; 5000..5122 [issued] 7871..8002 [refresh] 8600..8722 [expires]
            file: 0-2971 current; 2971-3600 outdated; 3600-5122 expired; 5122-8722 current; 5000..5122 [file-change]
            reader: 0-3660 ok; 3660-5122 refused; 5122-8722 ok; 0 [read] 5000..5122 [read]
            fails at 3660 on reader: token 1 expired at 2023-11-14T23:13:20Z, the API server allows 60 s more (K53); requests for its successor failed (K30)
              Unauthorized
        "#]],
    );
}

#[test]
fn a_restart_asks_anew() {
    let scenario = Scenario {
        kubelet_restarted_at: Some(at(1000.0)),
        rotations: Some(1),
        ..Scenario::default()
    };
    check(
        &projection(3600.0, "", scenario),
        expect![[r#"
        pod: 0-4691 running; 1000 [kubelet-restart]
        token-1: 0-2880 valid; 2880-3600 due; 3600-4691 expired; 0 [issued] 2871..2880 [refresh] 3600 [expires]
        token-2: 1091-3971 valid; 3971-4691 due; 1000..1091 [issued] 3871..3971 [refresh] 4600..4691 [expires]
        file: 0-1091 current; 1091-4691 current; 1000..1091 [file-change]
        reader: 0-1091 ok; 1091-4691 ok; 0 [read] 1000..1091 [read]
        never fails
    "#]],
    );
}

#[test]
fn a_deletion_after_the_shown_refreshes_shows_the_token_of_that_time() {
    let scenario =
        Scenario { pod_deleted_at: Some(at(10_000.0)), rotations: Some(1), ..Scenario::default() };
    check(
        &projection(3600.0, "", scenario),
        expect![[r#"
        pod: 0-10000 running; 10000-10030 terminating; 10030-12513 gone; 10000 [pod-deleted] 10030 [pod-gone]
        token-1: 0-2880 valid; 2880-3600 due; 3600-12513 expired; 0 [issued] 2871..2880 [refresh] 3600 [expires]
        token-2: 2971-5851 valid; 5851-6571 due; 6571-12513 expired; 2871..2971 [issued] 5742..5851 [refresh] 6471..6571 [expires]
        token-4: 8913-11793 valid; 11793-12513 due; 8613..8913 [issued] 11484..11793 [refresh] 12213..12513 [expires]
        file: 0-2971 current; 2971-5942 current; 5942-8913 current; 8913-10030 current; 2871..2971 [file-change] 8613..8913 [file-change]
        reader: 0-2971 ok; 2971-5942 ok; 5942-8913 ok; 8913-10030 ok; 10030-12513 refused; 0 [read] 2871..2971 [read] 8613..8913 [read]
        fails at 10030 on reader: the pod is gone since 2023-11-15T01:00:30Z, and with it every token bound to it; a server that has just accepted the token may go on for 10 s (K54, K61)
          Unauthorized
    "#]],
    );
}

#[test]
fn a_token_s_own_times_count() {
    // A real pod's: extended, so that the kubelet goes by warnafter.
    let claims = json!({
        "aud": ["https://kubernetes.default.svc"], "exp": START + 31_536_000.0, "iat": START,
        "kubernetes.io": {
            "namespace": "a", "pod": {"name": "p", "uid": "u"},
            "serviceaccount": {"name": "s", "uid": "v"}, "warnafter": START + 3607.0
        }
    });
    check(
        &pasted(&claims, Scenario { rotations: Some(0), ..Scenario::default() }),
        expect![[r#"
        pod: 0-31536000 running;
        token-1: 0-2886 valid; 2886-3607 due; 3607-31536000 extended; 0 [issued] 2877..2886 [refresh] 3607 [warn-after] 31536000 [expires]
        file: 0-31536000 current;
        reader: 0-31536000 ok; 0 [read]
        never fails
    "#]],
    );
}

#[test]
fn entra_takes_no_token_of_two_days() {
    let scenario = Scenario { rotations: Some(0), ..Scenario::default() };
    check(
        &projection(172_800.0, "api://AzureADTokenExchange", scenario),
        expect![[r#"
        pod: 0-172800 running;
        token-1: 0-86400 valid; 86400-172800 due; 0 [issued] 86391..86400 [refresh] 172800 [expires]
        file: 0-172800 current;
        reader: 0-172800 refused; 0 [read]
        session: 0-172800 none; 0 [exchange]
        fails at 0 on session: tokens that live longer than 1 d 1 h are refused by Entra (Z37)
          AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 1700000000. Token expires on 1700172800.
    "#]],
    );
}

#[test]
fn an_exp_beyond_what_a_date_holds_is_long_past() {
    let claims = json!({
        "aud": ["vault"], "exp": 1e300, "iat": START, "kubernetes.io": {"pod": {"name": "p"}}
    });
    check(
        &pasted(&claims, Scenario { rotations: Some(0), ..Scenario::default() }),
        expect![[r#"
            pod: 0-60 running;
            token-1: 0-60 expired; -8641700000000 [expires] 0 [issued] 0 [refresh]
            file: 0-60 expired;
            reader: 0-60 refused; 0 [read]
            fails at 0 on reader: token 1 expired at -8640000000000 s after 1970, the relying party's TokenReview allows 60 s more (K53); the kubelet replaces it only when it is due (K26)
              [invalid bearer token, service account token has expired]
        "#]],
    );
}

#[test]
fn nobody_replaces_a_token_without_a_pod() {
    let claims = json!({
        "aud": ["vault"], "exp": START + 600.0, "iat": START,
        "kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "s", "uid": "v"}}
    });
    check(
        &pasted(&claims, Scenario::default()),
        expect![[r#"
        pod: 0-720 running;
        token-1: 0-600 valid; 600-720 expired; 0 [issued] 600 [expires]
        file: 0-600 current; 600-720 expired;
        reader: 0-660 ok; 660-720 refused; 0 [read]
        fails at 660 on reader: token 1 expired at 2023-11-14T22:23:20Z, the relying party's TokenReview allows 60 s more (K53); no kubelet replaces it, for it is not bound to a pod
          [invalid bearer token, service account token has expired]
    "#]],
    );
    check(
        &pasted(&json!({"kubernetes.io/serviceaccount/namespace": "a"}), Scenario::default()),
        expect![[r#"
            pod: 0-3600 running;
            token-1: 0-3600 valid; 0 [issued]
            file: 0-3600 current;
            reader: 0-3600 ok; 0 [read]
            never fails
        "#]],
    );
}
