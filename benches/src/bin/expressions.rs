//! Reports as people make them of long lists, in jq and in the expressions of flows: CPU and peak memory of a process that reads
//! the records, evaluates one program and prints its output.
//!
//! `expressions` measures and prints a table; `expressions PROGRAM` is the process on our side, its records on stdin.
#![allow(clippy::print_stdout, reason = "the table on stdout is what this program is for")]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use cardhost::flow::datum::{Datum, Limits};
use cardhost::flow::expression::{ARGUMENTS, Expression, Scope};
use cardhost_benches::measure::{Check, Job, Usage};
use cardhost_benches::{Result, folder, programs, report};

/// Programs, each with the length of its output in bytes where both write it alike.
const PROGRAMS: &[(&str, &str)] = &[
    ("a `map` to other records", "map({id, name, total: (.amount * 1.2), city: .address.city})"),
    (
        "`group_by` with sums",
        "group_by(.country) | map({country: .[0].country, n: length, sum: (map(.amount) | add)})",
    ),
    ("`gsub` in each name", "map(.name | gsub(\"[^A-Za-z]+\"; \"-\")) | length"),
    (
        "`walk` over every value",
        "walk(if type == \"string\" then ascii_upcase else . end) | length",
    ),
    ("`@csv` of each record", "map([.id, .name, .email, .amount] | @csv) | join(\"\\n\") | length"),
    (
        "`select`, `sort_by`, a slice",
        "map(select(.active)) | sort_by(.amount) | .[-10:] | map(.id)",
    ),
    (
        "`to_entries` of each record",
        "map(to_entries | map(select(.key != \"tags\")) | from_entries) | length",
    ),
];

struct Plain;

impl Scope for Plain {
    fn argument(&self, index: usize) -> Datum {
        Datum::text(ARGUMENTS[index])
    }
    fn variable(&self, _: usize) -> Datum {
        Datum::Null
    }
    fn limits(&self) -> Limits {
        Limits::default()
    }
    fn now(&self) -> i64 {
        0
    }
}

fn main() -> Result<()> {
    match std::env::args().nth(1) {
        Some(program) => evaluate(&program),
        None => table(),
    }
}

fn evaluate(program: &str) -> Result<()> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    let input = Datum::from_json(&text).ok_or("the input is no JSON")?;
    drop(text);
    let expression = Expression::compile(program, &[]).map_err(|fault| fault.reason)?;
    let output = expression.evaluate(&input, &Plain).map_err(|fault| format!("{fault:?}"))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{output}")?;
    Ok(out.flush()?)
}

/// 100,000 records, about 20 MB.
fn records() -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let mut text = String::from("[");
    for id in 0..100_000 {
        let country = ["AT", "CH", "DE", "FR"][random.usize(0..4)];
        let amount = random.u32(0..100_000);
        let comma = if id == 0 { "" } else { ",\n" };
        let _ = write!(
            text,
            "{comma}{{\"id\": {id}, \"name\": \"Person {id} O'Neil\", \"email\": \"p{id}@example.com\", \"country\": \"{country}\", \
             \"amount\": {}.{:02}, \"active\": {}, \"tags\": [\"a{}\", \"b\"], \
             \"address\": {{\"city\": \"City {}\", \"zip\": \"{}\"}}}}",
            amount / 100,
            amount % 100,
            id % 3 == 0,
            id % 7,
            id % 100,
            10_000 + id,
        );
    }
    text + "]\n"
}

fn median(program: PathBuf, arguments: &[&str], input: &std::path::Path) -> Result<Usage> {
    let job = Job::new(program, arguments, Check::Contains("\n".to_owned(), 1));
    let job = job.with_stdin(input);
    let runs: Result<Vec<Usage>> = (0..5).map(|_| job.measure()).collect();
    Ok(report::median_usage(&runs?))
}

fn table() -> Result<()> {
    let folder = folder::Folder::new()?;
    let input = folder.path().join("records.json");
    let text = records();
    std::fs::write(&input, &text)?;
    println!("{}, {:.1} MB of records", report::day_and_machine(), text.len() as f64 / 1e6);
    println!("| | jq, s | here, s | ratio | jq, MiB | here, MiB | × the input |");
    println!("|---|---|---|---|---|---|---|");
    for (name, program) in PROGRAMS {
        let ours = median(programs::sibling("expressions")?, &[program], &input)?;
        let program = format!("[{program}] | if length == 1 then .[0] else . end");
        let (jq, ratio, memory) = match median("jq".into(), &["-c", &program], &input) {
            Ok(jq) => (
                format!("{:.2}", jq.cpu_us as f64 / 1e6),
                format!("{:.2}", ours.cpu_us as f64 / jq.cpu_us as f64),
                (jq.peak_rss_kib / 1024).to_string(),
            ),
            Err(_) => ("—".to_owned(), "—".to_owned(), "—".to_owned()),
        };
        println!(
            "| {name} | {jq} | {:.2} | {ratio} | {memory} | {} | {:.1} |",
            ours.cpu_us as f64 / 1e6,
            ours.peak_rss_kib / 1024,
            ours.peak_rss_kib as f64 * 1024.0 / text.len() as f64,
        );
    }
    Ok(())
}
