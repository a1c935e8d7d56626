//! Building for wasm32, and the optimiser that is not trusted before its module has run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome, While};
use crate::project;
use crate::shell::Call;
use crate::tools::WASM_TARGET;

/// What rustc's wasm32 target uses; wasm-opt is told, since it refuses what it was not told of.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds a library crate for wasm32 with the release profile, and gives the module.
pub(crate) fn build(package: &str) -> Outcome<PathBuf> {
    Call::cargo().args(["build", "--release", "--target", WASM_TARGET, "-p", package]).run()?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(project::target()?.join(WASM_TARGET).join("release").join(file))
}

/// Writes the glue and the module that belongs to it into `out`.
pub(crate) fn bindgen(module: &Path, out: &Path, name: &str, tools: &[PathBuf]) -> Outcome {
    let call = Call::new("wasm-bindgen").tools_from(tools);
    let call =
        call.args(["--target", "web", "--experimental-reset-state-function", "--out-name", name]);
    call.arg("--out-dir").arg(out).arg(module).run()
}

/// Makes a module smaller in place. `accept` runs it first; without its consent the module stays as it was.
///
/// The optimiser is npm's `binaryen`, by lock file, never the one on PATH: Debian's version 108 ends well and writes
/// modules that do not load.
pub(crate) fn optimise(module: &Path, accept: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let watch = Stopwatch::start();
    let input = fs::read(module).while_doing(|| format!("reading {}", module.display()))?;
    let kept = Kept::of(module)?;
    let reused = kept.fits(&input);
    if !reused {
        println!("   wasm-opt -Oz {}", module.display());
        let optimiser = project::npm().join("node_modules/binaryen/bin/wasm-opt");
        let call = Call::new("node").arg(optimiser).arg("-Oz").args(FEATURES);
        call.arg(module).arg("-o").arg(&kept.output).run()?;
    }
    accept(&kept.output)?;
    let output =
        fs::read(&kept.output).while_doing(|| format!("reading {}", kept.output.display()))?;
    if output.len() > input.len() {
        return Err(Failure::new(format!(
            "wasm-opt made {} larger: {} to {} bytes",
            module.display(),
            input.len(),
            output.len()
        )));
    }
    fs::write(&kept.input, &input).while_doing(|| format!("writing {}", kept.input.display()))?;
    fs::write(module, &output).while_doing(|| format!("writing {}", module.display()))?;
    let how = if reused { ", kept from the last time" } else { "" };
    println!("   optimised: {} to {} bytes in {watch}{how}", input.len(), output.len());
    Ok(())
}

/// The last input and output of the optimiser for a module: it takes half a minute, and most builds change nothing.
struct Kept {
    input: PathBuf,
    output: PathBuf,
}

impl Kept {
    fn of(module: &Path) -> Outcome<Self> {
        let dir = project::target()?.join("wasm-opt");
        fs::create_dir_all(&dir).while_doing(|| format!("creating {}", dir.display()))?;
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            input: dir.join(format!("{name}.in")),
            output: dir.join(format!("{name}.out.wasm")),
        })
    }

    /// The input is written last, and only after the output was accepted.
    fn fits(&self, input: &[u8]) -> bool {
        self.output.is_file() && fs::read(&self.input).is_ok_and(|kept| kept == input)
    }
}
