//! Instructions of one run of one job, counted by valgrind's callgrind: the figure that holds on a busy machine. The
//! whole process is counted; the service that it calls is another process.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::Result;
use crate::folder::Folder;
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

/// Takes measures side by side, one on each core: a count of instructions hardly depends on what runs beside it.
///
/// # Errors
/// A measure fails.
pub fn side_by_side<M: Sync, const N: usize>(
    measures: &[M; N],
    take: fn(&M) -> Result<u64>,
) -> Result<[u64; N]> {
    let next = AtomicUsize::new(0);
    let worker = || -> std::result::Result<Vec<(usize, u64)>, String> {
        let mut taken = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(measure) = measures.get(at) else { return Ok(taken) };
            taken.push((at, take(measure).map_err(|error| error.to_string())?));
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let taken: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join()).collect()
    });
    let mut counts = [0; N];
    for taken in taken {
        for (at, count) in taken.map_err(|_| "a measure panicked")?? {
            counts[at] = count;
        }
    }
    Ok(counts)
}

fn count(job: &Job) -> Result<u64> {
    let folder = Folder::new()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_side_by_side_keep_their_order() {
        let measures: [u64; 40] = std::array::from_fn(|at| at as u64);
        let counts = side_by_side(&measures, |measure| Ok(measure * 2)).unwrap();
        assert_eq!(counts, measures.map(|measure| measure * 2));
        let error = side_by_side(&measures, |measure| match measure {
            7 => Err("the seventh".into()),
            _ => Ok(0),
        });
        assert_eq!(error.unwrap_err().to_string(), "the seventh");
    }
}
