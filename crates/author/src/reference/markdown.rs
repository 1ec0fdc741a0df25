//! A reference page as Markdown (CommonMark with GitHub's tables).
//!
//! A table cell holds one line: paragraphs and items are set apart by `<br>`. Text is escaped so that no
//! label or description of a card turns into mark-up.

use super::page::{Block, Cell, Inline, Page, RowGroup, Section, Table};

/// The page as Markdown; ends with one line break.
#[must_use]
pub fn markdown(page: &impl AsRef<Page>) -> String {
    let page = page.as_ref();
    let mut out = format!("# {}\n", escaped(&page.title));
    push_blocks(&page.lead, &mut out);
    for section in &page.sections {
        push_section(section, 2, &mut out);
    }
    out
}

fn push_section(section: &Section, level: usize, out: &mut String) {
    out.push_str(&format!("\n{} {}\n", "#".repeat(level), escaped(&section.title)));
    push_blocks(&section.blocks, out);
    for inner in &section.sections {
        push_section(inner, level + 1, out);
    }
}

fn push_blocks(blocks: &[Block], out: &mut String) {
    for block in blocks {
        out.push('\n');
        match block {
            Block::Paragraph(line) => {
                out.push_str(&paragraph_start(&inline(line)));
                out.push('\n');
            }
            Block::Bullets(items) => push_items(items, |_| "- ".to_owned(), out),
            Block::Numbers(items) => push_items(items, |index| format!("{}. ", index + 1), out),
            Block::Table(table) => push_table(table, out),
            Block::Code { caption, language, text } => {
                let fence = fence(text);
                let caption = escaped(caption);
                out.push_str(&format!("{caption}:\n\n{fence}{language}\n{text}\n{fence}\n"));
            }
        }
    }
}

fn push_items(items: &[Vec<Inline>], mark: impl Fn(usize) -> String, out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        out.push_str(&mark(index));
        out.push_str(&paragraph_start(&inline(item)));
        out.push('\n');
    }
}

fn push_table(table: &Table, out: &mut String) {
    let headings: Vec<String> = table.columns.iter().map(|heading| escaped(heading)).collect();
    push_row(&headings, out);
    push_row(&vec!["---".to_owned(); headings.len()], out);
    for RowGroup { name, rows } in &table.groups {
        if let Some(name) = name {
            let mut cells = vec![String::new(); headings.len()];
            if let Some(first) = cells.first_mut() {
                *first = format!("**{}**", escaped(name));
            }
            push_row(&cells, out);
        }
        for row in rows {
            push_row(&row.iter().map(cell_text).collect::<Vec<_>>(), out);
        }
    }
}

fn push_row(cells: &[String], out: &mut String) {
    for cell in cells {
        out.push('|');
        if !cell.is_empty() {
            // A bar ends the cell, even inside code.
            out.push_str(&format!(" {}", cell.replace('|', "\\|")));
        }
        out.push(' ');
    }
    out.push_str("|\n");
}

fn cell_text(cell: &Cell) -> String {
    let mut lines = Vec::new();
    for block in cell {
        match block {
            Block::Paragraph(line) => lines.push(inline(line)),
            Block::Bullets(items) => {
                lines.extend(items.iter().map(|item| format!("• {}", inline(item))));
            }
            Block::Numbers(items) => {
                let numbered = items.iter().enumerate();
                lines.extend(
                    numbered.map(|(index, item)| format!("{}. {}", index + 1, inline(item))),
                );
            }
            // Cells hold paragraphs and lists.
            Block::Table(_) | Block::Code { .. } => lines.push(escaped(&block.plain_text())),
        }
    }
    lines.join("<br>")
}

fn inline(line: &[Inline]) -> String {
    line.iter()
        .map(|piece| match piece {
            Inline::Text(text) => escaped(text),
            Inline::Strong(text) => format!("**{}**", escaped(text)),
            Inline::Code(text) => code(text),
            Inline::Link { text, url } => format!("[{}](<{}>)", escaped(text), link_target(url)),
        })
        .collect()
}

/// Text in which nothing is mark-up, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '$' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' | '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A line that does not begin a heading, list or quote.
fn paragraph_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let after = line.get(digits..).unwrap_or_default();
    if digits > 0 && after.starts_with(['.', ')']) {
        return format!("{}\\{after}", line.get(..digits).unwrap_or_default());
    }
    if line.starts_with(['#', '-', '+', '=']) { format!("\\{line}") } else { line.to_owned() }
}

/// A code span: as many backticks around it as it needs.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

fn fence(text: &str) -> String {
    "`".repeat((longest_run(text) + 1).max(3))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

fn link_target(url: &str) -> String {
    url.replace('\\', "%5C")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace(char::is_whitespace, "%20")
        .replace('|', "%7C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_turns_into_markup() {
        assert_eq!(escaped("a*b_<script>`"), "a\\*b\\_\\<script\\>\\`");
        assert_eq!(paragraph_start("1. x"), "1\\. x");
        assert_eq!(paragraph_start("# x"), "\\# x");
    }

    #[test]
    fn code_spans_and_fences_are_longer_than_what_they_enclose() {
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fence("````"), "`````");
    }

    #[test]
    fn a_bar_in_a_cell_is_escaped_once() {
        let cell = vec![Block::Paragraph(vec![Inline::text("a|b "), Inline::code("c|d")])];
        let mut row = String::new();
        push_row(&[cell_text(&cell)], &mut row);
        assert_eq!(row, "| a\\|b `c\\|d` |\n");
    }
}
