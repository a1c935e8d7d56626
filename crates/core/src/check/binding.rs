//! The token belongs to the namespace, account, pod and node that the verifier expects.

use super::Judged;
use crate::claims::Claims;
use crate::error::{ErrorCode, PodpassError, quoted};
use crate::trace::{Check, Status};
use crate::verify::Expect;

pub(crate) fn binding(claims: Claims<'_>, expect: &Expect) -> Vec<Judged> {
    let account = claims.service_account();
    let (namespace, account) = account.map(|account| (account.namespace, account.name)).unzip();
    let name = |member: &str| claims.bound(member).map(|object| object.name);
    let table = [
        ("token/expect/namespace", "namespace", &expect.namespace, namespace),
        ("token/expect/serviceAccount", "serviceAccount", &expect.service_account, account),
        ("token/expect/pod", "pod", &expect.pod, name("pod")),
        ("token/expect/node", "node", &expect.node, name("node")),
    ];
    table
        .into_iter()
        .filter_map(|(id, field, wanted, found)| Some(compare(id, field, wanted.as_ref()?, found)))
        .collect()
}

fn compare(id: &'static str, field: &str, wanted: &str, found: Option<String>) -> Judged {
    if found.as_deref() == Some(wanted) {
        let check = Check::new(id, Status::Pass, format!("the token's {field} is as expected"));
        return Judged::ok(check.expected(wanted).actual(wanted));
    }
    let message = match &found {
        Some(found) => {
            format!("the token's {field} is {}, expected {}", quoted(found), quoted(wanted))
        }
        None => format!("the token names no {field}, expected {}", quoted(wanted)),
    };
    let error = PodpassError::new(ErrorCode::BindingMismatch, message)
        .with("field", field)
        .with("expected", wanted)
        .with("actual", found.clone());
    Judged::fail(id, error).map(|mut check| {
        check.actual = found.map(Into::into);
        check.expected(wanted)
    })
}
