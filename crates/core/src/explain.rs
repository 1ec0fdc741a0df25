//! Where each part of a planned request came from, in the words of the definitions.

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};

use crate::definition::Definition;
use crate::plan::Plan;
use crate::template::{Template, ValueTemplate};

/// Part of the request and where it came from, in the order of the request.
#[must_use]
pub fn origins(definition: &Definition, plan: &Plan) -> Vec<(String, String)> {
    let card = &definition.card;
    let request = &card.request;
    let mut from = vec![
        ("method".to_owned(), template(&request.method)),
        ("url.base".to_owned(), plan.base_from.clone()),
        ("url.path".to_owned(), template(&request.path)),
    ];
    if let Some(query) = &request.query
        && plan.request.url.query().is_some()
    {
        parameters("url.query", query, &mut from);
    }
    for (name, origin) in
        [("accept", "cardhost"), ("accept-encoding", "cardhost"), ("user-agent", "cardhost")]
    {
        from.push((format!("headers.{name}"), origin.to_owned()));
    }
    // Three of our own, and perhaps credentials and a content type; what is more is the card's.
    let ours = [ACCEPT, ACCEPT_ENCODING, USER_AGENT, AUTHORIZATION, CONTENT_TYPE];
    if let Some(headers) = &request.headers
        && plan.request.headers.keys().any(|name| !ours.contains(name))
    {
        parameters("headers", headers, &mut from);
    }
    if plan.request.headers.contains_key(AUTHORIZATION) {
        from.push(("headers.authorization".to_owned(), format!("auth method `{}`", plan.auth)));
    }
    if let (Some(body), Some(sent)) = (&request.body, &plan.request.body) {
        from.push((
            "headers.content-type".to_owned(),
            format!("{:?} body", sent.kind).to_lowercase(),
        ));
        if let Some(json) = &body.json {
            parameters("body", json, &mut from);
        }
        if let Some(form) = &body.form {
            parameters("body", form, &mut from);
        }
        if let Some(text) = &body.text {
            from.push(("body".to_owned(), template(text)));
        }
    }
    from
}

/// One line a part; parts without a template come from the card itself.
fn parameters(place: &str, value: &ValueTemplate, from: &mut Vec<(String, String)>) {
    let before = from.len();
    value.each("", &mut |found, pointer| {
        from.push((format!("{place}{}", pointer.replace('/', ".")), template(found)));
    });
    if from.len() == before {
        from.push((place.to_owned(), "the card".to_owned()));
    }
}

fn template(template: &Template) -> String {
    let references: Vec<String> =
        template.references().into_iter().map(ToString::to_string).collect();
    if references.is_empty() { "the card".to_owned() } else { references.join(", ") }
}
