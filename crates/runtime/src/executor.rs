//! Drives a call: does what each step says until the call is over.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cardhost_core::call::{Outcome, Paged, Signed, Step, Unsigned, Waiting};
use cardhost_core::error::Class;
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use cardhost_core::pages::Ended;
use cardhost_core::response::Reply;
use cardhost_core::secret::Secret;
use tokio::time::Instant;

use crate::apart::{BIG_BYTES, apart};
use crate::clock::{Clock, Pause};
use crate::entropy::{Entropy, moment};
use crate::passage::Passage;
use crate::permits::Limited;
use crate::record_sink::RecordSink;
use crate::shutdown::Shutdown;
use crate::transport::{
    BoxFuture, Keeping, OwnFault, Transport, TransportFault, TransportFaultKind,
};

/// Gets the token of a call.
pub(crate) trait TokenSource: Send + Sync {
    /// A token that is good; another one than `refused`. `None` where a service would refuse another one as well.
    fn token(&self, refused: Option<Secret>) -> BoxFuture<'_, Result<Option<Secret>, Error>>;

    /// Takes note that a service has taken a token.
    fn has_worked(&self, token: &Secret);
}

/// What a call is driven with.
#[derive(Clone, Copy)]
pub(crate) struct Driver<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) tokens: &'a dyn TokenSource,
    pub(crate) shutdown: Option<&'a Shutdown>,
    /// The service's limits, and how long a request may wait for them where that is not the time of the call.
    pub(crate) limits: Option<(&'a Limited, Option<Duration>)>,
    /// The folder that replies are kept in as files, where there is one.
    pub(crate) files: Option<&'a Path>,
}

impl Driver<'_> {
    /// Runs a call to its end. Dropping the future ends the exchange and leaves nothing behind.
    pub(crate) async fn drive(
        self,
        mut step: Step,
        mut sink: Option<&mut dyn RecordSink>,
    ) -> Result<Outcome, Error> {
        let mut sent = 0_u32;
        let mut begun = Instant::now();
        let first = begun;
        // An attempt has its own limit, redirects included.
        let mut since = begun;
        loop {
            step = match step {
                Step::Sign(unsigned) => self.sign(unsigned).await?,
                Step::Send(signed) => {
                    sent += 1;
                    let sink: Option<&mut dyn RecordSink> = match &mut sink {
                        Some(sink) if signed.may_pass() => Some(&mut **sink),
                        _ => None,
                    };
                    let step = self.send(signed, sent, (begun, since, first), sink).await?;
                    if let Some((limited, _)) = self.limits {
                        Box::pin(heed(limited, &step)).await;
                    }
                    step
                }
                Step::Wait(waiting) => {
                    let step = Box::pin(self.wait(waiting, begun)).await?;
                    since = Instant::now();
                    step
                }
                Step::Page(mut paged) => {
                    let (records, got) = (paged.take_records(), paged.got());
                    tracing::debug!(pages = got.pages, records = got.records, "page");
                    if let Some(sink) = &mut sink {
                        sink.put(records, &got).await?;
                    }
                    let step = self.after(paged, first);
                    begun = Instant::now();
                    since = begun;
                    step
                }
                Step::Done(result) => return result,
            };
        }
    }

    /// What comes after a page: the next one, where nobody ends it and there is time for that.
    fn after(&self, paged: Paged, first: Instant) -> Step {
        if self.shutdown.is_some_and(Shutdown::has_begun) {
            return Step::Done(paged.stop(Ended::Interrupted));
        }
        match first.elapsed() >= paged.time() {
            true => Step::Done(paged.stop(Ended::MostTime)),
            false => paged.go_on(),
        }
    }

    /// Waits before the next attempt, where there is time for that.
    async fn wait(&self, waiting: Waiting, begun: Instant) -> Result<Step, Error> {
        let span = waiting.span(&self.moment(true)?);
        let left = waiting.budget().saturating_sub(begun.elapsed());
        if span >= left {
            return Ok(Step::Done(waiting.too_long(left)));
        }
        tracing::info!(ms = span.as_millis(), "waiting before the next attempt");
        let sleeping = self.clock.pause(Pause::Attempt, span);
        let slept = match self.shutdown {
            Some(shutdown) => shutdown.guard(false, sleeping).await.is_ok(),
            None => {
                sleeping.await;
                true
            }
        };
        Ok(if slept { waiting.over() } else { Step::Done(waiting.end()) })
    }

    async fn sign(&self, unsigned: Unsigned) -> Result<Step, Error> {
        let needs_token = unsigned.needs_token();
        let token = match needs_token {
            true => {
                let token = self.tokens.token(unsigned.refused().cloned());
                let got = match self.shutdown {
                    Some(shutdown) => shutdown.guard(true, token).await,
                    None => Ok(token.await),
                };
                match got {
                    Ok(Ok(token)) => token,
                    Ok(Err(error)) => return Err(unsigned.on_error(error)),
                    Err(fault) => return Err(unsigned.on_fault(fault)),
                }
            }
            false => None,
        };
        let now = moment(self.clock, self.entropy)?;
        if needs_token && token.is_none() {
            return Ok(unsigned.refused_for_good(&now));
        }
        unsigned.sign(token, &now).map(Step::Send)
    }

    async fn send(
        &self,
        signed: Signed,
        attempt: u32,
        (begun, mut since, first): (Instant, Instant, Instant),
        sink: Option<&mut dyn RecordSink>,
    ) -> Result<Step, Error> {
        let mut treatment = signed.treatment();
        let total = treatment.total_timeout;
        if attempt > 1 {
            treatment.total_timeout = treatment.total_timeout.saturating_sub(since.elapsed());
        }
        if let Some(budget) = signed.budget() {
            let left = budget.saturating_sub(begun.elapsed());
            treatment.total_timeout = treatment.total_timeout.min(left);
        }
        let permit = match self.limits {
            Some((limited, most)) => {
                let asked = Instant::now();
                let time = treatment.total_timeout;
                match Box::pin(limited.permit(most.unwrap_or(time), time)).await {
                    Ok(permit) => {
                        // Whoever waits for its turn has all of its time then.
                        since += asked.elapsed();
                        Some(permit)
                    }
                    Err(error) => return Err(signed.held_back(error)),
                }
            }
            None => None,
        };
        let keeping = self.files.filter(|_| signed.keeps_file());
        let mut keeping = keeping.map(|folder| Keeping::in_folder(folder, signed.file_limit()));
        let mut passage = sink.map(|sink| {
            let until = first.checked_add(signed.pages_time());
            Box::new(Passage::new(&signed, sink, self.shutdown, until))
        });
        let sending = match (&mut passage, &mut keeping) {
            (Some(passage), _) => {
                self.transport.send_into(signed.request(), treatment, &mut **passage)
            }
            (None, Some(keeping)) => self.transport.send_into(signed.request(), treatment, keeping),
            (None, None) => self.transport.send(signed.request(), treatment),
        };
        let sending = async {
            match self.shutdown {
                Some(shutdown) => shutdown.guard(false, sending).await.flatten(),
                None => sending.await,
            }
        };
        let sent = match permit {
            Some(permit) => Box::pin(permit.during(sending)).await,
            None => sending.await,
        };
        let passed = passage.map(|passage| passage.end()).transpose()?.flatten();
        if let (Some((limited, _)), Ok(reply)) = (self.limits, &sent) {
            Box::pin(limited.heed(reply.status, &reply.headers)).await;
        }
        match sent {
            Ok(reply) => {
                let (status, bytes) = (reply.status, reply.body.len());
                tracing::debug!(attempt, status, bytes, "reply");
                if let Some(token) = signed.token().filter(|_| status < 400) {
                    self.tokens.has_worked(token);
                }
                let now = self.moment(signed.needs_nonce())?;
                if let (Some(keeping), Some(_)) = (&keeping, &reply.kept) {
                    return Ok(keep(signed, reply, &now, keeping));
                }
                if let Some(passed) = passed {
                    return Ok(signed.on_passed(reply, passed, &now));
                }
                if bytes < BIG_BYTES {
                    return Ok(signed.on_reply(reply, &now));
                }
                Box::pin(read_apart(signed, reply, now, (since, total))).await
            }
            Err(fault) => {
                tracing::debug!(attempt, kind = ?fault.kind, "no reply");
                Ok(match passed {
                    Some(passed) => signed.on_passed_fault(fault, passed),
                    None => signed.on_fault(fault),
                })
            }
        }
    }

    /// Now; with a random value where something may be signed.
    fn moment(&self, with_nonce: bool) -> Result<Moment, Error> {
        if with_nonce {
            return moment(self.clock, self.entropy);
        }
        Ok(Moment { unix_seconds: self.clock.unix_seconds(), nonce: [0; 16] })
    }
}

/// What a service says of its limits holds for all of its calls.
async fn heed(limited: &Limited, step: &Step) {
    let asked_s = match step {
        Step::Wait(waiting) => waiting.asked_s(),
        Step::Done(Err(error)) if error.class() == Class::Later => error.retry_after_s(),
        _ => None,
    };
    if let Some(seconds) = asked_s {
        limited.hold(seconds).await;
    }
}

/// What a reply leads to whose body is a file: it gets its name first, and goes again where it is no result.
fn keep(signed: Signed, mut reply: Reply, now: &Moment, keeping: &Keeping) -> Step {
    let name = signed.file_name(reply.status, &reply.headers);
    let mut path = PathBuf::new();
    if let Some(kept) = &mut reply.kept {
        if let Err(fault) = keeping.place(kept, &name) {
            let kind = TransportFaultKind::Own(OwnFault(Arc::new(fault)));
            return signed.on_fault(TransportFault {
                kind,
                not_sent: false,
                detail: String::new(),
            });
        }
        path = PathBuf::from(&kept.path);
    }
    let step = signed.on_reply(reply, now);
    let is_done = matches!(&step, Step::Done(Ok(outcome)) if outcome.polling.is_none());
    if !is_done {
        let _ = std::fs::remove_file(path);
    }
    step
}

/// What a big reply leads to, or the error that it was not read in the time of the call.
async fn read_apart(
    signed: Signed,
    reply: Reply,
    now: Moment,
    (since, total): (Instant, Duration),
) -> Result<Step, Error> {
    let late = signed.out_of_time(&reply, total);
    let reading = apart(move |_| signed.on_reply(reply, &now));
    let left = total.saturating_sub(since.elapsed());
    tokio::time::timeout(left, reading).await.map_err(|_| late)
}
