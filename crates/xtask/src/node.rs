//! Node and npm: their versions, and packages by lock file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome, While};
use crate::project;
use crate::shell::{Call, on_path};

/// From this major on, `require` of a module and Node's test runner are as the tests need them.
const OLDEST: u32 = 20;

/// Checks that Node and npm are there, and that Node is young enough.
pub(crate) fn ready() -> Outcome {
    let install = format!("install Node {OLDEST} or newer, with npm");
    for program in ["node", "npm"] {
        if on_path(program).is_none() {
            return Err(Failure::new(format!("`{program}` is not on PATH")).by_hand(install));
        }
    }
    let version = Call::new("node").arg("--version").read()?;
    match major(&version) {
        Some(major) if major >= OLDEST => Ok(()),
        _ => {
            Err(Failure::new(format!("Node {OLDEST} or newer is needed, found {}", version.trim()))
                .by_hand(install))
        }
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Installs what the lock file in `dir` names, unless that very lock file was installed before.
pub(crate) fn packages(dir: &Path) -> Outcome {
    let lock = dir.join("package-lock.json");
    let wanted = fs::read(&lock).while_doing(|| format!("reading {}", lock.display()))?;
    let stamp = dir.join("node_modules/.podpass-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    ready()?;
    let shown = dir.strip_prefix(project::root()).unwrap_or(dir).display().to_string();
    println!("   installing the npm packages of {shown}");
    let watch = Stopwatch::start();
    // No package here needs its install script; what does not run cannot download.
    Call::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).dir(dir).run()?;
    fs::write(&stamp, wanted).while_doing(|| format!("writing {}", stamp.display()))?;
    println!("   npm packages of {shown} installed in {watch}");
    Ok(())
}

/// The test files of a folder, in order; none at all is a failure, not a pass.
pub(crate) fn test_files(dir: &str) -> Outcome<Vec<PathBuf>> {
    let path = project::root().join(dir);
    let entries = fs::read_dir(&path).while_doing(|| format!("reading {dir}"))?;
    let files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut tests: Vec<_> =
        files.filter(|file| file.to_string_lossy().ends_with(".test.mjs")).collect();
    tests.sort();
    if tests.is_empty() {
        return Err(Failure::new(format!("{dir} holds no *.test.mjs")));
    }
    Ok(tests)
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_is_read_from_what_node_prints() {
        assert_eq!(major("v20.19.5\n"), Some(20));
        assert_eq!(major("20"), None);
    }
}
