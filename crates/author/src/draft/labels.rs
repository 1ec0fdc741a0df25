//! Names in the singular, for what a list is made of.

/// One of what a name in the plural means: `companies` is `company`.
pub(super) fn singular(name: &str) -> String {
    let ends = |end: &str| name.len() > end.len() + 1 && name.ends_with(end);
    if ends("ies") {
        return format!("{}y", &name[..name.len() - 3]);
    }
    if ["sses", "xes", "ches", "shes"].into_iter().any(ends) {
        return name[..name.len() - 2].to_owned();
    }
    if ends("s") && !ends("ss") && !ends("us") {
        return name[..name.len() - 1].to_owned();
    }
    name.to_owned()
}
