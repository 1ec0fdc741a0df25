//! Paths into a JSON text: all of them are found in one pass, and nothing else of the text is kept.
//!
//! A tree of segments goes along with the text; what no path leads to is skipped. Where a key stands twice, the last counts,
//! as it does for a value that is read whole.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// What of a JSON text will be looked up.
#[derive(Debug, Default)]
pub struct Paths {
    root: Node,
    count: usize,
}

#[derive(Debug, Default)]
struct Node {
    /// Where the part goes that this path leads to.
    slot: Option<usize>,
    children: Vec<Child>,
}

#[derive(Debug)]
struct Child {
    key: String,
    /// The key as the index of a list.
    index: Option<usize>,
    node: Node,
}

impl Paths {
    /// No path: what is looked up all the same is looked for then.
    pub const NONE: Paths = Paths { root: Node { slot: None, children: Vec::new() }, count: 0 };

    /// One more path: keys of objects and indices of lists, none for the whole.
    pub fn add(&mut self, segments: &[String]) {
        let mut node = &mut self.root;
        for segment in segments {
            let known = node.children.iter().position(|child| child.key == *segment);
            let at = known.unwrap_or_else(|| {
                let (key, index) = (segment.clone(), segment.parse().ok());
                node.children.push(Child { key, index, node: Node::default() });
                node.children.len() - 1
            });
            node = &mut node.children[at].node;
        }
        if node.slot.is_none() {
            node.slot = Some(self.count);
            self.count += 1;
        }
    }

    /// Where [`Paths::find`] puts what a path leads to; `None` where it was not added.
    pub(super) fn slot(&self, segments: &[String]) -> Option<usize> {
        let mut node = &self.root;
        for segment in segments {
            node = &node.children.iter().find(|child| child.key == *segment)?.node;
        }
        node.slot
    }

    /// The parts that the paths lead to, by slot.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
    ) -> Result<Vec<Option<&'t str>>, serde_json::Error> {
        let mut found = vec![None; self.count];
        let mut reader = serde_json::Deserializer::from_str(text);
        self.root.below(&mut reader, &mut found)?;
        reader.end()?;
        if let Some(slot) = self.root.slot {
            found[slot] = Some(text.trim_matches([' ', '\t', '\n', '\r']));
        }
        Ok(found)
    }
}

type Found<'t> = [Option<&'t str>];

impl Node {
    /// Goes on with the children of this node.
    fn below<'t, D>(&self, reader: D, found: &mut Found<'t>) -> Result<(), D::Error>
    where
        D: Deserializer<'t>,
    {
        if self.children.is_empty() {
            return reader.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        reader.deserialize_any(Below { node: self, found })
    }

    /// Takes back what an earlier member of the same name has brought.
    fn forget(&self, found: &mut Found<'_>) {
        if let Some(slot) = self.slot {
            found[slot] = None;
        }
        self.children.iter().for_each(|child| child.node.forget(found));
    }
}

/// The value that a node stands for.
struct At<'n, 'f, 't> {
    node: &'n Node,
    found: &'f mut Found<'t>,
}

impl<'t> DeserializeSeed<'t> for At<'_, '_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<(), D::Error> {
        let At { node, found } = self;
        let Some(slot) = node.slot else { return node.below(reader, found) };
        let part = <&RawValue as serde::Deserialize>::deserialize(reader)?.get();
        found[slot] = Some(part);
        within(node, part, found)
    }
}

/// Goes on inside a part that was taken whole.
fn within<'t, E>(node: &Node, part: &'t str, found: &mut Found<'t>) -> Result<(), E>
where
    E: serde::de::Error,
{
    if node.children.is_empty() || !crate::value::text::is_container(part) {
        return Ok(());
    }
    node.below(&mut serde_json::Deserializer::from_str(part), found).map_err(E::custom)
}

/// What is inside the value that a node stands for.
struct Below<'n, 'f, 't> {
    node: &'n Node,
    found: &'f mut Found<'t>,
}

impl<'t> Visitor<'t> for Below<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Which(&self.node.children))? {
            match child {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(node) => {
                    node.forget(self.found);
                    map.next_value_seed(At { node, found: self.found })?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        let children = &self.node.children;
        for index in 0.. {
            let mut here =
                children.iter().filter(|child| child.index == Some(index)).map(|child| &child.node);
            let more = match (here.next(), here.next()) {
                (None, _) => items.next_element::<IgnoredAny>()?.is_some(),
                (Some(node), None) => {
                    items.next_element_seed(At { node, found: self.found })?.is_some()
                }
                // `1` and `01` lead to the same item.
                (Some(first), Some(second)) => match items.next_element::<&RawValue>()? {
                    None => false,
                    Some(part) => {
                        for node in [first, second].into_iter().chain(here) {
                            if let Some(slot) = node.slot {
                                self.found[slot] = Some(part.get());
                            }
                            within(node, part.get(), self.found)?;
                        }
                        true
                    }
                },
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// The child that a key leads to.
struct Which<'n>(&'n [Child]);

impl<'n, 't> DeserializeSeed<'t> for Which<'n> {
    type Value = Option<&'n Node>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Which<'n> {
    type Value = Option<&'n Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|child| child.key == key).map(|child| &child.node))
    }
}
