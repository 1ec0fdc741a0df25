//! What the content type chooses, and what comes out.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::*;

fn decoded(content_type: &str, body: &[u8], deep: bool) -> Result<String, DecodeFault> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
    let look = if deep { Look::ANY } else { Look::Whole };
    decode(&headers, body, None, look).map(|body| match body {
        DecodedBody::Empty => "empty".to_owned(),
        DecodedBody::Raw(raw) => format!("raw {}", raw.get()),
        DecodedBody::Json(json) => format!("json {}", json.part(&[]).unwrap()),
        DecodedBody::Text(text) => format!("text {text}"),
    })
}

#[test]
fn the_content_type_chooses_the_decoder() {
    for (content_type, body, expected) in [
        ("application/json", "{\"a\": 1.10}", "raw {\"a\": 1.10}"),
        ("application/json; charset=utf-8", "[1e400, -0.0]", "raw [1e400, -0.0]"),
        ("application/problem+json", "{}", "raw {}"),
        ("application/json", "\u{feff}{}", "raw {}"),
        (
            "application/json",
            "{\n  \"a\": \"x\\ny z\",\r\n \"b\":  1\n}\n",
            "raw {\"a\":\"x\\ny z\",\"b\":1}",
        ),
        ("application/x-ndjson", "{\"a\":1}\n\n[2]\r\n3", "raw [{\"a\":1},[2],3]"),
        ("text/plain", "1", "text 1"),
        ("", "{}", "text {}"),
        ("application/json", "", "empty"),
    ] {
        assert_eq!(
            decoded(content_type, body.as_bytes(), false).as_deref(),
            Ok(expected),
            "{content_type}"
        );
    }
    assert_eq!(
        decoded("application/json", b"{\"n\":7615917337495251231,\"z\":1.10}", true).as_deref(),
        Ok("json {\"n\":7615917337495251231,\"z\":1.10}")
    );
}

#[test]
fn character_sets_are_honoured() {
    assert_eq!(
        decoded("text/plain; charset=ISO-8859-1", b"caf\xe9", false).as_deref(),
        Ok("text café")
    );
    assert_eq!(
        decoded("application/json; charset=\"windows-1252\"", b"\"\x80\"", false).as_deref(),
        Ok("raw \"€\"")
    );
    assert_eq!(
        decoded("text/plain", b"\xff\xfe\xfd", false),
        Err(DecodeFault::Charset { charset: "utf-8".into() })
    );
    assert_eq!(
        decoded("text/plain; charset=klingon", b"x", false),
        Err(DecodeFault::UnknownCharset { charset: "klingon".into() })
    );
}

#[test]
fn broken_json_tells_line_and_column() {
    assert_eq!(
        decoded("application/json", b"{\"a\":\n tru", false),
        Err(DecodeFault::Malformed {
            format: "JSON",
            reason: "EOF while parsing a value".into(),
            line: 2,
            column: 4
        })
    );
    let fault = decoded("application/x-ndjson", b"{}\n{\n", false);
    assert!(matches!(fault, Err(DecodeFault::Malformed { line: 2, .. })), "{fault:?}");
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert!(decoded("application/json", deep.as_bytes(), false).is_ok());
    assert!(decoded("application/json", deep.as_bytes(), true).is_err());
}
