//! What hyper, h2 and rustls say of an exchange that failed, sorted into our kinds.
//!
//! Their errors are asked for their type; the tests provoke each.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use cardhost_core::call::Treatment;
use cardhost_core::transport_fault::{TimeoutKind, TransportFault, TransportFaultKind};
use http::Extensions;

use super::egress;
use super::head::MOST_HEADERS;
use super::unconnected::{Handshake, NoAddress, Refused, TookTooLong};
use super::wire::Wire;

/// How far an exchange had come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Head,
    Body,
}

/// An error of a library.
type Cause<'e> = &'e (dyn StdError + 'static);

/// Sorts an error by its kind. Neither a URL nor a value of a header is in it.
pub(super) fn fault(error: Cause<'_>, treatment: Treatment, phase: Phase) -> TransportFault {
    if let Some(Refused(denied)) = find::<Refused>(error) {
        return egress::fault(*denied);
    }
    let client = error.downcast_ref::<hyper_util::client::legacy::Error>();
    let connects = client.is_some_and(hyper_util::client::legacy::Error::is_connect);
    let refused = phase == Phase::Head && refuses_client(error);
    let untaken = phase == Phase::Head && is_untaken(error);
    let is_stale = || client.and_then(wire).is_some_and(|wire| wire.was_stale());
    let kind = match phase {
        _ if connects => connect_kind(error, treatment),
        _ if refused => TransportFaultKind::Tls,
        _ if untaken => TransportFaultKind::Stale,
        Phase::Head if has_ended(error) && is_stale() => TransportFaultKind::Stale,
        Phase::Head if has_ended(error) => TransportFaultKind::Reset,
        Phase::Body if has_ended(error) => TransportFaultKind::Truncated,
        _ => TransportFaultKind::Protocol,
    };
    let mut detail = causes(error);
    if detail == TOO_LARGE {
        detail =
            format!("its head is longer than 400 KiB, or has more than {MOST_HEADERS} headers");
    }
    TransportFault { kind, not_sent: connects || refused || untaken, detail }
}

/// What the connection knows that an error was met on.
fn wire(error: &hyper_util::client::legacy::Error) -> Option<Arc<Wire>> {
    let mut extras = Extensions::new();
    error.connect_info()?.get_extras(&mut extras);
    extras.remove()
}

/// Whether a server says of a request in HTTP/2 that it has done nothing about it (RFC 9113, section 8.7): the stream is refused, or lies
/// above the last that a server takes before it closes the connection.
fn is_untaken(error: Cause<'_>) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// Whether the server refuses the client's certificate. With TLS 1.3 the client learns that only when it waits for the
/// reply; the server has read nothing of the request (RFC 8446, section 4.4.2.4).
fn refuses_client(error: Cause<'_>) -> bool {
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
fn connect_kind(error: Cause<'_>, treatment: Treatment) -> TransportFaultKind {
    if find::<TookTooLong>(error).is_some() {
        let which = TimeoutKind::Connect;
        TransportFaultKind::Timeout { which, after: treatment.connect_timeout }
    } else if find::<NoAddress>(error).is_some() {
        TransportFaultKind::Dns
    } else if find::<Handshake>(error).is_some() {
        TransportFaultKind::Tls
    } else {
        TransportFaultKind::Connect
    }
}

/// Whether the connection, or in HTTP/2 the stream, ended before the reply did. The reader of a body says so by a kind of
/// [`io::Error`], hyper and h2 by their own errors.
fn has_ended(error: Cause<'_>) -> bool {
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

fn find<E: StdError + 'static>(error: Cause<'_>) -> Option<&E> {
    let mut cause = Some(error);
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

/// What hyper says of a head that is longer than it reads, or of more headers than it has room for.
const TOO_LARGE: &str = "message head is too large";

/// Words of the libraries (hyper-util, hyper) that say only which of them was at work.
const LAYERS: [&str; 4] =
    ["client error (", "tcp connect error", "dns error", "error reading a body"];

/// The causes of an error, each once.
fn causes(error: Cause<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut cause = Some(error);
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

    use bytes::Bytes;
    use http::Request;
    use http_body_util::{BodyExt as _, Full};

    use super::*;
    use crate::transport::http::HttpTransport;

    type BoxError = Box<dyn StdError>;

    /// What the libraries say of a server that answers a request with some bytes and ends.
    fn told(scheme: &str, reply: &'static [u8]) -> BoxError {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(reply);
        });
        asked(&url)
    }

    fn asked(url: &str) -> BoxError {
        let client = HttpTransport::new().plain_client();
        let request = Request::get(url).body(Full::<Bytes>::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match client.request(request).await {
                Ok(response) => response.into_body().collect().await.unwrap_err().into(),
                Err(error) => error.into(),
            }
        })
    }

    fn kind_of(error: &BoxError, phase: Phase) -> TransportFaultKind {
        fault(&**error, Treatment::default(), phase).kind
    }

    #[test]
    fn a_connection_that_ends_early_is_told_by_types() {
        let closed = told("http", b"");
        let ended = find::<hyper::Error>(&*closed).expect("the hyper that hyper-util links");
        assert!(ended.is_incomplete_message() && has_ended(&*closed), "{closed:?}");
        for body in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour"[..],
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfour\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nfour",
        ] {
            let cut = told("http", body);
            let kind = find::<io::Error>(&*cut).map(io::Error::kind);
            assert_eq!(kind, Some(io::ErrorKind::UnexpectedEof), "{cut:?}");
        }
        assert!(!has_ended(&*told("http", b"SSH-2.0-OpenSSH_9.9\r\n\r\n")));
    }

    #[test]
    fn a_connection_that_never_stood_is_told_by_types() {
        assert_eq!(kind_of(&told("https", b""), Phase::Head), TransportFaultKind::Tls);
        assert_eq!(kind_of(&told("https", b"HTTP/1.1 "), Phase::Head), TransportFaultKind::Tls);
        let unknown = asked("http://name.invalid/");
        assert_eq!(kind_of(&unknown, Phase::Head), TransportFaultKind::Dns);
    }

    #[test]
    fn the_layers_of_the_libraries_are_left_out() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let refused = asked(&format!("http://127.0.0.1:{port}/"));
        assert!(format!("{refused:?}").contains("tcp connect error"), "{refused:?}");
        assert_eq!(causes(&*refused), "Connection refused (os error 111)");
        let unknown = asked("http://name.invalid/");
        assert!(format!("{unknown:?}").contains("dns error"), "{unknown:?}");
        let said = causes(&*unknown);
        assert!(!LAYERS.iter().any(|layer| said.contains(layer)), "{said}");
        let cut = told("http", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour");
        assert_eq!(causes(&*cut), "end of file before message length reached");
    }
}
