//! The helpers: functions of values without effects, by name. What each takes and gives is said once, for runs and for `check`.

mod encode;
mod list;
mod text;
mod time;

use serde_json::Value;

use super::limits::MAX_RENDERED_BYTES;
use super::scope::scalar_text;

/// A helper.
pub struct HelperDef {
    /// Its name in a call.
    pub name: &'static str,
    /// What it takes; the last is that of every further parameter.
    pub takes: &'static [Kind],
    /// The fewest parameters.
    pub least: usize,
    /// The most parameters.
    pub most: usize,
    /// What it gives.
    pub gives: Kind,
    #[cfg_attr(
        not(feature = "helpers"),
        expect(dead_code, reason = "nothing is called in a build without helper calls")
    )]
    pub(super) function: Function,
}

/// What a parameter must be, or what a helper gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any value.
    Any,
    /// Text, a number or true-false.
    Text,
    /// A number.
    Number,
    /// A list.
    List,
    /// Text or a list.
    TextOrList,
    /// A date-time (RFC 3339).
    DateTime,
}

pub(super) type Function = fn(&[&Value], Given) -> Result<Value, &'static str>;

/// What a helper is told besides its parameters, where the call has one that asks.
#[derive(Clone, Copy, Default)]
pub(super) struct Given {
    /// Seconds since 1970.
    pub(super) now: Option<i64>,
    /// Random bytes for this call of it.
    pub(super) random: Option<[u8; 16]>,
}

/// A helper with a fixed number of parameters.
const fn fixed(
    name: &'static str,
    takes: &'static [Kind],
    gives: Kind,
    function: Function,
) -> HelperDef {
    HelperDef { name, takes, least: takes.len(), most: takes.len(), gives, function }
}

/// A helper of which the last parameters can be left out, or repeated.
const fn varied(
    name: &'static str,
    takes: &'static [Kind],
    (least, most): (usize, usize),
    gives: Kind,
    function: Function,
) -> HelperDef {
    HelperDef { name, takes, least, most, gives, function }
}

/// Every helper, sorted. `default` alone takes a missing first parameter.
pub(super) const HELPERS: &[HelperDef] = {
    use Kind::{Any, DateTime, List, Number, Text, TextOrList};
    &[
        fixed("add_time", &[DateTime, Text], DateTime, time::add_time),
        fixed("base64", &[Text], Text, encode::base64),
        varied("concat", &[Text], (1, 32), Text, text::concat),
        fixed("csv", &[TextOrList], Text, encode::csv),
        fixed("date", &[DateTime], Text, time::date),
        fixed("default", &[Any, Any], Any, |p, _| {
            Ok(if p[0].is_null() { p[1].clone() } else { p[0].clone() })
        }),
        fixed("first", &[List], Any, list::first),
        fixed("format_time", &[DateTime, Text], Text, time::format_time),
        fixed("from_unix", &[Number], DateTime, time::from_unix),
        fixed("from_unix_ms", &[Number], DateTime, time::from_unix_ms),
        varied("hash", &[Text, Text, Text], (2, 3), Text, encode::hash),
        fixed("join", &[List, Text], Text, list::join),
        fixed("json", &[Any], Text, |p, _| Ok(Value::String(p[0].to_string()))),
        fixed("last", &[List], Any, list::last),
        fixed("length", &[TextOrList], Number, list::length),
        fixed("lower", &[Text], Text, text::lower),
        fixed("now", &[], DateTime, time::now),
        fixed("number", &[Text], Number, text::number),
        fixed("replace", &[Text, Text, Text], Text, text::replace),
        varied("slice", &[TextOrList, Number, Number], (2, 3), TextOrList, list::slice),
        fixed("split", &[Text, Text], List, text::split),
        fixed("text", &[Text], Text, |p, _| text(p[0]).map(Value::String)),
        fixed("trim", &[Text], Text, text::trim),
        fixed("unix", &[DateTime], Number, time::unix),
        fixed("unix_ms", &[DateTime], Number, time::unix_ms),
        fixed("upper", &[Text], Text, text::upper),
        fixed("uri", &[Text], Text, encode::uri),
        fixed("uuid", &[], Text, encode::uuid),
        fixed("xml", &[Text], Text, encode::xml),
    ]
};

impl HelperDef {
    /// What the parameter at a place must be.
    #[must_use]
    pub fn takes_at(&self, index: usize) -> Kind {
        self.takes.get(index).or(self.takes.last()).copied().unwrap_or(Kind::Any)
    }

    /// Whether it asks what time it is, or for something random: two runs give two values.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(self.name, "now" | "uuid")
    }
}

/// A helper by its name.
#[must_use]
pub fn helper(name: &str) -> Option<&'static HelperDef> {
    HELPERS.iter().find(|helper| helper.name == name)
}

/// The names of all helpers, sorted.
pub fn helper_names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|helper| helper.name)
}

pub(super) const TOO_LONG: &str = "the result would be longer than 1 MiB";

/// Refuses a result before it is made.
fn bounded(length: usize) -> Result<(), &'static str> {
    if length > MAX_RENDERED_BYTES { Err(TOO_LONG) } else { Ok(()) }
}

fn text(value: &Value) -> Result<String, &'static str> {
    scalar_text(value)
        .map(std::borrow::Cow::into_owned)
        .ok_or("a parameter must be text, a number or true-false")
}

/// Whether a call's text names the helper `default`.
pub fn gives_default(call: &str) -> bool {
    call.split(['(', ' ']).any(|word| word == "default")
}
