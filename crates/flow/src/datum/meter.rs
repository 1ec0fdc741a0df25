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
    excess: Cell<Option<Excess>>,
    base: Cell<usize>,
    now: Cell<i64>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            running: Cell::new(false),
            left: Cell::new(0),
            excess: Cell::new(None),
            base: Cell::new(0),
            now: Cell::new(0),
        }
    };
}

/// Runs an evaluation of at most so many steps, at a time in milliseconds since 1970.
pub(crate) fn measured<T>(steps: u64, now: i64, run: impl FnOnce() -> T) -> (T, Option<Excess>) {
    METER.with(|meter| {
        meter.running.set(true);
        meter.left.set(steps);
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

/// About where the stack is.
fn stack_address() -> usize {
    let here = 0_u8;
    std::hint::black_box(&raw const here).addr()
}

/// Whether an evaluation is going on.
pub(crate) fn is_running() -> bool {
    METER.with(|meter| meter.running.get())
}
