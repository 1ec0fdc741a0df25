//! The shipped flows, against services that remember.

// In the pure interpreter: their cards are planned, sent and mapped as ever.
mod documents;
mod drive;
mod track_and_find_event;
mod update_profiles;
mod warehouse_import;

// As processes: `cardhost flow run`.
mod golden;
mod killed;
mod process;
