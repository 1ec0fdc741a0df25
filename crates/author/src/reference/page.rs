//! The document model of a reference page: sections of paragraphs, lists, tables and code.
//!
//! It knows nothing of cards; how it looks is said by [`super::markdown()`] and [`super::html()`].

/// A reference page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The heading of the page.
    pub title: String,
    /// What stands between the heading and the first section.
    pub lead: Vec<Block>,
    /// The sections, in order.
    pub sections: Vec<Section>,
}

/// A part of a page under its own heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
    /// Sections under smaller headings.
    pub sections: Vec<Section>,
}

/// Something that starts on a line of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list with bullets.
    Bullets(Vec<Vec<Inline>>),
    /// A list with numbers from 1.
    Numbers(Vec<Vec<Inline>>),
    /// A table.
    Table(Table),
    /// Text that is shown as it is.
    Code {
        /// What it shows.
        caption: String,
        /// The language, such as `json`.
        language: &'static str,
        /// The text.
        text: String,
    },
}

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// Text.
    Text(String),
    /// Text that stands out.
    Strong(String),
    /// Text in the letters of code.
    Code(String),
    /// An absolute `http` or `https` URL under a text.
    Link {
        /// The text.
        text: String,
        /// The URL.
        url: String,
    },
}

/// A table: one heading a column, rows in groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it shows, for people who do not see it.
    pub caption: String,
    /// The headings.
    pub columns: Vec<String>,
    /// The rows.
    pub groups: Vec<RowGroup>,
}

/// Rows under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct RowGroup {
    /// The name; `None` where the rows have none.
    pub name: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A row, one cell a column; the first is its heading.
pub type Row = Vec<Cell>;

/// What stands in a cell: paragraphs and lists.
pub type Cell = Vec<Block>;

impl AsRef<Page> for Page {
    fn as_ref(&self) -> &Page {
        self
    }
}

impl Page {
    /// The first section with that title, at any depth.
    #[must_use]
    pub fn section(&self, title: &str) -> Option<&Section> {
        self.sections.iter().find_map(|section| section.find(title))
    }
}

impl Section {
    /// A section without smaller ones.
    #[must_use]
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Section {
        Section { title: title.into(), blocks, sections: Vec::new() }
    }

    /// The first table directly under the heading.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.blocks.iter().find_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
    }

    fn find(&self, title: &str) -> Option<&Section> {
        if self.title == title {
            return Some(self);
        }
        self.sections.iter().find_map(|section| section.find(title))
    }
}

impl Table {
    /// A table without named groups.
    #[must_use]
    pub fn plain(caption: impl Into<String>, columns: &[&str], rows: Vec<Row>) -> Table {
        Table::grouped(caption, columns, vec![RowGroup { name: None, rows }])
    }

    /// A table with groups.
    #[must_use]
    pub fn grouped(caption: impl Into<String>, columns: &[&str], groups: Vec<RowGroup>) -> Table {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Table { caption: caption.into(), columns, groups }
    }
}

impl Block {
    /// A cell that holds one line of prose; empty for an empty text.
    #[must_use]
    pub fn cell(text: &str) -> Cell {
        if text.is_empty() { Vec::new() } else { vec![Block::prose(text)] }
    }

    /// A cell that holds a name, in which nothing is marked up.
    #[must_use]
    pub fn name_cell(name: &str) -> Cell {
        vec![Block::Paragraph(vec![Inline::text(name)])]
    }

    /// A paragraph of prose, in which backticks enclose code.
    #[must_use]
    pub fn prose(text: &str) -> Block {
        Block::Paragraph(Inline::prose(text))
    }

    /// The text without any mark-up; cells of tables are left out.
    #[must_use]
    pub fn plain_text(&self) -> String {
        match self {
            Block::Paragraph(line) => Inline::plain_text(line),
            Block::Bullets(items) | Block::Numbers(items) => {
                items.iter().map(|item| Inline::plain_text(item)).collect::<Vec<_>>().join("\n")
            }
            Block::Table(table) => table.caption.clone(),
            Block::Code { text, .. } => text.clone(),
        }
    }
}

impl Inline {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Inline {
        Inline::Text(text.into())
    }

    /// Code.
    #[must_use]
    pub fn code(text: impl Into<String>) -> Inline {
        Inline::Code(text.into())
    }

    /// A link, or text where the URL is not one of `http` or `https`.
    #[must_use]
    pub fn link(text: &str, url: &str) -> Inline {
        let web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if web {
            return Inline::Link { text: text.to_owned(), url: url.to_owned() };
        }
        Inline::Text(if text == url { text.to_owned() } else { format!("{text}: {url}") })
    }

    /// Prose, in which backticks enclose code; a backtick without a partner is text.
    #[must_use]
    pub fn prose(text: &str) -> Vec<Inline> {
        let mut line = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('`') {
            let Some((code, after)) = after.split_once('`').filter(|(code, _)| !code.is_empty())
            else {
                break;
            };
            if !before.is_empty() {
                line.push(Inline::text(before));
            }
            line.push(Inline::code(code));
            rest = after;
        }
        if !rest.is_empty() {
            line.push(Inline::text(rest));
        }
        line
    }

    /// The text of a line without any mark-up.
    #[must_use]
    pub fn plain_text(line: &[Inline]) -> String {
        line.iter()
            .map(|piece| match piece {
                Inline::Text(text)
                | Inline::Strong(text)
                | Inline::Code(text)
                | Inline::Link { text, .. } => text.as_str(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_enclose_code_and_a_lone_one_is_text() {
        assert_eq!(
            Inline::prose("a `b` c"),
            [Inline::text("a "), Inline::code("b"), Inline::text(" c")]
        );
        assert_eq!(Inline::prose("a ` b"), [Inline::text("a ` b")]);
        assert_eq!(Inline::prose("``x"), [Inline::text("``x")]);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(
            Inline::link("x", "javascript:alert(1)"),
            Inline::text("x: javascript:alert(1)")
        );
        let url = "https://example.com/";
        assert_eq!(
            Inline::link("x", url),
            Inline::Link { text: "x".to_owned(), url: url.to_owned() }
        );
    }
}
