//! `new card`.

use cardhost::author::draft::{card, card_from_curl};
use cardhost::core::jq::Engine;
use cardhost::core::load::load_connector_with;

use super::args::NewCardArgs;
use super::files::{checked_name, folders, pasted, written};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;
use crate::cli::setup;

pub(super) fn run(global: &Global, args: &NewCardArgs, console: &Console) -> Result<(), Failure> {
    let Some((connector_name, name)) = args.card.split_once('/') else {
        return Err(Failure::Usage(format!(
            "`{}` is no card: name it as CONNECTOR/CARD",
            args.card
        )));
    };
    checked_name("connector", connector_name)?;
    checked_name("card", name)?;
    if name == "connector" {
        return Err(Failure::Usage("a card cannot be called `connector`".to_owned()));
    }
    let command = args.curl.as_deref().map(pasted).transpose()?;
    let all = folders(global);
    let Some(folder) = all
        .iter()
        .map(|folder| folder.join(connector_name))
        .find(|folder| folder.join("connector.json").is_file())
    else {
        let shown: Vec<String> =
            all.iter().map(|folder| format!("`{}`", folder.display())).collect();
        let is_built_in = setup::host(global)?.build().catalog().connector(connector_name).is_ok();
        if is_built_in {
            return Err(Failure::Usage(format!(
                "connector `{connector_name}` is built in, and a folder of that name would hide its cards: make one of another name with `cardhost new connector`"
            )));
        }
        return Err(Failure::Usage(format!(
            "there is no connector `{connector_name}` in {}: `cardhost new connector {connector_name}` makes one",
            shown.join(", ")
        )));
    };
    let file = folder.join("connector.json");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let engine: Option<&dyn Engine> = Some(&cardhost::flow::CardJq);
    let connector = load_connector_with(engine, &file.display().to_string(), &text)?;
    let draft = match &command {
        Some(command) => card_from_curl(&connector, name, command),
        None => card(&connector, name),
    };
    let draft = draft.map_err(|fault| Failure::Usage(fault.to_string()))?;
    written(global, &[(folder.join(format!("{name}.json")), draft.text)], &draft.notes, console)
}
