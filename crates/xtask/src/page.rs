//! `cargo xtask page`: the page for release in dist, a folder that any file server serves.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome, While};
use crate::shell::Call;
use crate::tools::{TRUNK, Tool, Tools, WASM_BINDGEN, WASM_TARGET};
use crate::{node, project, tools, wasm};

/// What Trunk needs; the drivers are for tests alone.
pub(crate) const TOOLS: [Tool; 2] = [TRUNK, WASM_BINDGEN];

pub(crate) fn run(_: &[String]) -> Outcome {
    node::ready()?;
    build(&mut Tools::start(&TOOLS)?)
}

/// Builds the page, makes its module small, and prints what a visitor downloads.
pub(crate) fn build(tools: &mut Tools) -> Outcome {
    tools::wasm_target()?;
    tools::same_wasm_bindgen()?;
    // The optimiser is a package of the npm facade.
    node::packages(&project::npm())?;
    compile(true)?;
    trunk(&tools.ready(&TOOLS)?, "build").arg("--release").run()?;
    let dist = project::root().join("dist");
    let module = module(&dist)?;
    wasm::optimise(&module, wasm::compiles)?;
    Call::new("node").arg(project::script("sizes.mjs")).arg(&dist).run()
}

/// Compiles what Trunk will ask for: while its tools are still being built, and with Cargo's progress in sight.
pub(crate) fn compile(release: bool) -> Outcome {
    let call = Call::cargo().args([
        "build",
        "-p",
        "podpass-web",
        "--bin",
        "podpass-web",
        "--target",
        WASM_TARGET,
    ]);
    call.args(release.then_some("--release")).run()
}

/// A call of Trunk that finds the pinned wasm-bindgen.
pub(crate) fn trunk(dirs: &[PathBuf], verb: &str) -> Call {
    // Trunk takes NO_COLOR for a switch of its own and wants `true` or `false` where others set `1`.
    Call::new("trunk").tools_from(dirs).env("NO_COLOR", "true").args([verb, "--offline=true"])
}

fn module(dist: &Path) -> Outcome<PathBuf> {
    let entries = fs::read_dir(dist).while_doing(|| format!("reading {}", dist.display()))?;
    let files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let modules: Vec<_> =
        files.filter(|file| file.to_string_lossy().ends_with("_bg.wasm")).collect();
    match modules.as_slice() {
        [module] => Ok(module.clone()),
        _ => {
            Err(Failure::new(format!("dist should hold one *_bg.wasm, it holds {}", modules.len())))
        }
    }
}
