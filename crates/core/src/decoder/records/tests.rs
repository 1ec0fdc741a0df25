//! Records read piece by piece, wherever the pieces are cut, are those of the body that is read as a whole.

use super::super::decoders::{DecoderName, records};
use super::super::{DecodeFault, DecodedBody, JsonText, Look, decode};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

fn headers(content_type: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())])
}

fn named(name: &str) -> Option<DecoderName> {
    serde_json::from_value(serde_json::json!(name)).ok()
}

/// The records, what is beside them, and how it ended, where a piece is so long.
fn read(
    (content_type, decoder, path): (&str, &str, &str),
    body: &[u8],
    piece: usize,
    limit: usize,
) -> (Vec<String>, Result<Vec<u8>, DecodeFault>) {
    let path: Vec<String> =
        path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (headers, decoder) = (headers(content_type), named(decoder));
    let begun = records(&headers, body, decoder, &path, limit).unwrap();
    let (mut charset, mut reader) = begun.unwrap();
    let mut found = Vec::new();
    let mut give = |record: &str| found.push(record.to_owned());
    for piece in body.chunks(piece) {
        let read = charset.push(piece, false, &mut |text| reader.push(text, &mut give));
        if let Err(fault) = read {
            return (found, Err(fault));
        }
    }
    let ended = charset
        .push(&[], true, &mut |text| reader.push(text, &mut give))
        .and_then(|()| reader.end(&mut give));
    (found, ended)
}

/// The same of the whole body.
fn whole((content_type, decoder, path): (&str, &str, &str), body: &[u8]) -> Vec<String> {
    let headers = headers(content_type);
    let decoded = decode(200, &headers, body, named(decoder), Look::ANY).unwrap();
    let DecodedBody::Json(json) = decoded else { panic!("{decoded:?}") };
    let path: Vec<String> =
        path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let list = JsonText::part(&json, &path).unwrap().to_owned();
    let mut items = Vec::new();
    crate::value::text::items(&list, &mut |item| items.push(item.to_owned()));
    items
}

const PIECES: [usize; 6] = [1, 2, 3, 7, 64, 1 << 20];

#[test]
fn the_records_are_those_of_the_whole_wherever_it_is_cut() {
    let utf16: Vec<u8> =
        "{\"id\":\"\u{e4}\u{1F600}\"}\n[]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (kind, body) in [
        (("application/x-ndjson", "", ""), &b"{\"id\":1}\n\n \r\n{\"a\":\"\xC3\xA4\\n\"}\r\n[1, 2]\n\"x\"\n7"[..]),
        (("text/plain", "ndjson", ""), b"\xEF\xBB\xBF{\"id\":1}\n{\"id\":2}\n"),
        (("text/plain; charset=utf-16le", "ndjson", ""), b""),
        (("text/csv", "csv", ""), b"id,name,id\r\n1,\"a \"\"b\"\", c\nd\",2\r\n\r\n3,\xC3\xA4\n"),
        (("text/csv", "csv", ""), b"\xEF\xBB\xBFid;a\n1;2"),
        (("text/csv; charset=latin1", "csv", ""), b"id\n\xE4\n"),
        (("text/csv", "csv", ""), b"id\n\xE4\n"),
        (("text/tab-separated-values", "csv", ""), b"a\tb\n1\t2\n"),
        (("application/json", "", ""), b" [1 , {\"a\":[\"]\",{\"b\":\"\\\"}\"}]} ,\"x\\\\\",null,true , -1.5e3] \n"),
        (("application/json", "", ""), b"[]"),
        (("application/json", "", "data.rows"), b"{\"rows\":[0],\"data\":{\"x\":{\"rows\":[9]},\"rows\":[1,2],\"y\":[[3]]},\"end\":\"\\\"rows\\\":[4]\"}"),
        (("application/json", "", "a.1.b"), b"{\"a\":[{\"b\":[1]},{\"b\":[2,\n3]},{\"b\":[4]}]}"),
        (("application/json", "", "\u{e4}"), b"{\"\\u00e4\":[{}]}"),
        (("", "", "items"), b"\n{\"items\":[{\"id\":1},{\"id\":2}],\"next\":null}"),
    ] {
        let body = if body.is_empty() { &utf16 } else { body };
        let expected = whole(kind, body);
        for piece in PIECES {
            let (found, ended) = read(kind, body, piece, 1000);
            assert_eq!(found, expected, "{kind:?} in pieces of {piece}");
            assert!(ended.is_ok(), "{kind:?} in pieces of {piece}: {ended:?}");
        }
    }
}

#[test]
fn what_is_beside_the_records_is_the_body_with_an_empty_list() {
    let body =
        b"{\"a\": [0], \"data\":{\"rows\" : [ {\"x\":\"]\"} , 2 ], \"total\":2}, \"next\":\"c\"}";
    for piece in PIECES {
        let (found, ended) = read(("application/json", "", "data.rows"), body, piece, 1000);
        assert_eq!(found, ["{\"x\":\"]\"}", "2"]);
        let beside = String::from_utf8(ended.unwrap()).unwrap();
        assert_eq!(beside, "{\"a\": [0], \"data\":{\"rows\" : [], \"total\":2}, \"next\":\"c\"}");
    }
    // No list is there: nothing is a record, and all of it is beside them.
    for body in
        ["{\"data\":{\"rows\":null}}", "{\"rows\":[1]}", "{\"data\":[[1]]}", "7", "{\"data\":"]
    {
        let (found, ended) = read(("application/json", "", "data.rows"), body.as_bytes(), 3, 1000);
        assert_eq!((found.len(), ended.unwrap()), (0, body.as_bytes().to_vec()));
    }
}

#[test]
fn a_fault_names_its_record_and_those_before_it_are_given() {
    let json = ("application/json", "", "");
    let ndjson = ("application/x-ndjson", "", "");
    for (kind, body, given, expected) in [
        (
            ndjson,
            &b"{\"id\":1}\n{\"id\":\n"[..],
            1,
            "record 2 of the reply is not NDJSON: EOF while parsing a value",
        ),
        (ndjson, b"{\"id\":1}\n\xFF\n", 1, "the reply is not text in `utf-8`"),
        (
            ndjson,
            b"1\n{\"id\":\"12345678901234567890\"}\n",
            1,
            "record 2 of the reply is longer than 20 bytes",
        ),
        (json, b"[1,\"12345678901234567890\"]", 1, "record 2 of the reply is longer than 20 bytes"),
        (
            ("text/csv", "csv", ""),
            b"a\n1\n123456789012345678901234567890\n",
            1,
            "record 2 of the reply is longer than 20 bytes",
        ),
        (
            json,
            b"[1,2",
            1,
            "record 2 of the reply is not JSON: the reply ends in the middle of the list",
        ),
        (json, b"[1 2]", 1, "record 2 of the reply is not JSON: expected `,` or `]` after it"),
        (json, b"[1,,2]", 1, "record 2 of the reply is not JSON: expected a value"),
        (json, b"[1,]", 1, "record 2 of the reply is not JSON: expected a value"),
        (json, b"[{\"a\"]}]", 0, "record 1 of the reply is not JSON: expected `:`"),
        (
            ("application/json", "", "a"),
            b"{\"a\":[1],\"a\":[2]}",
            1,
            "record 2 of the reply is not JSON: the list of the records is there twice",
        ),
        (
            ("application/json", "", "a"),
            b"{\"b\":\"12345678901234567890\"}",
            0,
            "the reply has more than 20 bytes beside its records",
        ),
    ] {
        for piece in PIECES {
            let (found, ended) = read(kind, body, piece, 20);
            assert_eq!(ended.unwrap_err().to_string(), expected, "{kind:?} in pieces of {piece}");
            assert_eq!(found.len(), given, "{kind:?} in pieces of {piece}");
        }
    }
}
