//! The workspace's code as it is parsed: crates, their modules, and the paths, methods and macros that each module names. What stands
//! under `#[cfg(test)]` is left out: a test may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, UseTree};

use crate::manifests::packages;

/// A path as its segments: `crate::flow::load` is three.
pub type Segments = Vec<String>;

/// One crate: a library, or the program beside it.
pub struct Crate {
    /// As other crates name it; the program has ` (program)` behind it.
    pub name: String,
    /// The root first, each other after the one that it is in.
    pub modules: Vec<Module>,
}

/// One module.
pub struct Module {
    /// From the crate's root, which is empty.
    pub path: Segments,
    /// Where it is written.
    pub file: PathBuf,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    /// What its file holds beside modules and imports: `struct Call`.
    pub contents: Vec<String>,
    /// Names of its own items.
    items: BTreeSet<String>,
    /// Names that it imports, and what they stand for.
    imports: BTreeMap<String, Segments>,
    globs: Vec<Segments>,
    /// Every path in its code, imports too, as written.
    pub paths: BTreeSet<Segments>,
    /// Every method that it calls.
    pub methods: BTreeSet<String>,
    /// Every macro that it calls.
    pub macros: BTreeSet<String>,
    /// Names of its children that are `pub`.
    pub open: BTreeSet<String>,
    /// Its `pub` items: `struct Call`, and below a type its `pub` fields, variants and methods.
    pub public: Vec<(String, Vec<String>)>,
    /// What it hands on by `pub use`, as `imports` and `globs` have it.
    pub exports: Vec<(Option<String>, Segments)>,
}

/// The crates of the workspace, parsed once.
pub fn crates() -> &'static [Crate] {
    static CRATES: OnceLock<Vec<Crate>> = OnceLock::new();
    CRATES.get_or_init(|| {
        let mut crates = Vec::new();
        for package in packages() {
            for target in package["targets"].as_array().unwrap() {
                let kind = target["kind"][0].as_str().unwrap();
                let name = target["name"].as_str().unwrap().replace('-', "_");
                let name = match kind {
                    "lib" => name,
                    "bin" if package["name"] == target["name"] => format!("{name} (program)"),
                    _ => continue,
                };
                crates.push(Crate::read(name, Path::new(target["src_path"].as_str().unwrap())));
            }
        }
        crates
    })
}

/// The files of all that is published, without those of tests.
pub fn files() -> BTreeSet<&'static Path> {
    let published = crates().iter().filter(|one| one.name != "cardhost_benches");
    published.flat_map(|one| &one.modules).map(|module| module.file.as_path()).collect()
}

impl Crate {
    fn read(name: String, root: &Path) -> Crate {
        let mut found = Crate { name, modules: Vec::new() };
        let folder = root.parent().unwrap().to_owned();
        found.file(root, folder, Vec::new(), None);
        found
    }

    /// Reads a module's file; `folder` is where the files of its children are.
    fn file(
        &mut self,
        file: &Path,
        folder: PathBuf,
        path: Segments,
        parent: Option<usize>,
    ) -> usize {
        let text = fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.module(&parsed.items, file, &folder, path, parent)
    }

    fn module(
        &mut self,
        items: &[Item],
        file: &Path,
        folder: &Path,
        path: Segments,
        parent: Option<usize>,
    ) -> usize {
        let index = self.modules.len();
        self.modules.push(Module {
            path: path.clone(),
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            contents: Vec::new(),
            items: BTreeSet::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            paths: BTreeSet::new(),
            methods: BTreeSet::new(),
            macros: BTreeSet::new(),
            open: BTreeSet::new(),
            public: Vec::new(),
            exports: Vec::new(),
        });
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            let Item::Mod(child) = item else {
                self.modules[index].take(item);
                continue;
            };
            let name = child.ident.to_string();
            if is_public(&child.vis) {
                self.modules[index].open.insert(name.clone());
            }
            let below = [path.clone(), vec![name.clone()]].concat();
            let own_folder = folder.join(&name);
            let child = match &child.content {
                Some((_, items)) => self.module(items, file, &own_folder, below, Some(index)),
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let is_beside = beside.is_file();
                    let file = if is_beside { beside } else { own_folder.join("mod.rs") };
                    self.file(&file, own_folder, below, Some(index))
                }
            };
            self.modules[index].children.insert(name, child);
        }
        index
    }

    /// Where a path that a module names leads in this crate: the module that has the last of it, through whatever hands it on.
    /// `None` for another crate's.
    pub fn resolve(&self, from: usize, path: &[String]) -> Option<usize> {
        self.follow(from, path, 0).map(|(module, _)| module)
    }

    fn follow(&self, from: usize, path: &[String], depth: usize) -> Option<(usize, bool)> {
        // Imports that name each other in a circle are rustc's to refuse.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let module = &self.modules[from];
        match first.as_str() {
            "crate" => self.inside(0, rest, depth),
            "self" => self.inside(from, rest, depth),
            "super" => {
                // Each further `super` is read by this arm again.
                let parent = module.parent?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.follow(parent, rest, depth + 1),
                    _ => self.inside(parent, rest, depth),
                }
            }
            name => match (module.children.get(name), module.imports.get(name)) {
                (Some(child), _) => self.inside(*child, rest, depth),
                (None, Some(import)) if import[0] != *name => {
                    self.follow(from, &[&import[..], rest].concat(), depth + 1)
                }
                _ => None,
            },
        }
    }

    /// Goes down from a module; the flag says whether the whole path was found.
    fn inside(&self, at: usize, path: &[String], depth: usize) -> Option<(usize, bool)> {
        let Some((first, rest)) = path.split_first() else { return Some((at, true)) };
        let module = &self.modules[at];
        if let Some(child) = module.children.get(first) {
            return self.inside(*child, rest, depth);
        }
        if module.items.contains(first) {
            return Some((at, true));
        }
        if let Some(import) = module.imports.get(first)
            && import[0] != *first
            && let Some(found) = self.follow(at, &[&import[..], rest].concat(), depth + 1)
        {
            return Some(found);
        }
        for glob in &module.globs {
            if let Some((found, true)) = self.follow(at, &[&glob[..], path].concat(), depth + 1) {
                return Some((found, true));
            }
        }
        Some((at, false))
    }

    /// A path as it is from outside of the crate: imports are undone, `crate` is the crate's name.
    pub fn full(&self, from: usize, path: &[String]) -> Segments {
        let module = &self.modules[from];
        let own = self.name.split(' ').next().unwrap().to_owned();
        match (path[0].as_str(), module.imports.get(&path[0])) {
            ("crate", _) => [&[own][..], &path[1..]].concat(),
            (first, Some(import)) if import[0] != first && !module.children.contains_key(first) => {
                self.full(from, &[&import[..], &path[1..]].concat())
            }
            _ => path.to_vec(),
        }
    }

    /// A module's name with its crate.
    pub fn named(&self, module: usize) -> String {
        [&[self.name.clone()][..], &self.modules[module].path].concat().join("::")
    }
}

impl Module {
    /// Every path that this module names, as it is from outside.
    pub fn full_paths<'c>(&'c self, of: &'c Crate, index: usize) -> impl Iterator<Item = String> {
        self.paths.iter().map(move |path| of.full(index, path).join("::"))
    }

    fn take(&mut self, item: &Item) {
        if let Some((kind, name)) = described(item) {
            self.contents.push(format!("{kind} {name}"));
            self.items.insert(name);
        }
        self.public.extend(public(item));
        let mut found = Found::default();
        found.visit_item(item);
        if matches!(item, Item::Use(item) if is_public(&item.vis) && !is_hidden(&item.attrs)) {
            self.exports.extend(found.imports.iter().cloned());
        }
        for (name, path) in found.imports {
            match name {
                Some(name) => drop(self.imports.insert(name, path.clone())),
                None => self.globs.push(path.clone()),
            }
            self.paths.insert(path);
        }
        self.paths.extend(found.paths);
        self.methods.extend(found.methods);
        self.macros.extend(found.macros);
    }
}

/// What an item is and is called; `None` for what belongs into a table of contents.
fn described(item: &Item) -> Option<(&'static str, String)> {
    Some(match item {
        Item::Use(_) | Item::Mod(_) | Item::ExternCrate(_) => return None,
        Item::Struct(item) => ("struct", item.ident.to_string()),
        Item::Enum(item) => ("enum", item.ident.to_string()),
        Item::Union(item) => ("union", item.ident.to_string()),
        Item::Type(item) => ("type", item.ident.to_string()),
        Item::Trait(item) => ("trait", item.ident.to_string()),
        Item::TraitAlias(item) => ("trait", item.ident.to_string()),
        Item::Const(item) => ("const", item.ident.to_string()),
        Item::Static(item) => ("static", item.ident.to_string()),
        Item::Fn(item) => ("fn", item.sig.ident.to_string()),
        Item::Macro(item) => {
            ("macro", item.ident.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        Item::Impl(_) => ("impl", String::new()),
        _ => ("item", String::new()),
    })
}

/// Whether the documentation leaves it out: it is public for our own crates only.
fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    })
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// A `pub` item by its name, with what of it is `pub`; of an `impl` of a type, its methods.
fn public(item: &Item) -> Option<(String, Vec<String>)> {
    let named = |fields: &syn::Fields| -> Vec<String> {
        let open = fields.iter().filter(|field| is_public(&field.vis));
        open.filter_map(|field| field.ident.as_ref().map(ToString::to_string)).collect()
    };
    let (visibility, name, members) = match item {
        Item::Struct(item) => (&item.vis, &item.ident, named(&item.fields)),
        Item::Enum(item) => {
            let variants = item.variants.iter().map(|variant| variant.ident.to_string());
            (&item.vis, &item.ident, variants.collect())
        }
        Item::Trait(item) => {
            let methods = item.items.iter().filter_map(|item| match item {
                syn::TraitItem::Fn(method) => Some(method.sig.ident.to_string()),
                _ => None,
            });
            (&item.vis, &item.ident, methods.collect())
        }
        Item::Type(item) => (&item.vis, &item.ident, Vec::new()),
        Item::Const(item) => (&item.vis, &item.ident, Vec::new()),
        Item::Static(item) => (&item.vis, &item.ident, Vec::new()),
        Item::Fn(item) => (&item.vis, &item.sig.ident, Vec::new()),
        Item::Impl(item) if item.trait_.is_none() => {
            let syn::Type::Path(of) = &*item.self_ty else { return None };
            let methods = item.items.iter().filter_map(|item| match item {
                ImplItem::Fn(item) if is_public(&item.vis) && !is_test(&item.attrs) => {
                    Some(item.sig.ident.to_string())
                }
                ImplItem::Const(item) if is_public(&item.vis) => Some(item.ident.to_string()),
                _ => None,
            });
            return Some((of.path.segments.last()?.ident.to_string(), methods.collect()));
        }
        _ => return None,
    };
    is_public(visibility).then(|| (name.to_string(), members))
}

#[derive(Default)]
struct Found {
    paths: Vec<Segments>,
    imports: Vec<(Option<String>, Segments)>,
    methods: Vec<String>,
    macros: Vec<String>,
}

impl Visit<'_> for Found {
    fn visit_item(&mut self, item: &Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => &item.attrs[..],
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    // Its words are no code of the module's.
    fn visit_attribute(&mut self, _: &Attribute) {}

    fn visit_path(&mut self, path: &syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.import(&item.tree, &mut Vec::new());
    }

    fn visit_expr_method_call(&mut self, call: &syn::ExprMethodCall) {
        self.methods.push(call.method.to_string());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, called: &syn::Macro) {
        self.macros.extend(called.path.segments.last().map(|last| last.ident.to_string()));
        visit::visit_macro(self, called);
        self.tokens(called.tokens.clone());
    }
}

impl Found {
    fn import(&mut self, tree: &UseTree, above: &mut Segments) {
        let whole = |above: &[String], name: &syn::Ident| match name.to_string().as_str() {
            "self" => above.to_vec(),
            name => [above, &[name.to_owned()]].concat(),
        };
        match tree {
            UseTree::Path(path) => {
                above.push(path.ident.to_string());
                self.import(&path.tree, above);
                above.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, above)),
            UseTree::Glob(_) => self.imports.push((None, above.clone())),
            UseTree::Name(name) => {
                let path = whole(above, &name.ident);
                self.imports.push((path.last().cloned(), path));
            }
            UseTree::Rename(name) => {
                self.imports.push((Some(name.rename.to_string()), whole(above, &name.ident)));
            }
        }
    }

    /// A macro's words are not parsed: what looks like a path, a method or a macro is taken for one.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let sign = |at: usize, wanted: char| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == wanted);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let is_method = at > 0 && sign(at - 1, '.');
                    let mut path = vec![first.to_string()];
                    while sign(at + 1, ':')
                        && sign(at + 2, ':')
                        && let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    match path.last() {
                        Some(name) if sign(at + 1, '!') => self.macros.push(name.clone()),
                        Some(name) if is_method => self.methods.push(name.clone()),
                        _ => self.paths.push(path),
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|flag| flag.is_ident("test")))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
