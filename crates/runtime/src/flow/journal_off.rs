//! A build without SQLite has no journal: one cannot be made.

use cardhost_core::failure::Error;
use cardhost_flow::CardCall;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

use super::Flow;
use super::open::{OpenRun, Over, Unfinished};

/// The journal of one run; there is none in a build without the feature `sqlite`.
#[derive(Clone, Copy, Debug)]
pub enum Journal {}

impl Journal {
    pub(super) async fn begin(
        &self,
        _: &Flow,
        _: &Value,
        _: String,
        _: [u8; 16],
    ) -> Result<(String, [u8; 16]), Error> {
        match *self {}
    }

    pub(super) async fn resume(
        &self,
        _: &(dyn Fn() -> OpenRun + Sync),
        _: &(dyn Fn(&CardCall) + Sync),
        _: i64,
    ) -> Result<OpenRun, Error> {
        match *self {}
    }

    pub(super) async fn goes_on(&self) -> Result<(), Error> {
        match *self {}
    }

    pub(super) async fn ended(&self, _: Option<&Error>, _: i64) -> Result<(), Error> {
        match *self {}
    }

    pub(super) fn decisions(&self) -> &BTreeMap<String, Unfinished> {
        match *self {}
    }

    pub(super) async fn has(&self, _: &str) -> Result<bool, Error> {
        match *self {}
    }

    pub(super) async fn turn(&self, _: &str, _: i64, _: Vec<Over>) -> Result<(), Error> {
        match *self {}
    }

    pub(super) async fn account(&self, _: &str, _: [u8; 32]) -> Result<(), Error> {
        match *self {}
    }

    pub(super) async fn will_send(&self, _: &str) -> Result<(), Error> {
        match *self {}
    }

    pub(super) async fn sent(&self) -> Result<HashSet<String>, Error> {
        match *self {}
    }

    pub(super) fn keeps_no_secret(&self, _: String) -> Error {
        match *self {}
    }
}
