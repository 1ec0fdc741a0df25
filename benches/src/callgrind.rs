//! Instructions of one run of one job, counted by valgrind's callgrind: the figure that holds on a busy machine. The
//! whole process is counted; the service that it calls is another process.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Result;
use crate::measure::Job;
use crate::report::median;

/// Whether valgrind is on the `PATH`.
#[must_use]
pub fn is_installed() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Instructions that one run of the job takes, from its start to its end: the median of `runs`.
///
/// # Errors
/// The job fails, or callgrind leaves no count.
pub fn instructions(job: &Job, runs: usize) -> Result<u64> {
    let counts: Result<Vec<u64>> = (0..runs).map(|_| count(job)).collect();
    Ok(median(counts?))
}

/// Instructions that one more call costs in a running process: the slope between a job with `few` and with `many`.
///
/// # Errors
/// As for [`instructions`].
pub fn instructions_a_call(few: (&Job, u64), many: (&Job, u64), runs: usize) -> Result<u64> {
    let more = instructions(many.0, runs)?.saturating_sub(instructions(few.0, runs)?);
    Ok(more / (many.1 - few.1))
}

fn count(job: &Job) -> Result<u64> {
    let folder = TempDir::new()?;
    let out = folder.path().join("callgrind.out");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--cache-sim=no", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(&job.program).args(&job.arguments);
    job.run(command, folder.path())?;
    read_count(&out)
}

fn read_count(out: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(out)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    let total = total.ok_or("callgrind wrote no total")?;
    Ok(total.trim().parse()?)
}
