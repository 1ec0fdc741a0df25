//! The sentences of what `check` finds.
//!
//! A message is a lower-case fragment without a full stop, values in backticks. A hint says what to do.

use super::fault::{Absence, DefinitionFault, Meant, Remedy, Table};
use cardhost_core::error::Fault as _;
use cardhost_core::template::{Root, TemplateFault, TemplateProblem};
use cardhost_core::text::{listed, quoted_each};
use cardhost_document::{Malformed, one_of};

impl DefinitionFault {
    /// What is wrong: a lower-case fragment without a full stop.
    pub(super) fn message(&self) -> String {
        match self {
            DefinitionFault::Malformed(fault) => fault.to_string(),
            DefinitionFault::NotAGroup { label, .. } => {
                format!("`{label}` is a group: put the field one level deeper")
            }
            DefinitionFault::TypeName { found, .. } => format!("there is no type `{found}`"),
            DefinitionFault::FieldExample { fault } => {
                format!("the example does not fit: {fault}")
            }
            DefinitionFault::Default { fault } => {
                format!("the default does not fit: {}", fault)
            }
            DefinitionFault::Together { part, needs } => format!("`{part}` {needs}"),
            DefinitionFault::Repeated { found } => format!("`{found}` is there twice"),
            DefinitionFault::Name { of, expected, found } => {
                format!("the name is `{found}`, but the {of} is `{expected}`")
            }
            DefinitionFault::Unknown { what, found, .. } => {
                format!("the connector has no {what} `{found}`")
            }
            DefinitionFault::Template { fault, .. } => fault.to_string(),
            DefinitionFault::ParameterCount { helper, least, most, found, .. } => {
                let range =
                    if least == most { least.to_string() } else { format!("{least} to {most}") };
                let noun = if *most == 1 { "parameter" } else { "parameters" };
                format!("helper `{helper}` takes {range} {noun}, not {found}")
            }
            DefinitionFault::Parameter { helper, index, expected, given, found } => {
                let which = ["first", "second", "third"].get(*index).unwrap_or(&"last");
                let given = if given == "it" { given.clone() } else { format!("`{given}`") };
                format!(
                    "the {which} parameter of helper `{helper}` must be {expected}, but {given} is {}",
                    article(found)
                )
            }
            DefinitionFault::NoMoment { helper } => {
                format!("helper `{helper}` gives nothing here: it is for requests")
            }
            DefinitionFault::Root { reference, .. } => {
                format!("`{reference}` is not in scope here")
            }
            DefinitionFault::UnknownReference { reference, segment, .. } if segment.is_empty() => {
                format!("`{reference}` is no reference to one value: a name must follow")
            }
            DefinitionFault::UnknownReference { reference, segment, .. } => {
                format!("`{reference}` refers to nothing: there is no `{segment}`")
            }
            DefinitionFault::NotADropdown { reference, found } => {
                format!("`{reference}` is {}, not a dropdown", article(found))
            }
            DefinitionFault::MayBeAbsent { reference, because, .. } => match because {
                Absence::NotRequired => {
                    format!("`{reference}` may have no value: its field is not required")
                }
                Absence::NotAlwaysVisible => {
                    format!("`{reference}` may have no value: its field is not always visible")
                }
            },
            DefinitionFault::HostNotListed { found, .. } => {
                format!("host `{found}` is not in the target's `hosts`")
            }
            DefinitionFault::OpenHost { base } => {
                format!("a connection can make another domain of `{base}`")
            }
            DefinitionFault::Weakens { part, leaves_out } => {
                format!("without `{part}`, {leaves_out} is missing")
            }
            DefinitionFault::Unused { reference } => match reference.segments.as_slice() {
                [group, label] => format!("field `{label}` of `{group}` is used nowhere"),
                segments => format!("option `{}` is used nowhere", segments.concat()),
            },
            DefinitionFault::NoCredential { key, method, .. } => format!(
                "`{key}` of auth method `{method}` is sent as it stands: it refers to no field of the connection"
            ),
            DefinitionFault::CredentialHeader { header, method } => {
                format!("header `{header}` stands beside auth method `{method}`")
            }
            DefinitionFault::MayBeMissing { reference } => {
                format!("`{reference}` may be missing: a reply without it would fail")
            }
            DefinitionFault::NoRow { table, combination } => {
                let table = match table {
                    Table::Target(name) => format!("target `{name}` has no base URL"),
                    Table::Endpoint(key) => format!("`{key}` has no URL"),
                    Table::Effect => "the effect is not said".to_owned(),
                    Table::Value => "a row is missing".to_owned(),
                };
                format!("{table} for {}", combined(combination))
            }
            DefinitionFault::UriAsPath => {
                "a field of format `uri` would be percent-encoded into one segment of the path"
                    .to_owned()
            }
            DefinitionFault::UrlInPath => {
                "a field of format `target-url` is the whole path, with nothing beside it"
                    .to_owned()
            }
            DefinitionFault::NoBase { target } => {
                format!("target `{target}` has no base URL of its own: a card gives it")
            }
            DefinitionFault::EscapedTwice { call } => {
                format!(
                    "`{call}` would be escaped twice: the values of `xml` are escaped as they are"
                )
            }
            DefinitionFault::NotEscaped { content_type } => {
                format!(
                    "values stand in `{content_type}` as they are: `Smith & Sons` would break it"
                )
            }
            DefinitionFault::ListOfObjects => {
                "nothing says how a list of objects is written here".to_owned()
            }
            DefinitionFault::NothingOptional { key } => {
                format!(
                    "`{key}` is left out where nothing optional in it has a value, and nothing in it is optional"
                )
            }
            DefinitionFault::NoOther { by } => {
                format!("`{by}` can be anything, and there is no row `else`")
            }
            DefinitionFault::UnreachableRow { row, by, .. } if row == "else" => {
                format!("row `else` is never reached: every choice of `{by}` has a row")
            }
            DefinitionFault::UnreachableRow { row, by, under, .. } if under.is_empty() => {
                format!("row `{row}` is never reached: `{by}` has no such choice")
            }
            DefinitionFault::UnreachableRow { row, by, under, .. } => {
                let rows: Vec<String> = under
                    .iter()
                    .map(|(by, row)| match row {
                        Some(row) => format!("`{by}` = `{row}`"),
                        None => format!("any other `{by}`"),
                    })
                    .collect();
                let under = rows.join(", ");
                format!("row `{row}` is never reached: `{by}` has no such choice for {under}")
            }
            DefinitionFault::TooManyCombinations { most } => {
                format!("the table has more than {most} combinations; the rest was not tried")
            }
            DefinitionFault::NoAuth => "there is no auth method".to_owned(),
            DefinitionFault::Refused { reason } => reason.clone(),
            DefinitionFault::Differs { what, expected, found } => {
                format!("the {what} should be {expected}, but is {found}")
            }
            DefinitionFault::Fails { expected: None, code, message } => {
                format!("the example ends with `{code}`: {message}")
            }
            DefinitionFault::Fails { expected: Some(expected), code, message } => {
                format!("it ends with `{code}`, not `{expected}`: {message}")
            }
            DefinitionFault::Succeeds { expected, replied: true } => {
                format!("it succeeds, but should end with `{expected}`")
            }
            DefinitionFault::Succeeds { expected, replied: false } => {
                format!("its request can be planned, but it should end with `{expected}`")
            }
            DefinitionFault::NoReply => "the example has no `reply` that leads to this".to_owned(),
            DefinitionFault::Redirected => {
                "the reply is a redirect that is followed with another request".to_owned()
            }
            DefinitionFault::NotDone => {
                "by the last reply the work is not done: `until` would go on asking".to_owned()
            }
            DefinitionFault::NotAsked => "nothing asks for this reply".to_owned(),
            DefinitionFault::SecretElsewhere { field, place } => {
                format!("the made-up secret `{field}` also stands in {place} of the example")
            }
            DefinitionFault::NoExample => "the card has no example".to_owned(),
            DefinitionFault::NotLoaded { reason, .. } => reason.clone(),
            DefinitionFault::Taken { key, value } => {
                format!("`{key}` is left out: it is `{value}`")
            }
            DefinitionFault::ConnectionExample { reason } => {
                format!("the example is no connection: {reason}")
            }
        }
    }

    /// What to do, where there is something to say.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            DefinitionFault::Malformed(Malformed::Form { expected, found })
                if expected.starts_with("a reference") && found.starts_with(['<', '{']) =>
            {
                Some("write the reference alone, without delimiters".to_owned())
            }
            DefinitionFault::Malformed(fault) => fault.hint(),
            DefinitionFault::UriAsPath => Some("give it the format `target-url`: it is followed below the target's base URL, or on its `hosts`".to_owned()),
            DefinitionFault::UrlInPath => Some("take what is beside it out, or give it the format `relative-url`".to_owned()),
            DefinitionFault::NoBase { .. } => Some("make the path one input of format `target-url`, or take another target".to_owned()),
            DefinitionFault::EscapedTwice { .. } => Some("take the helper out".to_owned()),
            DefinitionFault::NotEscaped { .. } => Some(
                "use the body `xml` instead of `text`, or the helper `xml` around each value".to_owned(),
            ),
            DefinitionFault::ListOfObjects => Some(
                "give `encoding`, such as { \"nested\": \"brackets\", \"lists\": \"indices\" }, or make text of it with `json`".to_owned(),
            ),
            DefinitionFault::NothingOptional { .. } => Some(
                "mark the references that may have no value with `?`, or take the `?` off the key; `\\?` at its end is a question mark".to_owned(),
            ),
            DefinitionFault::NoOther { .. } => {
                Some("add `else`, with what every other value means".to_owned())
            }
            DefinitionFault::UnknownReference { elsewhere: Some(elsewhere), .. } => {
                Some(format!("did you mean `{elsewhere}`?"))
            }
            DefinitionFault::ParameterCount { spaced: Some(spaced), .. } => Some(in_brackets(spaced)),
            DefinitionFault::ParameterCount { helper, .. } => {
                let takes = super::calls::parameters(helper)?;
                Some(format!("`{helper}` takes {takes}"))
            }
            DefinitionFault::Parameter { expected: "text", found: "list", .. } => {
                Some("`join` makes text of a list, `json` of any value".to_owned())
            }
            DefinitionFault::Parameter { expected: "text", .. } => {
                Some("`json` makes text of any value".to_owned())
            }
            DefinitionFault::Parameter { expected: "a list", found: "text", .. } => {
                Some("a text needs no `join`".to_owned())
            }
            DefinitionFault::UnknownReference { segment, known, .. } => one_of(segment, known),
            DefinitionFault::NotAGroup { of, label } => Some(format!(
                "write `\"{of}\": {{ \"a group\": {{ \"{label}\": {{ … }} }} }}`"
            )),
            DefinitionFault::TypeName { instead, .. } => Some(format!("write {instead}")),
            DefinitionFault::Name { expected, .. } => {
                Some(format!("write `{expected}`, or rename what holds it"))
            }
            DefinitionFault::Unknown { nearest, .. }
            | DefinitionFault::UnreachableRow { nearest, .. } => {
                nearest.as_deref().map(|nearest| format!("did you mean `{nearest}`?"))
            }
            DefinitionFault::Template { fault, meant, allowed } => match meant {
                Some(Meant::InBrackets(reference)) => Some(in_brackets(reference)),
                Some(Meant::Reference(reference)) => Some(format!(
                    "did you mean `{reference}`? here a reference starts with {}",
                    roots(allowed)
                )),
                Some(Meant::Nearest(nearest)) => Some(format!("did you mean `{nearest}`?")),
                None => template_hint(fault, allowed),
            },
            DefinitionFault::Root { allowed, .. } => {
                Some(format!("here it can start with {}", roots(allowed)))
            }
            DefinitionFault::NotADropdown { .. } => {
                Some("a decision needs a dropdown or true-false, so that its rows can be counted".to_owned())
            }
            DefinitionFault::MayBeAbsent { remedy: Remedy::Required, .. } => {
                Some("make the field required, or give it a default".to_owned())
            }
            DefinitionFault::MayBeAbsent { remedy: Remedy::DefaultHelper, .. } => {
                Some("make the field required, or use the helper `default`".to_owned())
            }
            DefinitionFault::MayBeAbsent { remedy: Remedy::QuestionMarkOrDefault, .. } => Some(
                "end it with `?`, use the helper `default`, or make the field required".to_owned(),
            ),
            DefinitionFault::MayBeAbsent { reference, .. } => {
                Some(format!("write `{reference}?`, or make the field required"))
            }
            DefinitionFault::Unused { reference } => Some(format!(
                "its value would be dropped silently: refer to it as `<<{reference}>>`, or take it out"
            )),
            DefinitionFault::NoCredential { meant, .. } => Some(match meant {
                Some(meant) => format!("write `<<{meant}>>`"),
                None => "declare a secret in `connection.fields` and refer to it".to_owned(),
            }),
            DefinitionFault::CredentialHeader { .. } => Some(
                "credentials belong into the auth method; for none, say `auth` with a method of scheme `none`"
                    .to_owned(),
            ),
            DefinitionFault::MayBeMissing { reference } => {
                Some(format!("write `{reference}?`, or mark the field `required`"))
            }
            DefinitionFault::HostNotListed { expected, .. } => {
                Some(format!("they are {}", listed(&quoted_each(expected), "and")))
            }
            DefinitionFault::OpenHost { .. } => Some(
                "list the target's `hosts`, such as `\"*.example.com\"`, or let a dropdown decide"
                    .to_owned(),
            ),
            DefinitionFault::Weakens { part, .. } => {
                Some(format!("take `{part}` out, unless the service refuses requests with it"))
            }
            DefinitionFault::NoRow { .. } => Some("add a row for it, or `else`".to_owned()),
            DefinitionFault::NoAuth => {
                Some("name one; a method of scheme `none` sends no credentials".to_owned())
            }
            DefinitionFault::Succeeds { replied: false, .. } => {
                Some("give a `reply` if the error is to come from it".to_owned())
            }
            DefinitionFault::NoReply => Some("add a `reply`, or take this out".to_owned()),
            DefinitionFault::NotDone => Some(
                "`polls` of an example are the replies to each look at how it stands; the last one says that it is done".to_owned(),
            ),
            DefinitionFault::NotAsked => {
                Some("it was done, or has failed, by the reply before".to_owned())
            }
            DefinitionFault::SecretElsewhere { .. } => Some(
                "make one up that is in nothing else, such as `made-up-secret-1`: a secret is masked wherever it is found"
                    .to_owned(),
            ),
            DefinitionFault::NoExample => {
                Some("an example is its test, its documentation and the mock's reply".to_owned())
            }
            DefinitionFault::NotLoaded { hint, .. } => hint.clone(),
            DefinitionFault::Default { .. } | DefinitionFault::FieldExample { .. }
            | DefinitionFault::Taken { .. }
            | DefinitionFault::NoMoment { .. }
            | DefinitionFault::ConnectionExample { .. }
            | DefinitionFault::Together { .. }
            | DefinitionFault::TooManyCombinations { .. }
            | DefinitionFault::Repeated { .. }
            | DefinitionFault::Refused { .. }
            | DefinitionFault::Differs { .. }
            | DefinitionFault::Fails { .. }
            | DefinitionFault::Succeeds { .. }
            | DefinitionFault::Parameter { .. }
            | DefinitionFault::Redirected => None,
        }
    }
}

fn in_brackets(reference: &str) -> String {
    format!("in a helper call write `{reference}`")
}

fn roots(allowed: &[Root]) -> String {
    let roots: Vec<_> = allowed.iter().map(|root| root.as_str().to_owned()).collect();
    listed(&quoted_each(&roots), "or")
}

fn template_hint(fault: &TemplateFault, allowed: &[Root]) -> Option<String> {
    match &fault.problem {
        TemplateProblem::UnknownRoot { .. } => {
            Some(format!("here a reference starts with {}", roots(allowed)))
        }
        TemplateProblem::UnknownHelper { .. } => {
            let helpers: Vec<_> =
                cardhost_core::template::helper_names().map(str::to_owned).collect();
            Some(format!("the helpers are {}", listed(&quoted_each(&helpers), "and")))
        }
        TemplateProblem::NotAllowed { .. } => {
            Some("what is optional is said with `?` or `visibleWhen`".to_owned())
        }
        TemplateProblem::Unclosed { .. } => {
            Some("a literal `<<` or `{{` is written with a backslash before it".to_owned())
        }
        _ => None,
    }
}

/// A type's name as it stands in a sentence.
fn article(name: &str) -> String {
    match name {
        "object" => "an object".to_owned(),
        "number" | "whole number" | "list" | "date-time" | "file" | "dropdown" | "secret" => {
            format!("a {name}")
        }
        name => name.to_owned(),
    }
}

fn combined(combination: &[(String, Option<String>)]) -> String {
    let parts: Vec<String> = combination
        .iter()
        .map(|(by, value)| match value {
            Some(value) => format!("`{by}` = `{value}`"),
            None => format!("no `{by}`"),
        })
        .collect();
    parts.join(", ")
}
