//! What is pure: no files, network, environment, processes, threads or clocks, and nobody who has them.

use super::source::{Crate, crates};

/// Crates in which everything is passed in.
const PURE: [&str; 6] = [
    "cardhost_schema",
    "cardhost_core",
    "cardhost_document",
    "cardhost_author",
    "cardhost_flow",
    "cardhost_cassette",
];

/// What a path must not begin with.
const OUTSIDE: [&str; 14] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::os",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "tokio",
    "reqwest",
    "hyper_util",
    "hyper",
    "socket2",
];

/// What a path must not end with.
const CLOCKS: [&str; 5] =
    ["SystemTime", "Instant", "Timestamp::now", "Zoned::now", "TimeZone::system"];

fn outside(of: &Crate) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, module) in of.modules.iter().enumerate() {
        for path in module.full_paths(of, index).filter(|path| path.contains("::")) {
            let goes_out = OUTSIDE.iter().any(|word| {
                path.strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            });
            let tells_time = CLOCKS.iter().any(|word| path.ends_with(word))
                || path.contains("SystemTime::")
                || path.contains("Instant::");
            if goes_out || tells_time {
                faults.push(format!("{} names {path}", of.named(index)));
            }
        }
    }
    faults
}

#[test]
fn pure_crates_have_no_files_network_environment_clock_or_threads() {
    let pure = crates().iter().filter(|one| PURE.contains(&one.name.as_str()));
    let faults: Vec<String> = pure.flat_map(outside).collect();
    assert_eq!(faults, Vec::<String>::new());
}

/// The check sees what it is there for.
#[test]
fn the_runtime_is_not_pure() {
    let runtime = crates().iter().find(|one| one.name == "cardhost_runtime").unwrap();
    let faults = outside(runtime).join("\n");
    for word in ["std::fs", "std::time::Instant", "tokio::", "reqwest::"] {
        assert!(faults.contains(word), "{word} in\n{faults}");
    }
}
