//! `cardhost connection …`, as a person and as a program runs it, in a home folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::postgres::postgres;
use crate::support::{
    Answer, Message, Ran, RawServer, cardhost_with, command, exchange, path, reply, skipped,
};

/// A secret that nothing may show.
const CANARY: &str = "canary-2f8a61";

/// A home folder that nobody else uses.
struct Home {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| folder.path().join(name).display().to_string();
        let env = [
            ("HOME", below("home")),
            ("XDG_DATA_HOME", below("data")),
            ("XDG_CONFIG_HOME", below("config")),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        Home { folder, env }
    }

    fn with(mut self, name: &str, value: &str) -> Home {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn text(&self, below: &str) -> String {
        self.path(below).display().to_string()
    }

    fn run(&self, args: &[&str], stdin: &str) -> Ran {
        let env: Vec<(&str, &str)> =
            self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let ran = cardhost_with(args, stdin, &env);
        assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{args:?}: {ran:?}");
        if ran.code != 0 {
            assert_eq!(ran.stdout, "", "{args:?} failed and wrote to stdout");
        }
        ran
    }

    /// Runs it, and it must succeed.
    fn ok(&self, args: &[&str], stdin: &str) -> Ran {
        let ran = self.run(args, stdin);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        ran
    }

    /// Runs it with `--errors json`, and it must fail; gives the exit code and the error.
    fn fails(&self, args: &[&str], stdin: &str) -> (i32, Value) {
        let args = [args, &["--errors", "json"]].concat();
        let ran = self.run(&args, stdin);
        assert_ne!(ran.code, 0, "{args:?}");
        let last = ran.stderr.lines().last().unwrap();
        (ran.code, serde_json::from_str(last).unwrap_or_else(|_| panic!("{args:?}: {last}")))
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(args, "").stdout).unwrap()
    }

    /// Adds a connection of Mixpanel with a canary in it.
    fn add(&self, name: &str) {
        self.ok(&["connection", "add", "mixpanel", name], &mixpanel().to_string());
    }

    /// Every file below the home folder.
    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap().path();
                if entry.is_dir() { below(&entry, found) } else { found.push(entry) }
            }
        }
        let mut found = Vec::new();
        below(self.folder.path(), &mut found);
        found.sort();
        found
    }

    /// Runs it at a terminal; `None` where there is none to be had.
    fn at_terminal(&self, args: &[&str], steps: Value) -> Option<(i64, String)> {
        self.at_terminal_with(&[&[env!("CARGO_BIN_EXE_cardhost")], args].concat(), steps)
    }

    fn at_terminal_with(&self, command: &[&str], steps: Value) -> Option<(i64, String)> {
        let mut python = Command::new("python3");
        python.arg(path("tests/it/terminal.py")).arg(steps.to_string()).args(command);
        let output = python.env_clear().envs(&self.env).env("PATH", "/usr/bin:/bin").output();
        let Ok(output) = output else {
            skipped("python3", "there is no python3 to play the person at a terminal");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let played: Value = serde_json::from_slice(&output.stdout).unwrap();
        let shown = played["shown"].as_str().unwrap().replace("\r\n", "\n");
        assert!(!shown.contains(CANARY), "{shown}");
        assert_eq!(played["echoes"], true, "the terminal is left as it was found: {shown}");
        Some((played["code"].as_i64().unwrap(), shown))
    }
}

fn mixpanel() -> Value {
    json!({
        "API Server Location": "EU",
        "Service Account: Username": "sa",
        "Service Account: Secret": CANARY,
    })
}

fn invocation() -> String {
    json!({
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    })
    .to_string()
}

/// A connector whose service is a loopback server.
fn acme(home: &Home, url: &str, grant: &str) -> String {
    let folder = home.path("cards/acme");
    fs::create_dir_all(&folder).unwrap();
    let mut oauth = json!({
        "scheme": "oauth2", "grant": grant,
        "authorizationUrl": format!("{url}/authorize"),
        "tokenUrl": format!("{url}/token"),
        "deviceUrl": format!("{url}/device"),
        "revocationUrl": format!("{url}/revoke"),
        "clientId": "<<connection.Client ID>>",
        "clientSecret": "<<connection.Client Secret>>",
        "scopes": ["read"],
    });
    if grant != "authorization_code" {
        oauth.as_object_mut().unwrap().shift_remove("authorizationUrl");
    }
    if grant != "device_code" {
        oauth.as_object_mut().unwrap().shift_remove("deviceUrl");
    }
    let connector = json!({
        "format": 1, "name": "acme", "version": "1.0.0", "title": "Acme",
        "connection": {
            "fields": {
                "Client ID": { "type": "text", "required": true, "description": "As Acme shows it." },
                "Client Secret": { "type": "secret", "required": true },
                "Region": { "type": "dropdown", "required": true, "default": "EU", "choices": [
                    { "value": "EU", "description": "Europe." },
                    { "value": "Moon", "visibleWhen": { "connection.Preview": [true] } },
                ] },
                "Preview": { "type": "true-false", "default": false },
                "Crater": { "type": "text", "required": true, "visibleWhen": { "connection.Region": ["Moon"] } },
                "Retries": { "type": "number", "format": "integer", "min": 1, "max": 5 },
            },
            "test": {
                "target": "API", "method": "GET", "path": "/me", "expect": [200],
                "identity": "<<response.body.name>>",
            },
        },
        "auth": { "oauth": oauth },
        "targets": { "API": { "auth": ["oauth"], "base": url } },
        "errors": [{ "status": [401], "code": "auth.refused" }],
    });
    fs::write(folder.join("connector.json"), connector.to_string()).unwrap();
    home.text("cards")
}

/// The service of [`acme`].
fn service(revocation: &'static str) -> RawServer {
    RawServer::start(move |_, request| {
        let text = String::from_utf8_lossy(request).into_owned();
        let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let json = |value: Value| {
            Answer::Bytes(reply("200 OK", "application/json", value.to_string().as_bytes()))
        };
        match target.as_str() {
            "/token" => json(json!({
                "access_token": format!("{CANARY}-access"), "token_type": "Bearer",
                "refresh_token": format!("{CANARY}-refresh"), "expires_in": 3600, "scope": "read",
            })),
            "/device" => json(json!({
                "device_code": format!("{CANARY}-device"), "user_code": "ABCD-EFGH",
                "verification_uri": "https://acme.example/device", "expires_in": 60, "interval": 1,
            })),
            "/revoke" => Answer::Bytes(reply(revocation, "text/plain", b"")),
            "/me" if text.contains(&format!("{CANARY}-access")) => json(json!({ "name": "Ada" })),
            "/me" => Answer::Bytes(reply("401 Unauthorized", "application/json", b"{}")),
            _ => Answer::Bytes(reply("404 Not Found", "text/plain", b"")),
        }
    })
}

#[test]
fn a_test_whose_reply_names_nobody_cannot_tell_whether_the_connection_works() {
    let home = Home::new();
    for (body, said) in [
        (r#"{"name":"Ada"}"#, None),
        (r#"{"name":null}"#, Some("connection.no_identity")),
        (r#"{"error":"log in"}"#, Some("connection.no_identity")),
    ] {
        let server = RawServer::start(move |_, request| {
            let is_token = request.starts_with(b"POST /token");
            let token = r#"{"access_token":"t","token_type":"Bearer"}"#;
            let body = if is_token { token } else { body };
            Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
        });
        let cards = acme(&home, &server.url, "client_credentials");
        home.ok(
            &["connection", "add", "acme", "prod", "--replace", "--cards", &cards],
            &acme_fields(),
        );
        let args = ["connection", "test", "acme/prod", "--cards", &cards, "--errors", "json"];
        match said {
            None => assert_eq!(
                home.ok(&args, "").stdout,
                "acme/prod works as Ada: `API` answered 200\n"
            ),
            Some(code) => {
                let (exit, error) = home.fails(&args[..5], "");
                assert_eq!((exit, error["code"].as_str()), (5, Some(code)), "{error}");
            }
        }
    }
}

#[test]
fn a_test_sends_what_is_said_once_and_obeys_the_failures() {
    let home = Home::new();
    for (body, said) in [
        (r#"{"ok":true,"user":"Ada"}"#, None),
        (
            r#"{"ok":false,"error":"invalid_auth"}"#,
            Some(("auth.refused", "the service answered 200: invalid_auth")),
        ),
    ] {
        let server = RawServer::start(move |_, _| {
            Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
        });
        let folder = home.path("cards/wiki");
        fs::create_dir_all(&folder).unwrap();
        let connector = json!({
            "format": 1, "name": "wiki", "version": "1.0.0", "title": "Wiki",
            "connection": {
                "fields": {
                    "Token": { "type": "secret", "required": true },
                    "Space": { "type": "text", "required": true },
                },
                "test": {
                    "target": "api", "method": "POST", "path": "/spaces/<<connection.Space>>/query",
                    "query": { "depth": 1 }, "headers": { "X-Test": "yes" },
                    "body": { "json": { "query": "{ viewer { name } }", "space": "<<connection.Space>>" } },
                    "expect": [200], "identity": "<<response.body.user>>",
                },
            },
            "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
            "headers": { "X-Version": "7" },
            "targets": { "api": {
                "auth": ["token"], "base": server.url, "query": { "lang": "en" },
                "failures": [{
                    "when": { "response.body.ok": [false] }, "code": "auth.refused", "message": "<<response.body.error>>",
                }],
            } },
        });
        fs::write(folder.join("connector.json"), connector.to_string()).unwrap();
        let cards = home.text("cards");
        let fields = json!({ "fields": { "Token": CANARY, "Space": "a/b" } }).to_string();
        home.ok(&["connection", "add", "wiki", "prod", "--replace", "--cards", &cards], &fields);
        let args = ["connection", "test", "wiki/prod", "--cards", &cards];
        match said {
            None => assert_eq!(
                home.ok(&args, "").stdout,
                "wiki/prod works as Ada: `api` answered 200\n"
            ),
            Some((code, message)) => {
                let (exit, error) = home.fails(&args, "");
                assert_eq!((exit, error["code"].as_str()), (5, Some(code)), "{error}");
                assert_eq!(error["message"], message);
            }
        }
        let sent = Message::parse(&server.requests()[0]);
        assert_eq!(sent.first_line, "POST /spaces/a%2Fb/query?lang=en&depth=1 HTTP/1.1");
        for (name, value) in
            [("x-version", "7"), ("x-test", "yes"), ("content-type", "application/json")]
        {
            let sent = sent.headers.iter().filter(|(sent, _)| sent == name);
            assert_eq!(sent.map(|(_, value)| &**value).collect::<Vec<_>>(), [value], "{name}");
        }
        assert_eq!(sent.body, r#"{"query":"{ viewer { name } }","space":"a/b"}"#);
    }
}

fn acme_fields() -> String {
    json!({ "fields": { "Client ID": "id", "Client Secret": CANARY } }).to_string()
}

#[test]
fn a_connection_is_added_listed_shown_renamed_and_removed() {
    let home = Home::new();
    assert_eq!(home.json(&["connection", "list", "--json"]), json!([]));
    let listed = home.ok(&["connection", "list"], "");
    assert_eq!(listed.stdout, "");
    assert_eq!(home.files(), Vec::<PathBuf>::new(), "listing makes nothing");

    let added = home.ok(&["connection", "add", "mixpanel", "prod"], &mixpanel().to_string());
    assert_eq!(added.stdout, "");
    let key = home.text("config/cardhost/key");
    assert!(added.stderr.starts_with(&format!("made the key of the store: {key}\n")), "{added:?}");
    assert!(added.stderr.ends_with("stored mixpanel/prod\n"), "{added:?}");
    let wrapped = json!({ "fields": mixpanel() }).to_string();
    let added = home.ok(&["connection", "add", "mixpanel", "test"], &wrapped);
    assert_eq!(added.stderr, "stored mixpanel/test\n");

    let listed = home.json(&["connection", "list", "--json"]);
    let names: Vec<&Value> =
        listed.as_array().unwrap().iter().map(|one| &one["connection"]).collect();
    assert_eq!(names, ["mixpanel/prod", "mixpanel/test"]);
    let first = &listed[0];
    assert_eq!((&first["connector"], &first["name"]), (&json!("mixpanel"), &json!("prod")));
    assert_eq!(first["tokens"], Value::Null);
    assert!(first["added"].as_str().unwrap().ends_with('Z'), "{first}");
    assert_eq!(home.json(&["connection", "list", "other", "--json"]), json!([]));
    let table = home.ok(&["connection", "list", "mixpanel"], "").stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("CONNECTION     TOKENS  ADDED"), "{table}");
    assert!(lines[1].starts_with("mixpanel/prod  none    "), "{table}");
    assert_eq!(lines.len(), 3, "{table}");

    let shown = home.json(&["connection", "show", "mixpanel/prod", "--json"]);
    assert_eq!(shown["fields"]["API Server Location"], "EU");
    assert_eq!(shown["fields"]["Service Account: Secret"], "[redacted]");
    assert_eq!(shown["auth"][0]["auth"], "service account");
    assert_eq!(shown["auth"][0]["usable"], true);
    assert_eq!(shown["auth"][1]["missing"], json!(["Project: API Secret"]));
    assert_eq!(shown["tokens"], json!([]));
    let shown = home.ok(&["connection", "show", "mixpanel/prod"], "").stdout;
    assert!(shown.contains("  Service Account: Secret    [redacted]\n"), "{shown}");
    assert!(shown.contains("  api secret       basic: lacks Project: API Secret\n"), "{shown}");

    home.ok(&["connection", "rename", "mixpanel/test", "staging"], "");
    let (code, error) = home.fails(&["connection", "rename", "mixpanel/staging", "prod"], "");
    assert_eq!((code, &error["code"]), (5, &json!("connection.exists")));
    let (code, error) = home.fails(&["connection", "rename", "mixpanel/test", "x"], "");
    assert_eq!((code, &error["code"]), (5, &json!("connection.unknown")));
    assert_eq!(error["message"], "there is no connection `mixpanel/test`");

    let removed = home.ok(&["connection", "remove", "mixpanel/prod", "--yes"], "");
    assert_eq!((removed.stdout.as_str(), removed.stderr.as_str()), ("", "removed mixpanel/prod\n"));
    for args in [
        &["connection", "remove", "mixpanel/prod", "--yes"][..],
        &["connection", "show", "mixpanel/prod"],
        &["connection", "test", "mixpanel/prod"],
        &["connection", "login", "mixpanel/prod"],
        &["connection", "export", "mixpanel/prod"],
    ] {
        let (code, error) = home.fails(args, "");
        assert_eq!((code, &error["code"]), (5, &json!("connection.unknown")), "{args:?}");
        assert_eq!(error["message"], "there is no connection `mixpanel/prod`", "{args:?}");
        assert_eq!(error.get("where"), None, "{args:?}");
    }
    let (code, error) = home.fails(&["connection", "remove", "mixpanel/staging"], "");
    assert_eq!((code, &error["code"]), (2, &json!("usage")));
    let left = home.json(&["connection", "list", "--json"]);
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_on_the_disk_holds_no_secret_and_is_for_its_owner_only() {
    let home = Home::new();
    home.add("prod");
    for file in home.files() {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "{}", file.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    }
    assert_eq!(home.files().len(), 2, "a key and a store: {:?}", home.files());
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_made() {
    let home = Home::new();
    let long = "x".repeat(65);
    for (args, stdin, code, error, place) in [
        (["mixpanel", "prod"], "", 2, "usage", None),
        (["mixpanel", "prod"], " \n", 2, "usage", None),
        (["mixpanel", "prod"], "{", 5, "connection.unreadable", None),
        (["mixpanel", "prod"], "[]", 5, "connection.unreadable", None),
        (["mixpanel", "prod"], "{\"fields\":{},\"more\":1}", 5, "connection.unknown_field", None),
        (["mixpanel", "prod"], "{\"Nope\":1}", 5, "connection.unknown_field", None),
        (
            ["mixpanel", "prod"],
            "{\"API Server Location\":\"Mars\"}",
            5,
            "connection.choice",
            Some("/API Server Location"),
        ),
        (
            ["mixpanel", "prod"],
            "{\"fields\":{\"API Server Location\":7}}",
            5,
            "connection.type",
            Some("/fields/API Server Location"),
        ),
        (["mixpanle", "prod"], "{}", 3, "connector.unknown", None),
        (["mixpanel", "a/b"], "{}", 5, "connection.name", None),
        (["mixpanel", "a b"], "{}", 5, "connection.name", None),
        (["mixpanel", ".a"], "{}", 5, "connection.name", None),
        (["mixpanel", ""], "{}", 5, "connection.name", None),
        (["mixpanel", &long], "{}", 5, "connection.name", None),
    ] {
        let found = home.fails(&["connection", "add", args[0], args[1]], stdin);
        assert_eq!((found.0, &found.1["code"]), (code, &json!(error)), "{args:?} {stdin}");
        if let Some(place) = place {
            assert_eq!(found.1["where"]["pointer"], place, "{stdin}");
        }
    }
    let cards = acme(&home, "https://acme.example", "client_credentials");
    let args = ["connection", "add", "acme", "prod", "--cards", &cards];
    let (code, error) = home.fails(&args, "{\"Client ID\":\"id\"}");
    assert_eq!((code, &error["code"]), (5, &json!("connection.required")));
    assert_eq!(error["message"], "connection field `Client Secret` is missing");
    fs::remove_dir_all(home.path("cards")).unwrap();
    assert_eq!(home.files(), Vec::<PathBuf>::new());

    for name in ["prod", "/prod", "mixpanel/"] {
        let (code, error) = home.fails(&["connection", "show", name], "");
        assert_eq!((code, &error["code"]), (2, &json!("usage")), "{name}");
    }
}

#[test]
fn a_name_that_is_taken_is_replaced_only_when_asked_to() {
    let home = Home::new();
    home.add("prod");
    let id = |home: &Home| home.json(&["connection", "list", "--json"])[0]["added"].clone();
    let before = id(&home);
    let other = json!({ "Service Account: Username": "other" }).to_string();
    let (code, error) = home.fails(&["connection", "add", "mixpanel", "prod"], &other);
    assert_eq!((code, &error["code"]), (5, &json!("connection.exists")));
    assert_eq!(error["message"], "`mixpanel` already has a connection `prod`");
    home.ok(&["connection", "add", "mixpanel", "prod", "--replace"], &other);
    let shown = home.json(&["connection", "show", "mixpanel/prod", "--json"]);
    assert_eq!(shown["fields"], json!({ "Service Account: Username": "other" }));
    assert_eq!(id(&home), before);
    home.ok(&["connection", "add", "mixpanel", "new", "--replace"], &other);
}

#[test]
fn references_are_stored_as_written_unless_they_are_to_be_resolved() {
    let home = Home::new();
    let secret = home.path("secret");
    fs::write(&secret, format!("{CANARY}\n")).unwrap();
    let fields = json!({
        "Service Account: Username": { "env": "MP_USER" },
        "Service Account: Secret": { "file": secret },
    })
    .to_string();
    let added = home.ok(&["connection", "add", "mixpanel", "later"], &fields);
    assert!(
        added.stderr.contains(
            "`Service Account: Username` is stored as a reference: each run reads the environment variable `MP_USER` (which cannot be read now: it is not set)\n"
        ),
        "{}",
        added.stderr
    );
    let shown = home.json(&["connection", "show", "mixpanel/later", "--json"]);
    assert_eq!(shown["fields"]["Service Account: Username"], json!({ "env": "MP_USER" }));
    let plan = |home: &Home, name: &str| {
        home.run(
            &["plan", "mixpanel/custom-api-action", "--connection", name, "--errors", "json"],
            &invocation(),
        )
    };
    let failed = plan(&home, "later");
    let error: Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!((failed.code, &error["code"]), (5, &json!("connection.secret_source")));
    assert_eq!(error["where"]["file"], "connection later");

    let (code, error) =
        home.fails(&["connection", "add", "mixpanel", "now", "--resolve-references"], &fields);
    assert_eq!((code, &error["code"]), (5, &json!("connection.secret_source")));

    let home = home.with("MP_USER", "sa");
    assert_eq!(plan(&home, "later").code, 0);
    home.ok(&["connection", "add", "mixpanel", "now", "--resolve-references"], &fields);
    fs::remove_file(secret).unwrap();
    assert_eq!(plan(&home, "later").code, 5);
    assert_eq!(plan(&home, "now").code, 0);
}

#[test]
fn a_run_takes_a_stored_connection_by_its_name() {
    let home = Home::new();
    home.add("prod");
    let server = RawServer::start(|_, _| {
        Answer::Bytes(reply("200 OK", "application/json", b"{\"ok\":true}"))
    });
    let card = "mixpanel/custom-api-action";
    let ran = home.ok(&["run", card, "--connection", "prod", "--base", &server.url], &invocation());
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(output["Response"]["Body"]["ok"], true);
    let mut named: Value = serde_json::from_str(&invocation()).unwrap();
    named["connection"] = json!("prod");
    named["card"] = json!(card);
    home.ok(&["run", "--base", &server.url], &named.to_string());
    named["id"] = json!(7);
    let lines = format!("{named}\n");
    let ran = home.ok(&["run", "--stream", "--base", &server.url], &lines);
    assert!(ran.stdout.starts_with("{\"id\":7,\"output\""), "{}", ran.stdout);
    named.as_object_mut().unwrap().shift_remove("connection");
    let lines = format!("{named}\n");
    home.ok(&["run", "--stream", "--connection", "prod", "--base", &server.url], &lines);
    let arrived = server.requests();
    assert_eq!(arrived.len(), 4);
    for request in arrived {
        let authorization = Message::parse(&request).header("authorization").concat();
        // sa:canary-2f8a61
        assert_eq!(authorization, "Basic c2E6Y2FuYXJ5LTJmOGE2MQ==");
    }

    let unknown = home.run(&["plan", card, "--connection", "nope"], &invocation());
    assert_eq!(unknown.code, 5);
    assert!(
        unknown.stderr.starts_with("error[connection.unknown]: there is no connection `nope`\n"),
        "{}",
        unknown.stderr
    );
    assert!(!unknown.stderr.contains("-->"), "{}", unknown.stderr);
    let file = home.run(&["plan", card, "--connection", "./nope"], &invocation());
    assert!(file.stderr.starts_with("error[connection.unreadable]"), "{}", file.stderr);
}

#[test]
fn a_run_that_names_no_stored_connection_does_not_touch_the_store() {
    let home = Home::new();
    let card = "mixpanel/custom-api-action";
    let (code, error) = home.fails(&["plan", card, "--connection", "prod"], &invocation());
    assert_eq!((code, &error["code"]), (5, &json!("connection.unknown")));
    assert_eq!(home.files(), Vec::<PathBuf>::new());
    // A store that cannot be opened is nobody's concern as long as nobody needs it.
    home.add("prod");
    fs::write(home.path("data/cardhost/connections.db"), "no store").unwrap();
    let file = home.path("connection.json");
    fs::write(&file, mixpanel().to_string()).unwrap();
    let file = file.display().to_string();
    home.ok(&["plan", card, "--connection", &file], &invocation());
    home.ok(&["run", card, "--mock"], &invocation());
    let (code, error) = home.fails(&["plan", card, "--connection", "prod"], &invocation());
    assert_eq!((code, &error["code"]), (5, &json!("store.corrupt")));
}

#[test]
fn a_key_that_is_missing_wrong_or_open_to_others_is_refused() {
    let home = Home::new();
    home.add("prod");
    let key = home.path("config/cardhost/key");
    let text = fs::read_to_string(&key).unwrap();
    let list = ["connection", "list"];
    let failed = |home: &Home, args: &[&str]| {
        let (code, error) = home.fails(args, "");
        assert_eq!((code, &error["code"]), (5, &json!("store.key")), "{error}");
        error["message"].as_str().unwrap().to_owned()
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(failed(&home, &list).ends_with("can be read by others (mode 644)"));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let elsewhere = home.path("elsewhere");
    fs::rename(&key, &elsewhere).unwrap();
    assert!(failed(&home, &list).starts_with("there is no key for the store"));
    assert!(
        failed(&home, &["connection", "add", "mixpanel", "new"]).starts_with("there is no key")
    );
    assert!(!key.exists(), "a key that opens nothing is not left behind");
    let named = elsewhere.display().to_string();
    home.ok(&["connection", "list", "--key-file", &named], "");
    failed(&home, &["connection", "list", "--key-file", "/nowhere/key"]);

    let home = home.with("CARDHOST_KEY_FILE", &named);
    home.ok(&list, "");
    let home = home.with("CARDHOST_KEY", "no key");
    assert_eq!(failed(&home, &list), "the key in `CARDHOST_KEY` is not 32 bytes in base64 or hex");
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let home = home.with("CARDHOST_KEY", other);
    assert!(failed(&home, &list).starts_with("the store wants key"));
    let home = home.with("CARDHOST_KEY", other).with("CARDHOST_PREVIOUS_KEY", text.trim());
    home.ok(&list, "");
    let home = home.with("CARDHOST_KEY", text.trim()).with("CARDHOST_PREVIOUS_KEY", "");
    home.ok(&list, "");
}

#[test]
fn a_store_that_is_none_is_refused_and_left_as_it_is() {
    let home = Home::new().with("CARDHOST_KEY", &"00".repeat(32));
    let folder = home.text("folder");
    fs::create_dir(&folder).unwrap();
    let text = home.text("text");
    fs::write(&text, "this is no store, and longer than a header of one would be. ".repeat(4))
        .unwrap();
    for (store, code) in [
        (folder.as_str(), "store.corrupt"),
        (text.as_str(), "store.corrupt"),
        ("mysql://host/x", "store.location"),
        ("postgres://u:canary-2f8a61@127.0.0.1:1/x", "store.unreachable"),
    ] {
        for args in [
            &["connection", "list", "--store", store][..],
            &["connection", "add", "mixpanel", "x", "--store", store],
            &["plan", "mixpanel/custom-api-action", "--connection", "x", "--store", store],
        ] {
            let stdin = if args[0] == "plan" { invocation() } else { mixpanel().to_string() };
            let (exit, error) = home.fails(args, &stdin);
            assert_eq!((exit, &error["code"]), (5, &json!(code)), "{args:?}: {error}");
        }
    }
    assert!(fs::read_to_string(text).unwrap().starts_with("this is no store"));

    let mut home = home;
    home.env.clear();
    let (code, error) = home.fails(&["connection", "add", "mixpanel", "x"], "{}");
    assert_eq!((code, &error["code"]), (5, &json!("store.location")));
    assert_eq!(home.json(&["connection", "list", "--json"]), json!([]));
}

#[test]
fn tenants_and_stores_are_kept_apart() {
    let home = Home::new();
    home.add("prod");
    let list = |home: &Home, more: &[&str]| {
        let args = [&["connection", "list", "--json"], more].concat();
        home.json(&args).as_array().unwrap().len()
    };
    assert_eq!(list(&home, &["--tenant", "other"]), 0);
    let (code, error) = home.fails(&["connection", "list", "--tenant", "a b"], "");
    assert_eq!((code, &error["code"]), (5, &json!("connection.name")));
    let second = home.text("second.db");
    assert_eq!(list(&home, &["--store", &second]), 0);
    home.ok(&["connection", "add", "mixpanel", "b", "--store", &second], "{}");
    assert_eq!(list(&home, &["--store", &second]), 1);
    assert_eq!(list(&home, &[]), 1);
    let home = home.with("CARDHOST_STORE", &second).with("CARDHOST_TENANT", "other");
    assert_eq!(list(&home, &[]), 0);
    assert_eq!(list(&home, &["--tenant", "default"]), 1);
}

#[test]
fn a_key_is_rotated_and_a_rotation_is_finished_by_the_same_command() {
    let home = Home::new();
    let (code, error) =
        home.fails(&["connection", "rotate-key", "--generate", &home.text("early.key")], "");
    assert_eq!((code, &error["code"]), (5, &json!("store.unreachable")));
    assert_eq!(home.files(), Vec::<PathBuf>::new());
    home.add("prod");
    home.add("test");
    let new = home.text("new.key");
    let rotated = home.ok(&["connection", "rotate-key", "--generate", &new], "");
    assert!(rotated.stderr.contains(": 2 values are resealed\n"), "{}", rotated.stderr);
    let (code, error) = home.fails(&["connection", "list"], "");
    assert_eq!((code, &error["code"]), (5, &json!("store.key")));
    home.ok(&["connection", "show", "mixpanel/prod", "--key-file", &new], "");
    let again = home.ok(&["connection", "rotate-key", "--new-key-file", &new], "");
    assert!(again.stderr.contains(": 0 values are resealed\n"), "{}", again.stderr);
    let (code, _) = home.fails(&["connection", "rotate-key", "--generate", &new], "");
    assert_eq!(code, 5);
    let home = home.with("NEWEST", &"ab".repeat(32));
    home.ok(&["connection", "rotate-key", "--new-key-env", "NEWEST", "--key-file", &new], "");
    let home = home.with("CARDHOST_KEY", &"ab".repeat(32));
    home.ok(&["connection", "show", "mixpanel/test"], "");
    let (code, error) = home.fails(&["connection", "rotate-key", "--new-key-env", "NONE"], "");
    assert_eq!((code, &error["code"]), (5, &json!("store.key")));
    for args in [
        &["connection", "rotate-key"][..],
        &["connection", "rotate-key", "--generate", "a", "--new-key-env", "B"],
    ] {
        assert_eq!(home.fails(args, "").0, 2);
    }
}

#[test]
fn connections_are_exported_and_imported_elsewhere() {
    let home = Home::new().with("PASS", "correct horse").with("WRONG", "correct house");
    home.add("prod");
    home.add("test");
    let pass = ["--passphrase-env", "PASS"];
    let all = [&["connection", "export", "--all"], &pass[..]].concat();
    let exported = home.ok(&all, "");
    assert_eq!(exported.stderr, "exported 2 connections\n");
    let export: Value = serde_json::from_str(&exported.stdout).unwrap();
    assert_eq!(export["kdf"]["iterations"], 600_000);
    for shown in ["mixpanel", "prod", "Service Account"] {
        assert!(!exported.stdout.contains(shown), "{shown}");
    }
    let one = [&["connection", "export", "mixpanel/prod", "mixpanel/prod"], &pass[..]].concat();
    assert_eq!(home.ok(&one, "").stderr, "exported 1 connection\n");

    let other = Home::new()
        .with("CARDHOST_KEY", &"cd".repeat(32))
        .with("PASS", "correct horse")
        .with("WRONG", "correct house");
    let import = |more: &[&'static str]| [&["connection", "import"], more].concat();
    let (code, error) = other.fails(&import(&["--passphrase-env", "WRONG"]), &exported.stdout);
    assert_eq!((code, &error["code"]), (5, &json!("store.passphrase")));
    let (code, error) = other.fails(&import(&pass), "{\"cardhost-export\":1}");
    assert_eq!((code, &error["code"]), (5, &json!("store.export")));
    assert_eq!(other.files(), Vec::<PathBuf>::new());
    let imported = other.ok(&import(&pass), &exported.stdout);
    assert_eq!(imported.stderr, "added 2, replaced 0, skipped 0\n");
    let shown = other.json(&["connection", "show", "mixpanel/test", "--json"]);
    assert_eq!(shown["fields"]["API Server Location"], "EU");

    let changed = json!({ "Service Account: Username": "changed" }).to_string();
    other.ok(&["connection", "add", "mixpanel", "prod", "--replace"], &changed);
    let (code, error) = other.fails(&import(&pass), &exported.stdout);
    assert_eq!((code, &error["code"]), (5, &json!("connection.exists")));
    let user = |other: &Home| {
        other.json(&["connection", "show", "mixpanel/prod", "--json"])["fields"]["Service Account: Username"].clone()
    };
    let skipped = other.ok(&import(&["--passphrase-env", "PASS", "--skip"]), &exported.stdout);
    assert_eq!(skipped.stderr, "added 0, replaced 0, skipped 2\n");
    assert_eq!(user(&other), "changed");
    let replaced = other.ok(&import(&["--passphrase-env", "PASS", "--replace"]), &exported.stdout);
    assert_eq!(replaced.stderr, "added 0, replaced 2, skipped 0\n");
    assert_eq!(user(&other), "sa");
}

/// The export of a case of the suite: what was once written is read for ever.
#[test]
fn an_export_of_format_1_is_read() {
    let export = path("tests/suite/connections/import_with_another_passphrase/stdin");
    let export = fs::read_to_string(export).unwrap();
    let home = Home::new().with("CARDHOST_KEY", &"cd".repeat(32)).with("PASS", "correct horse");
    home.ok(&["connection", "import", "--passphrase-env", "PASS"], &export);
    let shown = home.json(&["connection", "show", "mixpanel/prod", "--json"]);
    assert_eq!(shown["fields"]["Service Account: Username"], "sa");
}

#[test]
fn a_store_in_postgresql_is_named_by_the_environment() {
    let Some(database) = postgres().map(|server| server.database()) else { return };
    let home = Home::new().with("CARDHOST_STORE", &database.url());
    home.add("prod");
    assert_eq!(home.files(), [home.path("config/cardhost/key")]);
    let listed = home.json(&["connection", "list", "--json"]);
    assert_eq!(listed[0]["connection"], "mixpanel/prod");
    let plan = ["plan", "mixpanel/custom-api-action", "--connection", "prod"];
    home.ok(&plan, &invocation());
    // Another user's first connection: the store wants another key than the one that would be made.
    let other = Home::new().with("CARDHOST_STORE", &database.url());
    let (code, error) =
        other.fails(&["connection", "add", "mixpanel", "test"], &mixpanel().to_string());
    assert_eq!((code, &error["code"]), (5, &json!("store.key")));
    assert!(error["message"].as_str().unwrap().starts_with("there is no key"), "{error}");
    assert_eq!(other.files(), Vec::<PathBuf>::new());
    home.ok(&["connection", "remove", "mixpanel/prod", "--yes"], "");
}

#[test]
fn a_passphrase_comes_from_where_it_is_said_or_from_a_person() {
    let home = Home::new().with("SHORT", "seven77").with("EMPTY", "");
    home.add("prod");
    let file = home.text("passphrase");
    fs::write(&file, "correct horse\n").unwrap();
    fn export<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["connection", "export", "--all"], more].concat()
    }
    let exported = home.ok(&export(&["--passphrase-file", &file]), "").stdout;
    let home = home.with("PASS", "correct horse");
    home.ok(&["connection", "import", "--skip", "--passphrase-env", "PASS"], &exported);
    for more in [
        &[][..],
        &["--passphrase-env", "SHORT"],
        &["--passphrase-env", "EMPTY"],
        &["--passphrase-env", "NOT_SET"],
        &["--passphrase-file", "/nowhere/passphrase"],
        &["--passphrase-env", "PASS", "--passphrase-file", &file],
    ] {
        let (code, error) = home.fails(&export(more), "");
        assert_eq!((code, &error["code"]), (2, &json!("usage")), "{more:?}");
    }
    let (code, _) = home.fails(&["connection", "export"], "");
    assert_eq!(code, 2);
    let empty = Home::new().with("PASS", "correct horse");
    let (code, error) = empty.fails(&export(&["--passphrase-env", "PASS"]), "");
    assert_eq!((code, &error["code"]), (2, &json!("usage")));
    assert_eq!(error["message"], "no connection is stored: there is nothing to export");
}

#[test]
fn a_person_is_asked_for_each_field_and_no_secret_is_shown() {
    let home = Home::new();
    let cards = acme(&home, "https://acme.example", "client_credentials");
    let args = ["connection", "add", "acme", "prod", "--cards", &cards];
    let secret = format!("{CANARY}\n");
    let steps = json!([
        ["Client ID: ", "\n", false],
        ["`Client ID` is missing", "", false],
        ["Client ID: ", "id\n", false],
        ["Client Secret: ", "\r", true],
        ["`Client Secret` is missing", "", false],
        ["Client Secret: ", secret, true],
        ["Preview [false]: ", "maybe\n", false],
        ["Preview [false]: ", "yes\n", false],
        ["  2  Moon", "", false],
        ["Region [EU]: ", "Mars\n", false],
        ["has no choice `Mars`", "", false],
        ["Region [EU]: ", "2\n", false],
        ["Crater: ", "Tycho\n", false],
        ["Retries (may be empty): ", "9\n", false],
        ["Retries (may be empty): ", "3\n", false],
        ["stored acme/prod", "", false],
    ]);
    let Some((code, shown)) = home.at_terminal(&args, steps) else { return };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Client ID: As Acme shows it.\n"), "{shown}");
    let found = home.json(&["connection", "show", "acme/prod", "--json", "--cards", &cards]);
    assert_eq!(
        found["fields"],
        json!({
            "Client ID": "id", "Client Secret": "[redacted]", "Region": "Moon", "Preview": true,
            "Crater": "Tycho", "Retries": 3,
        })
    );

    // Defaults are taken by saying nothing, and a choice that is not offered is not asked about.
    let args = ["connection", "add", "acme", "plain", "--cards", &cards];
    let steps = json!([
        ["Client ID: ", "id\n", false],
        ["Client Secret: ", secret, true],
        ["Preview [false]: ", "\n", false],
        ["Region [EU]: ", "\n", false],
        ["Retries (may be empty): ", "\n", false],
        ["stored acme/plain", "", false],
    ]);
    let (code, shown) = home.at_terminal(&args, steps).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("Moon") && !shown.contains("Crater"), "{shown}");
    let found = home.json(&["connection", "show", "acme/plain", "--json", "--cards", &cards]);
    assert_eq!(found["fields"]["Region"], "EU");
}

#[test]
fn a_person_who_breaks_off_stores_nothing() {
    let home = Home::new();
    let cards = acme(&home, "https://acme.example", "client_credentials");
    let args = ["connection", "add", "acme", "prod", "--cards", &cards];
    let steps = json!([["Client ID: ", "\u{4}", false]]);
    let Some((code, shown)) = home.at_terminal(&args, steps) else { return };
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("nothing is stored"), "{shown}");
    let steps = json!([["Client ID: ", "id\n", false], ["Client Secret: ", "abc\u{3}", true]]);
    let (code, shown) = home.at_terminal(&args, steps).unwrap();
    assert_eq!(code, 130, "{shown}");
    fs::remove_dir_all(home.path("cards")).unwrap();
    assert_eq!(home.files(), Vec::<PathBuf>::new());
}

#[test]
fn a_person_confirms_what_is_removed_and_types_a_passphrase_twice() {
    let home = Home::new();
    home.add("prod");
    let remove = ["connection", "remove", "mixpanel/prod"];
    let question = "remove connection mixpanel/prod? [y/N] ";
    let Some((code, shown)) = home.at_terminal(&remove, json!([[question, "\n", false]])) else {
        return;
    };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("it is not removed"), "{shown}");
    let export = ["connection", "export", "--all"];
    let (code, shown) = home.at_terminal(&export, json!([])).unwrap();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("which is a terminal"), "{shown}");
    let (code, shown) = home.at_terminal(&remove, json!([[question, "y\n", false]])).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(home.json(&["connection", "list", "--json"]), json!([]));
}

#[test]
fn a_person_types_the_passphrase_of_an_export_twice_and_of_an_import_once() {
    let home = Home::new();
    home.add("prod");
    let file = home.text("export.json");
    let cardhost = env!("CARGO_BIN_EXE_cardhost");
    let typed = format!("{CANARY} horse\n");
    let export = format!("exec '{cardhost}' connection export --all > '{file}'");
    let steps = json!([
        ["passphrase for the export: ", "short\n", true],
        ["fewer than 8 characters", "", false],
        ["passphrase for the export: ", typed, true],
        ["the same once more: ", "another one\n", true],
        ["they are not the same", "", false],
        ["passphrase for the export: ", typed, true],
        ["the same once more: ", typed, true],
        ["exported 1 connection", "", false],
    ]);
    let shell =
        |script: &str, steps: Value| home.at_terminal_with(&["/bin/sh", "-c", script], steps);
    let Some((code, shown)) = shell(&export, steps) else { return };
    assert_eq!(code, 0, "{shown}");
    home.ok(&["connection", "remove", "mixpanel/prod", "--yes"], "");
    let import = format!("exec '{cardhost}' connection import < '{file}'");
    let steps = json!([["passphrase of the export: ", "another one\n", true]]);
    let (code, shown) = shell(&import, steps).unwrap();
    assert_eq!(code, 5, "{shown}");
    assert!(shown.contains("error[store.passphrase]: "), "{shown}");
    let (code, shown) =
        shell(&import, json!([["passphrase of the export: ", typed, true]])).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("added 1, replaced 0, skipped 0"), "{shown}");
}

/// A login under way, whose browser is the test.
struct UnderWay {
    child: std::process::Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl UnderWay {
    fn begin(home: &Home, cards: &str, more: &[&str]) -> UnderWay {
        let args = [&["connection", "login", "acme/prod", "--no-browser", "--cards", cards], more]
            .concat();
        let mut child = command(&args).envs(&home.env).spawn().unwrap();
        drop(child.stdin.take());
        let lines = BufReader::new(child.stderr.take().unwrap());
        UnderWay { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The URL that a person is to open: its parameters, and where the browser comes back to.
    fn url(&mut self) -> (BTreeMap<String, String>, String) {
        assert_eq!(self.line(), "open this URL in a browser on this machine:");
        let url = url::Url::parse(&self.line()).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let redirect = url::Url::parse(&query["redirect_uri"]).unwrap();
        assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/callback"));
        (query, redirect.origin().ascii_serialization())
    }

    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains(CANARY), "{rest}");
        (self.child.wait().unwrap().code().unwrap(), rest)
    }
}

fn visit(base: &str, line: &str) -> Message {
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    Message::parse(&String::from_utf8(exchange(base, request.as_bytes())).unwrap())
}

#[test]
fn a_redirect_uri_of_the_services_choice_is_listened_at_or_its_url_is_pasted() {
    let home = Home::new();
    let server = service("200 OK");
    let cards = acme(&home, &server.url, "authorization_code");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let begin = |uri: &str| {
        let args = ["connection", "login", "acme/prod", "--no-browser", "--cards", &cards];
        let args = [&args[..], &["--redirect-uri", uri]].concat();
        let mut child = command(&args).envs(&home.env).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let mut login = UnderWay { child, lines };
        login.line();
        let url = url::Url::parse(&login.line()).unwrap();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["redirect_uri"], uri);
        (login, stdin, query["state"].clone())
    };
    let (mut login, mut stdin, state) = begin("https://app.example/done?x=1");
    let asked = "when the browser has come to https://app.example/done?x=1, paste the whole URL of its page here:";
    assert_eq!(login.line(), asked);
    writeln!(stdin, "https://app.example/done?x=1&code=c&state={state}#_").unwrap();
    let (code, rest) = login.end();
    assert_eq!(
        (code, rest.as_str()),
        (
            0,
            "logged in: the tokens of acme/prod are stored
"
        )
    );

    let (mut login, mut stdin, _) = begin("https://app.example/done");
    login.line();
    writeln!(stdin, "https://app.example/done?code=c&state=other").unwrap();
    let (code, rest) = login.end();
    assert_eq!(code, 5, "{rest}");
    assert!(rest.contains("the URL that was pasted is not of this login"), "{rest}");

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let (login, _stdin, state) = begin(&format!("http://localhost:{port}/oauth/done"));
    let back = format!("http://127.0.0.1:{port}");
    assert_eq!(visit(&back, "GET /callback").status(), 404);
    assert_eq!(visit(&back, &format!("GET /oauth/done?code=c&state={state}")).status(), 200);
    assert_eq!(login.end().0, 0);

    for uri in ["http://app.example/done", "app.example", "mailto:x"] {
        let args = ["connection", "login", "acme/prod", "--no-browser", "--cards", &cards];
        let (code, _) = home.fails(&[&args[..], &["--redirect-uri", uri]].concat(), "");
        assert_eq!(code, 2, "{uri}");
    }
}

#[test]
fn a_login_waits_for_its_own_browser_and_stores_the_tokens() {
    let home = Home::new();
    let server = service("200 OK");
    let cards = acme(&home, &server.url, "authorization_code");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let (code, error) = home.fails(&["connection", "test", "acme/prod", "--cards", &cards], "");
    assert_eq!((code, &error["code"]), (5, &json!("auth.login_required")));

    let mut login = UnderWay::begin(&home, &cards, &[]);
    let (query, back) = login.url();
    assert_eq!(query["client_id"], "id");
    assert_eq!(query["code_challenge_method"], "S256");
    // A connection that a browser opens and does not use is in nobody's way.
    let idle = std::net::TcpStream::connect(back.trim_start_matches("http://")).unwrap();
    assert_eq!(visit(&back, "GET /").status(), 404);
    assert_eq!(visit(&back, "GET /favicon.ico").status(), 404);
    assert_eq!(visit(&back, "POST /callback").status(), 405);
    assert_eq!(visit(&back, "GET /callback").status(), 400);
    assert_eq!(visit(&back, "GET /callback?code=c&state=wrong").status(), 400);
    assert_eq!(visit(&back, "GET /callback?error=access_denied").status(), 400);
    let last = visit(&back, &format!("GET /callback?code=c&state={}", query["state"]));
    assert_eq!(
        (last.status(), last.body.as_str()),
        (200, "You are logged in. You can close this page.")
    );
    assert_eq!(last.header("cache-control"), ["no-store"]);
    drop(idle);
    let (code, rest) = login.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.starts_with("somebody came back without the state of this login"), "{rest}");
    assert!(rest.ends_with("\nlogged in: the tokens of acme/prod are stored\n"), "{rest}");

    let tested = home.json(&["connection", "test", "acme/prod", "--json", "--cards", &cards]);
    assert_eq!(
        tested,
        json!({ "connection": "acme/prod", "status": 200, "target": "API", "identity": "Ada" })
    );
    let tested = home.ok(&["connection", "test", "acme/prod", "--cards", &cards], "");
    assert_eq!(tested.stdout, "acme/prod works as Ada: `API` answered 200\n");
    let shown = home.json(&["connection", "show", "acme/prod", "--json", "--cards", &cards]);
    let token = &shown["tokens"][0];
    assert_eq!((&token["auth"], &token["scope"]), (&json!("oauth"), &json!("read")));
    assert_eq!(token["renewable"], true);
    assert!(token["until"].as_str().unwrap().ends_with('Z'), "{token}");
    let listed = home.ok(&["connection", "list"], "").stdout;
    assert!(listed.contains("acme/prod   until "), "{listed}");

    // Tokens go along in an export, or stay behind.
    let home = home.with("PASS", "correct horse");
    let export = ["connection", "export", "--all", "--passphrase-env", "PASS"];
    for (more, has_tokens) in [(&[][..], true), (&["--without-tokens"], false)] {
        let exported = home.ok(&[&export, more].concat(), "").stdout;
        let other =
            Home::new().with("CARDHOST_KEY", &"cd".repeat(32)).with("PASS", "correct horse");
        other.ok(&["connection", "import", "--passphrase-env", "PASS"], &exported);
        let listed = other.json(&["connection", "list", "--json"]);
        assert_eq!(listed[0]["tokens"].is_object(), has_tokens, "{listed}");
    }

    // Other fields, and the tokens are gone.
    let replace = ["connection", "add", "acme", "prod", "--replace", "--cards", &cards];
    home.ok(&replace, &acme_fields());
    assert_eq!(home.json(&["connection", "list", "--json"])[0]["tokens"], Value::Null);
}

#[test]
fn a_login_that_is_denied_or_forgotten_ends_with_an_error() {
    let home = Home::new();
    let server = service("200 OK");
    let cards = acme(&home, &server.url, "authorization_code");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let mut login = UnderWay::begin(&home, &cards, &[]);
    let (query, back) = login.url();
    let target = format!(
        "GET /callback?error=access_denied&error_description=Ask+an+admin&state={}",
        query["state"]
    );
    assert_eq!(visit(&back, &target).status(), 400);
    let (code, rest) = login.end();
    assert_eq!(code, 5, "{rest}");
    assert!(rest.starts_with("error[auth.denied]"), "{rest}");
    assert!(rest.contains("the access was not allowed: Ask an admin"), "{rest}");

    let mut login = UnderWay::begin(&home, &cards, &["--timeout", "200ms"]);
    let _ = login.url();
    let (code, rest) = login.end();
    assert_eq!(code, 5, "{rest}");
    assert!(rest.contains("the time to allow the access is over"), "{rest}");

    // Who knows no state ends nothing; what they say is shown at once, and told where nobody else came.
    let mut login = UnderWay::begin(&home, &cards, &["--timeout", "3s"]);
    let (query, back) = login.url();
    let said = "error=unauthorized_client&error_description=Nobody+has+checked+this+app%1B%5B2J";
    assert_eq!(visit(&back, &format!("GET /callback?{said}&state=wrong")).status(), 400);
    assert_eq!(visit(&back, &format!("GET /callback?{said}")).status(), 400);
    let shown = login.line();
    assert!(shown.contains("says: ") && shown.contains("Nobody has checked this app"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let (code, rest) = login.end();
    assert_eq!(code, 5, "{rest}");
    assert!(rest.contains("error[auth.grant_refused]"), "{rest}");
    assert!(rest.contains("says `unauthorized_client`: Nobody has checked this app"), "{rest}");
    assert!(!query["state"].is_empty());

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args =
        ["connection", "login", "acme/prod", "--no-browser", "--cards", &cards, "--port", &port];
    let (code, error) = home.fails(&args, "");
    assert_eq!((code, &error["code"]), (2, &json!("usage")));
    let args =
        ["connection", "login", "acme/prod", "--no-browser", "--cards", &cards, "--method", "x"];
    let (code, error) = home.fails(&args, "");
    assert_eq!((code, &error["code"]), (5, &json!("auth.missing")));
    let listed = home.json(&["connection", "list", "--json"]);
    assert_eq!(listed[0]["tokens"], Value::Null);
}

#[test]
fn a_login_with_a_device_code_shows_it_and_one_without_a_person_is_done_at_once() {
    let home = Home::new();
    let server = service("200 OK");
    let cards = acme(&home, &server.url, "device_code");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let login = ["connection", "login", "acme/prod", "--cards", &cards];
    let done = home.ok(&login, "");
    assert_eq!(
        done.stderr,
        "open https://acme.example/device\nand type the code ABCD-EFGH\nlogged in: the tokens of acme/prod are stored\n"
    );
    acme(&home, &server.url, "client_credentials");
    let done = home.ok(&login, "");
    assert_eq!(done.stderr, "logged in: the tokens of acme/prod are stored\n");
}

/// The connector of [`acme`] whose login looks up sites, of which the service has two.
fn with_sites(home: &Home, url: &str, grant: &str) -> String {
    let cards = acme(home, url, grant);
    let file = home.path("cards/acme/connector.json");
    let mut connector: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    connector["connection"]["fields"]["Site"] = json!({ "type": "text", "from": "login" });
    connector["auth"]["oauth"]["lookUp"] = json!({
        "target": "API", "path": "/sites",
        "choose": { "value": "<<item.id>>", "title": "<<item.name>>" }, "gives": { "Site": "<<item.id>>" },
    });
    fs::write(file, connector.to_string()).unwrap();
    cards
}

#[test]
fn one_of_several_that_a_login_may_use_is_chosen() {
    let home = Home::new();
    let server = RawServer::start(|_, request| {
        let text = String::from_utf8_lossy(request);
        let body = match text.split(' ').nth(1).unwrap_or_default() {
            "/token" => {
                json!({ "access_token": format!("{CANARY}-access"), "token_type": "Bearer" })
            }
            _ => json!([{ "id": 7, "name": "Tea" }, { "id": 8, "name": "Coffee\u{1b}[2J" }]),
        };
        Answer::Bytes(reply("200 OK", "application/json", body.to_string().as_bytes()))
    });
    let cards = with_sites(&home, &server.url, "client_credentials");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let login = ["connection", "login", "acme/prod", "--cards", &cards];
    let site = || {
        let shown = home.json(&["connection", "show", "acme/prod", "--json", "--cards", &cards]);
        shown["fromLogin"]["Site"].clone()
    };
    for (more, said) in [
        (&[][..], "one of several must be chosen that this login may use: `7` (Tea), `8` ("),
        (&["--choose", "9"], "`9` is none of those that this login may use: `7` (Tea), `8` ("),
    ] {
        let (code, error) = home.fails(&[&login, more].concat(), "");
        assert_eq!((code, &error["code"]), (5, &json!("auth.choice")), "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(said) && !message.contains('\u{1b}'), "{message}");
        assert_eq!(site(), Value::Null);
    }
    let done = home.ok(&[&login[..], &["--choose", "Tea"]].concat(), "");
    assert_eq!(done.stderr, "logged in: the tokens of acme/prod are stored\n");
    assert_eq!(site(), 7);
    let shown = home.ok(&["connection", "show", "acme/prod", "--cards", &cards], "").stdout;
    assert!(shown.contains("\nfrom the login\n  Site  7\n"), "{shown}");

    let steps = json!([
        ["  1  Tea  7", "", false],
        ["Which one is meant: ", "3\n", false],
        ["one of 1 to 2 is expected", "", false],
        ["Which one is meant: ", "2\n", false],
        ["logged in", "", false],
    ]);
    if let Some((code, shown)) = home.at_terminal(&login, steps) {
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert_eq!(site(), 8);
    }

    with_sites(&home, &server.url, "authorization_code");
    let mut login = UnderWay::begin(&home, &cards, &["--choose", "7"]);
    let (query, back) = login.url();
    let last = visit(&back, &format!("GET /callback?code=c&state={}", query["state"]));
    assert_eq!(last.status(), 200);
    assert!(last.body.starts_with("One of several has to be chosen"), "{}", last.body);
    assert_eq!(login.end().0, 0);
    assert_eq!(site(), 7);
}

#[test]
fn a_client_that_registers_itself_is_shown_and_taken_back() {
    let home = Home::new();
    let url = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&url);
    let server = RawServer::start(move |_, request| {
        let url = known.get().unwrap();
        let text = String::from_utf8_lossy(request);
        let (status, body) = match text.split(' ').nth(1).unwrap_or_default() {
            "/.well-known/oauth-authorization-server" => (
                "200 OK",
                json!({
                    "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
                    "token_endpoint": format!("{url}/token"), "registration_endpoint": format!("{url}/register"),
                    "revocation_endpoint": format!("{url}/revoke"),
                }),
            ),
            "/register" => (
                "201 Created",
                json!({
                    "client_id": "client-9", "client_secret": format!("{CANARY}-client"), "client_secret_expires_at": 0,
                    "registration_access_token": format!("{CANARY}-management"),
                    "registration_client_uri": format!("{url}/register/client-9"),
                }),
            ),
            "/token" => (
                "200 OK",
                json!({ "access_token": format!("{CANARY}-access"), "token_type": "Bearer" }),
            ),
            _ => ("204 No Content", Value::Null),
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Answer::Bytes(reply(status, "application/json", body.as_bytes()))
    });
    url.set(server.url.clone()).unwrap();
    let cards = acme(&home, &server.url, "authorization_code");
    let file = home.path("cards/acme/connector.json");
    let mut connector: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    connector["auth"]["oauth"] = json!({
        "scheme": "oauth2", "grant": "authorization_code", "issuer": server.url, "registration": {},
    });
    fs::write(file, connector.to_string()).unwrap();
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let mut login = UnderWay::begin(&home, &cards, &[]);
    let (query, back) = login.url();
    assert_eq!(query["client_id"], "client-9");
    assert_eq!(
        visit(&back, &format!("GET /callback?code=c&state={}", query["state"])).status(),
        200
    );
    assert_eq!(login.end().0, 0);
    let shown = home.json(&["connection", "show", "acme/prod", "--json", "--cards", &cards]);
    assert_eq!(shown["tokens"][0]["client"], "client-9");
    let shown = home.ok(&["connection", "show", "acme/prod", "--cards", &cards], "").stdout;
    assert!(shown.contains("registered as client-9") && !shown.contains(CANARY), "{shown}");
    home.ok(&["connection", "remove", "acme/prod", "--yes", "--cards", &cards], "");
    let lines: Vec<String> =
        server.requests().iter().map(|it| it.lines().next().unwrap().to_owned()).collect();
    assert_eq!(
        lines,
        [
            "GET /.well-known/oauth-authorization-server HTTP/1.1",
            "POST /register HTTP/1.1",
            "POST /token HTTP/1.1",
            "GET /.well-known/oauth-authorization-server HTTP/1.1",
            "POST /revoke HTTP/1.1",
            "DELETE /register/client-9 HTTP/1.1",
        ]
    );
    let last = server.requests().pop().unwrap().to_lowercase();
    assert!(
        last.contains(&format!("authorization: bearer {CANARY}-management").to_lowercase()),
        "{last}"
    );
}

#[test]
fn tokens_are_revoked_when_their_connection_is_removed() {
    for (revocation, more, says) in [
        ("200 OK", &[][..], "revoked the tokens of `oauth`\nremoved acme/prod\n"),
        ("200 OK", &["--keep-grant"], "removed acme/prod\n"),
        (
            "503 Service Unavailable",
            &[],
            "warning[auth.unavailable]: the tokens of `oauth` are not revoked at the service: ",
        ),
    ] {
        let home = Home::new();
        let server = service(revocation);
        let cards = acme(&home, &server.url, "client_credentials");
        home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
        home.ok(&["connection", "login", "acme/prod", "--cards", &cards], "");
        let remove = ["connection", "remove", "acme/prod", "--yes", "--cards", &cards];
        let removed = home.ok(&[&remove, more].concat(), "");
        assert!(removed.stderr.starts_with(says), "{}", removed.stderr);
        assert!(removed.stderr.ends_with("removed acme/prod\n"), "{}", removed.stderr);
        let asked = server.requests().iter().any(|request| request.starts_with("POST /revoke"));
        assert_eq!(asked, more.is_empty());
        assert_eq!(home.json(&["connection", "list", "--json"]), json!([]));
    }
}

#[test]
fn a_connection_whose_connector_is_gone_can_be_shown_and_removed() {
    let home = Home::new();
    let cards = acme(&home, "https://acme.example", "client_credentials");
    home.ok(&["connection", "add", "acme", "prod", "--cards", &cards], &acme_fields());
    let shown = home.json(&["connection", "show", "acme/prod", "--json"]);
    assert_eq!(
        shown["fields"],
        json!({ "Client ID": "[redacted]", "Client Secret": "[redacted]" })
    );
    assert_eq!(shown["auth"], json!([]));
    home.ok(&["connection", "remove", "acme/prod", "--yes"], "");
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    for command in [
        "add",
        "list",
        "show",
        "login",
        "test",
        "rename",
        "remove",
        "rotate-key",
        "export",
        "import",
    ] {
        let home = Home::new();
        let help = home.ok(&["connection", command, "--help"], "").stdout;
        assert!(help.contains(&format!("  cardhost connection {command} ")), "{help}");
    }
}

#[test]
fn text_is_as_wide_as_the_window() {
    let home = Home::new();
    let command = env!("CARGO_BIN_EXE_cardhost");
    let shown = |columns: usize, args: &str| {
        let script = format!("stty cols {columns} rows 30 && exec '{command}' {args}");
        Some(home.at_terminal_with(&["/bin/sh", "-c", &script], json!([]))?.1)
    };
    let card = "mixpanel/custom-api-action";
    for args in [&format!("show {card}"), "explain", "run --help", "explain zzzzzzzzzzzz"] {
        let Some(wide) = shown(1000, args) else { return };
        let narrow = shown(60, args).unwrap();
        // The same words, and no line is longer than the window.
        assert!(narrow.split_whitespace().eq(wide.split_whitespace()), "{args}: {narrow}");
        let plain = |line: &str| strip(line).chars().count();
        assert!(narrow.lines().map(plain).max().unwrap() <= 60, "{args}: {narrow}");
        assert!(wide.lines().map(plain).max().unwrap() > 60, "{args}: {wide}");
    }
}

/// A line without its colours.
fn strip(line: &str) -> String {
    let mut parts = line.split('\x1b');
    let mut plain = parts.next().unwrap().to_owned();
    parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
    plain
}

#[test]
fn a_name_that_nobody_has_is_told_with_the_nearest() {
    let home = Home::new();
    home.add("prod");
    let near = "error[connection.unknown]: there is no connection `mixpanel/prdo`\n  hint: did you mean `mixpanel/prod`?\n";
    let far = "error[connection.unknown]: there is no connection `mixpanel/zzzzzzzzzzzz`\n  hint: `cardhost connection list` shows what is stored\n";
    for args in [
        &["show"][..],
        &["test"],
        &["login"],
        &["remove", "--yes"],
        &["export", "--passphrase-file", "/dev/null"],
    ] {
        for (name, said) in [("mixpanel/prdo", near), ("mixpanel/zzzzzzzzzzzz", far)] {
            let ran = home.run(&[&["connection"], args, &[name]].concat(), "");
            assert_eq!((ran.code, ran.stderr.as_str()), (5, said), "{args:?}");
        }
    }
}
