//! What references can lead to, and where one leads.

use cardhost_core::auth::{SIGNING_NAMES, is_signing_name};
use cardhost_core::card::Card;
use cardhost_core::connector::Connector;
use cardhost_core::field::{Field, FieldType};
use cardhost_core::template::{Reference, Root};

use super::fault::{Absence, DefinitionFault};

/// What references can lead to.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The connector.
    pub(super) connector: &'a Connector,
    /// The card; the connector's own templates are checked without one.
    pub(super) card: Option<&'a Card>,
    /// What `item` is, inside of `each`.
    pub(super) item: Option<Item<'a>>,
    /// What steps of a login have given, where there are some.
    pub(super) login: &'a [&'a str],
}

/// What `item` is: one of a list.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    /// The list's field, where it has one.
    pub(super) of: Option<&'a Field>,
}

/// Where a reference leads.
#[derive(Default)]
pub(super) struct Referred<'a> {
    /// The field, where the reference names exactly one.
    pub(super) field: Option<&'a Field>,
    /// Why there may be nothing.
    pub(super) absence: Option<Absence>,
}

/// The segment that nothing has, and what is there instead.
struct Nothing {
    segment: String,
    known: Vec<String>,
}

impl<'a> Names<'a> {
    /// Those of a connector's own templates.
    pub(super) fn of_connector(connector: &'a Connector) -> Names<'a> {
        Names { connector, card: None, item: None, login: &[] }
    }

    /// Those of a card's templates.
    pub(super) fn of_card(connector: &'a Connector, card: &'a Card) -> Names<'a> {
        Names { connector, card: Some(card), item: None, login: &[] }
    }

    /// Where a reference leads.
    ///
    /// # Errors
    /// [`DefinitionFault::UnknownReference`].
    pub(super) fn resolve(&self, reference: &Reference) -> Result<Referred<'a>, DefinitionFault> {
        let segments = reference.segments.as_slice();
        let found = match (reference.root, self.card) {
            (Root::Connection, _) => labelled(&self.connector.connection.fields, segments),
            (Root::Options, Some(card)) => labelled(&card.options, segments),
            (Root::Input, Some(card)) => match segments {
                [group] if card.input.contains_key(group) => Ok(Referred::default()),
                [group, rest @ ..] => match card.input.get(group) {
                    Some(fields) => labelled(fields, rest),
                    None => Err(nothing(group, card.input.keys())),
                },
                [] => Err(nothing("", card.input.keys())),
            },
            (Root::Options | Root::Input, None) => Ok(Referred::default()),
            (Root::Response, _) => response(segments),
            (Root::Items, _) => items(segments),
            (Root::Item, _) => item(self.item.and_then(|item| item.of), segments),
            // What a browser brings is the service's to say.
            (Root::Redirect, _) => Ok(Referred::default()),
            (Root::Login, _) => match segments {
                [name, ..] if self.login.contains(&name.as_str()) => Ok(Referred::default()),
                segments => {
                    let known: Vec<String> = self.login.iter().map(|it| (*it).to_owned()).collect();
                    let first = segments.first().map_or("", String::as_str);
                    Err(nothing(first, known.iter()))
                }
            },
            (Root::Signing, _) => signing(segments),
        };
        found.map_err(|Nothing { segment, known }| DefinitionFault::UnknownReference {
            reference: reference.to_string(),
            nearest: cardhost_core::text::nearest(&segment, known.iter().map(String::as_str)),
            segment,
            elsewhere: None,
            known,
        })
    }
}

/// The records of a page: all of them, or what of one, by its index, from the end where that is negative.
fn items<'a>(segments: &[String]) -> Result<Referred<'a>, Nothing> {
    match segments.split_first() {
        None => Ok(Referred::default()),
        Some((index, _)) if index.parse::<i64>().is_ok() => {
            Ok(Referred { field: None, absence: Some(Absence::NotRequired) })
        }
        Some((segment, _)) => Err(nothing(segment, ["-1".to_owned()].iter())),
    }
}

fn nothing<'n>(segment: &str, known: impl Iterator<Item = &'n String>) -> Nothing {
    Nothing { segment: segment.to_owned(), known: known.cloned().collect() }
}

fn labelled<'a>(
    fields: &'a cardhost_core::field::Fields,
    segments: &[String],
) -> Result<Referred<'a>, Nothing> {
    let Some((label, rest)) = segments.split_first() else {
        return Err(nothing("", fields.keys()));
    };
    let field = fields.get(label).ok_or_else(|| nothing(label, fields.keys()))?;
    let mut absence = absence(field);
    below(field, rest, &mut absence)?;
    Ok(Referred { field: rest.is_empty().then_some(field), absence })
}

/// Why a field of a form may have no value.
pub(super) fn absence(field: &Field) -> Option<Absence> {
    // A login brings it before a request is planned.
    if field.from.is_some() {
        None
    } else if !field.required && field.default.is_none() {
        Some(Absence::NotRequired)
    } else if field.visible_when.is_some() {
        Some(Absence::NotAlwaysVisible)
    } else {
        None
    }
}

/// Follows segments into the declared keys of a field.
fn below(field: &Field, rest: &[String], absence: &mut Option<Absence>) -> Result<(), Nothing> {
    let Some((segment, after)) = rest.split_first() else {
        return Ok(());
    };
    let is_index = segment.bytes().all(|b| b.is_ascii_digit());
    if field.takes(FieldType::List) && is_index {
        *absence = absence.or(Some(Absence::NotRequired));
        let Some((key, after)) = after.split_first() else {
            return Ok(());
        };
        return match field.of {
            Some(FieldType::File) => of_file(key, absence),
            None | Some(FieldType::Object | FieldType::Any | FieldType::List) => {
                key_of(field, key, after, absence)
            }
            Some(_) => Err(nothing(key, std::iter::empty())),
        };
    }
    if field.takes(FieldType::Object) || field.takes(FieldType::Any) {
        return key_of(field, segment, after, absence);
    }
    if field.takes(FieldType::File) {
        return of_file(segment, absence);
    }
    Err(nothing(segment, std::iter::empty()))
}

/// What a template can refer to of a file: what is known of each before it is sent.
fn of_file(key: &str, absence: &mut Option<Absence>) -> Result<(), Nothing> {
    match key {
        "content" | "size" | "type" => Ok(()),
        "name" => {
            *absence = absence.or(Some(Absence::NotRequired));
            Ok(())
        }
        _ => {
            let known = ["content", "name", "size", "type"].map(str::to_owned);
            Err(nothing(key, known.iter()))
        }
    }
}

fn key_of(
    field: &Field,
    key: &str,
    after: &[String],
    absence: &mut Option<Absence>,
) -> Result<(), Nothing> {
    let inner = field.fields.as_ref().and_then(|fields| fields.get(key));
    match (inner, &field.fields) {
        (Some(inner), _) => {
            if !inner.required && inner.default.is_none() {
                *absence = absence.or(Some(Absence::NotRequired));
            }
            below(inner, after, absence)
        }
        (None, Some(fields)) if !field.additional => Err(nothing(key, fields.keys())),
        (None, _) => {
            *absence = absence.or(Some(Absence::NotRequired));
            Ok(())
        }
    }
}

/// Follows segments into an item of a list.
fn item<'a>(list: Option<&'a Field>, segments: &[String]) -> Result<Referred<'a>, Nothing> {
    let (Some(list), Some((key, after))) = (list, segments.split_first()) else {
        return Ok(Referred::default());
    };
    let mut absence = None;
    match list.of {
        Some(FieldType::File) => of_file(key, &mut absence)?,
        None | Some(FieldType::Object | FieldType::Any | FieldType::List) => {
            key_of(list, key, after, &mut absence)?;
        }
        Some(_) => return Err(nothing(key, std::iter::empty())),
    }
    let field = list.fields.as_ref().and_then(|fields| fields.get(key));
    Ok(Referred { field: field.filter(|_| after.is_empty()), absence })
}

fn response<'a>(segments: &[String]) -> Result<Referred<'a>, Nothing> {
    let parts = ["status", "headers", "body"].map(str::to_owned);
    match segments {
        [part] if parts.contains(part) => Ok(Referred::default()),
        [part, rest @ ..] if part == "body" => match rest.iter().any(|segment| segment == "*") {
            // No path leads to several values: jq does.
            true => Err(nothing("*", std::iter::empty())),
            false => Ok(Referred::default()),
        },
        [part, name] if part == "headers" => match http::HeaderName::from_bytes(name.as_bytes()) {
            Ok(_) => Ok(Referred::default()),
            Err(_) => Err(nothing(name, std::iter::empty())),
        },
        [part, next, ..] if parts.contains(part) => Err(nothing(next, std::iter::empty())),
        [part, ..] => Err(nothing(part, parts.iter())),
        [] => Err(nothing("", parts.iter())),
    }
}

/// Where a reference below `signing` leads: everything there is known.
fn signing<'a>(segments: &[String]) -> Result<Referred<'a>, Nothing> {
    let known = || SIGNING_NAMES.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match segments {
        [] => Err(nothing("", known().iter())),
        segments if is_signing_name(segments) => Ok(Referred::default()),
        [part, next, ..] if SIGNING_NAMES.contains(&part.as_str()) => {
            Err(nothing(next, std::iter::empty()))
        }
        [part, ..] => Err(nothing(part, known().iter())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a reference below `signing`.
    fn fault(connector: &Connector, reference: &str) -> Option<(String, Option<String>)> {
        let names = Names::of_connector(connector);
        match names.resolve(&Reference::parse(reference).unwrap()) {
            Err(DefinitionFault::UnknownReference { segment, nearest, .. }) => {
                Some((segment, nearest))
            }
            Ok(_) => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_name_below_signing_is_told_with_the_nearest() {
        let connector = cardhost_core::load::load_connector(
            "connector.json",
            r#"{"format": 1, "name": "a", "version": "1.0.0", "title": "A",
                "connection": {"fields": {}}, "auth": {}, "targets": {}}"#,
        )
        .unwrap();
        let said = |segment: &str, nearest: Option<&str>| {
            Some((segment.to_owned(), nearest.map(str::to_owned)))
        };
        for (reference, expected) in [
            ("signing.timestamp", None),
            ("signing.headers.x-date", None),
            ("signing.timestmp", said("timestmp", Some("timestamp"))),
            ("signing.body_sha256_hx", said("body_sha256_hx", Some("body_sha256_hex"))),
            ("signing.zzzzzzzz", said("zzzzzzzz", None)),
            ("signing.headers.x date", said("x date", None)),
            ("signing.body.a", said("a", None)),
            ("signing", said("", None)),
        ] {
            assert_eq!(fault(&connector, reference), expected, "{reference}");
        }
    }
}
