//! `new connector`.

use cardhost::author::draft::{AuthDraft, connector};

use super::args::{Auth, NewConnectorArgs};
use super::files::{checked_name, folders, pasted, written};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

/// The base URL of a connector that nothing is known of.
const MADE_UP: &str = "https://api.shop.example/v1";

pub(super) fn run(
    global: &Global,
    args: &NewConnectorArgs,
    console: &Console,
) -> Result<(), Failure> {
    checked_name("connector", &args.name)?;
    let command = args.curl.as_deref().map(pasted).transpose()?;
    let base = match (&args.base, &command) {
        (Some(base), _) => checked_base(base)?,
        (None, Some(command)) => command.base(),
        (None, None) => {
            console.note(&format!("the base URL is made up: {MADE_UP}; `--base URL` names it"));
            MADE_UP.to_owned()
        }
    };
    let auth = match (args.auth, &command) {
        (Some(Auth::Basic), _) => AuthDraft::Basic,
        (Some(Auth::ApiKey), _) => AuthDraft::Header("x-api-key".to_owned()),
        (Some(Auth::None), _) => AuthDraft::None,
        (Some(Auth::Bearer), _) | (None, None) => AuthDraft::Bearer,
        (None, Some(command)) => AuthDraft::of(command),
    };
    let draft = connector(&args.name, &base, &auth);
    let folder = folders(global).swap_remove(0).join(&args.name);
    let action = folder.join("custom-api-action.json");
    let files =
        [(folder.join("connector.json"), draft.connector), (action, draft.custom_api_action)];
    written(global, &files, &[], console)
}

/// A base URL without what the format has no place for.
fn checked_base(base: &str) -> Result<String, Failure> {
    let is_template = base.contains("<<") || base.contains("{{");
    let parsed = url::Url::parse(base).ok().filter(|url| {
        url.scheme() == "https"
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match (is_template, parsed) {
        (true, _) | (false, Some(_)) => Ok(base.trim_end_matches('/').to_owned()),
        (false, None) => Err(Failure::Usage(format!(
            "--base `{base}` is no base URL: give https, a host, and perhaps a path"
        ))),
    }
}
