//! What of an `authentication` is not carried out for `http` and `openapi`: asked when a document is read, of the settings that
//! are there, and by a run, of all of them.

use crate::document_fault::DocumentFault;
use cardhost_document::Malformed;

/// What is known of a setting.
pub(crate) enum Setting<'s> {
    /// It is not there.
    Missing,
    /// An expression will say it.
    Later,
    /// Text.
    Text(&'s str),
    /// A value of another type.
    Other(&'static str),
}

/// A setting that is not as it has to be: its keys, and what is wrong with it.
pub(crate) struct Refused {
    pub(crate) keys: &'static [&'static str],
    pub(crate) fault: DocumentFault,
}

/// What keeps a run from carrying an authentication out, if anything does.
pub(crate) fn refused<'s>(
    scheme: &str,
    setting: &dyn Fn(&[&str]) -> Setting<'s>,
) -> Option<Refused> {
    let asked = Asked { scheme, setting };
    match scheme {
        "basic" | "digest" => asked.lacks(&[&["username"], &["password"]]),
        "bearer" => asked.lacks(&[&["token"]]),
        "oauth2" | "oidc" => asked
            .lacks(&[&["authority"], &["grant"]])
            .or_else(|| asked.other(&["grant"], &["client_credentials"]))
            .or_else(|| {
                let known = ["client_secret_post", "client_secret_basic"];
                asked.other(&["client", "authentication"], &known)
            })
            .or_else(|| asked.other(&["client", "assertion"], &[]))
            .or_else(|| {
                asked.other(&["request", "encoding"], &["application/x-www-form-urlencoded"])
            })
            .or_else(|| asked.has_not(&[&["client", "id"], &["client", "secret"]])),
        _ => {
            let feature = format!("authentication.{scheme}");
            Some(Refused { keys: &[], fault: DocumentFault::Unsupported { feature } })
        }
    }
}

struct Asked<'a, 's> {
    scheme: &'a str,
    setting: &'a dyn Fn(&[&str]) -> Setting<'s>,
}

impl Asked<'_, '_> {
    /// The first of some settings that is no text.
    fn lacks(&self, needed: &[&'static [&'static str]]) -> Option<Refused> {
        needed.iter().find_map(|keys| match (self.setting)(keys) {
            Setting::Missing => {
                let (last, keys) = keys.split_last()?;
                let fault = Malformed::missing(last).into();
                Some(Refused { keys, fault })
            }
            Setting::Other(found) => {
                Some(Refused { keys, fault: Malformed::wrong_type(&["text"], found).into() })
            }
            Setting::Later | Setting::Text(_) => None,
        })
    }

    /// The first of some settings that the language lets be left out, and we do not.
    fn has_not(&self, needed: &[&'static [&'static str]]) -> Option<Refused> {
        let mut refused = self.lacks(needed)?;
        if let DocumentFault::Malformed(Malformed::MissingKey { keys }) = &refused.fault {
            let name = [&["authentication", self.scheme], refused.keys].concat().join(".");
            let feature = format!("{name} without {}", keys.join(", "));
            refused.fault = DocumentFault::Unsupported { feature };
        }
        Some(refused)
    }

    /// A setting that may be left out, where it is none of those that are carried out.
    fn other(&self, keys: &'static [&'static str], carried_out: &[&str]) -> Option<Refused> {
        let found = match (self.setting)(keys) {
            Setting::Missing | Setting::Later => return None,
            Setting::Text(found) if carried_out.contains(&found) => return None,
            Setting::Text(found) => found,
            Setting::Other(found) => {
                let fault = Malformed::wrong_type(&["text"], found).into();
                return Some(Refused { keys, fault });
            }
        };
        let name = format!("authentication.{}.{}", self.scheme, keys.join("."));
        // Where nothing is carried out, what was given may be a secret.
        let feature = if carried_out.is_empty() { name } else { format!("{name}: {found}") };
        Some(Refused { keys, fault: DocumentFault::Unsupported { feature } })
    }
}
