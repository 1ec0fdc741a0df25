//! Services that remember: what is made at them is there from then on, and they tell what they saw and what they did.
//!
//! ```text
//! a request ─▶ Book ─ counted, kept as seen ─▶ Model ─▶ a reply; a write that is accepted is kept as done
//!    in process: `Book::transport`, for the pure interpreter
//!    on loopback: `Service`, a relay that Prism judges for, and that can be told to stop in the middle of a request
//! ```
//! A model lays its state over a sample, which is what Prism answers where there is one: what the model does not
//! know about is as the description of the service has it.

pub mod analytics;
mod relay;
mod tests;
pub mod warehouse;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cardhost::Reply;
use cardhost::transport::MemoryTransport;
use http::HeaderMap;
use serde_json::{Value, json};

pub use relay::{Misbehaviour, Service};

/// A request, as far as a model looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub method: String,
    /// Below the base URL, with the query.
    pub path: String,
    /// JSON, or null.
    pub body: Value,
}

impl Asked {
    /// `POST /projects/1/warehouse-sources {"name":"Orders"}`
    pub fn line(&self) -> String {
        match &self.body {
            Value::Null => format!("{} {}", self.method, self.path),
            body => format!("{} {} {body}", self.method, self.path),
        }
    }
}

/// What a model answers.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Whether a write was carried out.
    pub wrote: bool,
}

impl Answered {
    /// A reply with JSON.
    pub fn json(status: u16, body: &Value) -> Answered {
        let headers = vec![("content-type", "application/json".to_owned())];
        Answered { status, headers, body: body.to_string(), wrote: false }
    }

    /// An error as Mixpanel writes it.
    pub fn error(status: u16, error: &str) -> Answered {
        Answered::json(status, &json!({ "error": error, "status": "error" }))
    }

    /// A write that was carried out.
    pub fn wrote(self) -> Answered {
        Answered { wrote: true, ..self }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Answered {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// The state of a service. A clone is what a service falls back to where a reply that changed nothing was not delivered.
pub trait Model: Clone + Send + 'static {
    /// Carries a request out; `sample` is what the judge answered, null where there is none.
    fn answer(&mut self, asked: &Asked, sample: &Value) -> Answered;
}

/// A model, and what it was asked and did.
#[derive(Debug)]
pub struct Book<M> {
    pub model: M,
    seen: Vec<Asked>,
    done: Vec<Asked>,
    faults: HashMap<usize, Answered>,
}

/// A book that several threads write into.
pub type Shared<M> = Arc<Mutex<Book<M>>>;

impl<M: Model> Book<M> {
    pub fn new(model: M) -> Shared<M> {
        let book = Book { model, seen: Vec::new(), done: Vec::new(), faults: HashMap::new() };
        Arc::new(Mutex::new(book))
    }

    /// Answers the request of that number, the first one being 0, otherwise than the model would; nothing is carried out.
    pub fn instead(&mut self, number: usize, answer: Answered) {
        self.faults.insert(number, answer);
    }

    /// Keeps a request as seen; its number.
    fn see(&mut self, asked: &Asked) -> usize {
        self.seen.push(asked.clone());
        self.seen.len() - 1
    }

    /// Carries a request out that was seen.
    fn carry_out(&mut self, number: usize, asked: &Asked, sample: &Value) -> Answered {
        let answered = match self.faults.remove(&number) {
            Some(answered) => answered,
            None => self.model.answer(asked, sample),
        };
        if answered.wrote {
            self.done.push(asked.clone());
        }
        answered
    }

    /// Every request, in the order in which they came.
    pub fn seen(&self) -> Vec<String> {
        self.seen.iter().map(Asked::line).collect()
    }

    /// Every write that was carried out.
    pub fn done(&self) -> Vec<String> {
        self.done.iter().map(Asked::line).collect()
    }

    /// The model as a transport, without a network and without a judge.
    pub fn transport(shared: &Shared<M>) -> MemoryTransport {
        let shared = Arc::clone(shared);
        MemoryTransport::new(move |request| {
            let body = request.body.as_ref().and_then(|body| body.bytes());
            let body = body.map(|bytes| &**bytes).unwrap_or_default();
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let asked = Asked {
                method: request.method.to_string(),
                path: format!("{}{query}", request.url.path()),
                body: serde_json::from_slice(body).unwrap_or_default(),
            };
            let mut book = open(&shared);
            let number = book.see(&asked);
            let answered = book.carry_out(number, &asked, &Value::Null);
            let mut headers = HeaderMap::new();
            for (name, value) in answered.headers {
                headers.insert(name, value.parse().unwrap());
            }
            Ok(Reply::new(answered.status, headers, answered.body))
        })
    }
}

/// The book, also after a test has failed with it in its hands.
pub fn open<M>(shared: &Shared<M>) -> MutexGuard<'_, Book<M>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `over` laid over `sample`: its keys win, and a key that is null is taken away.
fn laid_over(sample: &Value, over: &Value) -> Value {
    let mut all = sample.as_object().cloned().unwrap_or_default();
    for (key, value) in over.as_object().unwrap() {
        match value {
            Value::Null => drop(all.shift_remove(key)),
            value => drop(all.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(all)
}

/// The sample of an item of the list `results`.
fn item(sample: &Value) -> &Value {
    &sample["results"][0]
}
