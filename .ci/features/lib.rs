//! No code: only features of libraries, which cargo joins with those that are asked for elsewhere.
//!
//! Which features a library has depends on what is built with it, and with other features it is built again, and all that
//! stands on it: "each feature alone" of `.ci/run` built most libraries three to five times. Built together with this
//! crate, they are alike.
