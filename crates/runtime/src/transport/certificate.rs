//! What is read of a certificate (X.509, RFC 5280) where rustls reads none: one of version 1, and one of an authority.
//!
//! Nothing here decides whether a certificate is trusted: what is read has been given by whoever trusts it.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::ServerName;

/// The parts of a certificate.
pub(super) struct Certificate<'d> {
    not_before: DateTime,
    not_after: DateTime,
    /// The last common name of its subject.
    common_name: Option<&'d str>,
    /// Whether it has alternative names.
    pub(super) has_names: bool,
    /// The algorithm of its key, without the tag.
    pub(super) key_algorithm: &'d [u8],
    /// Its key.
    pub(super) key: &'d [u8],
    /// Both, as they stand in it (`SubjectPublicKeyInfo`).
    pub(super) key_info: &'d [u8],
}

impl<'d> Certificate<'d> {
    /// Reads a certificate; `None` where it is none.
    pub(super) fn read(der: &'d [u8]) -> Option<Certificate<'d>> {
        let mut signed = Der(Der(der).take(SEQUENCE)?);
        let mut fields = Der(signed.take(SEQUENCE)?);
        // The version stands only where it is not the first.
        let _ = fields.take(VERSION);
        fields.take(INTEGER)?;
        fields.take(SEQUENCE)?;
        fields.take(SEQUENCE)?;
        let mut validity = Der(fields.take(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        let common_name = common_name(fields.take(SEQUENCE)?);
        let before = fields.0;
        fields.take(SEQUENCE)?;
        let key_info = &before[..before.len() - fields.0.len()];
        let (key_algorithm, key) = public_key(key_info)?;
        let mut has_names = false;
        while let Some((tag, content)) = fields.next() {
            if tag == EXTENSIONS {
                let mut extensions = Der(Der(content).take(SEQUENCE)?);
                while let Some(extension) = extensions.take(SEQUENCE) {
                    has_names |= Der(extension).take(OBJECT_IDENTIFIER)? == ALTERNATIVE_NAMES;
                }
            }
        }
        Some(Certificate {
            not_before,
            not_after,
            common_name,
            has_names,
            key_algorithm,
            key,
            key_info,
        })
    }

    /// Whether it has begun by a time, and has not ended.
    pub(super) fn when(&self, unix_seconds: u64) -> When {
        let now = i64::try_from(unix_seconds).ok().and_then(|now| Timestamp::from_second(now).ok());
        match now.map(|now| TimeZone::UTC.to_datetime(now)) {
            Some(now) if now < self.not_before => When::Early,
            Some(now) if now <= self.not_after => When::Good,
            _ => When::Over,
        }
    }

    /// Whether its common name is that of a server.
    pub(super) fn is_called(&self, server: &ServerName<'_>) -> bool {
        let Some(name) = self.common_name else { return false };
        match server {
            ServerName::DnsName(dns) => dns.as_ref().eq_ignore_ascii_case(name),
            ServerName::IpAddress(address) => {
                name.parse().is_ok_and(|name: IpAddr| name == IpAddr::from(*address))
            }
            _ => false,
        }
    }
}

/// Where a time lies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum When {
    Early,
    Good,
    Over,
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
#[cfg(feature = "p521")]
pub(super) const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// `id-ce-subjectAltName`.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// `id-at-commonName`.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The algorithm of a public key, and the key.
pub(super) fn public_key(info: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = Der(Der(info).take(SEQUENCE)?);
    // The first byte counts the bits that are left over: none in a key.
    Some((key.take(SEQUENCE)?, key.take(BIT_STRING)?.strip_prefix(&[0])?))
}

fn common_name(subject: &[u8]) -> Option<&str> {
    let mut last = None;
    let mut names = Der(subject);
    while let Some(name) = names.take(SET) {
        let mut pair = Der(Der(name).take(SEQUENCE)?);
        if pair.take(OBJECT_IDENTIFIER)? == COMMON_NAME {
            let (_, text) = pair.next()?;
            last = std::str::from_utf8(text).ok();
        }
    }
    last
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, as certificates have it (RFC 5280, section 4.1.2.5).
fn time((tag, text): (u8, &[u8])) -> Option<DateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i16 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let (month, day, hour, minute, second) = (two(0)?, two(2)?, two(4)?, two(6)?, two(8)?);
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

/// A row of values in DER (X.690), read one after the other.
pub(super) struct Der<'d>(pub(super) &'d [u8]);

impl<'d> Der<'d> {
    /// The tag and the content of the next value.
    pub(super) fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value where it has a tag; nothing is passed where it has not.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        let before = self.0;
        match self.next() {
            Some((found, content)) if found == tag => Some(content),
            _ => {
                self.0 = before;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms() {
        let at = |tag, text: &str| time((tag, text.as_bytes())).map(|time| time.to_string());
        let seen = Some("1994-11-06T08:49:37".to_owned());
        assert_eq!(at(UTC_TIME, "941106084937Z"), seen);
        assert_eq!(at(GENERALIZED_TIME, "19941106084937Z"), seen);
        assert_eq!(at(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31T23:59:59"));
        // For ever (RFC 5280, section 4.1.2.5).
        assert_eq!(at(GENERALIZED_TIME, "99991231235959Z").as_deref(), Some("9999-12-31T23:59:59"));
        for (tag, text) in [(UTC_TIME, "9411060849Z"), (UTC_TIME, "941306084937Z"), (SET, "")] {
            assert_eq!(at(tag, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_certificate() {
        for der in [&b""[..], b"\x30", b"\x30\x05\x30\x03", b"\x30\x84\xff\xff\xff\xff", b"abc"] {
            assert!(Certificate::read(der).is_none(), "{der:?}");
        }
    }
}
