//! No secret of any kind is in anything that is shown: logs of every library at their most talkative, errors of every
//! class, plans, commands, and what `Debug` and `Display` make of every public type that can hold one.
//!
//! The secrets are the canaries of `memory`; its service quotes requests in its errors and descriptions.

mod command;
mod flow;
mod host;
mod types;

use crate::canary::Hunt;

/// Fails with every canary that is in what was shown.
fn assert_clean(hunt: &Hunt, shown: &[(String, String)]) {
    let mut leaks = Vec::new();
    for (what, text) in shown {
        for found in hunt.find(text.as_bytes()) {
            let (label, spelling) = &found.piece;
            leaks.push(format!("{what}: {label} ({spelling}) in …{}…", found.around));
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}
