//! `auth/jwt`: a login with `role` and `jwt` (R1 to R12).

mod config;
mod keys;
mod login;
pub(super) mod role;

use self::config::Config;
pub(super) use self::config::{KeyProblem, public_key_problem};
use self::role::Role;
use super::fields::Fields;
use super::presented::Presented;
use super::{Case, Rules, error, reach};
use crate::document::Text;
use crate::federation::FederationOutcome;
use crate::trace::Status;

const RULES: Rules = Rules { issuer: "R1", audience: "R7" };
const PREFIX: &str = "error validating token: ";

pub(super) fn run(
    case: &Case<'_>,
    text: &Text<'_>,
    role: Option<&Fields<'_>>,
    config: Option<&Fields<'_>>,
) -> FederationOutcome {
    if let Some(refusal) = role.and_then(role::refusal) {
        return case.refused(text, refusal);
    }
    let has_keys = case.subject.evidence().is_some_and(|evidence| evidence.keys.is_some());
    if let Some(refusal) = config.and_then(|config| config::refusal(config, has_keys, case)) {
        return case.refused(text, refusal);
    }
    let config = config.map(Config::read).unwrap_or_default();
    let mut judge = case.judge(RULES, PREFIX, 400);
    let read = role.map(Role::read);
    let exists = case.facts.role_exists != Some(false);
    let reach =
        read.as_ref().filter(|_| exists).map(|read| reach::of_jwt(read, &config.bound_issuer));
    let Some(presented) = Presented::new(case.subject, true) else {
        case.nobody(&mut judge);
        return case.conclude(text, judge, None, reach);
    };
    // Role names ignore case (R2); a mount may name one for logins that name none.
    let named = case.facts.role_name.as_deref().map(str::to_lowercase);
    let name = match named {
        Some(name) if name.is_empty() => config.default_role.clone(),
        Some(name) => name,
        None => "role-xxxxx".to_owned(),
    };
    let quoted = crate::go::quoted(&name);
    let mut grant = None;
    match read.filter(|_| exists) {
        _ if name.is_empty() => {
            let check = judge.check(
                "role",
                Status::Fail,
                "the login names no role, and neither does the mount",
            );
            judge.ladder.fail(check.rule("R2"), error("missing role", 400));
        }
        None => {
            let check =
                judge.check("role", Status::Fail, "there is no such role").actual(name.clone());
            judge
                .ladder
                .fail(check.rule("R2"), error(format!("role {quoted} could not be found"), 400));
        }
        Some(read) if read.kind == "oidc" => {
            let check = judge
                .check("role", Status::Fail, "the role is for the browser flow")
                .at(role.map(|fields| fields.span("role_type")))
                .hint("write the role with role_type=jwt; left out, it is oidc")
                .rule("R2");
            judge.ladder.fail(check, error("role with oidc role_type is not allowed", 400));
        }
        Some(_) if presented.token.is_some() && presented.compact.is_empty() => {
            let check = judge.check("role", Status::Fail, "the login brings no token").rule("R2");
            judge.ladder.fail(check, error("missing token", 400));
        }
        Some(read) => {
            let check = judge.check("role", Status::Pass, "the role takes tokens").rule("R2");
            judge.push(check);
            case.bound_cidrs(&mut judge, &read.tokens.cidrs);
            grant = login::judge(&mut judge, &read, &config, &presented, &name, text);
        }
    }
    case.conclude(text, judge, grant, reach)
}
