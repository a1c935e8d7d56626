//! `cargo xtask cluster`: a real API server on etcd, as the step `real` compares the engine with.
//!
//! The programs are found and built here; `tests/real` knows how they are started.

use std::path::PathBuf;
use std::process::Stdio;

use crate::debian;
use crate::failure::{Failure, Outcome, While};
use crate::shell::{Call, on_path};
use crate::tools::{KUBE_APISERVER, Tools};
use crate::{node, tools};

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
];

/// Where the programs of a cluster are.
#[derive(Debug)]
pub(crate) struct Programs {
    apiserver: PathBuf,
    etcd: PathBuf,
}

pub(crate) fn run(words: &[String]) -> Outcome {
    judge(words)?;
    if let Some(missing) = missing()? {
        return Err(Failure::new(missing).by_hand(debian::apt_line(&[ETCD.1])));
    }
    node::ready()?;
    let mut tools = Tools::start(&[KUBE_APISERVER])?;
    let programs = Programs::ready(&mut tools)?;
    let call = Call::new("node").arg("tests/real/start.mjs").args(words);
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

/// 26 of `go1.26.8`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("go1.")?.split('.').next()?.parse().ok()
}

impl Programs {
    /// Installs etcd and waits for the API server.
    pub(crate) fn ready(tools: &mut Tools) -> Outcome<Self> {
        if on_path(ETCD.0).is_none() {
            debian::install(&[ETCD.1])?;
        }
        let etcd = on_path(ETCD.0).ok_or_else(|| {
            Failure::new("etcd is not on PATH").by_hand(debian::apt_line(&[ETCD.1]))
        })?;
        let dirs = tools.ready(&[KUBE_APISERVER])?;
        let dir = dirs.into_iter().next().ok_or_else(|| Failure::new("no API server was built"))?;
        Ok(Self { apiserver: dir.join(KUBE_APISERVER.name), etcd })
    }

    /// What `tests/real` reads.
    pub(crate) fn envs(&self) -> [(&'static str, PathBuf); 2] {
        [("PODPASS_APISERVER", self.apiserver.clone()), ("PODPASS_ETCD", self.etcd.clone())]
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
        for wrong in [&["--keys"][..], &["--key"], &["p256"]] {
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
