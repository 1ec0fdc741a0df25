//! Where everything stands in a picture, in pixels.
//!
//! ```text
//!     (start)
//!        │
//!   ┌─────────┐            a block stands on the axis of its column;
//!   │  block  │──case──╮   a way to the next goes down the axis,
//!   └─────────┘        │   any other to the right and along a lane
//!        │ otherwise   │
//!   ┌─────────┐        │   ways to the same block share a lane
//!   │  block  │◀───────╯
//!   └─────────┘
//! ```
//! Sizes are found from the inside out, places from the outside in; both by walking the blocks once, as a frame
//! stands before what is inside of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::blocks::{Block, Graph, Look, Target};
use super::words::{columns, cut};

/// Around the whole.
const MARGIN: i64 = 20;
/// Inside of a frame.
const PAD: i64 = 16;
/// Of the title of a frame.
pub(super) const TITLE: i64 = 28;
/// Of the title of a column.
pub(super) const SUBTITLE: i64 = 26;
/// Between two blocks of a column.
const GAP: i64 = 34;
/// Between two columns.
const COLUMN_GAP: i64 = 24;
/// Between two lanes.
const LANE: i64 = 12;
/// Of a line of text.
pub(super) const LINE: i64 = 16;
/// Between the ways out of the side of a block.
const STUB: i64 = 18;
/// Between a line and its label.
const LABEL_GAP: i64 = 6;
/// Of the dots at start and end.
pub(super) const DOT: i64 = 9;
/// Of a dot where a way ends beside its block.
pub(super) const END: i64 = 5;
/// Where ways come in, below the top of a block.
const ENTRY: i64 = 10;
/// Where the first of several ways leaves the side of a block.
const FIRST_STUB: i64 = 30;

/// Most columns of text, in a fixed-width font.
pub(super) const LONGEST_NAME: i64 = 30;
pub(super) const LONGEST_WHAT: i64 = 38;
pub(super) const LONGEST_NOTE: i64 = 41;
pub(super) const LONGEST_LABEL: i64 = 32;

/// So wide is a character of a name, and of smaller text, in a fixed-width font: rounded up.
pub(super) const NAME_WIDTH: i64 = 8;
const SMALL_WIDTH: i64 = 7;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Rect {
    pub(super) fn right(&self) -> i64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> i64 {
        self.y + self.height
    }

    pub(super) fn middle(&self) -> i64 {
        self.x + self.width / 2
    }
}

/// A way, as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// Its corners.
    pub(super) points: Vec<(i64, i64)>,
    pub(super) end: RouteEnd,
    /// The label, and where its text begins.
    pub(super) label: Option<(String, (i64, i64))>,
}

/// How a way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RouteEnd {
    Down,
    Left,
    /// At the end of the flow, beside its block.
    Finish,
    /// At the end of the list of tasks, beside its block.
    Out,
    /// At the border of its frame.
    Border,
}

/// Where everything stands.
pub(super) struct Layout {
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) start: (i64, i64),
    pub(super) finish: (i64, i64),
    /// By the places of the blocks in the graph.
    pub(super) blocks: Vec<Rect>,
    /// By the places of the columns in the graph: what a column has of its frame.
    pub(super) columns: Vec<Rect>,
    pub(super) routes: Vec<Route>,
    /// Where the blocks and lanes of each column are counted from.
    origins: Vec<(i64, i64)>,
}

/// A column with its size.
#[derive(Default)]
struct Sized {
    width: i64,
    height: i64,
    /// On which its blocks stand, from its left.
    axis: i64,
    /// Where each lane is, from the left; that to the end of the flow has no block.
    lanes: BTreeMap<Option<usize>, i64>,
}

/// The ways away from a block, as they will be drawn.
#[derive(Default)]
struct Ways {
    /// Down the axis to the next, with a label.
    down: Option<String>,
    /// From the last of a list: the flow goes on behind the frame.
    out: bool,
    /// From its right side, each with a label.
    side: Vec<(Course, String)>,
}

#[derive(Clone, Copy)]
enum Course {
    /// Along a lane to a block, or to the end of the flow.
    Lane(Option<usize>),
    /// A few steps, and over.
    Stub(RouteEnd),
}

impl Ways {
    fn of(graph: &Graph, column: usize, index: usize) -> Ways {
        let is_root = column == 0;
        let is_last = index + 1 == graph.columns[column].blocks.end;
        let mut ways = Ways::default();
        for way in &graph.blocks[index].ways {
            let label = way.label.as_deref();
            let course = match way.to {
                Target::Block(to) if to == index + 1 => None,
                Target::Finish if is_root && is_last => None,
                Target::Block(to) => Some(Course::Lane(Some(to))),
                Target::Finish if is_root => Some(Course::Lane(None)),
                Target::Finish => Some(Course::Stub(RouteEnd::Finish)),
                Target::Out if is_last && label.is_none() => {
                    ways.out = true;
                    continue;
                }
                Target::Out => Some(Course::Stub(RouteEnd::Out)),
            };
            let Some(course) = course else {
                let down = ways.down.get_or_insert_default();
                if !down.is_empty() {
                    down.push_str(", ");
                }
                // Of very many cases, only the first could be read.
                if columns(down) < LONGEST_LABEL {
                    down.push_str(label.unwrap_or_default());
                }
                continue;
            };
            let said = match (label, course) {
                (Some(label), Course::Stub(RouteEnd::Out)) => format!("{label}: exit"),
                (Some(label), Course::Stub(_)) => format!("{label}: end"),
                (Some(label), Course::Lane(_)) => label.to_owned(),
                (None, Course::Lane(Some(to))) => format!("then {}", graph.blocks[to].name),
                (None, Course::Stub(RouteEnd::Out)) => "exit".to_owned(),
                (None, _) => "end".to_owned(),
            };
            ways.side.push((course, cut(&said, LONGEST_LABEL)));
        }
        ways.down = ways.down.map(|down| cut(&down, LONGEST_LABEL));
        ways
    }

    /// How far they reach to the right of the block.
    fn reach(&self) -> i64 {
        self.side.iter().map(|(_, label)| stub_length(label)).max().unwrap_or(0)
    }
}

fn stub_length(label: &str) -> i64 {
    columns(label) * SMALL_WIDTH + 2 * LABEL_GAP + 2 * END
}

impl Layout {
    pub(super) fn of(graph: &Graph) -> Layout {
        let mut layout = Layout {
            width: 0,
            height: 0,
            start: (0, 0),
            finish: (0, 0),
            blocks: vec![Rect::default(); graph.blocks.len()],
            columns: vec![Rect::default(); graph.columns.len()],
            routes: Vec::new(),
            origins: vec![(0, 0); graph.columns.len()],
        };
        let mut ways: Vec<Ways> = graph.blocks.iter().map(|_| Ways::default()).collect();
        let mut sized: Vec<Sized> = graph.columns.iter().map(|_| Sized::default()).collect();
        for column in (0..graph.columns.len()).rev() {
            for index in graph.columns[column].blocks.clone() {
                ways[index] = Ways::of(graph, column, index);
                layout.blocks[index] = size(graph, &graph.blocks[index], &ways[index], &sized);
            }
            sized[column] = layout.measure(graph, column, &ways);
        }
        layout.place(graph, &sized);
        layout.route(graph, &sized, &ways);
        layout
    }

    /// The size of a column, whose blocks get their places below its top.
    fn measure(&mut self, graph: &Graph, column: usize, ways: &[Ways]) -> Sized {
        let range = graph.columns[column].blocks.clone();
        let (mut left, mut right, mut y) = (2 * DOT, 2 * DOT, 0);
        for index in range.clone() {
            let rect = &mut self.blocks[index];
            rect.y = y;
            y += rect.height + GAP;
            let half = rect.width / 2;
            let down = ways[index].down.as_deref().map_or(0, columns) * SMALL_WIDTH + LABEL_GAP;
            left = left.max(half);
            right = right.max(half + ways[index].reach()).max(down);
        }
        let height = (y - GAP).max(0);
        // From where to where each lane goes.
        let mut spans: BTreeMap<Option<usize>, (i64, i64)> = BTreeMap::new();
        for index in range {
            for (number, (course, _)) in ways[index].side.iter().enumerate() {
                let Course::Lane(to) = course else { continue };
                let from = stub_y(&graph.blocks[index], &self.blocks[index], number);
                let to_y = to.map_or(height + GAP + DOT, |to| self.blocks[to].y + ENTRY);
                let span = spans.entry(*to).or_insert((to_y, to_y));
                *span = (span.0.min(from), span.1.max(from));
            }
        }
        let (numbers, count) = assign(&spans);
        let first = left + right + LANE;
        let lanes = numbers.into_iter().map(|(to, number)| (to, first + number * LANE)).collect();
        let title = columns(&cut(&graph.columns[column].words, LONGEST_WHAT)) * SMALL_WIDTH;
        let width = left + right + if count > 0 { (count + 1) * LANE } else { 0 };
        let width = width.max(title);
        Sized { width, height, axis: left, lanes }
    }

    /// Gives everything its place, what is outside first.
    fn place(&mut self, graph: &Graph, sized: &[Sized]) {
        self.origins[0] = (MARGIN, MARGIN + 2 * DOT + GAP);
        for (index, column) in graph.columns.iter().enumerate() {
            let (x, y) = self.origins[index];
            if index == 0 {
                let Sized { width, height, .. } = sized[0];
                self.columns[0] = Rect { x, y, width, height };
            }
            for place in column.blocks.clone() {
                let block = &graph.blocks[place];
                let rect = &mut self.blocks[place];
                rect.x = x + sized[index].axis - rect.width / 2;
                rect.y += y;
                let rect = *rect;
                let mut left = rect.x + (rect.width - inner_width(graph, block, sized)) / 2;
                for inside in block.columns.clone() {
                    let is_titled = graph.columns[inside].title.is_some();
                    let (pad, title) = if is_titled { (PAD, SUBTITLE) } else { (0, 0) };
                    let top = rect.y + title_height(block);
                    let width = sized[inside].width + 2 * pad;
                    let bottom = rect.bottom() - pad / 2;
                    self.columns[inside] = Rect { x: left, y: top, width, height: bottom - top };
                    self.origins[inside] = (left + pad, top + title);
                    left += width + COLUMN_GAP;
                }
            }
        }
        let root = self.columns[0];
        let axis = root.x + sized[0].axis;
        self.start = (axis, MARGIN + DOT);
        let gap = if graph.columns[0].blocks.is_empty() { 0 } else { GAP };
        self.finish = (axis, root.bottom() + gap + DOT);
        self.width = root.right() + MARGIN;
        self.height = self.finish.1 + DOT + MARGIN;
    }

    fn route(&mut self, graph: &Graph, sized: &[Sized], ways: &[Ways]) {
        let first = graph.columns[0].blocks.clone().next();
        let first = first.map_or(self.finish.1 - DOT, |first| self.blocks[first].y);
        let (x, y) = self.start;
        self.routes.push(Route {
            points: vec![(x, y + DOT), (x, first)],
            end: RouteEnd::Down,
            label: None,
        });
        for (index, column) in graph.columns.iter().enumerate() {
            for place in column.blocks.clone() {
                self.down(column.blocks.end, index, place, &ways[place]);
                self.side(&graph.blocks[place], place, &ways[place], (index, &sized[index]));
            }
        }
    }

    /// The way down from a block.
    fn down(&mut self, end: usize, column: usize, place: usize, ways: &Ways) {
        let rect = self.blocks[place];
        let (x, y) = (rect.middle(), rect.bottom());
        if ways.out {
            let points = vec![(x, y), (x, self.columns[column].bottom())];
            self.routes.push(Route { points, end: RouteEnd::Border, label: None });
        }
        if let Some(label) = &ways.down {
            let to = match place + 1 < end {
                true => self.blocks[place + 1].y,
                false => self.finish.1 - DOT,
            };
            let label = (!label.is_empty()).then(|| (label.clone(), (x + LABEL_GAP, y + GAP / 2)));
            self.routes.push(Route { points: vec![(x, y), (x, to)], end: RouteEnd::Down, label });
        }
    }

    /// The ways out of the side of a block.
    fn side(&mut self, block: &Block, place: usize, ways: &Ways, (column, sized): (usize, &Sized)) {
        let rect = self.blocks[place];
        let x = rect.right();
        for (number, (course, label)) in ways.side.iter().enumerate() {
            let y = stub_y(block, &rect, number);
            let mut points = vec![(x, y)];
            let end = match course {
                Course::Stub(end) => {
                    points.push((x + stub_length(label) - 2 * END, y));
                    *end
                }
                Course::Lane(to) => {
                    let lane = sized.lanes.get(to).copied().unwrap_or_default();
                    let lane = self.origins[column].0 + lane;
                    let to = match to {
                        Some(to) => (self.blocks[*to].right(), self.blocks[*to].y + ENTRY),
                        None => (self.finish.0 + DOT, self.finish.1),
                    };
                    points.extend([(lane, y), (lane, to.1), to]);
                    RouteEnd::Left
                }
            };
            let label = Some((label.clone(), (x + LABEL_GAP, y - 4)));
            self.routes.push(Route { points, end, label });
        }
    }
}

/// The size of a block, whose inner columns have theirs.
fn size(graph: &Graph, block: &Block, ways: &Ways, sized: &[Sized]) -> Rect {
    let name = columns(&cut(&block.name, LONGEST_NAME)) * NAME_WIDTH;
    let what = columns(&cut(&block.what, LONGEST_WHAT)) * SMALL_WIDTH;
    let note =
        block.note.as_deref().map_or(0, |note| columns(&cut(note, LONGEST_NOTE)) * SMALL_WIDTH);
    let (width, height) = if block.look == Look::Frame {
        let of_column = |column: usize| {
            let title = if graph.columns[column].title.is_some() { SUBTITLE + PAD } else { 0 };
            sized[column].height + title
        };
        let inside = block.columns.clone().map(of_column).max().unwrap_or(0);
        let titles = (name + what + 4 * SMALL_WIDTH).max(note);
        let width = titles.max(inner_width(graph, block, sized)) + 2 * PAD;
        (width, title_height(block) + inside.max(LINE) + PAD)
    } else {
        let lines = if block.note.is_some() { 3 } else { 2 };
        let sides = i64::try_from(ways.side.len()).unwrap_or(i64::MAX / STUB);
        let sides = if sides > 0 { FIRST_STUB + (sides - 1) * STUB + LINE } else { 0 };
        (name.max(what).max(note).max(96) + 2 * PAD, (lines * LINE + LINE).max(sides))
    };
    // Even, so that the axis is on a pixel.
    Rect { width: (width + 1) / 2 * 2, height, ..Rect::default() }
}

/// The height of a frame's title.
fn title_height(block: &Block) -> i64 {
    if block.note.is_some() { TITLE + LINE } else { TITLE }
}

/// The columns of a frame, side by side.
fn inner_width(graph: &Graph, block: &Block, sized: &[Sized]) -> i64 {
    let of_column = |column: usize| {
        let pad = if graph.columns[column].title.is_some() { PAD } else { 0 };
        sized[column].width + 2 * pad + COLUMN_GAP
    };
    let total: i64 = block.columns.clone().map(of_column).sum();
    (total - COLUMN_GAP).max(0)
}

/// Where a way leaves the side of a block.
fn stub_y(block: &Block, rect: &Rect, number: usize) -> i64 {
    match block.look {
        Look::Switch => {
            rect.y + FIRST_STUB + i64::try_from(number).unwrap_or(i64::MAX / STUB) * STUB
        }
        _ => rect.bottom() - 14,
    }
}

/// Numbers lanes so that no two of the same number meet, and how many numbers there are.
fn assign(spans: &BTreeMap<Option<usize>, (i64, i64)>) -> (Vec<(Option<usize>, i64)>, i64) {
    let mut all: Vec<(&Option<usize>, &(i64, i64))> = spans.iter().collect();
    all.sort_by_key(|(to, span)| (span.0, span.1, **to));
    let (mut taken, mut free, mut count) = (BinaryHeap::new(), BTreeSet::new(), 0);
    let mut numbers = Vec::new();
    for (to, (from, end)) in all {
        while let Some(Reverse((over, number))) = taken.peek().copied()
            && over < *from
        {
            taken.pop();
            free.insert(number);
        }
        let number = free.pop_first().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        taken.push(Reverse((*end, number)));
        numbers.push((*to, number));
    }
    (numbers, count)
}
