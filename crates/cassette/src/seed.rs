//! What chance was made of in a recorded run.

use std::fmt;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

/// What chance was made of in a recorded run: the nonces of its requests, and of a flow the idempotency keys, jitter and ids come
/// from it. In a file it is 64 hexadecimal digits. It is no secret: what is made of it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Seed> {
        let mut seed = [0; 32];
        hex::decode_to_slice(text, &mut seed).ok()?;
        Some(Seed(seed))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Seed::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not a seed: it has 64 hexadecimal digits"))
        })
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for Seed {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_64_hexadecimal_digits() {
        let text = "00ff".repeat(16);
        assert_eq!(Seed::parse(&text).unwrap().to_string(), text);
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"+0".repeat(32), &"é".repeat(32)]
        {
            assert_eq!(Seed::parse(text), None, "{text}");
        }
    }
}
