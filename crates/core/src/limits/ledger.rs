//! When requests went, and when the next one may.

use std::collections::VecDeque;

use super::rule::Rate;

/// When requests went, and when the next one may go: by sliding windows, so that no stretch of time of a rate's length ever has
/// more than its number in it. Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct Ledger {
    rates: Vec<Rate>,
    /// When requests went or will go, in order; what no window reaches any more is dropped.
    went: VecDeque<i64>,
    /// Nothing goes before that: the service has said so.
    not_before: i64,
}

impl Ledger {
    /// One of a service with these rates.
    #[must_use]
    pub fn new(rates: &[Rate]) -> Ledger {
        Ledger { rates: rates.to_vec(), went: VecDeque::new(), not_before: i64::MIN }
    }

    /// When the next request may go: now at the earliest, and after those that wait already.
    #[must_use]
    pub fn next(&self, now: i64) -> i64 {
        let last = self.went.back().copied().unwrap_or(i64::MIN);
        let by_rate = self.rates.iter().map(|rate| {
            let max = usize::try_from(rate.max).unwrap_or(usize::MAX);
            let oldest = self.went.len().checked_sub(max).and_then(|at| self.went.get(at));
            oldest.map_or(i64::MIN, |went| went.saturating_add(milliseconds(rate)))
        });
        by_rate.fold(now.max(last).max(self.not_before), i64::max)
    }

    /// Takes note of a request that goes at a time, as [`Ledger::next`] gave it.
    pub fn take(&mut self, at: i64, now: i64) {
        let longest = self.rates.iter().map(milliseconds).max().unwrap_or(0);
        let reached = now.saturating_sub(longest);
        while self.went.front().is_some_and(|went| *went <= reached) {
            self.went.pop_front();
        }
        if longest > 0 {
            self.went.push_back(at);
        }
    }

    /// Gives back what was taken for a time, where nothing was sent then.
    pub fn give_back(&mut self, at: i64) {
        if let Some(found) = self.went.iter().rposition(|went| *went == at) {
            self.went.remove(found);
        }
    }

    /// The service has said that nothing may go before a time.
    pub fn hold_until(&mut self, at: i64) {
        self.not_before = self.not_before.max(at);
    }
}

fn milliseconds(rate: &Rate) -> i64 {
    i64::try_from(rate.per.0.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::span::Span;

    fn rate(max: u32, seconds: u64) -> Rate {
        Rate { max, per: Span(Duration::from_secs(seconds)) }
    }

    /// How many of some sorted times are in the fullest window of a length, its end left out.
    fn fullest(times: &[i64], length: i64) -> usize {
        let inside =
            |from: &i64| times.iter().filter(|at| *at >= from && **at < from + length).count();
        times.iter().map(inside).max().unwrap_or(0)
    }

    #[test]
    fn no_window_has_more_than_its_number() {
        let rates = [rate(60, 3_600), rate(3, 1)];
        let mut ledger = Ledger::new(&rates);
        let (mut now, mut went, mut seed) = (0, Vec::new(), 7_u64);
        for _ in 0..1_000 {
            let at = ledger.next(now);
            ledger.take(at, now);
            went.push(at);
            // Now and then time passes, by chance.
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if seed >> 61 == 0 {
                now += i64::try_from((seed >> 40) % 90_000).unwrap();
            }
        }
        assert!(went.is_sorted());
        assert_eq!((fullest(&went, 3_600_000), fullest(&went, 1_000)), (60, 3));
        assert!(ledger.went.len() <= 1_000);
    }

    #[test]
    fn as_many_as_are_allowed_go_at_once_and_the_next_one_waits_for_the_first() {
        let mut ledger = Ledger::new(&[rate(2, 10)]);
        let mut go = |now| {
            let at = ledger.next(now);
            ledger.take(at, now);
            at
        };
        assert_eq!(
            [go(0), go(1_000), go(2_000), go(2_000), go(2_000)],
            [0, 1_000, 10_000, 11_000, 20_000]
        );
        assert_eq!(go(60_000), 60_000);
    }

    #[test]
    fn what_was_not_sent_is_given_back_and_what_the_service_says_holds() {
        let mut ledger = Ledger::new(&[rate(1, 10)]);
        ledger.take(0, 0);
        let at = ledger.next(0);
        ledger.take(at, 0);
        ledger.give_back(at);
        assert_eq!(ledger.next(0), 10_000);
        ledger.hold_until(15_000);
        assert_eq!(ledger.next(0), 15_000);
        assert_eq!(ledger.next(20_000), 20_000);
        // Without a rate nothing is kept.
        let mut free = Ledger::new(&[]);
        free.take(0, 0);
        assert_eq!((free.next(0), free.went.len()), (0, 0));
    }
}
