//! What one evaluation may cost: steps, the size of values, the depth of the stack.
//!
//! jaq has no fuel of its own, so everything that can go round asks here: each term it evaluates
//! ([`step`]), each value it makes ([`spend`], [`exceed`]). Outside of an evaluation nothing is counted.

use std::cell::Cell;

/// What an evaluation had too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Steps.
    Steps,
    /// The size of a value.
    Size,
    /// Calls or values inside each other.
    Depth,
}

impl Excess {
    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Excess::Steps => "steps",
            Excess::Size => "size",
            Excess::Depth => "depth",
        }
    }
}

/// Most bytes of stack that an evaluation takes: threads of the tests and of tokio have 2 MiB.
const MAX_STACK_BYTES: usize = 448 * 1024;

struct Meter {
    running: Cell<bool>,
    left: Cell<u64>,
    value_bytes: Cell<u64>,
    excess: Cell<Option<Excess>>,
    base: Cell<usize>,
    now: Cell<i64>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            running: Cell::new(false),
            left: Cell::new(0),
            value_bytes: Cell::new(0),
            excess: Cell::new(None),
            base: Cell::new(0),
            now: Cell::new(0),
        }
    };
}

/// What an evaluation may cost: what every one may, and more where it is given more.
///
/// # Example: a report of ten megabytes may take more than one of ten bytes
/// ```
/// use cardhost_flow::datum::Limits;
/// let limits = Limits::default();
/// assert_eq!(limits.steps, 5_000_000);
/// assert_eq!(limits.for_data(10_000_000).steps, 5_000_000 + 4 * 10_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps; 5,000,000, about half a second, and 4 for each byte of the data that it is given.
    pub steps: u64,
    /// Most bytes, about, of one value that it makes; 32 MiB, and 8 for each byte of the data that it is given.
    pub value_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 5_000_000, value_bytes: 32 * 1024 * 1024 }
    }
}

impl Limits {
    /// The limits of an evaluation that is given so many bytes of data, about.
    #[must_use]
    pub fn for_data(self, bytes: u64) -> Limits {
        Limits {
            steps: self.steps.saturating_add(bytes.saturating_mul(4)),
            value_bytes: self.value_bytes.saturating_add(bytes.saturating_mul(8)),
        }
    }
}

/// Runs an evaluation of at most so much, at a time in milliseconds since 1970.
pub(crate) fn measured<T>(
    limits: Limits,
    now: i64,
    run: impl FnOnce() -> T,
) -> (T, Option<Excess>) {
    METER.with(|meter| {
        meter.running.set(true);
        meter.left.set(limits.steps);
        meter.value_bytes.set(limits.value_bytes);
        meter.excess.set(None);
        meter.base.set(stack_address());
        meter.now.set(now);
        let result = run();
        meter.running.set(false);
        (result, meter.excess.take())
    })
}

/// The time of the evaluation, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    METER.with(|meter| meter.now.get())
}

/// Takes one step; `false` where the evaluation has to end.
pub(crate) fn step() -> bool {
    METER.with(|meter| {
        if !meter.running.get() {
            return true;
        }
        if meter.base.get().abs_diff(stack_address()) > MAX_STACK_BYTES {
            fail(meter, Excess::Depth);
        }
        take(meter, 1)
    })
}

/// Pays for work that is done between two steps.
pub(crate) fn spend(units: u64) -> bool {
    METER.with(|meter| !meter.running.get() || take(meter, units))
}

/// Ends the evaluation.
pub(crate) fn exceed(excess: Excess) {
    METER.with(|meter| {
        if meter.running.get() {
            fail(meter, excess);
        }
    });
}

fn take(meter: &Meter, units: u64) -> bool {
    match meter.left.get().checked_sub(units) {
        Some(left) => {
            meter.left.set(left);
            meter.excess.get().is_none()
        }
        None => {
            fail(meter, Excess::Steps);
            false
        }
    }
}

fn fail(meter: &Meter, excess: Excess) {
    meter.left.set(0);
    if meter.excess.get().is_none() {
        meter.excess.set(Some(excess));
    }
}

/// Most bytes, about, of a value that the evaluation makes; no limit outside of one.
pub(crate) fn max_value_bytes() -> u64 {
    METER.with(|meter| if meter.running.get() { meter.value_bytes.get() } else { u64::MAX })
}

/// About where the stack is.
fn stack_address() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here).addr()
}

/// Whether an evaluation is going on.
pub(crate) fn is_running() -> bool {
    METER.with(|meter| meter.running.get())
}
