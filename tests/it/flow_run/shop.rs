//! A connector of our own and the service behind it, in memory.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use cardhost::catalog::MemorySource;
use cardhost::core::call::Treatment;
use cardhost::core::transport_fault::TransportFault;
use cardhost::flow::Flow;
use cardhost::transport::{BoxFuture, Transport};
use cardhost::{Host, HostBuilder, Reply, RequestSpec};
use serde_json::{Value, json};

pub const SECRET: &str = "canary-shop-5ecret";

/// The cards: `get` reads, `put` is idempotent, `order` writes, `pay` and `note` write with an idempotency key.
fn source() -> MemorySource {
    let connector = json!({
        "format": 1, "name": "shop", "title": "Shop", "version": "1.0.0",
        "connection": { "fields": { "Token": { "type": "secret", "required": true } } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": { "api": { "base": "https://shop.example/v1", "auth": ["token"] } },
    });
    let all = MemorySource::new().with("shop/connector", connector.to_string());
    let cards = [
        ("get", "GET", "read", Value::Null),
        ("put", "PUT", "idempotent", Value::Null),
        ("order", "POST", "write", Value::Null),
        ("pay", "POST", "write", json!({ "header": "Idempotency-Key" })),
        ("note", "POST", "write", json!({ "input": "Order.Key" })),
    ];
    cards.into_iter().fold(all, |all, (name, method, effect, key)| {
        let mut card = json!({
            "format": 1, "name": name, "title": name, "version": "1.0.0",
            "input": { "Order": {
                "ID": { "type": "text", "required": true },
                "Note": { "type": "text" },
                "Key": { "type": "text" },
            } },
            "request": { "target": "api", "method": method, "path": "/<<input.Order.ID>>" },
            "effect": effect,
            "output": { "Response": {
                "Status": { "type": "number", "value": "<<response.status>>" },
                "Body": { "type": "any", "value": "<<response.body>>" },
            } },
        });
        if method != "GET" {
            card["request"]["body"] =
                json!({ "json": { "note": "<<input.Order.Note?>>", "key": "<<input.Order.Key?>>" } });
        }
        if !key.is_null() {
            card["idempotencyKey"] = key;
        }
        all.with(&format!("shop/{name}"), card.to_string())
    })
}

/// What the service was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub key: Option<String>,
    pub body: Value,
}

type Sent = Result<Reply, TransportFault>;
type Answer = dyn Fn(usize, Asked) -> BoxFuture<'static, Sent> + Send + Sync;

/// The service: keeps what it is asked, and answers.
#[derive(Clone)]
pub struct Shop {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Answer>,
}

impl Shop {
    /// Answers the n-th request, counted from 0.
    pub fn new(
        answer: impl Fn(usize, Asked) -> BoxFuture<'static, Sent> + Send + Sync + 'static,
    ) -> Shop {
        Shop { asked: Arc::default(), answer: Arc::new(answer) }
    }

    /// Answers each request with its path.
    pub fn echo() -> Shop {
        Shop::at_once(|_, asked| ok(json!({ "path": asked.path })))
    }

    /// Answers at once.
    pub fn at_once(answer: impl Fn(usize, Asked) -> Reply + Send + Sync + 'static) -> Shop {
        Shop::new(move |n, asked| {
            let reply = answer(n, asked);
            Box::pin(async move { Ok(reply) })
        })
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }

    pub fn builder(&self) -> HostBuilder {
        let fields = json!({ "Token": SECRET }).as_object().unwrap().clone();
        Host::builder()
            .cards(source())
            .transport(self.clone())
            .default_connection("shop.json", fields)
    }

    pub fn host(&self) -> Host {
        self.builder().build()
    }
}

impl Transport for Shop {
    fn send<'a>(&'a self, request: &'a RequestSpec, _: Treatment) -> BoxFuture<'a, Sent> {
        let body = request.body.as_ref().and_then(|body| body.bytes());
        let body = body.map(|bytes| serde_json::from_slice(bytes).unwrap());
        let key =
            request.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let asked = Asked {
            method: request.method.to_string(),
            path: request.url.path().trim_start_matches("/v1").to_owned(),
            key,
            body: body.unwrap_or_default(),
        };
        let mut all = self.asked.lock().unwrap();
        all.push(asked.clone());
        (self.answer)(all.len() - 1, asked)
    }
}

pub fn ok(body: Value) -> Reply {
    status(200, body)
}

pub fn status(status: u16, body: Value) -> Reply {
    let mut reply = Reply::new(status, Default::default(), body.to_string());
    reply.headers.insert("content-type", "application/json".parse().unwrap());
    reply
}

/// A flow of some tasks: YAML of a list, indented by two.
pub fn flow(tasks: &str) -> Flow {
    load(&format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: test, version: 1.0.0 }}\n{tasks}"
    ))
}

pub fn load(text: &str) -> Flow {
    Flow::load("flows/test.yaml", text).unwrap_or_else(|findings| {
        panic!(
            "{:?}",
            findings.iter().map(|f| (f.message(), f.place.line_column)).collect::<Vec<_>>()
        )
    })
}

/// `call: CARD@shop` with an id, an expression.
pub fn call(card: &str, id: &str) -> String {
    format!("{{ call: {card}@shop, with: {{ input: {{ Order: {{ ID: '{id}' }} }} }} }}")
}

/// Runs on one thread, as the command does.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Ends after so many polls, whatever it has come to.
pub struct CutOff<F> {
    pub future: Pin<Box<F>>,
    pub polls: usize,
}

impl<F: Future> Future for CutOff<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}
