//! Reports of `test`: for people, as JSON, as JUnit's XML.

use std::fmt::Write as _;

use crate::cli::hint::worded;
use cardhost::core::markup::escaped;
use cardhost::{Class, Error};
use serde_json::{Map, Value, json};

/// What came of one case.
pub(crate) struct CaseReport {
    /// Its folder.
    pub(crate) name: String,
    /// What it runs, where the case could be read.
    pub(crate) subject: Option<Subject>,
    pub(crate) seconds: f64,
    pub(crate) verdict: Verdict,
}

/// What a case runs.
pub(crate) enum Subject {
    /// `<connector>/<card>`.
    Card(String),
    /// `<namespace>/<name>`.
    Flow(String),
}

impl Subject {
    fn kind(&self) -> &'static str {
        match self {
            Subject::Card(_) => "card",
            Subject::Flow(_) => "flow",
        }
    }

    fn name(&self) -> &str {
        match self {
            Subject::Card(name) | Subject::Flow(name) => name,
        }
    }
}

pub(crate) enum Verdict {
    Passed,
    /// What came out is what must come out from now on.
    Accepted,
    Failed(Error),
}

impl Verdict {
    fn as_str(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Accepted => "accepted",
            Verdict::Failed(_) => "failed",
        }
    }
}

fn count(reports: &[CaseReport], status: &str) -> usize {
    reports.iter().filter(|case| case.verdict.as_str() == status).count()
}

/// One line.
pub(crate) fn summary(reports: &[CaseReport]) -> String {
    let cases =
        if reports.len() == 1 { "1 case".to_owned() } else { format!("{} cases", reports.len()) };
    let mut parts = vec![format!("{} passed", count(reports, "passed"))];
    for status in ["accepted", "failed"] {
        match count(reports, status) {
            0 => {}
            number => parts.push(format!("{number} {status}")),
        }
    }
    format!("{cases}: {}\n", parts.join(", "))
}

/// `{"cases":[{"name","card","status","seconds","error"}],"passed","accepted","failed","seconds"}`; of a flow, `flow` in place
/// of `card`.
pub(crate) fn json(reports: &[CaseReport], seconds: f64) -> String {
    let cases: Vec<Value> = reports
        .iter()
        .map(|case| {
            let mut object = Map::new();
            object.insert("name".into(), json!(case.name));
            let subject = case.subject.as_ref();
            object.extend(subject.map(|it| (it.kind().to_owned(), json!(it.name()))));
            object.insert("status".into(), json!(case.verdict.as_str()));
            object.insert("seconds".into(), rounded(case.seconds));
            if let Verdict::Failed(error) = &case.verdict {
                object.insert("error".into(), worded(error).to_json());
            }
            Value::Object(object)
        })
        .collect();
    let mut report = json!({
        "cases": [],
        "passed": count(reports, "passed"),
        "accepted": count(reports, "accepted"),
        "failed": count(reports, "failed"),
        "seconds": rounded(seconds),
    });
    // Not through `json!`, which would spell numbers anew.
    report["cases"] = Value::Array(cases);
    format!("{report}\n")
}

fn rounded(seconds: f64) -> Value {
    json!((seconds * 1000.0).round() / 1000.0)
}

/// JUnit's XML, as Jenkins, GitLab and GitHub's actions read it: a result that is not the expected one is a `failure`,
/// a case that could not be run an `error`.
pub(crate) fn junit(reports: &[CaseReport], seconds: f64) -> String {
    let failed = |is_test: bool| {
        let of_class = |case: &&CaseReport| match &case.verdict {
            Verdict::Failed(error) => (error.class() == Class::Test) == is_test,
            _ => false,
        };
        reports.iter().filter(of_class).count()
    };
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{seconds:.3}\"",
        reports.len(),
        failed(true),
        failed(false)
    );
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(xml, "<testsuites name=\"cardhost\" {counts}>");
    let _ = writeln!(xml, "  <testsuite name=\"cardhost test\" {counts}>");
    for case in reports {
        let class = escaped(case.subject.as_ref().map_or("cardhost", Subject::name));
        let (name, time) = (escaped(&case.name), case.seconds);
        let _ =
            write!(xml, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{time:.3}\"");
        match &case.verdict {
            Verdict::Passed | Verdict::Accepted => xml.push_str("/>\n"),
            Verdict::Failed(error) => {
                let element = if error.class() == Class::Test { "failure" } else { "error" };
                let message = error.message();
                let first = escaped(message.lines().next().unwrap_or_default());
                let (code, body) = (escaped(error.code().as_str()), escaped(&message));
                let _ = writeln!(
                    xml,
                    ">\n      <{element} type=\"{code}\" message=\"{first}\">{body}</{element}>\n    </testcase>"
                );
            }
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}
