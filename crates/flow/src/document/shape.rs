//! The shape of a document, said once: the loader checks by it, with every fault and its place, and the
//! JSON Schema is written from it.

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number.
    Whole,
    /// Text of a form.
    Formatted(&'static TextFormat),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Shape),
    /// An object whose keys are names.
    Names(&'static Shape),
    /// An object with at least one key, whatever they are.
    SomeKeys,
    /// An object, whatever it holds.
    Object,
    /// An object with known keys.
    Keys(&'static Keys),
    /// One of such objects, told apart by the keys that must be there.
    OneOf(&'static [&'static Keys]),
    /// Such an object with at least one key.
    SomeOf(&'static Keys),
    /// A list of objects with one key each, which is a name.
    Named(&'static Shape),
    /// Such a list with at least one item.
    SomeNamed(&'static Shape),
    /// A task.
    Task,
    /// One of several, told apart by their types.
    Either(&'static [Shape]),
    /// What the language has and this runtime does not carry out.
    Unsupported(&'static str, &'static Shape),
    /// What is read and has no effect.
    Ignored(&'static str, &'static Shape),
}

/// A format of text.
#[derive(Debug)]
pub(crate) struct TextFormat {
    /// In words: `a version such as 1.0.0`.
    pub words: &'static str,
    /// As a pattern of JSON Schema.
    pub pattern: &'static str,
    /// As a function.
    pub fits: fn(&str) -> bool,
}

/// The keys of an object.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The object's name in the schema.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// The keys.
    pub keys: &'static [Key],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// Of which exactly one must be there; none for no such rule.
    pub one_of: &'static [&'static str],
    /// Whether other keys may be there too.
    pub open: bool,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    pub doc: &'static str,
    pub shape: Shape,
}

/// A key in a table.
pub(crate) const fn key(name: &'static str, doc: &'static str, shape: Shape) -> Key {
    Key { name, doc, shape }
}

/// The types of the values that a shape allows.
pub(super) fn types(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Shape::Any => vec!["null", "true-false", "number", "text", "list", "object"],
        Shape::Text | Shape::Formatted(_) | Shape::Choice(_) => vec!["text"],
        Shape::Flag => vec!["true-false"],
        Shape::Whole => vec!["number"],
        Shape::List(_) | Shape::Named(_) | Shape::SomeNamed(_) => vec!["list"],
        Shape::Names(_)
        | Shape::SomeKeys
        | Shape::Object
        | Shape::Keys(_)
        | Shape::OneOf(_)
        | Shape::SomeOf(_)
        | Shape::Task => vec!["object"],
        Shape::Either(shapes) => {
            let mut all: Vec<&'static str> = shapes.iter().flat_map(types).collect();
            all.dedup();
            all
        }
        Shape::Unsupported(_, inner) | Shape::Ignored(_, inner) => types(inner),
    }
}
