//! What is done in one place only: printing, sending, opening secrets.

use super::source::{Crate, Module, crates};

/// Every module that does something, unless it lies in one of the places that may.
fn elsewhere(places: &[&str], does: impl Fn(&Crate, usize, &Module) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for one in crates().iter().filter(|one| one.name != "cardhost_benches") {
        for (index, module) in one.modules.iter().enumerate() {
            let name = one.named(index);
            let may = places.iter().any(|place| {
                name.strip_prefix(place)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            });
            if !may && does(one, index, module) {
                found.push(name);
            }
        }
    }
    found
}

fn names(of: &Crate, index: usize, words: &[&str]) -> bool {
    of.modules[index].full_paths(of, index).any(|path| {
        words.iter().any(|word| {
            path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    })
}

#[test]
fn only_the_command_prints() {
    let found = elsewhere(&["cardhost (program)::cli"], |one, index, module| {
        let prints = ["print", "println", "eprint", "eprintln", "dbg"];
        prints.iter().any(|name| module.macros.contains(*name))
            || names(one, index, &["std::io::stdout", "std::io::stderr"])
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn only_the_transport_sends() {
    // `mock` of the command and the page that a login comes back to answer with hyper, and send nothing.
    let places = [
        "cardhost_runtime::transport",
        "cardhost (program)::cli::mock",
        "cardhost (program)::cli::connection::login",
    ];
    let found = elsewhere(&places, |one, index, module| {
        let paths = module.paths.iter().filter(|path| path.len() > 1);
        let mut full = paths.map(|path| one.full(index, path));
        full.any(|path| {
            ["reqwest", "hyper", "hyper_util", "h2", "tokio_rustls"].contains(&path[0].as_str())
        })
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_secret_is_opened_only_where_it_goes_into_a_request() {
    let places = [
        "cardhost_core::secret",
        "cardhost_core::auth",
        "cardhost_core::template",
        "cardhost_core::connection",
        "cardhost_core::token",
        // A client's private key is read where its TLS is set up.
        "cardhost_runtime::transport::tls",
    ];
    let found = elsewhere(&places, |_, _, module| {
        module.methods.contains("expose")
            || module
                .paths
                .iter()
                .any(|path| path.len() > 1 && path.ends_with(&["expose".to_owned()]))
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn key_material_is_used_only_by_the_cipher_of_the_store() {
    let keys = |_: &Crate, _: usize, module: &Module| {
        module.methods.contains("expose_secret") || module.methods.contains("expose_secret_mut")
    };
    // Secret texts of calls are one type, and opened in `secret`.
    let mut found = elsewhere(&["cardhost_store::key", "cardhost_core::secret"], keys);
    found.extend(elsewhere(
        &["cardhost_store::cipher", "cardhost_store::export"],
        |one, index, _| names(one, index, &["ring::aead"]),
    ));
    assert_eq!(found, Vec::<String>::new());
}
