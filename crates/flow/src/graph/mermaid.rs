//! The text of a Mermaid flowchart.

use super::blocks::{Block, Column, Graph, Look, Target};
use super::words::{cut, within};
use crate::document::{Document, TaskId};

/// Most characters of a text in the chart.
const LONGEST: i64 = 60;

/// The Mermaid flowchart of a flow.
///
/// # Example: two tasks and a way past one of them
/// ```
/// use cardhost_flow::{graph, load};
/// let text = "
/// document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
/// do:
///   - ask: { switch: [ { big: { when: .n > 1, then: end } } ] }
///   - get: { call: get-pet@shop }
/// ";
/// let flow = load("y.yaml", text).unwrap();
/// assert_eq!(
///     graph::mermaid(&flow.document),
///     r##"flowchart TD
///   start((start)) --> t0
///   t0{"ask<br/>switch"}
///   t1["get<br/>get-pet@shop"]
///   t0 -->|"big: .n #gt; 1"| finish
///   t0 -->|"otherwise"| t1
///   t1 --> finish
///   finish((end))
/// "##
/// );
/// ```
#[must_use]
pub fn mermaid(document: &Document) -> String {
    let graph = Graph::of(document);
    let mut lines = vec!["flowchart TD".to_owned()];
    let first = graph.columns[0].blocks.clone().next();
    let first = first.map_or("finish".to_owned(), |first| name(graph.blocks[first].id));
    let start = match within(document) {
        Some(within) => format!("start((\"start<br/>{}\"))", shown(&within)),
        None => "start((start))".to_owned(),
    };
    lines.push(format!("  {start} --> {first}"));
    let mut open = vec![Open::Column { column: &graph.columns[0], depth: 1 }];
    while let Some(next) = open.pop() {
        let mut inside = Vec::new();
        match next {
            Open::Line { text, depth } => lines.push(format!("{}{text}", "  ".repeat(depth))),
            Open::Column { column, depth } => {
                let blocks = &graph.blocks[column.blocks.clone()];
                for block in blocks {
                    node(&graph, block, depth, &mut inside);
                }
                for block in blocks {
                    ways(&graph, block, depth, &mut inside);
                }
            }
        }
        open.extend(inside.into_iter().rev());
    }
    lines.push("  finish((end))\n".to_owned());
    lines.join("\n")
}

/// What is still to be drawn.
enum Open<'g> {
    Column { column: &'g Column, depth: usize },
    Line { text: String, depth: usize },
}

/// A box, or a frame with what is to be drawn in it.
fn node<'g>(graph: &'g Graph, block: &Block, depth: usize, inside: &mut Vec<Open<'g>>) {
    let (id, title) = (name(block.id), shown(&block.name));
    let what = shown(&block.what);
    if block.look != Look::Frame {
        let note = block.note.as_ref().map(|text| format!("<br/>{}", shown(text)));
        let text = format!("{title}<br/>{what}{}", note.unwrap_or_default());
        let text = match block.look {
            Look::Switch => format!("{id}{{\"{text}\"}}"),
            _ => format!("{id}[\"{text}\"]"),
        };
        return inside.push(Open::Line { text, depth });
    }
    let note = block.note.as_ref().map(|text| format!(" · {}", shown(text)));
    let text = format!("subgraph {id}[\"{title} · {what}{}\"]", note.unwrap_or_default());
    inside.push(Open::Line { text, depth });
    for column in &graph.columns[block.columns.clone()] {
        let Some(title) = column.title else {
            inside.push(Open::Column { column, depth: depth + 1 });
            continue;
        };
        let text = format!("subgraph {id}{title}[\"{}\"]", shown(&column.words));
        inside.push(Open::Line { text, depth: depth + 1 });
        inside.push(Open::Column { column, depth: depth + 2 });
        inside.push(Open::Line { text: "end".to_owned(), depth: depth + 1 });
    }
    inside.push(Open::Line { text: "end".to_owned(), depth });
}

/// The arrows away from a block; what leads out of a frame needs none.
fn ways(graph: &Graph, block: &Block, depth: usize, inside: &mut Vec<Open<'_>>) {
    for way in &block.ways {
        let target = match way.to {
            Target::Block(index) => name(graph.blocks[index].id),
            Target::Finish => "finish".to_owned(),
            Target::Out => continue,
        };
        let label = way.label.as_ref().map(|label| format!("|\"{}\"|", shown(label)));
        let text = format!("{} -->{} {target}", name(block.id), label.unwrap_or_default());
        inside.push(Open::Line { text, depth });
    }
}

fn name(id: TaskId) -> String {
    format!("t{}", id.0)
}

/// Text as it may stand in quotes of Mermaid.
fn shown(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "#quot;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        '#' => "#35;".to_owned(),
        '|' => "#124;".to_owned(),
        c => c.to_string(),
    };
    cut(text, LONGEST).chars().map(escape).collect()
}
