//! The Custom API Action against httpbin, which tells what really arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cardhost::core::call::Treatment;
use cardhost::core::transport_fault::TransportFault;
use cardhost::transport::{BoxFuture, HttpTransport, Transport};
use cardhost::{Host, Reply, RequestSpec};
use serde_json::{Value, json};

use crate::peers::{self, Server, Shared};
use crate::schemes::{block_on, demo, with_fields};
use crate::support::{Answer, Message, Ran, RawServer, cardhost, exchange, reply};

const CARD: &str = "mixpanel/custom-api-action";
/// `robot:canary-5ecret é` in base64.
const CREDENTIALS: &str = "Basic cm9ib3Q6Y2FuYXJ5LTVlY3JldCDDqQ==";

fn httpbin() -> Option<Arc<Server>> {
    static HTTPBIN: Shared = Shared::new();
    HTTPBIN.get(peers::httpbin)
}

fn invocation(method: &str, request: &Value) -> String {
    let fields = json!({
        "Service Account: Username": "robot",
        "Service Account: Secret": "canary-5ecret é",
    });
    json!({
        "connection": { "fields": fields },
        "options": { "Request Type": method, "Select API": "Query API" },
        "input": { "Request": request },
    })
    .to_string()
}

fn run(server: &Server, method: &str, request: &Value, more: &[&str]) -> Ran {
    let mut args = vec!["run", CARD, "--base", &server.base_url, "--errors", "json"];
    args.extend(more);
    cardhost(&args, &invocation(method, request))
}

/// The `Response` of a run that succeeds without a word.
fn response(server: &Server, method: &str, request: &Value) -> Value {
    let ran = run(server, method, request, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let mut output: Value = serde_json::from_str(&ran.stdout).unwrap();
    output["Response"].take()
}

fn get(server: &Server, relative_url: &str) -> Value {
    response(server, "GET", &json!({ "Relative URL": relative_url }))
}

/// The error of a run that fails.
fn error(ran: &Ran, exit: i32, code: &str) -> Value {
    assert_eq!((ran.code, ran.stdout.as_str()), (exit, ""), "{ran:?}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["code"], code, "{error}");
    error
}

/// What httpbin gives for a path to a client of our own.
fn told_directly(server: &Server, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: httpbin\r\nconnection: close\r\n\r\n");
    let reply = exchange(&server.base_url, request.as_bytes());
    Message::parse(&String::from_utf8(reply).unwrap()).body
}

#[test]
fn every_method_arrives_as_planned() {
    let Some(server) = httpbin() else { return };
    let query = json!({
        "space": "a b", "plus": "1+1=2", "and": "x&y", "unicode": "größe ✓", "reserved": "/?#[]@!$'()*,;:%",
        "list": ["one", 2, "three"], "number": 1.5, "flag": true, "empty": "",
        "key with &=é": "v",
    });
    let args = json!({
        "own": "a b", "own2": "+", "space": "a b", "plus": "1+1=2", "and": "x&y", "unicode": "größe ✓",
        "reserved": "/?#[]@!$'()*,;:%", "list": ["one", "2", "three"], "number": "1.5", "flag": "true",
        "empty": "", "key with &=é": "v",
    });
    let body =
        json!({ "text": "größe \u{1F600} \"q\" \\ \n", "list": [1, null, {}, []], "": true });
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let has_body = matches!(method, "POST" | "PUT" | "PATCH");
        let mut request = json!({
            "Relative URL": "/anything/a%20b/c?own=a+b&own2=%2B",
            "Query": query,
            "Headers": { "X-One": "1, 2", "Accept": "application/json", "User-Agent": "mine/1" },
        });
        if has_body {
            request["Body"] = body.clone();
        }
        let args_of_plan = ["plan", CARD, "--json", "--base", &server.base_url];
        let plan = cardhost(&args_of_plan, &invocation(method, &request));
        assert_eq!((plan.code, plan.stderr.as_str()), (0, ""), "{plan:?}");
        let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
        let planned = &plan["request"];
        let echo = response(&server, method, &request);
        assert_eq!(echo["Status Code"], 200);
        let echo = &echo["Body"];

        assert_eq!(planned["method"], method);
        assert_eq!(echo["method"], method);
        let url = url::Url::parse(planned["url"].as_str().unwrap()).unwrap();
        assert_eq!(url.path(), "/anything/a%20b/c");
        let arrived = url::Url::parse(echo["url"].as_str().unwrap()).unwrap();
        assert_eq!((arrived.path(), arrived.port()), (url.path(), url.port()));
        assert_eq!(echo["args"], args, "{method}");
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs.len(), args.as_object().unwrap().len() + 2, "{pairs:?}");

        assert_headers(planned, echo, method);
        assert_eq!(planned["headers"]["user-agent"], "mine/1");
        assert_eq!(planned["headers"]["accept"], "application/json");
        if has_body {
            assert_eq!(planned["body"], body);
            assert_eq!(echo["json"], body);
            assert_eq!(echo["data"], planned["body"].to_string());
        } else {
            assert_eq!((&planned["body"], &echo["json"]), (&Value::Null, &Value::Null));
            assert_eq!(echo["data"], "");
        }
    }
}

/// The planned headers arrived, each once and as planned, and beside them only `host` and `content-length`.
fn assert_headers(planned: &Value, echo: &Value, method: &str) {
    let arrived = echo["headers"].as_object().unwrap();
    let arrived: Vec<(String, &str)> = arrived
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str().unwrap()))
        .collect();
    let planned = planned["headers"].as_object().unwrap();
    for (name, shown) in planned {
        let expected = match name.as_str() {
            "authorization" => {
                assert_eq!(shown, "Basic [redacted]");
                CREDENTIALS
            }
            _ => shown.as_str().unwrap(),
        };
        let values: Vec<_> = arrived.iter().filter(|(own, _)| own == name).collect();
        assert_eq!(values, [&(name.clone(), expected)], "{method}");
    }
    for (name, _) in &arrived {
        let known = planned.contains_key(name) || name == "host" || name == "content-length";
        assert!(known, "`{name}` was not planned");
    }
}

#[test]
fn the_headers_of_cardhost_itself_are_planned_and_sent_once() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "anything", "Body": [1.5] });
    let plan = cardhost(
        &["plan", CARD, "--json", "--base", &server.base_url],
        &invocation("POST", &request),
    );
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let user_agent = concat!("cardhost/", env!("CARGO_PKG_VERSION"));
    let headers = json!({
        "accept": "*/*", "accept-encoding": "gzip, br, deflate, zstd", "user-agent": user_agent,
        "content-type": "application/json", "authorization": "Basic [redacted]",
    });
    assert_eq!(plan["request"]["headers"], headers);
    let echo = response(&server, "POST", &request);
    assert_headers(&plan["request"], &echo["Body"], "POST");
    assert_eq!(echo["Body"]["headers"]["Content-Length"], "5");
    assert_eq!(echo["Body"]["data"], "[1.5]");
}

#[test]
fn a_header_with_several_values_is_sent_once_a_value() {
    let Some(server) = httpbin() else { return };
    let headers = json!({ "X-Many": ["a", 2, true], "x-ONE": "1" });
    let request = json!({ "Relative URL": "/anything", "Headers": headers });
    let echo = response(&server, "GET", &request);
    // WSGI joins them with a comma and no space.
    assert_eq!(echo["Body"]["headers"]["X-Many"], "a,2,true");
    assert_eq!(echo["Body"]["headers"]["X-One"], "1");
}

#[test]
fn the_basic_credentials_are_those_of_the_connection() {
    let Some(server) = httpbin() else { return };
    let right = get(&server, "/basic-auth/robot/canary-5ecret%20%C3%A9");
    assert_eq!((&right["Status Code"], &right["Body"]["user"]), (&json!(200), &json!("robot")));
    let wrong = get(&server, "/basic-auth/robot/another");
    assert_eq!(wrong["Status Code"], 401);
    let echo = get(&server, "/headers");
    assert_eq!(echo["Body"]["headers"]["Authorization"], CREDENTIALS);
}

#[test]
fn a_body_is_not_sent_with_get_or_delete_and_that_is_said() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "/anything", "Body": { "a": 1 } });
    for method in ["GET", "DELETE"] {
        let args = ["run", CARD, "--base", &server.base_url];
        let ran = cardhost(&args, &invocation(method, &request));
        assert_eq!(ran.code, 0, "{ran:?}");
        let warning = "warning[input.not_applicable]: `Request.Body` ";
        assert!(ran.stderr.starts_with(warning), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1);
        let output: Value = serde_json::from_str(&ran.stdout).unwrap();
        let echo = &output["Response"]["Body"];
        assert_eq!((&echo["data"], &echo["method"]), (&json!(""), &json!(method)));
        assert_eq!(echo["headers"].get("Content-Type"), None);
        assert_eq!(echo["headers"].get("Content-Length"), None);
    }
}

#[test]
fn null_in_the_query_is_left_out_and_a_fragment_is_not_sent_and_both_are_said() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "/anything?a=1#top", "Query": { "b": null, "c": [] } });
    let ran = run(&server, "GET", &request, &[]);
    let warnings: Vec<Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<&Value> = warnings.iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["query.null_left_out", "url.fragment_dropped"], "{warnings:?}");
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(output["Response"]["Body"]["args"], json!({ "a": "1" }));
    assert_eq!(output["Response"]["Body"]["url"], format!("{}/anything?a=1", server.base_url));
}

#[test]
fn content_codings_are_undone() {
    let Some(server) = httpbin() else { return };
    for (path, mark) in [("/gzip", "gzipped"), ("/brotli", "brotli"), ("/deflate", "deflated")] {
        let response = get(&server, path);
        assert_eq!(response["Status Code"], 200);
        assert_eq!(response["Body"][mark], true, "{response}");
        assert_eq!(response["Headers"].get("content-encoding"), None, "{response}");
    }
}

#[test]
fn every_status_is_an_output_of_this_card() {
    let Some(server) = httpbin() else { return };
    for status in [201, 204, 304, 400, 401, 403, 404, 409, 429, 500, 503] {
        let response = get(&server, &format!("/status/{status}"));
        assert_eq!(response["Status Code"], status);
        assert!(response["Headers"]["server"].is_string(), "{response}");
    }
    let teapot = get(&server, "/status/418");
    assert_eq!(teapot["Status Code"], 418);
    assert_eq!(teapot["Body"], told_directly(&server, "/status/418"));
    assert_eq!(teapot["Headers"]["x-more-info"], "http://tools.ietf.org/html/rfc2324");
}

#[test]
fn a_reply_without_a_body_has_no_body_output() {
    let Some(server) = httpbin() else { return };
    for path in ["/status/500", "/status/204", "/bytes/0"] {
        let response = get(&server, path);
        let labels: Vec<&String> = response.as_object().unwrap().keys().collect();
        assert_eq!(labels, ["Status Code", "Headers"], "{path}");
    }
}

#[test]
fn text_replies_are_text() {
    let Some(server) = httpbin() else { return };
    for (path, content_type) in [
        ("/html", "text/html; charset=utf-8"),
        ("/encoding/utf8", "text/html; charset=utf-8"),
        ("/xml", "application/xml"),
        ("/robots.txt", "text/plain"),
    ] {
        let response = get(&server, path);
        assert_eq!(response["Headers"]["content-type"], content_type);
        assert_eq!(response["Body"], told_directly(&server, path), "{path}");
    }
    let text = get(&server, "/encoding/utf8")["Body"].as_str().unwrap().to_owned();
    assert!(text.contains("∮ E⋅da = Q,  n → ∞, ∑ f(i) = ∏ g(i)"), "{text}");
}

#[test]
fn a_header_that_comes_several_times_is_joined_and_cookies_are_a_list() {
    let Some(server) = httpbin() else { return };
    let path = "/response-headers?X-Many=1&X-Many=2&Set-Cookie=a%3D1&Set-Cookie=b%3D2%3B%20Path%3D%2F&X-Odd=%22q%2C%22";
    let response = get(&server, path);
    assert_eq!(response["Headers"]["x-many"], "1, 2");
    assert_eq!(response["Headers"]["set-cookie"], json!(["a=1", "b=2; Path=/"]));
    assert_eq!(response["Headers"]["x-odd"], "\"q,\"");
}

#[test]
fn redirects_on_the_same_origin_are_followed_with_the_credentials() {
    let Some(server) = httpbin() else { return };
    let absolute = format!("/redirect-to?url={}/anything/end?a=1", server.base_url);
    for path in
        ["/redirect-to?url=/anything/end?a=1", "/redirect-to?url=anything/end?a=1", &absolute]
    {
        let response = get(&server, path);
        assert_eq!(response["Status Code"], 200, "{path}");
        let echo = &response["Body"];
        assert_eq!(echo["url"], format!("{}/anything/end?a=1", server.base_url));
        assert_eq!(echo["headers"]["Authorization"], CREDENTIALS);
    }
    assert_eq!(get(&server, "/relative-redirect/5")["Status Code"], 200);
    let ran = run(&server, "GET", &json!({ "Relative URL": "/relative-redirect/6" }), &[]);
    let error = error(&ran, 7, "redirect.limit");
    assert_eq!(error["status"], 302);
}

#[test]
fn a_redirected_post_keeps_its_body_only_where_the_status_says_so() {
    let Some(server) = httpbin() else { return };
    for (status, method, data) in
        [(303, "GET", ""), (307, "POST", "{\"a\":1}"), (308, "POST", "{\"a\":1}")]
    {
        let path = format!("/redirect-to?url=/anything&status_code={status}");
        let request = json!({ "Relative URL": path, "Body": { "a": 1 } });
        let echo = response(&server, "POST", &request);
        assert_eq!(echo["Body"]["method"], method, "{status}");
        assert_eq!(echo["Body"]["data"], data, "{status}");
        let has_type = echo["Body"]["headers"].get("Content-Type").is_some();
        assert_eq!(has_type, method == "POST", "{status}");
    }
    // It would be a GET, and nothing would be done.
    for status in [301, 302] {
        let path = format!("/redirect-to?url=/anything&status_code={status}");
        let ran = run(&server, "POST", &json!({ "Relative URL": path, "Body": { "a": 1 } }), &[]);
        let output: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((ran.code, &output["Response"]["Status Code"]), (0, &json!(status)));
        assert!(ran.stderr.contains("\"code\":\"redirect.not_followed\""), "{}", ran.stderr);
    }
}

#[test]
fn a_redirect_to_another_origin_is_an_output_and_nothing_goes_there() {
    let Some(server) = httpbin() else { return };
    let other = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "text/plain", b"caught")));
    let by_name = server.base_url.replace("127.0.0.1", "localhost");
    for (location, origin) in [
        (format!("{}/x", other.url), other.url.clone()),
        (format!("{by_name}/anything"), by_name.clone()),
        (
            server.base_url.replace("http://", "https://"),
            server.base_url.replace("http://", "https://"),
        ),
        (server.base_url.replace("http://", "http://user:pw@"), server.base_url.clone()),
    ] {
        let request = json!({ "Relative URL": "/redirect-to", "Query": { "url": location } });
        let ran = run(&server, "GET", &request, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let warning: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(warning["code"], "redirect.not_followed");
        let message = warning["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{origin}`")), "{message}");
        let output: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(output["Response"]["Status Code"], 302);
        assert_eq!(output["Response"]["Headers"]["location"], location);
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

#[test]
fn bytes_that_are_no_text_come_in_base64() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "/bytes/64?seed=7" });
    let ran = run(&server, "GET", &request, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    let response = &output["Response"];
    assert_eq!(response["Status Code"], 200);
    assert_eq!(response["Headers"]["content-type"], "application/octet-stream");
    assert_eq!(response["Headers"]["content-length"], "64");
    let kept = response["Body"]["base64"].as_str().unwrap();
    assert_eq!(kept.len(), 88, "64 bytes in base64: {kept}");
}

#[test]
fn several_json_values_where_one_was_promised_come_as_text() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "/stream/5" });
    let ran = run(&server, "GET", &request, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let output: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(output["Response"]["Status Code"], 200);
    let kept = output["Response"]["Body"].as_str().unwrap();
    let ids: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].take())
        .collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
}

#[test]
fn a_reply_that_takes_too_long_is_given_up() {
    let Some(server) = httpbin() else { return };
    for (method, retryable) in [("GET", true), ("PUT", true), ("POST", false), ("DELETE", false)] {
        let request = json!({ "Relative URL": "/delay/9" });
        let ran = run(&server, method, &request, &["--timeout", "500ms"]);
        let error = error(&ran, 7, "transport.timeout");
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with("`: the total limit of 500ms is over"), "{message}");
        assert_eq!(error["retryable"], retryable, "{method}");
        assert_eq!(error.get("status"), None);
    }
}

#[test]
fn a_body_that_takes_too_long_keeps_its_status_and_its_beginning() {
    let Some(server) = httpbin() else { return };
    let request = json!({ "Relative URL": "/drip?duration=60&numbytes=3&delay=0&code=200" });
    let ran = run(&server, "GET", &request, &["--timeout", "4s"]);
    let error = error(&ran, 7, "transport.timeout");
    assert_eq!(error["status"], 200);
    assert_eq!(error["response"]["body"], "*");
    assert_eq!(error["response"]["truncated"], true);
}

/// Runs a card with one auth scheme; gives its output, or the error.
fn run_with(
    server: &Server,
    auth: &Value,
    request: &Value,
    fields: &Value,
) -> Result<Value, cardhost::Error> {
    let host = Host::builder().cards(demo(&server.base_url, auth, request)).build();
    let outcome = block_on(host.run(Some("demo/act"), with_fields(fields)))?;
    Ok(outcome.output.to_value().unwrap()["Reply"].take())
}

#[test]
fn basic_and_bearer_credentials_are_accepted_and_wrong_ones_are_not() {
    let Some(server) = httpbin() else { return };
    let basic = json!({ "scheme": "basic", "username": "<<connection.User>>", "password": "<<connection.Password>>" });
    let fields = json!({ "User": "Jürgen", "Password": "canary: ß" });
    let request = json!({ "path": "/basic-auth/J%C3%BCrgen/canary%3A%20%C3%9F" });
    let reply = run_with(&server, &basic, &request, &fields).unwrap();
    assert_eq!(reply["Body"], json!({ "authenticated": true, "user": "Jürgen" }));
    let wrong = json!({ "User": "Jürgen", "Password": "canary" });
    let error = run_with(&server, &basic, &request, &wrong).unwrap_err();
    assert_eq!((error.code().as_str(), error.class().exit_code()), ("auth.refused", 5));

    let bearer = json!({ "scheme": "bearer", "token": "<<connection.Token>>" });
    let request = json!({ "path": "/bearer" });
    let reply = run_with(&server, &bearer, &request, &json!({ "Token": "canary~1==" })).unwrap();
    assert_eq!(reply["Body"], json!({ "authenticated": true, "token": "canary~1==" }));
}

#[test]
fn a_key_in_a_cookie_is_echoed_and_one_in_the_query_too() {
    let Some(server) = httpbin() else { return };
    let fields = json!({ "Key": "canary=1" });
    let cookie = json!({ "scheme": "api_key", "in": "cookie", "name": "api_key", "value": "<<connection.Key>>" });
    let request = json!({ "path": "/cookies", "headers": { "Cookie": "theme=dark" } });
    let reply = run_with(&server, &cookie, &request, &fields).unwrap();
    assert_eq!(reply["Body"], json!({ "cookies": { "api_key": "canary=1", "theme": "dark" } }));
    let query = json!({ "scheme": "api_key", "in": "query", "name": "api key", "value": "<<connection.Key>>&" });
    let request = json!({ "path": "/get", "query": { "a": "1" } });
    let reply = run_with(&server, &query, &request, &fields).unwrap();
    assert_eq!(reply["Body"]["args"], json!({ "a": "1", "api key": "canary=1&" }));
}

#[test]
fn digest_challenges_of_every_kind_are_answered() {
    let Some(server) = httpbin() else { return };
    let auth = json!({ "scheme": "digest", "username": "<<connection.User>>", "password": "<<connection.Password>>" });
    let fields = json!({ "User": "Mufasa", "Password": "canary-of-Life" });
    for algorithm in ["MD5", "SHA-256", "SHA-512"] {
        for qop in ["auth", "auth-int", "none"] {
            // httpbin hashes the path decoded, and fails where there is a query.
            let path = format!("/digest-auth/{qop}/Mufasa/canary-of-Life/{algorithm}");
            let request = json!({ "path": path });
            let reply = run_with(&server, &auth, &request, &fields);
            let reply = reply.unwrap_or_else(|error| panic!("{algorithm} {qop}: {error:?}"));
            let expected = json!({ "authenticated": true, "user": "Mufasa" });
            assert_eq!(reply["Body"], expected, "{algorithm} {qop}");
        }
    }
}

#[test]
fn a_wrong_digest_password_is_refused_after_two_requests() {
    let Some(server) = httpbin() else { return };
    let sent = Arc::new(AtomicUsize::new(0));
    let auth = json!({ "scheme": "digest", "username": "<<connection.User>>", "password": "<<connection.Password>>" });
    let request = json!({ "path": "/digest-auth/auth/Mufasa/canary/SHA-256" });
    let host = Host::builder()
        .cards(demo(&server.base_url, &auth, &request))
        .transport(Counted { http: HttpTransport::new(), sent: Arc::clone(&sent) })
        .build();
    let fields = json!({ "User": "Mufasa", "Password": "wrong canary" });
    let error = block_on(host.run(Some("demo/act"), with_fields(&fields))).unwrap_err();
    assert_eq!((error.code().as_str(), error.class().exit_code()), ("auth.refused", 5));
    assert_eq!(error.response().unwrap().status, 401);
    assert_eq!(error.retryable(), Some(false));
    assert_eq!(sent.load(Ordering::Relaxed), 2);
    assert!(!error.to_json().to_string().contains("canary"), "{error:?}");
}

/// Counts what it sends.
struct Counted {
    http: HttpTransport,
    sent: Arc<AtomicUsize>,
}

impl Transport for Counted {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.http.send(request, treatment)
    }
}
