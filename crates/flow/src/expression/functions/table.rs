//! Every function that is not a definition.

use jaq_core::native::Fun;

use super::super::program::Jq;
use super::{collections, encoding, kinds, pattern, places, text, time};

/// jaq's that are taken as they are: numbers' functions, and what works on the outputs of filters.
const TAKEN: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "error_empty",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "fabs",
    "fdim",
    "first",
    "floor",
    "fma",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "hypot",
    "ilogb",
    "j0",
    "j1",
    "jn",
    "last",
    "ldexp",
    "lgamma",
    "limit",
    "log",
    "log10",
    "log1p",
    "log2",
    "modf",
    "nearbyint",
    "nextafter",
    "path",
    "path_value",
    "pow",
    "range",
    "remainder",
    "rint",
    "round",
    "scalbln",
    "sin",
    "sinh",
    "skip",
    "sqrt",
    "tan",
    "tanh",
    "tgamma",
    "trunc",
    "y0",
    "y1",
    "yn",
];

/// Every native function. What definitions call and nobody else has a name that begins with `_`.
pub(in super::super) fn functions() -> impl Iterator<Item = Fun<Jq>> {
    let standard = jaq_core::funs::<Jq>().chain(jaq_std::funs::<Jq>());
    let taken = standard.filter(|(name, ..)| TAKEN.contains(name));
    let taken = taken.map(|(name, parameters, native)| {
        let name = match name {
            "error_empty" => "_error",
            "limit" => "_limit",
            "path_value" => "_path_value",
            "range" => "_range",
            "skip" => "_skip",
            name => name,
        };
        (name, parameters, native)
    });
    let own = [
        collections::functions(),
        encoding::functions(),
        kinds::functions(),
        pattern::functions(),
        places::functions(),
        text::functions(),
        time::functions(),
    ];
    taken.chain(own.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was read: none looks outside or ends the process. A function that a new version of jaq brings is read before it is let in.
    #[test]
    fn no_function_is_there_twice_and_each_taken_one_is_jaqs() {
        let names: Vec<(&str, usize)> =
            functions().map(|(name, parameters, _)| (name, parameters.len())).collect();
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name:?}");
        }
        let standard = jaq_core::funs::<Jq>().chain(jaq_std::funs::<Jq>());
        let all: Vec<&str> = standard.map(|(name, ..)| name).collect();
        for name in TAKEN {
            assert!(all.contains(name), "{name}");
        }
    }
}
