//! HTTP/2 against Node's server: whatever our own frames do not show.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use cardhost::catalog::MemorySource;
use cardhost::transport::HttpTransport;
use cardhost::{Error, Host, Invocation, Outcome};
use serde_json::{Value, json};

use crate::schemes::{block_on, pem};
use crate::support::skipped;
use crate::transport::Authority;

const SCRIPT: &str = r"
const http2 = require('http2');
const [key, cert, both] = process.argv.slice(1);
const server = http2.createSecureServer({ key, cert, allowHTTP1: both === 'both' });
const json = { ':status': 200, 'content-type': 'application/json' };
let number = 0;
server.on('session', session => { session.number = number++; });
server.on('stream', (stream, headers) => {
  let length = 0;
  stream.on('data', chunk => { length += chunk.length; });
  stream.on('error', () => {});
  stream.on('end', () => {
    const path = headers[':path'];
    const session = stream.session;
    if (path === '/large') {
      stream.respond(json);
      stream.end(JSON.stringify({ text: 'x'.repeat(8 << 20) }));
    } else if (path === '/headers') {
      const many = Object.fromEntries([...Array(400).keys()].map(i => [`x-${i}`, `v${i}`]));
      stream.respond({ ...json, ...many });
      stream.end('{}');
    } else if (path === '/last') {
      stream.respond(json);
      stream.end(JSON.stringify({ session: session.number }));
      session.close();
    } else {
      stream.respond(json);
      stream.end(JSON.stringify({
        session: session.number, method: headers[':method'], authority: headers[':authority'],
        host: headers.host ?? null, length, said: headers['content-length'] ?? null,
      }));
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

/// Node's server; dropping it ends it.
struct Server {
    child: Child,
    authority: Authority,
    authority_and_port: String,
}

impl Server {
    /// `None` where there is no Node.
    fn start(protocols: &str) -> Option<Server> {
        let authority = Authority::new();
        let identity = authority.certify("localhost", |_| ());
        let spawned = Command::new("node")
            .args(["-e", SCRIPT, "--"])
            .args([pem("PRIVATE KEY", &identity.key), pem("CERTIFICATE", &identity.certificate)])
            .arg(protocols)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        let Ok(mut child) = spawned else {
            skipped("node", "the command node is not there");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        Some(Server { child, authority, authority_and_port: format!("localhost:{port}") })
    }

    fn host(&self) -> Host {
        let connector = json!({
            "format": 1, "name": "node", "version": "1.0.0", "title": "Node",
            "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
            "targets": { "api": { "auth": ["none"], "base": format!("https://{}", self.authority_and_port) } },
        });
        let card = json!({
            "format": 1, "name": "ask", "version": "1.0.0", "title": "Ask", "effect": "write",
            "input": { "Ask": {
                "Path": { "type": "text", "format": "relative-url", "required": true },
                "Method": { "type": "text", "required": true }, "Body": { "type": "any" },
            } },
            "request": {
                "target": "api", "method": "<<input.Ask.Method>>", "path": "<<input.Ask.Path>>",
                "body": { "json": "<<input.Ask.Body?>>" },
            },
            "output": { "Reply": {
                "Body": { "type": "any", "value": "<<response.body>>" },
                "Last": { "type": "text", "value": "<<response.headers.x-399?>>" },
            } },
        });
        let cards = MemorySource::new()
            .with("node/connector", connector.to_string())
            .with("node/ask", card.to_string());
        let transport = HttpTransport::new().trusting(self.authority.der());
        Host::builder().cards(cards).transport(transport).build()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(host: &Host, method: &str, path: &str, body: Value) -> Result<Outcome, Error> {
    let mut ask = json!({ "Method": method, "Path": path });
    if !body.is_null() {
        ask["Body"] = body;
    }
    let invocation = Invocation::from_value(json!({ "input": { "Ask": ask } })).unwrap();
    host.run(Some("node/ask"), invocation).await
}

fn reply(outcome: Result<Outcome, Error>) -> Value {
    outcome.unwrap().output.to_value().unwrap()["Reply"]["Body"].take()
}

#[test]
fn a_server_that_speaks_nothing_else_and_one_that_speaks_both_are_asked_in_http_2() {
    for protocols in ["only", "both"] {
        let Some(server) = Server::start(protocols) else { return };
        let host = server.host();
        block_on(async {
            for (method, body, length, said) in [
                ("GET", Value::Null, 0, Value::Null),
                ("POST", Value::Null, 0, json!("0")),
                ("PUT", json!({ "a": 1 }), 7, json!("7")),
            ] {
                let seen = reply(ask(&host, method, "/", body).await);
                let expected = json!({
                    "session": 0, "method": method, "authority": server.authority_and_port,
                    "host": null, "length": length, "said": said,
                });
                assert_eq!(seen, expected, "{protocols}");
            }
        });
    }
}

#[test]
fn much_goes_both_ways_and_many_share_a_connection() {
    let Some(server) = Server::start("only") else { return };
    let host = server.host();
    block_on(async {
        let large = "y".repeat(3 << 20);
        let seen = reply(ask(&host, "POST", "/", json!(large)).await);
        assert_eq!(seen["length"], (3 << 20) + 2);
        let seen = reply(ask(&host, "GET", "/large", Value::Null).await);
        assert_eq!(seen["text"].as_str().unwrap().len(), 8 << 20);
        let many = (0..300).map(|_| ask(&host, "GET", "/", Value::Null));
        for seen in futures_util::future::join_all(many).await {
            assert_eq!(reply(seen)["session"], 0);
        }
        let outcome = ask(&host, "GET", "/headers", Value::Null).await.unwrap();
        assert_eq!(outcome.output.to_value().unwrap()["Reply"]["Last"], "v399");
    });
}

#[test]
fn a_server_that_says_goodbye_is_asked_over_another_connection() {
    let Some(server) = Server::start("only") else { return };
    let host = server.host();
    block_on(async {
        for session in 0..5 {
            let seen = reply(ask(&host, "POST", "/last", json!(1)).await);
            assert_eq!(seen["session"], session);
        }
    });
}
