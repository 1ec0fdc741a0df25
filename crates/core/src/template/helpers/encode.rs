//! Helpers that write text for a place: an encoding, an escape, a digest, an id.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use md5::Digest as _;
use percent_encoding::utf8_percent_encode;
use ring::digest;
use serde_json::Value;

use super::{Given, bounded, text};
use crate::encoding::{UNRESERVED, xml_text};

pub(super) fn base64(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(STANDARD.encode(text(p[0])?.as_bytes())))
}

/// Percent-encoded but for letters, digits, `-`, `.`, `_` and `~`.
pub(super) fn uri(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(utf8_percent_encode(&text(p[0])?, UNRESERVED).to_string()))
}

/// Text for the content or an attribute of XML and HTML.
pub(super) fn xml(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let escaped = xml_text(&text(p[0])?);
    let out = escaped.ok_or("the text holds a character that XML cannot hold")?;
    bounded(out.len())?;
    Ok(Value::String(out))
}

/// A field of CSV (RFC 4180), or a record of them.
pub(super) fn csv(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let field = |value: &Value| {
        let text = if value.is_null() { String::new() } else { text(value)? };
        Ok::<_, &'static str>(match text.contains(['"', ',', '\r', '\n']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text,
        })
    };
    let record = match p[0] {
        Value::Array(items) => items.iter().map(field).collect::<Result<Vec<_>, _>>()?.join(","),
        one => field(one)?,
    };
    bounded(record.len())?;
    Ok(Value::String(record))
}

/// A digest, in hexadecimal digits unless another form is asked for.
pub(super) fn hash(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let (message, name) = (text(p[0])?, text(p[1])?);
    let of = |algorithm| digest::digest(algorithm, message.as_bytes()).as_ref().to_vec();
    let bytes = match name.as_str() {
        "md5" => md5::Md5::digest(message.as_bytes()).to_vec(),
        "sha1" => of(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "sha256" => of(&digest::SHA256),
        "sha384" => of(&digest::SHA384),
        "sha512" => of(&digest::SHA512),
        _ => return Err("the digest must be md5, sha1, sha256, sha384 or sha512"),
    };
    let form = p.get(2).map(|form| text(form)).transpose()?;
    Ok(Value::String(match form.as_deref() {
        None | Some("hex") => hex::encode(bytes),
        Some("base64") => STANDARD.encode(bytes),
        Some("base64url") => URL_SAFE_NO_PAD.encode(bytes),
        Some(_) => return Err("the form must be hex, base64 or base64url"),
    }))
}

/// A random id (RFC 9562, version 4).
pub(super) fn uuid(_: &[&Value], given: Given) -> Result<Value, &'static str> {
    let mut bytes = given.random.ok_or("there is nothing random here, only in requests")?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex::encode(bytes);
    let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let groups = groups.map(|(from, to)| digits.get(from..to).unwrap_or_default());
    Ok(Value::String(groups.join("-")))
}
