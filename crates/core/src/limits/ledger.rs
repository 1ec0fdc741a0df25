//! What was sent under the limits of a service, and when the next request may go.

use std::time::Duration;

use super::rule::{Limits, Rate};
use super::turn::{Permit, Turn};
use super::window::{Window, length};
use crate::http_date::LONGEST_WAIT_S;

/// The longest that a permit is held without being renewed; a longer lease is cut to it.
const LONGEST_LEASE_MS: i64 = 60_000;

/// The longest that a service can ask all to wait.
const LONGEST_HOLD_MS: i64 = LONGEST_WAIT_S as i64 * 1_000;

/// What was sent under the limits of a service, and when the next request may go: by sliding windows, so that no stretch of time of a
/// rate's length ever has more than its number in it. Times are milliseconds since 1970; the one who asks reads the clock while nobody
/// else can ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub(super) windows: Vec<Window>,
    pub(super) held: Vec<Held>,
    /// Nothing goes before that: the service has said so.
    pub(super) not_before: i64,
    /// The number of the last permit.
    pub(super) last_id: u64,
}

/// A permit of a request that is under way, where only so many may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: u64,
    /// It ends then by itself.
    pub(super) until: i64,
}

impl Ledger {
    /// Whether a request may go now that has `ahead` others before it; the first one is counted, where it may. A permit that nobody
    /// renews or gives back ends after `lease`, where its holder may be gone without a word.
    pub fn ask(
        &mut self,
        limits: &Limits,
        now: i64,
        ahead: usize,
        lease: Option<Duration>,
    ) -> Turn {
        self.settle(now);
        self.fit(&limits.rate);
        let at = self.forecast(&limits.rate, now, ahead);
        if at > now {
            let wait = u64::try_from(at.saturating_sub(now)).unwrap_or_default();
            return Turn::Later { wait: Duration::from_millis(wait) };
        }
        if limits.concurrent.is_some_and(|most| self.held.len() + ahead >= most as usize) {
            return Turn::Full;
        }
        if ahead > 0 {
            return Turn::Later { wait: Duration::ZERO };
        }
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        if limits.concurrent.is_some() {
            self.held.push(Held { id, until: until(now, lease) });
        }
        self.windows.iter_mut().for_each(|window| window.put(now));
        Turn::Go(Permit { id, at: now })
    }

    /// The request of a permit is over.
    pub fn give_back(&mut self, permit: Permit) {
        self.held.retain(|held| held.id != permit.id);
    }

    /// The request of a permit was never sent.
    pub fn take_back(&mut self, permit: Permit) {
        self.give_back(permit);
        self.windows.iter_mut().for_each(|window| window.take_out(permit.at));
    }

    /// The request of a permit goes on. One that has ended meanwhile is held again.
    pub fn renew(&mut self, permit: Permit, now: i64, lease: Duration) {
        self.give_back(permit);
        self.held.push(Held { id: permit.id, until: until(now, Some(lease)) });
    }

    /// The service has said that nothing may go for so long.
    pub fn hold(&mut self, now: i64, wait: Duration) {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).min(LONGEST_HOLD_MS);
        self.not_before = self.not_before.max(now.saturating_add(wait));
    }

    /// How many requests are under way, where only so many may be; those whose lease has ended are counted until somebody asks.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.held.len()
    }

    /// From when on it says nothing that a new one would not.
    #[must_use]
    pub fn idle_at(&self) -> i64 {
        let last = |window: &Window| {
            window.went.back().map_or(i64::MIN, |(at, _)| at.saturating_add(window.per))
        };
        let windows = self.windows.iter().map(last);
        let held = self.held.iter().map(|held| held.until);
        windows.chain(held).fold(self.not_before, i64::max)
    }

    /// The same by a clock that is so many milliseconds ahead.
    #[must_use]
    pub fn shifted(mut self, ms: i64) -> Ledger {
        let shift = |at: &mut i64| *at = at.saturating_add(ms);
        self.windows.iter_mut().for_each(|window| {
            window.went.iter_mut().for_each(|(at, _)| shift(at));
        });
        self.held.iter_mut().for_each(|held| shift(&mut held.until));
        shift(&mut self.not_before);
        self
    }

    /// Forgets what is over.
    fn settle(&mut self, now: i64) {
        self.windows.iter_mut().for_each(|window| window.settle(now));
        self.held.retain(|held| held.until > now);
        for held in self.held.iter_mut().filter(|held| held.until < i64::MAX) {
            held.until = held.until.min(now.saturating_add(LONGEST_LEASE_MS));
        }
        self.not_before = self.not_before.min(now.saturating_add(LONGEST_HOLD_MS));
    }

    /// Has a window for each rate. Those of an older definition stay as long as something is in them.
    fn fit(&mut self, rates: &[Rate]) {
        let windows = &mut self.windows;
        windows.retain(|own| !own.went.is_empty() || rates.iter().any(|r| length(r) == own.per));
        for rate in rates {
            if !windows.iter().any(|own| own.per == length(rate)) {
                windows.push(Window::new(rate));
            }
        }
    }

    /// When a request may go that has `ahead` others before it.
    fn forecast(&self, rates: &[Rate], now: i64, ahead: usize) -> i64 {
        let first = self.opens_at(rates, now);
        if ahead == 0 || rates.is_empty() {
            return first;
        }
        let mut later = self.windows.clone();
        (0..ahead).fold(first, |at, _| {
            for window in &mut later {
                window.put(at);
                window.settle(at);
            }
            opens_at(&later, rates).max(at)
        })
    }

    fn opens_at(&self, rates: &[Rate], now: i64) -> i64 {
        opens_at(&self.windows, rates).max(now).max(self.not_before)
    }
}

/// When all of the rates let another request go.
fn opens_at(windows: &[Window], rates: &[Rate]) -> i64 {
    let of_rate = |rate: &Rate| {
        let window = windows.iter().find(|window| window.per == length(rate));
        window.map_or(i64::MIN, |window| window.opens_at(rate.max))
    };
    rates.iter().map(of_rate).fold(i64::MIN, i64::max)
}

fn until(now: i64, lease: Option<Duration>) -> i64 {
    let Some(lease) = lease else { return i64::MAX };
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    now.saturating_add(lease.min(LONGEST_LEASE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Limits {
        serde_json::from_str(text).unwrap()
    }

    /// How many of some sorted times are in the fullest window of a length, its end left out.
    fn fullest(times: &[i64], length: i64) -> usize {
        let inside =
            |from: &i64| times.iter().filter(|at| *at >= from && **at < from + length).count();
        times.iter().map(inside).max().unwrap_or(0)
    }

    /// What comes of asking, in short: the time that a request goes at, or how long it has to wait.
    fn told(turn: Turn) -> String {
        match turn {
            Turn::Go(permit) => format!("goes at {}", permit.at),
            Turn::Later { wait } => format!("in {}", wait.as_millis()),
            Turn::Full => "full".to_owned(),
        }
    }

    #[test]
    fn no_window_has_more_than_its_number() {
        let limits =
            limits(r#"{ "rate": [{ "max": 60, "per": "1h" }, { "max": 3, "per": "1s" }] }"#);
        let mut ledger = Ledger::default();
        let (mut now, mut went, mut seed) = (0, Vec::new(), 7_u64);
        while went.len() < 1_000 {
            match ledger.ask(&limits, now, 0, None) {
                Turn::Go(permit) => went.push(permit.at),
                Turn::Later { wait } => now += i64::try_from(wait.as_millis()).unwrap(),
                Turn::Full => panic!("nothing is held"),
            }
            // Now and then time passes, by chance.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if seed >> 61 == 0 {
                now += i64::try_from((seed >> 40) % 90_000).unwrap();
            }
            // As a file keeps it.
            ledger = Ledger::from_bytes(&ledger.to_bytes()).unwrap();
        }
        assert!(went.is_sorted());
        assert_eq!((fullest(&went, 3_600_000), fullest(&went, 1_000)), (60, 3));
        assert!(ledger.windows.iter().all(|window| window.went.len() <= 60));
    }

    #[test]
    fn as_many_as_are_allowed_go_at_once_and_the_next_one_waits_for_the_first() {
        let limits = limits(r#"{ "rate": [{ "max": 2, "per": "10s" }] }"#);
        let mut ledger = Ledger::default();
        let mut ask = |now, ahead| told(ledger.ask(&limits, now, ahead, None));
        assert_eq!([ask(0, 0), ask(1_000, 0)], ["goes at 0", "goes at 1000"]);
        // Whoever has others before it is told when it is after them.
        let waits = [ask(2_000, 0), ask(2_000, 1), ask(2_000, 2), ask(2_000, 5)];
        assert_eq!(waits, ["in 8000", "in 9000", "in 18000", "in 29000"]);
        assert_eq!(ask(60_000, 1), "in 0");
        assert_eq!(ask(60_000, 0), "goes at 60000");
    }

    #[test]
    fn no_more_are_under_way_than_may_be_and_what_nobody_renews_ends() {
        let limits = limits(r#"{ "concurrent": 2 }"#);
        let mut ledger = Ledger::default();
        let lease = Some(Duration::from_secs(10));
        let mut taken = Vec::new();
        for now in [0, 1_000] {
            let Turn::Go(permit) = ledger.ask(&limits, now, 0, lease) else {
                panic!("a place is free")
            };
            taken.push(permit);
        }
        assert_eq!(ledger.ask(&limits, 9_999, 0, lease), Turn::Full);
        assert_eq!(ledger.under_way(), 2);
        ledger.renew(taken[0], 9_000, Duration::from_secs(10));
        // The second one's holder is gone.
        assert_eq!(ledger.ask(&limits, 10_000, 0, lease), Turn::Full);
        assert_eq!(told(ledger.ask(&limits, 11_000, 0, lease)), "goes at 11000");
        assert_eq!(ledger.ask(&limits, 11_000, 0, lease), Turn::Full);
        ledger.give_back(taken[0]);
        assert_eq!(ledger.ask(&limits, 11_000, 1, lease), Turn::Full);
        assert_eq!(told(ledger.ask(&limits, 11_000, 0, None)), "goes at 11000");
        // What has no lease is held until it is given back.
        assert_eq!(told(ledger.ask(&limits, i64::MAX - 1, 0, None)), "goes at 9223372036854775806");
        assert_eq!(ledger.ask(&limits, i64::MAX - 1, 0, None), Turn::Full);
    }

    #[test]
    fn what_was_not_sent_is_taken_back_and_what_the_service_says_holds() {
        let limits = limits(r#"{ "rate": [{ "max": 1, "per": "10s" }] }"#);
        let mut ledger = Ledger::default();
        let Turn::Go(permit) = ledger.ask(&limits, 0, 0, None) else { panic!("nothing has gone") };
        ledger.take_back(permit);
        assert_eq!(told(ledger.ask(&limits, 0, 0, None)), "goes at 0");
        ledger.hold(0, Duration::from_secs(15));
        ledger.hold(0, Duration::from_secs(3));
        assert_eq!(told(ledger.ask(&limits, 0, 0, None)), "in 15000");
        assert_eq!(ledger.idle_at(), 15_000);
        assert_eq!(told(ledger.ask(&limits, 20_000, 0, None)), "goes at 20000");
        // Nobody waits longer than a day, also where the clock was set back.
        ledger.hold(20_000, Duration::from_secs(1_000_000));
        assert_eq!(told(ledger.ask(&limits, 0, 0, None)), "in 86400000");
    }

    #[test]
    fn another_definition_goes_on_with_what_is_known() {
        let (two, five) = (
            limits(r#"{ "rate": [{ "max": 2, "per": "10s" }] }"#),
            limits(r#"{ "rate": [{ "max": 5, "per": "10s" }, { "max": 1, "per": "1m" }] }"#),
        );
        let mut ledger = Ledger::default();
        let _ = ledger.ask(&two, 0, 0, None);
        let _ = ledger.ask(&two, 0, 0, None);
        assert_eq!(told(ledger.ask(&five, 1, 0, None)), "goes at 1");
        assert_eq!(told(ledger.ask(&five, 1, 0, None)), "in 60000");
        // Those of 0 have to go: two of three.
        assert_eq!(told(ledger.ask(&two, 2, 0, None)), "in 9998");
    }

    #[test]
    fn a_ledger_by_another_clock_is_the_same_one() {
        let limits = limits(r#"{ "concurrent": 3, "rate": [{ "max": 2, "per": "10s" }] }"#);
        let mut ledger = Ledger::default();
        let _ = ledger.ask(&limits, 1_000, 0, Some(Duration::from_secs(10)));
        let _ = ledger.ask(&limits, 2_000, 0, Some(Duration::from_secs(10)));
        let mut other = ledger.clone().shifted(500);
        assert_eq!(told(other.ask(&limits, 2_500, 0, None)), "in 9000");
        assert_eq!(other.shifted(-500), {
            let _ = ledger.ask(&limits, 2_000, 0, None);
            ledger
        });
    }
}
