//! `man`: the manual page, made of the same descriptions as the help.

use clap::{Arg, Args, Command};

use super::console::{Console, Failure};
use super::exit_codes::EXIT_CODES;

#[derive(Debug, Args)]
pub(crate) struct ManArgs {}

/// What the environment is asked for.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("CARDHOST_CARDS", "Folders of connectors, set apart as in PATH; --cards goes first."),
    ("CARDHOST_ALLOW_PRIVATE_NETWORK", "What --allow-private-network takes."),
    (
        "CARDHOST_STORE",
        "The store of connections: a path, or postgres://USER:PASSWORD@HOST/DATABASE.",
    ),
    ("CARDHOST_KEY", "The store's key."),
    ("CARDHOST_KEY_FILE", "The file with the store's key."),
    ("CARDHOST_PREVIOUS_KEY", "The key before, while keys are changed."),
    ("CARDHOST_TENANT", "Whose connections are used."),
    ("NO_COLOR", "Where it is set, nothing is shown in colours."),
];

/// Prints the page, in roff: `cardhost man | man -l -`.
pub(crate) fn run(_: &ManArgs, mut command: Command, console: &Console) -> Result<(), Failure> {
    command.build();
    console.out(&page(&command))
}

fn page(command: &Command) -> String {
    let version = command.get_version().unwrap_or_default();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!(".TH CARDHOST 1 \"\" \"cardhost {}\" \"\"\n", escaped(version));
    page.push_str(&format!(".SH NAME\ncardhost \\- {}\n", escaped(&about)));
    page.push_str(".SH SYNOPSIS\n.B cardhost\n[OPTIONS] COMMAND\n");
    page.push_str(".SH OPTIONS\nEvery command takes these.\n");
    let is_global = |arg: &&Arg| arg.is_global_set() && !arg.is_hide_set();
    command.get_arguments().filter(is_global).for_each(|arg| page.push_str(&argument(arg)));
    page.push_str(".SH COMMANDS\n");
    for below in command.get_subcommands() {
        described(below, "cardhost", &mut page);
    }
    let codes = EXIT_CODES.trim_start_matches("Exit codes: ").trim_end_matches('.');
    page.push_str(".SH EXIT STATUS\n");
    for code in codes.split(", ") {
        let (number, meaning) = code.split_once(' ').unwrap_or((code, ""));
        page.push_str(&format!(".TP\n.B {number}\n{}\n", escaped(meaning)));
    }
    page.push_str(".SH ENVIRONMENT\n");
    for (name, meaning) in ENVIRONMENT {
        page.push_str(&format!(".TP\n.B {name}\n{}\n", escaped(meaning)));
    }
    page
}

/// A command and those below it.
fn described(command: &Command, above: &str, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{above} {}", command.get_name());
    page.push_str(&format!(".SS {}\n", escaped(&name)));
    let about = command.get_long_about().or(command.get_about());
    page.push_str(&format!("{}\n", escaped(&about.map(ToString::to_string).unwrap_or_default())));
    let is_own = |arg: &&Arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help";
    command.get_arguments().filter(is_own).for_each(|arg| page.push_str(&argument(arg)));
    if let Some(more) = command.get_after_help() {
        page.push_str(&format!(".PP\n.nf\n{}\n.fi\n", escaped(&more.to_string())));
    }
    for below in command.get_subcommands() {
        described(below, &name, page);
    }
}

fn argument(arg: &Arg) -> String {
    let values: Vec<String> =
        arg.get_value_names().into_iter().flatten().map(|name| name.to_string()).collect();
    let takes = if arg.get_action().takes_values() { values.join(" ") } else { String::new() };
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let named = match arg.get_long() {
        Some(long) => format!("{short}--{long} {takes}"),
        None => takes,
    };
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| value.get_name().to_owned())
        .collect();
    let choices = match choices.is_empty() {
        true => String::new(),
        false => format!("\nOne of {}.", choices.join(", ")),
    };
    format!(".TP\n.B {}\n{}{}\n", escaped(named.trim_end()), escaped(&help), escaped(&choices))
}

/// Text as roff takes it: nothing in it is a request.
fn escaped(text: &str) -> String {
    let line = |line: &str| {
        let mut shown = String::with_capacity(line.len());
        for c in line.chars() {
            match c {
                '\\' => shown.push_str("\\e"),
                '-' => shown.push_str("\\-"),
                c if c.is_ascii() => shown.push(c),
                c => shown.push_str(&format!("\\[u{:04X}]", u32::from(c))),
            }
        }
        let line = shown;
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_a_request() {
        assert_eq!(escaped(".a\n'b\n-c \\ d…"), "\\&.a\n\\&'b\n\\-c \\e d\\[u2026]");
    }
}
