//! The way of a token from the request to the relying party's answer, told with the user's own values. Pure.

use podpass::{DecodedToken, FederationOutcome, Report, System, TokenMount, Verdict};
use serde_json::{Value, json};

use crate::words;

/// Who takes part, from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    ApiServer,
    Kubelet,
    Pod,
    Party,
}

/// How far a step gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    Done,
    Fails,
    Unknown,
}

/// One arrow.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) from: Lane,
    pub(crate) to: Lane,
    /// On the arrow.
    pub(crate) label: String,
    /// In the list.
    pub(crate) sentence: String,
    pub(crate) course: Course,
    /// What is sent.
    pub(crate) json: Option<Value>,
    /// How to do it by hand; the token is `$TOKEN`.
    pub(crate) command: Option<String>,
}

/// The steps for a token and the party that judges it; none without both.
pub(crate) fn steps(report: &Report, outcome: &FederationOutcome) -> Vec<Step> {
    let Some(token) = report.token.as_ref().filter(|token| token.claims.is_some()) else {
        return Vec::new();
    };
    let mut steps = vec![request(token), signed(token)];
    if let Some(mount) = mount(report, token) {
        steps.push(written(token, mount));
    }
    steps.push(exchange(outcome, token));
    steps.push(answer(outcome));
    steps
}

fn request(token: &DecodedToken) -> Step {
    let audience = token.audiences.join(",");
    let life = token.issued_at.zip(token.warn_after.or(token.expires_at));
    let seconds = life.map(|(issued, ends)| ends.since(issued) as i64);
    let account = token.service_account.as_ref();
    let command = account.map(|account| {
        let audiences: String =
            token.audiences.iter().map(|one| format!(" --audience {}", quoted(one))).collect();
        let duration = seconds.map(|seconds| format!(" --duration {seconds}s")).unwrap_or_default();
        let (name, namespace) = (quoted(&account.name), quoted(&account.namespace));
        format!("kubectl create token {name} --namespace {namespace}{audiences}{duration}")
    });
    let spec = json!({ "audiences": token.audiences, "expirationSeconds": seconds });
    Step {
        from: Lane::Kubelet,
        to: Lane::ApiServer,
        label: format!("TokenRequest {audience}"),
        sentence: "The kubelet asks the API server for a token, in the name of the pod's account."
            .to_owned(),
        course: Course::Done,
        json: Some(
            json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec }),
        ),
        command,
    }
}

fn signed(token: &DecodedToken) -> Step {
    let ends = token
        .expires_at
        .map_or("never expires".to_owned(), |at| format!("exp {}", words::time_of_day(at)));
    Step {
        from: Lane::ApiServer,
        to: Lane::Kubelet,
        label: format!("signed, {ends}"),
        sentence: "The API server signs these claims.".to_owned(),
        course: Course::Done,
        json: token.claims.clone().map(Value::Object),
        command: Some(
            r#"printf %s "$TOKEN" | cut -d. -f2 | tr -- -_ +/ | base64 -d 2>/dev/null"#.to_owned(),
        ),
    }
}

/// The file of a projection with one of the token's audiences; the API server's token names none.
fn mount<'a>(report: &'a Report, token: &DecodedToken) -> Option<&'a TokenMount> {
    let tokens = report.pods.iter().flat_map(|pod| &pod.tokens);
    let fits = |audience: Option<&str>| match audience {
        Some(audience) => token.audiences.iter().any(|one| one == audience),
        None => token.kind == Some(podpass::TokenKind::Bound),
    };
    tokens
        .filter(|projected| fits(projected.audience.as_deref()))
        .find_map(|projected| projected.mounts.first())
}

fn written(token: &DecodedToken, mount: &TokenMount) -> Step {
    let (account, pod) = (token.service_account.as_ref(), token.pod.as_ref());
    let command = account.zip(pod).map(|(account, pod)| {
        let container = quoted(&mount.container);
        let (namespace, pod, file) =
            (quoted(&account.namespace), quoted(&pod.name), quoted(&mount.file));
        format!("kubectl exec --namespace {namespace} {pod} --container {container} -- cat {file}")
    });
    Step {
        from: Lane::Kubelet,
        to: Lane::Pod,
        label: format!("…/{} {}", mount.file.rsplit('/').next().unwrap_or_default(), mount.mode),
        sentence: format!("The kubelet writes {} for container {}.", mount.file, mount.container),
        course: Course::Done,
        json: None,
        command,
    }
}

fn exchange(outcome: &FederationOutcome, token: &DecodedToken) -> Step {
    let name = words::system_name(outcome.system);
    let (label, command) = match outcome.system {
        System::AwsIrsa => (
            "AssumeRoleWithWebIdentity",
            Some(r#"aws sts assume-role-with-web-identity --role-arn "$AWS_ROLE_ARN" --role-session-name by-hand --web-identity-token "$TOKEN""#.to_owned()),
        ),
        System::Azure => (
            "client_assertion",
            Some(r#"curl --data-urlencode "client_assertion=$TOKEN" --data "client_id=$AZURE_CLIENT_ID&scope=https://management.azure.com/.default&grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer" "$AZURE_AUTHORITY_HOST$AZURE_TENANT_ID/oauth2/v2.0/token""#.to_owned()),
        ),
        System::GcpWif => (
            "token exchange",
            Some(r#"curl --data-urlencode "subject_token=$TOKEN" --data-urlencode "audience=$AUDIENCE" --data "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&requested_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token_type=urn:ietf:params:oauth:token-type:jwt&scope=https://www.googleapis.com/auth/cloud-platform" https://sts.googleapis.com/v1/token"#.to_owned()),
        ),
        System::Gke => (
            "metadata server",
            Some(r#"curl --header "Metadata-Flavor: Google" http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"#.to_owned()),
        ),
        System::Kubernetes => ("TokenReview", Some(token_review(token))),
        System::KubernetesJwt => (
            "Authorization: Bearer",
            Some(r#"kubectl --server "$HUB" --token "$TOKEN" auth whoami"#.to_owned()),
        ),
        System::VaultJwt => ("login", Some(vault_login("jwt"))),
        System::VaultKubernetes => ("login", Some(vault_login("kubernetes"))),
        _ => ("token", None),
    };
    Step {
        from: Lane::Pod,
        to: Lane::Party,
        label: label.to_owned(),
        sentence: format!("The application shows the token to {name}."),
        course: Course::Done,
        json: None,
        command,
    }
}

fn vault_login(mount: &str) -> String {
    format!(r#"vault write auth/{mount}/login role="$ROLE" jwt="$TOKEN""#)
}

fn token_review(token: &DecodedToken) -> String {
    let audiences = json!(token.audiences).to_string();
    let spec = format!(r#","audiences":{audiences}}}}}"#);
    let head =
        r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"%s""#;
    // printf's own signs are doubled; the token takes the place of %s.
    let format = quoted(&format!("{head}{}", spec.replace('%', "%%").replace('\\', r"\\")));
    format!(r#"printf {format} "$TOKEN" | kubectl create -o yaml -f -"#)
}

fn answer(outcome: &FederationOutcome) -> Step {
    let error = outcome.error.as_ref();
    let (label, course) = match outcome.verdict {
        Verdict::Allow => ("accepted".to_owned(), Course::Done),
        Verdict::Unknown => ("cannot be known".to_owned(), Course::Unknown),
        Verdict::Deny => {
            let status = error.and_then(|error| error.http_status);
            let code = error.map(|error| error.code.clone()).filter(|code| !code.is_empty());
            let status = status.map(|status| status.to_string());
            let words: Vec<_> = status.into_iter().chain(code).collect();
            let words = if words.is_empty() { "refused".to_owned() } else { words.join(" ") };
            (words, Course::Fails)
        }
    };
    let sentence = match (error, &outcome.grant) {
        (Some(error), _) => error.message.clone(),
        (None, Some(grant)) => format!("The caller is {}.", grant.principal),
        (None, None) => words::verdict_word(outcome.verdict).to_owned(),
    };
    let json = outcome.grant.as_ref().and_then(|grant| serde_json::to_value(grant).ok());
    Step { from: Lane::Party, to: Lane::Pod, label, sentence, course, json, command: None }
}

/// A value as one word of a POSIX shell. What a token says is anybody's text: nothing in it may run.
fn quoted(text: &str) -> String {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "-._/:@=".contains(letter);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", words::visible(text).replace('\n', " ").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_quotes() {
        let table = [
            ("api-gateway", "api-gateway"),
            ("a b", "'a b'"),
            ("'; rm -rf ~ #", r"''\''; rm -rf ~ #'"),
            ("$(id)", "'$(id)'"),
            ("--help", "'--help'"),
            ("", "''"),
            ("a\nb", "'a b'"),
        ];
        for (text, word) in table {
            assert_eq!(quoted(text), word);
        }
    }
}
