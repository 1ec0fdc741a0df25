//! XML (1.0, fifth edition) as an object.
//!
//! An element is its text; with attributes or children it is an object of them: attributes with `@` before their names, its own
//! text as `#text`. Children of one name are a list, and so is one that the card names in `lists`. Prefixes of namespaces are
//! left out. Document types are refused: they can name other documents, and make much of little.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

use super::json::looked_at;
use super::text::text;
use super::{Asked, DecodeFault, DecodedBody, Decoder, MediaType};

/// Most elements, attributes and texts of a document: a node takes some hundred bytes, and its text a handful.
const MOST_NODES: u32 = 500_000;

/// Deepest element: what JSON may have.
const DEEPEST: usize = crate::value::text::DEEPEST / 2;

/// Most attributes of an element: a reader compares each with all the others.
const MOST_ATTRIBUTES: usize = 1_000;

/// XML as an object.
pub(super) struct Xml;

impl Decoder for Xml {
    fn name(&self) -> &'static str {
        "xml"
    }

    fn about(&self) -> &'static str {
        "XML as an object: elements by their names, attributes with `@`, text as `#text`."
    }

    /// Only where the card names it: a reply of XML that is passed on stays text.
    fn reads(&self, _: &str) -> bool {
        false
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        let text = text(body, kind)?;
        few_attributes(&text)?;
        let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text.trim_start_matches('\u{feff}'), options)
            .map_err(|error| {
            let place = error.pos();
            let (line, column) = (place.row as usize, place.col as usize);
            let reason = error.to_string();
            let reason = reason.split(" at ").next().unwrap_or_default().to_owned();
            DecodeFault::Malformed { format: "XML", reason, line, column }
        })?;
        let root = document.root_element();
        let lists: Vec<Vec<&str>> =
            asked.lists.iter().map(|path| path.split('.').collect()).collect();
        let mut path = vec![root.tag_name().name()];
        let value = element(root, &mut path, &lists)?;
        let whole = Map::from_iter([(root.tag_name().name().to_owned(), value)]);
        looked_at(Value::Object(whole).to_string().into(), asked.look)
    }
}

/// Refuses elements of so many attributes that reading them takes the square of their number.
fn few_attributes(text: &str) -> Result<(), DecodeFault> {
    let mut line = 1;
    for (index, part) in text.split('<').enumerate() {
        if index > 0 && !part.starts_with(['!', '?']) && quoted(part) > MOST_ATTRIBUTES {
            let reason = format!("an element has more than {MOST_ATTRIBUTES} attributes");
            return Err(DecodeFault::Malformed { format: "XML", reason, line, column: 1 });
        }
        line += memchr::memchr_iter(b'\n', part.as_bytes()).count();
    }
    Ok(())
}

/// How many quoted values stand in a tag, up to its end.
fn quoted(tag: &str) -> usize {
    let (mut quote, mut count) = (None, 0);
    for byte in tag.bytes() {
        match (quote, byte) {
            (Some(begun), byte) if begun == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                count += 1;
            }
            (None, b'>') => break,
            (None, _) => {}
        }
    }
    count
}

fn element<'d>(
    node: Node<'d, '_>,
    path: &mut Vec<&'d str>,
    lists: &[Vec<&str>],
) -> Result<Value, DecodeFault> {
    if path.len() > DEEPEST {
        return Err(DecodeFault::TooDeep { format: "XML", levels: DEEPEST });
    }
    let mut map = Map::new();
    for attribute in node.attributes() {
        map.insert(format!("@{}", attribute.name()), Value::from(attribute.value()));
    }
    let mut text = String::new();
    for child in node.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
        if !child.is_element() {
            continue;
        }
        let name = child.tag_name().name();
        path.push(name);
        let value = element(child, path, lists)?;
        let is_list = lists.iter().any(|list| list == path);
        path.pop();
        match map.get_mut(name) {
            None if is_list => drop(map.insert(name.to_owned(), Value::Array(vec![value]))),
            None => drop(map.insert(name.to_owned(), value)),
            // No element is a list: one that is there has been made of several.
            Some(Value::Array(items)) => items.push(value),
            Some(first) => {
                let first_value = first.take();
                *first = Value::Array(vec![first_value, value]);
            }
        }
    }
    if map.is_empty() {
        return Ok(Value::String(text));
    }
    // White space between elements is how they are laid out.
    if !text.trim().is_empty() {
        map.insert("#text".to_owned(), Value::String(text));
    }
    Ok(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_so_many_attributes_at_most() {
        let text = |count: usize| {
            let all: Vec<String> = (0..count).map(|n| format!("a{n}='>\"'")).collect();
            format!("<r>\n<e {}>\"{}</e></r>", all.join(" "), "='x' ".repeat(2_000))
        };
        assert_eq!(few_attributes(&text(1_000)), Ok(()));
        let fault = few_attributes(&text(1_001)).unwrap_err();
        assert!(matches!(fault, DecodeFault::Malformed { line: 2, .. }), "{fault:?}");
    }
}
