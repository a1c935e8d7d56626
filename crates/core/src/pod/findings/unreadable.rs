//! `token-unreadable`: a container that may not read its token file (K42, K43).

use super::super::admission;
use super::super::file_mode::FileMode;
use super::super::spec::{Container, Mount, Pod, Volume, list, member};
use super::{Subject, edit};
use crate::trace::{Finding, Severity};

const CODE: &str = "token-unreadable";

pub(super) fn find(subject: &Subject<'_>) -> Vec<Finding> {
    // What Windows does with modes is another matter.
    let os = subject.pod.spec().pointer("/os/name").and_then(serde_json::Value::as_str);
    if os == Some("windows") {
        return Vec::new();
    }
    let volumes = subject.pod.token_volumes();
    let mounts = subject.pod.mounts();
    mounts
        .filter_map(|mount| Some((mount, *volumes.get(mount.volume())?)))
        // What admission injects has a mode that everybody reads. A webhook sets no mode either, nor an fsGroup (A139).
        .filter(|(_, volume)| !by_admission(subject, *volume))
        .filter_map(|(mount, volume)| finding(subject, mount, volume))
        .collect()
}

fn by_admission(subject: &Subject<'_>, volume: Volume<'_>) -> bool {
    let mut tokens = subject.report.tokens.iter();
    tokens.any(|token| {
        token.volume == volume.name() && token.injected_by.as_deref() == Some(admission::NAME)
    })
}

fn finding(subject: &Subject<'_>, mount: Mount<'_>, volume: Volume<'_>) -> Option<Finding> {
    let file = subject.owners.token_file(volume);
    let reader = Reader::of(subject.pod, mount.container)?;
    if reader.may_read(&file, subject.pod, mount.container) {
        return None;
    }
    let FileMode { mode, uid, gid } = file;
    let title = format!(
        "Container {} cannot read the token in {}: it is {mode:04o} {uid}:{gid}",
        mount.container.name(),
        mount.path()
    );
    let who = match reader {
        Reader::User(user) => format!("The container runs as user {user}"),
        Reader::NotRoot => "The container runs as some user that is not root".to_owned(),
    };
    let why = if subject.owners.follow_default_mode() {
        "Containers that run as several users, or as the image's, get the file of root with defaultMode"
    } else {
        "Before Kubernetes 1.19 the file is root's alone"
    };
    let detail = format!(
        "{who}. {why}. Set securityContext.fsGroup in the pod: the file then belongs to that group, which every \
         container is in, and the group may read it."
    );
    let pointer = format!("{}/projected/defaultMode", volume.pointer());
    let edits = subject.owners.follow_default_mode().then(|| {
        let text = subject.template.written(&pointer)?;
        // As the number was written: octal, or decimal as JSON has it.
        let mode = if text.starts_with("0o") {
            "0o644"
        } else if text.starts_with('0') {
            "0644"
        } else {
            "420"
        };
        Some(vec![edit::replace(subject.template, &pointer, mode)?])
    });
    let found = Finding::new(CODE, Severity::Error, title, detail)
        .at(subject.template.nearest_span(&mount.pointer()))
        .rule("K42");
    let title = "Let every user in the containers that mount it read the file (0644, the default)";
    Some(edit::with(found, edit::proposal(CODE, "default-mode", title, edits.flatten())))
}

/// What is known of the user that a container runs as.
#[derive(Clone, Copy)]
enum Reader {
    User(i64),
    NotRoot,
}

impl Reader {
    /// `None`: the image decides.
    fn of(pod: Pod<'_>, container: Container<'_>) -> Option<Self> {
        let security = |name: &str| setting(pod, container, name);
        match security("runAsUser").and_then(serde_json::Value::as_i64) {
            Some(user) => Some(Self::User(user)),
            None => (security("runAsNonRoot")?.as_bool()?).then_some(Self::NotRoot),
        }
    }

    fn may_read(self, file: &FileMode, pod: Pod<'_>, container: Container<'_>) -> bool {
        let is_owner = match self {
            Self::User(user) => user == 0 || user == file.uid,
            Self::NotRoot => file.uid != 0,
        };
        // A user whose group nobody sets is in the image's, which is often 0.
        let group = setting(pod, container, "runAsGroup").and_then(serde_json::Value::as_i64);
        let security = member(pod.spec(), "securityContext");
        let more = security.map(|value| list(value, "supplementalGroups")).unwrap_or_default();
        let in_group = group.is_none_or(|group| group == file.gid)
            || more.iter().any(|group| group.as_i64() == Some(file.gid))
            || security.and_then(|value| member(value, "fsGroup")).is_some();
        is_owner || file.mode & 0o004 != 0 || (in_group && file.mode & 0o040 != 0)
    }
}

/// The container's setting, else the pod's.
fn setting<'a>(
    pod: Pod<'a>,
    container: Container<'a>,
    name: &str,
) -> Option<&'a serde_json::Value> {
    let of = |value: &'a serde_json::Value| member(member(value, "securityContext")?, name);
    of(container.value).or_else(|| of(pod.spec()))
}
