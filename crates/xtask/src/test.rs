//! `cargo xtask test`: everything that CI runs, step by step, the tools being built meanwhile.

use std::path::PathBuf;

use crate::browsers::{self, Browsers};
use crate::cluster::{self, Programs};
use crate::failure::{Failure, Outcome};
use crate::shell::Call;
use crate::steps::Steps;
use crate::tally::Tally;
use crate::tools::{
    GECKODRIVER, KUBE_APISERVER, KUBELET, Tool, Tools, VAULT_LOGINS, WASM_BINDGEN, WASM_PACK,
};
use crate::{check, node, npm, page, project, redis, tools};

/// One step: it can be run alone by its name.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    tools: &'static [Tool],
    run: fn(&mut Bench) -> Outcome,
}

/// In order: what is quick to fail comes first, what needs the built tools later.
#[rustfmt::skip]
pub(crate) const STEPS: &[Step] = &[
    Step { name: "check", about: "`cargo xtask check`", tools: &[], run: |_| check::run(&[]) },
    Step { name: "rust", about: "unit, case and doc tests of every crate", tools: &[], run: rust },
    Step { name: "doc", about: "the documentation, warnings denied", tools: &[], run: |_| doc() },
    Step { name: "npm", about: "`cargo xtask npm`", tools: &[WASM_BINDGEN], run: |bench| npm::build(&mut bench.tools).map(drop) },
    Step { name: "package", about: "the npm package's own tests, the installed tarball's among them", tools: &[], run: package },
    Step { name: "everywhere", about: "the tarball in Bun, Deno, workerd and browsers, through bundlers, before publint and others", tools: &[GECKODRIVER], run: everywhere },
    Step { name: "node", about: "the case files in Node", tools: &[], run: cases_in_node },
    Step { name: "wasm", about: "wasm-bindgen tests in Chromium and Firefox", tools: &WASM_TEST_TOOLS, run: wasm },
    Step { name: "page", about: "`cargo xtask page`", tools: &page::TOOLS, run: |bench| page::build(&mut bench.tools) },
    Step { name: "browser", about: "the page, driven in Chromium", tools: &[], run: browser },
    Step { name: "real", about: "predictions beside a real API server, a kubelet and Vault's auth methods; needs Go, and root for etcd and mounts", tools: &[KUBE_APISERVER, KUBELET, VAULT_LOGINS], run: real },
];

const WASM_TEST_TOOLS: [Tool; 3] = [WASM_PACK, WASM_BINDGEN, GECKODRIVER];

/// What the steps share.
pub(crate) struct Bench {
    tools: Tools,
    tally: Tally,
    /// Why there can be no real API server here, if so.
    no_cluster: Option<String>,
    /// Why no pod can be run on a real kubelet here, if so.
    no_kubelet: Option<String>,
}

pub(crate) fn run(words: &[String]) -> Outcome {
    let chosen = chosen(words)?;
    node::ready()?;
    tools::wasm_target()?;
    let mut needed: Vec<Tool> = chosen.iter().flat_map(|step| step.tools).copied().collect();
    let no_cluster = cluster::missing()?;
    let no_kubelet = cluster::no_kubelet()?;
    if no_cluster.is_some() {
        needed.retain(|tool| ![KUBE_APISERVER, VAULT_LOGINS].contains(tool));
    }
    if no_cluster.is_some() || no_kubelet.is_some() {
        needed.retain(|tool| *tool != KUBELET);
    }
    let tools = Tools::start(&needed)?;
    let mut bench = Bench { tools, tally: Tally::default(), no_cluster, no_kubelet };
    let mut steps = Steps::default();
    let result = chosen.iter().try_for_each(|step| {
        let rerun = format!("cargo xtask test {}", step.name);
        steps
            .run(step.name, || (step.run)(&mut bench))
            .inspect_err(|_| eprintln!("== again: {rerun}"))
    });
    if result.is_err() && bench.tally.failed == 0 {
        // A step that failed without a runner's word is one failure: the closing line must not look green.
        bench.tally.failed = 1;
    }
    println!("\ntest: {}\n\n{}", steps.table(), bench.tally);
    result
}

fn chosen(words: &[String]) -> Outcome<Vec<&'static Step>> {
    if words.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find = |word: &String| {
        let step = STEPS.iter().find(|step| step.name == word);
        step.ok_or_else(|| {
            Failure::new(format!("`{word}` is no step of test")).by_hand("cargo xtask help")
        })
    };
    words.iter().map(find).collect()
}

impl Bench {
    /// Runs tests and counts them by what their runner prints.
    fn counted(&mut self, call: Call, read: fn(&str) -> Tally) -> Outcome<Tally> {
        let by_hand = call.by_hand();
        let mut tally = Tally::default();
        let result = call.relay(|line| tally += read(line));
        self.tally += tally;
        result?;
        match tally {
            Tally { failed: 0, passed: 1.. } => Ok(tally),
            // A runner that finds nothing ends well.
            none => {
                Err(Failure::new(format!("expected tests that pass, found {none}"))
                    .by_hand(by_hand))
            }
        }
    }

    /// `node --test` over the test files of a folder; `dir` is where it is run from.
    fn node(&mut self, tests: &str, dir: PathBuf, envs: &[(&str, PathBuf)]) -> Outcome {
        // The files are named: the oldest Node supported does not expand patterns itself.
        let call = Call::new("node")
            .args(["--test", "--test-reporter=spec"])
            .args(node::test_files(tests)?)
            .dir(dir);
        let call = envs.iter().fold(call, |call, (name, value)| call.env(name, value));
        self.counted(call, Tally::of_node).map(drop)
    }
}

fn rust(bench: &mut Bench) -> Outcome {
    let call = Call::cargo().args(["test", "--workspace", "--no-fail-fast"]);
    bench.counted(call, Tally::of_libtest).map(drop)
}

fn doc() -> Outcome {
    Call::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").run()
}

fn package(bench: &mut Bench) -> Outcome {
    let tarball = npm::tarball()?;
    let envs = [("PODPASS_TARBALL", tarball), ("PODPASS_REDIS", redis::ready()?)];
    bench.node("crates/wasm/npm/test", project::npm(), &envs)
}

/// What the package claims to run in is tried, from the tarball, installed where nothing else is.
fn everywhere(bench: &mut Bench) -> Outcome {
    let tarball = npm::tarball()?;
    let Browsers { chromium, firefox } = browsers::ready()?;
    let dir = project::npm().join("everywhere");
    node::packages(&dir)?;
    let drivers = bench.tools.ready(&[GECKODRIVER])?;
    let mut envs = vec![
        ("PODPASS_TARBALL", tarball),
        ("PODPASS_CHROMIUM", chromium),
        ("PODPASS_FIREFOX", firefox),
    ];
    envs.extend(drivers.iter().map(|dir| ("PODPASS_GECKODRIVER", dir.join("geckodriver"))));
    bench.node("crates/wasm/npm/everywhere", dir, &envs)
}

fn cases_in_node(bench: &mut Bench) -> Outcome {
    let tests = project::root().join("tests");
    node::packages(&tests)?;
    bench.node("tests/node", tests, &[])
}

/// The same tests in both browsers: as many in the one as in the other, and not none.
fn wasm(bench: &mut Bench) -> Outcome {
    tools::same_wasm_bindgen()?;
    browsers::ready()?;
    let dirs = bench.tools.ready(&WASM_TEST_TOOLS)?;
    let mut test = |browser: &str| {
        // `no-install`: what is on PATH is used, nothing is downloaded.
        let call = Call::new("wasm-pack").tools_from(&dirs).args(["test", "--headless", browser]);
        let call = call.args(["--mode", "no-install"]).dir(project::root().join("crates/wasm"));
        bench.counted(call, Tally::of_libtest)
    };
    let (chromium, firefox) = (test("--chrome")?, test("--firefox")?);
    if chromium == firefox {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the same tests in both browsers: Chromium says {chromium}, Firefox says {firefox}"
    )))
}

fn browser(bench: &mut Bench) -> Outcome {
    let Browsers { chromium, firefox } = browsers::ready()?;
    let tests = project::root().join("tests");
    node::packages(&tests)?;
    bench.node("tests/page", tests, &[("PODPASS_CHROMIUM", chromium), ("PODPASS_FIREFOX", firefox)])
}

/// The API server and Vault's auth methods, built meanwhile, beside the package that step `npm` has built.
fn real(bench: &mut Bench) -> Outcome {
    if let Some(missing) = &bench.no_cluster {
        println!("   left out: nothing was compared with a real API server, because {missing}");
        return Ok(());
    }
    if let Some(missing) = &bench.no_kubelet {
        println!("   left out: no pod was run on a real kubelet, because {missing}");
    }
    let programs = Programs::ready(&mut bench.tools)?;
    let dirs = bench.tools.ready(&[VAULT_LOGINS])?;
    let vault = dirs.into_iter().next().unwrap_or_default().join(VAULT_LOGINS.name);
    let mut envs = programs.envs();
    envs.push(("PODPASS_VAULT", vault));
    bench.node("tests/real", project::real(), &envs)
}
