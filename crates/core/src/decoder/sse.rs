//! Server-Sent Events (the HTML standard, section 9.2) as a list of events.

use serde_json::{Map, Value};

use super::json::looked_at;
use super::text::json_text;
use super::{Asked, DecodeFault, DecodedBody, Decoder, MediaType};

/// Server-Sent Events.
pub(super) struct Sse;

impl Decoder for Sse {
    fn name(&self) -> &'static str {
        "sse"
    }

    fn about(&self) -> &'static str {
        "Server-Sent Events as a list of `{event, id, data, retry}`."
    }

    fn reads(&self, media_type: &str) -> bool {
        media_type.eq_ignore_ascii_case("text/event-stream")
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        looked_at(events(&json_text(body, kind)?).into(), asked.look)
    }

    /// A stream that ended before an event.
    fn nothing<'b>(&self, asked: Asked<'b>) -> Result<DecodedBody<'b>, DecodeFault> {
        looked_at("[]".into(), asked.look)
    }
}

/// An event as it comes together.
#[derive(Default)]
struct Event {
    name: String,
    data: String,
    retry: Option<u64>,
    /// Whether a line said something of it.
    said: bool,
}

/// The events as the text of a list. One whose empty line never came is told as well: the stream is over, and what it said is not lost.
fn events(text: &str) -> String {
    let mut list = String::from("[");
    let (mut event, mut id) = (Event::default(), String::new());
    for line in lines(text) {
        if line.is_empty() {
            push(&mut list, std::mem::take(&mut event), &id);
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event.name = value.to_owned(),
            "data" => {
                if event.said {
                    event.data.push('\n');
                }
                event.data.push_str(value);
                event.said = true;
            }
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                event.retry = value.parse().ok();
            }
            // A comment, or a field that nobody knows.
            _ => {}
        }
    }
    push(&mut list, event, &id);
    list.push(']');
    list
}

/// One more event; without data it is none.
fn push(list: &mut String, event: Event, id: &str) {
    if !event.said {
        return;
    }
    let mut map = Map::new();
    let name = if event.name.is_empty() { "message" } else { event.name.as_str() };
    map.insert("event".into(), Value::from(name));
    if !id.is_empty() {
        map.insert("id".into(), Value::from(id));
    }
    map.insert("data".into(), Value::from(event.data));
    if let Some(retry) = event.retry {
        map.insert("retry".into(), Value::from(retry));
    }
    if list.len() > 1 {
        list.push(',');
    }
    list.push_str(&Value::Object(map).to_string());
}

/// The lines of a stream, which end with CR LF, LF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr2(b'\r', b'\n', rest.as_bytes()) else {
            return Some(std::mem::take(&mut rest));
        };
        let line = &rest[..end];
        let after = &rest[end..];
        rest = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_browsers_do() {
        for (text, expected) in [
            // The examples of the HTML standard, section 9.2.6.
            (
                "data: YHOO\ndata: +2\ndata: 10\n\n",
                r#"[{"event":"message","data":"YHOO\n+2\n10"}]"#,
            ),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
                r#"[{"event":"message","id":"1","data":"first event"},{"event":"message","data":"second event"},{"event":"message","data":" third event"}]"#,
            ),
            (
                "data\n\ndata\ndata\n\n",
                r#"[{"event":"message","data":""},{"event":"message","data":"\n"}]"#,
            ),
            (
                "data:test\n\ndata: test\n\n",
                r#"[{"event":"message","data":"test"},{"event":"message","data":"test"}]"#,
            ),
            (
                "event: add\r\ndata: {\"a\":1}\r\nretry: 3000\r\n\r\nevent: end\rdata: [DONE]\r\r",
                r#"[{"event":"add","data":"{\"a\":1}","retry":3000},{"event":"end","data":"[DONE]"}]"#,
            ),
            // An id holds until another one comes; what is no number is no time.
            (
                "id: 7\nretry: soon\ndata: a\n\ndata: b\n\nevent: x\n\n",
                r#"[{"event":"message","id":"7","data":"a"},{"event":"message","id":"7","data":"b"}]"#,
            ),
            // The stream ended in an event.
            (
                "data: a\n\ndata: b",
                r#"[{"event":"message","data":"a"},{"event":"message","data":"b"}]"#,
            ),
            (": nothing\n", "[]"),
        ] {
            assert_eq!(events(text), expected, "{text:?}");
        }
    }
}
