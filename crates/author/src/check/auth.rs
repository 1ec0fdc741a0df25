//! What an auth method says besides its templates: what needs what, names, URLs.

use url::{Host, Url};

use super::decisions;
use super::fault::{DefinitionFault, Table};
use super::findings::Findings;
use super::known::{CONNECTION, header_name, known_method};
use super::names::Names;
use cardhost_core::auth::{AuthMethod, CredentialPlace, Demand, is_cookie_name};
use cardhost_core::endpoint_url::EndpointUrl;
use cardhost_core::error::{Code, pointer};
use cardhost_core::template::Decision;
use cardhost_document::Malformed;

/// Checks what the method's scheme demands.
pub(super) fn check(
    names: Names<'_>,
    name: &str,
    method: &AuthMethod,
    findings: &mut Findings<'_>,
) {
    let method_place = pointer(&["auth", name]);
    for (key, demand) in method.scheme().demands() {
        let place = match &*key {
            "" => method_place.clone(),
            key => format!("{method_place}/{key}"),
        };
        hold(names, &place, demand, findings);
    }
}

fn hold(names: Names<'_>, place: &str, demand: Demand<'_>, findings: &mut Findings<'_>) {
    let owned = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
    let fault = match demand {
        Demand::Missing(keys) => {
            let fault = Malformed::MissingKey { keys: owned(keys) }.into();
            return findings.at(Code::DEFINITION_MISSING_KEY, place, fault);
        }
        Demand::ExactlyOne(keys) => {
            let there = keys.iter().filter(|(_, there)| *there);
            let found: Vec<String> = owned(there.map(|(key, _)| *key).collect());
            if found.len() == 1 {
                return;
            }
            let of = owned(keys.into_iter().map(|(key, _)| key).collect());
            Malformed::ExactlyOne { of, found }.into()
        }
        Demand::Together { part, needs } => {
            DefinitionFault::Together { part, needs: needs.to_owned() }
        }
        Demand::Form { expected, found } => form(expected, found),
        Demand::Repeated(found) => DefinitionFault::Repeated { found: found.to_owned() },
        Demand::Name(CredentialPlace::Header, name) => return header_name(name, place, findings),
        Demand::Name(CredentialPlace::Cookie, name) if !is_cookie_name(name) => {
            form("the name of a cookie", name)
        }
        Demand::Name(CredentialPlace::Cookie | CredentialPlace::Query, _) => return,
        Demand::Method(name) => return known_method(name, place, findings),
        Demand::Weakens { part, leaves_out } => {
            let fault = DefinitionFault::Weakens { part, leaves_out };
            return findings.warn(Code::DEFINITION_VALUE, place, fault);
        }
        Demand::Endpoint(key, url) => return endpoint(names, key, place, url, findings),
    };
    findings.at(Code::DEFINITION_VALUE, place, fault);
}

fn form(expected: &str, found: &str) -> DefinitionFault {
    Malformed::form(expected, found).into()
}

/// A URL must be one; a literal one `https`, unless it leads to this machine: tokens go there.
fn endpoint(
    names: Names<'_>,
    key: &'static str,
    place: &str,
    url: &Decision<EndpointUrl>,
    findings: &mut Findings<'_>,
) {
    decisions::check(names, &Table::Endpoint(key), url, place, CONNECTION, findings);
    url.each(place, &mut |url, place| {
        let literal = url.literal();
        let safe = literal.is_none_or(|url| url.scheme() == "https" || is_here(url));
        if !safe || !url.is_well_formed() {
            let fault = form("an https URL without user and fragment", url.text());
            findings.at(Code::DEFINITION_VALUE, place, fault);
        }
    });
}

/// Whether a URL leads to this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
