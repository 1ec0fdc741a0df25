//! The gate for CI: what cardhost costs against `benches/baseline.json`: instructions and the binary's size, 5 % more
//! allowed; peak memory, 10 % more allowed, since the kernel maps a file around what is touched of it as it likes.
//!
//! Exits 1 when a figure grew beyond that or exceeds what must hold; one that the baseline misses already may not grow.
//! Bare reqwest is counted beside it, not judged: if it moved too, the toolchain or a library did it. `--accept` writes the figures as the
//! new baseline. Without valgrind it says so and exits 0.
#![allow(clippy::print_stdout, reason = "the table on stdout is what this program is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use cardhost_benches::measure::Job;
use cardhost_benches::report::{Table, median, ratio};
use cardhost_benches::server::ServerProcess;
use cardhost_benches::targets::{
    BINARY_SIZE, COLD_HTTPS_INSTRUCTIONS, COLD_HTTPS_MEMORY, COLD_INSTRUCTIONS, COLD_MEMORY,
    FIELD_INSTRUCTIONS, SMALL_INSTRUCTIONS, STORED_CALL, Target, WARM_INSTRUCTIONS,
};
use cardhost_benches::workload::{Cards, Scheme, Token, Workload};
use cardhost_benches::{Result, binary, callgrind, programs};

const ALLOWED_GROWTH: f64 = 1.05;
const ALLOWED_GROWTH_OF_MEMORY: f64 = 1.10;
const RUNS: usize = 3;
const RUNS_FOR_MEMORY: usize = 9;
const FEW: usize = 200;
const MANY: usize = 600;

/// One figure; `must` is absent for what is only shown.
struct Count {
    name: &'static str,
    counted: u64,
    must: Option<f64>,
    allowed_growth: f64,
    /// How far beyond what must hold a single measurement may lie.
    slack: f64,
}

type Baseline = BTreeMap<String, u64>;

fn main() -> Result<ExitCode> {
    let accept = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--accept") => true,
        Some(_) => return Err("usage: gate [--accept]".into()),
    };
    if !callgrind::is_installed() {
        println!("skipped: valgrind is not on the PATH, so no instruction was counted");
        return Ok(ExitCode::SUCCESS);
    }
    programs::own_programs()?;
    let server = ServerProcess::start(&programs::sibling("bench-server")?)?;
    let counts = count(&Workload::prepare(&server, programs::cardhost()?)?)?;
    if accept {
        let baseline: Baseline =
            counts.iter().map(|count| (count.name.to_owned(), count.counted)).collect();
        std::fs::write(baseline_file(), serde_json::to_string_pretty(&baseline)? + "\n")?;
        println!("wrote benches/baseline.json");
    }
    let baseline = read_baseline()?;
    let mut table = Table::new(
        "Instructions, KiB of memory and of binary",
        &["what", "counted", "baseline", "counted / baseline", "must be at most", "verdict"],
    );
    let mut passed = true;
    for count in &counts {
        let before = baseline.get(count.name).copied();
        let verdict = count.verdict(before);
        passed &= verdict.is_ok();
        table.row([
            count.name.to_owned(),
            count.counted.to_string(),
            before.map(|before| before.to_string()).unwrap_or_default(),
            before.map(|before| format!("{:.3}", ratio(count.counted, before))).unwrap_or_default(),
            count.must.map(|must| format!("{must}")).unwrap_or_default(),
            verdict.unwrap_or_else(|fault| fault).to_owned(),
        ]);
    }
    println!("{table}");
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn count(work: &Workload) -> Result<Vec<Count>> {
    let once = |scheme| work.cardhost_once(scheme, Cards::Embedded);
    let warm = |few: Job, many: Job| Measure::OneMore { few, many };
    let token = |token| -> Result<Measure> {
        Ok(warm(work.token_calls(token, FEW)?, work.token_calls(token, MANY)?))
    };
    let measures = [
        token(Token::Inline)?,
        token(Token::Stored)?,
        warm(work.cardhost_stream(FEW, 1)?, work.cardhost_stream(MANY, 1)?),
        warm(work.field_calls(FEW, 1)?, work.field_calls(MANY, 1)?),
        warm(work.reqwest_many(FEW, 1), work.reqwest_many(MANY, 1)),
        Measure::Whole(once(Scheme::Https)),
        Measure::Whole(work.reqwest_once(Scheme::Https)),
        Measure::Whole(once(Scheme::Http)),
        Measure::Whole(work.small_once()?),
        Measure::Whole(work.reqwest_once(Scheme::Http)),
    ];
    let [inline, stored, more, field, bare_more, https, bare_https, http, small, bare_http] =
        callgrind::side_by_side(&measures, Measure::count)?;
    Ok(vec![
        Count::shown("cardhost: one more call, inline bearer", inline),
        Count {
            must: STORED_CALL.must.map(|times| times * inline as f64),
            ..Count::shown("cardhost: one more call, stored OAuth 2", stored)
        },
        Count::judged("cardhost: one call per process, http", http, (COLD_INSTRUCTIONS, 1e6)),
        Count::judged(
            "cardhost: one call per process, http, small card",
            small,
            (SMALL_INSTRUCTIONS, 1e6),
        ),
        Count::judged(
            "cardhost: one call per process, https",
            https,
            (COLD_HTTPS_INSTRUCTIONS, 1e6),
        ),
        Count::judged("cardhost: one more call", more, (WARM_INSTRUCTIONS, 1e3)),
        Count::judged(
            "cardhost: one more call, a field read from the body",
            field,
            (FIELD_INSTRUCTIONS, 1e3),
        ),
        Count::memory(
            "cardhost: one call per process, http, peak KiB",
            &once(Scheme::Http),
            COLD_MEMORY,
        )?,
        Count::memory(
            "cardhost: one call per process, https, peak KiB",
            &once(Scheme::Https),
            COLD_HTTPS_MEMORY,
        )?,
        Count::judged(
            "cardhost: text and data of the binary, KiB",
            binary::loaded_bytes(work.cardhost())? / 1024,
            (BINARY_SIZE, 1024.0),
        ),
        Count::shown("bare reqwest: one call per process, http", bare_http),
        Count::shown("bare reqwest: one call per process, https", bare_https),
        Count::shown("bare reqwest: one more call", bare_more),
    ])
}

/// What callgrind counts.
enum Measure {
    /// A job from its start to its end.
    Whole(Job),
    /// One more call in a running process.
    OneMore { few: Job, many: Job },
}

impl Measure {
    fn count(&self) -> Result<u64> {
        match self {
            Self::Whole(job) => callgrind::instructions(job, RUNS),
            Self::OneMore { few, many } => {
                callgrind::instructions_a_call((few, FEW as u64), (many, MANY as u64), RUNS)
            }
        }
    }
}

impl Count {
    fn shown(name: &'static str, counted: u64) -> Self {
        Self { name, counted, must: None, allowed_growth: ALLOWED_GROWTH, slack: 1.0 }
    }

    /// A figure that is held against a target, which is in units of so many.
    fn judged(name: &'static str, counted: u64, (target, unit): (Target, f64)) -> Self {
        Self { must: target.must.map(|must| must * unit), ..Self::shown(name, counted) }
    }

    /// The most memory of a job, the median of some runs, against a target in MiB.
    fn memory(name: &'static str, job: &Job, target: Target) -> Result<Self> {
        let runs = (0..RUNS_FOR_MEMORY).map(|_| Ok(job.measure()?.peak_rss_kib));
        let peak = median(runs.collect::<Result<_>>()?);
        let judged = Self::judged(name, peak, (target, 1024.0));
        Ok(Self {
            allowed_growth: ALLOWED_GROWTH_OF_MEMORY,
            slack: ALLOWED_GROWTH_OF_MEMORY,
            ..judged
        })
    }

    /// What is to be said of it: as an error, if the gate stays shut.
    fn verdict(&self, before: Option<u64>) -> std::result::Result<&'static str, &'static str> {
        let Some(must) = self.must else {
            return Ok("for comparison");
        };
        let growth = before.map(|before| ratio(self.counted, before));
        let exceeds = |figure: u64| ratio(figure, 1) > must * self.slack;
        // What is not reached yet may not get worse.
        let known = before.is_some_and(exceeds);
        if exceeds(self.counted) && !known {
            return Err("EXCEEDS what must hold");
        }
        match growth {
            None => Ok("no baseline: run with --accept"),
            Some(growth) if growth > self.allowed_growth => Err("GREW by more than is allowed"),
            Some(growth) if growth < 1.0 / self.allowed_growth => {
                Ok("better: keep it with --accept")
            }
            Some(_) if exceeds(self.counted) => Ok("MISSES what must hold, as the baseline does"),
            Some(_) => Ok("ok"),
        }
    }
}

fn baseline_file() -> PathBuf {
    programs::root().join("benches/baseline.json")
}

fn read_baseline() -> Result<Baseline> {
    match std::fs::read(baseline_file()) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Baseline::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_shuts_on_growth_and_on_what_must_hold() {
        let count = |counted, must| Count { must, ..Count::shown("", counted) };
        assert_eq!(count(1050, Some(2000.0)).verdict(Some(1000)), Ok("ok"));
        assert_eq!(
            count(1051, Some(2000.0)).verdict(Some(1000)),
            Err("GREW by more than is allowed")
        );
        assert_eq!(count(2001, Some(2000.0)).verdict(Some(2000)), Err("EXCEEDS what must hold"));
        assert_eq!(
            count(2100, Some(2000.0)).verdict(Some(2050)),
            Ok("MISSES what must hold, as the baseline does")
        );
        assert_eq!(
            count(2200, Some(2000.0)).verdict(Some(2050)),
            Err("GREW by more than is allowed")
        );
        assert_eq!(count(2001, Some(2000.0)).verdict(None), Err("EXCEEDS what must hold"));
        assert_eq!(
            count(900, Some(2000.0)).verdict(Some(1000)),
            Ok("better: keep it with --accept")
        );
        let memory =
            Count { allowed_growth: ALLOWED_GROWTH_OF_MEMORY, ..count(1100, Some(2000.0)) };
        assert_eq!(memory.verdict(Some(1000)), Ok("ok"));
        assert_eq!(count(9000, None).verdict(Some(1000)), Ok("for comparison"));
    }
}
