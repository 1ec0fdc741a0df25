//! The trace of a flow's replay: its lines in an order that does not depend on which branch was quicker, and what differs
//! between two of them.
//!
//! A line is a JSON object with `step` and `event`; what else is in it is the business of whoever wrote it.

use std::collections::HashMap;

use serde_json::Value;

use super::compare::{Difference, json_differences};

/// Most pairs of lines that are compared to find out which of them belong together.
const MOST_PAIRS: usize = 4_000_000;

/// Something that a run told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The step, such as `/do/0/each/for/3/do/0/get`.
    pub step: String,
    /// One JSON object, without a line end.
    pub text: String,
}

/// The lines in their one order, each with a line end: by time; within a moment what belongs to a task stands together,
/// where its first line stood, and the branches of a fork follow each other as in the flow.
///
/// Branches run at the same time, and which of them is told first is chance. Time passes only where all of them wait, so
/// that what is told within a moment is the same in each replay, whatever its order.
#[must_use]
pub fn trace(mut lines: Vec<TraceLine>) -> String {
    lines.sort_by_key(|line| line.at_ms);
    let mut text = String::new();
    for moment in lines.chunk_by(|a, b| a.at_ms == b.at_ms) {
        let mut ranks = Ranks::default();
        let mut ranked: Vec<(Vec<usize>, &TraceLine)> =
            moment.iter().map(|line| (ranks.of(&line.step), line)).collect();
        ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, line) in ranked {
            text.push_str(&line.text);
            text.push('\n');
        }
    }
    text
}

/// The places of tasks among their siblings, by the paths above and with them.
#[derive(Default)]
struct Ranks<'l> {
    known: HashMap<&'l str, usize>,
    next: HashMap<&'l str, usize>,
}

impl<'l> Ranks<'l> {
    /// The place of the next line of a step: that of each task on the way to it, and its own among what the task tells.
    fn of(&mut self, step: &'l str) -> Vec<usize> {
        let ends = step.match_indices('/').map(|(at, _)| at).skip(1).chain([step.len()]);
        let mut above = "";
        let mut place = Vec::new();
        for end in ends {
            let path = &step[..end];
            place.push(self.rank(above, path));
            above = path;
        }
        place.push(self.count(above));
        place
    }

    fn rank(&mut self, above: &'l str, path: &'l str) -> usize {
        if above.ends_with("/fork/branches")
            && let Ok(branch) = path[above.len() + 1..].parse()
        {
            return branch;
        }
        if let Some(rank) = self.known.get(path) {
            return *rank;
        }
        let rank = self.count(above);
        self.known.insert(path, rank);
        rank
    }

    fn count(&mut self, above: &'l str) -> usize {
        let next = self.next.entry(above).or_default();
        *next += 1;
        *next
    }
}

/// Where two traces differ: lines of the same step and event value by value, others as a whole.
///
/// A task that is new changes little but its own lines: the numbers of the tasks after it do not matter, and times are
/// compared with those of the lines before.
#[must_use]
pub fn trace_differences(name: &str, was: &str, is: &str) -> Vec<Difference> {
    let (was, is): (Vec<Told>, Vec<Told>) = (told(was), told(is));
    let mut found = Vec::new();
    let mut gone = 0;
    let mut come = 0;
    for (a, b) in pairs(&was, &is).into_iter().chain([(was.len(), is.len())]) {
        for line in &was[gone..a] {
            let recorded = Some(line.text.to_owned());
            found.push(Difference { place: line.place(name), recorded, sent: None });
        }
        for line in &is[come..b] {
            let sent = Some(line.text.to_owned());
            found.push(Difference { place: line.place(name), recorded: None, sent });
        }
        if let (Some(was), Some(is)) = (was.get(a), is.get(b)) {
            found.extend(was.differences(is, name));
        }
        (gone, come) = (a + 1, b + 1);
    }
    found
}

/// A line of a trace.
struct Told<'t> {
    number: usize,
    text: &'t str,
    /// With times since the line before.
    value: Option<Value>,
    step: String,
    event: String,
    /// The step without the numbers of tasks in their lists.
    names: String,
}

fn told(text: &str) -> Vec<Told<'_>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut before = None;
    let read = lines.map(|(index, text)| {
        let mut value = cardhost_core::value::parse(text).ok();
        let of = |key: &str| {
            let text = value.as_ref().and_then(|value| value.get(key)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        let (step, event, at_ms) = (of("step"), of("event"), milliseconds(&of("at")));
        if let (Some(Value::Object(line)), Some(at_ms)) = (&mut value, at_ms) {
            line.shift_remove("step");
            if let Some(until_ms) = line.get("until").and_then(Value::as_str).and_then(milliseconds)
            {
                line.insert("until".to_owned(), later(until_ms - at_ms));
            }
            if let Some(before_ms) = before.replace(at_ms) {
                line.insert("at".to_owned(), later(at_ms - before_ms));
            }
        }
        let names = names(&step);
        Told { number: index + 1, text, value, step, event, names }
    });
    read.collect()
}

fn milliseconds(time: &str) -> Option<i64> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

fn later(ms: i64) -> Value {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    Value::String(format!("{sign}{}.{:03} s later", ms / 1_000, ms % 1_000))
}

/// `/do/3/look/for/1/do/0/get` as `/do/look/for/1/do/get`: turns of a loop have numbers of their own.
fn names(step: &str) -> String {
    let mut names = String::with_capacity(step.len());
    let mut before = "";
    for segment in step.split('/').skip(1) {
        let is_number = segment.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || matches!(before, "for" | "branches") {
            names.push('/');
            names.push_str(segment);
        }
        before = segment;
    }
    names
}

impl Told<'_> {
    fn place(&self, name: &str) -> String {
        format!("{name} line {}: {} {}", self.number, self.step, self.event)
    }

    fn is_about(&self, other: &Told) -> bool {
        self.names == other.names && self.event == other.event
    }

    fn differences(&self, other: &Told, name: &str) -> Vec<Difference> {
        match (&self.value, &other.value) {
            _ if self.text == other.text => Vec::new(),
            (Some(was), Some(is)) => json_differences(&self.place(name), was, is),
            _ => {
                let (was, is) = (self.text.to_owned(), other.text.to_owned());
                vec![Difference { place: self.place(name), recorded: Some(was), sent: Some(is) }]
            }
        }
    }
}

/// The indices of lines that belong together: as many as can be without changing the order of either.
fn pairs(was: &[Told], is: &[Told]) -> Vec<(usize, usize)> {
    let same = |(a, b): &(&Told, &Told)| a.is_about(b);
    let before = was.iter().zip(is).take_while(same).count();
    let (rest, other) = (&was[before..], &is[before..]);
    let after = rest.iter().rev().zip(other.iter().rev()).take_while(same).count();
    let (middle, other) = (&rest[..rest.len() - after], &other[..other.len() - after]);
    let mut found: Vec<(usize, usize)> = (0..before).map(|at| (at, at)).collect();
    if middle.len().saturating_mul(other.len()) <= MOST_PAIRS {
        // How many pairs there are from each pair of indices on.
        let width = other.len() + 1;
        let mut most = vec![0_u32; (middle.len() + 1) * width];
        for a in (0..middle.len()).rev() {
            for b in (0..other.len()).rev() {
                most[a * width + b] = match middle[a].is_about(&other[b]) {
                    true => most[(a + 1) * width + b + 1] + 1,
                    false => most[(a + 1) * width + b].max(most[a * width + b + 1]),
                };
            }
        }
        let (mut a, mut b) = (0, 0);
        while a < middle.len() && b < other.len() {
            if middle[a].is_about(&other[b]) {
                found.push((before + a, before + b));
                (a, b) = (a + 1, b + 1);
            } else if most[(a + 1) * width + b] >= most[a * width + b + 1] {
                a += 1;
            } else {
                b += 1;
            }
        }
    }
    let (was, is) = (was.len() - after, is.len() - after);
    found.extend((0..after).map(|at| (was + at, is + at)));
    found
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn ordered(told: &[(i64, &str, &str)]) -> Vec<String> {
        let line = |(at_ms, step, text): &(i64, &str, &str)| TraceLine {
            at_ms: *at_ms,
            step: (*step).to_owned(),
            text: format!("{at_ms} {step} {text}"),
        };
        trace(told.iter().map(line).collect()).lines().map(str::to_owned).collect()
    }

    #[test]
    fn branches_follow_each_other_however_they_were_told() {
        let told = [
            (1, "/do/0/a", "started"),
            (1, "/do/0/a", "completed"),
            (1, "/do/1/f", "started"),
            (1, "/do/1/f/fork/branches/0/x", "started"),
            (1, "/do/1/f/fork/branches/0/x/do/0/y", "started"),
            (1, "/do/1/f/fork/branches/0/x/do/0/y", "completed"),
            (1, "/do/1/f/fork/branches/0/x", "completed"),
            (1, "/do/1/f/fork/branches/2/z", "started"),
            (1, "/do/1/f/fork/branches/10/z", "started"),
            (1, "/do/1/f/fork/branches/10/z", "completed"),
            (2, "/do/1/f/fork/branches/2/z", "completed"),
            (2, "/do/1/f", "completed"),
            (2, "/do/2/b", "started"),
        ];
        let expected: Vec<String> =
            told.iter().map(|(at, step, text)| format!("{at} {step} {text}")).collect();
        assert_eq!(ordered(&told), expected);
        // The branches told in turn, the last one first.
        let order = [0, 1, 2, 8, 3, 7, 4, 9, 5, 6, 10, 11, 12];
        assert_eq!(ordered(&order.map(|index| told[index])), expected);
    }

    #[test]
    fn lines_of_a_task_stay_around_those_of_its_tasks() {
        let told = [
            (0, "/do/0/t", "started"),
            (0, "/do/0/t/try/0/a", "failed"),
            (0, "/do/0/t", "retrying"),
            (0, "/do/0/t/try#2/0/a", "completed"),
            (0, "/do/0/t", "completed"),
            (0, "", "told by nobody"),
        ];
        let texts: Vec<String> = ordered(&told)
            .iter()
            .map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(texts, ["started", "failed", "retrying", "completed", "completed", "nobody"]);
    }

    #[test]
    fn a_line_that_is_new_does_not_make_the_others_differ() {
        let line = |step: &str, event: &str, output: u8| {
            format!(r#"{{"step":"{step}","event":"{event}","output":{{"n":{output}}}}}"#) + "\n"
        };
        let was = [line("/a", "started", 1), line("/a", "completed", 1), line("/c", "started", 1)];
        let is = [
            line("/a", "started", 1),
            line("/a", "completed", 2),
            line("/b", "started", 1),
            line("/c", "started", 1),
        ];
        let (was, is) = (was.concat(), is.concat());
        assert_eq!(
            lines(&trace_differences("trace", &was, &is)),
            "@@ trace line 2: /a completed /output/n @@\n-1\n+2\n@@ trace line 3: /b started @@\n\
             +{\"step\":\"/b\",\"event\":\"started\",\"output\":{\"n\":1}}"
        );
        assert_eq!(
            lines(&trace_differences("trace", &is, &was)),
            "@@ trace line 2: /a completed /output/n @@\n-2\n+1\n@@ trace line 3: /b started @@\n\
             -{\"step\":\"/b\",\"event\":\"started\",\"output\":{\"n\":1}}"
        );
        assert_eq!(trace_differences("trace", &was, &was), []);
        assert_eq!(trace_differences("trace", "", &was).len(), 3);
        assert_eq!(trace_differences("trace", "x", "y").len(), 1);
        // Neither the numbers of tasks nor a time that is later throughout.
        let line =
            |at: &str, step: &str| format!("{{\"at\":\"2026-01-01T{at}Z\",\"step\":\"{step}\"}}\n");
        let was = [line("00:00:00", "/do/0/a"), line("00:00:01", "/do/1/b/for/0/do/0/c")].concat();
        let is = [
            line("00:00:00", "/do/0/a"),
            line("01:00:00", "/do/1/wait"),
            line("01:00:01", "/do/2/b/for/0/do/1/c"),
        ];
        assert_eq!(trace_differences("trace", &was, &is.concat()).len(), 1);
        let is = [line("00:00:00", "/do/0/a"), line("00:00:03", "/do/1/b/for/0/do/0/c")].concat();
        assert_eq!(
            lines(&trace_differences("trace", &was, &is)),
            "@@ trace line 2: /do/1/b/for/0/do/0/c  /at @@\n-\"1.000 s later\"\n+\"3.000 s later\""
        );
        // The order of keys does not matter.
        assert_eq!(trace_differences("trace", r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#), []);
    }
}
