//! What is promised, as figures: `must` fails the gate or is a fault to be mended, `goal` is where it should go.

/// One promised figure.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What is measured, and its unit.
    pub name: &'static str,
    /// What has to hold; absent where there is only a goal.
    pub must: Option<f64>,
    /// What is aimed at.
    pub goal: f64,
    /// Whether more is better.
    pub more_is_better: bool,
}

/// One call per process over http.
pub const COLD_INSTRUCTIONS: Target =
    at_most("one call per process, http, M instructions", Some(2.5), 1.6);
/// The same with a card of a few lines, read from a folder.
pub const SMALL_INSTRUCTIONS: Target =
    at_most("one call per process, http, small card, M instructions", Some(2.0), 1.4);
/// Its peak memory.
pub const COLD_MEMORY: Target = at_most("one call per process, http, peak MiB", Some(12.0), 8.0);
/// Its CPU time beside curl's.
pub const COLD_CPU: Target = at_most("one call per process, http, CPU × curl", None, 0.35);
/// One call per process over https.
pub const COLD_HTTPS_INSTRUCTIONS: Target =
    at_most("one call per process, https, M instructions", Some(5.5), 4.3);
/// Its peak memory.
pub const COLD_HTTPS_MEMORY: Target =
    at_most("one call per process, https, peak MiB", Some(13.0), 9.0);
/// Its CPU time beside curl's.
pub const COLD_HTTPS_CPU: Target = at_most("one call per process, https, CPU × curl", None, 0.40);
/// What a connector with 1,200 more cards adds to the time.
pub const CROWD_TIME: Target = at_most("1,200 more cards, ms more", Some(2.0), 0.5);
/// What it adds to the memory.
pub const CROWD_MEMORY: Target = at_most("1,200 more cards, MiB more", None, 1.0);
/// What the loader maps of the binary.
pub const BINARY_SIZE: Target = at_most("text and data of the binary, MiB", Some(16.0), 10.0);
/// One more call in a running process, the reply's body passed on.
pub const WARM_INSTRUCTIONS: Target = at_most("one more call, k instructions", Some(171.0), 150.0);
/// The same with a field read from the body.
pub const FIELD_INSTRUCTIONS: Target =
    at_most("one more call, a field read from the body, k instructions", Some(200.0), 174.0);
/// CPU time at 32 calls at once, beside bare reqwest's.
pub const WARM_CPU: Target = at_most("32 at once, CPU × reqwest", Some(1.35), 1.2);
/// The same with a field read from the body.
pub const FIELD_CPU: Target = at_most("32 at once, a field read, CPU × reqwest", Some(1.4), 1.2);
/// Calls a second at 32 calls at once, beside bare reqwest's.
pub const WARM_THROUGHPUT: Target = Target {
    name: "32 at once, calls/s × reqwest",
    must: Some(0.65),
    goal: 0.9,
    more_is_better: true,
};
/// Peak memory after many calls, 32 at once.
pub const WARM_MEMORY: Target = at_most("32 at once, peak MiB after all calls", Some(20.0), 12.0);

/// One more call with a stored OAuth 2.0 connection, beside one with an inline bearer token.
pub const STORED_CALL: Target =
    at_most("one more call, stored OAuth 2 ÷ inline bearer, instructions", Some(1.05), 1.0);
/// What a stored connection adds to one call per process.
pub const STORED_COLD: Target =
    at_most("one call per process, stored connection, ms more", Some(3.0), 1.0);

const fn at_most(name: &'static str, must: Option<f64>, goal: f64) -> Target {
    Target { name, must, goal, more_is_better: false }
}

impl Target {
    /// `goal met`, `must met`, `goal missed` (where nothing must hold) or `MISSED`.
    #[must_use]
    pub fn verdict(&self, measured: f64) -> &'static str {
        if self.reaches(measured, self.goal) {
            return "goal met";
        }
        match self.must {
            None => "goal missed",
            Some(_) if self.is_unmet(measured) => "MISSED",
            Some(_) => "must met",
        }
    }

    /// A bound as it is written in a table: `≤ 8`.
    #[must_use]
    pub fn written(&self, bound: f64) -> String {
        format!("{} {bound}", if self.more_is_better { '≥' } else { '≤' })
    }

    /// Whether something must hold, and does not.
    #[must_use]
    pub fn is_unmet(&self, measured: f64) -> bool {
        self.must.is_some_and(|must| !self.reaches(measured, must))
    }

    fn reaches(&self, measured: f64, bound: f64) -> bool {
        if self.more_is_better { measured >= bound } else { measured <= bound }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_the_direction_of_its_target() {
        assert_eq!(WARM_CPU.verdict(1.2), "goal met");
        assert_eq!(WARM_CPU.verdict(1.3), "must met");
        assert_eq!(WARM_CPU.verdict(1.7), "MISSED");
        assert_eq!(WARM_THROUGHPUT.verdict(0.6), "MISSED");
        assert_eq!(WARM_THROUGHPUT.verdict(0.95), "goal met");
    }

    #[test]
    fn a_target_with_only_a_goal_says_so() {
        assert_eq!(COLD_CPU.verdict(5.0), "goal missed");
        assert!(!COLD_CPU.is_unmet(5.0));
    }
}
