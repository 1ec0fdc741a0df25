//! The invocation that a command is given: what stdin has, and what `--set` puts before it.

use std::io::{self, IsTerminal as _};

use cardhost::core::invocation::InvocationFault;
use cardhost::{Error, Host, Invocation};

use super::console::Failure;
use super::set::{self, SetArgs};
use super::setup;

/// An invocation, and whether all of it came from `--set`.
pub(crate) struct Given {
    pub(crate) invocation: Invocation,
    by_arguments: bool,
}

impl Given {
    /// Reads the invocation of a card. With `--set`, nobody is asked to type one.
    pub(crate) fn read(host: &Host, card: Option<&str>, args: &SetArgs) -> Result<Given, Failure> {
        if args.set.is_empty() {
            return Ok(Given { invocation: setup::invocation()?, by_arguments: false });
        }
        let text = if io::stdin().is_terminal() { None } else { setup::stdin("one invocation")? };
        let by_arguments = text.is_none();
        let mut invocation = match text {
            Some(text) => Invocation::from_json(&text).map_err(Error::from)?,
            None => Invocation::default(),
        };
        let named = invocation.card.as_deref().or(card);
        let named = named.ok_or(InvocationFault::NoCard).map_err(Error::from)?;
        let definition = host.catalog().definition(named)?;
        set::apply(&definition.card, &args.set, &mut invocation)?;
        Ok(Given { invocation, by_arguments })
    }

    /// An error about options or inputs, placed where they came from.
    pub(crate) fn placed(by_arguments: bool, error: Error) -> Error {
        let place = error.place().clone();
        let is_given = ["/options", "/input"].iter().any(|root| place.pointer.starts_with(root));
        match by_arguments && is_given && place.file.is_empty() {
            true => error.at(cardhost::Place { file: set::PLACE.to_owned(), ..place }),
            false => error,
        }
    }

    /// The invocation, and what places its errors.
    pub(crate) fn parts(self) -> (Invocation, impl Fn(Error) -> Error) {
        (self.invocation, move |error| Given::placed(self.by_arguments, error))
    }
}
