//! What can be wrong with a connector or card: the facts. The sentences are made in `words`.

use cardhost_core::error::Code;
use cardhost_core::settle::FieldFault;
use cardhost_core::template::{Reference, Root, TemplateFault};
use cardhost_document::Malformed;

/// What can be wrong with a definition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DefinitionFault {
    /// A fault of form, as any document can have it.
    Malformed(Malformed),
    /// A field where a group of fields must stand.
    NotAGroup {
        /// `input` or `output`.
        of: &'static str,
        /// The field's label.
        label: String,
    },
    /// The name of a type in another language.
    TypeName {
        /// The name.
        found: String,
        /// What is written instead.
        instead: &'static str,
    },
    /// A default that its field does not take.
    Default {
        /// What is wrong with it.
        fault: FieldFault,
    },
    /// An example that its field does not take.
    FieldExample {
        /// What is wrong with it.
        fault: FieldFault,
    },
    /// A key that means nothing beside the others.
    Together {
        /// The part, such as `choices`.
        part: &'static str,
        /// What it needs, in words.
        needs: String,
    },
    /// A value that is there already.
    Repeated {
        /// The value.
        found: String,
    },
    /// A name that is not the folder's or file's.
    Name {
        /// `folder` or `file`.
        of: &'static str,
        /// Its name.
        expected: String,
        /// The name in the definition.
        found: String,
    },
    /// A name that the connector does not have.
    Unknown {
        /// `auth method` or `target`.
        what: &'static str,
        /// The name.
        found: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A template that cannot be read.
    Template {
        /// What is wrong and where in it.
        fault: TemplateFault,
        /// What was meant, where that can be told.
        meant: Option<Meant>,
        /// The roots in scope.
        allowed: Vec<Root>,
    },
    /// A helper call with too few or too many parameters.
    ParameterCount {
        /// The helper.
        helper: String,
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
        /// How many there are.
        found: usize,
        /// The reference with its brackets, where spaces made several parameters of it.
        spaced: Option<String>,
    },
    /// A parameter that the helper can never take.
    Parameter {
        /// The helper.
        helper: String,
        /// Which one, from zero.
        index: usize,
        /// What it takes.
        expected: &'static str,
        /// The reference, or the helper whose value it is; `it` for a literal.
        given: String,
        /// Its type.
        found: &'static str,
    },
    /// A helper that asks for the moment of a request, where none is made.
    NoMoment {
        /// The helper.
        helper: String,
    },
    /// A root that is not in scope where it stands.
    Root {
        /// The reference.
        reference: String,
        /// The roots in scope.
        allowed: Vec<Root>,
    },
    /// A reference to nothing that is declared.
    UnknownReference {
        /// The reference.
        reference: String,
        /// The segment that nothing has.
        segment: String,
        /// A reference to what has that name elsewhere.
        elsewhere: Option<String>,
        /// The nearest name.
        nearest: Option<String>,
        /// Every name that is known there.
        known: Vec<String>,
    },
    /// A condition or decision on something else than a dropdown.
    NotADropdown {
        /// The reference.
        reference: String,
        /// The type of its field.
        found: &'static str,
    },
    /// A reference whose value may be absent, without `?`.
    MayBeAbsent {
        /// The reference.
        reference: String,
        /// Why it may be.
        because: Absence,
        /// What makes it right.
        remedy: Remedy,
    },
    /// An option or input to which nothing refers.
    Unused {
        /// A reference to it as it could be written.
        reference: Reference,
    },
    /// A credential that is text where a reference to the connection is meant.
    NoCredential {
        /// The key of the method, such as `token`.
        key: String,
        /// The method.
        method: String,
        /// A reference that could stand there.
        meant: Option<String>,
    },
    /// A header that carries a credential, beside an auth method.
    CredentialHeader {
        /// The header.
        header: String,
        /// The auth method.
        method: String,
    },
    /// A key with `?`, and nothing optional behind it.
    NothingOptional {
        /// The key.
        key: String,
    },
    /// A decision by a value that no form has, without a row for every other one.
    NoOther {
        /// The reference that decides.
        by: String,
    },
    /// An input that is any URL, as the path.
    UriAsPath,
    /// A URL of the service as a part of a path.
    UrlInPath,
    /// A target whose base URL is not known here.
    NoBase {
        /// Its name.
        target: String,
    },
    /// A helper `xml` where values are escaped anyway.
    EscapedTwice {
        /// The call.
        call: String,
    },
    /// Values in markup that are not escaped.
    NotEscaped {
        /// The media type.
        content_type: String,
    },
    /// A list of objects in a query or form, and nothing says how it is written.
    ListOfObjects,
    /// A value of a reply that may be absent, without `?`.
    MayBeMissing {
        /// The reference.
        reference: String,
    },
    /// A table lacks a row that can be reached.
    NoRow {
        /// Whose table it is.
        table: Table,
        /// A combination without a row: each dropdown with its value, `None` where none is chosen.
        combination: Vec<(String, Option<String>)>,
    },
    /// A table has a row that nothing leads to.
    UnreachableRow {
        /// The row.
        row: String,
        /// The dropdown that decides.
        by: String,
        /// The rows on the way to the row, `None` for `else`.
        under: Vec<(String, Option<String>)>,
        /// The nearest choice.
        nearest: Option<String>,
    },
    /// A table depends on so many choices that not all combinations were tried.
    TooManyCombinations {
        /// How many were.
        most: usize,
    },
    /// A target or card without an auth method.
    NoAuth,
    /// A base URL whose host is not one of its target's.
    HostNotListed {
        /// The host.
        found: String,
        /// The target's hosts.
        expected: Vec<String>,
    },
    /// A base URL in which a value decides a part of the registered domain.
    OpenHost {
        /// The base URL.
        base: String,
    },
    /// A key that leaves out a protection.
    Weakens {
        /// The key.
        part: &'static str,
        /// What it leaves out.
        leaves_out: &'static str,
    },
    /// What the reader of definitions refuses though the schema does not.
    Refused {
        /// The reader's words.
        reason: String,
    },
    /// An example plans or gives something else.
    Differs {
        /// What differs, such as `url` or `header accept`.
        what: String,
        /// What the example says; redacted.
        expected: String,
        /// What the card makes of it; redacted.
        found: String,
    },
    /// An example ends with an error.
    Fails {
        /// The code that was to come; `None` where none was.
        expected: Option<String>,
        /// The code that came.
        code: Code,
        /// Its message; redacted.
        message: String,
    },
    /// An example that must end with an error does not.
    Succeeds {
        /// The code that was to come.
        expected: String,
        /// Whether the reply was looked at, or only the request planned.
        replied: bool,
    },
    /// An example expects an output or error of a reply that it does not have.
    NoReply,
    /// The reply of an example is a redirect that is followed.
    Redirected,
    /// What an example answers says that the work of the card is not done.
    NotDone,
    /// A reply of an example that nothing asks for.
    NotAsked,
    /// A secret of an example that stands elsewhere in it: what is masked would be masked there too.
    SecretElsewhere {
        /// The secret's field.
        field: String,
        /// Where else it stands.
        place: String,
    },
    /// A card without an example.
    NoExample,
    /// A key that is left out, and what stands for it.
    Taken {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// The made-up connection of the connector is none.
    ConnectionExample {
        /// Why, in words.
        reason: String,
    },
    /// What the reader of definitions tells of a part.
    NotLoaded {
        /// The reader's words.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// What was meant by an expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// The nearest root or helper.
    Nearest(String),
    /// A reference with its root.
    Reference(String),
    /// A reference with the brackets that its spaces need in a helper call.
    InBrackets(String),
}

/// Why a value may be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Its field is not required and has no default.
    NotRequired,
    /// Its field is not always visible.
    NotAlwaysVisible,
}

/// What makes a reference to a value that may be absent right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// A `?` at its end.
    QuestionMark,
    /// A `?` at its end, or the helper `default` around it.
    QuestionMarkOrDefault,
    /// The helper `default`: without a value the call would be left out, and must not be there.
    DefaultHelper,
    /// Nothing but a required field: an empty text cannot stand there.
    Required,
}

/// A table of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// The base URLs of a target.
    Target(String),
    /// The URLs of an auth method, by its key.
    Endpoint(&'static str),
    /// The effects of a card.
    Effect,
    /// The values that one of is taken somewhere.
    Value,
}

impl From<Malformed> for DefinitionFault {
    fn from(fault: Malformed) -> DefinitionFault {
        DefinitionFault::Malformed(fault)
    }
}
