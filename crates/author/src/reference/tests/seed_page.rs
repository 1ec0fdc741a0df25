//! The page of `mixpanel/custom-api-action` against Okta's page of the same card, kept as text.
//!
//! The text is not part of the repository; where it is missing, nothing is compared.

use super::{repository, shipped_card};
use crate::reference::{Block, CardPage, Cell, Inline, Page, RowGroup, Section, markdown};

/// A field of the seed page.
#[derive(Debug)]
struct SeedField {
    section: &'static str,
    group: Option<String>,
    label: String,
    /// The last line of the row, where the page has it.
    kind: Option<String>,
    required: Option<String>,
    choices: Vec<String>,
}

struct Seed {
    text: String,
}

impl Seed {
    fn read() -> Option<Seed> {
        let path = repository().join("../shared/seeds/custom-api-action-page.txt");
        let text = std::fs::read_to_string(&path).ok();
        if text.is_none() {
            crate::skipped::skipped("shared", &format!("{} is missing", path.display()));
        }
        Some(Seed { text: text? })
    }

    /// The lines of the table after a heading: those between its headings row and the next section.
    fn table(&self, heading: &str, end: &str) -> (Vec<&str>, Vec<&str>) {
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        let start = lines.iter().position(|line| *line == heading).unwrap();
        let columns = lines[start..].iter().position(|line| line.starts_with("Field ")).unwrap();
        let body = &lines[start + columns + 1..];
        let length = body.iter().position(|line| *line == end).unwrap();
        let columns = lines[start + columns].split(' ').collect();
        (columns, body[..length].iter().copied().filter(|line| !line.is_empty()).collect())
    }

    /// The group of the inputs, which only the references to them tell.
    fn input_group(&self) -> String {
        let (_, after) = self.text.split_once("/ input.").unwrap();
        after.split_once('.').unwrap().0.to_owned()
    }

    fn fields(&self) -> Vec<SeedField> {
        let (columns, options) = self.table("Methods", "Input");
        assert_eq!(columns, ["Field", "Definition", "Type", "Required"]);
        let (columns, input) = self.table("Input", "Output");
        assert_eq!(columns, ["Field", "Definition", "Type", "Required"]);
        let (columns, output) = self.table("Output", "Related topics");
        assert_eq!(columns, ["Field", "Definition", "Type"]);
        let mut fields = rows("Methods", None, &options, true, &["Request Type", "Select API"]);
        let labels = ["Relative URL", "Query", "Headers", "Body"];
        fields.extend(rows("Input", Some(self.input_group()), &input, true, &labels));
        let (group, output) = output.split_first().unwrap();
        let labels = ["Status Code", "Headers", "Body"];
        fields.extend(rows("Output", Some((*group).to_owned()), output, false, &labels));
        fields
    }
}

/// Cuts a table's lines into rows: a row begins with the label that comes next.
fn rows(
    section: &'static str,
    group: Option<String>,
    lines: &[&str],
    has_required: bool,
    labels: &[&str],
) -> Vec<SeedField> {
    let starts: Vec<usize> = labels
        .iter()
        .scan(0, |from, label| {
            let begins = |line: &&str| **line == **label || line.starts_with(&format!("{label} "));
            *from += lines[*from..].iter().position(begins).unwrap();
            Some(*from)
        })
        .collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    labels
        .iter()
        .zip(starts.iter().zip(ends))
        .map(|(label, (start, end))| {
            let row = &lines[*start..end];
            let (kind, required) = row_end(row, has_required);
            SeedField {
                section,
                group: group.clone(),
                label: (*label).to_owned(),
                kind,
                required,
                choices: choices(row),
            }
        })
        .collect()
}

/// The last words of a row: type, and whether it is required.
fn row_end(row: &[&str], has_required: bool) -> (Option<String>, Option<String>) {
    let mut words = row.last().unwrap().split(' ').rev();
    let mut word = || words.next().unwrap().to_owned();
    if !has_required {
        return (Some(word()), None);
    }
    match word() {
        flag if flag == "TRUE" || flag == "FALSE" => (Some(word()), Some(flag)),
        // The row of Select API ends without either.
        _ => (None, None),
    }
}

/// The bullets up to the first line that is none; a meaning after a colon is not part of the choice.
fn choices(row: &[&str]) -> Vec<String> {
    row.iter()
        .skip_while(|line| !line.starts_with('•'))
        .take_while(|line| line.starts_with('•'))
        .map(|line| line.trim_start_matches(['•', ' ']))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

fn section<'d>(page: &'d Page, title: &str) -> &'d Section {
    page.section(title).unwrap_or_else(|| panic!("no section {title}"))
}

fn text(cell: &Cell) -> String {
    cell.iter().map(Block::plain_text).collect::<Vec<_>>().join("\n")
}

/// The choices of a definition cell: what stands out in its first list.
fn page_choices(cell: &Cell) -> Vec<String> {
    let bullets = cell.iter().find_map(|block| match block {
        Block::Bullets(items) => Some(items),
        _ => None,
    });
    let strong = |item: &Vec<Inline>| match item.first() {
        Some(Inline::Strong(value)) => Some(value.clone()),
        _ => None,
    };
    bullets.into_iter().flatten().filter_map(strong).collect()
}

#[test]
fn every_field_of_the_seed_page_is_there_with_its_group_type_flag_and_choices() {
    let Some(seed) = Seed::read() else {
        return;
    };
    let page = CardPage::of(&shipped_card("mixpanel/custom-api-action"));
    let page: &Page = page.as_ref();
    let mut compared = (0, 0, 0);
    for field in seed.fields() {
        let table = section(page, field.section).table().unwrap();
        let group: &RowGroup = table
            .groups
            .iter()
            .find(|group| group.name == field.group)
            .unwrap_or_else(|| panic!("no group {field:?}"));
        let row = group
            .rows
            .iter()
            .find(|row| text(&row[0]) == field.label)
            .unwrap_or_else(|| panic!("no row {field:?}"));
        if let Some(kind) = &field.kind {
            assert_eq!(&text(&row[2]), kind, "{field:?}");
            compared.0 += 1;
        }
        if let Some(required) = &field.required {
            assert_eq!(&text(&row[3]), required, "{field:?}");
            compared.1 += 1;
        }
        let ours = page_choices(&row[1]);
        assert_eq!(
            ours.iter().take(field.choices.len()).collect::<Vec<_>>(),
            field.choices.iter().collect::<Vec<_>>()
        );
        if field.kind.as_deref() == Some("Dropdown") {
            assert_eq!(ours, field.choices, "{field:?}");
        }
        compared.2 += field.choices.len();
    }
    // Nine fields; Select API ends without type and flag, outputs have no flag; five methods, three APIs.
    assert_eq!(compared, (8, 5, 8));
}

#[test]
fn sections_and_columns_are_those_of_the_seed_page() {
    let Some(seed) = Seed::read() else {
        return;
    };
    let page = CardPage::of(&shipped_card("mixpanel/custom-api-action"));
    let page: &Page = page.as_ref();
    assert_eq!(seed.text.lines().next(), Some(page.title.as_str()));
    let ours: Vec<&str> =
        page.sections.iter().take(3).map(|section| section.title.as_str()).collect();
    let theirs: Vec<&str> = seed.text.lines().filter(|line| ours.contains(line)).collect();
    assert_eq!(ours, theirs);
    for (title, end) in [("Methods", "Input"), ("Input", "Output"), ("Output", "Related topics")] {
        assert_eq!(section(page, title).table().unwrap().columns, seed.table(title, end).0);
    }
}

#[test]
fn every_example_of_the_seed_page_is_on_ours() {
    let Some(seed) = Seed::read() else {
        return;
    };
    let definition = shipped_card("mixpanel/custom-api-action");
    let text = markdown(&CardPage::of(&definition));
    let examples: Vec<&str> =
        seed.text.lines().map(str::trim).filter(|line| line.starts_with("Example for ")).collect();
    for example in &examples {
        let (name, url) = example.split_once(": ").unwrap();
        assert!(text.contains(&format!("{name}: `{url}`")), "{example}\n{text}");
    }
    assert_eq!(examples.len(), 12);
}
