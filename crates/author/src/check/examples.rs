//! Examples and anti-examples: planned, answered with their replies, and compared; nothing is sent.
//!
//! Whatever is shown of them has been through the redactor of their plan.

use std::sync::Arc;

use serde_json::Value;

use super::Tally;
use super::example_secrets;
use super::fault::DefinitionFault;
use super::findings::Findings;
use super::offers::Siblings;
use crate::sample;
use cardhost_core::call::{Outcome, PAGES, Signed, Step};
use cardhost_core::card::{AntiExample, Example, ExampleReply, ExampleRequest};
use cardhost_core::definition::Definition;
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::failure::Error;
use cardhost_core::pages::Ended;
use cardhost_core::plan::{Plan, Warning};
use cardhost_core::request::{BodyKind, RequestSpec, without_boundary};
use cardhost_core::secret::Redactor;
use cardhost_document::Malformed;

/// Checks the samples of a card; `run` says whether there is any use in running them.
pub(super) fn check(
    (definition, siblings): (Definition, &Siblings),
    run: bool,
    tally: &mut Tally,
    findings: &mut Findings<'_>,
) {
    let samples =
        definition.examples().and_then(|examples| Ok((examples, definition.card.anti_examples()?)));
    let (examples, anti_examples) = match samples {
        Ok(samples) => samples,
        Err(error) => {
            let fault = DefinitionFault::Refused { reason: error.to_string() };
            return findings.at(Code::DEFINITION_VALUE, "/examples", fault);
        }
    };
    if examples.is_empty() {
        findings.warn(Code::DEFINITION_MISSING_KEY, "", DefinitionFault::NoExample);
    }
    let codes = examples.iter().enumerate().filter_map(|(index, example)| {
        example.error.as_ref().map(|code| (format!("/examples/{index}/error"), code))
    });
    let anti_codes = anti_examples
        .iter()
        .enumerate()
        .map(|(index, anti)| (format!("/antiExamples/{index}/error"), &anti.error));
    for (pointer, code) in codes.chain(anti_codes) {
        known_code(code, &pointer, findings);
    }
    if !run || findings.has_errors() {
        return;
    }
    let definition = Arc::new(definition);
    for (index, example) in examples.iter().enumerate() {
        tally.examples += 1;
        let plan = sample::plan_example(&definition, example).ok();
        example_secrets::check(&definition, index, example, plan.as_ref(), findings);
        let pointer = format!("/examples/{index}");
        Sample { definition: &definition, siblings, pointer, code: Code::EXAMPLE_FAILED, findings }
            .example(example);
    }
    for (index, anti) in anti_examples.iter().enumerate() {
        tally.anti_examples += 1;
        let pointer = format!("/antiExamples/{index}");
        let code = Code::ANTI_EXAMPLE_FAILED;
        Sample { definition: &definition, siblings, pointer, code, findings }
            .anti_example(anti, examples.first());
    }
}

fn known_code(code: &str, pointer: &str, findings: &mut Findings<'_>) {
    let known = Code::all().iter().any(|known| known.as_str() == code);
    if !known && Code::for_reply(code).is_none() {
        let all: Vec<String> = Code::all().iter().map(ToString::to_string).collect();
        let expected = match cardhost_core::text::nearest(code, all.iter().map(String::as_str)) {
            Some(_) => all,
            None => near_codes(code, &all),
        };
        let fault =
            Malformed::Choice { what: "error code", expected, found: code.to_owned() }.into();
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

/// The codes that begin as one does that nobody has; the beginnings of those that a call can end with where there is none.
fn near_codes(code: &str, all: &[String]) -> Vec<String> {
    const OF_CALLS: [&str; 15] = [
        "auth",
        "connection",
        "egress",
        "header",
        "http",
        "input",
        "invocation",
        "method",
        "options",
        "query",
        "response",
        "target",
        "template",
        "transport",
        "url",
    ];
    let (begin, _) = code.split_once('.').unwrap_or((code, ""));
    let begins = |known: &&String| known.split_once('.').is_some_and(|(of, _)| of == begin);
    let alike: Vec<String> = all.iter().filter(begins).cloned().collect();
    if alike.is_empty() { OF_CALLS.map(|begin| format!("{begin}.…")).to_vec() } else { alike }
}

/// One sample that is run.
struct Sample<'s, 'd> {
    definition: &'s Arc<Definition>,
    siblings: &'s Siblings,
    pointer: String,
    code: Code,
    findings: &'s mut Findings<'d>,
}

impl Sample<'_, '_> {
    fn example(&mut self, example: &Example) {
        let plan = match sample::plan_example(self.definition, example) {
            Ok(plan) => plan,
            Err(error) => return self.ended(&error, example.error.as_deref()),
        };
        if let Some(request) = &example.request {
            self.request(request, &plan.request);
        }
        let Some(reply) = &example.reply else {
            if let Some(expected) = &example.error {
                let fault =
                    DefinitionFault::Succeeds { expected: expected.clone(), replied: false };
                self.fault("/error", fault);
            }
            if example.output.is_some() {
                self.fault("/output", DefinitionFault::NoReply);
            }
            return;
        };
        let redactor = Arc::clone(&plan.request.redactor);
        let answered = match self.answer(plan, reply) {
            Some(Ok(outcome)) => self.waited(outcome, example),
            other => other,
        };
        let outcome = match answered {
            Some(Ok(outcome)) => outcome,
            Some(Err(error)) => return self.ended(&error, example.error.as_deref()),
            None => return,
        };
        if let Some(expected) = &example.error {
            let fault = DefinitionFault::Succeeds { expected: expected.clone(), replied: true };
            return self.fault("/error", fault);
        }
        let no_way = outcome.warnings.iter().find(|it| matches!(it, Warning::NoNextPage { .. }));
        if let Some(warning) = no_way {
            self.fault("/reply", DefinitionFault::Refused { reason: warning.to_string() });
        }
        let output = outcome.output.to_value().map(|mut output| {
            // What a run has of pages is compared where the example says it.
            let says = example.output.as_ref().is_some_and(|said| said.get(PAGES).is_some());
            if let Some(groups) = output.as_object_mut().filter(|_| !says) {
                groups.shift_remove(PAGES);
            }
            output
        });
        match (output, &example.output) {
            (Ok(found), Some(expected)) => {
                self.same("/output", "output", expected, &found, &|text| {
                    redactor.redact(text).into_owned()
                })
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                self.fault("/reply", DefinitionFault::Refused { reason: error.to_string() })
            }
        }
    }

    fn anti_example(&mut self, anti: &AntiExample, first: Option<&Example>) {
        let plan = match sample::plan_anti_example(self.definition, anti, first) {
            Ok(plan) => plan,
            Err(error) => return self.ended(&error, Some(&anti.error)),
        };
        let expected = anti.error.clone();
        match &anti.reply {
            None => self.fault("/error", DefinitionFault::Succeeds { expected, replied: false }),
            Some(reply) => match self.answer(plan, reply) {
                Some(Ok(_)) => {
                    self.fault("/error", DefinitionFault::Succeeds { expected, replied: true })
                }
                Some(Err(error)) => self.ended(&error, Some(&anti.error)),
                None => {}
            },
        }
    }

    /// What becomes of work that goes on; `None` where it does not end, or nobody can tell, which may be a fault.
    fn waited(
        &mut self,
        mut outcome: Outcome,
        example: &Example,
    ) -> Option<Result<Outcome, Error>> {
        let asks_another = self.definition.card.until.as_ref().is_some_and(|it| it.card.is_some());
        for (index, reply) in example.polls.iter().enumerate() {
            let place = format!("/polls/{index}");
            let Some(polling) = outcome.polling.take() else {
                self.fault(&place, DefinitionFault::NotAsked);
                return None;
            };
            let named = |name: &str| match asks_another {
                true => self.siblings.as_ref()?.get(name).cloned(),
                false => Some(Arc::clone(self.definition)),
            };
            // A card that is not there is told of elsewhere.
            let signed = match sample::poll(polling, example, &named)? {
                Ok(signed) => signed,
                Err(error) => return Some(Err(error)),
            };
            match self.on_reply(signed, reply, &place)? {
                Ok(next) => outcome = next,
                Err(error) => return Some(Err(error)),
            }
        }
        if outcome.polling.is_some() {
            let place =
                if example.polls.is_empty() { "/reply".to_owned() } else { "/polls".to_owned() };
            self.fault(&place, DefinitionFault::NotDone);
            return None;
        }
        Some(Ok(outcome))
    }

    /// What the card makes of a reply; `None` where it would send another request, which is a fault.
    fn answer(&mut self, plan: Plan, reply: &ExampleReply) -> Option<Result<Outcome, Error>> {
        let signed = Signed::shown(Arc::clone(self.definition), plan);
        self.on_reply(signed, reply, "/reply")
    }

    fn on_reply(
        &mut self,
        signed: Signed,
        reply: &ExampleReply,
        place: &str,
    ) -> Option<Result<Outcome, Error>> {
        let answered = |signed: Signed| signed.on_reply(sample::reply(reply), &sample::MOMENT);
        let mut step = answered(signed);
        if let Step::Sign(unsigned) = step {
            // With another token the service answers the same.
            step = match unsigned.sign(None, &sample::MOMENT) {
                Ok(signed) => answered(signed),
                Err(error) => return Some(Err(error)),
            };
        }
        match step {
            Step::Done(result) => Some(result),
            // The service answers the same again.
            Step::Wait(waiting) => Some(waiting.end()),
            Step::Page(paged) => Some(paged.stop(Ended::Limit)),
            Step::Send(_) | Step::Sign(_) => {
                self.fault(place, DefinitionFault::Redirected);
                None
            }
        }
    }

    /// An error came: it is the one that was to come, or a fault.
    fn ended(&mut self, error: &Error, expected: Option<&str>) {
        if expected == Some(error.code().as_str()) {
            return;
        }
        let place = match expected {
            Some(_) => "/error".to_owned(),
            None => self.place_of(error),
        };
        let fault = DefinitionFault::Fails {
            expected: expected.map(str::to_owned),
            code: error.code().clone(),
            message: error.message(),
        };
        self.fault(&place, fault);
    }

    /// The part of the sample that an error is about.
    fn place_of(&self, error: &Error) -> String {
        let pointer = error.place().pointer.replacen("/connection/fields", "/connection", 1);
        let part = pointer.split('/').nth(1).unwrap_or_default();
        if matches!(part, "connection" | "options" | "input" | "output")
            && self.findings.document().has(&format!("{}/{part}", self.pointer))
        {
            return pointer;
        }
        if error.response().is_some() { "/reply".to_owned() } else { "/name".to_owned() }
    }

    fn request(&mut self, expected: &ExampleRequest, found: &RequestSpec) {
        let redact = |text: &str| found.redactor.redact(text).into_owned();
        if let Some(method) = &expected.method {
            self.same_text("/request/method", "method", method, found.method.as_str(), &redact);
        }
        if let Some(url) = &expected.url {
            self.same_text("/request/url", "url", url, found.url.as_str(), &redact);
        }
        for (name, value) in &expected.headers {
            let mut place = "/request/headers".to_owned();
            push_pointer(&mut place, name);
            let values = found.headers.get_all(name.as_str()).iter();
            let values: Vec<_> = values.map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
            let what = format!("header `{name}`");
            if values.is_empty() {
                self.differs(&place, &what, quoted(&redact(value)), "not sent".to_owned());
            } else {
                let values = values.join(", ");
                let values = match name.eq_ignore_ascii_case("content-type") {
                    true => without_boundary(&values),
                    false => &values,
                };
                self.same_text(&place, &what, value, values, &redact);
            }
        }
        self.body(expected, found, &redact);
    }

    /// A body that is left out is not looked at; a form may be given as an object.
    fn body(&mut self, expected: &ExampleRequest, found: &RequestSpec, redact: &Redact<'_>) {
        match (&expected.body, &found.body) {
            (None, _) => {}
            (Some(expected), None) => {
                let expected = shown(expected, redact);
                self.differs("/request/body", "body", expected, "not sent".to_owned());
            }
            (Some(expected), Some(body)) => {
                let json = match (body.kind, body.bytes()) {
                    (BodyKind::Json, Some(bytes)) => serde_json::from_slice(bytes).ok(),
                    (BodyKind::Form, Some(bytes)) if expected.is_object() => Some(form(bytes)),
                    _ => None,
                };
                let value = json.unwrap_or_else(|| body.to_json(&Redactor::new()));
                self.same("/request/body", "body", expected, &value, redact);
            }
        }
    }

    fn same_text(
        &mut self,
        place: &str,
        what: &str,
        expected: &str,
        found: &str,
        redact: &Redact<'_>,
    ) {
        if expected != found {
            self.differs(place, what, quoted(&redact(expected)), quoted(&redact(found)));
        }
    }

    fn same(
        &mut self,
        place: &str,
        what: &str,
        expected: &Value,
        found: &Value,
        redact: &Redact<'_>,
    ) {
        if let Some(difference) = first_difference(expected, found) {
            let (path, expected, found) = difference;
            let show = |value: Option<&Value>| {
                value.map_or("absent".to_owned(), |value| shown(value, redact))
            };
            let what = match path.as_str() {
                "" => what.to_owned(),
                path => format!("{what} at `{}`", redact(path)),
            };
            self.differs(&format!("{place}{path}"), &what, show(expected), show(found));
        }
    }

    fn differs(&mut self, place: &str, what: &str, expected: String, found: String) {
        self.fault(place, DefinitionFault::Differs { what: what.to_owned(), expected, found });
    }

    fn fault(&mut self, place: &str, fault: DefinitionFault) {
        self.findings.at(self.code.clone(), &format!("{}{place}", self.pointer), fault);
    }
}

type Redact<'r> = dyn Fn(&str) -> String + 'r;

/// A form as an object: texts by their names, of several with one name a list.
fn form(text: &[u8]) -> Value {
    let mut form = serde_json::Map::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match form.get_mut(name.as_ref()) {
            None => drop(form.insert(name.into_owned(), value)),
            Some(Value::Array(items)) => items.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(form)
}

/// The first place where two values differ: its JSON Pointer, and what each has there.
fn first_difference<'v>(
    expected: &'v Value,
    found: &'v Value,
) -> Option<(String, Option<&'v Value>, Option<&'v Value>)> {
    let below = |key: &str, inner: (String, Option<&'v Value>, Option<&'v Value>)| {
        let mut path = String::new();
        push_pointer(&mut path, key);
        (path + &inner.0, inner.1, inner.2)
    };
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let missing = |(key, value): (&String, &'v Value)| match found.get(key) {
                Some(other) => first_difference(value, other).map(|inner| below(key, inner)),
                None => Some(below(key, (String::new(), Some(value), None))),
            };
            expected.iter().find_map(missing).or_else(|| {
                let extra = found.iter().find(|(key, _)| !expected.contains_key(*key));
                extra.map(|(key, value)| below(key, (String::new(), None, Some(value))))
            })
        }
        (Value::Array(expected), Value::Array(found)) => (0..expected.len().max(found.len()))
            .find_map(|index| {
                let inner = match (expected.get(index), found.get(index)) {
                    (Some(expected), Some(found)) => first_difference(expected, found),
                    (expected, found) => Some((String::new(), expected, found)),
                };
                inner.map(|inner| below(&index.to_string(), inner))
            }),
        // Numbers are compared as they are written.
        (expected, found) => {
            (expected != found).then_some((String::new(), Some(expected), Some(found)))
        }
    }
}

fn shown(value: &Value, redact: &Redact<'_>) -> String {
    match value {
        Value::String(text) => quoted(&redact(text)),
        value => quoted(&redact(&value.to_string())),
    }
}

fn quoted(text: &str) -> String {
    const LONGEST: usize = 200;
    if text.is_empty() {
        return "empty".to_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
