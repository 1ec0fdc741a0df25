//! A scripted service on loopback: each request, read, gets the answer that the test says.

use serde_json::Value;

use crate::support::{Answer, Message, RawServer, reply};

/// A scripted service.
pub(super) struct Service(RawServer);

impl Service {
    pub(super) fn start(answer: impl Fn(&Message) -> Answer + Send + Sync + 'static) -> Service {
        Service(RawServer::start(move |_, bytes| {
            answer(&Message::parse(&String::from_utf8_lossy(bytes)))
        }))
    }

    pub(super) fn url(&self) -> &str {
        &self.0.url
    }

    /// What was asked, oldest first.
    pub(super) fn asked(&self) -> Vec<Message> {
        self.0.requests().iter().map(|text| Message::parse(text)).collect()
    }

    /// The same in short: `POST /token`.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |asked: &Message| format!("{} {}", asked.method(), asked.target());
        self.asked().iter().map(line).collect()
    }
}

/// A reply with a JSON body.
pub(super) fn json_reply(status: &str, body: &Value) -> Answer {
    Answer::Bytes(reply(status, "application/json", body.to_string().as_bytes()))
}
