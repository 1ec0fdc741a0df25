//! Values in other spellings: JSON, URIs, base64, base32, HTML, shells, rows of CSV and TSV.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Native, ValR};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::program::Jq;
use crate::datum::{Datum, Number, max_value_bytes, of_one, plain, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    vec![
        ("tojson", v(0), Native::new(|cv| bome(Ok(Datum::from(cv.1.to_string()))))),
        ("fromjson", v(0), Native::new(|cv| bome(from_json(&cv.1)))),
        ("@json", v(0), Native::new(|cv| bome(Ok(Datum::from(cv.1.to_string()))))),
        ("@text", v(0), Native::new(|cv| bome(Ok(Datum::from(text_of(&cv.1)))))),
        ("@csv", v(0), Native::new(|cv| bome(row(&cv.1, "csv", ',', csv_cell)))),
        ("@tsv", v(0), Native::new(|cv| bome(row(&cv.1, "tsv", '\t', tsv_cell)))),
        ("@html", v(0), Native::new(|cv| bome(Ok(Datum::from(escaped(&text_of(&cv.1), html)))))),
        ("@uri", v(0), Native::new(|cv| bome(Ok(uri(&text_of(&cv.1)))))),
        ("@urid", v(0), Native::new(|cv| bome(from_uri(&cv.1)))),
        ("@sh", v(0), Native::new(|cv| bome(shell(&cv.1)))),
        ("@base64", v(0), Native::new(|cv| bome(Ok(base64(&text_of(&cv.1)))))),
        ("@base64d", v(0), Native::new(|cv| bome(from_base64(&cv.1)))),
        ("@base32", v(0), Native::new(|cv| bome(Ok(base32(&text_of(&cv.1)))))),
        ("@base32d", v(0), Native::new(|cv| bome(from_base32(&cv.1)))),
    ]
}

/// Text as it is, other values as JSON.
fn text_of(value: &Datum) -> String {
    match value {
        Datum::Text(text) => {
            spend(text.len() as u64 / 16);
            text.to_string()
        }
        other => other.to_string(),
    }
}

fn from_json(value: &Datum) -> ValR<Datum> {
    let Some(text) = value.as_text() else {
        return Err(of_one(value, "only strings can be parsed"));
    };
    if !spend(text.len() as u64 / 4) {
        return Ok(Datum::Null);
    }
    // What jq writes where JSON has no number, and reads again.
    match text.trim() {
        "nan" | "NaN" | "-nan" | "-NaN" => return Ok(Datum::from(f64::NAN)),
        _ => {}
    }
    // `[0,0,0…` takes sixteen times its text while it is read.
    if text.len() as u64 > max_value_bytes() / 4 {
        crate::datum::exceed(crate::datum::Excess::Size);
        return Ok(Datum::Null);
    }
    if let Some(value) = Datum::from_json(text) {
        return Ok(value);
    }
    cardhost_core::value::parse(text)
        .map(Datum::from)
        .map_err(|error| plain(&format!("cannot parse as JSON: {error}")))
}

/// The characters of a text, each as it is or in another spelling.
fn escaped(text: &str, other: fn(char) -> Option<&'static str>) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match other(c) {
            Some(other) => escaped.push_str(other),
            None => escaped.push(c),
        }
    }
    escaped
}

fn html(c: char) -> Option<&'static str> {
    Some(match c {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        '\'' => "&apos;",
        '"' => "&quot;",
        _ => return None,
    })
}

/// One row: of the cells of a list, each written by `cell`.
fn row(value: &Datum, kind: &str, between: char, cell: fn(&mut String, &str)) -> ValR<Datum> {
    let Some(cells) = value.as_list() else {
        return Err(of_one(value, &format!("cannot be {kind}-formatted, only an array can be")));
    };
    let mut line = String::new();
    for (index, value) in cells.iter().enumerate() {
        if index > 0 {
            line.push(between);
        }
        match value {
            Datum::Null => {}
            Datum::Bool(value) => line.push_str(if *value { "true" } else { "false" }),
            Datum::Number(number) => push(&mut line, number),
            Datum::Text(text) => cell(&mut line, text),
            other => return Err(of_one(other, &format!("is not valid in a {kind} row"))),
        }
    }
    spend(cells.len() as u64);
    Ok(Datum::from(line))
}

fn push(line: &mut String, number: &Number) {
    if !number.is_nan() {
        // Writing into text has no way to fail.
        let _ = write!(line, "{number}");
    }
}

fn csv_cell(line: &mut String, text: &str) {
    line.push('"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}

fn tsv_cell(line: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\0' => line.push_str("\\0"),
            c => line.push(c),
        }
    }
}

fn shell(value: &Datum) -> ValR<Datum> {
    let parts = match value {
        Datum::List(list) => list.items(),
        other => std::slice::from_ref(other),
    };
    let mut line = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        match part {
            Datum::Text(text) => {
                line.push('\'');
                line.push_str(&text.replace('\'', "'\\''"));
                line.push('\'');
            }
            Datum::List(_) | Datum::Object(_) => {
                return Err(of_one(part, "can not be escaped for shell"));
            }
            other => line.push_str(&other.to_string()),
        }
    }
    spend(parts.len() as u64);
    Ok(Datum::from(line))
}

/// Unreserved characters stay (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn uri(text: &str) -> Datum {
    Datum::from(utf8_percent_encode(text, RESERVED).to_string())
}

fn from_uri(value: &Datum) -> ValR<Datum> {
    let text = text_of(value);
    let refused = || of_one(value, "is not a valid uri encoding");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(byte.ok_or_else(refused)?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map(Datum::from).map_err(|_| refused())
}

fn base64(text: &str) -> Datum {
    Datum::from(base64::engine::general_purpose::STANDARD.encode(text))
}

/// With or without what fills it up; bytes that are no text become U+FFFD.
fn from_base64(value: &Datum) -> ValR<Datum> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let text = text_of(value);
    let digits = text.trim_end_matches('=');
    if digits.len() % 4 == 1
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
    {
        return Err(of_one(value, "trailing base64 byte found"));
    }
    match LENIENT.decode(digits) {
        Ok(bytes) => Ok(Datum::from(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) => Err(of_one(value, "is not valid base64 data")),
    }
}

/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(text: &str) -> Datum {
    let mut encoded = String::with_capacity(text.len().div_ceil(5) * 8);
    for part in text.as_bytes().chunks(5) {
        let mut bytes = [0; 8];
        bytes[3..3 + part.len()].copy_from_slice(part);
        let bits = u64::from_be_bytes(bytes);
        let digits = (part.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = (bits >> (35 - 5 * index)) & 31;
            let digit = usize::try_from(digit).unwrap_or_default();
            encoded.push(if index < digits { char::from(BASE32[digit]) } else { '=' });
        }
    }
    Datum::from(encoded)
}

fn from_base32(value: &Datum) -> ValR<Datum> {
    let text = text_of(value);
    let refused = || of_one(value, "is not valid base32 data");
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for digit in text.trim_end_matches('=').bytes() {
        let digit = BASE32.iter().position(|known| *known == digit).ok_or_else(refused)?;
        bits = (bits << 5) | u32::try_from(digit).unwrap_or_default();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).unwrap_or_default());
        }
    }
    Ok(Datum::from(String::from_utf8_lossy(&bytes).into_owned()))
}
