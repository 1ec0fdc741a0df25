//! YAML 1.2 with the core schema: `true`, `null`, `0x1f`, `1.10`; aliases within a budget.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::builder::{Builder, MAX_DEPTH, Partial};
use super::node::{Entry, Kind, Node};
use super::read_fault::{Language, ReadFault};

pub(super) fn read(text: &str) -> Result<Node, ReadFault> {
    let depth = MAX_DEPTH as usize;
    let options = granit_parser::options! {
        flow_nesting_limit: depth,
        block_nesting_limit: depth,
        emit_comments: false,
    };
    let mut builder = Builder::new();
    let mut anchors: HashMap<usize, (Node, usize)> = HashMap::new();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|error| fault(byte_of(text, error.marker()), error.info()))?;
        let at = bytes(text, &span);
        let whole = match event {
            Event::Scalar(value, style, anchor, tag) => {
                let tag = tag.map(|tag| tag.to_string());
                let kind = scalar(&value, style, tag.as_deref());
                let kind = kind.map_err(|reason| fault(at.start, reason.to_owned()))?;
                Some((Node::new(kind, at), anchor))
            }
            Event::SequenceStart(_, anchor, _) => {
                let start = at.start;
                builder.open(Partial::List { items: Vec::new(), start, anchor }, start)?;
                None
            }
            Event::MappingStart(_, anchor, _) => {
                let start = at.start;
                let map = Partial::Map { entries: Vec::new(), key: None, start, anchor };
                builder.open(map, start)?;
                None
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(at.end),
            Event::Alias(id) => {
                let Some((node, count)) = anchors.get(&id) else {
                    let reason = "an alias stands inside the value it repeats".to_owned();
                    return Err(fault(at.start, reason));
                };
                builder.take(Node { at, ..node.clone() }, *count)?;
                None
            }
            _ => None,
        };
        if let Some((node, anchor)) = whole {
            if anchor != 0 {
                let nodes = count(&node);
                anchors.insert(anchor, (node.clone(), nodes));
                builder.count += nodes;
            }
            builder.take(node, 1)?;
        }
    }
    builder.into_root().ok_or_else(|| fault(0, "it is empty".to_owned()))
}

fn fault(offset: usize, reason: String) -> ReadFault {
    ReadFault::syntax(Language::Yaml, offset, reason)
}

/// How many values there are in one.
fn count(node: &Node) -> usize {
    let mut open = vec![node];
    let mut total = 0;
    while let Some(node) = open.pop() {
        total += 1;
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry: &Entry| &entry.value));
    }
    total
}

fn byte_of(text: &str, marker: &granit_parser::Marker) -> usize {
    let by_index = || text.char_indices().nth(marker.index()).map_or(text.len(), |(byte, _)| byte);
    marker.byte_offset().unwrap_or_else(by_index).min(text.len())
}

fn bytes(text: &str, span: &Span) -> Range<usize> {
    let (start, end) = (byte_of(text, &span.start), byte_of(text, &span.end));
    start..end.max(start)
}

/// What a scalar is (YAML 1.2.2, section 10.3.2).
fn scalar(text: &str, style: ScalarStyle, tag: Option<&str>) -> Result<Kind, &'static str> {
    let is_text = !matches!(style, ScalarStyle::Plain)
        || tag.is_some_and(|tag| tag == "!" || tag.ends_with(":str") || tag.ends_with("!str"));
    if is_text {
        return Ok(Kind::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "-.inf" | "-.Inf" => {
            return Err("JSON has no such number");
        }
        _ => match number(text) {
            Some(number) => Kind::Number(number),
            None => Kind::Text(text.to_owned()),
        },
    })
}

/// A number of YAML's core schema as JSON writes it.
fn number(text: &str) -> Option<String> {
    let radix = |digits: &str, radix: u32| {
        let wellformed = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        wellformed.then(|| u64::from_str_radix(digits, radix).ok())?.map(|n| n.to_string())
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_number = digits(whole)
        && fraction.is_none_or(digits)
        && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        });
    if !is_number {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = fraction.filter(|fraction| !fraction.is_empty());
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    // As it is written: with its letter, and its sign.
    let exponent = exponent.and_then(|_| rest.get(mantissa.len()..)).unwrap_or_default();
    Some([sign, whole, &fraction, exponent].concat())
}
