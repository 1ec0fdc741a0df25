//! `completions`: a script for a shell, which asks `cardhost names` for cards, connectors, connections and flows.

use clap::{Args, Command};

use clap_complete::Shell;

use super::console::{Console, Failure};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Prints the script for the whole command.
pub(crate) fn run(
    args: &CompletionsArgs,
    mut command: Command,
    console: &Console,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cardhost", &mut script);
    let script = String::from_utf8_lossy(&script);
    console.out(&match args.shell {
        Shell::Bash => format!("{script}\n{BASH}"),
        Shell::Fish => format!("{script}\n{FISH}"),
        Shell::Zsh => with_names_for_zsh(&script),
        _ => script.into_owned(),
    })
}

const BASH: &str = r#"_cardhost_names() {
    _cardhost "$@"
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" kind=
    [[ "$current" == -* ]] && return
    case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
        *" --connection ") kind=connections ;;
        *" flow run " | *" flow show " | *" flow graph ") kind=flows ;;
        *" run " | *" plan " | *" record " | *" show " | *" docs " | *" schema invocation " | *" schema output ") kind=cards ;;
        *" mock " | *" list " | *" connection add " | *" schema connection ") kind=connectors ;;
    esac
    if [[ -n "$kind" ]]; then
        COMPREPLY+=($(compgen -W "$(cardhost names "$kind" 2>/dev/null)" -- "$current"))
    fi
}
complete -F _cardhost_names -o nosort -o bashdefault -o default cardhost
"#;

const FISH: &str = r#"complete -c cardhost -l connection -x -a "(cardhost names connections 2>/dev/null)"
complete -c cardhost -n "__fish_seen_subcommand_from flow; and __fish_seen_subcommand_from run show graph" -a "(cardhost names flows 2>/dev/null)"
complete -c cardhost -n "__fish_seen_subcommand_from run plan record show docs; and not __fish_seen_subcommand_from flow" -a "(cardhost names cards 2>/dev/null)"
complete -c cardhost -n "__fish_seen_subcommand_from mock list" -a "(cardhost names connectors 2>/dev/null)"
"#;

/// zsh has one description of all arguments: what completes a card is put into it.
fn with_names_for_zsh(script: &str) -> String {
    let kinds = [
        ("cards", &["::card -- ", ":card -- ", ":name -- "][..]),
        ("flows", &[":flow -- "]),
        ("connections", &["--connection=["]),
        ("connectors", &["connector -- ", "connectors -- "]),
    ];
    let mut functions = String::new();
    for (kind, _) in kinds {
        functions.push_str(&format!(
            "_cardhost_{kind}() {{ local -a names; names=(${{(f)\"$(cardhost names {kind} 2>/dev/null)\"}}); compadd -a names; _files }}\n"
        ));
    }
    let line = |line: &str| {
        let kind = kinds.iter().find(|(_, marks)| marks.iter().any(|mark| line.contains(mark)));
        match kind {
            Some((kind, _)) => line
                .replace(":_default'", &format!(":_cardhost_{kind}'"))
                .replace(":_files'", &format!(":_cardhost_{kind}'")),
            None => line.to_owned(),
        }
    };
    let mut lines = script.lines();
    let first = lines.next().unwrap_or_default();
    let rest: String = lines.map(|text| line(text) + "\n").collect();
    format!("{first}\n{functions}{rest}")
}
