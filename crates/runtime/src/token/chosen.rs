//! Of what a look-up has found, the one that is meant.

use cardhost_core::auth::AuthMethod;
use cardhost_core::token::{Choice, GrantFault, Tokens};
use serde_json::{Map, Value};

/// Whether tokens are without what their method's look-up surely gives.
pub(crate) fn lacks(method: &AuthMethod, tokens: &Tokens) -> bool {
    method.look_up().is_some_and(|look_up| {
        let mut labels = look_up.gives.keys();
        labels.any(|label| look_up.surely_gives(label) && !tokens.gives.contains_key(label))
    })
}

/// What the one that there is, or that was chosen, brings; nothing where nothing was looked up.
pub(crate) fn the_one(
    found: Vec<Choice>,
    chosen: Option<&str>,
) -> Result<Map<String, Value>, GrantFault> {
    let by_value = found.iter().position(|choice| chosen == Some(&choice.value));
    let by_title = || found.iter().position(|choice| chosen == Some(&choice.title));
    let index = match (found.len(), chosen) {
        (0, _) => return Ok(Map::new()),
        (1, None) => Some(0),
        // There is nothing to choose.
        (1, Some(_)) if found.iter().all(|choice| choice.value.is_empty()) => Some(0),
        _ => by_value.or_else(by_title),
    };
    let offered = |found: Vec<Choice>| {
        found.into_iter().map(|choice| (choice.value, choice.title)).collect::<Vec<_>>()
    };
    match index {
        Some(index) => Ok(found.into_iter().nth(index).map(|it| it.gives).unwrap_or_default()),
        None => {
            Err(GrantFault::Choices { chosen: chosen.map(str::to_owned), offered: offered(found) })
        }
    }
}
