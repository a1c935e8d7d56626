//! The fields of the call (A7, A10-A14), the Region (step 2) and the length of the session (step 12).

use super::errors;
use super::provider::RoleArn;
use super::{Scene, Subject};
use crate::federation::AwsFacts;
use crate::federation::Ladder;
use crate::trace::{Check, Status};

/// `DurationSeconds` where the call names none, and a role's maximum where nothing tells it (A14).
const DEFAULT_DURATION: f64 = 3600.0;
const SHORTEST: f64 = 900.0;
const LONGEST: f64 = 43_200.0;

/// Seconds that the session lasts.
pub(super) fn duration(facts: &AwsFacts) -> f64 {
    facts.duration_seconds.unwrap_or(DEFAULT_DURATION)
}

/// Steps 1 and 2.
pub(super) fn judge(ladder: &mut Ladder, scene: &Scene<'_>, subject: &Subject<'_>) {
    role_arn(ladder, scene);
    session_name(ladder, scene.facts);
    token_length(ladder, subject);
    duration_bounds(ladder, scene.facts);
    provider_id(ladder, scene.facts);
    region(ladder, scene);
}

/// A10.
fn role_arn(ladder: &mut Ladder, scene: &Scene<'_>) {
    let check = |status, title| Check::new("aws-irsa/request/roleArn", status, title).rule("A10");
    match scene.case.role_arn(scene.role) {
        None => ladder.push(
            check(Status::Skip, "the role's ARN is not told")
                .hint("assumed: a role in the provider's account"),
        ),
        Some(arn) if !(20..=2048).contains(&arn.chars().count()) => {
            let constraint = match arn.len() {
                0..20 => "Member must have length greater than or equal to 20",
                _ => "Member must have length less than or equal to 2048",
            };
            ladder.fail(
                check(Status::Fail, "the role's ARN is too short or too long")
                    .expected("20 to 2048 characters")
                    .actual(arn)
                    .hint(
                        "correct the annotation eks.amazonaws.com/role-arn of the ServiceAccount",
                    ),
                errors::arn_length(arn, constraint),
            );
        }
        Some(arn) if RoleArn::parse(arn).is_none() => ladder.fail(
            check(Status::Fail, "this is no role's ARN")
                .expected("arn:aws:iam::ACCOUNT:role/NAME")
                .actual(arn)
                .hint("correct the annotation eks.amazonaws.com/role-arn of the ServiceAccount"),
            errors::invalid_arn(),
        ),
        Some(arn) => ladder.push(check(Status::Pass, "the role's ARN is well-formed").actual(arn)),
    }
}

/// A11.
fn session_name(ladder: &mut Ladder, facts: &AwsFacts) {
    let Some(name) = facts.role_session_name.as_deref() else { return };
    let length = name.chars().count();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    let broken = match () {
        () if !name.bytes().all(fits) => {
            Some("Member must satisfy regular expression pattern: [\\w+=,.@-]*")
        }
        () if length > 64 => Some("Member must have length less than or equal to 64"),
        () if length < 2 => Some("Member must have length greater than or equal to 2"),
        () => None,
    };
    let check = |status, title| {
        Check::new("aws-irsa/request/roleSessionName", status, title).actual(name).rule("A11")
    };
    match broken {
        Some(constraint) => ladder.fail(
            check(Status::Fail, "the session's name breaks a rule")
                .expected("2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -")
                .hint(
                    "set AWS_ROLE_SESSION_NAME; a subject with colons cannot be used as it stands",
                ),
            errors::constraint(Some(name), "roleSessionName", constraint),
        ),
        None => ladder.push(check(Status::Pass, "the session's name is well-formed")),
    }
}

/// A12; STS withholds the value.
fn token_length(ladder: &mut Ladder, subject: &Subject<'_>) {
    let Some(jws) = subject.jws() else { return };
    let length = jws.compact.chars().count();
    let (constraint, known) = match length {
        0..4 => ("Member must have length greater than or equal to 4", true),
        20_001.. => ("Member must have length less than or equal to 20000", false),
        _ => return,
    };
    let error = errors::constraint(None, "webIdentityToken", constraint);
    let check = Check::new(
        "aws-irsa/request/webIdentityToken",
        Status::Fail,
        format!("the token has {length} characters"),
    )
    .expected("4 to 20000 characters")
    .actual(length)
    .rule("A12");
    ladder.fail(check, if known { error } else { error.likely() });
}

/// A14.
fn duration_bounds(ladder: &mut Ladder, facts: &AwsFacts) {
    let Some(seconds) = facts.duration_seconds else { return };
    let constraint = match () {
        () if seconds < SHORTEST => "Member must have value greater than or equal to 900",
        () if seconds > LONGEST => "Member must have value less than or equal to 43200",
        () => {
            let title = "the asked-for duration is within the bounds";
            let check = Check::new("aws-irsa/request/durationSeconds", Status::Pass, title);
            return ladder.push(check.actual(seconds_json(seconds)).rule("A14"));
        }
    };
    let check = Check::new(
        "aws-irsa/request/durationSeconds",
        Status::Fail,
        "the asked-for duration is out of bounds",
    )
    .expected("900 to 43200 seconds")
    .actual(seconds_json(seconds))
    .rule("A14");
    let value = seconds.to_string();
    ladder.fail(check, errors::constraint(Some(&value), "durationSeconds", constraint));
}

/// A7.
fn provider_id(ladder: &mut Ladder, facts: &AwsFacts) {
    let Some(id) = facts.provider_id.as_deref() else { return };
    let check = Check::new(
        "aws-irsa/request/providerId",
        Status::Fail,
        "ProviderId must not be sent with an OpenID Connect token",
    )
    .actual(id)
    .hint("leave the field out")
    .rule("A7");
    ladder.fail(check, errors::provider_id(id));
}

/// Step 2.
fn region(ladder: &mut Ladder, scene: &Scene<'_>) {
    let check = |status, title| Check::new("aws-irsa/region", status, title).rule("A1");
    match scene.facts.sts_active_in_region {
        None => ladder.push(
            check(Status::Skip, "whether STS is active in the Region is not told")
                .hint("assumed: it is"),
        ),
        Some(true) => ladder.push(check(Status::Pass, "STS is active in the Region")),
        Some(false) => {
            let account = scene.account.map_or("<id>", |account| account.id.as_str());
            let check =
                check(Status::Fail, "STS is not active in the Region for the role's account")
                    .hint("activate STS in this Region, or call another Region's endpoint");
            ladder.fail(check, errors::region_disabled(account));
        }
    }
}

/// Step 12 (A14).
pub(super) fn judge_session(ladder: &mut Ladder, scene: &Scene<'_>) {
    let asked = duration(scene.facts);
    let told = scene.facts.max_session_duration.or(scene.role.max_session_duration);
    let longest = told.unwrap_or(DEFAULT_DURATION);
    let check = |status, title| {
        Check::new("aws-irsa/session", status, title)
            .expected(format!("at most {longest} seconds"))
            .actual(seconds_json(asked))
            .rule("A14")
    };
    match (asked <= longest, told) {
        (false, _) => ladder.fail(
            check(Status::Fail, "the session would last longer than the role allows")
                .hint("ask for less, or raise the role's maximum session duration"),
            errors::duration_over_maximum(),
        ),
        (true, Some(_)) => {
            ladder.push(check(Status::Pass, "the role allows a session of this length"))
        }
        (true, None) => ladder.push(
            check(Status::Skip, "the role's maximum session duration is not told")
                .hint("assumed: 3600 seconds, which every role allows"),
        ),
    }
}

fn seconds_json(seconds: f64) -> serde_json::Value {
    crate::document::number(seconds).map_or(serde_json::Value::Null, serde_json::Value::Number)
}
