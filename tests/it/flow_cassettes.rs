//! Whole flows recorded and replayed: from httpbin and from the mock, with forks, races, faults and changes; and that no
//! secret is in any file of a case.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cardhost::Code;
use cardhost::cassette::{CaseFile, Cassette, Injection, Order};
use cardhost::core::secret::Redactor;
use cardhost::testing::{FlowCase, FlowCaseRun};
use serde_json::{Value, json};

use crate::canary::{self, Hunt};
use crate::cassettes::{all_files, cards_folder, edit, httpbin};
use crate::support::{Answer, Ran, RawServer, cardhost, cardhost_with, path, reply};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A folder with a flow, and one for its case.
struct Bench {
    folder: tempfile::TempDir,
    cards: tempfile::TempDir,
}

impl Bench {
    fn new(flow: &str) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap(), cards: cards_folder() };
        bench.write("flow.yaml", flow);
        bench
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn case(&self) -> PathBuf {
        self.folder.path().join("case")
    }

    /// Records the flow into the case.
    fn record(&self, more: &[&str], input: &Value, env: &[(&str, &str)]) -> Ran {
        let (flow, case) = (self.at("flow.yaml"), self.at("case"));
        let cards = self.cards.path().to_str().unwrap();
        let args = ["record", "--flow", &flow, "--case", &case, "--cards", cards];
        cardhost_with(&[&args, more].concat(), &input.to_string(), env)
    }

    /// As [`Bench::record`], of `call: http` to a server on loopback.
    fn record_locally(&self, server: &str) -> Ran {
        let ran = self.record(&["--allow-private-network"], &json!({ "base": server }), &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran
    }

    fn test(&self, more: &[&str]) -> Ran {
        let cards = self.cards.path().to_str().unwrap();
        let case = self.at("case");
        cardhost(&[&["test", &case, "--cards", cards], more].concat(), "")
    }

    fn cassette(&self) -> Cassette {
        let file = self.case().join("cassette.json");
        Cassette::read("c", &fs::read_to_string(file).unwrap()).unwrap()
    }

    fn keep(&self, cassette: &Cassette) {
        fs::write(self.case().join("cassette.json"), cassette.write().unwrap()).unwrap();
    }

    fn replay(&self) -> Result<FlowCaseRun, cardhost::Error> {
        let cards = self.cards.path().to_owned();
        block_on(FlowCase::load(self.case())?.run(|host| host.cards_folder(cards)))
    }
}

fn passed(ran: &Ran) {
    let told = (ran.code, ran.stdout.as_str(), ran.stderr.as_str());
    assert_eq!(told, (0, "1 case: 1 passed\n", ""), "{ran:?}");
}

fn answer(value: &Value) -> Answer {
    Answer::Bytes(reply("200 OK", "application/json", value.to_string().as_bytes()))
}

/// The path that a request asks for.
fn asked(request: &[u8]) -> String {
    String::from_utf8_lossy(request).split(' ').nth(1).unwrap().to_owned()
}

const ROUND: &str = r#"
document: { dsl: '1.0.3', namespace: bin, name: round, version: 1.0.0 }
use:
  secrets: [api, token]
do:
  - remember:
      set: '${ { items: .items, echoes: [] } }'
      export: { as: '{ base: $workflow.input.base }' }
  - each:
      for: { each: item, in: .items }
      do:
        - post:
            call: post@bin
            with:
              input:
                Request:
                  Path: '${ "/anything/" + $item }'
                  Data: { item: '${ $item }', key: '${ $secrets.api.key }', at: '${ now }' }
                  Key: '${ $secrets.api.key }'
            output: { as: '.Response.Body as $body | $input | .echoes += [$body]' }
        - pause: { wait: PT0.01S }
  - header:
      call: http
      with:
        method: get
        endpoint:
          uri: '${ $context.base + "/response-headers?X-Echo=" + ($secrets.api.key | @uri) }'
          authentication: { bearer: { token: '${ $secrets.token }' } }
        output: response
      output: { as: '. as $reply | $input | .header = $reply' }
  - bearer:
      call: http
      with:
        method: get
        endpoint:
          uri: '${ $context.base + "/bearer" }'
          authentication: { bearer: { token: '${ $secrets.token }' } }
      output: { as: '. as $reply | $input | .bearer = $reply' }
  - again:
      try:
        - fail:
            call: http
            with: { method: get, endpoint: '${ $context.base + "/status/503" }' }
      catch:
        errors: { with: { status: 503 } }
        retry: { delay: PT0.01S, limit: { attempt: { count: 2 } } }
        do:
          - note: { set: '${ . + { failed: $error.status, run: $workflow.id } }' }
"#;

#[test]
fn a_flow_recorded_from_httpbin_is_replayed_without_it_and_without_its_secrets() {
    let Some(server) = httpbin() else { return };
    let bench = Bench::new(ROUND);
    let (secret, key, token) =
        (canary::token("connection"), canary::token("api"), canary::token("bearer"));
    let env = [("SECRET", secret.as_str()), ("TOKEN", token.as_str())];
    let api = bench.write("api.json", &json!({ "key": key }).to_string());
    let connection = json!({ "User": "robot", "Secret": { "env": "SECRET" } });
    let connection = bench.write("connection.json", &connection.to_string());
    let from = format!("api=file:{}", api.display());
    let base = &server.base_url;
    let more = [
        "--base",
        base,
        "--allow-private-network",
        "--connection",
        connection.to_str().unwrap(),
        "--secret",
        &from,
        "--secret",
        "token=env:TOKEN",
    ];
    let input = json!({ "base": base, "items": ["a", "b", "a"], "said": key });
    let ran = bench.record(&more, &input, &env);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.starts_with("recorded 8 exchanges: "), "{ran:?}");
    assert!(ran.stdout.contains(&key) && ran.stdout.contains(&token), "{ran:?}");

    let hunt = Hunt::new().text("connection", &secret).text("api", &key).text("token", &token);
    for (file, text) in all_files(&bench.case()) {
        let found = hunt.find(text.as_bytes());
        assert!(found.is_empty(), "{file}: {found:?}");
    }

    // The same bytes come out, but for what is masked.
    let mut redactor = Redactor::new();
    redactor.add_pair("robot".into(), secret.as_str().into());
    for secret in [&secret, &key, &token] {
        redactor.add(secret.as_str().into());
    }
    let golden = fs::read_to_string(bench.case().join("output.json")).unwrap();
    let golden: Value = cardhost::core::value::parse(&golden).unwrap();
    // The flow itself puts what stands for a secret into a URL.
    let golden = golden.to_string().replace("%5Bredacted%5D", "[redacted]");
    assert_eq!(format!("{golden}\n"), redactor.redact(&ran.stdout));
    passed(&bench.test(&[]));
    let first = bench.replay().unwrap();
    let second = bench.replay().unwrap();
    assert_eq!((&first.trace, &first.snapshot), (&second.trace, &second.snapshot));
    assert_eq!(first.difference, None);
    assert_eq!(first.output.unwrap()["failed"], 503);

    let Ok(CaseFile::Flow(case)) =
        CaseFile::read("c", &fs::read_to_string(bench.case().join("case.json")).unwrap())
    else {
        panic!("not the case of a flow")
    };
    assert_eq!(
        json!([case.flow, case.connections["bin"], case.secrets, case.input["said"]]),
        json!([
            "flow.yaml",
            { "User": "robot", "Secret": "[redacted]" },
            { "api": { "key": "[redacted]" }, "token": "[redacted]" },
            "[redacted]",
        ])
    );
    assert_eq!(bench.cassette().order, Order::Recorded);
}

#[test]
fn a_flow_recorded_from_the_mock_is_replayed_and_hours_are_over_at_once() {
    let flow = path("examples/cases/warehouse-status/flow.yaml");
    let bench = Bench::new(&fs::read_to_string(flow).unwrap());
    let since = Instant::now();
    let ran = bench.record(&["--mock"], &json!({ "projectId": 12345 }), &[]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            0,
            "{\"runs\":[\"running\",\"completed\",\"failed\"],\"tables\":[\"shop.orders\",\"shop.products\"]}\n"
        ),
        "{ran:?}"
    );
    passed(&bench.test(&[]));
    assert!(since.elapsed().as_secs() < 3_600);
    let golden: Value =
        serde_json::from_slice(&fs::read(bench.case().join("output.json")).unwrap()).unwrap();
    assert_eq!(golden, serde_json::from_str::<Value>(&ran.stdout).unwrap());
    let trace = fs::read_to_string(bench.case().join("trace.ndjson")).unwrap();
    let trace: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let slept = trace.iter().find(|line| line["ms"] == 21_600_000).unwrap();
    assert_eq!(slept["step"], "/do/2/looks/for/1/do/0/pause");
    assert_eq!(trace.iter().filter(|line| line["event"] == "sending").count(), 5);
}

#[test]
fn nothing_is_sent_when_a_flow_is_replayed() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|n, _| answer(&json!({ "n": n, "done": n == 3 })));
    let ran = bench.record_locally(&server.url);
    assert_eq!(ran.stdout, "{\"n\":3,\"done\":true}\n");
    assert_eq!(server.requests().len(), 4);
    // Equal requests get their replies in the order of the recording.
    passed(&bench.test(&[]));
    passed(&bench.test(&["--fault", "503@2"]));
    assert_eq!(server.requests().len(), 4);
}

const POLL: &str = r#"
document: { dsl: '1.0.3', namespace: bin, name: poll, version: 1.0.0 }
do:
  - base: { set: '${ . }', export: { as: . } }
  - poll:
      for: { each: turn, in: '[range(10)]' }
      while: .done != true
      do:
        - look:
            try:
              - get:
                  call: http
                  with: { method: get, endpoint: '${ $context.base + "/state" }' }
            catch:
              errors: { with: { status: 503 } }
              retry: { delay: PT1H, limit: { attempt: { count: 2 } } }
"#;

const FORK: &str = r#"
document: { dsl: '1.0.3', namespace: bin, name: fork, version: 1.0.0 }
do:
  - both:
      try:
        - fork:
            fork:
              branches:
                - slow:
                    do:
                      - one: { call: http, with: { method: get, endpoint: '${ $workflow.input.base + "/slow/1" }' } }
                      - two: { call: http, with: { method: get, endpoint: '${ $workflow.input.base + "/slow/2" }' } }
                - quick: { call: http, with: { method: get, endpoint: '${ $workflow.input.base + "/quick" }' } }
      catch: {}
"#;

#[test]
fn branches_may_ask_in_another_order_than_they_did() {
    let bench = Bench::new(FORK);
    let server = RawServer::start(|_, request| answer(&json!(asked(request))));
    let ran = bench.record_locally(&server.url);
    assert_eq!(ran.stdout, "[\"/slow/2\",\"/quick\"]\n");
    let trace = bench.replay().unwrap().trace;
    let mut cassette = bench.cassette();
    assert_eq!((cassette.order, cassette.exchanges.len()), (Order::Any, 3));
    for _ in 0..3 {
        cassette.exchanges.rotate_left(1);
        bench.keep(&cassette);
        passed(&bench.test(&[]));
        assert_eq!(bench.replay().unwrap().trace, trace);
    }
    // Where the order is to be kept, a replay stops, whatever the flow catches.
    cassette.order = Order::Recorded;
    cassette.exchanges.reverse();
    bench.keep(&cassette);
    assert_eq!(bench.replay().unwrap_err().code(), &Code::CASSETTE_MISMATCH);
}

#[test]
fn many_threads_tell_the_same_trace() {
    let bench = Bench::new(FORK);
    let server = RawServer::start(|_, request| answer(&json!(asked(request))));
    bench.record_locally(&server.url);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for _ in 0..20 {
        let case = FlowCase::load(bench.case()).unwrap();
        let ran = threads.block_on(case.run(|host| host)).unwrap();
        assert_eq!(ran.difference, None);
    }
}

#[test]
fn the_loser_of_a_race_loses_again() {
    let bench = Bench::new(
        &FORK.replace("            fork:\n", "            fork:\n              compete: true\n"),
    );
    let server = RawServer::start(|_, request| match asked(request).as_str() {
        "/quick" => answer(&json!("won")),
        _ => Answer::Hang(Vec::new()),
    });
    let ran = bench.record_locally(&server.url);
    assert_eq!(ran.stdout, "\"won\"\n");
    let cassette = bench.cassette();
    let lost: Vec<bool> = cassette.exchanges.iter().map(|it| it.reply.given_up).collect();
    assert_eq!(lost, [false, true]);
    passed(&bench.test(&[]));
}

#[test]
fn a_flow_gets_over_a_fault_in_its_middle_or_shows_that_it_does_not() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|n, _| answer(&json!({ "n": n, "done": n == 3 })));
    bench.record_locally(&server.url);
    passed(&bench.test(&["--fault", "503@3..4"]));
    for (fault, told) in [("503@2..4", "http.transient"), ("429@2", "http.rate_limited")] {
        let ran = bench.test(&["--fault", fault]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("output.json → error.json"), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    // A fault of the case itself is part of its goldens.
    edit(&bench.case().join("case.json"), "\"flow\"", "\"fault\": [\"503@3\"],\n  \"flow\"");
    let ran = bench.test(&[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("retrying"), "{ran:?}");
    assert_eq!(bench.test(&["--accept"]).code, 0);
    passed(&bench.test(&[]));
    let case = FlowCase::load(bench.case()).unwrap();
    let ran = block_on(case.run(|host| host)).unwrap();
    assert!(ran.snapshot.contains("again in 3600.000 s"), "{}", ran.snapshot);
    let case = case.injecting(vec![Injection::parse("reset@1").unwrap()]);
    let ran = block_on(case.run(|host| host)).unwrap();
    assert_eq!(ran.output.unwrap_err().code(), &Code::TRANSPORT_RESET);
}

#[test]
fn a_changed_flow_is_shown_as_a_diff() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|n, _| answer(&json!({ "n": n, "done": n == 1 })));
    bench.record_locally(&server.url);
    let shown = |ran: Ran| {
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
        ran.stderr
            .replace(&server.url, "http://server")
            .replace(&bench.at("case"), "{case}")
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect::<String>()
    };
    let mut told = String::new();
    // Another request, one that is left out, another output, another step.
    for (from, to) in [
        ("/state", "/states?all=1"),
        (".done != true", ".n != 0"),
        ("while:", "output: { as: '{ at: .n }' }\n      while:"),
        ("        - look:\n", "        - pause: { if: $turn > 0, wait: PT1H }\n        - look:\n"),
    ] {
        edit(&bench.case().join("flow.yaml"), from, to);
        told.push_str(&format!("=== {from} → {to}\n{}", shown(bench.test(&[]))));
        edit(&bench.case().join("flow.yaml"), to, from);
    }
    insta::with_settings!({ filters => [(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "{time}")] }, {
        insta::assert_snapshot!("changed_flow", told);
    });
    passed(&bench.test(&[]));
}

#[test]
fn a_case_with_a_file_that_is_missing_broken_or_foreign_is_told_clearly() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|_, _| answer(&json!({ "done": true })));
    bench.record_locally(&server.url);
    let case = bench.case();
    let table = [
        ("cassette.json", None, "definition.unreadable"),
        ("flow.yaml", None, "definition.value"),
        ("output.json", None, "test.failed"),
        ("trace.ndjson", None, "test.failed"),
        ("cassette.json", Some("{"), "cassette.syntax"),
        (
            "cassette.json",
            Some("{\"cassette\": 1, \"seed\": \"12\", \"exchanges\": []}"),
            "cassette.syntax",
        ),
        ("cassette.json", Some("{\"cassette\": 1, \"exchanges\": []}"), "cassette.exhausted"),
        ("flow.yaml", Some("document: {}\ndo: []"), "definition.value"),
        ("flow.yaml", Some("a: [b"), "definition.value"),
        ("trace.ndjson", Some("not a line of ours"), "test.failed"),
        ("error.json", Some("{}"), "definition.unreadable"),
        ("output.jsn", Some("{}"), "definition.unreadable"),
        ("flow.json", Some("{}"), "definition.unreadable"),
        ("case.json", Some("{ \"case\": 1, \"flow\": \"../flow.yaml\" }"), "definition.value"),
        ("case.json", Some("{ \"case\": 1, \"flow\": \"cassette.json\" }"), "definition.value"),
        (
            "case.json",
            Some("{ \"case\": 1, \"flow\": \"flow.yaml\", \"card\": \"a/b\" }"),
            "definition.value",
        ),
        ("case.json", Some("{ \"case\": 2, \"flow\": \"flow.yaml\" }"), "cassette.format"),
        ("case.json", Some("{ \"case\": 1 }"), "definition.value"),
    ];
    for (name, text, code) in table {
        let file = case.join(name);
        let before = fs::read(&file).ok();
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let ran = bench.test(&["--errors", "json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{name}: {ran:?}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["code"], code, "{name} {text:?}: {error}");
        let is_about_a_file = !code.starts_with("test.") && code != "cassette.exhausted";
        let place = error["where"]["file"].as_str().unwrap_or_default();
        let accused = if name == "flow.yaml" && text.is_none() { "case.json" } else { name };
        let folder = if name == "error.json" { "case" } else { accused };
        assert!(!is_about_a_file || place.ends_with(folder), "{name}: {error}");
        match before {
            Some(before) => fs::write(&file, before).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
    }
    passed(&bench.test(&[]));
}

#[test]
fn accept_writes_only_what_differs() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|_, _| answer(&json!({ "done": true, "name": "größe" })));
    bench.record_locally(&server.url);
    let before = all_files(&bench.case());
    let changed = || -> Vec<String> {
        let name = |file: &str| Path::new(file).file_name().unwrap().to_str().unwrap().to_owned();
        let after = all_files(&bench.case());
        assert_eq!(before.len(), after.len());
        let both = before.iter().zip(&after).filter(|(was, is)| was != is);
        both.map(|((file, _), _)| name(file)).collect()
    };
    assert_eq!(bench.test(&["--accept"]).stdout, "1 case: 1 passed\n");
    assert_eq!(changed(), Vec::<String>::new());
    // Spaces are no difference.
    edit(&bench.case().join("output.json"), "  \"done\"", " \"done\"");
    assert_eq!(bench.test(&["--accept"]).stdout, "1 case: 1 passed\n");
    edit(&bench.case().join("flow.yaml"), "while:", "metadata: { a: 1 }\n      while:");
    assert_eq!(bench.test(&["--accept"]).stdout, "1 case: 1 passed\n");
    assert_eq!(changed(), ["flow.yaml", "output.json"]);
    edit(&bench.case().join("flow.yaml"), "- base:", "- more: { set: '${ . }' }\n  - base:");
    assert_eq!(bench.test(&["--accept"]).stdout, "1 case: 0 passed, 1 accepted\n");
    assert_eq!(changed(), ["flow.yaml", "output.json", "trace.ndjson"]);
    passed(&bench.test(&[]));
}

#[test]
fn a_flow_that_ends_with_an_error_has_it_as_its_golden() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|_, _| Answer::Bytes(reply("404 No", "text/plain", b"no")));
    let input = json!({ "base": server.url });
    let ran = bench.record(&["--allow-private-network"], &input, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (8, ""), "{ran:?}");
    let golden = fs::read_to_string(bench.case().join("error.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    assert_eq!(golden["code"], "http.not_found");
    assert_eq!(golden["where"]["file"], "flow.yaml");
    passed(&bench.test(&[]));
}

const OUTER: &str = r#"
document: { dsl: '1.0.3', namespace: bin, name: outer, version: 1.0.0 }
do:
  - aside: { run: { workflow: { namespace: bin, name: inner, version: latest, input: { base: '${ .base }', path: /aside } }, await: false } }
  - within: { run: { workflow: { namespace: bin, name: inner, version: 1.0.0, input: { base: '${ .base }', path: /within } } } }
"#;

const INNER: &str = r#"
document: { dsl: '1.0.3', namespace: bin, name: inner, version: 1.0.0 }
do:
  - get: { call: http, with: { method: get, endpoint: '${ .base + .path }' } }
"#;

#[test]
fn the_flows_that_a_flow_runs_are_part_of_its_case() {
    let bench = Bench::new(OUTER);
    bench.write("inner.yaml", INNER);
    let server = RawServer::start(|_, request| answer(&json!(asked(request))));
    let ran = bench.record_locally(&server.url);
    assert_eq!(ran.stdout, "\"/within\"\n");
    let kept = bench.case().join("flows/bin.inner.1.0.0.yaml");
    assert_eq!(fs::read_to_string(&kept).unwrap(), INNER);
    assert_eq!(bench.cassette().order, Order::Any);
    fs::remove_file(bench.at("inner.yaml")).unwrap();
    passed(&bench.test(&[]));
    fs::write(&kept, "a: [b").unwrap();
    let ran = bench.test(&["--errors", "json"]);
    assert!(ran.stderr.contains("flows/bin.inner.1.0.0.yaml"), "{ran:?}");
}

#[test]
fn a_flow_whose_text_holds_a_secret_is_no_case() {
    let secret = canary::token("written");
    let flow = INNER.replace(
        "endpoint:",
        &format!("headers: {{ authorization: 'Bearer {secret}' }}, endpoint:"),
    );
    let bench = Bench::new(&flow);
    let server = RawServer::start(|_, request| answer(&json!(asked(request))));
    let input = json!({ "base": server.url, "path": "/x" });
    let ran = bench.record(&["--allow-private-network"], &input, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
    assert!(ran.stderr.contains("error[cassette.secret]"), "{ran:?}");
    assert!(ran.stderr.contains("flow.yaml"), "{ran:?}");
    let files = all_files(&bench.case());
    assert_eq!(files.len(), 1);
    assert!(files[0].0.ends_with("cassette.json") && !files[0].1.contains(&secret));
}

#[test]
fn the_token_of_a_request_is_recorded_without_it_and_without_what_got_it() {
    let (client, token) = (canary::token("client"), canary::token("access"));
    let bench = Bench::new(
        "
document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
use: { secrets: [ client ] }
do:
  - ask:
      call: http
      with:
        method: get
        endpoint:
          uri: '${ $workflow.input.base + \"/a\" }'
          authentication:
            oauth2:
              authority: '${ $workflow.input.base }'
              grant: client_credentials
              client: { id: me, secret: '${ $secrets.client }' }
",
    );
    let given = token.clone();
    let server = RawServer::start(move |_, request| match asked(request).as_str() {
        "/oauth2/token" => answer(&json!({ "access_token": given, "token_type": "Bearer" })),
        _ => answer(&json!({ "echo": given })),
    });
    let more = ["--allow-private-network", "--secret", "client=env:CLIENT"];
    let ran = bench.record(&more, &json!({ "base": server.url }), &[("CLIENT", &client)]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(server.requests().len(), 2);
    let hunt = Hunt::new().text("client", &client).text("token", &token);
    for (file, text) in all_files(&bench.case()) {
        let found = hunt.find(text.as_bytes());
        assert!(found.is_empty(), "{file}: {found:?}");
    }
    passed(&bench.test(&[]));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_flow_that_cannot_begin_leaves_nothing_behind() {
    let bench = Bench::new(ROUND);
    let ran = bench.record(&["--mock"], &json!({}), &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
    assert_eq!(all_files(&bench.case()), []);
    for args in [
        vec!["record", "bin/get", "--flow", "x.yaml", "--cassette", "c.json"],
        vec!["record", "--from-har", "a.har", "--flow", "x.yaml", "--cassette", "c.json"],
        vec!["record", "bin/get", "--secret", "a=env:B", "--cassette", "c.json"],
    ] {
        assert_eq!(cardhost(&args, "").code, 2, "{args:?}");
    }
}

#[test]
fn a_cassette_alone_is_replayed_by_a_runner() {
    let bench = Bench::new(POLL);
    let server = RawServer::start(|n, _| answer(&json!({ "n": n, "done": n == 2 })));
    let (flow, file) = (bench.at("flow.yaml"), bench.at("poll.json"));
    let args = ["record", "--flow", &flow, "--cassette", &file, "--allow-private-network"];
    let input = json!({ "base": server.url });
    let ran = cardhost(&args, &input.to_string());
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "{\"n\":2,\"done\":true}\n"), "{ran:?}");
    let replay = cardhost::testing::Replay::open(&file).unwrap();
    let policy = cardhost::Policy {
        egress: cardhost::transport::EgressPolicy { private: true, ..Default::default() },
        ..Default::default()
    };
    let flow = cardhost::flow::Flow::load("flow.yaml", POLL).unwrap();
    let output = block_on(replay.runner(|host| host.policy(policy)).run(&flow, input)).unwrap();
    replay.finish().unwrap();
    assert_eq!(output, json!({ "n": 2, "done": true }));
}

#[test]
fn the_reports_name_the_flow() {
    let ran = cardhost(&["test", "examples/cases", "--format", "json"], "");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["cases"][0]["flow"], "shop/warehouse-status", "{report}");
    assert_eq!(report["cases"][0]["card"], Value::Null);
    let ran = cardhost(&["test", "examples/cases", "--format", "junit"], "");
    assert!(ran.stdout.contains("classname=\"shop/warehouse-status\""), "{ran:?}");
}

/// The cases beside this, as a platform tests its flows: by snapshots.
#[test]
fn flows_are_told_step_by_step() {
    for case in [
        "examples/cases/warehouse-status",
        "tests/data/cases/order",
        "tests/data/cases/update-profiles",
        "tests/data/cases/warehouse-import",
    ] {
        let name = case.rsplit('/').next().unwrap();
        let case = FlowCase::load(path(case)).unwrap();
        let ran = block_on(case.run(|host| host.cards(cardhost::Embedded))).unwrap();
        assert_eq!(ran.difference, None, "{name}");
        insta::assert_snapshot!(name, ran.snapshot);
    }
}

#[test]
fn the_cases_of_shipped_flows_hold_them_as_they_are_and_a_busy_service_is_got_over() {
    for name in ["update-profiles", "warehouse-import"] {
        let case = path("tests/data/cases").join(name);
        let text = |file: PathBuf| fs::read_to_string(file).unwrap();
        let shipped = text(path("flows/mixpanel").join(format!("{name}.yaml")));
        assert_eq!(text(case.join("flow.yaml")), shipped, "{name}");
        let case = FlowCase::load(case).unwrap();
        let busy = case.injecting(vec![Injection::parse("429@1").unwrap()]);
        let ran = block_on(busy.run(|host| host.cards(cardhost::Embedded))).unwrap();
        assert_eq!(ran.difference, None, "{name}");
        assert!(ran.snapshot.contains("again in "), "{}", ran.snapshot);
    }
}

#[test]
fn a_replay_does_not_need_the_time_that_its_flow_waits() {
    let since = Instant::now();
    let case = FlowCase::load(path("tests/data/cases/order")).unwrap();
    let ran = block_on(case.run(|host| host)).unwrap();
    // Three times two hours, after ten seconds until the payment was taken.
    assert!(ran.snapshot.contains("\n21610.000 s  /do/4/ship"), "{}", ran.snapshot);
    assert!(since.elapsed().as_secs() < 60);
}
