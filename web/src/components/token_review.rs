//! What a TokenReview of the token would show, and what that is worth.

use std::rc::Rc;

use podpass::{TokenReviewStatus, Verdict};
use yew::prelude::*;

use crate::components::copy_button::CopyButton;
use crate::words;

/// The status, and whether it is certain.
#[derive(Properties, PartialEq)]
pub(crate) struct TokenReviewViewProps {
    pub(crate) status: TokenReviewStatus,
    pub(crate) verdict: Verdict,
}

/// A card with the status as `kubectl create -o yaml` prints it.
#[component]
pub(crate) fn TokenReviewView(props: &TokenReviewViewProps) -> Html {
    let text: Rc<str> = yaml(&props.status).into();
    html! {
        <section class="card" id="token-review" aria-labelledby="token-review-title">
            <div class="bar"><h2 id="token-review-title">{ "TokenReview status" }</h2><span class="faint small">{ certain(props.verdict) }</span>
                <div class="acts"><CopyButton text={text.clone()} what="the status"/></div></div>
            <pre class="m status">{ words::visible(&text) }</pre>
            <p class="pad dim small">{ meaning(&props.status) }</p>
        </section>
    }
}

const fn certain(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "if what is not pasted is in order",
        Verdict::Allow | Verdict::Deny => "to the letter",
    }
}

const fn meaning(status: &TokenReviewStatus) -> &'static str {
    if status.authenticated {
        "Authenticated is not authorised: a request with this token is then judged by RBAC, and without a matching role answered 403 Forbidden."
    } else {
        "A request with this token is answered 401 Unauthorized, without a reason: that stands in the API server's log only. 403 would mean that the token was accepted."
    }
}

/// Members in the order of authentication.k8s.io/v1's YAML: by name.
fn yaml(status: &TokenReviewStatus) -> String {
    let mut lines = vec!["status:".to_owned()];
    let list = |indent: &str, items: &[String]| -> Vec<String> {
        items.iter().map(|item| format!("{indent}- {}", quoted(item))).collect()
    };
    if !status.audiences.is_empty() {
        lines.push("  audiences:".to_owned());
        lines.extend(list("  ", &status.audiences));
    }
    if status.authenticated {
        lines.push("  authenticated: true".to_owned());
    }
    if let Some(error) = &status.error {
        lines.push(format!("  error: {}", quoted(error)));
    }
    lines.push(if status.user.is_some() { "  user:" } else { "  user: {}" }.to_owned());
    if let Some(user) = &status.user {
        if !user.extra.is_empty() {
            lines.push("    extra:".to_owned());
        }
        for (key, values) in &user.extra {
            lines.push(format!("      {key}:"));
            lines.extend(list("      ", values));
        }
        lines.push("    groups:".to_owned());
        lines.extend(list("    ", &user.groups));
        if !user.uid.is_empty() {
            lines.push(format!("    uid: {}", quoted(&user.uid)));
        }
        lines.push(format!("    username: {}", quoted(&user.username)));
    }
    lines.join("\n")
}

/// A scalar that needs no quotes in YAML stays bare.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:/=@".contains(c);
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&&*text.to_lowercase());
    if bare { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use podpass::ReviewedUser;

    #[test]
    fn a_status_is_printed_as_kubectl_prints_it() {
        let user = ReviewedUser {
            username: "system:serviceaccount:shop:web".into(),
            uid: "6ba7b810-9dad-11d1-80b4-00c04fd430c8".into(),
            groups: vec!["system:authenticated".into()],
            extra: [("authentication.kubernetes.io/pod-name".to_owned(), vec!["web-1".to_owned()])]
                .into(),
        };
        let status = TokenReviewStatus {
            authenticated: true,
            user: Some(user),
            audiences: vec!["https://a".into()],
            error: None,
        };
        assert_eq!(
            yaml(&status),
            "status:\n  audiences:\n  - https://a\n  authenticated: true\n  user:\n    extra:\n      authentication.kubernetes.io/pod-name:\n      - web-1\n    groups:\n    - system:authenticated\n    uid: \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"\n    username: system:serviceaccount:shop:web"
        );
        let refused =
            TokenReviewStatus { error: Some("[a, b]".into()), ..TokenReviewStatus::default() };
        assert_eq!(yaml(&refused), "status:\n  error: \"[a, b]\"\n  user: {}");
    }
}
