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
    /// By their places in [`Graph::blocks`], which follow each other.
    pub(super) blocks: Range<usize>,
}

/// A task.
pub(super) struct Block {
    pub(super) id: TaskId,
    pub(super) name: String,
    /// What it does, in few words.
    pub(super) what: String,
    /// Its `if`.
    pub(super) condition: Option<String>,
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
    /// The name of a case.
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
        let root = Column { title: None, blocks: 0..0 };
        let mut graph = Graph { blocks: Vec::new(), columns: vec![root] };
        let mut open = VecDeque::from([(0, document.list(document.root))]);
        while let Some((column, tasks)) = open.pop_front() {
            let first = graph.blocks.len();
            graph.columns[column].blocks = first..first + tasks.len();
            for (index, id) in tasks.iter().enumerate() {
                let task = document.task(*id);
                let columns = graph.inside(document, task, &mut open);
                graph.blocks.push(Block {
                    id: *id,
                    name: task.name.clone(),
                    what: words::what(document, task),
                    condition: task.condition.as_ref().map(|condition| condition.text().to_owned()),
                    look: look(&task.kind),
                    columns,
                    ways: ways(task, index, first, tasks.len(), column == 0),
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
        open: &mut VecDeque<(usize, &'d [TaskId])>,
    ) -> Range<usize> {
        let first = self.columns.len();
        let mut column = |title, tasks: &'d [TaskId]| {
            open.push_back((self.columns.len(), tasks));
            self.columns.push(Column { title, blocks: 0..0 });
        };
        match &task.kind {
            Kind::Do(list) => column(None, document.list(*list)),
            Kind::For(for_) => column(None, document.list(for_.tasks)),
            Kind::Try(try_) => {
                let title = try_.handler.is_some().then_some("try");
                column(title, document.list(try_.tasks));
                if let Some(handler) = try_.handler {
                    column(Some("catch"), document.list(handler));
                }
            }
            Kind::Fork(fork) => fork.branches.chunks(1).for_each(|branch| column(None, branch)),
            _ => {}
        }
        first..self.columns.len()
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
        ways.push(Way { label: Some(case.name.clone()), to: to(case.then) });
    }
    if switch.cases.iter().all(|case| case.when.is_some()) {
        ways.push(Way { label: Some("otherwise".to_owned()), to: to(task.then) });
    }
    ways
}
