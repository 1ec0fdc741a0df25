//! What the content type chooses, and what comes out.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::*;

fn decoded(content_type: &str, body: &[u8], deep: bool) -> Result<String, DecodeFault> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
    let look = if deep { Look::ANY } else { Look::Whole };
    decode(200, &headers, body, None, look).map(|body| match body {
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
        decoded("text/html", b"Acc\xe8s refus\xe9", false).as_deref(),
        Ok("text Accès refusé")
    );
    assert_eq!(
        decoded("text/plain; charset=utf-8", b"caf\xe9", false),
        Err(DecodeFault::Charset { charset: "utf-8".into() })
    );
    assert_eq!(
        decoded("image/png", b"\x89PNG\xff", false),
        Err(DecodeFault::Charset { charset: "utf-8".into() })
    );
    assert_eq!(
        decoded("text/plain; charset=klingon", b"\xff\xfdx", false),
        Err(DecodeFault::UnknownCharset { charset: "klingon".into() })
    );
    assert_eq!(decoded("text/plain; charset=klingon", b"x", false).as_deref(), Ok("text x"));
    for charset in ["", "\"\"", "utf8mb4", "utf-8,application/json", "utf-8"] {
        let content_type = format!("application/json; charset={charset}");
        assert_eq!(
            decoded(&content_type, "{\"a\":\"é\"}".as_bytes(), false).as_deref(),
            Ok("raw {\"a\":\"é\"}"),
            "{content_type}"
        );
    }
}

#[test]
fn json_under_another_name_is_json_where_parts_are_looked_up() {
    for (content_type, body, expected) in [
        ("", "{\"a\":1}", "json {\"a\":1}"),
        ("text/plain", " [1]", "json [1]"),
        ("text/html; charset=utf-8", "{\"a\":1}", "json {\"a\":1}"),
        ("application/octet-stream", "{}", "json {}"),
        ("text/javascript", "[]", "json []"),
        ("text/plain", "{no", "text {no"),
        ("text/plain", "1", "text 1"),
        ("text/plain", "\"x\"", "text \"x\""),
    ] {
        let found = decoded(content_type, body.as_bytes(), true);
        assert_eq!(found.as_deref(), Ok(expected), "{content_type}: {body}");
    }
    assert_eq!(decoded("text/plain", b"{\"a\":1}", false).as_deref(), Ok("text {\"a\":1}"));
}

#[test]
fn a_body_of_nothing_is_none_or_an_empty_list() {
    for (content_type, body, expected) in [
        ("application/json", "\n", "empty"),
        ("application/json", "  ", "empty"),
        ("application/json", "\u{feff}\r\n", "empty"),
        ("application/x-ndjson", "", "raw []"),
        ("application/x-ndjson", "\n", "raw []"),
        ("text/plain", "\n", "text \n"),
    ] {
        assert_eq!(
            decoded(content_type, body.as_bytes(), false).as_deref(),
            Ok(expected),
            "{body:?}"
        );
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, "application/x-ndjson".parse().unwrap());
    for status in [204, 205, 304, 500] {
        let body = decode(status, &headers, b"", None, Look::Whole).unwrap();
        assert!(matches!(body, DecodedBody::Empty), "{status}");
    }
}

#[test]
fn half_a_surrogate_pair_stays_as_it_is_and_can_be_read() {
    let body = br#"{"id":7,"bio":"hi \ud83d","\udc00":1}"#;
    let whole = String::from_utf8(body.to_vec()).unwrap();
    let (raw, json) = (format!("raw {whole}"), format!("json {whole}"));
    assert_eq!(decoded("application/json", body, false).as_deref(), Ok(&*raw));
    assert_eq!(decoded("application/json", body, true).as_deref(), Ok(&*json));
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
    assert!(decoded("application/json", deep.as_bytes(), true).is_ok());
    let deep = format!("{}1{}", "[".repeat(1025), "]".repeat(1025));
    for look in [false, true] {
        let fault = decoded("application/json", deep.as_bytes(), look);
        assert_eq!(fault, Err(DecodeFault::TooDeep { format: "JSON", levels: 1024 }));
    }
}
