//! How much was checked, and how much was found.

use cardhost::Class;

use crate::cli::console::{Console, Failure};

/// What was checked, and how many findings there are.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) connectors: usize,
    pub(super) cards: usize,
    pub(super) examples: usize,
    pub(super) anti_examples: usize,
    pub(super) flows: usize,
    pub(super) cases: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notes: usize,
    /// Whether a warning is a fault.
    pub(super) strict: bool,
}

impl Tally {
    /// What must be mended.
    pub(super) fn faults(&self) -> usize {
        if self.strict { self.errors + self.warnings } else { self.errors }
    }

    /// Says what was checked; an error where there were faults.
    pub(super) fn end(&self, console: &Console) -> Result<(), Failure> {
        let mut checked = Vec::new();
        if self.connectors > 0 || self.flows + self.cases == 0 {
            checked.push(count(self.connectors, "connector"));
            checked.push(count(self.cards, "card"));
            checked.push(count(self.examples, "example"));
            checked.push(count(self.anti_examples, "anti-example"));
        }
        if self.flows > 0 {
            checked.push(count(self.flows, "flow"));
        }
        if self.cases > 0 {
            checked.push(count(self.cases, "case"));
        }
        let checked = checked.join(", ");
        let also = |number, what| match number {
            0 => String::new(),
            number => format!(", {}", count(number, what)),
        };
        let (warned, noted) = (also(self.warnings, "warning"), also(self.notes, "note"));
        if self.faults() == 0 {
            return console.out(&format!("{checked}: no fault{warned}{noted}\n"));
        }
        if !console.json_errors() {
            console.note(&format!("{checked}: {}", count(self.faults(), "fault")));
        }
        Err(Failure::Reported(Class::Definition))
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
