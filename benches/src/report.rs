//! Turning figures into a page: medians, Markdown tables, the machine's name, and the part of a file that a bench owns.

use std::fmt;
use std::path::Path;

use crate::Result;
use crate::measure::Usage;

const BEGIN: &str = "<!-- results:begin -->";
const END: &str = "<!-- results:end -->";

/// The middle value; of an even number of values the upper one. Zero if there are none.
#[must_use]
pub fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The median of each part by itself.
#[must_use]
pub fn median_usage(runs: &[Usage]) -> Usage {
    let part = |read: fn(&Usage) -> u64| median(runs.iter().map(read).collect());
    Usage {
        cpu_us: part(|run| run.cpu_us),
        wall_us: part(|run| run.wall_us),
        peak_rss_kib: part(|run| run.peak_rss_kib),
    }
}

/// A quotient of two counts.
#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^53")]
#[must_use]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// A Markdown table.
pub struct Table {
    heading: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows; the first column is of text, the others of figures.
    #[must_use]
    pub fn new(heading: &'static str, columns: &'static [&'static str]) -> Self {
        Self { heading, columns, rows: Vec::new() }
    }

    /// Adds a row; cells that it lacks stay empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "### {}\n", self.heading)?;
        writeln!(out, "| {} |", self.columns.join(" | "))?;
        writeln!(out, "|---|{}", "---:|".repeat(self.columns.len().saturating_sub(1)))?;
        for row in &self.rows {
            let mut cells = row.clone();
            cells.resize(self.columns.len(), String::new());
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

/// Day, processor and number of cores, in one line.
#[must_use]
pub fn day_and_machine() -> String {
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    format!("{day}, {model}, {cores} cores")
}

/// Puts `results` between the markers of a page, in place of what was there.
///
/// # Errors
/// The file cannot be read or written, or lacks the markers.
pub fn write_between_markers(page: &Path, results: &str) -> Result<()> {
    let text = std::fs::read_to_string(page)?;
    Ok(std::fs::write(
        page,
        replaced_between_markers(&text, results).ok_or("the page lacks the markers")?,
    )?)
}

fn replaced_between_markers(page: &str, results: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", results.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_depend_on_the_order() {
        assert_eq!(median(vec![9, 1, 5]), 5);
        assert_eq!(median(vec![]), 0);
    }

    #[test]
    fn only_the_text_between_the_markers_is_replaced() {
        let page = format!("intro\n{BEGIN}\nold\n{END}\nend\n");
        let expected = format!("intro\n{BEGIN}\nnew\n{END}\nend\n");
        assert_eq!(replaced_between_markers(&page, "new\n"), Some(expected));
        assert_eq!(replaced_between_markers("no markers", "new"), None);
    }

    #[test]
    fn a_short_row_is_filled_up() {
        let mut table = Table::new("title", &["program", "ms"]);
        table.row(["curl".to_owned()]);
        assert_eq!(table.to_string(), "### title\n\n| program | ms |\n|---|---:|\n| curl |  |\n");
    }
}
