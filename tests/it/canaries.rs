//! Canary secrets with awkward characters, planted wherever a secret can go, and a service that sends them back in every
//! spelling: none may be in what plans, errors and logs show.
//!
//! Every canary holds [`MARK`], which all spellings but base64 leave as it is; base64 of the mark is searched for at
//! each of its three alignments. So a piece of a secret is found as well as a whole one.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Ran, RawServer, cardhost, path, reply};

/// In every canary, and nowhere else in the project.
pub(crate) const MARK: &str = "CANARYx";

const USER: &str = "sa-user";
const SECRET: &str = "q\"/CANARYxSECRET9+é%2B \\<&>'==";
const API_SECRET: &str = "CANARYxAPI8/Q2FuYXJ5+A/%3D==";
const TOKEN: &str = "<\\CANARYxTOKEN7&'mark'\"%/";
const KEY: &str = "k/CANARYxKEY6?&=é#%+";
const PASSWORD: &str = "p\"CANARYxPASSWORD5/ßé+%41 'x'";
const PIN: &str = "98765432101234";

const AUTH: [&str; 5] =
    ["service account", "api secret", "token", "key in the query", "key in a header"];

/// A folder with a connector that puts the canaries into every part of a request.
fn cards() -> TempDir {
    cards_that_wait("30s")
}

/// The same, with the longest time that nothing may come.
fn cards_that_wait(idle: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let connector = json!({
        "format": 1, "name": "canary", "version": "1.0.0", "title": "Canary",
        "connection": { "fields": {
            "User": { "type": "text" }, "Secret": { "type": "secret" },
            "API Secret": { "type": "secret" }, "Token": { "type": "secret" },
        } },
        "auth": {
            "service account": { "scheme": "basic", "username": "<<connection.User>>", "password": "<<connection.Secret>>" },
            "api secret": { "scheme": "basic", "username": "<<connection.API Secret>>", "password": "" },
            "token": { "scheme": "bearer", "token": "<<connection.Token>>" },
            "key in the query": { "scheme": "api_key", "in": "query", "name": "key", "value": "<<connection.API Secret>>" },
            "key in a header": { "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.Token>>" },
        },
        "targets": { "api": { "auth": ["service account"], "base": "https://api.canary.example/v1" } },
        "errors": [
            { "status": [401], "code": "auth.refused", "retry": "never", "message": "<<response.body.error>>" },
            { "status": [422], "code": "service.refused", "retry": "never", "message": "<<response.body>>" },
            { "status": [429], "code": "http.rate_limited", "retry": "after", "message": "<<response.body.error>>" },
        ],
        "timeouts": { "idle": idle },
    });
    let at = folder.path().join("canary");
    fs::create_dir(&at).unwrap();
    fs::write(at.join("connector.json"), connector.to_string()).unwrap();
    for auth in AUTH {
        let name = auth.replace(' ', "-");
        let card = json!({
            "format": 1, "name": name, "version": "1.0.0", "title": "Act", "effect": "write",
            "options": { "Method": { "type": "text", "default": "POST" } },
            "input": { "Thing": {
                "Key": { "type": "secret", "required": true },
                "Details": { "type": "object", "sensitive": true, "required": true },
            } },
            "request": {
                "target": "api", "method": "<<options.Method>>", "path": "/things/<<input.Thing.Key>>", "auth": [auth],
                "query": { "k": "<<input.Thing.Key>>", "t": "x<<connection.Token>>", "pin": "<<input.Thing.Details.pin>>" },
                "headers": { "X-Password": "pw <<input.Thing.Details.password>>", "X-Secret": "<<connection.Secret>>" },
                "body": { "json": {
                    "details": "<<input.Thing.Details>>", "token": "<<connection.Token>>",
                    "encoded": "<<base64 connection.Token>>", "quoted": "<<json connection.Secret>>",
                    "upper": "<<upper connection.Token>>", "text": "secret=<<connection.API Secret>>;",
                } },
            },
            "response": { "maxBodyBytes": 8192 },
            "output": { "Reply": {
                "Status": { "type": "dropdown", "choices": ["ok"], "value": "<<response.body.status>>" },
                "Count": { "type": "number", "value": "<<response.body.count>>" },
            } },
        });
        fs::write(at.join(format!("{name}.json")), card.to_string()).unwrap();
    }
    folder
}

fn invocation() -> Value {
    json!({
        "connection": { "fields": { "User": USER, "Secret": SECRET, "API Secret": API_SECRET, "Token": TOKEN } },
        "input": { "Thing": {
            "Key": KEY,
            "Details": { "password": PASSWORD, "pin": PIN.parse::<u64>().unwrap(), "more": [{ "again": PASSWORD }] },
        } },
    })
}

/// Percent-encodes all but letters, digits and the characters to keep.
pub(crate) fn percent(text: &str, keep: &str, upper: bool) -> String {
    let bytes = text.bytes().map(|byte| match char::from(byte) {
        c if c.is_ascii_alphanumeric() || keep.contains(c) => c.to_string(),
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    });
    bytes.collect()
}

/// What a service can send back: every canary raw, percent-encoded, JSON-escaped and in base64, and both Basic pairs.
fn echoes() -> Vec<String> {
    echoes_of(&[SECRET, API_SECRET, TOKEN, KEY, PASSWORD])
}

fn echoes_of(canaries: &[&str]) -> Vec<String> {
    let mut all = vec![
        format!("Basic {}", base64(&format!("{USER}:{SECRET}"))),
        format!("Basic {}", base64(&format!("{API_SECRET}:"))),
    ];
    if canaries.contains(&KEY) {
        all.push(format!("pin {PIN} and \"{PIN}\""));
    }
    for canary in canaries {
        let percent = |keep: &str, upper: bool| percent(canary, keep, upper);
        let quoted = serde_json::to_string(canary).unwrap();
        let ascii: String = quoted
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
            .collect();
        all.extend([
            (*canary).to_owned(),
            percent("", true),
            percent("", false),
            percent("-._~", true),
            percent("-._~!$&'()*+,;=:@", true),
            percent("-._*", true).replace("%20", "+"),
            quoted.replace('/', "\\/"),
            quoted,
            ascii,
            canary
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;"),
            base64(canary),
            base64(canary).replace('+', "-").replace('/', "_"),
            base64(&format!("user:{canary}:x")),
        ]);
    }
    all
}

/// Base64 (RFC 4648, section 4), by hand: a test should not ask the code under test.
pub(crate) fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.as_bytes().chunks(3).map(|group| {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |at: usize| {
            if at > group.len() {
                '='
            } else {
                char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63])
            }
        };
        [digit(0), digit(1), digit(2), digit(3)]
    });
    groups.flatten().collect()
}

thread_local! {
    /// What a test has found so far: one leak must not hide the next.
    static LEAKS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Fails with all that was found.
pub(crate) fn finish() {
    let leaks = LEAKS.with_borrow_mut(std::mem::take);
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

/// Notes a leak where a text holds a canary in any spelling; [`finish`] fails with it.
pub(crate) fn assert_clean(what: &str, text: &str) {
    let found = |leak: String| LEAKS.with_borrow_mut(|leaks| leaks.push(format!("{what}: {leak}")));
    let shown = |at: usize| {
        let start =
            (0..=at.saturating_sub(60)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text[start..].chars().take(160).collect::<String>()
    };
    if let Some(at) = text.to_ascii_lowercase().find(&MARK.to_ascii_lowercase()) {
        return found(format!("a canary is in …{}…", shown(at)));
    }
    if let Some(at) = text.find(PIN) {
        return found(format!("a number of a sensitive input is in …{}…", shown(at)));
    }
    for skip in 0..3 {
        let padded = format!("{}{MARK}", "\0".repeat(skip));
        let encoded = base64(&padded);
        let end = padded.len() / 3 * 4 + [0, 1, 2][padded.len() % 3];
        let piece = &encoded[[0, 2, 3][skip]..end];
        if let Some(at) = text.find(piece) {
            return found(format!("base64 of a canary is in …{}…", shown(at)));
        }
    }
}

fn assert_ran_clean(what: &str, ran: &Ran) {
    assert_clean(&format!("{what}, stdout"), &ran.stdout);
    assert_clean(&format!("{what}, stderr"), &ran.stderr);
}

#[test]
fn a_plan_shows_no_canary() {
    let folder = cards();
    let cards = folder.path().to_str().unwrap();
    for auth in AUTH {
        let card = format!("canary/{}", auth.replace(' ', "-"));
        for form in [vec![], vec!["--json"], vec!["--curl"]] {
            for log in [vec![], vec!["--log", "trace"]] {
                let mut args = vec!["plan", &card, "--cards", cards];
                args.extend(&form);
                args.extend(&log);
                let ran = cardhost(&args, &invocation().to_string());
                assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
                assert_ran_clean(&format!("{args:?}"), &ran);
            }
        }
    }
    finish();
}

/// Runs every card against a server, with each way of writing errors, and checks code and output.
fn run_against(what: &str, code: &str, answer: impl Fn(&[u8]) -> Answer + Send + Sync + 'static) {
    run_cards(&AUTH, what, code, answer);
}

/// As [`run_against`], with one card: where the way of the credentials makes no difference.
fn run_once(what: &str, code: &str, answer: impl Fn(&[u8]) -> Answer + Send + Sync + 'static) {
    run_cards(&AUTH[..1], what, code, answer);
}

fn run_cards(
    auth_methods: &[&str],
    what: &str,
    code: &str,
    answer: impl Fn(&[u8]) -> Answer + Send + Sync + 'static,
) {
    // What the others wait for comes, if late on a busy machine.
    let folder = cards_that_wait(if code == "transport.timeout" { "200ms" } else { "30s" });
    let cards = folder.path().to_str().unwrap();
    let server = RawServer::start(move |_, request| answer(request));
    for auth in auth_methods {
        let card = format!("canary/{}", auth.replace(' ', "-"));
        for errors in ["text", "json"] {
            let args = [
                "run",
                &card,
                "--cards",
                cards,
                "--base",
                &server.url,
                "--errors",
                errors,
                "--log",
                "trace",
            ];
            let ran = cardhost(&args, &invocation().to_string());
            let what = format!("{what}, {auth}, {errors}");
            assert!(ran.stderr.contains(code), "{what}: {}", ran.stderr);
            assert_eq!(ran.stdout, "", "{what}");
            assert_ran_clean(&what, &ran);
        }
        // In a stream the error is a line on stdout.
        let line = format!("{}\n", invocation());
        let args =
            ["run", &card, "--cards", cards, "--base", &server.url, "--stream", "--log", "trace"];
        let ran = cardhost(&args, &line);
        assert!(ran.stdout.contains(code), "{what}, {auth}, stream: {}", ran.stdout);
        assert_ran_clean(&format!("{what}, {auth}, stream"), &ran);
    }
}

/// A reply whose headers carry every echo that a header can.
fn echoing(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n");
    for (index, echo) in echoes().iter().enumerate() {
        head.push_str(&format!("x-echo-{index}: {echo}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The request as it came, and every echo, as text.
fn echo_text(request: &[u8]) -> String {
    format!("you sent:\n{}\n{}", String::from_utf8_lossy(request), echoes().join("\n"))
}

#[test]
fn a_service_error_shows_no_canary() {
    run_against("500 with text", "http.status", |request| {
        Answer::Bytes(echoing(
            "500 Internal Server Error",
            "text/plain",
            echo_text(request).as_bytes(),
        ))
    });
    run_against("500 with JSON", "http.status", |request| {
        let body = json!({ "request": echo_text(request), "echoes": echoes(), TOKEN: PIN.parse::<u64>().unwrap() });
        Answer::Bytes(echoing(
            "500 Internal Server Error",
            "application/json",
            body.to_string().as_bytes(),
        ))
    });
    finish();
}

#[test]
fn percent_encoding_as_other_languages_do_it_shows_no_canary() {
    let sets = [
        ("encodeURIComponent of JavaScript", "-_.!~*'()"),
        ("encodeURI of JavaScript", "-_.!~*'();/?:@&=+$,#"),
        ("quote of Python", "-_.~/"),
        ("the path of a URL (WHATWG)", "-_.~!$&'()*+,;=:@/[]|^"),
        ("the query of a URL (WHATWG)", "-_.~!$&()*+,;=:@/?[]|^`{}\\"),
    ];
    for (name, keep) in sets {
        for upper in [true, false] {
            run_once(name, "http.status", move |_| {
                let canaries = [SECRET, API_SECRET, TOKEN, KEY, PASSWORD];
                let body = canaries.map(|canary| percent(canary, keep, upper)).join("\n");
                Answer::Bytes(echoing("500 Internal Server Error", "text/plain", body.as_bytes()))
            });
        }
    }
    finish();
}

#[test]
fn the_services_own_words_show_no_canary() {
    for echo in echoes() {
        let body = json!({ "error": format!("not allowed: {echo}") }).to_string();
        let bytes = echoing("401 Unauthorized", "application/json", body.as_bytes());
        let server = RawServer::start(move |_, _| Answer::Bytes(bytes.clone()));
        let folder = cards();
        let args = [
            "run",
            "canary/token",
            "--cards",
            folder.path().to_str().unwrap(),
            "--base",
            &server.url,
        ];
        let ran = cardhost(&args, &invocation().to_string());
        assert!(ran.stderr.starts_with("error[auth.refused]"), "{}", ran.stderr);
        assert_ran_clean(&format!("words with {echo}"), &ran);
    }
    finish();
}

#[test]
fn words_that_are_shortened_show_no_piece_of_a_canary() {
    for before in [280, 285, 290] {
        let body = json!({ "error": format!("{} {SECRET}", "x".repeat(before)) }).to_string();
        run_once("401 with long words", "auth.refused", move |_| {
            Answer::Bytes(echoing("401 Unauthorized", "application/json", body.as_bytes()))
        });
    }
    finish();
}

#[test]
fn an_object_as_the_services_words_shows_no_canary() {
    run_once("422", "service.refused", |_| {
        let body = json!({ "errors": echoes() }).to_string();
        Answer::Bytes(echoing("422 Unprocessable Content", "application/json", body.as_bytes()))
    });
    finish();
}

#[test]
fn a_rate_limit_shows_no_canary() {
    run_against("429", "http.rate_limited", |request| {
        let body = json!({ "error": echo_text(request) }).to_string();
        Answer::Bytes(echoing("429 Too Many Requests", "application/json", body.as_bytes()))
    });
    finish();
}

#[test]
fn a_reply_that_cannot_be_decoded_shows_no_canary() {
    run_against("broken JSON", "response.decode", |request| {
        Answer::Bytes(echoing("200 OK", "application/json", echo_text(request).as_bytes()))
    });
    run_against("bytes that are no text", "response.encoding", |request| {
        // Not the byte order mark of UTF-16, FF FE, which would be honoured.
        let mut body = b"\xff ".to_vec();
        body.extend_from_slice(echo_text(request).as_bytes());
        Answer::Bytes(echoing("200 OK", "application/json", &body))
    });
    finish();
}

#[test]
fn headers_that_are_no_text_show_no_canary() {
    run_once("headers that are not UTF-8", "http.status", |_| {
        let mut bytes =
            b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 0\r\n"
                .to_vec();
        for canary in [SECRET, API_SECRET, TOKEN, KEY, PASSWORD] {
            bytes.extend_from_slice(b"x-echo: \xff ");
            bytes.extend_from_slice(canary.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        Answer::Bytes(bytes)
    });
    finish();
}

#[test]
fn an_output_that_does_not_fit_shows_no_canary() {
    run_once("a choice", "response.choice", |_| {
        let body = json!({ "status": SECRET, "count": 1 }).to_string();
        Answer::Bytes(echoing("200 OK", "application/json", body.as_bytes()))
    });
    run_once("a type", "response.type", |_| {
        let body = json!({ "status": "ok", "count": TOKEN }).to_string();
        Answer::Bytes(echoing("200 OK", "application/json", body.as_bytes()))
    });
    run_against("a missing value", "response.missing", |_| {
        let body = json!({ "status": "ok", "echo": echoes() }).to_string();
        Answer::Bytes(echoing("200 OK", "application/json", body.as_bytes()))
    });
    finish();
}

#[test]
fn a_transport_error_shows_no_canary() {
    run_against("reset", "transport.reset", |_| Answer::Reset(Vec::new()));
    run_against("not HTTP", "transport.protocol", |request| {
        Answer::Bytes(echo_text(request).into_bytes())
    });
    run_against("a timeout in the body", "transport.timeout", |request| {
        let mut bytes = echoing("200 OK", "application/json", echo_text(request).as_bytes());
        bytes.pop();
        Answer::Hang(bytes)
    });
    run_against("too many redirects", "redirect.limit", |request| {
        let path = String::from_utf8_lossy(request).split(' ').nth(1).unwrap().to_owned();
        Answer::Bytes(
            format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {path}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .into_bytes(),
        )
    });
    finish();
}

/// A body that holds a canary of which the first `cut` bytes stand before the offset `at`.
fn straddling(at: usize, cut: usize, canary: &str) -> Vec<u8> {
    let mut body = vec![b'x'; at - cut];
    body.extend_from_slice(canary.as_bytes());
    body.resize(at + 4096, b'y');
    body
}

#[test]
fn a_body_that_is_cut_inside_a_canary_shows_no_piece_of_it() {
    // The body ends in the middle of the canary, after the mark.
    for cut in [12, 14] {
        run_once("a truncated reply", "transport.truncated", move |_| {
            let mut bytes = echoing("200 OK", "text/plain", &straddling(1000, cut, SECRET));
            let body_at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            bytes.truncate(body_at + 1000);
            Answer::Bytes(bytes)
        });
        // Past the card's limit; without a length, it is cut at the limit.
        run_once("a body without length, too large", "response.too_large", move |_| {
            let mut bytes =
                b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"
                    .to_vec();
            bytes.extend(straddling(8192, cut, SECRET));
            Answer::Bytes(bytes)
        });
        // With a length it is cut where an error stops to keep it.
        run_once("a body with a length, too large", "response.too_large", move |_| {
            Answer::Bytes(echoing("200 OK", "text/plain", &straddling(64 * 1024, cut, SECRET)))
        });
    }
    finish();
}

#[test]
fn an_error_before_sending_shows_no_canary() {
    let folder = cards();
    let cards = folder.path().to_str().unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut invocation = invocation();
        change(&mut invocation);
        invocation.to_string()
    };
    let cases: [(&str, String); 9] = [
        ("method.unknown", changed(|i| i["options"] = json!({ "Method": KEY }))),
        (
            "header.value",
            changed(|i| {
                i["input"]["Thing"]["Details"]["password"] = json!(format!("{PASSWORD}\n"))
            }),
        ),
        (
            "template.value",
            changed(|i| i["input"]["Thing"]["Details"]["password"] = json!([PASSWORD])),
        ),
        (
            "url.control_character",
            changed(|i| i["input"]["Thing"]["Key"] = json!(format!("{KEY}\0"))),
        ),
        ("url.dot_segment", changed(|i| i["input"]["Thing"]["Key"] = json!(format!("../{KEY}")))),
        ("input.type", changed(|i| i["input"]["Thing"]["Details"] = json!(PASSWORD))),
        ("connection.unknown_field", changed(|i| i["connection"]["fields"]["Tokn"] = json!(TOKEN))),
        ("connection.type", changed(|i| i["connection"]["fields"]["Secret"] = json!([SECRET]))),
        ("invocation.syntax", format!("{},", invocation())),
    ];
    for (code, stdin) in cases {
        for command in ["plan", "run"] {
            for errors in ["text", "json"] {
                let args = [
                    command,
                    "canary/service-account",
                    "--cards",
                    cards,
                    "--errors",
                    errors,
                    "--log",
                    "trace",
                ];
                let ran = cardhost(&args, &stdin);
                assert!(ran.stderr.contains(code), "{code}: {}", ran.stderr);
                assert_ran_clean(&format!("{code}, {command}, {errors}"), &ran);
            }
        }
    }
    finish();
}

#[test]
fn a_log_of_a_run_that_succeeds_shows_no_canary() {
    let folder = cards();
    let cards = folder.path().to_str().unwrap();
    let server = RawServer::start(|_, _| {
        Answer::Bytes(echoing("200 OK", "application/json", b"{\"status\":\"ok\",\"count\":1}"))
    });
    for auth in AUTH {
        let card = format!("canary/{}", auth.replace(' ', "-"));
        let args = ["run", &card, "--cards", cards, "--base", &server.url, "--log", "trace"];
        let ran = cardhost(&args, &invocation().to_string());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("done"), "the log is written: {}", ran.stderr);
        assert_ran_clean(auth, &ran);
    }
    // What was sent holds them: the server got the real thing.
    let arrived = server.requests().concat();
    assert!(arrived.contains(MARK));
    finish();
}

#[test]
fn the_built_in_connector_shows_no_canary() {
    let server = RawServer::start(|_, request| {
        let canaries = echoes_of(&[SECRET, API_SECRET, TOKEN]).join("\n");
        let body = format!("<p>{}</p>\n{canaries}", String::from_utf8_lossy(request));
        Answer::Bytes(reply("401 Unauthorized", "text/html", body.as_bytes()))
    });
    let connection = json!({ "fields": {
        "Project: Token": TOKEN, "Project: API Secret": API_SECRET,
        "Service Account: Username": USER, "Service Account: Secret": SECRET,
    } });
    let details =
        json!({ "account": KEY, "password": PASSWORD, "port": PIN.parse::<u64>().unwrap() });
    let cases = [
        (
            "mixpanel/create-track-event",
            json!({ "Event": { "Event Name": "x" }, "Properties": {} }),
        ),
        (
            "mixpanel/create-warehouse-source",
            json!({ "Path": { "projectId": 1 }, "Body": { "name": "x", "type": "snowflake", "connectionDetails": details } }),
        ),
    ];
    for (card, input) in cases {
        let stdin = json!({ "connection": connection, "input": input }).to_string();
        for form in [
            vec!["plan"],
            vec!["plan", "--json"],
            vec!["plan", "--curl"],
            vec!["run"],
            vec!["run", "--errors", "json"],
        ] {
            let mut args = form.clone();
            args.extend([card, "--base", &server.url, "--log", "trace"]);
            let ran = cardhost(&args, &stdin);
            assert_eq!(ran.code, if form[0] == "plan" { 0 } else { 5 }, "{args:?}: {}", ran.stderr);
            assert_ran_clean(&format!("{args:?}"), &ran);
        }
    }
    finish();
}

#[test]
fn no_golden_file_holds_a_canary() {
    let mut searched = 0;
    each_file(&path("tests/suite"), &mut |file, text| {
        searched += 1;
        assert_clean(&file.display().to_string(), text);
        // The suite's own secrets are in what is put in and in what arrived, never in what was shown.
        let name = file.file_name().unwrap().to_string_lossy();
        if ["stdout", "stderr", "plan", "outcome", "login"].contains(&&*name) {
            for secret in [
                "suite-secret",
                "suite-token",
                "c3VpdGUtc2VjcmV0",
                "c3VpdGUtdG9rZW4",
                "c2E6c3VpdGUt",
            ] {
                assert!(!text.contains(secret), "{}: {secret}", file.display());
            }
        }
    });
    assert!(searched > 300, "{searched} files of the suite");
    for folder in ["crates", "tests", "src", "benches"] {
        each_file(&path(folder), &mut |file, text| {
            if file.extension().is_some_and(|extension| extension == "snap") {
                assert_clean(&file.display().to_string(), text);
            }
        });
    }
    finish();
}

/// Gives every file below a folder to a function, as text.
fn each_file(folder: &Path, see: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let at = entry.unwrap().path();
        if at.is_dir() {
            each_file(&at, see);
        } else {
            see(&at, &String::from_utf8_lossy(&fs::read(&at).unwrap()));
        }
    }
}

#[test]
fn a_long_sensitive_input_does_not_switch_redaction_off() {
    // Letters and digits without a period, as a key file or an export has.
    let mut state = 1_u32;
    let long: String = (0..50_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from((state >> 24) % 26).unwrap())
        })
        .collect();
    let folder = cards();
    let cards = folder.path().to_str().unwrap();
    let mut invocation = invocation();
    invocation["input"]["Thing"]["Details"]["file"] = json!(long);
    let server = RawServer::start(|_, request| {
        Answer::Bytes(echoing(
            "500 Internal Server Error",
            "text/plain",
            echo_text(request).as_bytes(),
        ))
    });
    for command in ["plan", "run"] {
        let args = [command, "canary/token", "--cards", cards, "--base", &server.url];
        let ran = cardhost(&args, &invocation.to_string());
        assert_ran_clean(&format!("{command} with a long input"), &ran);
        assert!(!ran.stdout.contains(&long[1000..1100]), "{command} shows the long input");
        assert!(!ran.stderr.contains(&long[1000..1100]), "{command} shows the long input");
    }
    finish();
}

#[test]
fn a_secret_that_repeats_itself_does_not_stall() {
    let folder = cards();
    let mut invocation = invocation();
    invocation["connection"]["fields"]["Token"] = json!("a".repeat(1000));
    let since = std::time::Instant::now();
    let args = ["plan", "canary/token", "--cards", folder.path().to_str().unwrap()];
    let ran = cardhost(&args, &invocation.to_string());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_ran_clean("plan with a secret that repeats itself", &ran);
    assert!(!ran.stdout.contains("aaaaaaaa"));
    // A secret of the same length that does not repeat itself takes a tenth of this.
    assert!(since.elapsed().as_secs() < 5, "{:?}", since.elapsed());
    finish();
}

/// The text of every file below a folder.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// A reply whose headers and body hold every canary in every spelling.
fn echoing_cookie(status: &str, body: &[u8], content_type: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n");
    for (index, echo) in echoes().iter().enumerate() {
        head.push_str(&format!("x-echo-{index}: {echo}\r\n"));
    }
    head.push_str(&format!("set-cookie: session={}; Path=/\r\n", percent(TOKEN, "", true)));
    head.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn a_recorded_case_holds_no_canary_and_can_be_replayed() {
    let folder = cards();
    let cards = folder.path().to_str().unwrap();
    let all = echoes().join("\n");
    let json = |extra: &str| {
        let echoes: serde_json::Map<String, Value> =
            echoes().into_iter().enumerate().map(|(n, echo)| (echo, json!({ "n": n }))).collect();
        let pin: u64 = PIN.parse().unwrap();
        let list = json!(echoes_of(&[SECRET, API_SECRET, TOKEN, KEY, PASSWORD]));
        let body = json!({ "status": "ok", "count": 2, "pin": pin, "keys": echoes, "list": list });
        body.to_string() + extra
    };
    let bodies: [(&str, &str, Vec<u8>); 6] = [
        ("200 OK", "application/json", json("").into_bytes()),
        ("200 OK", "application/json", json("\n\n").into_bytes()),
        ("422 No", "application/json", format!("{{ \"error\" : {} }}", json!(all)).into_bytes()),
        ("200 OK", "text/plain", all.clone().into_bytes()),
        ("200 OK", "image/png", [b"\xff\xd8", all.as_bytes()].concat()),
        (
            "200 OK",
            "text/plain; charset=utf-16le",
            all.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ];
    for (number, (status, content_type, body)) in bodies.into_iter().enumerate() {
        let reply = echoing_cookie(status, &body, content_type);
        let server = RawServer::start(move |_, _| Answer::Bytes(reply.clone()));
        for auth in AUTH {
            let card = format!("canary/{}", auth.replace(' ', "-"));
            let cases = tempfile::tempdir().unwrap();
            let case = cases.path().join("case");
            let case = case.to_str().unwrap();
            let args = ["record", &card, "--cards", cards, "--base", &server.url, "--case", case];
            let ran = cardhost(&args, &invocation().to_string());
            assert_clean(&format!("{number} {auth}, stderr"), &ran.stderr);
            let written = files(cases.path());
            assert!(written.len() == 3, "{written:?} {ran:?}");
            for (file, text) in written {
                assert_clean(&format!("{number} {auth} {file}"), &text);
            }
            let replayed = cardhost(&["test", case, "--cards", cards], "");
            assert_eq!(replayed.code, 0, "{number} {auth}: {replayed:?}");
        }
    }
    finish();
}
