//! Runs other programs, and names the command to run by hand when one fails.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Failure, Outcome, While};
use crate::project;

/// One call of a program: nothing is asked of the terminal, the folder is the project's unless said otherwise.
#[derive(Debug)]
pub(crate) struct Call {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    tool_dirs: Vec<PathBuf>,
    dir: PathBuf,
}

impl Call {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            envs: Vec::new(),
            tool_dirs: Vec::new(),
            dir: project::root(),
        }
    }

    pub(crate) fn cargo() -> Self {
        Self::new("cargo")
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Folders that come first on PATH, so that the pinned tools are found before any others.
    pub(crate) fn tools_from(mut self, dirs: &[PathBuf]) -> Self {
        self.tool_dirs.extend_from_slice(dirs);
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = dir.as_ref().to_owned();
        self
    }

    /// The call as a line for a shell, from the root of the project.
    pub(crate) fn by_hand(&self) -> String {
        let mut line = String::new();
        let root = project::root();
        if self.dir != root {
            let dir = self.dir.strip_prefix(&root).unwrap_or(&self.dir);
            line.push_str(&format!("cd {} && ", quoted(dir.as_os_str())));
        }
        if !self.tool_dirs.is_empty() {
            let dirs: Vec<_> = self.tool_dirs.iter().map(|dir| quoted(dir.as_os_str())).collect();
            line.push_str(&format!("PATH={}:$PATH ", dirs.join(":")));
        }
        for (name, value) in &self.envs {
            line.push_str(&format!("{}={} ", name.to_string_lossy(), quoted(value)));
        }
        let words: Vec<_> =
            std::iter::once(&self.program).chain(&self.args).map(|word| quoted(word)).collect();
        line.push_str(&words.join(" "));
        line
    }

    /// Runs the call; what it prints is shown.
    pub(crate) fn run(self) -> Outcome {
        let status = self.command()?.status();
        self.judged(status)
    }

    /// Runs the call and gives what it printed; what it complains of is shown.
    pub(crate) fn read(self) -> Outcome<String> {
        let output = self.command()?.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| self.not_started(&error))?;
        self.judged(Ok(output.status))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs the call, shows each line that it prints and hands it on.
    pub(crate) fn relay(self, mut each: impl FnMut(&str)) -> Outcome {
        let mut child = self
            .command()?
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line
                    .while_doing(|| format!("reading from {}", self.program.to_string_lossy()))?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                each(&line);
            }
        }
        self.judged(child.wait())
    }

    /// The call, ready to be started by someone who keeps the child.
    pub(crate) fn command(&self) -> Outcome<Command> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.dir).stdin(Stdio::null());
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        if !self.tool_dirs.is_empty() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let dirs = self.tool_dirs.iter().cloned().chain(std::env::split_paths(&path));
            let path =
                std::env::join_paths(dirs).while_doing(|| "putting the tools on PATH".into())?;
            command.env("PATH", path);
        }
        Ok(command)
    }

    pub(crate) fn not_started(&self, error: &std::io::Error) -> Failure {
        let program = self.program.to_string_lossy();
        Failure::new(format!("`{program}` could not be started: {error}")).by_hand(self.by_hand())
    }

    fn judged(&self, status: std::io::Result<ExitStatus>) -> Outcome {
        let status = status.map_err(|error| self.not_started(&error))?;
        if status.success() {
            return Ok(());
        }
        let program = self.program.to_string_lossy();
        Err(Failure::new(format!("`{program}` ended with {status}")).by_hand(self.by_hand()))
    }
}

/// The first program of a name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::Call;
    use crate::project;

    #[test]
    fn a_failure_names_a_line_that_a_shell_takes() {
        let call =
            Call::new("npm").args(["run", "build now"]).dir(project::npm()).env("CI", "true");
        assert_eq!(call.by_hand(), "cd crates/wasm/npm && CI=true npm run 'build now'");
        assert_eq!(Call::cargo().arg("it's").by_hand(), r"cargo 'it'\''s'");
    }

    #[test]
    fn a_failing_program_is_told_with_its_status() {
        let failure = Call::new("false").run().unwrap_err().to_string();
        assert!(failure.contains("`false` ended with exit status: 1"), "{failure}");
    }
}
