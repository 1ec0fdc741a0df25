//! What a field of a card offers, asked of the service where a card of the connector lists it.

use serde_json::Value;

use cardhost_core::choices::{self, Given, Offered};
use cardhost_core::failure::Error;
use cardhost_core::invocation::{Invocation, InvocationFault};
use cardhost_core::pages::Wanted;

use super::Host;

/// Most choices that are asked for where a card has pages.
const MOST: u64 = 1_000;

/// What a field offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// In the order of the definition or the service.
    pub offered: Vec<Offered>,
    /// Whether the service has more than were asked for.
    pub more: bool,
}

impl Host {
    /// What a field of a card offers: `field` is the label of an option, or `Group.Label` of an input. The invocation is as far as it
    /// is filled in: some choices depend on other values. `search` finds those with a text in them, by the service where it can;
    /// `limit` is how many are asked for, 1,000 by default.
    ///
    /// # Errors
    /// `input.unknown`, `input.choice` where any value may be given, `input.required` where the choices depend on a value that is
    /// missing, and all that a run of the card ends with that lists them.
    pub async fn choices(
        &self,
        card: Option<&str>,
        field: &str,
        invocation: Invocation,
        search: Option<&str>,
        limit: Option<u64>,
    ) -> Result<Choices, Error> {
        let named = invocation.card.as_deref().or(card).ok_or(InvocationFault::NoCard)?;
        let definition = self.catalog().definition(named)?;
        let declared = choices::field(&definition.card, field)?;
        let given = Given { options: &invocation.options, input: &invocation.input };
        let Some((from, asked)) =
            declared.choices_from.as_ref().and_then(|from| Some((from, from.card.as_deref()?)))
        else {
            let offered = choices::listed(&definition.connector, declared, &given);
            if declared.choices.is_empty() && declared.choices_from.is_none() {
                return Err(choices::ChoicesFault::None { field: field.to_owned() }.into());
            }
            return Ok(Choices { offered: sought(offered, search), more: false });
        };
        let [options, input] = choices::asked_with(field, from, &given, search)?;
        let name = format!("{}/{asked}", definition.connector.name.as_str());
        let asked = self.catalog().definition(&name)?;
        let limit = limit.unwrap_or(MOST);
        let pages = asked.card.pages.is_some();
        let pages = pages.then(|| Wanted { limit: Some(limit), ..Wanted::default() });
        let connection = invocation.connection;
        let ask = Invocation { connection, options, input, pages, ..Invocation::default() };
        let outcome = self.run(Some(&name), ask).await?;
        let output = outcome.output.to_value().unwrap_or(Value::Null);
        let mut offered = choices::offered(from, declared, &asked.card, &output)?;
        if from.search.is_none() {
            offered = sought(offered, search);
        }
        let cut = offered.len() as u64 > limit;
        offered.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let more = cut || outcome.pages.is_some_and(|pages| pages.next.is_some());
        Ok(Choices { offered, more })
    }
}

fn sought(offered: Vec<Offered>, search: Option<&str>) -> Vec<Offered> {
    match search {
        Some(search) => choices::searched(offered, search),
        None => offered,
    }
}
