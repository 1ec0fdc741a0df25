//! What the pictures are drawn from: tasks as blocks in columns, and the ways between them.

use std::collections::VecDeque;
use std::ops::Range;

use super::words;
use crate::document::call::Call;
use crate::document::task::{Kind, Task};
use crate::document::then::Then;
use crate::document::{Document, TaskId};

/// What the pictures are drawn from.
pub(super) struct Graph {
    /// A frame stands before what is inside of it.
    pub(super) blocks: Vec<Block>,
    /// The first is the flow's own.
    pub(super) columns: Vec<Column>,
}

/// One below the other.
pub(super) struct Column {
    /// `try` or `catch`, where a frame has both.
    pub(super) title: Option<&'static str>,
    /// The title with what is caught.
    pub(super) words: String,
    /// By their places in [`Graph::blocks`], which follow each other.
    pub(super) blocks: Range<usize>,
}

/// A task.
pub(super) struct Block {
    pub(super) id: TaskId,
    pub(super) name: String,
    /// What it does, in few words.
    pub(super) what: String,
    /// Its `if` and its timeout.
    pub(super) note: Option<String>,
    /// What its picture is too small for: the conditions of a `switch`.
    pub(super) more: String,
    pub(super) look: Look,
    /// The columns inside of a frame.
    pub(super) columns: Range<usize>,
    /// The ways away from it, in the order in which they are tried.
    pub(super) ways: Vec<Way>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Task,
    /// A card is called.
    Card,
    Switch,
    Raise,
    Frame,
}

pub(super) struct Way {
    /// The name of a case with its condition, or when a loop goes round.
    pub(super) label: Option<String>,
    pub(super) to: Target,
}

/// Where a way leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// To a block of the same column.
    Block(usize),
    /// Out of the frame: the flow goes on behind it.
    Out,
    /// To the end of the flow.
    Finish,
}

impl Graph {
    pub(super) fn of(document: &Document) -> Graph {
        let root = Column { title: None, words: String::new(), blocks: 0..0 };
        let mut graph = Graph { blocks: Vec::new(), columns: vec![root] };
        let mut open = VecDeque::from([Inside::of(0, document.list(document.root))]);
        while let Some(Inside { column, tasks, again }) = open.pop_front() {
            let first = graph.blocks.len();
            graph.columns[column].blocks = first..first + tasks.len();
            for (index, id) in tasks.iter().enumerate() {
                let task = document.task(*id);
                let columns = graph.inside(document, task, &mut open);
                let mut ways = ways(task, index, first, tasks.len(), column == 0);
                // What leaves the last task of a loop is the next turn, and behind the last one the way out.
                let is_last = index + 1 == tasks.len();
                if let Some(again) = again.as_ref().filter(|_| is_last)
                    && ways.iter().any(|way| way.to == Target::Out)
                {
                    ways.push(Way { label: Some(again.clone()), to: Target::Block(first) });
                }
                graph.blocks.push(Block {
                    id: *id,
                    name: task.name.clone(),
                    what: words::what(document, task),
                    note: words::note(task),
                    more: words::cases(task),
                    look: look(&task.kind),
                    columns,
                    ways,
                });
            }
        }
        graph
    }

    /// The columns inside of a task, which wait to be filled.
    fn inside<'d>(
        &mut self,
        document: &'d Document,
        task: &'d Task,
        open: &mut VecDeque<Inside<'d>>,
    ) -> Range<usize> {
        let first = self.columns.len();
        let mut column = |title: Option<(&'static str, String)>, tasks: &'d [TaskId]| {
            open.push_back(Inside::of(self.columns.len(), tasks));
            let (title, words) = title.unzip();
            let words = words.unwrap_or_default();
            self.columns.push(Column { title, words, blocks: 0..0 });
        };
        match &task.kind {
            Kind::Do(list) => column(None, document.list(*list)),
            Kind::For(for_) => {
                column(None, document.list(for_.tasks));
                if let Some(inside) = open.back_mut() {
                    inside.again = Some(words::again(document, task, for_));
                }
            }
            Kind::Try(try_) => {
                let title = try_.handler.is_some().then(|| ("try", "try".to_owned()));
                column(title, document.list(try_.tasks));
                if let Some(handler) = try_.handler {
                    let words = ["catch", &words::caught(try_)].concat();
                    column(Some(("catch", words)), document.list(handler));
                }
            }
            Kind::Fork(fork) => fork.branches.chunks(1).for_each(|branch| column(None, branch)),
            _ => {}
        }
        first..self.columns.len()
    }
}

/// A column that waits to be filled.
struct Inside<'d> {
    column: usize,
    tasks: &'d [TaskId],
    /// Of a loop: when its first task comes again.
    again: Option<String>,
}

impl<'d> Inside<'d> {
    fn of(column: usize, tasks: &'d [TaskId]) -> Inside<'d> {
        Inside { column, tasks, again: None }
    }
}

fn look(kind: &Kind) -> Look {
    match kind {
        Kind::Call(call) if matches!(**call, Call::Card(_)) => Look::Card,
        Kind::Do(_) | Kind::For(_) | Kind::Fork(_) | Kind::Try(_) => Look::Frame,
        Kind::Switch(_) => Look::Switch,
        Kind::Raise(_) => Look::Raise,
        _ => Look::Task,
    }
}

/// The ways away from the task at `index` of a column whose first block is `first`.
fn ways(task: &Task, index: usize, first: usize, count: usize, is_root: bool) -> Vec<Way> {
    let behind = if is_root { Target::Finish } else { Target::Out };
    let to = |then: Then| match then {
        Then::Continue if index + 1 < count => Target::Block(first + index + 1),
        Then::Continue | Then::Exit => behind,
        Then::To(index) => Target::Block(first + index),
        Then::End => Target::Finish,
    };
    let mut ways = Vec::new();
    let Kind::Switch(switch) = &task.kind else {
        if !matches!(task.kind, Kind::Raise(_)) {
            ways.push(Way { label: None, to: to(task.then) });
        }
        return ways;
    };
    for case in &switch.cases {
        ways.push(Way { label: Some(words::case(case)), to: to(case.then) });
    }
    if switch.cases.iter().all(|case| case.when.is_some()) {
        ways.push(Way { label: Some("otherwise".to_owned()), to: to(task.then) });
    }
    ways
}
