//! What a reply leads to: the next page, or the end.

use http::HeaderMap;
use serde_json::Value;

use super::change::Change;
use super::cursor::{Cursor, MAX_CURSOR_BYTES, URL};
use super::ended::Ended;
use super::fault::PageFault;
use super::link;
use super::next::Next;
use super::planned::PlannedPages;
use super::rule::Pages;
use crate::request::RequestSpec;
use crate::template::{Scope, TemplateValueError, ValueTemplate};

/// What a reply leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The next page.
    Next(Cursor),
    /// The end.
    End(Ended),
}

impl Turn {
    /// What a reply leads to. `request` is that of its page, which has so many items.
    pub(crate) fn of(
        pages: &Pages,
        planned: &PlannedPages,
        request: &RequestSpec,
        (scope, headers): (&dyn Scope, &HeaderMap),
        items: usize,
    ) -> Result<Turn, PageFault> {
        if pages.go_on.as_ref().is_some_and(|when| !when.holds(scope)) {
            return Ok(Turn::End(Ended::While));
        }
        let Some(next) = &pages.next else { return Ok(Turn::End(Ended::NoNext)) };
        // Where the reply says that there is more, it has to say where.
        let insists = pages.go_on.is_some();
        let mut cursor = Cursor::default();
        match next {
            Next::Link(relation) => {
                let Some(target) = link::target(headers, relation) else {
                    return Ok(Turn::End(Ended::NoNext));
                };
                let url = planned.followed(&request.url, &target).map_err(PageFault::Url)?;
                cursor.0.insert(URL.to_owned(), Value::String(url.into()));
            }
            Next::Url(template) => {
                let found = match given(template, scope)? {
                    Given::Value(value) => value,
                    Given::Nothing { .. } if insists || !template.is_optional_inside() => {
                        return Err(PageFault::NoNext { place: URL.to_owned() });
                    }
                    Given::Nothing { .. } => return Ok(Turn::End(Ended::NoNext)),
                };
                let Value::String(text) = found else {
                    return Err(PageFault::Next { reason: "its URL is no text".to_owned() });
                };
                let url = planned.followed(&request.url, &text).map_err(PageFault::Url)?;
                cursor.0.insert(URL.to_owned(), Value::String(url.into()));
            }
            Next::Changes(changes) => {
                for (place, change) in changes {
                    let value = match change {
                        // Nothing more can be counted on where nothing came.
                        Change::Add { .. } if items == 0 => {
                            return Ok(Turn::End(Ended::NoItems));
                        }
                        Change::Add { step, first } => {
                            Change::added(place, (*step, *first), request, items)?
                        }
                        Change::Value(template) => match given(template, scope)? {
                            Given::Value(value) => value,
                            Given::Nothing { of_items: true } if items == 0 => {
                                return Ok(Turn::End(Ended::NoItems));
                            }
                            Given::Nothing { .. } if insists || !template.is_optional_inside() => {
                                return Err(PageFault::NoNext { place: place.to_string() });
                            }
                            Given::Nothing { .. } => return Ok(Turn::End(Ended::NoNext)),
                        },
                    };
                    cursor.0.insert(place.to_string(), value);
                }
            }
        }
        let length: usize = cursor.0.values().map(|value| value.to_string().len()).sum();
        if length > MAX_CURSOR_BYTES {
            let reason = format!("what it begins with is longer than {MAX_CURSOR_BYTES} bytes");
            return Err(PageFault::Next { reason });
        }
        Ok(Turn::Next(cursor))
    }

    /// What the first reply gives to every later page.
    pub(crate) fn carried(pages: &Pages, scope: &dyn Scope) -> Result<Cursor, PageFault> {
        let mut cursor = Cursor::default();
        for (place, change) in &pages.carry {
            let Change::Value(template) = change else { continue };
            if let Given::Value(value) = given(template, scope)? {
                cursor.0.insert(place.to_string(), value);
            } else if !template.is_optional_inside() {
                return Err(PageFault::NoNext { place: place.to_string() });
            }
        }
        Ok(cursor)
    }
}

/// What a template gives.
enum Given {
    Value(Value),
    /// Null, false and an empty text are nothing as well: that is how many say that there is no more.
    Nothing {
        /// Whether it would have been of the items.
        of_items: bool,
    },
}

fn given(template: &ValueTemplate, scope: &dyn Scope) -> Result<Given, PageFault> {
    let mut of_items = false;
    template.each_reference(&mut |reference| {
        of_items |= reference.root == crate::template::Root::Items;
    });
    match template.value(scope) {
        Ok(None | Some(Value::Null | Value::Bool(false)))
        | Err(TemplateValueError::Missing { .. }) => Ok(Given::Nothing { of_items }),
        Ok(Some(Value::String(text))) if text.is_empty() => Ok(Given::Nothing { of_items }),
        Ok(Some(value)) => Ok(Given::Value(value)),
        Err(error) => Err(PageFault::Next { reason: error.to_string() }),
    }
}
