//! JSON goes through cardhost as it is: numbers as written, keys in their order, no type guessed from text.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Message, Ran, RawServer, cardhost, reply};

const CARD: &str = "mixpanel/custom-api-action";

/// Values with one spelling each, compact. Exponents have a test of their own.
const DOCUMENT: &str = concat!(
    r#"{"z":7615917337495251231,"a":1.10,"-0.0":-0.0,"-0":-0,"thirty":123456789012345678901234567890,"#,
    r#""minus":-123456789012345678901234567890,"digits":0.1000000000000000055511151231257827021181583404541015625,"#,
    r#""ten":10.0,"null":null,"yes":true,"no":false,"478":"478","None":"None","text":["null","true","1.10","","NaN"," "],"#,
    r#""größe":"ß","ключ":"значение","":"","😀":"😀","q\"\\/":"\"\\/\b\f\n\r\t\u0000\u001f","#,
    r#""a.b":{"c d":{"<<input.x>>":"{{input.x}}"}},"#,
    r#""deep":{"b":{"z":[[[[{"y":{"x":[{},[],[[]]]}}]]]],"a":0},"a":1},"b":2,"A":3,"0":4}"#
);

fn invocation(request: &str) -> String {
    format!(
        r#"{{"id":{DOCUMENT},"connection":{{"fields":{{"Service Account: Username":"u","Service Account: Secret":"canary-5ecret"}}}},"options":{{"Request Type":"POST","Select API":"Query API"}},"input":{{"Request":{request}}}}}"#
    )
}

fn with_body(body: &str) -> String {
    invocation(&format!(r#"{{"Relative URL":"/x","Body":{body}}}"#))
}

/// A server that answers each request with one JSON text.
fn answering(content_type: &'static str, body: impl Into<String>) -> RawServer {
    let body = body.into();
    RawServer::start(move |_, _| Answer::Bytes(reply("200 OK", content_type, body.as_bytes())))
}

fn run(server: &RawServer, args: &[&str], stdin: &str) -> Ran {
    let mut all = vec!["run", CARD, "--base", &server.url];
    all.extend(args);
    let ran = cardhost(&all, stdin);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    ran
}

fn only_request(server: &RawServer) -> Message {
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    Message::parse(&requests[0])
}

/// What `run` gives for a reply with a body and the two headers of [`reply`].
fn output(content_type: &str, length: usize, body: &str) -> String {
    format!(
        r#"{{"Response":{{"Status Code":200,"Headers":{{"content-type":"{content_type}","content-length":"{length}","connection":"close"}},"Body":{body}}}}}"#
    )
}

#[test]
fn a_body_goes_out_as_it_was_given() {
    for args in [&[][..], &["--stream"]] {
        let server = answering("application/json", "{}");
        run(&server, args, &with_body(DOCUMENT));
        assert_eq!(only_request(&server).body, DOCUMENT, "{args:?}");
    }
}

#[test]
fn a_body_is_planned_as_it_was_given() {
    let ran = cardhost(&["plan", CARD, "--json"], &with_body(DOCUMENT));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains(&format!("\"body\":{DOCUMENT}")), "{}", ran.stdout);
}

#[test]
fn white_space_of_the_invocation_is_not_sent() {
    let server = answering("application/json", "{}");
    run(&server, &[], &with_body("{\n  \"b\" : [ 1.10 ,\t-0.0 ] ,\r\n  \"a\" : \" x  y \"\n}"));
    assert_eq!(only_request(&server).body, r#"{"b":[1.10,-0.0],"a":" x  y "}"#);
}

#[test]
fn other_spellings_of_a_text_go_out_as_the_same_text() {
    let server = answering("application/json", "{}");
    run(&server, &[], &with_body(r#"{"\u00fc":"\u00e9\ud83d\ude00\/\u0041\u000a"}"#));
    assert_eq!(only_request(&server).body, r#"{"ü":"é😀/A\n"}"#);
}

#[test]
fn a_body_comes_back_byte_for_byte() {
    // What a JSON text can spell in several ways is not respelt either.
    let odd = r#"{"escaped":"\u00e9\ud83d\ude00\/\u0041","lone":"\ud800","twice":1,"twice":2,"e":[1E5,1e400,1e-7,1E+2]}"#;
    for body in
        [DOCUMENT, odd, "[1.10,\"478\"]", "7615917337495251231", "-0.0", "true", "\"None\"", "\"\""]
    {
        let server = answering("application/json", body);
        let expected = output("application/json", body.len(), body);
        let ran = run(&server, &[], &with_body("{}"));
        assert_eq!(ran.stdout, format!("{expected}\n"));

        let server = answering("application/json", body);
        let ran = run(&server, &["--stream"], &with_body("{}"));
        assert_eq!(ran.stdout, format!("{{\"id\":{DOCUMENT},\"output\":{expected}}}\n"));
    }
}

#[test]
fn a_reply_on_several_lines_loses_its_white_space_and_nothing_else() {
    let pretty = "\u{feff}{\r\n  \"z\" : 7615917337495251231,\n\t\"a\" : [ 1.10 , -0.0,\n 1E5, 1e400 ],\n  \"t\" : \" a\\\"  b\\\\\" ,\n \"u\" : \"\\u00e9 \u{2028} : , [ ] \"\n}\n";
    let expected = "{\"z\":7615917337495251231,\"a\":[1.10,-0.0,1E5,1e400],\"t\":\" a\\\"  b\\\\\",\"u\":\"\\u00e9 \u{2028} : , [ ] \"}";
    for args in [&[][..], &["--stream"]] {
        let server = answering("application/json", pretty);
        let ran = run(&server, args, &with_body("{}"));
        assert!(ran.stdout.contains(&format!("\"Body\":{expected}}}")), "{}", ran.stdout);
        assert_eq!(ran.stdout.lines().count(), 1);
    }
}

#[test]
fn a_reply_on_one_line_keeps_its_white_space() {
    let body = "{ \"a\" : 1.10 , \"b\":[ ] }";
    let server = answering("application/json", body);
    let ran = run(&server, &[], &with_body("{}"));
    assert_eq!(ran.stdout, format!("{}\n", output("application/json", body.len(), body)));
}

#[test]
fn a_text_reply_is_text_whatever_it_looks_like() {
    for text in ["478", "None", "null", "true", "{\"a\":1}", "1.10", " ", "\"478\""] {
        let server = answering("text/plain", text);
        let ran = run(&server, &[], &with_body("{}"));
        let expected = output("text/plain", text.len(), &Value::from(text).to_string());
        assert_eq!(ran.stdout, format!("{expected}\n"));
    }
}

#[test]
fn query_values_go_out_with_the_digits_they_were_given_with() {
    let server = answering("application/json", "{}");
    let query = r#"{"id":7615917337495251231,"d":1.10,"z":-0.0,"n":123456789012345678901234567890,"t":"478","x":"None","l":[1.10,"1.10",2.0],"e":""}"#;
    run(&server, &[], &invocation(&format!(r#"{{"Relative URL":"/x?q=1.10","Query":{query}}}"#)));
    let target = "/x?q=1.10&id=7615917337495251231&d=1.10&z=-0.0&n=123456789012345678901234567890&t=478&x=None&l=1.10&l=1.10&l=2.0&e=";
    assert_eq!(only_request(&server).target(), target);
}

#[test]
fn header_values_go_out_with_the_digits_they_were_given_with() {
    let server = answering("application/json", "{}");
    let headers = r#"{"x-id":7615917337495251231,"x-d":1.10,"x-t":"0478","x-b":true}"#;
    run(&server, &[], &invocation(&format!(r#"{{"Relative URL":"/x","Headers":{headers}}}"#)));
    let request = only_request(&server);
    let sent = ["x-id", "x-d", "x-t", "x-b"].map(|name| request.header(name).join("|"));
    assert_eq!(sent, ["7615917337495251231", "1.10", "0478", "true"]);
}

#[test]
fn the_body_of_a_failed_reply_keeps_its_numbers() {
    let body = r#"{"id":7615917337495251231,"d":1.10,"b":1,"a":-0.0}"#;
    let server = RawServer::start(move |_, _| {
        Answer::Bytes(reply("400 Bad Request", "application/json", body.as_bytes()))
    });
    let stdin = r#"{"connection":{"fields":{"Service Account: Username":"u","Service Account: Secret":"s3cret-s3cret"}},"input":{"Path":{"projectId":7615917337495251231}}}"#;
    let args =
        ["run", "mixpanel/list-warehouse-sources", "--base", &server.url, "--errors", "json"];
    let ran = cardhost(&args, stdin);
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(ran.stderr.contains(&format!("\"body\":{body}")), "{}", ran.stderr);
    assert_eq!(only_request(&server).target(), "/projects/7615917337495251231/warehouse-sources");
}

/// A connector with one typed card, which takes its request and its reply apart.
fn typed_cards() -> TempDir {
    let connector = json!({
        "format": 1, "name": "probe", "version": "1.0.0", "title": "Probe",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "API": { "auth": ["none"], "base": "https://probe.example" } },
    });
    let card = json!({
        "format": 1, "name": "typed", "version": "1.0.0", "title": "Typed",
        "input": { "In": {
            "number": { "type": "number" }, "text": { "type": "text" }, "any": { "type": "any" },
            "list": { "type": "list" },
        } },
        "request": {
            "target": "API", "method": "POST", "path": "/n/<<input.In.number>>/<<input.In.text>>",
            "query": { "n": "<<input.In.number>>", "t": "<<input.In.text>>", "l": "<<input.In.list>>" },
            "body": { "json": {
                "n": "<<input.In.number>>", "t": "<<input.In.text>>", "any": "<<input.In.any>>",
                "in text": "n=<<input.In.number>> t=<<input.In.text>>", "list": "<<input.In.list>>",
                "literal": 1.10,
            } },
        },
        "effect": "write",
        "output": { "Out": {
            "number": { "type": "number", "value": "<<response.body.number>>" },
            "integer": { "type": "number", "format": "integer", "value": "<<response.body.integer>>" },
            "text": { "type": "text", "value": "<<response.body.text>>" },
            "any": { "type": "any", "value": "<<response.body.any>>" },
            "list": { "type": "list", "value": "<<response.body.list>>" },
            "object": { "type": "object", "value": "<<response.body.object>>" },
            "item": { "type": "number", "value": "<<response.body.list.1>>" },
            "in text": { "type": "text", "value": "n=<<response.body.number>> t=<<response.body.text>>" },
        } },
    });
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("probe");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("connector.json"), connector.to_string()).unwrap();
    // `json!` would write the literal 1.10 as 1.1.
    let card = card.to_string().replace("\"literal\":1.1", "\"literal\":1.10");
    assert!(card.contains("\"literal\":1.10}"), "{card}");
    std::fs::write(own.join("typed.json"), card).unwrap();
    folder
}

fn run_typed(server: &RawServer, args: &[&str], input: &str) -> Ran {
    let cards = typed_cards();
    let folder = cards.path().to_str().unwrap();
    let mut all = vec!["run", "probe/typed", "--cards", folder, "--base", &server.url];
    all.extend(args);
    cardhost(&all, &format!(r#"{{"input":{{"In":{input}}}}}"#))
}

const TYPED_INPUT: &str = r#"{"number":7615917337495251231,"text":"478","any":{"z":1.10,"a":[-0.0,"None"]},"list":[1.10,"1.10",123456789012345678901234567890]}"#;
const TYPED_REPLY: &str = r#"{"object":{"z":1.10,"é":"é","a":{"y":-0.0,"b":"478"}},"list":["1.10",1.10,7615917337495251231],"any":"None","text":"478","integer":123456789012345678901234567890,"number":1.10}"#;

#[test]
fn a_typed_card_sends_what_it_was_given() {
    let server = answering("application/json", TYPED_REPLY);
    let ran = run_typed(&server, &[], TYPED_INPUT);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let request = only_request(&server);
    let target = "/n/7615917337495251231/478?n=7615917337495251231&t=478&l=1.10&l=1.10&l=123456789012345678901234567890";
    assert_eq!(request.target(), target);
    let body = r#"{"n":7615917337495251231,"t":"478","any":{"z":1.10,"a":[-0.0,"None"]},"in text":"n=7615917337495251231 t=478","list":[1.10,"1.10",123456789012345678901234567890],"literal":1.10}"#;
    assert_eq!(request.body, body);
}

#[test]
fn a_typed_card_gives_what_came_back() {
    let expected = r#"{"Out":{"number":1.10,"integer":123456789012345678901234567890,"text":"478","any":"None","list":["1.10",1.10,7615917337495251231],"object":{"z":1.10,"é":"é","a":{"y":-0.0,"b":"478"}},"item":1.10,"in text":"n=1.10 t=478"}}"#;
    let server = answering("application/json", TYPED_REPLY);
    let ran = run_typed(&server, &[], TYPED_INPUT);
    assert_eq!(ran.stdout, format!("{expected}\n"), "{ran:?}");
    let ran = run_typed(&server, &["--stream"], TYPED_INPUT);
    assert_eq!(ran.stdout, format!("{{\"id\":null,\"output\":{expected}}}\n"), "{ran:?}");
}

#[test]
fn no_type_is_guessed_from_text() {
    let server = answering("application/json", TYPED_REPLY);
    for (input, pointer) in [
        (TYPED_INPUT.replacen("7615917337495251231", "\"478\"", 1), "/input/In/number"),
        (TYPED_INPUT.replacen("\"478\"", "478", 1), "/input/In/text"),
    ] {
        let ran = run_typed(&server, &["--errors", "json"], &input);
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{ran:?}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["code"], "input.type");
        assert_eq!(error["where"]["pointer"], pointer);
    }
    assert_eq!(server.requests(), Vec::<String>::new());

    let text_for_number = TYPED_REPLY.replace("\"number\":1.10", "\"number\":\"1.10\"");
    let server = answering("application/json", text_for_number);
    let ran = run_typed(&server, &["--errors", "json"], TYPED_INPUT);
    assert_eq!((ran.code, ran.stdout.as_str()), (9, ""), "{ran:?}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "response.type");
    assert_eq!(error["where"]["pointer"], "/output/Out/number");
}

const EXPONENTS: &str = r#"[1E5,1e400,1e5,1E+2,1e-7,-2.50E-3,0e0]"#;

#[test]
fn exponents_go_out_as_they_were_written() {
    for args in [&[][..], &["--stream"]] {
        let server = answering("application/json", "{}");
        run(&server, args, &with_body(EXPONENTS));
        assert_eq!(only_request(&server).body, EXPONENTS, "{args:?}");
    }
}

#[test]
fn exponents_come_back_as_they_were_written() {
    let server = answering("application/json", EXPONENTS);
    let ran = run(&server, &[], &with_body("{}"));
    let expected = output("application/json", EXPONENTS.len(), EXPONENTS);
    assert_eq!(ran.stdout, format!("{expected}\n"));
}

#[test]
fn a_reply_nested_deeper_than_a_parser_goes_comes_back_whole() {
    let deep = format!("{}1.10{}", "[".repeat(1024), "]".repeat(1024));
    for args in [&[][..], &["--stream"], &["--pretty"]] {
        let server = answering("application/json", deep.clone());
        let ran = run(&server, args, &with_body("{}"));
        let bare: String = ran.stdout.split_whitespace().collect();
        assert!(bare.contains(&format!("\"Body\":{deep}}}")), "{args:?}");
    }
}

#[test]
fn an_input_nested_as_deep_as_is_read_goes_out_whole_and_a_deeper_one_is_refused() {
    // The invocation itself has three levels around a body.
    let nested = |depth| format!("{}1.10{}", "[".repeat(depth), "]".repeat(depth));
    let server = answering("application/json", "{}");
    run(&server, &[], &with_body(&nested(1021)));
    assert_eq!(only_request(&server).body, nested(1021));
    let args = ["run", CARD, "--base", &server.url, "--errors", "json"];
    let ran = cardhost(&args, &with_body(&nested(1025)));
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{ran:?}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], "invocation.syntax", "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn exponents_in_the_query_go_out_as_they_were_written() {
    let server = answering("application/json", "{}");
    run(
        &server,
        &[],
        &invocation(&format!(r#"{{"Relative URL":"/x","Query":{{"l":{EXPONENTS}}}}}"#)),
    );
    let target = "/x?l=1E5&l=1e400&l=1e5&l=1E%2B2&l=1e-7&l=-2.50E-3&l=0e0";
    assert_eq!(only_request(&server).target(), target);
}

#[test]
fn exponents_come_back_from_a_typed_card_as_they_were_written() {
    let reply =
        TYPED_REPLY.replace("\"None\"", EXPONENTS).replace("\"number\":1.10", "\"number\":1E5");
    let server = answering("application/json", reply);
    let ran = run_typed(&server, &[], TYPED_INPUT);
    assert!(ran.stdout.contains(&format!("\"any\":{EXPONENTS}")), "{ran:?}");
    assert!(ran.stdout.starts_with("{\"Out\":{\"number\":1E5,"), "{ran:?}");
}

#[test]
fn exponents_come_back_from_lines_of_json_as_they_were_written() {
    let body = EXPONENTS.trim_matches(['[', ']']).replace(',', "\n");
    let server = answering("application/x-ndjson", body);
    let ran = run(&server, &[], &with_body("{}"));
    assert!(ran.stdout.contains(&format!("\"Body\":{EXPONENTS}")), "{}", ran.stdout);
}

#[test]
fn indented_output_keeps_every_token() {
    let server = answering("application/json", DOCUMENT);
    let ran = run(&server, &["--pretty"], &with_body("{}"));
    assert!(ran.stdout.starts_with("{\n  \"Response\": {\n"), "{}", ran.stdout);
    let compact: String = ran.stdout.lines().map(str::trim_start).collect();
    let compact = compact.replace("\": ", "\":");
    assert!(compact.contains(&format!("\"Body\":{DOCUMENT}")), "{compact}");
}

#[test]
fn indented_output_keeps_exponents() {
    let server = answering("application/json", EXPONENTS);
    let ran = run(&server, &["--pretty"], &with_body("{}"));
    let compact: String = ran.stdout.split_whitespace().collect();
    assert!(compact.contains(&format!("\"Body\":{EXPONENTS}")), "{compact}");
}
