//! What a field of a card offers, and which keys it has, asked of the service where a card of the connector lists it.

use std::sync::Arc;

use serde_json::{Map, Value};

use cardhost_core::asked::Given;
use cardhost_core::choices::{self, ChoicesFault, Offered};
use cardhost_core::definition::Definition;
use cardhost_core::described::{self, DescribedField};
use cardhost_core::failure::Error;
use cardhost_core::invocation::{ConnectionRef, Invocation, InvocationFault};
use cardhost_core::pages::Wanted;

use super::Host;

/// Most choices or fields that are asked for where a card has pages.
const MOST: u64 = 1_000;

/// What a field offers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// In the order of the definition or the service.
    pub offered: Vec<Offered>,
    /// Whether the service has more than were asked for.
    pub more: bool,
}

/// The keys that a field has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedFields {
    /// Those of the definition, then those of the service, in their order.
    pub fields: Vec<DescribedField>,
    /// Whether the service has more than were asked for.
    pub more: bool,
}

/// What a card that was asked gave.
struct Listed {
    asked: Arc<Definition>,
    output: Value,
    more: bool,
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
                return Err(ChoicesFault::None { field: field.to_owned() }.into());
            }
            return Ok(Choices { offered: sought(offered, search), more: false });
        };
        let with = choices::asked_with(field, from, &given, search)?;
        let limit = limit.unwrap_or(MOST);
        let listed = self.listed(&definition, asked, with, invocation.connection, limit).await?;
        let mut offered = choices::offered(from, declared, &listed.asked.card, &listed.output)?;
        if from.search.is_none() {
            offered = sought(offered, search);
        }
        let more = cut(&mut offered, limit) || listed.more;
        Ok(Choices { offered, more })
    }

    /// The keys that an object among a card's inputs has, `field` being `Group.Label`: those that the definition declares, and those that
    /// the service describes itself (`fieldsFrom`). The invocation is as far as it is filled in: what is described may depend on other
    /// values. `limit` is how many are asked for, 1,000 by default. A run asks for none of this and takes other keys as well.
    ///
    /// # Errors
    /// `input.unknown`, `input.type` where the field has no fields that could be known, `input.required` where they depend on a value
    /// that is missing, and all that a run of the card ends with that describes them.
    pub async fn fields(
        &self,
        card: Option<&str>,
        field: &str,
        invocation: Invocation,
        limit: Option<u64>,
    ) -> Result<DescribedFields, Error> {
        let named = invocation.card.as_deref().or(card).ok_or(InvocationFault::NoCard)?;
        let definition = self.catalog().definition(named)?;
        let object = choices::field(&definition.card, field)?;
        let mut fields = object.fields.as_ref().map_or(Vec::new(), described::declared);
        let Some(from) = &object.fields_from else {
            return match object.fields {
                Some(_) => Ok(DescribedFields { fields, more: false }),
                None => Err(ChoicesFault::NoFields { field: field.to_owned() }.into()),
            };
        };
        let given = Given { options: &invocation.options, input: &invocation.input };
        let depends = |error| ChoicesFault::Depends { field: field.to_owned(), error };
        let with = from.asked().with(&given).map_err(depends)?;
        let limit = limit.unwrap_or(MOST);
        let connection = invocation.connection;
        let listed = self.listed(&definition, &from.card, with, connection, limit).await?;
        let mut of_service = described::described(from, &listed.asked.card, &listed.output)?;
        let more = cut(&mut of_service, limit) || listed.more;
        of_service.retain(|one| fields.iter().all(|declared| declared.name != one.name));
        fields.append(&mut of_service);
        Ok(DescribedFields { fields, more })
    }

    /// Runs a card of the same connector that lists something.
    async fn listed(
        &self,
        definition: &Definition,
        asked: &str,
        [options, input]: [Map<String, Value>; 2],
        connection: Option<ConnectionRef>,
        limit: u64,
    ) -> Result<Listed, Error> {
        let name = format!("{}/{asked}", definition.connector.name.as_str());
        let asked = self.catalog().definition(&name)?;
        let pages = asked.card.pages.is_some();
        let pages = pages.then(|| Wanted { limit: Some(limit), ..Wanted::default() });
        let ask = Invocation { connection, options, input, pages, ..Invocation::default() };
        let outcome = self.run(Some(&name), ask).await?;
        let output = outcome.output.to_value().unwrap_or(Value::Null);
        let more = outcome.pages.is_some_and(|pages| pages.next.is_some());
        Ok(Listed { asked, output, more })
    }
}

/// Leaves as many as were asked for, and says whether there were more.
fn cut<T>(all: &mut Vec<T>, limit: u64) -> bool {
    let more = all.len() as u64 > limit;
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    more
}

fn sought(offered: Vec<Offered>, search: Option<&str>) -> Vec<Offered> {
    match search {
        Some(search) => choices::searched(offered, search),
        None => offered,
    }
}
