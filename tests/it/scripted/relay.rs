//! A scripted service on loopback, which can be told to stop in the middle of a request.
//!
//! ```text
//! cardhost ─▶ relay ─▶ judge (Prism), where there is one: what it refuses is refused
//!               └────▶ model ─▶ its state over the judge's reply
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::{Answered, Asked, Book, Model, Shared, open};
use crate::support::{Answer, Message, RawServer, exchange};

/// A test that waits longer than this has failed.
const LONG: Duration = Duration::from_secs(60);

/// How a request is held, and who waits for that told, so that the client can be killed at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The request was read, and nothing else.
    BeforeDoing,
    /// It was carried out, and the reply is withheld.
    AfterDoing,
    /// It was carried out, and half of the reply is sent.
    HalfReply,
    /// It was carried out, and the whole reply is sent: the client may go on, until it hears that it is to be killed.
    AfterReply,
}

impl Misbehaviour {
    pub const WITHOUT_REPLY: [Misbehaviour; 3] =
        [Misbehaviour::BeforeDoing, Misbehaviour::AfterDoing, Misbehaviour::HalfReply];
}

/// A service on loopback.
pub struct Service<M> {
    relay: RawServer,
    book: Shared<M>,
    orders: Arc<Mutex<HashMap<usize, Misbehaviour>>>,
    held: Receiver<()>,
}

impl<M: Model> Service<M> {
    /// A service; requests are judged by what is at `judge`, the base URL of a Prism.
    pub fn start(model: M, judge: Option<&str>) -> Service<M> {
        let book = Book::new(model);
        let orders = Arc::new(Mutex::new(HashMap::new()));
        let (tell, held) = channel();
        let desk = Desk {
            book: Arc::clone(&book),
            orders: Arc::clone(&orders),
            judge: judge.map(str::to_owned),
            tell,
        };
        let relay = RawServer::start(move |_, request| desk.answer(request));
        Service { relay, book, orders, held }
    }

    /// For `--base`.
    pub fn url(&self) -> &str {
        &self.relay.url
    }

    /// What it has written down so far; nothing is under way any more.
    pub fn book(&self) -> MutexGuard<'_, Book<M>> {
        self.relay.rest();
        open(&self.book)
    }

    /// Does not answer the request of that number, the first one being 0.
    pub fn misbehave(&self, number: usize, how: Misbehaviour) {
        self.orders.lock().unwrap().insert(number, how);
    }

    /// Waits until a request is held.
    pub fn wait_for_held(&self) {
        self.held.recv_timeout(LONG).expect("a request that is held");
    }
}

/// Where requests come in.
struct Desk<M> {
    book: Shared<M>,
    orders: Arc<Mutex<HashMap<usize, Misbehaviour>>>,
    judge: Option<String>,
    tell: Sender<()>,
}

impl<M: Model> Desk<M> {
    fn answer(&self, request: &[u8]) -> Answer {
        // A client that was killed while it connected.
        if request.is_empty() {
            return Answer::Bytes(Vec::new());
        }
        let message = Message::parse(&String::from_utf8_lossy(request));
        let asked = Asked {
            method: message.method().to_owned(),
            path: message.target().to_owned(),
            body: serde_json::from_str(&message.body).unwrap_or_default(),
        };
        let mut book = open(&self.book);
        let number = book.see(&asked);
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        if orders == Some(Misbehaviour::BeforeDoing) {
            return Answer::Hold(Vec::new(), self.tell.clone());
        }
        let before = book.model.clone();
        let answered = match self.judged(request) {
            Ok(sample) => book.carry_out(number, &asked, &sample),
            Err(refusal) => return Answer::Bytes(refusal),
        };
        let bytes = bytes(&answered);
        let Some(how) = orders else { return Answer::Bytes(bytes) };
        if !answered.wrote && how != Misbehaviour::AfterReply {
            // Nobody has heard of it: it comes again, and is answered as now.
            book.model = before;
        }
        let sent = match how {
            Misbehaviour::AfterReply => bytes,
            Misbehaviour::HalfReply => bytes[..bytes.len() / 2].to_vec(),
            _ => Vec::new(),
        };
        Answer::Hold(sent, self.tell.clone())
    }

    /// The judge's sample of a reply, or its refusal.
    fn judged(&self, request: &[u8]) -> Result<Value, Vec<u8>> {
        let Some(judge) = &self.judge else { return Ok(Value::Null) };
        let line_end = request.windows(2).position(|pair| pair == b"\r\n").unwrap_or(0) + 2;
        let (line, rest) = request.split_at(line_end);
        let reply = exchange(judge, &[line, b"connection: close\r\n", rest].concat());
        let message = Message::parse(&String::from_utf8_lossy(&reply));
        match message.status() {
            200..=299 => Ok(serde_json::from_str(&message.body).unwrap_or_default()),
            _ => Err(reply),
        }
    }
}

fn bytes(answered: &Answered) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} scripted\r\n", answered.status);
    for (name, value) in &answered.headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let length = answered.body.len();
    let _ = write!(text, "content-length: {length}\r\nconnection: close\r\n\r\n{}", answered.body);
    text.into_bytes()
}
