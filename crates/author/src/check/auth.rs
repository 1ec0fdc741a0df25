//! What an auth method says besides its templates: what needs what, names, URLs.

use url::{Host, Url};

use super::decisions;
use super::finding::{DefinitionFault, Table};
use super::findings::Findings;
use super::references::Names;
use super::targets::{CONNECTION, header_name, known_method};
use cardhost_core::auth::{
    AuthMethod, ClientAuth, Grant, OAuth2, Place, Session, Tls, TokenPlace, is_cookie_name,
};
use cardhost_core::base_url::BaseUrl;
use cardhost_core::decision::Decision;
use cardhost_core::error::{Code, pointer};
use cardhost_core::template::Template;

/// Checks an auth method.
pub(super) fn check(
    names: Names<'_>,
    name: &str,
    method: &AuthMethod,
    findings: &mut Findings<'_>,
) {
    part(names, &pointer(&["auth", name]), method, findings);
}

fn part(names: Names<'_>, place: &str, method: &AuthMethod, findings: &mut Findings<'_>) {
    match method {
        AuthMethod::None(_) | AuthMethod::Basic(_) | AuthMethod::Bearer(_) => {}
        AuthMethod::Digest(_) | AuthMethod::OAuth1(_) | AuthMethod::AwsSigv4(_) => {}
        AuthMethod::Custom(_) => {}
        AuthMethod::Hmac(hmac) => {
            for name in hmac.headers.keys() {
                header_name(name, &entry(place, "headers", name), findings);
            }
            let signs = |template: &&Template| template.source().contains("signing.signature");
            if let Some(template) = Some(&hmac.message).filter(signs) {
                let expected = "a text without the signature itself".to_owned();
                let found = template.source().to_owned();
                let fault = DefinitionFault::Form { expected, found };
                findings.at(Code::DEFINITION_VALUE, &format!("{place}/message"), fault);
            }
            if !hmac.headers.values().chain(hmac.query.values()).any(|t| signs(&t)) {
                let needs = "needs `signing.signature` in `headers` or `query`";
                together(place, "message", needs, findings);
            }
        }
        AuthMethod::ApiKey(key) => placed(key.place, &key.name, place, findings),
        AuthMethod::OAuth2(oauth2) => check_oauth2(names, place, oauth2, findings),
        AuthMethod::Session(session) => check_session(names, place, session, findings),
        AuthMethod::Tls(tls) => check_tls(place, tls, findings),
        AuthMethod::All(all) => {
            let of = format!("{place}/of");
            if all.of.len() < 2 {
                together(&of, "of", "needs two schemes at least", findings);
            }
            let gets_token = |method: &&AuthMethod| method.token_scheme().is_some();
            if all.of.iter().filter(gets_token).count() > 1 {
                together(&of, "of", "can hold one scheme only that gets a token", findings);
            }
            let mut taken: Vec<(Place, String)> = Vec::new();
            for (index, inner) in all.of.iter().enumerate() {
                for (kind, name) in inner.puts() {
                    let put = match kind {
                        Place::Header => (kind, name.to_ascii_lowercase()),
                        Place::Query | Place::Cookie => (kind, name.to_owned()),
                    };
                    if taken.contains(&put) {
                        let fault = DefinitionFault::Repeated { found: name.to_owned() };
                        findings.at(Code::DEFINITION_VALUE, &format!("{of}/{index}"), fault);
                    }
                    taken.push(put);
                }
                let place = format!("{of}/{index}");
                if matches!(inner, AuthMethod::All(_)) {
                    together(&place, "all", "cannot stand inside `all`", findings);
                }
                part(names, &place, inner, findings);
            }
        }
    }
}

fn check_oauth2(names: Names<'_>, place: &str, oauth2: &OAuth2, findings: &mut Findings<'_>) {
    let grant = oauth2.grant;
    // An assertion that names its issuer says who asks.
    let anonymous = grant == Grant::JwtBearer
        && oauth2.client_auth() == ClientAuth::None
        && oauth2.assertion.as_ref().is_none_or(|assertion| assertion.issuer.is_some());
    let needed = [
        ("authorizationUrl", grant == Grant::AuthorizationCode, oauth2.authorization_url.is_some()),
        ("deviceUrl", grant == Grant::DeviceCode, oauth2.device_url.is_some()),
        ("refreshToken", grant == Grant::RefreshToken, oauth2.refresh_token.is_some()),
        ("clientId", !anonymous, oauth2.client_id.is_some()),
        (
            "assertion",
            grant == Grant::JwtBearer || oauth2.client_auth() == ClientAuth::PrivateKeyJwt,
            oauth2.assertion.is_some(),
        ),
        (
            "clientSecret",
            matches!(oauth2.client_auth(), ClientAuth::Basic | ClientAuth::Body),
            oauth2.client_secret.is_some(),
        ),
    ];
    let missing = needed.iter().filter(|(_, needed, there)| *needed && !there);
    let missing: Vec<String> = missing.map(|(key, ..)| (*key).to_owned()).collect();
    if !missing.is_empty() {
        let fault = DefinitionFault::MissingKey { keys: missing };
        findings.at(Code::DEFINITION_MISSING_KEY, place, fault);
    }
    let urls = [
        ("authorizationUrl", oauth2.authorization_url.as_ref()),
        ("tokenUrl", Some(&oauth2.token_url)),
        ("deviceUrl", oauth2.device_url.as_ref()),
        ("revocationUrl", oauth2.revocation_url.as_ref()),
    ];
    for (key, url) in urls.into_iter().filter_map(|(key, url)| Some((key, url?))) {
        endpoint(names, key, &format!("{place}/{key}"), url, findings);
    }
    token_place(place, &oauth2.token, findings);
}

fn check_session(names: Names<'_>, place: &str, session: &Session, findings: &mut Findings<'_>) {
    let login = &session.login;
    endpoint(names, "url", &format!("{place}/login/url"), &login.url, findings);
    known_method(&login.method, &format!("{place}/login/method"), findings);
    for name in login.headers.keys() {
        header_name(name, &entry(&format!("{place}/login"), "headers", name), findings);
    }
    exactly_one(
        place,
        &["tokenFrom", "cookie"],
        &[session.token_from.is_some(), session.cookie.is_some()],
        findings,
    );
    if login.json.is_some() && login.form.is_some() {
        exactly_one(&format!("{place}/login"), &["json", "form"], &[true, true], findings);
    }
    token_place(place, &session.token, findings);
}

fn check_tls(place: &str, tls: &Tls, findings: &mut Findings<'_>) {
    let missing = match (&tls.certificate, &tls.key, &tls.authority) {
        (Some(_), None, _) => "key",
        (None, Some(_), _) => "certificate",
        (None, None, None) => "authority",
        _ => return,
    };
    let fault = DefinitionFault::MissingKey { keys: vec![missing.to_owned()] };
    findings.at(Code::DEFINITION_MISSING_KEY, place, fault);
}

/// The pointer of an entry of a map.
fn entry(place: &str, map: &str, name: &str) -> String {
    let mut pointer = format!("{place}/{map}");
    cardhost_core::error::push_pointer(&mut pointer, name);
    pointer
}

fn token_place(place: &str, token: &TokenPlace, findings: &mut Findings<'_>) {
    placed(token.place, &token.name, &format!("{place}/token"), findings);
}

fn placed(place: Place, name: &str, pointer: &str, findings: &mut Findings<'_>) {
    let pointer = format!("{pointer}/name");
    match place {
        Place::Header => header_name(name, &pointer, findings),
        Place::Cookie if !is_cookie_name(name) => {
            let expected = "the name of a cookie".to_owned();
            let fault = DefinitionFault::Form { expected, found: name.to_owned() };
            findings.at(Code::DEFINITION_VALUE, &pointer, fault);
        }
        Place::Cookie | Place::Query => {}
    }
}

/// A URL must be one; a literal one `https`, unless it leads to this machine: tokens go there.
fn endpoint(
    names: Names<'_>,
    key: &'static str,
    place: &str,
    url: &Decision<BaseUrl>,
    findings: &mut Findings<'_>,
) {
    decisions::check(names, &Table::Endpoint(key), url, place, CONNECTION, findings);
    url.each(place, &mut |url, place| {
        let fits = match url.url() {
            Some(literal) => literal.scheme() == "https" || is_here(literal),
            // A fault of a template is told by its own check.
            None => url.is_well_formed() || url.template().is_some_and(|t| t.parts().is_err()),
        };
        if !fits {
            let expected = "an https URL without user, query and fragment".to_owned();
            let fault = DefinitionFault::Form { expected, found: url.text().to_owned() };
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

fn exactly_one(place: &str, of: &[&str], there: &[bool], findings: &mut Findings<'_>) {
    let found: Vec<String> = of
        .iter()
        .zip(there)
        .filter(|(_, there)| **there)
        .map(|(key, _)| (*key).to_owned())
        .collect();
    if found.len() != 1 {
        let of = of.iter().map(|key| (*key).to_owned()).collect();
        let fault = DefinitionFault::ExactlyOne { of, found };
        findings.at(Code::DEFINITION_VALUE, place, fault);
    }
}

fn together(place: &str, part: &'static str, needs: &str, findings: &mut Findings<'_>) {
    let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
    findings.at(Code::DEFINITION_VALUE, place, fault);
}
