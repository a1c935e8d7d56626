//! `cargo xtask npm`: the package as a tarball in target/npm.

use std::fs;
use std::path::PathBuf;

use crate::failure::{Failure, Outcome, While};
use crate::shell::Call;
use crate::tools::{Tools, WASM_BINDGEN};
use crate::{node, project, tools, wasm};

/// The name of the glue and the module in crates/wasm/npm/glue.
const GLUE: &str = "podpass_wasm";

pub(crate) fn run(_: &[String]) -> Outcome {
    node::ready()?;
    let mut tools = Tools::start(&[WASM_BINDGEN])?;
    let tarball = build(&mut tools)?;
    println!("{}", tarball.display());
    Ok(())
}

/// Builds module, glue and facade, and packs them.
pub(crate) fn build(tools: &mut Tools) -> Outcome<PathBuf> {
    tools::wasm_target()?;
    tools::same_wasm_bindgen()?;
    let package = project::npm();
    node::packages(&package)?;
    let module = wasm::build("podpass-wasm")?;
    let glue = package.join("glue");
    wasm::bindgen(&module, &glue, GLUE, &tools.ready(&[WASM_BINDGEN])?)?;
    wasm::optimise(&glue.join(format!("{GLUE}_bg.wasm")), |candidate| {
        let load = Call::new("node").arg(project::script("load.mjs"));
        load.arg(glue.join(format!("{GLUE}.js"))).arg(candidate).run()
    })?;
    Call::new("npm").args(["run", "build"]).dir(&package).run()?;
    pack()
}

/// Packs the built package; tarballs of earlier builds go.
fn pack() -> Outcome<PathBuf> {
    let out = project::root().join("target/npm");
    if out.is_dir() {
        fs::remove_dir_all(&out).while_doing(|| format!("removing {}", out.display()))?;
    }
    fs::create_dir_all(&out).while_doing(|| format!("creating {}", out.display()))?;
    Call::new("npm")
        .args(["pack", "--ignore-scripts", "--pack-destination"])
        .arg(&out)
        .dir(project::npm())
        .run()?;
    tarball()
}

/// The one tarball in target/npm.
pub(crate) fn tarball() -> Outcome<PathBuf> {
    let out = project::root().join("target/npm");
    let entries = fs::read_dir(&out).while_doing(|| format!("reading {}", out.display()))?;
    let mut files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let tarball = files.find(|file| file.extension().is_some_and(|extension| extension == "tgz"));
    tarball.ok_or_else(|| Failure::new("target/npm holds no tarball").by_hand("cargo xtask npm"))
}
