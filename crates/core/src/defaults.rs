//! What a definition leaves out because it follows from the rest: filled in when it is loaded, so that nothing after asks twice.

use crate::card::{Card, Effect};
use crate::connector::{Connector, Name, Version};
use crate::error::{Code, Fault, Place};
use crate::field::FieldType;
use crate::label::label;
use crate::labelled::Labelled;
use crate::template::{Decision, Reference, Root, Template};

/// A key that is left out and does not follow from the rest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key `{key}` is missing")]
pub struct NoDefault {
    /// The key.
    pub key: &'static str,
    /// The JSON Pointer of the object that is to have it.
    pub pointer: &'static str,
    /// Why there is no default for it here, and what to do.
    pub because: &'static str,
}

impl Fault for NoDefault {
    fn code(&self) -> Code {
        Code::DEFINITION_MISSING_KEY
    }

    fn place(&self) -> Place {
        Place { pointer: self.pointer.to_owned(), ..Place::default() }
    }

    fn hint(&self) -> Option<String> {
        Some(self.because.to_owned())
    }
}

impl Connector {
    /// Fills in what is left out. What does not follow from the rest gets something to go on with, and is told.
    pub(crate) fn complete(&mut self) -> Vec<NoDefault> {
        let mut faults = Vec::new();
        if let Some(test) = self.connection.test.as_mut().filter(|test| test.target.is_empty()) {
            if self.targets.len() != 1 {
                let (key, pointer) = ("target", "/connection/test");
                faults.push(NoDefault { key, pointer, because: SEVERAL_TARGETS });
            }
            test.target = self.targets.keys().next().cloned().unwrap_or_default();
        }
        faults
    }
}

impl Card {
    /// Fills in what is left out. What does not follow from the rest gets something to go on with, and is told.
    pub(crate) fn complete(&mut self, connector: &Connector) -> Vec<NoDefault> {
        let mut faults = Vec::new();
        if self.name.as_str().is_empty() {
            let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
            self.name = Name(file.strip_suffix(".json").unwrap_or(file).to_owned());
        }
        if self.version == Version::default() {
            self.version.clone_from(&connector.version);
        }
        if self.title.is_empty() {
            self.title = label(self.name.as_str());
        }
        if self.request.target.source().is_empty() {
            if connector.targets.len() != 1 {
                let (key, pointer) = ("target", "/request");
                faults.push(NoDefault { key, pointer, because: SEVERAL_TARGETS });
            }
            let target = connector.targets.keys().next().cloned();
            self.request.target = Template::parse(target.unwrap_or_default());
        }
        if self.request.method.source().is_empty() {
            if self.request.body.is_some() {
                let because = "with a body it is not `GET`: say which it is";
                faults.push(NoDefault { key: "method", pointer: "/request", because });
            }
            self.request.method = Template::parse("GET");
        }
        if let Some(said) = &self.said_effect {
            self.effect.clone_from(said);
        } else if let Some(effect) = effect_of_method(self) {
            self.effect = effect;
        } else if self.effect == Decision::default() {
            let because = "it follows from a method that is written out, or a dropdown of methods, and from nothing else";
            faults.push(NoDefault { key: "effect", pointer: "", because });
        }
        faults
    }
}

const SEVERAL_TARGETS: &str = "the connector has several targets: name one";

/// The effect of a card's method, as a table where a dropdown gives the method.
fn effect_of_method(card: &Card) -> Option<Decision<Effect>> {
    if let Some(method) = card.request.method.as_literal() {
        return Effect::of_method(method).map(Decision::Always);
    }
    let by = card.request.method.as_reference()?;
    let field = field(card, by).filter(|field| field.kind == FieldType::Dropdown)?;
    let mut rows: Labelled<Decision<Effect>> = Labelled::default();
    let mut otherwise = None;
    for choice in &field.choices {
        match Decision::Always(Effect::of_method(&choice.value)?) {
            write @ Decision::Always(Effect::Write) => otherwise = Some(Box::new(write)),
            row => drop(rows.insert(choice.value.clone(), row)),
        }
    }
    match otherwise {
        Some(write) if rows.is_empty() => Some(*write),
        None if rows.is_empty() => None,
        otherwise => Some(Decision::By { by: by.clone(), rows, otherwise }),
    }
}

fn field<'c>(card: &'c Card, reference: &Reference) -> Option<&'c crate::field::Field> {
    match (reference.root, reference.segments.as_slice()) {
        (Root::Options, [label]) => card.options.get(label),
        (Root::Input, [group, label]) => card.input.get(group)?.get(label),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::load::{load_card, load_connector};
    use crate::plan::METHODS;

    fn connector(targets: &[&str]) -> Arc<Connector> {
        let target = json!({ "auth": ["open"], "base": "https://api.example.com" });
        let targets: serde_json::Map<String, Value> =
            targets.iter().map(|name| ((*name).to_owned(), target.clone())).collect();
        let text = json!({
            "format": 1, "name": "shop", "version": "1.2.0", "title": "Shop",
            "connection": { "fields": {}, "test": { "path": "/me" } },
            "auth": { "open": { "scheme": "none" } }, "targets": targets,
        });
        let mut read: Connector = serde_json::from_str(&text.to_string()).unwrap();
        read.complete();
        Arc::new(read)
    }

    fn card(request: Value, more: Value) -> Result<Card, String> {
        let mut card = json!({ "request": request, "output": {} });
        card.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        load_card(connector(&["API"]), "cards/shop/list-order-ids.json", &card.to_string())
            .map(|definition| definition.card)
            .map_err(|error| format!("{} {}", error.place().pointer, error.message()))
    }

    #[test]
    fn what_a_card_leaves_out_follows_from_file_connector_and_method() {
        let card = card(json!({ "path": "/orders" }), json!({})).unwrap();
        assert_eq!(card.name.as_str(), "list-order-ids");
        assert_eq!(card.version.as_str(), "1.2.0");
        assert_eq!(card.title, "List Order IDs");
        assert_eq!(card.request.target.as_literal(), Some("API"));
        assert_eq!(card.request.method.as_literal(), Some("GET"));
        assert_eq!(card.effect, Decision::Always(Effect::Read));
    }

    #[test]
    fn what_is_said_stays() {
        let said = json!({ "name": "x", "version": "0.1.0", "title": "Orders", "effect": "read" });
        let card =
            card(json!({ "method": "POST", "path": "/orders", "target": "Other" }), said).unwrap();
        assert_eq!((card.name.as_str(), card.version.as_str()), ("x", "0.1.0"));
        assert_eq!(card.title, "Orders");
        assert_eq!(card.request.target.as_literal(), Some("Other"));
        assert_eq!(card.request.method.as_literal(), Some("POST"));
        assert_eq!(card.effect, Decision::Always(Effect::Read));
    }

    #[test]
    fn each_method_of_a_card_has_an_effect() {
        let effects = METHODS.map(|method| Effect::of_method(method).map(Effect::as_str));
        assert!(effects.iter().all(Option::is_some), "{effects:?}");
        for (method, expected) in [
            ("GET", "read"),
            ("HEAD", "read"),
            ("OPTIONS", "read"),
            ("PUT", "idempotent"),
            ("DELETE", "destructive"),
            ("POST", "write"),
            ("PATCH", "write"),
        ] {
            let card = card(json!({ "method": method, "path": "/" }), json!({})).unwrap();
            let Decision::Always(effect) = card.effect else { panic!("{method}") };
            assert_eq!(effect.as_str(), expected, "{method}");
        }
    }

    #[test]
    fn a_dropdown_of_methods_gives_a_table() {
        let of = |choices: &[&str]| {
            let options = json!({ "options": { "Kind": { "choices": choices } } });
            card(json!({ "method": "<<options.Kind>>", "path": "/" }), options).unwrap().effect
        };
        let Decision::By { by, rows, otherwise: None } = of(&["GET", "DELETE"]) else { panic!() };
        assert_eq!(by.to_string(), "options.Kind");
        assert_eq!(rows.get("GET"), Some(&Decision::Always(Effect::Read)));
        assert_eq!(rows.get("DELETE"), Some(&Decision::Always(Effect::Destructive)));
        let Decision::By { rows, otherwise, .. } = of(&["POST", "HEAD", "PATCH"]) else { panic!() };
        assert_eq!(rows.len(), 1);
        assert_eq!(otherwise.as_deref(), Some(&Decision::Always(Effect::Write)));
        assert_eq!(of(&["POST", "PATCH"]), Decision::Always(Effect::Write));
    }

    #[test]
    fn what_does_not_follow_is_missing() {
        let with_body = json!({ "path": "/", "body": { "json": {} } });
        assert_eq!(card(with_body, json!({})).unwrap_err(), "/request key `method` is missing");
        for method in
            ["<<options.Kind>>", "<<upper options.Kind>>", "<<default options.Kind 'GET'>>"]
        {
            let options = json!({ "options": { "Kind": { "type": "text" } } });
            let found = card(json!({ "method": method, "path": "/" }), options).unwrap_err();
            assert_eq!(found, " key `effect` is missing", "{method}");
        }
        let card = r#"{"request": {"path": "/"}, "output": {}}"#;
        let found = load_card(connector(&["A", "B"]), "a/b.json", card).unwrap_err();
        assert_eq!(found.message(), "key `target` is missing");
        assert_eq!(found.place().pointer, "/request");
    }

    #[test]
    fn the_test_of_a_connection_goes_to_the_only_target() {
        let test = |targets: &[&str]| {
            let connector = connector(targets);
            let test = connector.connection.test.as_ref().unwrap();
            (test.target.clone(), test.method.clone(), test.expects(204), test.expects(304))
        };
        assert_eq!(test(&["API"]), ("API".to_owned(), "GET".to_owned(), true, false));
        assert_eq!(test(&["A", "B"]).0, "A");
        let text = r#"{"format": 1, "name": "s", "version": "1.0.0", "title": "S", "connection": {"fields": {}, "test": {"path": "/"}},
            "auth": {}, "targets": {}}"#;
        let found = load_connector("s/connector.json", text).unwrap_err();
        assert_eq!(found.place().pointer, "/connection/test");
    }
}
