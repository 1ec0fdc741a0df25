//! Parameters of queries and forms: the shape they have in definitions, and how lists and objects in them are written.

use serde::Deserialize;

#[cfg(feature = "schemas")]
use schemars::JsonSchema;

/// One reference to an object, or an object of templates: the shape of `query`, `headers` and `form`.
pub struct Parameters;

#[cfg(feature = "schemas")]
impl JsonSchema for Parameters {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Parameters".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One reference to an object, or an object whose values are templates.",
            "type": ["string", "object"],
        })
    }
}

/// How lists and objects in a query or form are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ParameterEncoding {
    /// How the keys of an object are written; an object is refused by default.
    pub nested: Option<Nested>,
    /// How the items of a list are written; its name is repeated by default.
    pub lists: Option<Lists>,
}

/// How the keys of an object are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Nested {
    /// `a[b][c]=1`.
    Brackets,
    /// `a.b.c=1`.
    Dots,
}

/// How the items of a list are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Lists {
    /// `a=1&a=2`.
    #[default]
    Repeat,
    /// `a[]=1&a[]=2`; of objects `a[][b]=1&a[][b]=2`, as Rack reads them.
    Brackets,
    /// `a[0]=1&a[1]=2`, or `a.0=1&a.1=2` where keys are written with dots.
    Indices,
    /// `a=1,2`; a comma in an item is percent-encoded.
    Comma,
    /// `a=1%202`.
    Space,
    /// `a=1%7C2`.
    Pipes,
}

impl ParameterEncoding {
    /// What it says, and where it says nothing what `above` says.
    #[must_use]
    pub fn or(self, above: ParameterEncoding) -> ParameterEncoding {
        ParameterEncoding {
            nested: self.nested.or(above.nested),
            lists: self.lists.or(above.lists),
        }
    }

    /// Whether a list of objects can be written.
    #[must_use]
    pub fn takes_lists_of_objects(self) -> bool {
        matches!(self.lists, Some(Lists::Brackets | Lists::Indices)) && self.nested.is_some()
    }
}
