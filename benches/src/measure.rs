//! One run of one job: what it printed and what it cost. Time depends on the machine and its mood; comparing programs
//! means running them in turns, which is left to the caller. Instructions are counted in [`crate::callgrind`].

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wait4::Wait4 as _;

use crate::Result;
use crate::folder::Folder;
use crate::programs::sibling;

/// A program with its arguments and its stdin, ready to be run any number of times.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program's path, or its name on the `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The file that is its stdin; empty by default.
    pub stdin: Option<PathBuf>,
    /// Whether its output is the right one: an error text if not.
    pub check: Check,
}

/// What the output of a job must look like.
#[derive(Debug, Clone)]
pub enum Check {
    /// This text occurs so many times.
    Contains(String, usize),
    /// It is so many bytes long.
    Length(usize),
}

/// What one run cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Usage {
    /// User and system CPU time, in microseconds.
    pub cpu_us: u64,
    /// From start to end, in microseconds.
    pub wall_us: u64,
    /// The most memory that was resident at once, in KiB.
    pub peak_rss_kib: u64,
}

impl Job {
    /// A job without stdin.
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
        check: Check,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments, stdin: None, check }
    }

    /// The same job with a file as stdin.
    #[must_use]
    pub fn with_stdin(mut self, stdin: &Path) -> Self {
        self.stdin = Some(stdin.to_owned());
        self
    }

    /// Runs the job once and returns what it cost.
    ///
    /// # Errors
    /// It could not be started, failed, or printed something else than expected: the text says which.
    pub fn measure(&self) -> Result<Usage> {
        let folder = Folder::new()?;
        let usage_file = folder.path().join("usage.json");
        let mut command = Command::new(sibling("measured")?);
        command.arg(&usage_file).arg(&self.program).args(&self.arguments);
        self.run(command, folder.path())?;
        Ok(serde_json::from_slice(&std::fs::read(usage_file)?)?)
    }

    /// Runs a command that does this job in some wrapping, in a bare environment, and checks its output.
    ///
    /// # Errors
    /// As for [`Job::measure`].
    pub(crate) fn run(&self, mut command: Command, folder: &Path) -> Result<()> {
        let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
        // No proxy, no configuration of the person who runs it, and an environment of always the same size.
        command
            .env_clear()
            .env("HOME", folder)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(match &self.stdin {
            Some(path) => Stdio::from(File::open(path)?),
            None => Stdio::null(),
        });
        command.stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let name = self.program.display();
        let status =
            command.status().map_err(|error| format!("{name} cannot be started: {error}"))?;
        if !status.success() {
            let stderr = std::fs::read(&stderr)?;
            return Err(format!("{name}: {status}: {}", first_line(&stderr)).into());
        }
        self.check
            .judge(&std::fs::read(&stdout)?)
            .map_err(|fault| format!("{name}: {fault}").into())
    }
}

impl Check {
    fn judge(&self, output: &[u8]) -> std::result::Result<(), String> {
        match self {
            Self::Contains(text, times) => {
                let found = String::from_utf8_lossy(output).matches(text.as_str()).count();
                if found == *times {
                    return Ok(());
                }
                Err(format!(
                    "`{text}` is {found} times in the output, not {times}: {}",
                    first_line(output)
                ))
            }
            Self::Length(bytes) if output.len() == *bytes => Ok(()),
            Self::Length(bytes) => Err(format!("printed {} bytes, not {bytes}", output.len())),
        }
    }
}

fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.lines().next() {
        Some(line) => line.chars().take(160).collect(),
        None => "(it printed nothing)".to_owned(),
    }
}

/// Runs a program as the only child this process ever has, and writes its [`Usage`] as JSON.
///
/// # Errors
/// The program could not be started, or the file not be written. A program that fails is no error: its exit code is
/// returned.
pub fn run_as_only_child(
    usage_file: &Path,
    program: &OsStr,
    arguments: impl Iterator<Item = OsString>,
) -> Result<ExitCode> {
    let start = Instant::now();
    let ended = Command::new(program).args(arguments).spawn()?.wait4()?;
    let wall = start.elapsed();
    let usage = Usage {
        cpu_us: microseconds(ended.rusage.utime + ended.rusage.stime),
        wall_us: microseconds(wall),
        peak_rss_kib: ended.rusage.maxrss / 1024,
    };
    std::fs::write(usage_file, serde_json::to_vec(&usage)?)?;
    let code = ended.status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
