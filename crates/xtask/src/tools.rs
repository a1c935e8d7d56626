//! The pinned tools from crates.io, and Kubernetes' programs from the Go module proxy, built once into the cache.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::cache;
use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome, While};
use crate::kept::Kept;
use crate::project;
use crate::shell::{Call, on_path};

/// The target of everything that runs in a browser or in Node.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A program at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    made: Made,
}

/// Where a tool comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// A crate. `locked`: whether the published lock file is used: that of wasm-bindgen-cli names a version which the registry does not serve.
    Crate { locked: bool },
    /// A package of Kubernetes, or one of tests/real that is made of it.
    Go {
        package: &'static str,
        /// Our own part: the program is built anew when it changes.
        source: &'static str,
    },
    /// A test program: a folder under tests/real, a module of its own.
    GoTest { folder: &'static str },
}

const LOCKED: Made = Made::Crate { locked: true };

pub(crate) const TRUNK: Tool = Tool { name: "trunk", version: "0.21.14", made: LOCKED };
pub(crate) const WASM_BINDGEN: Tool =
    Tool { name: "wasm-bindgen-cli", version: "0.2.130", made: Made::Crate { locked: false } };
pub(crate) const WASM_PACK: Tool = Tool { name: "wasm-pack", version: "0.15.1", made: LOCKED };
pub(crate) const GECKODRIVER: Tool = Tool { name: "geckodriver", version: "0.37.1", made: LOCKED };
pub(crate) const KUBE_APISERVER: Tool = Tool {
    name: "kube-apiserver",
    version: "1.36.3",
    made: Made::Go { package: "k8s.io/kubernetes/cmd/kube-apiserver", source: "" },
};
pub(crate) const KUBELET: Tool = Tool {
    name: "kubelet",
    version: KUBE_APISERVER.version,
    made: Made::Go {
        package: "./kubelet",
        source: include_str!("../../../tests/real/kubelet/main.go"),
    },
};

/// Vault's two auth methods, as tests/real/vault asks them. The version is that of auth/jwt, and how often the program itself changed.
pub(crate) const VAULT_LOGINS: Tool =
    Tool { name: "vault-logins", version: "0.26.1-1", made: Made::GoTest { folder: "vault" } };

/// What a build from the module proxy does not know of itself: /version, and the versions that feature gates compare with.
const VERSION_OF_KUBERNETES: &str = "k8s.io/component-base/version";

/// Tools need not be fast: what counts is how soon they are there.
const LIGHT_PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];

/// Between the name of a tool's folder and the id of the process that builds it.
const BUILDING: &str = ".building-";

/// How often a waiting person is told that something still goes on.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Tools of which some are still being built, side by side and at low priority.
#[derive(Debug)]
pub(crate) struct Tools {
    dirs: Vec<(Tool, PathBuf)>,
    builds: Vec<Build>,
}

#[derive(Debug)]
struct Build {
    tool: Tool,
    child: Kept,
    watch: Stopwatch,
    /// Renamed to the final folder at the end, so that an interrupted build is not taken for done.
    temporary: PathBuf,
    root: PathBuf,
    by_hand: String,
}

impl Tools {
    /// Starts to build what the cache lacks; gives at once what it holds.
    pub(crate) fn start(tools: &[Tool]) -> Outcome<Self> {
        let cache = cache::dir()?.join("tools");
        let mut this = Self { dirs: Vec::new(), builds: Vec::new() };
        for &tool in tools {
            if this.dirs.iter().any(|(known, _)| *known == tool) {
                continue;
            }
            let root = cache.join(tool.folder()?);
            if !root.join("bin").is_dir() {
                println!("   {} {} is built in the background, once", tool.name, tool.version);
                this.builds.push(Build::start(tool, &root)?);
            }
            this.dirs.push((tool, root.join("bin")));
        }
        Ok(this)
    }

    /// Waits until these are there, and gives their folders for PATH.
    pub(crate) fn ready(&mut self, tools: &[Tool]) -> Outcome<Vec<PathBuf>> {
        let mut told = Stopwatch::start();
        loop {
            self.settle(tools)?;
            let waiting: Vec<_> =
                self.builds.iter().filter(|build| tools.contains(&build.tool)).collect();
            if waiting.is_empty() {
                break;
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Stopwatch::start();
                let lines: Vec<_> = waiting
                    .iter()
                    .map(|build| format!("{} {}", build.tool.name, build.watch))
                    .collect();
                println!("   still building: {}", lines.join(", "));
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(self
            .dirs
            .iter()
            .filter(|(tool, _)| tools.contains(tool))
            .map(|(_, dir)| dir.clone())
            .collect())
    }

    /// Puts the finished builds in their place.
    fn settle(&mut self, wanted: &[Tool]) -> Outcome {
        let mut running = Vec::new();
        let mut failed = None;
        for build in self.builds.drain(..) {
            match build.child.ended() {
                Ok(None) => running.push(build),
                Ok(Some(status)) if status.success() => build.install()?,
                Ok(Some(_)) | Err(_) => {
                    let failure = build.failure();
                    if wanted.contains(&build.tool) {
                        failed = Some(failure);
                    } else {
                        println!("   {failure}");
                    }
                }
            }
        }
        self.builds = running;
        failed.map_or(Ok(()), Err)
    }
}

impl Drop for Tools {
    /// What is finished is kept, what is not is ended: no build outlives the command.
    fn drop(&mut self) {
        if let Err(failure) = self.settle(&[]) {
            eprintln!("{failure}");
        }
        for build in &mut self.builds {
            println!("   the build of {} is given up after {}", build.tool.name, build.watch);
            build.child.end();
            let _ = fs::remove_dir_all(&build.temporary);
        }
    }
}

impl Tool {
    /// The program that builds it.
    fn builder(self) -> &'static str {
        match self.made {
            Made::Crate { .. } => "cargo",
            Made::Go { .. } | Made::GoTest { .. } => "go",
        }
    }

    /// The compiler as part of a folder's name: `rustc-1.95.0`, `go1.26.8`.
    fn compiler(self) -> Outcome<String> {
        match self.made {
            Made::Crate { .. } => Ok(format!("rustc-{}", rustc_version()?)),
            Made::Go { .. } | Made::GoTest { .. } => go_version(),
        }
    }

    /// Its folder in the cache: another version, compiler or source is another folder.
    fn folder(self) -> Outcome<String> {
        let folder = format!("{}-{}-{}", self.name, self.version, self.compiler()?);
        let source = match self.made {
            Made::Crate { .. } | Made::GoTest { .. } | Made::Go { source: "", .. } => {
                return Ok(folder);
            }
            Made::Go { source, .. } => source,
        };
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        Ok(format!("{folder}-{:016x}", hasher.finish()))
    }

    /// Has `call`, which runs the builder, put the program into `root/bin`.
    fn build(self, call: Call, root: &Path) -> Call {
        match self.made {
            Made::Crate { locked } => {
                let call = call.args(["install", "--root"]).arg(root);
                let call = call.args(locked.then_some("--locked"));
                let call = call.args(["--version", self.version, self.name]);
                let call =
                    LIGHT_PROFILE.iter().fold(call, |call, (name, value)| call.env(name, value));
                // The folder: outside the checkout, whose .cargo/config.toml is for the project alone.
                call.dir(root)
            }
            Made::Go { package, .. } => {
                let call = call.args(["build", "-trimpath", "-ldflags", &self.linked()]).arg("-o");
                // Without cgo the program runs wherever the cache is carried.
                let call = call.arg(root.join("bin").join(self.name)).arg(package);
                call.env("CGO_ENABLED", "0").dir(project::real())
            }
            Made::GoTest { folder } => {
                let call = call.args(["test", "-c", "-trimpath", "-ldflags", "-s -w", "-o"]);
                let call = call.arg(root.join("bin").join(self.name)).arg(".");
                call.env("CGO_ENABLED", "0").dir(project::real().join(folder))
            }
        }
    }

    /// No symbols, and the version that the release scripts of Kubernetes would write.
    fn linked(self) -> String {
        let mut parts = self.version.split('.');
        let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let values = [
            ("gitVersion", format!("v{}", self.version)),
            ("gitMajor", major.to_owned()),
            ("gitMinor", minor.to_owned()),
            ("gitTreeState", "clean".to_owned()),
        ];
        let set = values.map(|(name, value)| format!(" -X {VERSION_OF_KUBERNETES}.{name}={value}"));
        format!("-s -w{}", set.concat())
    }
}

impl Build {
    fn start(tool: Tool, root: &Path) -> Outcome<Self> {
        sweep(root);
        let temporary =
            PathBuf::from(format!("{}{BUILDING}{}", root.display(), std::process::id()));
        fs::create_dir_all(&temporary)
            .while_doing(|| format!("creating {}", temporary.display()))?;
        let nice = on_path("nice").map(|nice| Call::new(nice).args(["-n", "10", tool.builder()]));
        let call = tool.build(nice.unwrap_or_else(|| Call::new(tool.builder())), &temporary);
        let log = temporary.join("build.log");
        let log = File::create(&log).while_doing(|| format!("creating {}", log.display()))?;
        let mut command = call.command()?;
        command.env("CARGO_TARGET_DIR", temporary.join("target")).stdout(Stdio::null()).stderr(log);
        let child = Kept::start(&mut command).map_err(|error| call.not_started(&error))?;
        let by_hand = tool.build(Call::new(tool.builder()), root).by_hand();
        Ok(Self {
            tool,
            child,
            watch: Stopwatch::start(),
            temporary,
            root: root.to_owned(),
            by_hand,
        })
    }

    fn install(self) -> Outcome {
        // Only objects in between; a leftover does no harm.
        let _ = fs::remove_dir_all(self.temporary.join("target"));
        match fs::rename(&self.temporary, &self.root) {
            Ok(()) => {
                println!("   {} {} built in {}", self.tool.name, self.tool.version, self.watch)
            }
            // Another run was first.
            Err(_) if self.root.join("bin").is_dir() => drop(fs::remove_dir_all(&self.temporary)),
            Err(error) => {
                return Err(Failure::new(format!("renaming to {}: {error}", self.root.display())));
            }
        }
        Ok(())
    }

    fn failure(&self) -> Failure {
        let log = fs::read_to_string(self.temporary.join("build.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines
            .iter()
            .skip(lines.len().saturating_sub(20))
            .copied()
            .collect::<Vec<_>>()
            .join("\n");
        let _ = fs::remove_dir_all(&self.temporary);
        Failure::new(format!(
            "{} {} could not be built:\n{tail}",
            self.tool.name, self.tool.version
        ))
        .by_hand(&self.by_hand)
    }
}

/// Removes what builds of this tool left behind whose process is gone; other runs may be building it right now.
fn sweep(root: &Path) {
    let Some(entries) = root.parent().and_then(|dir| fs::read_dir(dir).ok()) else { return };
    let prefix = format!("{}{BUILDING}", root.file_name().unwrap_or_default().to_string_lossy());
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(&prefix).map(|id| Path::new("/proc").join(id));
        if Path::new("/proc/self").exists() && process.is_some_and(|process| !process.exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// `1.95.0`, of the compiler that builds the tools.
fn rustc_version() -> Outcome<String> {
    let line = Call::new("rustc").arg("--version").read()?;
    let version = line.split_whitespace().nth(1);
    version
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("rustc tells no version: {line}")))
}

/// `go1.26.8`, of the compiler that builds Kubernetes' programs.
pub(crate) fn go_version() -> Outcome<String> {
    // In the folder of the module, whose go.mod may ask for a newer toolchain than the one on PATH.
    let line = Call::new("go").args(["env", "GOVERSION"]).dir(project::real());
    Ok(line.read()?.trim().to_owned())
}

/// Adds the wasm32 target when the toolchain lacks it.
pub(crate) fn wasm_target() -> Outcome {
    let libraries =
        Call::new("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]).read()?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    println!("   adding the target {WASM_TARGET}");
    if on_path("rustup").is_none() {
        let missing = format!(
            "the Rust toolchain has no target {WASM_TARGET}, and there is no rustup to add it"
        );
        return Err(Failure::new(missing).by_hand(format!("rustup target add {WASM_TARGET}")));
    }
    Call::new("rustup").args(["target", "add", WASM_TARGET]).run()
}

/// The wasm-bindgen crate and its CLI must be one version, else the glue does not fit the module.
pub(crate) fn same_wasm_bindgen() -> Outcome {
    let crate_version = project::locked_version("wasm-bindgen")?;
    if crate_version == WASM_BINDGEN.version {
        return Ok(());
    }
    let cli = WASM_BINDGEN.version;
    Err(Failure::new(format!(
        "Cargo.lock has wasm-bindgen {crate_version}, crates/xtask/src/tools.rs pins its CLI to {cli}: they must be equal"
    ))
    .by_hand(format!("cargo update -p wasm-bindgen --precise {cli}")))
}
