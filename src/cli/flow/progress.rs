//! What a flow does, step by step, for people.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cardhost::flow::{Happened, Problem};
use cardhost::flow::{News, What};

use crate::cli::console::{self, printable};

/// Shows calls, what is tried again, what fails, and the tasks of the flow itself; not every turn of every loop.
#[derive(Default)]
pub(crate) struct Progress {
    /// What the steps under way call.
    calls: Mutex<HashMap<String, String>>,
}

impl Progress {
    pub(crate) fn show(&self, news: &News) {
        if let Some(line) = self.line(news) {
            console::note(&printable(&line));
        }
    }

    fn line(&self, news: &News) -> Option<String> {
        let calls = || self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let step = news.step.as_str();
        match &news.what {
            What::Sending(call) => {
                let name = call.card.clone().unwrap_or_else(|| "http".to_owned());
                calls().insert(news.step.clone(), name);
                None
            }
            What::Resumed { steps, again } => {
                let plural = if *steps == 1 { "" } else { "s" };
                let again = match again.len() {
                    0 => String::new(),
                    _ => format!(", again {}", again.join(", ")),
                };
                Some(row(
                    "resumed",
                    "",
                    &format!("{step}  {steps} step{plural} done before{again}"),
                ))
            }
            What::Waiting { until_ms } => {
                let later = seconds(until_ms.saturating_sub(news.at_ms).max(0));
                Some(row("waits", &later, step))
            }
            What::Began | What::Ended { .. } | What::Failed(_) => None,
            What::Emitted(event) => {
                let kind = event.get("type").and_then(|kind| kind.as_str()).unwrap_or_default();
                Some(row("emitted", "", &format!("{step}  {kind}")))
            }
            What::Task { happened, started_ms, .. } => {
                let call = match happened {
                    Happened::Started => return None,
                    _ => calls().remove(step),
                };
                // A task of the flow itself: `/do/0/name`.
                let is_own = step.matches('/').count() == 3;
                let after = seconds(news.at_ms.saturating_sub(*started_ms));
                let what = match &call {
                    Some(call) => format!("{step}  {call}"),
                    None => step.to_owned(),
                };
                match happened {
                    Happened::Completed { .. } if call.is_some() || is_own => {
                        Some(row("done", &after, &what))
                    }
                    Happened::Skipped if is_own => Some(row("skipped", "", &what)),
                    Happened::Faulted(problem) => {
                        Some(row("failed", &after, &format!("{what}: {}", said(problem))))
                    }
                    Happened::Retrying { at_ms, problem } => {
                        let later = seconds(at_ms.saturating_sub(news.at_ms));
                        let what = format!("{what} in {later}: {}", said(problem));
                        Some(row("again", &after, &what))
                    }
                    Happened::Cancelled if call.is_some() => Some(row("given up", &after, &what)),
                    _ => None,
                }
            }
        }
    }
}

fn row(word: &str, time: &str, what: &str) -> String {
    format!("{word:>8} {time:>9}  {what}")
}

fn said(problem: &Problem) -> &str {
    problem.title.as_deref().or(problem.detail.as_deref()).unwrap_or(&problem.type_uri)
}

fn seconds(ms: i64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}
