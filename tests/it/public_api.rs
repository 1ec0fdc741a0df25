//! What the crate `cardhost` makes public, as a list. A name that comes or goes is seen here, and taken with
//! `INSTA_UPDATE=always cargo test --test it public_api`.

use syn::{Attribute, Item, UseTree};

use crate::support::path;

#[test]
fn the_public_names_are_those_of_the_list() {
    let text = std::fs::read_to_string(path("src/lib.rs")).unwrap();
    let mut names = Vec::new();
    collect(&syn::parse_file(&text).unwrap().items, "cardhost", &mut names);
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "a name is there twice");
    insta::assert_snapshot!(format!("{count} names\n{}\n", names.join("\n")));
}

fn collect(items: &[Item], within: &str, names: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Use(item) if is_public(&item.vis, &item.attrs) => {
                for name in last_names(&item.tree) {
                    names.push(format!("{within}::{name}"));
                }
            }
            Item::Mod(item) if is_public(&item.vis, &item.attrs) => {
                let (_, items) = item.content.as_ref().expect("public modules are written out");
                collect(items, &format!("{within}::{}", item.ident), names);
            }
            Item::Use(_) | Item::Mod(_) => {}
            _ => panic!("the crate's root holds nothing of its own"),
        }
    }
}

fn is_public(visibility: &syn::Visibility, attributes: &[Attribute]) -> bool {
    let is_hidden = |attribute: &Attribute| {
        attribute.path().is_ident("doc")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    };
    matches!(visibility, syn::Visibility::Public(_)) && !attributes.iter().any(is_hidden)
}

fn last_names(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Path(path) => last_names(&path.tree),
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Rename(name) => vec![name.rename.to_string()],
        UseTree::Group(group) => group.items.iter().flat_map(last_names).collect(),
        UseTree::Glob(_) => panic!("a glob lists nothing"),
    }
}
