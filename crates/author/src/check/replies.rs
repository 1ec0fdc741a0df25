//! What a definition says of replies: codes, conditions, waits, words.

use super::conditions::check_when;
use super::findings::Findings;
use super::known;
use super::names::Names;
use super::references::Rules;
use cardhost_core::error::Code;
use cardhost_core::reply_rule::{AfterIs, ReplyRule, RetryRule};
use cardhost_core::template::Root;

use super::fault::DefinitionFault;

/// The roots of what is made of a reply.
pub(super) const REPLY: &[Root] = &[Root::Response, Root::Options, Root::Input];

/// The same where there is no card.
const RESPONSE: &[Root] = &[Root::Response];

/// Checks the rules of a card, a target or a connector.
pub(super) fn check(
    names: Names<'_>,
    rules: &[ReplyRule],
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("{pointer}/{index}");
        if let Some(code) = &rule.code {
            known::reply_code(code, &format!("{place}/code"), findings);
        }
        let roots = if names.card.is_some() { REPLY } else { RESPONSE };
        if let Some(when) = &rule.when {
            check_when(names, when, &format!("{place}/when"), roots, findings);
        }
        // What names a connector's messages may be of any card.
        let rules = Rules { roots: REPLY, needs_values: false };
        if let Some(message) = &rule.message {
            names.value(message, &format!("{place}/message"), rules, findings);
        }
        if let Some(after) = &rule.after {
            names.template(after, &format!("{place}/after"), rules, findings);
        }
        together(rule, &place, findings);
    }
}

/// Keys that say nothing beside the others.
fn together(rule: &ReplyRule, place: &str, findings: &mut Findings<'_>) {
    let lone = [
        ("afterIs", rule.after.is_none() && rule.after_is != AfterIs::Seconds, "needs `after`"),
        (
            "after",
            rule.after.is_some() && rule.retry == RetryRule::Never,
            "needs `retry`: `after` or `if_safe`",
        ),
        ("retry", rule.taken_as.is_some(), "is for errors: `as` says that this is none"),
        ("message", rule.taken_as.is_some(), "is for errors: `as` says that this is none"),
    ];
    for (part, wrong, needs) in lone {
        let at = format!("{place}/{part}");
        if wrong && findings.document().has(&at) {
            let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
            findings.at_key(Code::DEFINITION_VALUE, &at, fault);
        }
    }
}
