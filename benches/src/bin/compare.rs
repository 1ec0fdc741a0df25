//! cardhost beside curl and bare reqwest, on the same call, in turns: `cargo run --profile release -p cardhost-benches
//! --bin compare [-- --write] [--quick]`. Prints Markdown; `--write` puts it into `docs/performance.md`.
//!
//! A program that is missing, or whose output is wrong, gets a row that says so; the others are measured all the same.
#![allow(clippy::print_stdout, reason = "the report on stdout is what this program is for")]
#![allow(clippy::print_stderr, reason = "progress, apart from the report")]

use cardhost_benches::measure::{Job, Usage};
use cardhost_benches::report::{
    Table, day_and_machine, median_usage, ratio, write_between_markers,
};
use cardhost_benches::server::{ServerProcess, Stats};
use cardhost_benches::targets::{self, Target};
use cardhost_benches::workload::{CROWD, Cards, Scheme, Token, Workload};
use cardhost_benches::{Result, callgrind, programs};

/// How often and how much.
struct Effort {
    cold_rounds: usize,
    warm_rounds: usize,
    calls: usize,
    many_calls: usize,
    callgrind_runs: usize,
}

const FULL: Effort = Effort {
    cold_rounds: 41,
    warm_rounds: 7,
    calls: 20_000,
    many_calls: 100_000,
    callgrind_runs: 3,
};
const QUICK: Effort =
    Effort { cold_rounds: 11, warm_rounds: 3, calls: 4_000, many_calls: 20_000, callgrind_runs: 1 };

/// The most calls at once.
const JOBS: usize = 32;
/// The slope of instructions is taken between these two numbers of calls.
const FEW: usize = 200;
const MANY: usize = 600;

/// One program in a table: its costs, or why there are none.
struct Row {
    name: &'static str,
    outcome: Outcome,
}

type Outcome = std::result::Result<Usage, String>;

/// A job by the name of its row; a job that could not even be prepared is the reason.
type Entry = (&'static str, std::result::Result<Job, String>);

/// The figures to hold against the targets, as far as there are any.
#[derive(Default)]
struct Verdicts(Vec<(Target, f64)>);

struct Bench {
    effort: Effort,
    server: ServerProcess,
    work: Workload,
    cardhost_fault: Option<String>,
    valgrind: bool,
    verdicts: Verdicts,
}

fn main() -> Result<()> {
    let (mut write, mut quick) = (false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--write" => write = true,
            "--quick" => quick = true,
            _ => return Err("usage: compare [--write] [--quick]".into()),
        }
    }
    let mut bench = Bench::prepare(if quick { QUICK } else { FULL })?;
    let report = bench.report()?;
    println!("{report}\n{}", bench.verdicts.unmet());
    if write {
        write_between_markers(&programs::root().join("docs/performance.md"), &report)?;
        eprintln!("wrote docs/performance.md");
    }
    Ok(())
}

impl Bench {
    fn prepare(effort: Effort) -> Result<Self> {
        programs::own_programs()?;
        let (cardhost, cardhost_fault) = match programs::cardhost() {
            Ok(path) => (path, None),
            Err(fault) => ("cardhost".into(), Some(fault.to_string())),
        };
        let server = ServerProcess::start(&programs::sibling("bench-server")?)?;
        let work = Workload::prepare(&server, cardhost)?;
        let valgrind = callgrind::is_installed();
        if !valgrind {
            eprintln!("skipped: valgrind is not on the PATH, so no instruction is counted");
        }
        Ok(Self { effort, server, work, cardhost_fault, valgrind, verdicts: Verdicts::default() })
    }

    fn report(&mut self) -> Result<String> {
        let cold = self.cold(
            "One call per process, http",
            Scheme::Http,
            [targets::COLD_INSTRUCTIONS, targets::COLD_MEMORY, targets::COLD_CPU],
        );
        let cold_https = self.cold(
            "One call per process, https",
            Scheme::Https,
            [targets::COLD_HTTPS_INSTRUCTIONS, targets::COLD_HTTPS_MEMORY, targets::COLD_HTTPS_CPU],
        );
        let warm = self.warm()?;
        let stored = self.stored();
        let crowded = self.crowded();
        let lasting = self.lasting();
        let verdicts = self.verdicts.table();
        Ok(format!(
            "Measured on {}. Medians; programs in turns, in a shuffled order each round.\n\n{verdicts}\n{cold}\n{cold_https}\n{warm}\n{stored}\n{crowded}\n{lasting}",
            day_and_machine()
        ))
    }

    /// A cardhost job, or why cardhost cannot be run at all.
    fn cardhost(&self, job: Result<Job>) -> std::result::Result<Job, String> {
        match &self.cardhost_fault {
            Some(fault) => Err(fault.clone()),
            None => job.map_err(|error| error.to_string()),
        }
    }

    fn cold(
        &mut self,
        heading: &'static str,
        scheme: Scheme,
        [instructions, memory, cpu]: [Target; 3],
    ) -> Table {
        eprintln!("{heading} …");
        let entries = vec![
            ("cardhost", self.cardhost(Ok(self.work.cardhost_once(scheme, Cards::Embedded)))),
            ("curl", Ok(self.work.curl_once(scheme))),
            ("bare reqwest", Ok(self.work.reqwest_once(scheme))),
        ];
        let rows = in_turns(&entries, self.effort.cold_rounds);
        let mut table = Table::new(
            heading,
            &["program", "M instructions", "CPU ms", "CPU × curl", "wall ms", "peak MiB"],
        );
        let curl = cost_of(&rows, "curl");
        for (row, (_, job)) in rows.iter().zip(&entries) {
            let Some(cost) = table.costs_or_reason(row) else {
                continue;
            };
            let count = self
                .count(|runs| callgrind::instructions(job.as_ref().map_err(Clone::clone)?, runs));
            let by_curl = curl.map(|curl| ratio(cost.cpu_us, curl.cpu_us));
            if row.name == "cardhost" {
                self.verdicts.note(instructions, count.map(millions));
                self.verdicts.note(memory, Some(mib(cost)));
                self.verdicts.note(cpu, by_curl);
            }
            table.row([
                row.name.to_owned(),
                cell(count.map(millions), 2),
                cell(Some(ms(cost.cpu_us)), 2),
                cell(by_curl, 2),
                cell(Some(ms(cost.wall_us)), 2),
                cell(Some(mib(cost)), 1),
            ]);
        }
        table
    }

    fn warm(&mut self) -> Result<Table> {
        eprintln!("many calls in one process …");
        let calls = self.effort.calls;
        let entries = |jobs| {
            vec![
                ("cardhost", self.cardhost(self.work.cardhost_stream(calls, jobs))),
                ("cardhost, a field read", self.cardhost(self.work.field_calls(calls, jobs))),
                ("curl, parses nothing", Ok(self.work.curl_many(calls, jobs))),
                ("bare reqwest", Ok(self.work.reqwest_many(calls, jobs))),
            ]
        };
        let (one, all) = (entries(1), entries(JOBS));
        let rows_one = in_turns(&one, self.effort.warm_rounds);
        let rows_all = in_turns(&all, self.effort.warm_rounds);
        let slopes = [
            (
                self.cardhost(self.work.cardhost_stream(FEW, 1)),
                self.cardhost(self.work.cardhost_stream(MANY, 1)),
            ),
            (
                self.cardhost(self.work.field_calls(FEW, 1)),
                self.cardhost(self.work.field_calls(MANY, 1)),
            ),
            (Ok(self.work.curl_many(FEW, 1)), Ok(self.work.curl_many(MANY, 1))),
            (Ok(self.work.reqwest_many(FEW, 1)), Ok(self.work.reqwest_many(MANY, 1))),
        ];
        let mut table = Table::new(
            "Many calls in one process",
            &[
                "program",
                "k instructions a call",
                "calls/s at 1",
                "CPU µs a call at 1",
                "calls/s at 32",
                "CPU µs a call at 32",
                "CPU × reqwest at 32",
                "calls/s × reqwest at 32",
                "peak MiB at 32",
                "connections opened, most at once, at 32",
            ],
        );
        let reqwest = cost_of(&rows_all, "bare reqwest");
        for (index, row) in rows_all.iter().enumerate() {
            let Some(cost) = table.costs_or_reason(row) else {
                continue;
            };
            let (few, many) = &slopes[index];
            let slope = self.count(|runs| {
                let (few, many) =
                    (few.as_ref().map_err(Clone::clone)?, many.as_ref().map_err(Clone::clone)?);
                callgrind::instructions_a_call((few, FEW as u64), (many, MANY as u64), runs)
            });
            let connections = self.connections(&all[index].1);
            let at_one = rows_one[index].outcome.as_ref().ok();
            let cpu_by_reqwest = reqwest.map(|reqwest| ratio(cost.cpu_us, reqwest.cpu_us));
            let speed_by_reqwest = reqwest.map(|reqwest| ratio(reqwest.wall_us, cost.wall_us));
            if row.name == "cardhost, a field read" {
                self.verdicts.note(targets::FIELD_INSTRUCTIONS, slope.map(thousands));
                self.verdicts.note(targets::FIELD_CPU, cpu_by_reqwest);
            }
            if row.name == "cardhost" {
                self.verdicts.note(targets::WARM_INSTRUCTIONS, slope.map(thousands));
                self.verdicts.note(targets::WARM_CPU, cpu_by_reqwest);
                self.verdicts.note(targets::WARM_THROUGHPUT, speed_by_reqwest);
            }
            table.row([
                row.name.to_owned(),
                cell(slope.map(thousands), 1),
                cell(at_one.map(|cost| per_second(calls, cost)), 0),
                cell(at_one.map(|cost| ratio(cost.cpu_us, calls as u64)), 1),
                cell(Some(per_second(calls, cost)), 0),
                cell(Some(ratio(cost.cpu_us, calls as u64)), 1),
                cell(cpu_by_reqwest, 2),
                cell(speed_by_reqwest, 2),
                cell(Some(mib(cost)), 1),
                connections
                    .map(|stats| {
                        format!("{}, {}", stats.connections, stats.max_concurrent_connections)
                    })
                    .unwrap_or_default(),
            ]);
        }
        Ok(table)
    }

    /// What a stored OAuth 2.0 connection costs beside a bearer token in the invocation.
    fn stored(&mut self) -> Table {
        eprintln!("a stored connection …");
        let entries = vec![
            ("bearer token in the invocation", self.cardhost(self.work.token_once(Token::Inline))),
            ("stored OAuth 2 connection", self.cardhost(self.work.token_once(Token::Stored))),
        ];
        let calls = self.effort.calls;
        let many = vec![
            ("", self.cardhost(self.work.token_calls(Token::Inline, calls))),
            ("", self.cardhost(self.work.token_calls(Token::Stored, calls))),
        ];
        let rows = in_turns(&entries, self.effort.cold_rounds);
        let rows_many = in_turns(&many, self.effort.warm_rounds);
        let mut table = Table::new(
            "A stored connection",
            &[
                "credentials",
                "one call per process: M instructions",
                "CPU ms",
                "wall ms",
                "one more call: k instructions",
                "CPU µs a call",
            ],
        );
        let mut slopes = [None; 2];
        for (index, token) in [Token::Inline, Token::Stored].into_iter().enumerate() {
            let Some(cost) = table.costs_or_reason(&rows[index]) else {
                continue;
            };
            let job = &entries[index].1;
            let count = self
                .count(|runs| callgrind::instructions(job.as_ref().map_err(Clone::clone)?, runs));
            let slope = self.count(|runs| {
                let few = self.work.token_calls(token, FEW)?;
                let many = self.work.token_calls(token, MANY)?;
                callgrind::instructions_a_call((&few, FEW as u64), (&many, MANY as u64), runs)
            });
            slopes[index] = slope;
            let warm = rows_many[index].outcome.as_ref().ok();
            table.row([
                rows[index].name.to_owned(),
                cell(count.map(millions), 2),
                cell(Some(ms(cost.cpu_us)), 2),
                cell(Some(ms(cost.wall_us)), 2),
                cell(slope.map(thousands), 1),
                cell(warm.map(|cost| ratio(cost.cpu_us, calls as u64)), 1),
            ]);
        }
        if let [Some(inline), Some(stored)] = slopes {
            self.verdicts.note(targets::STORED_CALL, Some(ratio(stored, inline)));
        }
        if let [Ok(inline), Ok(stored)] = [&rows[0].outcome, &rows[1].outcome] {
            self.verdicts.note(targets::STORED_COLD, Some(ms(stored.wall_us) - ms(inline.wall_us)));
        }
        table
    }

    /// What a big connector costs a call that uses one card of it.
    fn crowded(&mut self) -> Table {
        eprintln!("a connector with {CROWD} more cards …");
        let entries = vec![
            ("as shipped", self.cardhost(Ok(self.work.cardhost_once(Scheme::Http, Cards::Plain)))),
            (
                "1,200 more cards",
                self.cardhost(Ok(self.work.cardhost_once(Scheme::Http, Cards::Crowded))),
            ),
        ];
        let rows = in_turns(&entries, self.effort.cold_rounds);
        let mut table = Table::new(
            "One call per process, a big connector read from a folder",
            &["connector", "M instructions", "CPU ms", "wall ms", "peak MiB"],
        );
        for (row, (_, job)) in rows.iter().zip(&entries) {
            let Some(cost) = table.costs_or_reason(row) else {
                continue;
            };
            let count = self
                .count(|runs| callgrind::instructions(job.as_ref().map_err(Clone::clone)?, runs));
            table.row([
                row.name.to_owned(),
                cell(count.map(millions), 2),
                cell(Some(ms(cost.cpu_us)), 2),
                cell(Some(ms(cost.wall_us)), 2),
                cell(Some(mib(cost)), 1),
            ]);
        }
        if let [Ok(plain), Ok(crowded)] = [&rows[0].outcome, &rows[1].outcome] {
            self.verdicts.note(targets::CROWD_TIME, Some(ms(crowded.wall_us) - ms(plain.wall_us)));
            self.verdicts.note(targets::CROWD_MEMORY, Some(mib(crowded) - mib(plain)));
        }
        table
    }

    /// Whether memory stays flat over many invocations.
    fn lasting(&mut self) -> Table {
        let (all, tenth) = (self.effort.many_calls, self.effort.many_calls / 10);
        eprintln!("{all} invocations in one process …");
        let entries = vec![
            ("a tenth of them", self.cardhost(self.work.cardhost_stream(tenth, JOBS))),
            ("all of them", self.cardhost(self.work.cardhost_stream(all, JOBS))),
        ];
        let rows = in_turns(&entries, 1);
        let mut table = Table::new(
            "Memory over many invocations, 32 at once",
            &["invocations", "number", "peak MiB", "CPU µs a call"],
        );
        for (row, calls) in rows.iter().zip([tenth, all]) {
            let Some(cost) = table.costs_or_reason(row) else {
                continue;
            };
            table.row([
                row.name.to_owned(),
                calls.to_string(),
                cell(Some(mib(cost)), 1),
                cell(Some(ratio(cost.cpu_us, calls as u64)), 1),
            ]);
        }
        self.verdicts.note(targets::WARM_MEMORY, rows[1].outcome.as_ref().ok().map(mib));
        table
    }

    /// A count of instructions, or nothing without valgrind; a count that fails is told and left out.
    fn count(&self, count: impl FnOnce(usize) -> Result<u64>) -> Option<u64> {
        if !self.valgrind {
            return None;
        }
        count(self.effort.callgrind_runs)
            .inspect_err(|error| eprintln!("not counted: {error}"))
            .ok()
    }

    /// The connections that one run of the job opens.
    fn connections(&self, job: &std::result::Result<Job, String>) -> Option<Stats> {
        self.server.reset_stats().ok()?;
        job.as_ref().ok()?.measure().ok()?;
        self.server.stats().ok()
    }
}

/// Runs each job once to see that it works, then all that do in turns, `rounds` times.
fn in_turns(entries: &[Entry], rounds: usize) -> Vec<Row> {
    let mut runs: Vec<std::result::Result<Vec<Usage>, String>> = entries
        .iter()
        .map(|(_, job)| {
            let job = job.as_ref().map_err(Clone::clone)?;
            job.measure().map(|_| Vec::new()).map_err(|error| error.to_string())
        })
        .collect();
    let mut order: Vec<usize> = (0..entries.len()).collect();
    for _ in 0..rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let (Ok(done), (_, Ok(job))) = (&mut runs[index], &entries[index]) else {
                continue;
            };
            match job.measure() {
                Ok(usage) => done.push(usage),
                Err(error) => runs[index] = Err(error.to_string()),
            }
        }
    }
    let outcomes = runs.into_iter().map(|runs| runs.map(|runs| median_usage(&runs)));
    entries.iter().zip(outcomes).map(|((name, _), outcome)| Row { name, outcome }).collect()
}

fn cost_of(rows: &[Row], name: &str) -> Option<Usage> {
    rows.iter()
        .find(|row| row.name.starts_with(name))
        .and_then(|row| row.outcome.as_ref().ok().copied())
}

/// Rows of a table that may have a reason in place of figures.
trait CostsOrReason {
    fn costs_or_reason<'row>(&mut self, row: &'row Row) -> Option<&'row Usage>;
}

impl CostsOrReason for Table {
    fn costs_or_reason<'row>(&mut self, row: &'row Row) -> Option<&'row Usage> {
        match &row.outcome {
            Ok(cost) => Some(cost),
            Err(reason) => {
                eprintln!("missing: {}: {reason}", row.name);
                self.row([format!("{}: missing", row.name)]);
                None
            }
        }
    }
}

impl Verdicts {
    fn note(&mut self, target: Target, measured: Option<f64>) {
        self.0.extend(measured.map(|measured| (target, measured)));
    }

    /// In one line, what must hold and does not.
    fn unmet(&self) -> String {
        let unmet: Vec<String> = self
            .0
            .iter()
            .filter(|(target, measured)| target.is_unmet(*measured))
            .map(|(target, measured)| format!("{} ({measured:.2})", target.name))
            .collect();
        if unmet.is_empty() {
            return "Every must that was measured is met.".to_owned();
        }
        format!("Musts unmet: {}.", unmet.join("; "))
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            "cardhost against its targets",
            &["what", "must", "goal", "measured", "verdict"],
        );
        for (target, measured) in &self.0 {
            table.row([
                target.name.to_owned(),
                target.must.map(|must| target.written(must)).unwrap_or_default(),
                target.written(target.goal),
                format!("{measured:.2}"),
                target.verdict(*measured).to_owned(),
            ]);
        }
        table
    }
}

fn cell(figure: Option<f64>, decimals: usize) -> String {
    figure.map(|figure| format!("{figure:.decimals$}")).unwrap_or_default()
}

fn ms(microseconds: u64) -> f64 {
    ratio(microseconds, 1_000)
}

fn mib(cost: &Usage) -> f64 {
    ratio(cost.peak_rss_kib, 1_024)
}

fn thousands(count: u64) -> f64 {
    ratio(count, 1_000)
}

fn millions(count: u64) -> f64 {
    ratio(count, 1_000_000)
}

fn per_second(calls: usize, cost: &Usage) -> f64 {
    ratio(calls as u64 * 1_000_000, cost.wall_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_names_what_must_hold_and_does_not() {
        let mut verdicts = Verdicts::default();
        verdicts.note(targets::COLD_CPU, Some(5.0));
        verdicts.note(targets::COLD_HTTPS_INSTRUCTIONS, Some(5.5));
        assert_eq!(verdicts.unmet(), "Every must that was measured is met.");
        verdicts.note(targets::COLD_HTTPS_INSTRUCTIONS, Some(6.5));
        verdicts.note(targets::WARM_THROUGHPUT, Some(0.6));
        assert_eq!(
            verdicts.unmet(),
            "Musts unmet: one call per process, https, M instructions (6.50); 32 at once, calls/s × reqwest (0.60)."
        );
    }
}
