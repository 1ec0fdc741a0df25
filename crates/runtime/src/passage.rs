//! A long page on its way from the transport to whoever takes its records.

use bytes::Bytes;
use cardhost_core::call::{Passing, Signed};
use cardhost_core::failure::Error;
use cardhost_core::pages::Ended;
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::TransportFault;
use http::HeaderMap;
use tokio::time::Instant;

use crate::record_sink::RecordSink;
use crate::shutdown::Shutdown;
use crate::transport::{BodySink, BoxFuture, Gathered};

/// A page up to this length is read as a whole: what it leads to is known before its records are given out.
const WHOLE_BYTES: u64 = 1024 * 1024;

/// The records of so many bytes are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Takes the body of a page and hands its records on while it comes, where it is a long one.
pub(crate) struct Passage<'c> {
    signed: &'c Signed,
    sink: &'c mut dyn RecordSink,
    shutdown: Option<&'c Shutdown>,
    /// When there is no more time for pages.
    until: Option<Instant>,
    status: u16,
    headers: HeaderMap,
    /// The beginning, or all of it where it has to be there as a whole.
    gathered: Gathered,
    is_whole: bool,
    passing: Option<Passing>,
    /// Why whoever takes the records takes no more.
    refused: Option<Error>,
}

impl<'c> Passage<'c> {
    pub(crate) fn new(
        signed: &'c Signed,
        sink: &'c mut dyn RecordSink,
        shutdown: Option<&'c Shutdown>,
        until: Option<Instant>,
    ) -> Passage<'c> {
        Passage {
            signed,
            sink,
            shutdown,
            until,
            status: 0,
            headers: HeaderMap::new(),
            gathered: Gathered::default(),
            is_whole: false,
            passing: None,
            refused: None,
        }
    }

    /// What was handed on, where something was.
    pub(crate) fn end(self) -> Result<Option<Passing>, Error> {
        self.refused.map_or(Ok(self.passing), Err)
    }

    /// One more piece of a body that is not handed on, or not yet.
    fn gather(&mut self, piece: Bytes) -> Result<Option<Bytes>, BodyEnd> {
        self.gathered.push(piece);
        let limit = self.signed.treatment().max_body_bytes;
        if !self.is_whole && self.gathered.len() > WHOLE_BYTES.min(limit) {
            let beginning = std::mem::take(&mut self.gathered).finish();
            self.passing = self.signed.passing(self.status, &self.headers, &beginning);
            if self.passing.is_some() {
                return Ok(Some(beginning));
            }
            self.is_whole = true;
            self.gathered.push(beginning);
        }
        if self.gathered.len() > limit {
            return Err(BodyEnd::TooLarge { limit });
        }
        Ok(None)
    }

    /// Hands on the records that have come.
    async fn hand_on(&mut self) -> Result<(), BodyEnd> {
        let Some(passing) = &mut self.passing else { return Ok(()) };
        let (records, got) = passing.take();
        if records.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.sink.put(records, &got).await {
            self.refused = Some(error);
            return Err(BodyEnd::Complete);
        }
        let ended = if self.shutdown.is_some_and(Shutdown::has_begun) {
            Ended::Interrupted
        } else if self.until.is_some_and(|until| Instant::now() >= until) {
            Ended::MostTime
        } else {
            return Ok(());
        };
        passing.stop(ended);
        Err(BodyEnd::Complete)
    }
}

impl BodySink for Passage<'_> {
    fn takes(&mut self, status: u16, headers: &HeaderMap) -> bool {
        self.status = status;
        self.headers.clone_from(headers);
        cardhost_core::call::is_kept(status)
    }

    fn push(&mut self, piece: Bytes) -> BoxFuture<'_, Result<(), BodyEnd>> {
        Box::pin(async move {
            let piece = match self.passing {
                Some(_) => piece,
                None => match self.gather(piece)? {
                    Some(beginning) => beginning,
                    None => return Ok(()),
                },
            };
            for piece in piece.chunks(PIECE_BYTES) {
                let goes_on = self.passing.as_mut().is_none_or(|passing| passing.push(piece));
                self.hand_on().await?;
                if !goes_on {
                    return Err(BodyEnd::Complete);
                }
            }
            Ok(())
        })
    }

    fn finish<'s>(&'s mut self, reply: &'s mut Reply) -> BoxFuture<'s, Result<(), TransportFault>> {
        Box::pin(async move {
            let Some(passing) = &mut self.passing else {
                reply.body = std::mem::take(&mut self.gathered).finish();
                return Ok(());
            };
            if reply.end == BodyEnd::Complete && self.refused.is_none() {
                reply.body = passing.end().into();
                // It is over in any case.
                let _ = self.hand_on().await;
            }
            Ok(())
        })
    }
}
