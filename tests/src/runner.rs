//! Runs every file under `cases/` against the crate `podpass`: one test a file.

use std::path::Path;

use podpass_tests::Case;

fn run(_path: &Path, text: String) -> datatest_stable::Result<()> {
    Ok(Case::parse(&text)?.run()?)
}

datatest_stable::harness! {
    { test = run, root = "cases", pattern = r"\.json$" },
}
