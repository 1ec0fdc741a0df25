//! Form fields (WHATWG URL, section 5.1) as an object of texts; of a name that comes several times, a list of them.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::json::looked_at;
use super::{DecodeFault, DecodedBody, Decoder, Look};

/// Form fields.
pub(super) struct Form;

impl Decoder for Form {
    fn name(&self) -> &'static str {
        "form"
    }

    fn about(&self) -> &'static str {
        "Form fields, as an object of texts."
    }

    fn reads(&self, media_type: &str) -> bool {
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        _: Option<&str>,
        look: Look<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        let mut fields = Map::new();
        for (name, value) in form_urlencoded::parse(body) {
            let value = Value::String(value.into_owned());
            match fields.get_mut(&*name) {
                None => drop(fields.insert(name.into_owned(), value)),
                Some(Value::Array(several)) => several.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
            }
        }
        looked_at(Value::Object(fields).to_string().into(), look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_texts_and_repeated_ones_lists() {
        let body = b"oauth_token=a%2Bb&scope=read+write&x=1&x=2&x=3&empty=";
        let Ok(DecodedBody::Raw(raw)) = Form.decode(body, None, Look::Whole) else { panic!() };
        assert_eq!(
            raw.get(),
            r#"{"oauth_token":"a+b","scope":"read write","x":["1","2","3"],"empty":""}"#
        );
    }
}
