//! The gate for CI: instruction counts of cardhost against `benches/baseline.json`, 5 % more allowed.
//!
//! Exits 1 when a count grew beyond that or exceeds what must hold. Bare reqwest is counted beside it, not judged: if
//! it moved too, the toolchain or a library did it. `--accept` writes the counts as the new baseline. Without
//! valgrind it says so and exits 0.
#![allow(clippy::print_stdout, reason = "the table on stdout is what this program is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use cardhost_benches::measure::Job;
use cardhost_benches::report::{Table, ratio};
use cardhost_benches::server::ServerProcess;
use cardhost_benches::targets::{
    COLD_HTTPS_INSTRUCTIONS, COLD_INSTRUCTIONS, STORED_CALL, WARM_INSTRUCTIONS,
};
use cardhost_benches::workload::{Cards, Scheme, Token, Workload};
use cardhost_benches::{Result, callgrind, programs};

const ALLOWED_GROWTH: f64 = 1.05;
const RUNS: usize = 3;
const FEW: usize = 200;
const MANY: usize = 600;

/// One counted figure; `must` is absent for what is only shown.
struct Count {
    name: &'static str,
    instructions: u64,
    must: Option<f64>,
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
            counts.iter().map(|count| (count.name.to_owned(), count.instructions)).collect();
        std::fs::write(baseline_file(), serde_json::to_string_pretty(&baseline)? + "\n")?;
        println!("wrote benches/baseline.json");
    }
    let baseline = read_baseline()?;
    let mut table = Table::new(
        "Instructions",
        &["what", "counted", "baseline", "counted / baseline", "must be at most", "verdict"],
    );
    let mut passed = true;
    for count in &counts {
        let before = baseline.get(count.name).copied();
        let verdict = count.verdict(before);
        passed &= verdict.is_ok();
        table.row([
            count.name.to_owned(),
            count.instructions.to_string(),
            before.map(|before| before.to_string()).unwrap_or_default(),
            before
                .map(|before| format!("{:.3}", ratio(count.instructions, before)))
                .unwrap_or_default(),
            count.must.map(|must| format!("{must}")).unwrap_or_default(),
            verdict.unwrap_or_else(|fault| fault).to_owned(),
        ]);
    }
    println!("{table}");
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn count(work: &Workload) -> Result<Vec<Count>> {
    let warm = |few: &Job, many: &Job| {
        callgrind::instructions_a_call((few, FEW as u64), (many, MANY as u64), RUNS)
    };
    let cold = |scheme| callgrind::instructions(&work.cardhost_once(scheme, Cards::Embedded), RUNS);
    let token = |token| -> Result<u64> {
        let (few, many) = (work.token_calls(token, FEW)?, work.token_calls(token, MANY)?);
        warm(&few, &many)
    };
    let inline = token(Token::Inline)?;
    Ok(vec![
        Count { name: "cardhost: one more call, inline bearer", instructions: inline, must: None },
        Count {
            name: "cardhost: one more call, stored OAuth 2",
            instructions: token(Token::Stored)?,
            must: STORED_CALL.must.map(|times| times * inline as f64),
        },
        Count {
            name: "cardhost: one call per process, http",
            instructions: cold(Scheme::Http)?,
            must: COLD_INSTRUCTIONS.must.map(|millions| millions * 1e6),
        },
        Count {
            name: "cardhost: one call per process, https",
            instructions: cold(Scheme::Https)?,
            must: COLD_HTTPS_INSTRUCTIONS.must.map(|millions| millions * 1e6),
        },
        Count {
            name: "cardhost: one more call",
            instructions: warm(&work.cardhost_stream(FEW, 1)?, &work.cardhost_stream(MANY, 1)?)?,
            must: WARM_INSTRUCTIONS.must.map(|thousands| thousands * 1e3),
        },
        Count {
            name: "bare reqwest: one call per process, http",
            instructions: callgrind::instructions(&work.reqwest_once(Scheme::Http), RUNS)?,
            must: None,
        },
        Count {
            name: "bare reqwest: one call per process, https",
            instructions: callgrind::instructions(&work.reqwest_once(Scheme::Https), RUNS)?,
            must: None,
        },
        Count {
            name: "bare reqwest: one more call",
            instructions: warm(&work.reqwest_many(FEW, 1), &work.reqwest_many(MANY, 1))?,
            must: None,
        },
    ])
}

impl Count {
    /// What is to be said of it: as an error, if the gate stays shut.
    fn verdict(&self, before: Option<u64>) -> std::result::Result<&'static str, &'static str> {
        let Some(must) = self.must else {
            return Ok("for comparison");
        };
        let growth = before.map(|before| ratio(self.instructions, before));
        if ratio(self.instructions, 1) > must {
            return Err("EXCEEDS what must hold");
        }
        match growth {
            None => Ok("no baseline: run with --accept"),
            Some(growth) if growth > ALLOWED_GROWTH => Err("GREW by more than 5 %"),
            Some(growth) if growth < 1.0 / ALLOWED_GROWTH => Ok("better: keep it with --accept"),
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
        let count = |instructions, must| Count { name: "", instructions, must };
        assert_eq!(count(1050, Some(2000.0)).verdict(Some(1000)), Ok("ok"));
        assert_eq!(count(1051, Some(2000.0)).verdict(Some(1000)), Err("GREW by more than 5 %"));
        assert_eq!(count(2001, Some(2000.0)).verdict(Some(2000)), Err("EXCEEDS what must hold"));
        assert_eq!(count(2001, Some(2000.0)).verdict(None), Err("EXCEEDS what must hold"));
        assert_eq!(
            count(900, Some(2000.0)).verdict(Some(1000)),
            Ok("better: keep it with --accept")
        );
        assert_eq!(count(9000, None).verdict(Some(1000)), Ok("for comparison"));
    }
}
