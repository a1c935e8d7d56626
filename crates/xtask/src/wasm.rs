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
    let output = adopt(module, &kept.output, accept)?;
    fs::write(&kept.input, &input).while_doing(|| format!("writing {}", kept.input.display()))?;
    let how = if reused { ", kept from the last time" } else { "" };
    println!("   optimised: {} to {output} bytes in {watch}{how}", input.len());
    Ok(())
}

/// Puts an optimised module in the place of the original once it was accepted, and gives its size.
fn adopt(module: &Path, candidate: &Path, accept: impl FnOnce(&Path) -> Outcome) -> Outcome<u64> {
    accept(candidate)?;
    let size = |file: &Path| fs::metadata(file).map(|about| about.len());
    let before = size(module).while_doing(|| format!("reading {}", module.display()))?;
    let after = size(candidate).while_doing(|| format!("reading {}", candidate.display()))?;
    if after > before {
        let what = format!("wasm-opt made {} larger: {before} to {after} bytes", module.display());
        return Err(Failure::new(what));
    }
    fs::copy(candidate, module).while_doing(|| format!("writing {}", module.display()))
}

/// Accepts a module that Node compiles.
pub(crate) fn compiles(candidate: &Path) -> Outcome {
    Call::new("node").arg(project::script("compile.mjs")).arg(candidate).run()
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{adopt, compiles};

    /// The smallest module there is: its mark and its version.
    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn an_optimised_module_is_taken_only_when_it_runs() {
        let dir = std::env::temp_dir().join(format!("podpass-adopt-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (module, candidate) = (dir.join("module.wasm"), dir.join("candidate.wasm"));
        // A custom section named `a`, which an optimiser drops.
        let original = [EMPTY, b"\0\x02\x01a"].concat();
        fs::write(&module, &original).unwrap();

        // An optimiser that ends well and truncates what it writes.
        fs::write(&candidate, &EMPTY[..6]).unwrap();
        assert!(adopt(&module, &candidate, compiles).is_err());
        assert_eq!(fs::read(&module).unwrap(), original);

        fs::write(&candidate, [&original[..], &original[8..]].concat()).unwrap();
        let failure = adopt(&module, &candidate, compiles).unwrap_err().to_string();
        assert!(failure.ends_with("larger: 12 to 16 bytes"), "{failure}");

        fs::write(&candidate, EMPTY).unwrap();
        assert_eq!(adopt(&module, &candidate, compiles).unwrap(), 8);
        assert_eq!(fs::read(&module).unwrap(), EMPTY);
        fs::remove_dir_all(&dir).unwrap();
    }
}
