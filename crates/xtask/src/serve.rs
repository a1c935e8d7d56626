//! `cargo xtask serve`: builds the page, serves it on the loopback address, rebuilds when a source changes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome, While};
use crate::kept::Kept;
use crate::page;
use crate::tools::{self, Tools};

const SOURCES: [&str; 3] = ["index.html", "web", "crates/core"];

const DEFAULT_PORT: u16 = 8080;

/// What may follow `serve`.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: u16,
    release: bool,
}

pub(crate) fn run(words: &[String]) -> Outcome {
    let options = Options::parse(words)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    free(address)?;
    tools::wasm_target()?;
    tools::same_wasm_bindgen()?;
    let mut tools = Tools::start(&page::TOOLS)?;
    println!("   building the page; the first build takes some minutes");
    page::compile(options.release)?;
    let dirs = tools.ready(&page::TOOLS)?;
    let call = page::trunk(&dirs, "serve").args(["--address", "127.0.0.1", "--no-autoreload=true"]);
    // A folder of its own: dist is for the release build, and another `serve` may run on another port.
    let call = call.arg("--dist").arg(format!("target/serve-{}", options.port));
    let call = call.arg("--port").arg(options.port.to_string());
    let call =
        call.arg(format!("--release={}", options.release)).arg("--disable-address-lookup=true");
    // What the page is made of: tests, tools and target folders change without it.
    let call = SOURCES.iter().fold(call, |call, source| call.arg("--watch").arg(source));
    let trunk = Kept::start(&mut call.command()?).map_err(|error| call.not_started(&error))?;
    watch(&trunk, address)
}

impl Options {
    fn parse(words: &[String]) -> Outcome<Self> {
        let usage = || "cargo xtask serve [--port N] [--release]";
        let mut options = Self { port: DEFAULT_PORT, release: false };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--release" => options.release = true,
                "--port" => {
                    let port = words.next().unwrap_or_default();
                    let failure = || {
                        Failure::new(format!("--port takes a number up to 65535, found `{port}`"))
                    };
                    options.port = port.parse().map_err(|_| failure().by_hand(usage()))?;
                }
                other => {
                    return Err(Failure::new(format!("serve knows no `{other}`")).by_hand(usage()));
                }
            }
        }
        Ok(options)
    }
}

/// Fails before minutes of building, not after.
fn free(address: SocketAddr) -> Outcome {
    let port = address.port();
    let next = port.checked_add(1).unwrap_or(DEFAULT_PORT);
    TcpListener::bind(address).map(drop).map_err(|error| {
        Failure::new(format!("port {port} cannot be used: {error}"))
            .by_hand(format!("cargo xtask serve --port {next}"))
    })
}

/// Tells the address once the page answers there, then waits for the end.
fn watch(trunk: &Kept, address: SocketAddr) -> Outcome {
    let started = Stopwatch::start();
    let mut answered = false;
    loop {
        if let Some(status) = trunk.ended().while_doing(|| "waiting for Trunk".into())? {
            return Err(Failure::new(format!("trunk ended with {status}")));
        }
        if !answered && answers(address) {
            answered = true;
            println!("\npodpass answers at http://{address}/ after {started}; Ctrl-C ends it");
        }
        thread::sleep(Duration::from_millis(300));
    }
}

/// Whether a GET of the root gives a page.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains("<html"))
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_PORT, Options};

    #[test]
    fn options_are_read_and_strangers_refused() {
        let parse = |words: &[&str]| {
            Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parse(&[]).unwrap(), Options { port: DEFAULT_PORT, release: false });
        assert_eq!(
            parse(&["--release", "--port", "9000"]).unwrap(),
            Options { port: 9000, release: true }
        );
        for wrong in [&["--port"][..], &["--port", "70000"], &["--open"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
