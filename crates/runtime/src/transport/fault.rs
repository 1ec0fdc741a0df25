//! What reqwest, hyper, h2 and rustls say of an exchange that failed, sorted into our kinds.
//!
//! Their errors are asked for their type where it can be reached, and for their words where it cannot; the tests provoke each.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use cardhost_core::call::Treatment;
use cardhost_core::transport_fault::{
    Denied, OwnFault, TimeoutKind, TransportFault, TransportFaultKind,
};

use super::egress;
use super::pieces::Unsent;
use super::room::MOST_HEADERS;

/// A refusal on its way through reqwest.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Denied);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused by the egress policy")
    }
}

impl std::error::Error for Refused {}

/// How far an exchange had come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Head,
    Body,
}

/// Sorts an error by its kind. The URL is gone from it; header values never were in it.
pub(super) fn fault(error: &reqwest::Error, treatment: Treatment, phase: Phase) -> TransportFault {
    if let Some(Refused(denied)) = find::<Refused>(error) {
        return egress::fault(*denied);
    }
    if let Some(Unsent(unread)) = find::<Unsent>(error) {
        let kind = TransportFaultKind::Own(OwnFault(Arc::new(unread.clone())));
        return TransportFault { kind, not_sent: false, detail: String::new() };
    }
    let mut detail = causes(error);
    let refused = phase == Phase::Head && refuses_client(error);
    let untaken = phase == Phase::Head && is_untaken(error);
    let kind = if error.is_connect() {
        connect_kind(error, treatment, &detail)
    } else if refused {
        TransportFaultKind::Tls
    } else if untaken {
        TransportFaultKind::Stale
    } else {
        match (has_ended(error), phase) {
            (true, Phase::Body) => TransportFaultKind::Truncated,
            (true, Phase::Head) => TransportFaultKind::Reset,
            (false, _) => TransportFaultKind::Protocol,
        }
    };
    if is_crowded(error) {
        detail =
            format!("its head is longer than 400 KiB, or has more than {MOST_HEADERS} headers");
    }
    TransportFault { kind, not_sent: error.is_connect() || refused || untaken, detail }
}

/// What hyper says of a head that is longer than it reads, or of more headers than it has room for.
const TOO_LARGE: &str = "message head is too large";

/// Whether the head of a reply is longer than hyper reads, or has more headers than it has room for.
pub(super) fn is_crowded(error: &reqwest::Error) -> bool {
    let told = |error: &hyper::Error| error.is_parse() && error.to_string() == TOO_LARGE;
    find::<hyper::Error>(error).is_some_and(told)
}

/// Whether a server says of a request in HTTP/2 that it has done nothing about it (RFC 9113, section 8.7): the stream is refused, or lies
/// above the last that a server takes before it closes the connection.
fn is_untaken(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether the server refuses the client's certificate. With TLS 1.3 the client learns that only when it waits for the
/// reply; the server has read nothing of the request (RFC 8446, section 4.4.2.4).
fn refuses_client(error: &reqwest::Error) -> bool {
    use rustls::AlertDescription as A;
    matches!(
        find::<rustls::Error>(error),
        Some(rustls::Error::AlertReceived(
            A::CertificateRequired
                | A::NoCertificate
                | A::BadCertificate
                | A::UnsupportedCertificate
                | A::CertificateRevoked
                | A::CertificateExpired
                | A::CertificateUnknown
                | A::UnknownCA
                | A::AccessDenied
        ))
    )
}

/// Why no connection stands.
fn connect_kind(error: &reqwest::Error, treatment: Treatment, detail: &str) -> TransportFaultKind {
    if error.is_timeout() {
        let which = TimeoutKind::Connect;
        TransportFaultKind::Timeout { which, after: treatment.connect_timeout }
    } else if error.is_dns() {
        TransportFaultKind::Dns
    } else if find::<rustls::Error>(error).is_some() || detail.contains(HANDSHAKE) {
        TransportFaultKind::Tls
    } else {
        TransportFaultKind::Connect
    }
}

/// Whether the connection, or in HTTP/2 the stream, ended before the reply did. The reader of a body says so by a kind of
/// [`io::Error`], hyper and h2 by their own errors; those asked here must be the ones that reqwest links, or nothing is found.
fn has_ended(error: &reqwest::Error) -> bool {
    if let Some(error) = find::<h2::Error>(error) {
        return error.is_remote() || (error.is_io() && is_end(error.get_io().map(io::Error::kind)));
    }
    is_end(find::<io::Error>(error).map(io::Error::kind))
        || find::<hyper::Error>(error).is_some_and(|error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled()
        })
}

fn is_end(kind: Option<io::ErrorKind>) -> bool {
    use io::ErrorKind as K;
    matches!(
        kind,
        Some(
            K::ConnectionReset
                | K::ConnectionAborted
                | K::BrokenPipe
                | K::UnexpectedEof
                | K::NotConnected
        )
    )
}

fn find<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(at) = cause {
        if let Some(found) = at.downcast_ref::<E>() {
            return Some(found);
        }
        // io::Error hides what it wraps from `source`, and is wrapped itself.
        let mut wrapped = at.downcast_ref::<io::Error>();
        while let Some(inner) = wrapped.and_then(io::Error::get_ref) {
            if let Some(found) = inner.downcast_ref::<E>() {
                return Some(found);
            }
            wrapped = inner.downcast_ref::<io::Error>();
        }
        cause = at.source();
    }
    None
}

/// What tokio-rustls says where a connection ends inside the handshake: an [`io::Error`] like any other but for its words.
const HANDSHAKE: &str = "tls handshake";

/// Words of the libraries (hyper-util, hyper, reqwest) that say only which of them was at work.
const LAYERS: [&str; 5] = [
    "client error (",
    "tcp connect error",
    "dns error",
    "error resolving DNS",
    "error reading a body",
];

/// The causes below the outermost error, each once.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(at) = cause {
        let said = at.to_string();
        let says_little =
            at.source().is_some() && LAYERS.iter().any(|layer| said.starts_with(layer));
        if !says_little && !words.iter().any(|known| known.contains(&said)) {
            words.push(said);
        }
        cause = at.source();
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::transport::http::HttpTransport;

    /// What reqwest says of a server that answers a request with some bytes and ends.
    fn told(scheme: &str, reply: &'static [u8]) -> reqwest::Error {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(reply);
        });
        asked(&url)
    }

    fn asked(url: &str) -> reqwest::Error {
        let client = HttpTransport::new().plain_client();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match client.get(url).send().await {
                Ok(response) => response.bytes().await.unwrap_err(),
                Err(error) => error,
            }
        })
    }

    #[test]
    fn a_connection_that_ends_early_is_told_by_types() {
        let closed = told("http", b"");
        let ended = find::<hyper::Error>(&closed).expect("the hyper that reqwest links");
        assert!(ended.is_incomplete_message() && has_ended(&closed), "{closed:?}");
        for body in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour"[..],
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nfour",
        ] {
            let cut = told("http", body);
            let kind = find::<io::Error>(&cut).map(io::Error::kind);
            assert_eq!(kind, Some(io::ErrorKind::UnexpectedEof), "{cut:?}");
        }
        assert!(!has_ended(&told("http", b"SSH-2.0-OpenSSH_9.9\r\n\r\n")));
    }

    #[test]
    fn a_handshake_that_is_cut_off_is_told_by_its_words() {
        let cut = told("https", b"");
        assert!(cut.is_connect() && causes(&cut).contains(HANDSHAKE), "{cut:?}");
    }

    #[test]
    fn the_layers_of_the_libraries_are_left_out() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let refused = asked(&format!("http://127.0.0.1:{port}/"));
        assert!(format!("{refused:?}").contains("tcp connect error"), "{refused:?}");
        assert_eq!(causes(&refused), "Connection refused (os error 111)");
        let unknown = asked("http://name.invalid/");
        assert!(format!("{unknown:?}").contains("dns error"), "{unknown:?}");
        let said = causes(&unknown);
        assert!(!LAYERS.iter().any(|layer| said.contains(layer)), "{said}");
        let cut = told("http", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour");
        assert_eq!(causes(&cut), "end of file before message length reached");
    }
}
