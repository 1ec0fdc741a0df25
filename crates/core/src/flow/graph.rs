//! A flow as a picture: the text of a Mermaid flowchart.
//!
//! A list of tasks is a chain of boxes; a task with lists of its own is a frame around them.

use super::document::call::Call;
use super::document::task::{Kind, Then};
use super::document::{Document, ListId, TaskId};

/// The Mermaid flowchart of a flow.
///
/// # Example: two tasks and a way past one of them
/// ```
/// use cardhost_core::flow::{graph, load};
/// let text = "
/// document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
/// do:
///   - ask: { switch: [ { big: { when: .n > 1, then: end } } ] }
///   - get: { call: get-pet@shop }
/// ";
/// let flow = load("y.yaml", text).unwrap();
/// assert_eq!(
///     graph::mermaid(&flow.document),
///     r#"flowchart TD
///   start((start)) --> t0
///   t0{"ask<br/>switch"}
///   t1["get<br/>get-pet@shop"]
///   t0 -->|big| finish
///   t0 --> t1
///   t1 --> finish
///   finish((end))
/// "#
/// );
/// ```
#[must_use]
pub fn mermaid(document: &Document) -> String {
    let mut chart = Chart { document, lines: vec!["flowchart TD".to_owned()] };
    let first = document.list(document.root).first();
    chart.line(1, &format!("start((start)) --> {}", first.map_or("finish".into(), |id| name(*id))));
    chart.draw();
    chart.line(1, "finish((end))");
    chart.lines.push(String::new());
    chart.lines.join("\n")
}

struct Chart<'d> {
    document: &'d Document,
    lines: Vec<String>,
}

/// What is still to be drawn.
enum Open {
    /// The boxes of a list, and what comes after its last.
    List {
        list: ListId,
        depth: usize,
        after: Option<String>,
    },
    /// A task that stands alone in its frame.
    Alone {
        task: TaskId,
        depth: usize,
    },
    Line {
        text: String,
        depth: usize,
    },
}

impl Chart<'_> {
    fn draw(&mut self) {
        let after = Some("finish".to_owned());
        let mut open = vec![Open::List { list: self.document.root, depth: 1, after }];
        while let Some(next) = open.pop() {
            match next {
                Open::Line { text, depth } => self.line(depth, &text),
                Open::Alone { task, depth } => {
                    let mut inside = Vec::new();
                    self.node(task, depth, &mut inside);
                    open.extend(inside.into_iter().rev());
                }
                Open::List { list, depth, after } => {
                    let document = self.document;
                    let tasks = document.list(list);
                    let mut inside = Vec::new();
                    for task in tasks {
                        self.node(*task, depth, &mut inside);
                    }
                    for (index, task) in tasks.iter().enumerate() {
                        self.ways(*task, index, tasks, after.as_deref(), depth, &mut inside);
                    }
                    open.extend(inside.into_iter().rev());
                }
            }
        }
    }

    /// A box, or a frame with what is to be drawn in it.
    fn node(&mut self, id: TaskId, depth: usize, inside: &mut Vec<Open>) {
        let task = self.document.task(id);
        let (kind, lists): (String, Vec<(&str, ListId)>) = match &task.kind {
            Kind::Do(list) => ("do".into(), vec![("do", *list)]),
            Kind::For(for_) => (format!("for {}", for_.items.text()), vec![("do", for_.tasks)]),
            Kind::Try(try_) => {
                let handler = try_.handler.map(|list| ("catch", list));
                ("try".into(), [("try", try_.tasks)].into_iter().chain(handler).collect())
            }
            Kind::Fork(fork) => {
                let title = if fork.compete { "fork, the first wins" } else { "fork" };
                let text = format!("subgraph {}[\"{} · {title}\"]", name(id), shown(&task.name));
                inside.push(Open::Line { text, depth });
                let branches = fork.branches.iter();
                inside.extend(branches.map(|task| Open::Alone { task: *task, depth: depth + 1 }));
                inside.push(Open::Line { text: "end".to_owned(), depth });
                return;
            }
            Kind::Switch(_) => {
                let text = format!("{}{{\"{}<br/>switch\"}}", name(id), shown(&task.name));
                return inside.push(Open::Line { text, depth });
            }
            other => {
                let text =
                    format!("{}[\"{}<br/>{}\"]", name(id), shown(&task.name), shown(&label(other)));
                return inside.push(Open::Line { text, depth });
            }
        };
        let text = format!("subgraph {}[\"{} · {}\"]", name(id), shown(&task.name), shown(&kind));
        inside.push(Open::Line { text, depth });
        for (title, list) in &lists {
            if lists.len() > 1 {
                let text = format!("subgraph {}{title}[\"{title}\"]", name(id));
                inside.push(Open::Line { text, depth: depth + 1 });
            }
            inside.push(Open::List { list: *list, depth: depth + 1, after: None });
            if lists.len() > 1 {
                inside.push(Open::Line { text: "end".to_owned(), depth: depth + 1 });
            }
        }
        inside.push(Open::Line { text: "end".to_owned(), depth });
    }

    /// The arrows away from a task.
    fn ways(
        &mut self,
        id: TaskId,
        index: usize,
        tasks: &[TaskId],
        after: Option<&str>,
        depth: usize,
        inside: &mut Vec<Open>,
    ) {
        let task = self.document.task(id);
        let target = |then: Then| match then {
            Then::Continue => {
                tasks.get(index + 1).map(|id| name(*id)).or_else(|| after.map(str::to_owned))
            }
            Then::To(index) => tasks.get(index).map(|id| name(*id)),
            Then::Exit => after.map(str::to_owned),
            Then::End => Some("finish".to_owned()),
        };
        let mut arrow = |label: &str, then: Then| {
            if let Some(target) = target(then) {
                let label = if label.is_empty() { String::new() } else { format!("|{label}|") };
                let text = format!("{} -->{label} {target}", name(id));
                inside.push(Open::Line { text, depth });
            }
        };
        let mut is_decided = false;
        if let Kind::Switch(switch) = &task.kind {
            for case in &switch.cases {
                arrow(&shown(&case.name), case.then);
                is_decided |= case.when.is_none();
            }
        }
        if !is_decided && !matches!(task.kind, Kind::Raise(_)) {
            arrow("", task.then);
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{}{text}", "  ".repeat(depth)));
    }
}

fn name(id: TaskId) -> String {
    format!("t{}", id.0)
}

fn label(kind: &Kind) -> String {
    match kind {
        Kind::Call(call) => match &**call {
            Call::Card(card) => {
                let version = card.version.as_ref().map(|text| format!(":{text}"));
                format!("{}{}@{}", card.card, version.unwrap_or_default(), card.connector)
            }
            Call::Function(function) => function.name.clone(),
            Call::Http(_) => "http".to_owned(),
            Call::OpenApi(_) => "openapi".to_owned(),
        },
        Kind::Emit(_) => "emit".to_owned(),
        Kind::Raise(_) => "raise".to_owned(),
        Kind::Run(run) => format!("run {}/{}", run.namespace, run.name),
        Kind::Set(_) => "set".to_owned(),
        Kind::Wait(_) => "wait".to_owned(),
        Kind::Do(_) | Kind::For(_) | Kind::Fork(_) | Kind::Switch(_) | Kind::Try(_) => {
            String::new()
        }
        Kind::Unsupported => "?".to_owned(),
    }
}

/// Text as it may stand in quotes of Mermaid.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let escape = |c: char| match c {
        '"' => "#quot;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        '#' => "#35;".to_owned(),
        '|' => "#124;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    short.chars().map(escape).collect()
}
