//! `run CARD --help`: the card's own fields before those of the command.

use crate::support::cardhost;

#[test]
fn help_of_a_card_shows_its_fields_first() {
    for command in ["run", "plan"] {
        for asked in [
            vec![command, "mixpanel/list-warehouse-sources", "--help"],
            vec![command, "-h", "mixpanel/list-warehouse-sources"],
        ] {
            let ran = cardhost(&asked, "");
            let begins = "mixpanel/list-warehouse-sources 1.0.0 (List Warehouse Sources)\n\
                List the warehouse sources of a project.\n\nPath:\n  Path.projectId  number (integer; required)\n      \
                Number of the Mixpanel project.\n\nConnection:\n  API Server Location  dropdown (required; ";
            assert!(ran.stdout.starts_with(begins), "{asked:?}: {}", ran.stdout);
            let example = format!(
                "\nExample:\n  cardhost {command} mixpanel/list-warehouse-sources \\\n    --set 'Path.projectId=2195193'\n\n"
            );
            assert!(ran.stdout.contains(&example), "{}", ran.stdout);
            assert!(ran.stdout.contains(&format!("Usage: cardhost {command} ")), "{}", ran.stdout);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        }
    }
}

#[test]
fn help_without_a_card_is_that_of_the_command_and_of_an_unknown_one_an_error() {
    let ran = cardhost(&["run", "--help"], "");
    assert!(ran.stdout.starts_with("Run a card: "), "{}", ran.stdout);
    let ran = cardhost(&["run", "mixpanel/list-warehouse-source", "--help"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(
        ran.stderr.contains("did you mean `mixpanel/list-warehouse-sources`?"),
        "{}",
        ran.stderr
    );
}
