//! jq's own tests, through our engine: what passes, what is refused, what is different. docs/jq.md has the list.

#![expect(clippy::disallowed_methods, reason = "a test of a pure crate may")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ARGUMENTS, Expression, ExpressionFault, Scope};
use crate::datum::{Datum, Limits};

#[path = "../../../../tests/it/support/skipped.rs"]
mod skipped;

/// A case of a file of jq's: three parts, or a program that is refused.
struct Case {
    file: &'static str,
    line: usize,
    program: String,
    /// Nothing for a program that is refused.
    run: Option<(String, Vec<String>)>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Passes,
    /// It does not compile here.
    Refused(String),
    Different {
        jq: String,
        here: String,
    },
}

struct Nothing;

impl Scope for Nothing {
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
        1_500
    }
}

fn cases(file: &'static str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    let is_over = |line: &str| line.trim().is_empty();
    while let Some((at, line)) = lines.next() {
        if is_over(line) || line.starts_with('#') {
            continue;
        }
        let refused = line.starts_with("%%FAIL");
        let program = match refused {
            true => lines.next().map(|(_, line)| line).unwrap_or_default(),
            false => line,
        };
        let mut rest = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !is_over(line)) {
            if refused || !line.starts_with('#') {
                rest.push(line.to_owned());
            }
        }
        let run = (!refused).then(|| {
            let input = rest.first().cloned().unwrap_or_default();
            (input, rest.into_iter().skip(1).collect())
        });
        cases.push(Case { file, line: at + 1, program: program.to_owned(), run });
    }
    cases
}

/// A line of JSON; what is not JSON is text, which no value equals by chance.
fn read(line: &str) -> Result<Datum, String> {
    let line = line.trim_start_matches('\u{feff}');
    cardhost_core::value::parse(line).map(Datum::from).map_err(|error| error.to_string())
}

fn shown(outputs: &[Datum]) -> String {
    outputs.iter().map(Datum::to_string).collect::<Vec<_>>().join(" ")
}

/// Evaluates a program, and compares.
fn judge(program: &str, run: Option<&(String, Vec<String>)>) -> Verdict {
    let compiled = Expression::compile(program, &[]);
    let Some((input, expected)) = run else {
        return match compiled {
            Ok(_) => Verdict::Different { jq: "refuses it".into(), here: "compiles it".into() },
            Err(_) => Verdict::Passes,
        };
    };
    let expression = match compiled {
        Ok(expression) => expression,
        Err(fault) => return Verdict::Refused(fault.reason),
    };
    let Ok(input) = read(input) else {
        return Verdict::Refused("the input is no JSON".to_owned());
    };
    let jq = expected.join(" ");
    let outputs = match expression.outputs(&input, &Nothing) {
        Ok(outputs) => outputs,
        // What came before an error counts too.
        Err(ExpressionFault::Failed { reason, .. }) => {
            let before = format!("[limit({}; {program})] | .[]", expected.len());
            let before =
                Expression::compile(&before, &[]).map(|some| some.outputs(&input, &Nothing));
            let lines: Result<Vec<Datum>, String> =
                expected.iter().map(|line| read(line)).collect();
            return match (before, lines) {
                (Ok(Ok(before)), Ok(lines)) if before == lines => Verdict::Passes,
                _ => Verdict::Different { jq, here: format!("an error: {reason}") },
            };
        }
        Err(ExpressionFault::MissingSecret { name }) => {
            return Verdict::Refused(format!("there is no secret `{name}`"));
        }
        Err(ExpressionFault::Limit { excess, .. }) => {
            return Verdict::Different { jq, here: format!("a limit: {}", excess.as_str()) };
        }
    };
    let expected: Result<Vec<Datum>, String> = expected.iter().map(|line| read(line)).collect();
    match expected {
        Ok(expected) if expected == outputs => Verdict::Passes,
        _ => Verdict::Different { jq, here: shown(&outputs) },
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

const FILES: [&str; 6] =
    ["jq.test", "man.test", "onig.test", "base64.test", "uri.test", "optional.test"];

/// Why some of jq's programs are refused when they are loaded: what it is, what to write instead, which ones.
type Refusal = (&'static str, &'static str, fn(&str, &str) -> bool);

const REFUSALS: &[Refusal] = &[
    ("alternatives of patterns: `. as [$a] ?// $a`", "`. as $x` and `if`", |program, _| {
        program.contains("?//")
    }),
    (
        "modules: `import`, `include`, `modulemeta`",
        "functions of the expression's own: `def f: …;`",
        |program, _| {
            ["import", "include", "modulemeta"].iter().any(|word| program.starts_with(word))
        },
    ),
    ("`env`, `$ENV`", "a value of the input, or `$secrets`", |program, _| {
        program.contains("env") || program.contains("$ENV")
    }),
    (
        "`input`, `inputs`, `input_filename`, `input_line_number`",
        "there is one input, `.`",
        |_, reason| reason.starts_with("`input"),
    ),
    ("`$__loc__`", "errors tell where an expression stands", |program, _| {
        program.contains("$__loc__")
    }),
    ("functions that jq keeps to itself: `_strindices`", "`indices`", |program, _| {
        program.contains("_strindices")
    }),
    (
        "operators in what `reduce` and `foreach` go through: `reduce .a / .b as $x (…)`",
        "brackets: `reduce (.a / .b) as $x (…)`",
        |_, reason| reason.starts_with("expected `as`"),
    ),
    (
        "a name with a pattern: `. as {$a: [$b]}`",
        "both: `. as {a: $a} | $a as [$b]`",
        |program, _| program.contains("$b:["),
    ),
    ("numbers without a digit before the point: `.5`", "`0.5`", |_, reason| {
        reason.contains("found `00005`")
    }),
    ("`NaN` and `Infinity` in the input, which are no JSON", "—", |_, reason| {
        reason == "the input is no JSON"
    }),
];

/// Why some results are different: what it is, what jq does, what is done here, which ones.
type Difference = (&'static str, &'static str, &'static str, fn(&str, &str) -> bool);

const DIFFERENCES: &[Difference] = &[
    (
        "whole numbers up to 2^63",
        "are calculated as doubles, exact up to 2^53",
        "are added, subtracted and multiplied exactly",
        |program, _| program.ends_with("- 10") || program.contains("$n+0"),
    ),
    (
        "a number that nothing was calculated with",
        "keeps its digits, `100e-2` becomes `1.00`",
        "stays as it was written",
        |program, _| program.contains("1.000,true"),
    ),
    (
        "values inside each other",
        "up to 10,000",
        "up to 1,024; more is [flow.expression_limit](errors/flow.expression_limit.md)",
        |_, here| here == "a limit: depth",
    ),
    (
        "long paths of `getpath` and `delpaths`",
        "up to 10,000",
        "as many as the steps allow",
        |program, _| program.contains("10001"),
    ),
    (
        "values of more than the limit",
        "an error that `try` catches",
        "[flow.expression_limit](errors/flow.expression_limit.md), which nothing in an expression catches",
        |_, here| here == "a limit: size",
    ),
    (
        "long values in errors",
        "their first 26 bytes: `string (\"very-long...\")`",
        "their type alone: `string (\"...\")`, for half a secret is one that nobody masks",
        |program, here| {
            here.contains("...\\\")")
                || here.contains("(...)")
                || program.contains("123456789012...")
                || here == "false"
        },
    ),
    (
        "the words for what is no path",
        "`Invalid path expression with result …`",
        "`invalid path expression with input …`",
        |_, here| here.contains("invalid path expression"),
    ),
    (
        "the words for what is no JSON",
        "`Invalid numeric literal at …`",
        "`cannot parse as JSON: …`",
        |_, here| here.contains("cannot parse as JSON"),
    ),
];

/// Numbers of lines, by file.
fn listed(cases: &[&Case]) -> String {
    let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for case in cases {
        by_file.entry(case.file).or_default().push(case.line.to_string());
    }
    let files = by_file.iter().map(|(file, lines)| format!("{file} {}", lines.join(", ")));
    files.collect::<Vec<_>>().join("; ")
}

/// The generated part of docs/jq.md.
fn report(judged: &[(Case, Verdict)]) -> String {
    let mut text = String::from(
        "| file of jq's tests | cases | pass | refused | different |\n|---|---|---|---|---|\n",
    );
    for file in FILES {
        let of = |is: fn(&Verdict) -> bool| {
            judged.iter().filter(|(case, verdict)| case.file == file && is(verdict)).count()
        };
        let (passed, refused) =
            (of(|v| *v == Verdict::Passes), of(|v| matches!(v, Verdict::Refused(_))));
        let different = of(|v| matches!(v, Verdict::Different { .. }));
        let all = passed + refused + different;
        let _ = writeln!(text, "| {file} | {all} | {passed} | {refused} | {different} |");
    }
    text.push_str("\nRefused where the flow or the card is loaded, with the place and what to write:\n\n| what | instead | cases |\n|---|---|---|\n");
    let cell = |text: &str| text.replace('|', "\\|");
    let mut told = 0;
    let mut taken = vec![false; judged.len()];
    for (what, instead, is) in REFUSALS {
        let mut of = Vec::new();
        for (index, (case, verdict)) in judged.iter().enumerate() {
            if let Verdict::Refused(reason) = verdict
                && !taken[index]
                && is(&case.program, reason)
            {
                taken[index] = true;
                of.push(case);
            }
        }
        told += of.len();
        assert!(!of.is_empty(), "nothing is refused for {what}");
        let _ = writeln!(text, "| {} | {} | {} |", cell(what), cell(instead), listed(&of));
    }
    text.push_str("\nDifferent:\n\n| what | jq | here | cases |\n|---|---|---|---|\n");
    for (what, jq, here, is) in DIFFERENCES {
        let mut of = Vec::new();
        for (index, (case, verdict)) in judged.iter().enumerate() {
            if let Verdict::Different { here, .. } = verdict
                && !taken[index]
                && is(&case.program, here)
            {
                taken[index] = true;
                of.push(case);
            }
        }
        told += of.len();
        assert!(!of.is_empty(), "nothing is different for {what}");
        let _ =
            writeln!(text, "| {} | {} | {} | {} |", cell(what), cell(jq), cell(here), listed(&of));
    }
    for (index, (case, verdict)) in judged.iter().enumerate() {
        let is_told = taken[index] || *verdict == Verdict::Passes;
        assert!(is_told, "{}:{} {}: {verdict:?}", case.file, case.line, case.program);
    }
    assert_eq!(told, judged.iter().filter(|(_, verdict)| *verdict != Verdict::Passes).count());
    text
}

const BEGIN: &str =
    "<!-- made by a test: UPDATE_JQ=1 cargo test -p cardhost-flow conformance -->\n";
const END: &str = "<!-- end -->\n";

#[test]
fn jqs_own_tests_pass_or_are_told_of() {
    let folder = root().join("../shared/conformance/jq");
    let mut judged = Vec::new();
    for file in FILES {
        match std::fs::read_to_string(folder.join(file)) {
            Ok(text) => judged.extend(cases(file, &text).into_iter().map(|case| {
                let verdict = judge(&case.program, case.run.as_ref());
                (case, verdict)
            })),
            Err(_) => {
                return skipped::skipped("shared", "jq's tests are not beside the checkout");
            }
        }
    }
    let made = report(&judged);
    let path = root().join("docs/jq.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (told, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_JQ").is_some() {
        std::fs::write(&path, [before, BEGIN, &made, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(told, made, "UPDATE_JQ=1 writes docs/jq.md");
}

fn own() -> Vec<(Case, Option<&'static str>)> {
    const TEXT: &str = include_str!("cases.test");
    let lines: Vec<&'static str> = TEXT.lines().collect();
    let cases = cases("cases.test", TEXT);
    let marked = cases.into_iter().map(|case| {
        let before = lines.get(case.line.wrapping_sub(2)).copied();
        (case, before.and_then(|line| line.strip_prefix("# ")))
    });
    marked.collect()
}

#[test]
fn our_own_cases_pass() {
    let own = own();
    assert!(own.len() > 90, "{}", own.len());
    for (case, _) in own {
        let verdict = judge(&case.program, case.run.as_ref());
        assert_eq!(verdict, Verdict::Passes, "{}:{} {}", case.file, case.line, case.program);
    }
}

/// The judge of our cases that we did not write: a jq of this machine.
#[test]
fn a_jq_of_this_machine_says_the_same() {
    let jq = |arguments: &[&str], input: &str| -> Option<String> {
        let mut child = Command::new("jq")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        child.stdin.take()?.write_all(input.as_bytes()).ok()?;
        let output = child.wait_with_output().ok()?;
        String::from_utf8(output.stdout).ok()
    };
    let Some(version) = jq(&["--version"], "") else {
        return skipped::skipped("machine", "there is no jq on this machine");
    };
    let is_old = version.starts_with("jq-1.6") || version.starts_with("jq-1.5");
    let mut asked = 0;
    for (case, mark) in own() {
        if mark == Some("here") || (is_old && mark == Some("since 1.7")) {
            continue;
        }
        let Some((input, expected)) = &case.run else { continue };
        let given = jq(&["-c", &case.program], input).unwrap();
        let read = |lines: &mut dyn Iterator<Item = &str>| -> Vec<Datum> {
            lines.map(|line| read(line).unwrap()).collect()
        };
        let (given, expected) =
            (read(&mut given.lines()), read(&mut expected.iter().map(String::as_str)));
        assert_eq!(given, expected, "{version} {}:{} {}", case.file, case.line, case.program);
        asked += 1;
    }
    assert!(asked > 60, "{asked}");
}
