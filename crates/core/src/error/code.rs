//! Codes: the stable names of errors.

use std::borrow::Cow;
use std::fmt;

use super::Class;

/// A stable dotted code such as `input.required`, explained in `docs/errors/<code>.md`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code {
    text: Cow<'static, str>,
    class: Class,
}

impl Code {
    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The class the code belongs to.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// A code that a connector's rules may give a failed reply: one of the built-in `auth.` and `http.`
    /// codes, or any code that begins with `service.` (class [`Class::Service`]).
    #[must_use]
    pub fn for_reply(text: &str) -> Option<Code> {
        if let Some(code) = ALL.iter().find(|code| code.as_str() == text) {
            let given_to_replies = text.starts_with("http.") || text == "auth.refused";
            return given_to_replies.then(|| code.clone());
        }
        let detail = text.strip_prefix("service.")?;
        let well_formed = !detail.is_empty()
            && detail.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        well_formed.then(|| Code { text: Cow::Owned(text.to_owned()), class: Class::Service })
    }

    /// Every built-in code, in the order of the table in this file.
    #[must_use]
    pub fn all() -> &'static [Code] {
        ALL
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.text, self.class)
    }
}

macro_rules! codes {
    ($($class:ident { $($name:ident = $text:literal,)* })*) => {
        impl Code {
            $($(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Code = Code { text: Cow::Borrowed($text), class: Class::$class };
            )*)*
        }
        static ALL: &[Code] = &[$($(Code::$name,)*)*];
    };
}

codes! {
    Test {
        TEST_FAILED = "test.failed",
        CASSETTE_MISMATCH = "cassette.mismatch",
        CASSETTE_EXHAUSTED = "cassette.exhausted",
        CASSETTE_UNUSED = "cassette.unused",
    }
    Usage {
        USAGE = "usage",
        CASSETTE_UNWRITABLE = "cassette.unwritable",
        FLOW_JOURNAL = "flow.journal",
        FLOW_JOURNAL_MISMATCH = "flow.journal_mismatch",
        FLOW_CANCELLED = "flow.cancelled",
    }
    Definition {
        DEFINITION_SYNTAX = "definition.syntax",
        DEFINITION_DUPLICATE_KEY = "definition.duplicate_key",
        DEFINITION_UNKNOWN_KEY = "definition.unknown_key",
        DEFINITION_MISSING_KEY = "definition.missing_key",
        DEFINITION_TYPE = "definition.type",
        DEFINITION_VALUE = "definition.value",
        DEFINITION_NAME = "definition.name",
        DEFINITION_UNREADABLE = "definition.unreadable",
        DEFINITION_DEFAULT = "definition.default",
        CARD_UNKNOWN = "card.unknown",
        CONNECTOR_UNKNOWN = "connector.unknown",
        TEMPLATE_SYNTAX = "template.syntax",
        TEMPLATE_ROOT = "template.root",
        TEMPLATE_UNKNOWN_REFERENCE = "template.unknown_reference",
        TEMPLATE_OPTIONAL = "template.optional",
        TEMPLATE_HELPER = "template.helper",
        TEMPLATE_LIMIT = "template.limit",
        TARGET_INCOMPLETE = "target.incomplete",
        TARGET_UNREACHABLE = "target.unreachable",
        TARGET_NO_AUTH = "target.no_auth",
        TARGET_UNKNOWN = "target.unknown",
        EXAMPLE_FAILED = "example.failed",
        ANTI_EXAMPLE_FAILED = "anti_example.failed",
        MOCK_NO_EXAMPLE = "mock.no_example",
        EGRESS_OPEN = "egress.open",
        CASSETTE_SYNTAX = "cassette.syntax",
        CASSETTE_FORMAT = "cassette.format",
        CASSETTE_SECRET = "cassette.secret",
        FLOW_UNKNOWN = "flow.unknown",
        FLOW_UNSUPPORTED = "flow.unsupported",
        FLOW_VERSION = "flow.version",
        FLOW_REFERENCE = "flow.reference",
        FLOW_CASE = "flow.case",
        FLOW_TRAP = "flow.trap",
        FLOW_EXPRESSION_SYNTAX = "flow.expression_syntax",
    }
    Invocation {
        PAGES_NONE = "pages.none",
        PAGES_CURSOR = "pages.cursor",
        UNTIL_CURSOR = "until.cursor",
        INVOCATION_SYNTAX = "invocation.syntax",
        INVOCATION_TYPE = "invocation.type",
        INVOCATION_UNKNOWN_KEY = "invocation.unknown_key",
        INVOCATION_DUPLICATE_KEY = "invocation.duplicate_key",
        INVOCATION_NO_CARD = "invocation.no_card",
        OPTIONS_REQUIRED = "options.required",
        OPTIONS_TYPE = "options.type",
        OPTIONS_CHOICE = "options.choice",
        OPTIONS_FORMAT = "options.format",
        OPTIONS_RANGE = "options.range",
        OPTIONS_UNKNOWN = "options.unknown",
        OPTIONS_SCHEMA = "options.schema",
        INPUT_REQUIRED = "input.required",
        INPUT_TYPE = "input.type",
        INPUT_CHOICE = "input.choice",
        INPUT_FORMAT = "input.format",
        INPUT_RANGE = "input.range",
        INPUT_UNKNOWN = "input.unknown",
        INPUT_SCHEMA = "input.schema",
        INPUT_FILE = "input.file",
        TEMPLATE_MISSING = "template.missing",
        TEMPLATE_VALUE = "template.value",
        HEADER_NAME = "header.name",
        HEADER_VALUE = "header.value",
        QUERY_VALUE = "query.value",
        METHOD_UNKNOWN = "method.unknown",
        FLOW_INPUT = "flow.input",
    }
    Connection {
        CONNECTION_REQUIRED = "connection.required",
        CONNECTION_TYPE = "connection.type",
        CONNECTION_CHOICE = "connection.choice",
        CONNECTION_FORMAT = "connection.format",
        CONNECTION_RANGE = "connection.range",
        CONNECTION_UNKNOWN_FIELD = "connection.unknown_field",
        CONNECTION_SCHEMA = "connection.schema",
        CONNECTION_UNKNOWN = "connection.unknown",
        CONNECTION_NO_TEST = "connection.no_test",
        CONNECTION_NO_IDENTITY = "connection.no_identity",
        CONNECTION_UNREADABLE = "connection.unreadable",
        CONNECTION_SECRET_SOURCE = "connection.secret_source",
        CONNECTION_EXISTS = "connection.exists",
        CONNECTION_NAME = "connection.name",
        CONNECTION_CONFLICT = "connection.conflict",
        STORE_KEY = "store.key",
        STORE_CORRUPT = "store.corrupt",
        STORE_TAMPERED = "store.tampered",
        STORE_UNREACHABLE = "store.unreachable",
        STORE_LOCATION = "store.location",
        STORE_FORMAT = "store.format",
        STORE_TOO_LARGE = "store.too_large",
        STORE_PASSPHRASE = "store.passphrase",
        STORE_EXPORT = "store.export",
        AUTH_MISSING = "auth.missing",
        AUTH_VALUE = "auth.value",
        AUTH_SCHEME = "auth.scheme",
        AUTH_REFUSED = "auth.refused",
        AUTH_LOGIN_REQUIRED = "auth.login_required",
        AUTH_GRANT_REVOKED = "auth.grant_revoked",
        AUTH_GRANT_REFUSED = "auth.grant_refused",
        AUTH_DENIED = "auth.denied",
        AUTH_TOKEN_REPLY = "auth.token_reply",
        AUTH_CHOICE = "auth.choice",
    }
    Policy {
        URL_OUTSIDE_BASE = "url.outside_base",
        URL_CONTROL_CHARACTER = "url.control_character",
        URL_DOT_SEGMENT = "url.dot_segment",
        URL_EMPTY_SEGMENT = "url.empty_segment",
        URL_INVALID = "url.invalid",
        URL_HOST = "url.host",
        EGRESS_HOST = "egress.host",
        EGRESS_ADDRESS = "egress.address",
        HEADER_DENIED = "header.denied",
        LIMIT_RENDERED = "limit.rendered",
        LIMIT_INVOCATION = "limit.invocation",
        RESPONSE_TOO_LARGE = "response.too_large",
        RESPONSE_RECORD_TOO_LONG = "response.record_too_long",
        POLICY_SECRET_REFERENCE = "policy.secret_reference",
        FLOW_EXPRESSION_LIMIT = "flow.expression_limit",
        FLOW_LIMIT = "flow.limit",
        FLOW_IN_DOUBT = "flow.in_doubt",
    }
    Transport {
        TRANSPORT_CONNECT = "transport.connect",
        TRANSPORT_DNS = "transport.dns",
        TRANSPORT_TLS = "transport.tls",
        TRANSPORT_TIMEOUT = "transport.timeout",
        TRANSPORT_RESET = "transport.reset",
        TRANSPORT_TRUNCATED = "transport.truncated",
        TRANSPORT_PROTOCOL = "transport.protocol",
        TRANSPORT_INTERRUPTED = "transport.interrupted",
        REDIRECT_LIMIT = "redirect.limit",
        FLOW_TIMEOUT = "flow.timeout",
        OUTPUT_UNWRITABLE = "output.unwritable",
        FLOW_INTERRUPTED = "flow.interrupted",
    }
    Service {
        HTTP_STATUS = "http.status",
        HTTP_BAD_REQUEST = "http.bad_request",
        HTTP_NOT_FOUND = "http.not_found",
        HTTP_CONFLICT = "http.conflict",
        HTTP_TRANSIENT = "http.transient",
        UNTIL_FAILED = "until.failed",
        FLOW_RAISED = "flow.raised",
    }
    Response {
        PAGES_ITEMS = "pages.items",
        PAGES_NEXT = "pages.next",
        PAGES_REPEATED = "pages.repeated",
        PAGES_CHANGED = "pages.changed",
        RESPONSE_DECODE = "response.decode",
        RESPONSE_ENCODING = "response.encoding",
        RESPONSE_MISSING = "response.missing",
        RESPONSE_TYPE = "response.type",
        RESPONSE_CHOICE = "response.choice",
        RESPONSE_FORMAT = "response.format",
        RESPONSE_RANGE = "response.range",
        RESPONSE_SCHEMA = "response.schema",
        FLOW_EXPRESSION = "flow.expression",
        FLOW_OUTPUT = "flow.output",
    }
    Later {
        HTTP_RATE_LIMITED = "http.rate_limited",
        HTTP_RETRY_LATER = "http.retry_later",
        LIMIT_WAIT = "limit.wait",
        UNTIL_WAITING = "until.waiting",
        AUTH_UNAVAILABLE = "auth.unavailable",
        FLOW_JOURNAL_BUSY = "flow.journal_busy",
    }
    Internal {
        INTERNAL = "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_dotted() {
        let mut texts: Vec<_> = Code::all().iter().map(Code::as_str).collect();
        texts.sort_unstable();
        let count = texts.len();
        texts.dedup();
        assert_eq!(texts.len(), count);
    }

    #[test]
    fn a_rule_may_use_http_auth_refused_and_service_codes_only() {
        assert_eq!(Code::for_reply("http.transient"), Some(Code::HTTP_TRANSIENT));
        assert_eq!(Code::for_reply("auth.refused"), Some(Code::AUTH_REFUSED));
        assert_eq!(Code::for_reply("service.quota").map(|c| c.class()), Some(Class::Service));
        assert_eq!(Code::for_reply("input.required"), None);
        assert_eq!(Code::for_reply("service."), None);
        assert_eq!(Code::for_reply("anything"), None);
    }
}
