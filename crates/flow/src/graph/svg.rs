//! The text of an SVG picture: no script, no font, nothing that is fetched; light and dark.

use std::fmt::Write as _;

use cardhost_core::markup::escaped;

use super::blocks::{Block, Graph, Look};
use super::layout::{
    DOT, END, LINE, LONGEST_NAME, LONGEST_NOTE, LONGEST_WHAT, Layout, NAME_WIDTH, Rect, Route,
    RouteEnd, SUBTITLE, TITLE,
};
use super::words::{columns, cut, within};
use crate::document::Document;

/// The classes are of this picture only: it may stand inside of a page.
const STYLE: &str = "\
.cardhost-flow text{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11px;fill:#57606a}\
.cardhost-flow .name{font-size:13px;font-weight:600;fill:#1f2328}\
.cardhost-flow .what{fill:#424a53}\
.cardhost-flow .if{font-style:italic}\
.cardhost-flow .mid{text-anchor:middle}\
.cardhost-flow .paper{fill:#fff}\
.cardhost-flow .task{fill:#f6f8fa;stroke:#8c959f}\
.cardhost-flow .card{fill:#ddf4ff;stroke:#218bff}\
.cardhost-flow .switch{fill:#fff8c5;stroke:#bf8700}\
.cardhost-flow .raise{fill:#ffebe9;stroke:#cf222e}\
.cardhost-flow .frame{fill:none;stroke:#afb8c1}\
.cardhost-flow .catch{stroke:#cf222e;stroke-dasharray:5 4}\
.cardhost-flow .way{fill:none;stroke:#57606a}\
.cardhost-flow .head{fill:#57606a}\
.cardhost-flow .ring{fill:#fff;stroke:#57606a}\
@media (prefers-color-scheme:dark){\
.cardhost-flow text{fill:#9198a1}\
.cardhost-flow .name{fill:#f0f6fc}\
.cardhost-flow .what{fill:#d1d7e0}\
.cardhost-flow .paper{fill:#0d1117}\
.cardhost-flow .task{fill:#151b23;stroke:#656c76}\
.cardhost-flow .card{fill:#0c2d6b;stroke:#388bfd}\
.cardhost-flow .switch{fill:#3b2300;stroke:#bb8009}\
.cardhost-flow .raise{fill:#490202;stroke:#f85149}\
.cardhost-flow .frame{stroke:#565d66}\
.cardhost-flow .catch{stroke:#f85149}\
.cardhost-flow .way{stroke:#9198a1}\
.cardhost-flow .head{fill:#9198a1}\
.cardhost-flow .ring{fill:#0d1117;stroke:#9198a1}\
}";

/// The corners of ways are round.
const CORNER: i64 = 6;

/// The picture of a flow, as the text of an SVG document. The same flow gives the same text.
///
/// # Example: a task of a flow, with its full name as a title
/// ```
/// use cardhost_flow::{graph, load};
/// let text = "
/// document: { dsl: '1.0.3', namespace: shop, name: pets, version: 1.0.0 }
/// do:
///   - get: { call: get-pet@shop }
/// ";
/// let flow = load("pets.yaml", text).unwrap();
/// let svg = graph::svg(&flow.document);
/// assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cardhost-flow\""));
/// assert!(svg.contains("<title>shop/pets 1.0.0</title>"));
/// assert!(svg.contains("<title>get: get-pet@shop</title>"));
/// ```
#[must_use]
pub fn svg(document: &Document) -> String {
    let graph = Graph::of(document);
    let layout = Layout::of(&graph);
    let mut svg = Svg { text: String::new() };
    svg.head(document, &graph, &layout);
    for (column, rect) in graph.columns.iter().zip(&layout.columns) {
        if let Some(title) = column.title {
            svg.column(title, &column.words, rect);
        }
    }
    for (block, rect) in graph.blocks.iter().zip(&layout.blocks) {
        svg.block(block, rect);
    }
    for route in &layout.routes {
        svg.route(route);
    }
    let ((x, y), (end_x, end_y)) = (layout.start, layout.finish);
    let start = match within(document) {
        Some(within) => escaped(&format!("start, {within}")).to_string(),
        None => "start".to_owned(),
    };
    svg.line(format_args!(
        "<circle class=\"head\" cx=\"{x}\" cy=\"{y}\" r=\"{DOT}\"><title>{start}</title></circle>"
    ));
    svg.line(format_args!(
        "<g><title>end</title><circle class=\"ring\" cx=\"{end_x}\" cy=\"{end_y}\" r=\"{DOT}\"/>"
    ));
    svg.line(format_args!(
        "<circle class=\"head\" cx=\"{end_x}\" cy=\"{end_y}\" r=\"{}\"/></g>",
        DOT - 4
    ));
    svg.line(format_args!("</svg>"));
    svg.text
}

struct Svg {
    text: String,
}

impl Svg {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn head(&mut self, document: &Document, graph: &Graph, layout: &Layout) {
        let (width, height) = (layout.width, layout.height);
        let head = &document.head;
        let name = match &head.title {
            Some(title) => title.clone(),
            None => format!("{}/{} {}", head.namespace, head.name, head.version),
        };
        let tasks = match graph.blocks.len() {
            1 => "1 task".to_owned(),
            count => format!("{count} tasks"),
        };
        self.line(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cardhost-flow\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"graphics-document\" aria-roledescription=\"flowchart\" \
             aria-label=\"{}\">",
            escaped(&name)
        ));
        self.line(format_args!("<title>{}</title>", escaped(&name)));
        self.line(format_args!("<desc>A flowchart of {tasks}, from top to bottom.</desc>"));
        self.line(format_args!("<style>{STYLE}</style>"));
        self.line(format_args!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"));
    }

    /// `try` or `catch`, inside of its frame.
    fn column(&mut self, title: &str, words: &str, rect: &Rect) {
        let class = if title == "catch" { "frame catch" } else { "frame" };
        self.line(format_args!("<g><title>{}</title>", escaped(words)));
        self.rect(class, rect);
        self.words("what", rect.x + 10, rect.y + SUBTITLE - 7, &cut(words, LONGEST_WHAT));
        self.line(format_args!("</g>"));
    }

    fn block(&mut self, block: &Block, rect: &Rect) {
        let (name, what) = (cut(&block.name, LONGEST_NAME), cut(&block.what, LONGEST_WHAT));
        let note = block.note.as_ref().map(|text| cut(text, LONGEST_NOTE));
        let full = block.note.as_ref().map(|text| format!(", {text}")).unwrap_or_default();
        let full = format!("{}: {}{full}{}", block.name, block.what, block.more);
        self.line(format_args!("<g role=\"graphics-symbol\"><title>{}</title>", escaped(&full)));
        let middle = rect.middle();
        match block.look {
            Look::Frame => {
                self.rect("frame", rect);
                let (x, y) = (rect.x + 12, rect.y + TITLE - 9);
                self.words("name", x, y, &name);
                let behind = x + columns(&name) * NAME_WIDTH + 4;
                self.words("what", behind, y, &format!("· {what}"));
                if let Some(note) = note {
                    self.words("if", x, y + LINE, &note);
                }
            }
            look => {
                match look {
                    Look::Switch => self.octagon("switch", rect),
                    Look::Card => self.rect("card", rect),
                    Look::Raise => self.rect("raise", rect),
                    Look::Task | Look::Frame => self.rect("task", rect),
                }
                self.words("name mid", middle, rect.y + 20, &name);
                self.words("what mid", middle, rect.y + 20 + LINE, &what);
                if let Some(note) = note {
                    self.words("if mid", middle, rect.y + 20 + 2 * LINE, &note);
                }
            }
        }
        self.line(format_args!("</g>"));
    }

    fn rect(&mut self, class: &str, Rect { x, y, width, height }: &Rect) {
        self.line(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        ));
    }

    fn octagon(&mut self, class: &str, rect: &Rect) {
        const CUT: i64 = 12;
        let (left, right, top, bottom) = (rect.x, rect.right(), rect.y, rect.bottom());
        self.line(format_args!(
            "<path class=\"{class}\" d=\"M{} {top}H{}L{right} {}V{}L{} {bottom}H{}L{left} {}V{}Z\"/>",
            left + CUT,
            right - CUT,
            top + CUT,
            bottom - CUT,
            right - CUT,
            left + CUT,
            bottom - CUT,
            top + CUT
        ));
    }

    fn words(&mut self, class: &str, x: i64, y: i64, text: &str) {
        self.line(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(text)
        ));
    }

    fn route(&mut self, route: &Route) {
        self.line(format_args!("<path class=\"way\" d=\"{}\"/>", path(&route.points)));
        let Some((x, y)) = route.points.last().copied() else { return };
        match route.end {
            RouteEnd::Down => self
                .line(format_args!("<path class=\"head\" d=\"M{x} {y}l-4 -7h8z\"/>")),
            RouteEnd::Left => self
                .line(format_args!("<path class=\"head\" d=\"M{x} {y}l7 -4v8z\"/>")),
            RouteEnd::Finish => self.line(format_args!(
                "<circle class=\"head\" cx=\"{}\" cy=\"{y}\" r=\"{END}\"><title>the flow ends</title></circle>",
                x + END
            )),
            RouteEnd::Out => self.line(format_args!(
                "<circle class=\"ring\" cx=\"{}\" cy=\"{y}\" r=\"{END}\"><title>the list of tasks ends</title></circle>",
                x + END
            )),
            RouteEnd::Border => {}
        }
        if let Some((label, (x, y))) = &route.label {
            self.words("label", *x, *y, label);
        }
    }
}

/// A path along points whose lines are level or upright, with round corners.
fn path(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().copied().enumerate() {
        let before = index.checked_sub(1).map(|before| points[before]);
        match (before, points.get(index + 1)) {
            (None, _) => path.push_str(&format!("M{x} {y}")),
            (Some(_), None) => path.push_str(&format!("L{x} {y}")),
            (Some(before), Some(after)) => {
                let toward = |(to_x, to_y): (i64, i64)| {
                    let step = |d: i64| d.signum() * CORNER.min(d.abs() / 2);
                    (x + step(to_x - x), y + step(to_y - y))
                };
                let ((from_x, from_y), (to_x, to_y)) = (toward(before), toward(*after));
                path.push_str(&format!("L{from_x} {from_y}Q{x} {y} {to_x} {to_y}"));
            }
        }
    }
    path
}
