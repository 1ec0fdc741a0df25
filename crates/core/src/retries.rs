//! How often a call is sent again, and how long is waited before that.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::span::Span;

/// That a call is sent again where nothing speaks against it, how often and when: of a connector for its cards, or of a card. Between two
/// attempts passes `first`, and `factor` times as long after each, up to `longest`; half of it at random, so that callers that
/// failed together do not come together again. A service that says how long to wait is waited for that long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// How often it is sent at most, the first time included; 4 by default, 1 for never again.
    #[serde(default, deserialize_with = "attempts")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 20)))]
    pub attempts: Option<u32>,
    /// The wait before the second attempt; 500 ms by default.
    pub first: Option<Span>,
    /// How many times longer each further wait is; 2 by default.
    #[serde(default, deserialize_with = "factor")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 10)))]
    pub factor: Option<f64>,
    /// The longest wait that the service does not ask for; 30 s by default.
    pub longest: Option<Span>,
    /// For all attempts and the waits between them; 2 minutes by default. A wait that does not fit is not begun.
    pub budget: Option<Span>,
}

fn attempts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(deserializer)?;
    match number {
        1..=20 => Ok(Some(number)),
        _ => Err(de::Error::custom(format!("{number} attempts: 1 to 20 are possible"))),
    }
}

fn factor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    match (1.0..=10.0).contains(&number) {
        true => Ok(Some(number)),
        false => Err(de::Error::custom(format!("a factor of {number}: 1 to 10 are possible"))),
    }
}

impl Retries {
    /// The same with what it leaves open from another one.
    #[must_use]
    pub fn or(self, other: Retries) -> Retries {
        Retries {
            attempts: self.attempts.or(other.attempts),
            first: self.first.or(other.first),
            factor: self.factor.or(other.factor),
            longest: self.longest.or(other.longest),
            budget: self.budget.or(other.budget),
        }
    }

    /// With the defaults.
    #[must_use]
    pub fn settled(self) -> Backoff {
        let or = |span: Option<Span>, ms| span.map_or(Duration::from_millis(ms), |span| span.0);
        Backoff {
            attempts: self.attempts.unwrap_or(4),
            first: or(self.first, 500),
            factor: self.factor.unwrap_or(2.0),
            longest: or(self.longest, 30_000),
            budget: or(self.budget, 120_000),
        }
    }
}

/// The attempts of a call and the waits between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Most attempts; 1 for no second one.
    pub attempts: u32,
    /// The wait before the second attempt.
    pub first: Duration,
    /// How many times longer each further wait is.
    pub factor: f64,
    /// The longest wait.
    pub longest: Duration,
    /// For all of it.
    pub budget: Duration,
}

impl Backoff {
    /// The wait after so many failed attempts (1 or more): between half and all of what the rule says, by `random`.
    #[must_use]
    pub fn wait(&self, failed: u32, random: u64) -> Duration {
        let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
        let whole = self.first.as_secs_f64() * self.factor.powi(exponent);
        // Of two floats the smaller one, so that infinity is none.
        let whole = whole.min(self.longest.as_secs_f64());
        let share = random as f64 / u64::MAX as f64;
        Duration::try_from_secs_f64(whole * (0.5 + share / 2.0)).unwrap_or(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_half_of_each_is_chance() {
        let backoff = Retries::default().settled();
        let ms = |failed, random| backoff.wait(failed, random).as_millis();
        let least: Vec<_> = (1..9).map(|failed| ms(failed, 0)).collect();
        assert_eq!(least, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
        let most: Vec<_> = (1..9).map(|failed| ms(failed, u64::MAX)).collect();
        assert_eq!(most, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(ms(u32::MAX, u64::MAX), 30_000);
    }

    #[test]
    fn what_a_card_leaves_open_is_the_connectors() {
        let card: Retries = serde_json::from_str(r#"{ "attempts": 2 }"#).unwrap();
        let connector: Retries =
            serde_json::from_str(r#"{ "attempts": 9, "first": "1s", "factor": 1.5 }"#).unwrap();
        let backoff = card.or(connector).settled();
        assert_eq!((backoff.attempts, backoff.first.as_secs(), backoff.factor), (2, 1, 1.5));
        for wrong in [r#"{ "attempts": 0 }"#, r#"{ "attempts": 21 }"#, r#"{ "factor": 0.5 }"#] {
            assert!(serde_json::from_str::<Retries>(wrong).is_err(), "{wrong}");
        }
    }
}
