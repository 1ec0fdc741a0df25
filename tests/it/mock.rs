//! `cardhost mock`: a stand-in that answers from the examples, as a process and inside `run --mock`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Child;

use serde_json::{Value, json};

use crate::support::{Message, Ran, cardhost, command, exchange, path};

/// `cardhost mock` as a process; dropping it ends it.
struct Mock {
    child: Child,
    url: String,
}

impl Mock {
    fn start(connector: &str) -> Mock {
        let mut child = command(&["mock", connector]).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Mock { child, url }
    }

    /// One request of our own making, with or without credentials.
    fn ask(&self, line: &str, credentials: bool, body: &str) -> Message {
        let authorization = if credentials { "authorization: Basic dTpw\r\n" } else { "" };
        let request = format!(
            "{line} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n{authorization}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let reply = exchange(&self.url, request.as_bytes());
        Message::parse(&String::from_utf8(reply).unwrap())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The outputs without what they say of pages, where an example leaves that out.
fn without_pages(mut output: Value, example: &Value) -> Value {
    if let Some(groups) = output.as_object_mut().filter(|_| example.get("pages").is_none()) {
        groups.shift_remove("pages");
    }
    output
}

#[test]
fn several_connectors_answer_each_below_its_name() {
    let cards = "tests/suite/policy/egress_is_not_asked_of_a_mock/cards";
    let mut child = command(&["mock", "mixpanel", "demo", "--cards", cards]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut bases = [String::new(), String::new()];
    for base in &mut bases {
        stdout.read_line(base).unwrap();
    }
    let [mixpanel, demo] = bases.each_ref().map(|base| base.trim_end());
    assert!(mixpanel.starts_with("mixpanel=http://127.0.0.1:"), "{mixpanel}");
    let url = demo.strip_prefix("demo=").unwrap().to_owned();
    assert!(url.ends_with("/demo"), "{url}");
    let mock = Mock { child, url: url.strip_suffix("/demo").unwrap().to_owned() };
    // Both lines are taken as they are, and each connector has its own.
    let how = ["--cards", cards, "--base", mixpanel, "--base", demo];
    for example in examples().iter().take(1) {
        let ran = example.run(&how);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", example.name());
    }
    let connection = json!({ "connection": { "fields": { "Host": "x", "Token": "t" } } });
    let args = [&["run", "demo/get"][..], &how].concat();
    let ran = cardhost(&args, &connection.to_string());
    assert_eq!(ran.stdout, "{\"Reply\":{\"Status\":204}}\n", "{ran:?}");
    let status = |path: &str| mock.ask(&format!("GET {path}"), true, "").first_line;
    assert!(status("/x").contains(" 404 "), "{}", status("/x"));
    assert!(status("/demo/x").contains(" 204 "), "{}", status("/demo/x"));
}

/// An example of a shipped card.
struct Example {
    card: String,
    value: Value,
}

impl Example {
    fn name(&self) -> String {
        format!("{}: {}", self.card, self.value["name"])
    }

    fn run(&self, how: &[&str]) -> Ran {
        let mut args = vec!["run", &self.card, "--errors", "json"];
        args.extend(how);
        let invocation = json!({
            "connection": { "fields": self.value["connection"] },
            "options": self.value["options"],
            "input": self.value["input"],
        });
        cardhost(&args, &invocation.to_string())
    }
}

/// Every example of every shipped card.
fn examples() -> Vec<Example> {
    let read =
        |file: &Path| -> Value { serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap() };
    let connector = read(&path("cards/mixpanel/connector.json"));
    let mut examples = Vec::new();
    for entry in std::fs::read_dir(path("cards/mixpanel")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "connector" || file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut card = read(&file);
        for value in card["examples"].as_array_mut().unwrap() {
            let mut value = value.take();
            if value["connection"].is_null() {
                value["connection"] = connector["connection"]["example"].clone();
            }
            examples.push(Example { card: format!("mixpanel/{name}"), value });
        }
    }
    // Seventeen cards have two or more each.
    assert!(examples.len() >= 32, "{}", examples.len());
    examples
}

/// Takes the headers out that only a real exchange has.
fn without_transport_headers(stdout: &str) -> String {
    let mut output: Value = serde_json::from_str(stdout).unwrap();
    if let Some(Value::Object(headers)) = output.pointer_mut("/Response/Headers") {
        let length = headers.shift_remove("content-length");
        let date = headers.shift_remove("date");
        assert!(length.is_some() && date.is_some(), "{headers:?}");
    }
    format!("{output}\n")
}

/// What is wrong with a run of an example, if anything.
fn fault(example: &Example, ran: &Ran) -> Option<String> {
    let expected = match example.value.get("error") {
        Some(code) => {
            let error: Value = serde_json::from_str(&ran.stderr).unwrap_or_default();
            return (error["code"] != *code).then(|| format!("{}: {ran:?}", example.name()));
        }
        None => &example.value["output"],
    };
    if ran.code != 0 {
        return Some(format!("{}: {ran:?}", example.name()));
    }
    let output = without_pages(serde_json::from_str(&ran.stdout).unwrap(), expected);
    (output != *expected)
        .then(|| format!("{}\n  expected {expected}\n  got      {output}", example.name()))
}

#[test]
fn every_example_of_every_card_gives_its_output_in_process() {
    let faults: Vec<String> =
        examples().iter().filter_map(|example| fault(example, &example.run(&["--mock"]))).collect();
    assert!(faults.is_empty(), "{} examples:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_example_of_every_card_gives_its_output_over_http_byte_for_byte_as_in_process() {
    let mock = Mock::start("mixpanel");
    let mut faults = Vec::new();
    for example in examples() {
        let mut over_http = example.run(&["--base", &mock.url]);
        if over_http.code == 0 {
            over_http.stdout = without_transport_headers(&over_http.stdout);
        }
        faults.extend(fault(&example, &over_http));
        let in_process = example.run(&["--mock"]);
        if over_http.stdout != in_process.stdout {
            let (http, own) = (over_http.stdout, in_process.stdout);
            faults.push(format!("{}\n  over HTTP  {http}  in process {own}", example.name()));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_card_is_answered_by_its_own_examples_whatever_its_input() {
    let mock = Mock::start("mixpanel");
    let token = json!({ "Project: Token": "a-token" });
    let account = json!({ "Service Account: Username": "u", "Service Account: Secret": "s" });
    let status = json!({ "Response": { "Status Code": 200 } });
    for (card, connection, input, output) in [
        (
            "create-profile",
            &token,
            json!({ "Profile": { "Profile ID": "someone else" }, "Properties": { "Name": "Ann" } }),
            &status,
        ),
        ("delete-profile", &token, json!({ "Profile": { "Profile ID": "someone else" } }), &status),
        (
            "delete-warehouse-source",
            &account,
            json!({ "Path": { "projectId": 1, "sourceId": "mine" } }),
            &status,
        ),
    ] {
        let value =
            json!({ "connection": connection, "options": {}, "input": input, "output": output });
        let example = Example { card: format!("mixpanel/{card}"), value };
        for how in [&["--mock"][..], &["--base", &mock.url]] {
            assert_eq!(fault(&example, &example.run(how)), None, "{how:?}");
        }
    }
}

#[test]
fn every_example_gives_its_output_in_a_stream() {
    let mock = Mock::start("mixpanel");
    let examples = examples();
    let lines: Vec<String> = examples
        .iter()
        .enumerate()
        .map(|(id, example)| {
            let value = &example.value;
            let connection = json!({ "fields": value["connection"] });
            let (options, input) = (&value["options"], &value["input"]);
            json!({ "id": id, "card": example.card, "connection": connection, "options": options, "input": input })
                .to_string()
        })
        .collect();
    let stdin = lines.join("\n");
    let mut faults = Vec::new();
    for how in [&["--mock"][..], &["--base", &mock.url]] {
        let mut args = vec!["run", "--stream", "--ordered", "--jobs", "8"];
        args.extend(how);
        let ran = cardhost(&args, &stdin);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        let results: Vec<Value> =
            ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(results.len(), examples.len());
        for ((id, result), example) in results.iter().enumerate().zip(&examples) {
            assert_eq!(result["id"], id);
            let mut output = without_pages(result["output"].clone(), &example.value["output"]);
            if let Some(headers) = output.pointer_mut("/Response/Headers") {
                let headers = headers.as_object_mut().unwrap();
                headers.retain(|name, _| name != "content-length" && name != "date");
            }
            match example.value.get("error") {
                Some(code) => assert_eq!(&result["error"]["code"], code, "{}", example.name()),
                None if output == example.value["output"] => {}
                None => faults.push(format!("{how:?} {}", example.name())),
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn an_unknown_path_is_404() {
    let mock = Mock::start("mixpanel");
    for line in [
        "GET /nothing/here",
        "GET /projects/mine/warehouse-sources",
        "GET /projects/1/warehouse-sources/a/b/c",
        "GET /projects//warehouse-sources",
    ] {
        let reply = mock.ask(line, true, "");
        assert_eq!(reply.status(), 404, "{line}");
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["mock"], true);
        let known = body["details"].as_array().unwrap();
        assert!(known.contains(&json!("GET /app/me")), "{body}");
    }
}

#[test]
fn a_wrong_method_is_405_and_tells_the_right_ones() {
    let mock = Mock::start("mixpanel");
    for (line, allow) in [
        ("DELETE /app/me", "GET"),
        ("PUT /projects/1/warehouse-sources", "GET, POST"),
        ("POST /projects/1/warehouse-sources/any", "DELETE, GET, PATCH"),
    ] {
        let reply = mock.ask(line, true, "");
        assert_eq!((reply.status(), reply.header("allow")), (405, vec![allow]), "{line}");
    }
}

#[test]
fn missing_credentials_are_401_where_the_card_sends_some() {
    let mock = Mock::start("mixpanel");
    let get = "GET /projects/1/warehouse-sources";
    assert_eq!(mock.ask(get, false, "").status(), 401);
    assert_eq!(mock.ask(get, true, "").status(), 200);
    // An event's token is in its body.
    let event = r#"[{"event":"e","properties":{"token":"t","distinct_id":"1"}}]"#;
    let reply = mock.ask("POST /track?verbose=1", false, event);
    assert_eq!(reply.status(), 200, "{reply:?}");
}

#[test]
fn a_body_that_does_not_fit_a_typed_card_is_422_and_says_why() {
    let mock = Mock::start("mixpanel");
    let line = "POST /projects/1/warehouse-sources";
    for (body, words) in [
        (r#"{"name":"n"}"#, "`type` is missing"),
        (r#"{"name":7,"type":"snowflake","connectionDetails":{}}"#, "name"),
        (r#"{"name":"n","type":"oracle","connectionDetails":{}}"#, "`oracle`"),
        (
            r#"{"name":"n","type":"snowflake","connectionDetails":{},"nmae":1}"#,
            "`nmae` is not expected",
        ),
        (
            r#"{"name":"n","type":"snowflake","connectionDetails":{},"tables":[{"tableName":"t"}]}"#,
            "importType",
        ),
        ("[]", "an object is expected"),
        ("not JSON", "JSON is expected"),
        ("", "JSON is expected"),
    ] {
        let reply = mock.ask(line, true, body);
        assert_eq!(reply.status(), 422, "{body} {reply:?}");
        assert!(reply.body.contains(words), "{body} {reply:?}");
    }
    let fits = r#"{"name":"n","type":"snowflake","connectionDetails":{}}"#;
    assert_eq!(mock.ask(line, true, fits).status(), 200);
}

#[test]
fn a_refusal_names_the_field() {
    let mock = Mock::start("mixpanel");
    let body = r#"{"name":7,"type":"snowflake","connectionDetails":{}}"#;
    let reply = mock.ask("POST /projects/1/warehouse-sources", true, body);
    assert!(reply.body.contains("field `name` of `body`"), "{}", reply.body);
    assert!(!reply.body.contains("``"), "{}", reply.body);
}

#[test]
fn what_the_mock_refuses_is_the_same_over_http_and_in_process() {
    let mock = Mock::start("mixpanel");
    for (api, method, relative_url, status) in [
        ("Query API", "GET", "/nothing/here", 404),
        ("Query API", "DELETE", "/app/me", 405),
        ("Warehouse Connectors API", "POST", "/projects/1/warehouse-sources", 422),
    ] {
        let example = Example {
            card: "mixpanel/custom-api-action".to_owned(),
            value: json!({
                "connection": { "Service Account: Username": "u", "Service Account: Secret": "s" },
                "options": { "Request Type": method, "Select API": api },
                "input": { "Request": { "Relative URL": relative_url } },
            }),
        };
        let over_http = example.run(&["--base", &mock.url]);
        let in_process = example.run(&["--mock"]);
        let output: Value = serde_json::from_str(&in_process.stdout).unwrap();
        assert_eq!(output["Response"]["Status Code"], status);
        assert_eq!(without_transport_headers(&over_http.stdout), in_process.stdout);
    }
}

#[test]
fn a_mock_needs_no_connection() {
    let ran = cardhost(
        &["run", "mixpanel/list-warehouse-sources", "--mock"],
        r#"{"input":{"Path":{"projectId":1}}}"#,
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    // The first example's.
    assert_eq!(output["Response"]["results"][0]["name"], "Orders warehouse", "{output}");
}

#[test]
fn the_mock_tells_its_routes_on_stderr_and_only_its_url_on_stdout() {
    let mut mock = Mock::start("mixpanel");
    // It answers, so everything it says at the start has been said.
    assert_eq!(mock.ask("GET /app/me", true, "").status(), 200);
    mock.child.kill().unwrap();
    let mut said = String::new();
    mock.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    for route in
        ["GET     /app/me", "PATCH   /projects/2195193/warehouse-sources/7615917337495251231"]
    {
        assert!(said.lines().any(|line| line.trim() == route), "{route} in {said}");
    }
    assert!(!said.contains(&mock.url), "{said}");
}

#[test]
fn a_mock_of_an_unknown_connector_or_on_a_taken_port_ends_at_once() {
    let unknown = cardhost(&["mock", "mixpanle", "--errors", "json"], "");
    assert_eq!((unknown.code, unknown.stdout.as_str()), (3, ""), "{unknown:?}");
    let error: Value = serde_json::from_str(&unknown.stderr).unwrap();
    assert_eq!(error["code"], "connector.unknown");
    assert!(error["hint"].as_str().unwrap().contains("`mixpanel`"), "{error}");

    let mock = Mock::start("mixpanel");
    let port = mock.url.rsplit(':').next().unwrap();
    let taken = cardhost(&["mock", "mixpanel", "--port", port], "");
    assert_eq!((taken.code, taken.stdout.as_str()), (2, ""), "{taken:?}");
}
