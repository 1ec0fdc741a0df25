//! Flows as they are run: over cards, at the same time, in time, to an end, and on after a crash.

mod calls;
mod command;
mod failed;
mod fan_out;
mod journal;
mod judges;
mod limits;
mod runs;
mod shop;
mod time;
