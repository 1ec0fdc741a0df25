//! JSON (RFC 8259) with places.

use super::{Builder, Kind, Node, Partial, ReadFault};

pub(super) fn read(text: &str) -> Result<Node, ReadFault> {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        builder: Builder::new(),
    };
    reader.run()?;
    let empty = || ReadFault { offset: text.len(), reason: "it ends early".to_owned() };
    reader.builder.root.take().ok_or_else(empty)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    builder: Builder,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
    Nothing,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), ReadFault> {
        let mut expect = Expect::Value;
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let start = self.at;
            let Some(c) = self.text[start..].chars().next() else {
                return match expect {
                    Expect::Nothing => Ok(()),
                    _ => self.fail("it ends early"),
                };
            };
            expect = match (expect, c) {
                (Expect::Nothing, _) => return self.fail("text follows the value"),
                (Expect::ValueOrEnd, ']')
                | (Expect::KeyOrEnd, '}')
                | (Expect::CommaOrEnd, ']' | '}') => {
                    let is_list = matches!(self.builder.open.last(), Some(Partial::List { .. }));
                    if is_list != (c == ']') {
                        return self.fail("the wrong bracket closes");
                    }
                    self.at += 1;
                    if let Some((node, _)) = self.builder.close(self.at) {
                        self.builder.take(node, 1)?;
                    }
                    self.after_value()
                }
                (Expect::CommaOrEnd, ',') => {
                    self.at += 1;
                    match self.builder.open.last() {
                        Some(Partial::Map { .. }) => Expect::Key,
                        _ => Expect::Value,
                    }
                }
                (Expect::CommaOrEnd, _) => {
                    return self.fail("expected `,` or the end of what is open");
                }
                (Expect::Key | Expect::KeyOrEnd, '"') => {
                    let node = self.string()?;
                    self.builder.take(node, 1)?;
                    let rest = &self.text[self.at..];
                    let after = rest.trim_start_matches([' ', '\t', '\r', '\n']);
                    self.at += rest.len() - after.len();
                    if !after.starts_with(':') {
                        return self.fail("expected `:`");
                    }
                    self.at += 1;
                    Expect::Value
                }
                (Expect::Key | Expect::KeyOrEnd, _) => {
                    return self.fail("expected a key in quotes");
                }
                (Expect::Value | Expect::ValueOrEnd, '{') => {
                    self.at += 1;
                    let map = Partial::Map { entries: Vec::new(), key: None, start, anchor: 0 };
                    self.builder.open(map, start)?;
                    Expect::KeyOrEnd
                }
                (Expect::Value | Expect::ValueOrEnd, '[') => {
                    self.at += 1;
                    self.builder
                        .open(Partial::List { items: Vec::new(), start, anchor: 0 }, start)?;
                    Expect::ValueOrEnd
                }
                (Expect::Value | Expect::ValueOrEnd, '"') => {
                    let node = self.string()?;
                    self.builder.take(node, 1)?;
                    self.after_value()
                }
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    let node = self.word()?;
                    self.builder.take(node, 1)?;
                    self.after_value()
                }
            };
        }
    }

    fn after_value(&self) -> Expect {
        if self.builder.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd }
    }

    fn fail<T>(&self, reason: &str) -> Result<T, ReadFault> {
        Err(ReadFault { offset: self.at, reason: reason.to_owned() })
    }

    fn string(&mut self) -> Result<Node, ReadFault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                None => return self.fail("a text in quotes does not end"),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        match self.text.get(start..self.at).map(serde_json::from_str::<String>) {
            Some(Ok(text)) => Ok(Node::new(Kind::Text(text), start..self.at)),
            _ => {
                Err(ReadFault { offset: start, reason: "a text in quotes is malformed".to_owned() })
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Node, ReadFault> {
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest
            .find([',', ']', '}', ' ', '\t', '\r', '\n', ':', '"', '{', '['])
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let kind = match word {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            _ if serde_json::from_str::<serde_json::Number>(word).is_ok() => {
                Kind::Number(word.to_owned())
            }
            _ => return self.fail("expected a value"),
        };
        self.at += length;
        Ok(Node::new(kind, start..self.at))
    }
}
