//! What is told of a flow: what it is for, the comment it begins with, what it takes, the cards it calls.

use cardhost::author::reference::{Block, Inline, Page, Section};
use cardhost::flow::{Document, graph};
use serde_json::Value;

/// A flow, as it is told of.
pub(crate) struct About<'d> {
    document: &'d Document,
    comment: String,
}

impl<'d> About<'d> {
    pub(crate) fn of(document: &'d Document, text: &str) -> About<'d> {
        About { document, comment: comment(text) }
    }

    fn title(&self) -> &str {
        let head = &self.document.head;
        head.title.as_deref().unwrap_or(&head.name)
    }

    /// `namespace/name version`
    fn full_name(&self) -> String {
        let head = &self.document.head;
        format!("{}/{} {}", head.namespace, head.name, head.version)
    }

    /// The cards that it calls, each once.
    fn cards(&self) -> Vec<String> {
        let mut cards: Vec<String> = Vec::new();
        for call in self.document.cards() {
            let version = call.version.as_ref().map(|version| format!(" {version}"));
            let card = format!("{}/{}{}", call.connector, call.card, version.unwrap_or_default());
            if !cards.contains(&card) {
                cards.push(card);
            }
        }
        cards
    }

    /// The JSON Schema of its input, as written.
    fn input_schema(&self) -> Option<Value> {
        let schema = self.document.definition().get("input")?.get("schema")?.get("document")?;
        Some(Value::from(schema))
    }

    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} ({})\n", self.full_name(), self.title());
        if let Some(summary) = &self.document.head.summary {
            text.push_str(&format!("{}\n", summary.trim()));
        }
        if !self.comment.is_empty() {
            text.push_str(&format!("\n{}\n", self.comment));
        }
        let mut list = |title: &str, rows: &[String]| {
            if !rows.is_empty() {
                text.push_str(&format!("\n{title}\n"));
                rows.iter().for_each(|row| text.push_str(&format!("  {row}\n")));
            }
        };
        list("cards", &self.cards());
        list("secrets", &self.document.secrets);
        let schedule = self.document.definition().get("schedule").map(ToString::to_string);
        list("schedule (`flow run` runs the flow once)", schedule.as_slice());
        text
    }

    /// The reference page.
    pub(crate) fn page(&self) -> Page {
        let mut lead: Vec<Block> = Vec::new();
        lead.extend(self.document.head.summary.as_deref().map(Block::prose));
        let name = vec![Inline::text("Flow "), Inline::code(self.full_name()), Inline::text(".")];
        lead.push(Block::Paragraph(name));
        let code = |caption: &str, language, text: String| Block::Code {
            caption: caption.to_owned(),
            language,
            text: text.trim_end().to_owned(),
        };
        let mut sections = Vec::new();
        if !self.comment.is_empty() {
            let about = code("What the flow says of itself", "text", self.comment.clone());
            sections.push(Section::new("Input and output", vec![about]));
        }
        if let Some(schema) = self.input_schema() {
            let schema = serde_json::to_string_pretty(&schema).unwrap_or_default();
            let schema = code("The JSON Schema of its input", "json", schema);
            sections.push(Section::new("Input schema", vec![schema]));
        }
        let bullets = |rows: Vec<String>| {
            Block::Bullets(rows.into_iter().map(|row| vec![Inline::code(row)]).collect())
        };
        let cards = self.cards();
        if !cards.is_empty() {
            sections.push(Section::new("Cards", vec![bullets(cards)]));
        }
        if !self.document.secrets.is_empty() {
            let secrets = bullets(self.document.secrets.clone());
            sections.push(Section::new("Secrets", vec![secrets]));
        }
        let picture = code("A Mermaid flowchart", "mermaid", graph::mermaid(self.document));
        sections.push(Section::new("Steps", vec![picture]));
        Page { title: self.title().to_owned(), lead, sections }
    }
}

/// The comment that the text begins with, without its signs and the indentation that all its lines have.
fn comment(text: &str) -> String {
    let lines: Vec<&str> =
        text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<&str> =
        lines.iter().map(|line| line.get(common..).unwrap_or_default()).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_at_the_top_keeps_its_own_indentation() {
        assert_eq!(comment("# a\n#\n#   b\ndocument: {}\n# c\n"), "a\n\n  b");
        assert_eq!(comment("document: {}\n# c\n"), "");
        assert_eq!(comment("#\n#\n"), "");
    }
}
