//! Plays a cassette: gives each request its recorded reply, or says what differs.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::compare::{differences, lines};
use super::fault::{CassetteFault, ReplayFault};
use super::inject::{Injection, fault_kind};
use super::mask::{Caution, Mask};
use super::{Cassette, Exchange, FaultLimit, Order, RecordedFault, RecordedReply, RecordedRequest};
use cardhost_core::call::Treatment;
use cardhost_core::failure::Error;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::{
    ExchangeFault, TimeoutKind, TransportFault, TransportFaultKind,
};

/// Plays a cassette.
pub struct Player {
    cassette: Cassette,
    used: Vec<bool>,
    faults: Vec<Injection>,
    /// How many requests there were.
    asked: usize,
    injected: bool,
    /// The first request without a reply, with its origin.
    problem: Option<(String, TransportFault)>,
}

impl Player {
    /// Plays a cassette from its beginning.
    #[must_use]
    pub fn new(cassette: Cassette) -> Player {
        let used = vec![false; cassette.exchanges.len()];
        Player { cassette, used, faults: Vec::new(), asked: 0, injected: false, problem: None }
    }

    /// Puts faults between the requests and their replies. A request that gets one leaves its exchange unused, for
    /// when it is sent again.
    #[must_use]
    pub fn injecting(mut self, faults: Vec<Injection>) -> Player {
        self.faults = faults;
        self
    }

    /// In which order the requests must come, in place of the cassette's.
    #[must_use]
    pub fn ordered(mut self, order: Order) -> Player {
        self.cassette.order = order;
        self
    }

    /// The recorded reply to a request.
    ///
    /// # Errors
    /// The recorded fault; [`ReplayFault`] where nothing recorded fits, with what differs, and where the
    /// recorded run gave the request up: then no reply comes.
    pub fn answer(
        &mut self,
        request: &RequestSpec,
        treatment: Treatment,
    ) -> Result<Reply, TransportFault> {
        self.asked += 1;
        let index = match self.find(request) {
            Ok(index) => index,
            Err(fault) => {
                self.blame(request, &fault);
                return Err(fault);
            }
        };
        let asked = self.asked;
        if let Some(injection) = self.faults.iter().find(|fault| fault.happens_to(asked)) {
            self.injected = true;
            return injection.what.reply(treatment);
        }
        if let Some(used) = self.used.get_mut(index) {
            *used = true;
        }
        match self.cassette.exchanges.get(index) {
            None => Err(self.exhausted(String::new())),
            Some(exchange) if exchange.reply.given_up => {
                let request = exchange.request.first_line();
                Err(ReplayFault::GivenUp { exchange: index + 1, request }.of_transport())
            }
            Some(exchange) => replayed(&exchange.reply, treatment),
        }
    }

    /// Takes note that a request got no reply: [`Player::finish`] tells the first one. [`Player::answer`] does it itself, but
    /// for a request that was given up: whether the run gives it up again is seen only later.
    pub fn blame(&mut self, request: &RequestSpec, fault: &TransportFault) {
        let origin = request.url.origin().ascii_serialization();
        self.problem.get_or_insert_with(|| (origin, fault.clone()));
    }

    /// The index of the exchange for a request.
    fn find(&self, request: &RequestSpec) -> Result<usize, TransportFault> {
        let mask = Mask { redactor: &request.redactor, caution: Caution::Declared };
        let sent = mask.request(request);
        let unused = || {
            let exchanges = self.cassette.exchanges.iter().enumerate();
            exchanges.filter(|(index, _)| self.used.get(*index) == Some(&false))
        };
        let compare =
            |recorded: &RecordedRequest| differences(recorded, &sent, &self.cassette.ignore);
        let nearest = match self.cassette.order {
            Order::Recorded => {
                unused().next().map(|(index, exchange)| (index, compare(&exchange.request)))
            }
            Order::Any => {
                // The first that fits; else the one that differs least.
                let mut nearest: Option<(usize, Vec<_>)> = None;
                for (index, exchange) in unused() {
                    let found = compare(&exchange.request);
                    let is_nearer =
                        nearest.as_ref().is_none_or(|(_, least)| found.len() < least.len());
                    let fits = found.is_empty();
                    if is_nearer {
                        nearest = Some((index, found));
                    }
                    if fits {
                        break;
                    }
                }
                nearest
            }
        };
        match nearest {
            None => Err(self.exhausted(sent.first_line())),
            Some((index, found)) if found.is_empty() => Ok(index),
            Some((index, found)) => {
                let number = index + 1;
                let difference = format!(
                    "--- recorded, exchange {number} of {}\n+++ sent, request {}\n{}",
                    self.cassette.exchanges.len(),
                    self.asked,
                    lines(&found),
                );
                Err(ReplayFault::Mismatch { exchange: number, difference }.of_transport())
            }
        }
    }

    fn exhausted(&self, request: String) -> TransportFault {
        ReplayFault::Exhausted { recorded: self.cassette.exchanges.len(), request }.of_transport()
    }

    /// How many requests there were.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked
    }

    /// The exchanges that no request asked for: number, from 1 on, method and URL.
    #[must_use]
    pub fn unused(&self) -> Vec<(usize, String)> {
        let exchanges = self.cassette.exchanges.iter().zip(&self.used).enumerate();
        let name = |exchange: &Exchange| exchange.request.first_line();
        exchanges
            .filter(|(_, (_, used))| !**used)
            .map(|(index, (exchange, _))| (index + 1, name(exchange)))
            .collect()
    }

    /// Whether the run asked for all that was recorded and for nothing else. After an injected fault the rest may be
    /// unused.
    ///
    /// # Errors
    /// The first request without a reply, also where the run went on after it; `cassette.unused`.
    pub fn finish(&self) -> Result<(), Error> {
        if let Some((origin, fault)) = &self.problem {
            let (origin, fault) = (origin.clone(), fault.clone());
            return Err(ExchangeFault { origin, fault }.into());
        }
        let exchanges = self.unused();
        if exchanges.is_empty() || self.injected {
            return Ok(());
        }
        Err(Error::from(CassetteFault::Unused { exchanges }))
    }
}

/// The recorded reply as a transport gives it.
fn replayed(recorded: &RecordedReply, treatment: Treatment) -> Result<Reply, TransportFault> {
    let fault = recorded.fault.as_ref().map(|fault| replayed_fault(fault, treatment));
    let Some(status) = recorded.status else {
        return Err(fault.unwrap_or_else(|| TransportFault {
            kind: TransportFaultKind::Protocol,
            not_sent: false,
            detail: "the cassette has no reply".to_owned(),
        }));
    };
    let mut headers = HeaderMap::new();
    for (name, values) in &recorded.headers.0 {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in values.iter().filter_map(|text| HeaderValue::from_bytes(text.as_bytes()).ok())
        {
            headers.append(name.clone(), value);
        }
    }
    let body = recorded.body.as_ref().map(|body| body.bytes()).unwrap_or_default();
    let mut reply = Reply::new(status, headers, body);
    reply.end = match (recorded.longer_than, fault) {
        (Some(limit), _) => BodyEnd::TooLarge { limit },
        (None, Some(fault)) => BodyEnd::Broken(fault),
        (None, None) => BodyEnd::Complete,
    };
    let limit = treatment.max_body_bytes;
    if reply.end == BodyEnd::Complete && u64::try_from(reply.body.len()).unwrap_or(u64::MAX) > limit
    {
        reply.body.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        reply.end = BodyEnd::TooLarge { limit };
    }
    Ok(reply)
}

fn replayed_fault(recorded: &RecordedFault, treatment: Treatment) -> TransportFault {
    let which = match recorded.limit {
        Some(FaultLimit::Connect) => TimeoutKind::Connect,
        Some(FaultLimit::Idle) => TimeoutKind::Idle,
        Some(FaultLimit::Total) | None => TimeoutKind::Total,
    };
    let after = recorded.after_ms.map_or(treatment.total_timeout, Duration::from_millis);
    let kind = fault_kind(recorded.kind, which, after);
    TransportFault { kind, not_sent: recorded.not_sent, detail: recorded.detail.clone() }
}
