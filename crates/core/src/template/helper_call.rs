//! Helper calls: one Handlebars expression each.
//!
//! A call is compiled alone, wrapped so that its typed value comes back as JSON. Only the values it refers
//! to are put into its context.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, OnceLock};

use handlebars::template::{Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, HelperDef, Output, Path, PathSeg, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::{Map, Value};

use super::fault::{TemplateProblem, TemplateValueError, quoted_expression};
use super::helpers::{self, Given, HELPERS, TOO_LONG, gives_default};
use super::limits::{MAX_DEPTH, MAX_RENDERED_BYTES};
use super::reference::{Reference, Root};
use super::scope::{Found, Scope};

/// The wrapper that writes its parameter as JSON.
const CAPTURE: &str = "__value";

/// Where the time of the call stands among the values: no root has that name.
const NOW: &str = "__now";

/// Where something random stands.
const RANDOM: &str = "__random";

/// A compiled helper call.
#[derive(Clone, Debug)]
pub struct Helper {
    source: String,
    template: Arc<handlebars::Template>,
    references: Vec<Reference>,
    /// Those that `default` stands in for where they have no value.
    defaulted: Vec<Reference>,
    /// Whether a helper in it asks for the time or for something random.
    asks: bool,
}

impl Helper {
    /// Compiles one call.
    ///
    /// # Errors
    /// The problem where it is not exactly one call of a known helper.
    pub(super) fn parse(source: &str) -> Result<Helper, TemplateProblem> {
        let depth = deepest(source);
        if depth > MAX_DEPTH {
            return Err(TemplateProblem::TooDeep { max: MAX_DEPTH });
        }
        let (plain, optional) = take_marks(source);
        let wrapped = format!("{{{{{CAPTURE} ({plain})}}}}");
        let template = handlebars::Template::compile(&wrapped).map_err(|error| {
            let reason = error.reason().to_string();
            TemplateProblem::Syntax { reason: one_line(&reason) }
        })?;
        let refused = || TemplateProblem::NotAllowed { found: quoted_expression(source) };
        let [TemplateElement::Expression(call)] = template.elements.as_slice() else {
            return Err(refused());
        };
        let [parameter @ Parameter::Subexpression(_)] = call.params.as_slice() else {
            return Err(refused());
        };
        if call.name.as_name() != Some(CAPTURE) || !call.hash.is_empty() {
            return Err(refused());
        }
        let mut found = Inspected::default();
        inspect(parameter, &optional, &mut found, &refused)?;
        let Inspected { mut references, defaulted, asks } = found;
        references.sort_by_key(|reference| reference.segments.len());
        Ok(Helper {
            source: source.to_owned(),
            template: Arc::new(template),
            references,
            defaulted,
            asks,
        })
    }

    /// The call as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The references among its parameters.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether the helper `default` is somewhere in the call: it is there for values that may be absent.
    #[must_use]
    pub fn gives_default(&self) -> bool {
        gives_default(&self.source)
    }

    /// Evaluates the call; `None` where a parameter marked with `?` has no value.
    pub(crate) fn value(&self, scope: &dyn Scope) -> Result<Option<Value>, TemplateValueError> {
        let mut roots = Map::new();
        let mut secret = false;
        for reference in &self.references {
            let found = scope.lookup(reference);
            if found.is_none() && !self.defaulted.contains(reference) {
                let missing = || TemplateValueError::Missing { reference: reference.to_string() };
                return if reference.optional { Ok(None) } else { Err(missing()) };
            }
            if let Some(found) = found {
                secret |= matches!(found, Found::Secret(_)) || scope.is_secret(reference);
                let value = match found {
                    Found::Secret(secret) => Value::String(secret.expose().to_owned()),
                    other => other.to_value().unwrap_or(Value::Null),
                };
                place(&mut roots, reference, value);
            }
        }
        if self.asks
            && let Some(moment) = scope.moment()
        {
            roots.insert(NOW.to_owned(), Value::from(moment.unix_seconds));
            roots.insert(RANDOM.to_owned(), Value::String(moment.nonce_hex()));
        }
        let context = Context::from(Value::Object(roots));
        let mut out = Bounded::default();
        let mut render = RenderContext::new(None);
        self.template
            .render(registry(), &context, &mut render, &mut out)
            .map_err(|error| self.refusal(&error))?;
        let value = crate::value::parse(&out.text).map_err(|_| TemplateValueError::TooLong)?;
        // The first of an empty list is none, and goes where that was foreseen.
        if value.is_null() && self.references.iter().any(|reference| reference.optional) {
            return Ok(None);
        }
        if secret {
            note_texts(&value, scope);
        }
        Ok(Some(value))
    }

    fn refusal(&self, error: &RenderError) -> TemplateValueError {
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(at) = cause {
            if let Some(Refused(reason)) = at.downcast_ref::<Refused>() {
                if reason.ends_with(TOO_LONG) {
                    return TemplateValueError::TooLong;
                }
                return TemplateValueError::Helper {
                    expression: quoted_expression(&self.source),
                    reason: reason.clone(),
                };
            }
            cause = at.source();
        }
        if matches!(error.reason(), RenderErrorReason::IOError(_)) {
            return TemplateValueError::TooLong;
        }
        TemplateValueError::Helper {
            expression: quoted_expression(&self.source),
            reason: "the expression cannot be evaluated".to_owned(),
        }
    }
}

/// Tells the scope of every text that was made of a secret.
fn note_texts(value: &Value, scope: &dyn Scope) {
    match value {
        Value::String(text) => scope.note_secret(text),
        Value::Number(number) => scope.note_secret(number.as_str()),
        Value::Array(items) => items.iter().for_each(|item| note_texts(item, scope)),
        Value::Object(map) => map.values().for_each(|item| note_texts(item, scope)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Puts a value under its root and segments, unless a shorter reference already brought it.
fn place(roots: &mut Map<String, Value>, reference: &Reference, value: Value) {
    let mut path = vec![reference.root.as_str()];
    path.extend(reference.segments.iter().map(String::as_str));
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut map = roots;
    for key in parents {
        let entry = map.entry((*key).to_owned()).or_insert_with(|| Value::Object(Map::new()));
        match entry {
            Value::Object(inner) => map = inner,
            _ => return,
        }
    }
    map.entry((*last).to_owned()).or_insert(value);
}

/// Takes the `?` after references out, which Handlebars does not know, and gives those references back.
fn take_marks(source: &str) -> (String, Vec<String>) {
    let (mut plain, mut marked, mut quote) =
        (String::with_capacity(source.len()), Vec::new(), None);
    let mut token = 0;
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            // A bracketed segment may hold anything.
            (None, '[') => quote = Some(']'),
            (None, '(' | ')' | ' ' | '\t' | '\n') => token = at + 1,
            (None, '?')
                if source[at + 1..].starts_with([' ', ')', '\t', '\n'])
                    || at + 1 == source.len() =>
            {
                marked.push(source[token..at].to_owned());
                continue;
            }
            (None, _) => {}
        }
        plain.push(c);
    }
    (plain, marked)
}

/// The deepest nesting of parentheses outside quoted text.
fn deepest(source: &str) -> usize {
    let (mut depth, mut most, mut quote) = (0_usize, 0_usize, None);
    for c in source.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => {
                depth += 1;
                most = most.max(depth);
            }
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// What is in a call.
#[derive(Default)]
struct Inspected {
    references: Vec<Reference>,
    defaulted: Vec<Reference>,
    asks: bool,
}

/// Checks a parameter and what is nested in it, and collects its references.
fn inspect(
    parameter: &Parameter,
    optional: &[String],
    found: &mut Inspected,
    refused: &dyn Fn() -> TemplateProblem,
) -> Result<(), TemplateProblem> {
    match parameter {
        Parameter::Literal(_) => Ok(()),
        Parameter::Path(Path::Relative((segments, raw))) => {
            let mut names = Vec::with_capacity(segments.len());
            for segment in segments {
                match segment {
                    PathSeg::Named(name) => names.push(name.clone()),
                    _ => return Err(refused()),
                }
            }
            if names.is_empty() {
                return Err(refused());
            }
            let first = names.remove(0);
            let root = Root::ALL
                .into_iter()
                .find(|root| root.as_str() == first)
                .ok_or(TemplateProblem::UnknownRoot { found: quoted_expression(raw) })?;
            let optional = optional.iter().any(|marked| marked == raw);
            found.references.push(Reference { root, segments: names, optional });
            Ok(())
        }
        Parameter::Subexpression(inner) => {
            let (name, params, hash) = match inner.as_element() {
                TemplateElement::Expression(call) => (&call.name, &call.params, &call.hash),
                _ => return Err(refused()),
            };
            let name = match name {
                Parameter::Name(name) => name.clone(),
                Parameter::Path(Path::Relative((_, raw))) => raw.clone(),
                _ => return Err(refused()),
            };
            let Some(helper) = helpers::helper(&name) else {
                return Err(TemplateProblem::UnknownHelper { found: quoted_expression(&name) });
            };
            found.asks |= helper.asks();
            let first = found.references.len();
            if !hash.is_empty() {
                return Err(refused());
            }
            for (index, param) in params.iter().enumerate() {
                inspect(param, optional, found, refused)?;
                if helper.name == "default" && index == 0 && matches!(param, Parameter::Path(_)) {
                    found.defaulted.extend(found.references.get(first).cloned());
                }
            }
            Ok(())
        }
        _ => Err(refused()),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn registry() -> &'static Handlebars<'static> {
    static REGISTRY: OnceLock<Handlebars<'static>> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(handlebars::no_escape);
        // Handlebars' own helpers (`each`, `lookup`, `log` …) are not on our list.
        let own: BTreeSet<_> = helpers::helper_names().collect();
        for name in [
            "if", "unless", "each", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt",
            "lte", "and", "or", "not", "len",
        ] {
            if !own.contains(name) {
                registry.unregister_helper(name);
            }
        }
        for helper in HELPERS {
            registry.register_helper(helper.name, Box::new(Builtin(helper)));
        }
        registry.register_helper(CAPTURE, Box::new(Capture));
        registry
    })
}

struct Builtin(&'static helpers::HelperDef);

/// Why a helper gave no value.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn refuse(reason: String) -> RenderError {
    RenderErrorReason::NestedError(Box::new(Refused(reason))).into()
}

impl HelperDef for Builtin {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        call: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let helper = self.0;
        let params = call.params();
        if !(helper.least..=helper.most).contains(&params.len()) {
            return Err(refuse(format!(
                "`{}` takes {} parameters, not {}",
                helper.name,
                if helper.least == helper.most {
                    helper.least.to_string()
                } else {
                    format!("{} to {}", helper.least, helper.most)
                },
                params.len()
            )));
        }
        for (index, param) in params.iter().enumerate() {
            if param.is_value_missing() && !(helper.name == "default" && index == 0) {
                let name = param.relative_path().map_or("a parameter", String::as_str);
                return Err(refuse(format!("`{name}` has no value")));
            }
        }
        let values: Vec<&Value> = params.iter().map(handlebars::PathAndJson::value).collect();
        let given = match helper.asks() {
            true => given(context.data()),
            false => Given::default(),
        };
        match (helper.function)(&values, given) {
            Ok(value) => Ok(ScopedJson::Derived(value)),
            Err(reason) => Err(refuse(format!("`{}`: {reason}", helper.name))),
        }
    }
}

/// What stands among the values for helpers that ask.
fn given(values: &Value) -> Given {
    let random = values.get(RANDOM).and_then(Value::as_str);
    let random = random.and_then(|digits| hex::decode(digits).ok()?.try_into().ok());
    Given { now: values.get(NOW).and_then(Value::as_i64), random }
}

struct Capture;

impl HelperDef for Capture {
    fn call<'reg: 'rc, 'rc>(
        &self,
        call: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> Result<(), RenderError> {
        let value = call.param(0).map_or(&Value::Null, handlebars::PathAndJson::value);
        out.write(&value.to_string())?;
        Ok(())
    }
}

/// Text that refuses to grow past [`MAX_RENDERED_BYTES`].
#[derive(Default)]
struct Bounded {
    text: String,
}

impl Output for Bounded {
    fn write(&mut self, segment: &str) -> io::Result<()> {
        if self.text.len() + segment.len() > MAX_RENDERED_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.text.push_str(segment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Template;
    use super::*;

    struct Input(Value);

    impl Scope for Input {
        fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
            let mut at = self.0.get(reference.root.as_str())?;
            for segment in &reference.segments {
                at = at.get(segment)?;
            }
            Some(Found::Value(at))
        }
    }

    fn eval(source: &str) -> Result<Option<Value>, TemplateValueError> {
        let scope = Input(json!({"input": {"A": {
            "name": "Ünï X", "n": 7_615_917_337_495_251_231_u64, "list": ["a", 1, true],
            "object": {"k": 1}, "time": "2026-01-31T08:00:00+01:00"
        }}}));
        Template::parse(source).value(&scope)
    }

    #[test]
    fn helpers_give_typed_values() {
        for (source, expected) in [
            ("<<lower input.[A].[name]>>", json!("ünï x")),
            ("<<upper (trim input.[A].name)>>", json!("ÜNÏ X")),
            ("<<base64 \"sa:x\">>", json!("c2E6eA==")),
            ("<<json input.A.object>>", json!("{\"k\":1}")),
            ("<<join input.A.list \",\">>", json!("a,1,true")),
            ("<<default input.A.none 5>>", json!(5)),
            ("<<default input.A.list 5>>", json!(["a", 1, true])),
            ("<<unix input.A.time>>", json!(1_769_842_800)),
            ("<<unix_ms input.A.time>>", json!(1_769_842_800_000_i64)),
            ("<<date input.A.time>>", json!("2026-01-31")),
            ("<<replace input.A.name \"X\" \"Y\">>", json!("Ünï Y")),
            ("n=<<text input.A.n>>", json!("n=7615917337495251231")),
            ("<<concat \"a\" input.A.n>>", json!("a7615917337495251231")),
        ] {
            assert_eq!(eval(source), Ok(Some(expected)), "{source}");
        }
    }

    #[test]
    fn a_marked_parameter_without_a_value_leaves_the_whole_out() {
        assert_eq!(eval("<<join input.A.list? \",\">>"), Ok(Some(json!("a,1,true"))));
        assert_eq!(eval("<<join input.[A].[none]? \",\">>"), Ok(None));
        assert_eq!(eval("<<upper (join input.A.none? \"?\")>>"), Ok(None));
        assert_eq!(eval("x<<lower input.A.none?>>y"), Ok(None));
        assert_eq!(eval("x<<lower input.A.none?>>y<<input.A.name>>"), Ok(Some(json!("xyÜnï X"))));
        assert_eq!(eval("<<concat \"a?\" input.[A].name>>"), Ok(Some(json!("a?Ünï X"))));
        assert_eq!(eval("<<default input.A.none? 5>>"), Ok(Some(json!(5))));
        assert_eq!(eval("x<<upper (default input.A.none? 'y')>>"), Ok(Some(json!("xY"))));
        assert_eq!(eval("<<default input.A.name? 5>>"), Ok(Some(json!("Ünï X"))));
        assert_eq!(eval("<<concat (default input.A.none? 'y') input.A.other?>>"), Ok(None));
    }

    #[test]
    fn refusals_say_why() {
        let reason = |source| match eval(source) {
            Err(TemplateValueError::Helper { reason, .. }) => reason,
            other => format!("{other:?}"),
        };
        let missing = TemplateValueError::Missing { reference: "input.A.none".to_owned() };
        assert_eq!(eval("<<lower input.A.none>>"), Err(missing));
        assert_eq!(
            reason("<<lower input.A.object>>"),
            "`lower`: a parameter must be text, a number or true-false"
        );
        assert_eq!(reason("<<join input.A.list>>"), "`join` takes 2 parameters, not 1");
        assert!(matches!(
            eval("x<<default input.A.none input.A.object>>"),
            Err(TemplateValueError::NotText { .. })
        ));
    }
}
