//! What a card says of its pages.

use super::conditions::check_when;
use super::decisions;
use super::fault::{DefinitionFault, Table};
use super::findings::Findings;
use super::names::Names;
use super::references::Rules;
use super::replies;
use cardhost_core::body::BodyTemplate;
use cardhost_core::call::PAGES;
use cardhost_core::card::Card;
use cardhost_core::error::{Code, pointer};
use cardhost_core::pages::{ALL, FIRST, Next, Pages, Place};
use cardhost_core::template::Root;
use cardhost_document::Malformed;

/// The roots of what is made of a reply that is a page.
pub(super) const PAGE: &[Root] = &[Root::Response, Root::Items, Root::Options, Root::Input];

/// The roots of what a card says of the pages that are wanted.
const GIVEN: &[Root] = &[Root::Options, Root::Input];

/// Checks the pages of a card.
pub(super) fn check(names: Names<'_>, card: &Card, findings: &mut Findings<'_>) {
    let Some(pages) = &card.pages else { return };
    pages.each(&mut |value, place| {
        let roots = if place == "/items" { replies::REPLY } else { PAGE };
        let rules = Rules { roots, needs_values: false };
        names.value(value, &format!("/pages{place}"), rules, findings);
    });
    if let Some(when) = &pages.go_on {
        check_when(names, when, "/pages/while", replies::REPLY, findings);
    }
    if let Some(wanted) = &pages.wanted {
        let rules = Rules { roots: GIVEN, needs_values: true };
        decisions::check(names, &Table::Value, wanted, "/pages/wanted", GIVEN, findings);
        wanted.each("/pages/wanted", &mut |row, place| {
            names.template(row, place, rules, findings);
            let literal = row.as_literal();
            let is_said = |text: &str| {
                matches!(text, FIRST | ALL) || text.parse::<u64>().is_ok_and(|number| number > 0)
            };
            if let Some(text) = literal.filter(|text| !is_said(text)) {
                let expected = "`first`, `all`, or a number of records".to_owned();
                let fault = Malformed::form(expected, text).into();
                findings.at(Code::DEFINITION_VALUE, place, fault);
            }
        });
    }
    if pages.next.is_none() {
        let alone = [("while", pages.go_on.is_some()), ("carry", !pages.carry.is_empty())];
        for (key, _) in alone.into_iter().filter(|(_, is_there)| *is_there) {
            let needs = "says how later pages are asked for: `next` is missing".to_owned();
            let fault = DefinitionFault::Together { part: key, needs };
            findings.at_key(Code::DEFINITION_VALUE, &pointer(&["pages", key]), fault);
        }
    }
    places(pages, card, findings);
    if card.output.contains_key(PAGES) {
        let needs = "is what a run has of pages: give the group another name".to_owned();
        let fault = DefinitionFault::Together { part: PAGES, needs };
        findings.at_key(Code::DEFINITION_VALUE, &pointer(&["output", PAGES]), fault);
    }
}

/// Places in a body that the request does not have.
fn places(pages: &Pages, card: &Card, findings: &mut Findings<'_>) {
    let carried = pages.carry.iter().map(|(place, _)| ("carry", place));
    let changed = pages.next.iter().flat_map(Next::places).map(|place| ("next", place));
    for (key, place) in changed.chain(carried) {
        let Place::Body(segments) = place else { continue };
        let needs = match card.request.body.as_ref() {
            Some(BodyTemplate { json: Some(_), .. }) => continue,
            Some(BodyTemplate { form: Some(_), .. }) if segments.len() == 1 => continue,
            Some(BodyTemplate { form: Some(_), .. }) => "names one field of the form",
            Some(_) => "needs a JSON body or a form",
            None => "needs a body: `request.body` with `json` or `form`",
        };
        let fault = DefinitionFault::Together { part: "body", needs: needs.to_owned() };
        let place = pointer(&["pages", key, &place.to_string()]);
        findings.at_key(Code::DEFINITION_VALUE, &place, fault);
    }
}
