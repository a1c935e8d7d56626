//! `cargo xtask cluster`: a real API server on etcd, as the step `real` compares the engine with, and a kubelet.
//!
//! The programs are found and built here; `tests/real` knows how they are started.

use std::path::PathBuf;
use std::process::Stdio;

use crate::debian;
use crate::failure::{Failure, Outcome, While};
use crate::shell::{Call, on_path};
use crate::tools::{KUBE_APISERVER, KUBELET, Tool, Tools, WASM_BINDGEN};
use crate::{node, npm, tools};

/// The oldest Go that builds the API server: what tests/real/go.mod asks for.
const OLDEST_GO: u32 = 26;

/// The name of etcd's program, and of Debian's package.
const ETCD: (&str, &str) = ("etcd", "etcd-server");

/// An option of `cluster`.
pub(crate) struct ClusterOption {
    pub(crate) name: &'static str,
    /// What follows the name; empty: nothing.
    pub(crate) value: &'static str,
    pub(crate) about: &'static str,
}

/// As tests/real/start.mjs takes them; those with a value may be repeated where a flag may be.
#[rustfmt::skip]
pub(crate) const OPTIONS: &[ClusterOption] = &[
    ClusterOption { name: "--key", value: "KIND", about: "what signs: rsa (default), p256, p384, p521" },
    ClusterOption { name: "--old-key", value: "KIND", about: "a further key that verifies; repeatable" },
    ClusterOption { name: "--issuer", value: "URL", about: "--service-account-issuer; repeatable" },
    ClusterOption { name: "--api-audience", value: "TEXT", about: "one of --api-audiences; repeatable" },
    ClusterOption { name: "--max-token-expiration", value: "SECONDS", about: "the cap" },
    ClusterOption { name: "--no-extension", value: "", about: "injected tokens live 3607 s, not a year" },
    ClusterOption { name: "--no-lookup", value: "", about: "legacy tokens are taken without their Secret" },
    ClusterOption { name: ROTATION, value: "", about: "alone: eleven minutes of pods on a kubelet, beside the predicted rotation" },
];

/// Another run instead of a cluster to use.
const ROTATION: &str = "--rotation";

/// Where the programs of a cluster are.
#[derive(Debug)]
pub(crate) struct Programs {
    apiserver: PathBuf,
    etcd: PathBuf,
    /// Only where it was asked for.
    kubelet: Option<PathBuf>,
}

pub(crate) fn run(words: &[String]) -> Outcome {
    judge(words)?;
    if let Some(missing) = missing()? {
        return Err(Failure::new(missing).by_hand(debian::apt_line(&[ETCD.1])));
    }
    if words.iter().any(|word| word == ROTATION) {
        return rotation();
    }
    node::ready()?;
    let programs = Programs::ready(&mut Tools::start(&[KUBE_APISERVER])?)?;
    beside(&programs, Call::new("node").arg("tests/real/start.mjs").args(words))
}

/// `--rotation`: what a kubelet does in eleven minutes, beside what the package predicts.
fn rotation() -> Outcome {
    if let Some(missing) = no_kubelet()? {
        return Err(Failure::new(missing));
    }
    node::ready()?;
    tools::wasm_target()?;
    let mut tools = Tools::start(&[KUBE_APISERVER, KUBELET, WASM_BINDGEN])?;
    npm::build(&mut tools)?;
    let programs = Programs::ready(&mut tools)?;
    beside(&programs, Call::new("node").arg("tests/real/rotation.mjs"))
}

/// Runs a script of `tests/real` until it ends, or this command does.
fn beside(programs: &Programs, call: Call) -> Outcome {
    let call = programs.envs().into_iter().fold(call, |call, (name, value)| call.env(name, value));
    // The script ends when its input does, however this command ends.
    let mut command = call.command()?;
    let mut child =
        command.stdin(Stdio::piped()).spawn().map_err(|error| call.not_started(&error))?;
    let input = child.stdin.take();
    let status = child.wait().while_doing(|| "waiting for the cluster".into())?;
    drop(input);
    match status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("the cluster ended with {status}"))),
    }
}

/// Refuses an unknown option before minutes of building, not after.
fn judge(words: &[String]) -> Outcome {
    if words.len() > 1 && words.iter().any(|word| word == ROTATION) {
        return Err(Failure::new(format!("{ROTATION} goes with no other option")));
    }
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(option) = OPTIONS.iter().find(|option| option.name == word) else {
            return Err(
                Failure::new(format!("cluster knows no `{word}`")).by_hand("cargo xtask help")
            );
        };
        if !option.value.is_empty() && words.next().is_none() {
            return Err(Failure::new(format!("{word} takes {}", option.value)));
        }
    }
    Ok(())
}

/// Why no cluster can be had on this machine, if so: Go and, to install etcd, root on Debian are not for everyone.
pub(crate) fn missing() -> Outcome<Option<String>> {
    if on_path("go").is_none() {
        return Ok(Some("Go is not on PATH".into()));
    }
    let version = tools::go_version()?;
    if minor(&version).is_none_or(|minor| minor < OLDEST_GO) {
        return Ok(Some(format!("Go 1.{OLDEST_GO} or newer is needed, found {version}")));
    }
    let etcd = on_path(ETCD.0).is_some() || debian::can_install()?;
    Ok((!etcd).then(|| "etcd is not on PATH, and only root on Debian can install it".into()))
}

/// Why no kubelet can be run on this machine, if so, where a cluster can be had.
pub(crate) fn no_kubelet() -> Outcome<Option<String>> {
    if !cfg!(target_os = "linux") || !debian::as_root()? {
        return Ok(Some("a kubelet mounts tmpfs, which only root on Linux may".into()));
    }
    let lacking = on_path("unshare").is_none();
    Ok(lacking.then(|| "unshare (util-linux) is not on PATH".into()))
}

/// 26 of `go1.26.8`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("go1.")?.split('.').next()?.parse().ok()
}

impl Programs {
    /// Installs etcd and waits for the API server, and for the kubelet if it was started.
    pub(crate) fn ready(tools: &mut Tools) -> Outcome<Self> {
        if on_path(ETCD.0).is_none() {
            debian::install(&[ETCD.1])?;
        }
        let etcd = on_path(ETCD.0).ok_or_else(|| {
            Failure::new("etcd is not on PATH").by_hand(debian::apt_line(&[ETCD.1]))
        })?;
        let mut built = |tool: Tool| {
            Ok(tools.ready(&[tool])?.into_iter().next().map(|dir| dir.join(tool.name)))
        };
        let apiserver =
            built(KUBE_APISERVER)?.ok_or_else(|| Failure::new("no API server was built"))?;
        Ok(Self { apiserver, etcd, kubelet: built(KUBELET)? })
    }

    /// What `tests/real` reads.
    pub(crate) fn envs(&self) -> Vec<(&'static str, PathBuf)> {
        let always =
            [("PODPASS_APISERVER", self.apiserver.clone()), ("PODPASS_ETCD", self.etcd.clone())];
        always
            .into_iter()
            .chain(self.kubelet.clone().map(|kubelet| ("PODPASS_KUBELET", kubelet)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{judge, minor};
    use crate::tools::KUBE_APISERVER;

    #[test]
    fn unknown_options_and_lacking_values_are_refused_early() {
        let judged = |words: &[&str]| {
            judge(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(judged(&[]).is_ok());
        assert!(judged(&["--key", "p256", "--no-lookup", "--issuer", "https://a"]).is_ok());
        assert!(judged(&["--rotation"]).is_ok());
        for wrong in [
            &["--keys"][..],
            &["--key"],
            &["p256"],
            &["--rotation", "--no-lookup"],
            &["--no-lookup", "--rotation"],
        ] {
            assert!(judged(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_version_of_go_is_read() {
        assert_eq!(minor("go1.26.8"), Some(26));
        assert_eq!(minor("go1.27"), Some(27));
        assert_eq!(minor("devel"), None);
    }

    #[test]
    fn go_mod_requires_the_version_that_the_cache_is_keyed_by() {
        let manifest = include_str!("../../../tests/real/go.mod");
        let version = manifest.lines().find_map(|line| {
            line.trim_start().strip_prefix("k8s.io/kubernetes v")?.split_whitespace().next()
        });
        assert_eq!(version, Some(KUBE_APISERVER.version));
    }
}
