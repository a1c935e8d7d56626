//! `token-env-without-file`: a variable names a token file that the container does not have.

use std::collections::HashMap;

use super::super::manifest::Account;
use super::super::path::{below, clean, expand};
use super::super::spec::{Container, Mount, Volume, list, text};
use super::files::Files;
use super::{Subject, edit};
use crate::trace::{Finding, Severity};

const CODE: &str = "token-env-without-file";

/// Variables that SDKs read, and how the audience of their token begins.
const KNOWN: [(&str, &str); 2] = [
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "sts.amazonaws.com"),
    ("AZURE_FEDERATED_TOKEN_FILE", "api://AzureADTokenExchange"),
];

/// Where the vendors' webhooks mount: an account that nobody describes may call for one.
const WEBHOOKS: [&str; 3] = [
    "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    "/var/run/secrets/azure/tokens",
    "/var/run/secrets/azure/wi",
];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    let containers = subject.pod.containers();
    let volumes = subject.pod.token_volumes();
    containers
        .into_iter()
        .flat_map(|container| in_container(subject, &volumes, container))
        .collect()
}

/// Volumes with tokens, by their names.
type Volumes<'a> = HashMap<&'a str, Volume<'a>>;

fn in_container(
    subject: &Subject<'_>,
    volumes: &Volumes<'_>,
    container: Container<'_>,
) -> Vec<Finding> {
    let variables = container.variables(subject.pod);
    let list = list(container.value, "env").iter().enumerate();
    list.filter_map(|(at, variable)| {
        let (name, value) = (text(variable, "name"), text(variable, "value"));
        // Of several with one name the last counts.
        let counts = !value.is_empty() && variables.get(name) == Some(&value);
        let path = counts.then(|| expand(value, &variables)).flatten()?;
        let names_file = name.ends_with("TOKEN_FILE") || name == "GOOGLE_APPLICATION_CREDENTIALS";
        if !names_file || !path.starts_with('/') {
            return None;
        }
        let problem = problem(subject, volumes, container, (name, &clean(&path)))?;
        Some(finding(subject, container, (at, name, &path), &problem))
    })
    .collect()
}

/// Why the file is not there.
struct Problem<'a> {
    because: String,
    /// Of the volume that the path leads into, if it leads into one.
    volume: Option<&'a str>,
}

fn problem<'a>(
    subject: &Subject<'_>,
    volumes: &Volumes<'a>,
    container: Container<'_>,
    (name, path): (&str, &str),
) -> Option<Problem<'a>> {
    let covering = |mount: &Mount<'_>| below(path, &clean(mount.path())).is_some();
    let deepest = container.mounts().filter(covering).max_by_key(|m| clean(m.path()).len());
    let Some(mount) = deepest else {
        return nothing_mounted(subject, name, path).then(|| Problem {
            because: "no volume of the pod is mounted there".to_owned(),
            volume: None,
        });
    };
    let volume = *volumes.get(mount.volume())?;
    if !mount.sub_path_expr().is_empty() {
        return None;
    }
    let rest = below(path, &clean(mount.path()))?;
    let inside = clean(&format!("{}/{rest}", clean(mount.sub_path())));
    if Files::of(volume).may_have(&inside) {
        return None;
    }
    let because = if rest.is_empty() {
        format!("that is the directory at which volume {} is mounted", volume.name())
    } else {
        format!("volume {}, mounted at {}, has no such file", volume.name(), mount.path())
    };
    Some(Problem { because, volume: Some(volume.name()) })
}

/// Whether the pod is known to bring nothing there; a file of the image would do as well, but not for these.
fn nothing_mounted(subject: &Subject<'_>, name: &str, path: &str) -> bool {
    let account = &subject.report.service_account;
    let described =
        matches!(subject.manifests.account(&account.namespace, &account.name), Account::Known(_));
    let by_webhook = WEBHOOKS.iter().any(|directory| below(path, directory).is_some());
    KNOWN.iter().any(|(known, _)| *known == name) && (described || !by_webhook)
}

fn finding(
    subject: &Subject<'_>,
    container: Container<'_>,
    (at, name, path): (usize, &str, &str),
    problem: &Problem<'_>,
) -> Finding {
    let pointer = format!("{}/env/{at}/value", container.pointer());
    let title = format!("{name} of container {} names a token that is not there", container.name());
    let candidates = candidates(subject, container, name, problem.volume);
    let elsewhere = subject.report.tokens.iter().flat_map(|token| &token.mounts);
    let elsewhere =
        elsewhere.filter(|mount| mount.file == clean(path)).map(|m| &m.container).next();
    let hint = match (candidates.as_slice(), elsewhere) {
        ([file], _) => format!(" The token is at {file}."),
        (_, Some(other)) => {
            format!(" Container {other} mounts it; this one needs the mount as well.")
        }
        _ => String::new(),
    };
    let detail = format!(
        "{path}: {}, so whoever reads the variable finds no token.{hint} The file is at the mountPath \
         followed by the path of the serviceAccountToken source.",
        problem.because
    );
    let edits = match candidates.as_slice() {
        [file] => edit::replace_string(subject.template, &pointer, file).map(|edit| vec![edit]),
        _ => None,
    };
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(subject.template.span(&pointer))
        .rule("K39");
    edit::with(found, edit::proposal(CODE, "path", "Name the file that is mounted", edits))
}

/// The token files that may be meant: of that volume, else of the audience that the variable's readers need.
fn candidates(
    subject: &Subject<'_>,
    container: Container<'_>,
    name: &str,
    volume: Option<&str>,
) -> Vec<String> {
    let audience = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, audience)| *audience);
    let fits = |token: &&crate::pod::ProjectedToken| {
        let named = token.audience.as_deref().unwrap_or_default();
        match (volume, audience) {
            (Some(volume), _) => token.volume == volume,
            (None, Some(audience)) => named.starts_with(audience),
            (None, None) => false,
        }
    };
    let tokens = subject.report.tokens.iter().filter(fits);
    let mounts = tokens.flat_map(|token| &token.mounts);
    mounts.filter(|m| m.container == container.name()).map(|m| m.file.clone()).collect()
}
