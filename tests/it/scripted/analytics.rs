//! A project's profiles and events.

use serde_json::{Value, json};

use super::{Answered, Asked, Model};

/// The service.
#[derive(Clone, Debug, Default)]
pub struct Analytics {
    /// Profiles that it refuses, with its words.
    pub refused: Vec<(String, &'static str)>,
    /// The events; of several with the same Insert ID the first is kept.
    pub events: Vec<Value>,
    /// How many searches find nothing yet.
    pub blind: usize,
}

impl Model for Analytics {
    fn answer(&mut self, asked: &Asked, _: &Value) -> Answered {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let record = &asked.body[0];
        match (asked.method.as_str(), path.rsplit('/').next().unwrap_or_default()) {
            ("POST", "engage") => {
                let id = record["$distinct_id"].as_str().unwrap_or_default();
                let refused = self.refused.iter().find(|(refused, _)| refused == id);
                match refused {
                    Some((_, why)) => Answered::json(200, &json!({ "error": why, "status": 0 })),
                    None => Answered::json(200, &json!({ "error": "", "status": 1 })).wrote(),
                }
            }
            ("POST", "track") => {
                let id = |event: &Value| event["properties"]["$insert_id"].clone();
                if !self.events.iter().any(|event| id(event) == id(record)) {
                    let mut kept = record.clone();
                    // The token is the project's, and no property of the event.
                    kept["properties"].as_object_mut().unwrap().shift_remove("token");
                    self.events.push(kept);
                }
                Answered::json(200, &json!({ "error": "", "status": 1 })).wrote()
            }
            ("GET", "export" | "") => {
                if self.blind > 0 {
                    self.blind -= 1;
                    return text("");
                }
                let wanted = |event: &Value| {
                    let name = event["event"].as_str().unwrap_or_default();
                    let names: Value = value(query, "event").parse().unwrap_or_default();
                    names.as_array().is_some_and(|names| names.iter().any(|own| own == name))
                };
                let found = self.events.iter().filter(|event| wanted(event));
                text(&found.map(|event| format!("{event}\n")).collect::<String>())
            }
            _ => Answered::error(404, "no such operation"),
        }
    }
}

fn text(body: &str) -> Answered {
    let headers = vec![("content-type", "text/plain".to_owned())];
    Answered { status: 200, headers, body: body.to_owned(), wrote: false }
}

/// A parameter of a query, decoded.
pub fn value(query: &str, name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
