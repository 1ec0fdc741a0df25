//! When requests went, as far as the window of one rate reaches.

use std::collections::VecDeque;

use super::rule::Rate;

/// Most times that a window keeps: of a rate with more, requests that went close together are kept as one time, which is that of the last
/// of them or a little later, so that none leaves the window too early.
const MOST_TIMES: i64 = 512;

/// When requests went, as far as the window of one rate reaches. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// How long it is.
    pub(super) per: i64,
    /// Times are rounded up to multiples of this.
    pub(super) grain: i64,
    /// In order, each with how many went.
    pub(super) went: VecDeque<(i64, u32)>,
}

/// The length of a rate's window.
pub(super) fn length(rate: &Rate) -> i64 {
    i64::try_from(rate.per.0.as_millis()).unwrap_or(i64::MAX)
}

impl Window {
    pub(super) fn new(rate: &Rate) -> Window {
        let per = length(rate);
        let grain = if i64::from(rate.max) <= MOST_TIMES { 1 } else { (per / MOST_TIMES).max(1) };
        Window { per, grain, went: VecDeque::new() }
    }

    /// When fewer than `max` are in it; the beginning of time where that is so already.
    pub(super) fn opens_at(&self, max: u32) -> i64 {
        let all: u64 = self.went.iter().map(|(_, count)| u64::from(*count)).sum();
        let Some(mut over) = all.checked_sub(u64::from(max)) else { return i64::MIN };
        for (at, count) in &self.went {
            match over.checked_sub(u64::from(*count)) {
                Some(rest) => over = rest,
                None => return at.saturating_add(self.per),
            }
        }
        i64::MIN
    }

    /// A request goes.
    pub(super) fn put(&mut self, at: i64) {
        let at = self.rounded(at);
        match self.went.back_mut() {
            Some((last, count)) if *last >= at => *count = count.saturating_add(1),
            _ => self.went.push_back((at, 1)),
        }
    }

    /// A request that was to go then did not.
    pub(super) fn take_out(&mut self, at: i64) {
        let at = self.rounded(at);
        let found = self.went.iter().position(|(went, _)| *went >= at);
        let Some(found) = found.or(self.went.len().checked_sub(1)) else { return };
        if let Some((_, count)) = self.went.get_mut(found) {
            *count -= 1;
            if *count == 0 {
                self.went.remove(found);
            }
        }
    }

    /// Forgets what it no longer reaches. What went in the future went now: the clock was set back.
    pub(super) fn settle(&mut self, now: i64) {
        while self.went.front().is_some_and(|(at, _)| at.saturating_add(self.per) <= now) {
            self.went.pop_front();
        }
        let latest = self.rounded(now);
        let mut future = 0_u32;
        while let Some((_, count)) = self.went.pop_back_if(|(at, _)| *at > latest) {
            future = future.saturating_add(count);
        }
        if future > 0 {
            match self.went.back_mut() {
                Some((last, count)) if *last == latest => *count = count.saturating_add(future),
                _ => self.went.push_back((latest, future)),
            }
        }
    }

    fn rounded(&self, at: i64) -> i64 {
        let rest = at.rem_euclid(self.grain);
        if rest == 0 { at } else { at.saturating_add(self.grain - rest) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::span::Span;

    #[test]
    fn a_rate_of_many_keeps_few_times_and_lets_none_go_too_early() {
        let mut window = Window::new(&Rate { max: 100_000, per: Span(Duration::from_secs(60)) });
        for at in 0..100_000 {
            window.put(at / 2);
        }
        assert!(window.went.len() <= 512, "{}", window.went.len());
        // The first went at 0, and is kept as up to 117 ms later.
        let opens_at = window.opens_at(100_000);
        assert!((60_000..60_118).contains(&opens_at), "{opens_at}");
        window.settle(opens_at);
        assert_eq!(window.opens_at(100_000), i64::MIN);
    }

    #[test]
    fn what_did_not_go_is_taken_out_and_a_clock_that_was_set_back_makes_nothing_wait_longer() {
        let mut window = Window::new(&Rate { max: 2, per: Span(Duration::from_secs(10)) });
        window.put(5_000);
        window.put(5_000);
        window.put(8_000);
        window.take_out(5_000);
        assert_eq!(window.went, [(5_000, 1), (8_000, 1)]);
        assert_eq!(window.opens_at(2), 15_000);
        window.settle(6_000);
        assert_eq!(window.went, [(5_000, 1), (6_000, 1)]);
        window.settle(0);
        assert_eq!(window.went, [(0, 2)]);
        window.take_out(0);
        window.take_out(0);
        window.take_out(0);
        assert_eq!(window.went, []);
    }
}
