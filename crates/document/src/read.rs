//! A text in whichever of the languages it is written in.

use super::json::read_json;
use super::node::Node;
use super::read_fault::ReadFault;
use super::yaml;

/// Reads a text: JSON where it begins with a brace and a quote, YAML else.
///
/// # Errors
/// The first fault.
pub fn read(text: &str) -> Result<Node, ReadFault> {
    let space = [' ', '\t', '\r', '\n'];
    let start = text.trim_start_matches('\u{feff}').trim_start_matches(space);
    // A key in quotes after a brace: else it may be YAML in flow style.
    let after_brace = start.strip_prefix('{').map(|rest| rest.trim_start_matches(space));
    if after_brace.is_some_and(|rest| rest.starts_with('"')) {
        return read_json(text);
    }
    yaml::read(text)
}
