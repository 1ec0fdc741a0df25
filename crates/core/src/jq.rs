//! Values that jq reads out of a reply. The engine is brought by a crate above: it has a meter, so that each ends.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::error::{Code, Fault};

/// What compiles jq.
pub trait Engine: Sync {
    /// Compiles a program, which has no environment, no files and no clock.
    ///
    /// # Errors
    /// [`JqFault::Syntax`].
    fn compile(&self, text: &str) -> Result<Arc<dyn Program>, JqFault>;
}

/// A compiled program.
pub trait Program: Send + Sync {
    /// The value of the program: null where it gives nothing, a list where it gives several.
    ///
    /// # Errors
    /// Why it has none, in words.
    fn value(&self, input: Value) -> Result<Value, String>;
}

/// Why a definition with jq does not load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JqFault {
    /// It cannot be compiled.
    #[error("this is not jq: {reason}")]
    Syntax {
        /// The engine's words.
        reason: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// Nothing here reads jq.
    #[error("this build of cardhost leaves jq out (feature `flow`)")]
    LeftOut,
}

impl Fault for JqFault {
    fn code(&self) -> Code {
        Code::DEFINITION_VALUE
    }

    fn hint(&self) -> Option<String> {
        match self {
            JqFault::Syntax { hint, .. } => hint.clone(),
            JqFault::LeftOut => None,
        }
    }
}

/// A program as a definition writes it: `{ "jq": ".body.items | map(.name)" }`.
#[derive(Clone)]
pub struct Jq {
    /// Its text.
    pub text: String,
    program: OnceLock<Arc<dyn Program>>,
}

impl Jq {
    /// Takes the text over; it is compiled where the definition is loaded.
    #[must_use]
    pub fn new(text: String) -> Jq {
        Jq { text, program: OnceLock::new() }
    }

    /// Compiles it.
    ///
    /// # Errors
    /// [`JqFault`].
    pub fn compile(&self, engine: Option<&dyn Engine>) -> Result<(), JqFault> {
        let engine = engine.ok_or(JqFault::LeftOut)?;
        let program = engine.compile(&self.text)?;
        self.program.get_or_init(|| program);
        Ok(())
    }

    /// Its value for a reply.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub fn value(&self, parts: Map<String, Value>) -> Result<Value, String> {
        match self.program.get() {
            Some(program) => program.value(Value::Object(parts)),
            None => Err(JqFault::LeftOut.to_string()),
        }
    }
}

impl fmt::Debug for Jq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jq({:?})", self.text)
    }
}

impl PartialEq for Jq {
    fn eq(&self, other: &Jq) -> bool {
        self.text == other.text
    }
}
