//! May this be sent again? The one rule for cards, flows and errors.
//!
//! | | read, idempotent, or with an idempotency key | write, destructive |
//! |---|---|---|
//! | it was certainly not sent | yes | yes, unless it was redirected before |
//! | no reply, or half of one | yes | no |
//! | a reply, by the connector's rule `never` · `after` · `if_safe` | no · yes · yes | no · yes · no |
//!
//! Where no rule of the connector fits: 429, and 503 with `Retry-After`, refuse before anything is done (`after`); 408, 500, 502,
//! 503 and 504 leave open what was done (`if_safe`); the rest stay as they are (`never`).

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::card::Effect;
use crate::reply_rule::RetryRule;

/// A request, as far as sending it again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// What it does at the service.
    pub effect: Effect,
    /// Whether it carries an idempotency key: the service does it once, however often it comes.
    pub keyed: bool,
}

impl Sending {
    /// Whether doing it twice is as good as once.
    #[must_use]
    pub fn is_repeatable(self) -> bool {
        self.keyed || matches!(self.effect, Effect::Read | Effect::Idempotent)
    }

    /// Whether it may be sent again where no whole reply came. `redirected`: an earlier reply sent it elsewhere, so that
    /// a first request has been acted on.
    #[must_use]
    pub fn after_fault(self, not_sent: bool, redirected: bool) -> bool {
        (not_sent && !redirected) || self.is_repeatable()
    }

    /// Whether it may be sent again where the service refused it: the connector knows what its refusals mean.
    #[must_use]
    pub fn after_refusal(self, rule: RetryRule) -> bool {
        match rule {
            RetryRule::Never => false,
            RetryRule::After => true,
            RetryRule::IfSafe => self.is_repeatable(),
        }
    }
}

/// What a bad status means for sending it again, where no rule of the connector fits.
pub(crate) fn of_status(status: u16, headers: &HeaderMap) -> RetryRule {
    match status {
        429 => RetryRule::After,
        503 if headers.contains_key(RETRY_AFTER) => RetryRule::After,
        408 | 500 | 502 | 503 | 504 => RetryRule::IfSafe,
        _ => RetryRule::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each effect without and with a key: repeatable · not sent · not sent after a redirect · sent · never · after ·
    /// if_safe.
    #[test]
    fn the_rule_as_a_table() {
        let (harmless, harmful) = (
            [true, true, true, true, false, true, true],
            [false, true, false, false, false, true, false],
        );
        let table = [
            (Effect::Read, false, harmless),
            (Effect::Read, true, harmless),
            (Effect::Idempotent, false, harmless),
            (Effect::Idempotent, true, harmless),
            (Effect::Write, false, harmful),
            (Effect::Write, true, harmless),
            (Effect::Destructive, false, harmful),
            (Effect::Destructive, true, harmless),
        ];
        for (effect, keyed, expected) in table {
            let sending = Sending { effect, keyed };
            let found = [
                sending.is_repeatable(),
                sending.after_fault(true, false),
                sending.after_fault(true, true),
                sending.after_fault(false, false),
                sending.after_refusal(RetryRule::Never),
                sending.after_refusal(RetryRule::After),
                sending.after_refusal(RetryRule::IfSafe),
            ];
            assert_eq!(found, expected, "{effect:?}, keyed {keyed}");
        }
    }
}
