//! A reference page as HTML: one file, no script, readable aloud and on paper, light and dark.

use cardhost_core::markup::escaped;

use super::page::{Block, Cell, Inline, Page, Row, RowGroup, Section, Table};

const STYLE: &str = include_str!("page.css");

/// The page as an HTML document that needs no other file; ends with one line break.
#[must_use]
pub fn html(page: &impl AsRef<Page>) -> String {
    let page = page.as_ref();
    let title = escaped(&page.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    push_blocks(&page.lead, &mut out);
    push_contents(&page.sections, &mut out);
    for (index, section) in page.sections.iter().enumerate() {
        push_section(section, 2, &id(&[index]), &mut out);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Links to the sections.
fn push_contents(sections: &[Section], out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for (index, section) in sections.iter().enumerate() {
        let (id, title) = (id(&[index]), escaped(&section.title));
        out.push_str(&format!("<li><a href=\"#{id}\">{title}</a></li>\n"));
    }
    out.push_str("</ul>\n</nav>\n");
}

/// The name of a section that is unique on the page: `s-1`, `s-4-2`.
fn id(place: &[usize]) -> String {
    place.iter().fold("s".to_owned(), |id, index| format!("{id}-{}", index + 1))
}

fn push_section(section: &Section, level: usize, id: &str, out: &mut String) {
    let level_shown = level.min(6);
    let title = escaped(&section.title);
    out.push_str(&format!(
        "<section aria-labelledby=\"{id}\">\n<h{level_shown} id=\"{id}\">{title}</h{level_shown}>\n"
    ));
    push_blocks(&section.blocks, out);
    for (index, inner) in section.sections.iter().enumerate() {
        push_section(inner, level + 1, &format!("{id}-{}", index + 1), out);
    }
    out.push_str("</section>\n");
}

fn push_blocks(blocks: &[Block], out: &mut String) {
    for block in blocks {
        match block {
            Block::Paragraph(line) => out.push_str(&format!("<p>{}</p>\n", inline(line))),
            Block::Bullets(items) => push_list("ul", items, out),
            Block::Numbers(items) => push_list("ol", items, out),
            Block::Table(table) => push_table(table, out),
            Block::Code { caption, language, text } => out.push_str(&format!(
                "<figure>\n<figcaption>{}</figcaption>\n\
                 <pre tabindex=\"0\"><code class=\"language-{language}\">{}</code></pre>\n</figure>\n",
                escaped(caption),
                escaped(text),
            )),
        }
    }
}

fn push_list(tag: &str, items: &[Vec<Inline>], out: &mut String) {
    out.push_str(&format!("<{tag}>\n"));
    for item in items {
        out.push_str(&format!("<li>{}</li>\n", inline(item)));
    }
    out.push_str(&format!("</{tag}>\n"));
}

fn push_table(table: &Table, out: &mut String) {
    // What is wider than the screen scrolls by itself, with the keyboard too.
    let caption = escaped(&table.caption);
    out.push_str(&format!(
        "<div class=\"table\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n\
         <caption>{caption}</caption>\n<thead>\n<tr>"
    ));
    for heading in &table.columns {
        out.push_str(&format!("<th scope=\"col\">{}</th>", escaped(heading)));
    }
    out.push_str("</tr>\n</thead>\n");
    for group in &table.groups {
        push_group(group, table.columns.len(), out);
    }
    out.push_str("</table>\n</div>\n");
}

fn push_group(group: &RowGroup, width: usize, out: &mut String) {
    out.push_str("<tbody>\n");
    if let Some(name) = &group.name {
        let name = escaped(name);
        out.push_str(&format!(
            "<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{width}\">{name}</th></tr>\n"
        ));
    }
    for row in &group.rows {
        push_row(row, out);
    }
    out.push_str("</tbody>\n");
}

fn push_row(row: &Row, out: &mut String) {
    out.push_str("<tr>");
    for (index, cell) in row.iter().enumerate() {
        let text = cell_text(cell);
        match index {
            0 => out.push_str(&format!("<th scope=\"row\">{text}</th>")),
            _ => out.push_str(&format!("<td>{text}</td>")),
        }
    }
    out.push_str("</tr>\n");
}

/// A cell of one paragraph is that text; others hold blocks.
fn cell_text(cell: &Cell) -> String {
    if let [Block::Paragraph(line)] = cell.as_slice() {
        return inline(line);
    }
    let mut out = String::new();
    push_blocks(cell, &mut out);
    out
}

fn inline(line: &[Inline]) -> String {
    line.iter()
        .map(|piece| match piece {
            Inline::Text(text) => escaped(text),
            Inline::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
            Inline::Code(text) => format!("<code>{}</code>", escaped(text)),
            Inline::Link { text, url } => {
                format!("<a href=\"{}\">{}</a>", escaped(url), escaped(text))
            }
        })
        .collect()
}
