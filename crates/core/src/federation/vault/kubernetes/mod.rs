//! `auth/kubernetes`: a login with `role` and `jwt` (R13 to R19).

mod config;
mod login;
mod namespace;
mod review;
pub(super) mod role;

use self::config::Config;
pub(super) use self::namespace::Selector;
use self::role::Role;
use super::fields::Fields;
use super::presented::Presented;
use super::{Case, Rules, error, reach};
use crate::document::Text;
use crate::federation::FederationOutcome;
use crate::trace::Status;

const RULES: Rules = Rules { issuer: "R14", audience: "R15" };

pub(super) fn run(
    case: &Case<'_>,
    text: &Text<'_>,
    role: Option<&Fields<'_>>,
    config: Option<&Fields<'_>>,
) -> FederationOutcome {
    if let Some(refusal) = role.and_then(role::refusal) {
        return case.refused(text, refusal);
    }
    if let Some(refusal) = config.and_then(|config| config::refusal(config, case)) {
        return case.refused(text, refusal);
    }
    let config = config.map(Config::read).unwrap_or_default();
    let mut judge = case.judge(RULES, "", 403);
    let read = role.map(Role::read);
    let exists = case.facts.role_exists != Some(false);
    let reach = read.as_ref().filter(|_| exists).map(reach::of_kubernetes);
    let Some(presented) = Presented::new(case.subject, true) else {
        case.nobody(&mut judge);
        return case.conclude(text, judge, None, reach);
    };
    let name = case.facts.role_name.as_deref().unwrap_or("role-xxxxx");
    let mut grant = None;
    match read.filter(|_| exists) {
        _ if name.is_empty() => {
            let check = judge.check("role", Status::Fail, "the login names no role");
            judge.ladder.fail(check.rule("R13"), error("missing role", 400));
        }
        _ if presented.token.is_some() && presented.compact.is_empty() => {
            let check = judge.check("role", Status::Fail, "the login brings no token").rule("R13");
            judge.ladder.fail(check, error("missing jwt", 400));
        }
        None => {
            let check = judge.check("role", Status::Fail, "there is no such role").actual(name);
            let message = format!("invalid role name {}", crate::go::quoted(name));
            judge.ladder.fail(check.rule("R13"), error(message, 400));
        }
        Some(read) => {
            let check = judge.check("role", Status::Pass, "the role exists").rule("R13");
            judge.push(check);
            case.bound_cidrs(&mut judge, &read.tokens.cidrs);
            grant = login::judge(case, &mut judge, &read, &config, &presented, name);
        }
    }
    case.conclude(text, judge, grant, reach)
}
