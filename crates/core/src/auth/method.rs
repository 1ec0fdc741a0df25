//! The schemes there are, and what is asked of a method of any of them.

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
#[cfg(feature = "schemas")]
use serde_json::{Value, json};

use super::{AuthScheme, LookUp};
use crate::template::{Reference, Root, Scope};

/// Makes the closed list of schemes: the enum, its names, its dispatch and its JSON Schema.
macro_rules! schemes {
    ($($name:literal => $file:ident::$scheme:ident,)*) => {
        /// One way in which credentials become part of a request, by scheme.
        #[derive(Debug, Deserialize)]
        #[serde(tag = "scheme")]
        pub enum AuthMethod {
            $(
                #[doc = concat!("The scheme `", $name, "`.")]
                #[serde(rename = $name)]
                $scheme(Box<super::$file::$scheme>),
            )*
        }

        impl AuthMethod {
            /// The scheme's name in the definitions.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(AuthMethod::$scheme(_) => $name,)* }
            }

            /// What the scheme says of itself.
            #[must_use]
            pub fn scheme(&self) -> &dyn AuthScheme {
                match self { $(AuthMethod::$scheme(scheme) => &**scheme,)* }
            }
        }

        /// The keys of each scheme by its name.
        #[cfg(feature = "schemas")]
        fn keys(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
            vec![$(($name, super::$file::$scheme::json_schema(generator)),)*]
        }
    };
}

schemes! {
    "none" => none::NoAuth,
    "basic" => basic::Basic,
    "bearer" => bearer::Bearer,
    "api_key" => api_key::ApiKey,
    "digest" => digest::Digest,
    "hmac" => hmac::Hmac,
    "jwt" => jwt::Jwt,
    "oauth1" => oauth1::OAuth1,
    "aws_sigv4" => aws_sigv4::AwsSigV4,
    "oauth2" => oauth2::OAuth2,
    "session" => session::Session,
    "tls" => tls::Tls,
    "custom" => custom::Custom,
    "all" => all::All,
}

#[cfg(feature = "schemas")]
impl JsonSchema for AuthMethod {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuthMethod".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // One `if` for each scheme instead of a `oneOf`: a fault names the key that is wrong.
        let schemes = keys(generator);
        let names: Vec<&str> = schemes.iter().map(|(name, _)| *name).collect();
        let each = schemes.into_iter().map(|(name, keys)| {
            json!({
                "if": { "properties": { "scheme": { "const": name } }, "required": ["scheme"] },
                "then": with_scheme(keys),
            })
        });
        json_schema!({
            "description": "How credentials become part of a request, by scheme.",
            "type": "object",
            "required": ["scheme"],
            "properties": { "scheme": { "enum": names } },
            "allOf": each.collect::<Vec<_>>(),
        })
    }
}

/// The keys of a scheme, and `scheme` itself.
#[cfg(feature = "schemas")]
fn with_scheme(keys: Schema) -> Value {
    let mut keys = keys.to_value();
    if let Value::Object(map) = &mut keys {
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Value::Object(properties) = properties {
            properties.insert("scheme".to_owned(), Value::Bool(true));
        }
    }
    keys
}

impl AuthMethod {
    /// Whether it adds nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, AuthMethod::NoAuth(_))
    }

    /// The method itself, or those it is made of.
    #[must_use]
    pub fn parts(&self) -> &[AuthMethod] {
        match self {
            AuthMethod::All(all) => &all.of,
            single => std::slice::from_ref(single),
        }
    }

    /// Each method that stands for itself, with its key and a slash: this one, those that it is made of, and those that their logins are
    /// authenticated with.
    #[must_use]
    pub fn single_methods(&self) -> Vec<(String, &AuthMethod)> {
        let mut singles = Vec::new();
        self.add_singles("", &mut singles);
        singles
    }

    fn add_singles<'a>(&'a self, above: &str, singles: &mut Vec<(String, &'a AuthMethod)>) {
        match self {
            AuthMethod::All(all) => {
                for (index, part) in all.of.iter().enumerate() {
                    part.add_singles(&format!("{above}of/{index}/"), singles);
                }
            }
            single => singles.push((above.to_owned(), single)),
        }
        if let AuthMethod::Session(session) = self {
            for (key, auth) in session.login_auths() {
                auth.add_singles(&format!("{above}{key}/"), singles);
            }
        }
    }

    /// What is looked up after its login.
    #[must_use]
    pub fn look_up(&self) -> Option<&LookUp> {
        self.scheme().look_up().map(|(_, look_up)| look_up)
    }

    /// The labels of the connection's fields whose values its login brings.
    #[must_use]
    pub fn brings(&self) -> Vec<&str> {
        let mut labels: Vec<&str> =
            self.scheme().gives().into_iter().map(|given| given.label).collect();
        labels.extend(self.look_up().iter().flat_map(|it| it.gives.keys()).map(String::as_str));
        labels
    }

    /// The connection fields it needs that have no value.
    #[must_use]
    pub fn missing(&self, scope: &dyn Scope) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for reference in self.scheme().needed(scope) {
            let needed = reference.root == Root::Connection && !reference.optional;
            let Some(label) = reference.segments.first() else { continue };
            if needed && !missing.contains(label) && !has_text(reference, scope) {
                missing.push(label.clone());
            }
        }
        missing
    }
}

fn has_text(reference: &Reference, scope: &dyn Scope) -> bool {
    scope.lookup(reference).and_then(|found| found.text().map(|text| !text.is_empty()))
        == Some(true)
}
