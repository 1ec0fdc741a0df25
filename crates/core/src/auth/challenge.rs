//! Reads the challenges of a `WWW-Authenticate` field (RFC 9110, section 11.6.1).
//!
//! One field may hold several challenges, and commas separate them as well as their parameters. What is
//! malformed ends the reading of its field: the challenge it stands in is left out, those before it stay.

/// One challenge: `Digest realm="a", nonce="b"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    /// As it was written; compared without regard to case.
    pub(super) scheme: String,
    /// Names in lower case, values without quotes and escapes. They need not be UTF-8.
    parameters: Vec<(String, Vec<u8>)>,
    /// Has one text instead of parameters (section 11.2), as Negotiate has; what it is, no one asks.
    token68: bool,
}

impl Challenge {
    /// The value of a parameter, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Whether a parameter occurs twice, which RFC 9110 does not allow: either could be meant.
    pub(super) fn is_ambiguous(&self) -> bool {
        let mut names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// The challenges of one field.
pub(super) fn challenges(field: &[u8]) -> Vec<Challenge> {
    let mut read = Reader { rest: field };
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        read.skip(b" \t,");
        if read.rest.is_empty() {
            return found;
        }
        let well_formed = match read.token() {
            None => false,
            Some(name) => match read.value() {
                Value::None => {
                    let token68 = read.skip_token68();
                    found.push(Challenge { scheme: name, parameters: Vec::new(), token68 });
                    true
                }
                Value::Some(value) => match found.last_mut() {
                    Some(challenge) if !challenge.token68 => {
                        challenge.parameters.push((name.to_ascii_lowercase(), value));
                        read.at_separator()
                    }
                    _ => false,
                },
                Value::Malformed => false,
            },
        };
        if !well_formed {
            found.pop();
            return found;
        }
    }
}

/// What stands after a name.
enum Value {
    /// No `=`: the name is that of a scheme.
    None,
    Some(Vec<u8>),
    Malformed,
}

struct Reader<'f> {
    rest: &'f [u8],
}

impl Reader<'_> {
    fn skip(&mut self, bytes: &[u8]) {
        let kept = self.rest.iter().position(|byte| !bytes.contains(byte));
        self.rest = &self.rest[kept.unwrap_or(self.rest.len())..];
    }

    /// A token (section 5.6.2); `None` where there is none.
    fn token(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|byte| !is_token(*byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!token.is_empty()).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// `=` and a token or a quoted string, with the spaces around `=` that bad senders put there.
    fn value(&mut self) -> Value {
        let mut ahead = Reader { rest: self.rest };
        ahead.skip(b" \t");
        let Some(rest) = ahead.rest.strip_prefix(b"=") else { return Value::None };
        self.rest = rest;
        self.skip(b" \t");
        let value = match self.rest.strip_prefix(b"\"") {
            Some(rest) => {
                self.rest = rest;
                self.quoted()
            }
            None => self.token().map(String::into_bytes),
        };
        value.map_or(Value::Malformed, Value::Some)
    }

    /// The rest of a quoted string after its first quote (section 5.6.4); `None` where it does not end.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut bytes = self.rest.iter().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                b'\\' => value.push(*bytes.next()?.1),
                byte => value.push(*byte),
            }
        }
        None
    }

    fn at_separator(&mut self) -> bool {
        self.skip(b" \t");
        self.rest.is_empty() || self.rest.starts_with(b",")
    }

    /// Skips what a scheme has instead of parameters (section 11.2); says whether that was there.
    fn skip_token68(&mut self) -> bool {
        let mut ahead = Reader { rest: self.rest };
        ahead.skip(b" \t");
        let is_token68 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
        let end = ahead.rest.iter().position(|byte| !is_token68(byte)).unwrap_or(ahead.rest.len());
        ahead.rest = &ahead.rest[end..];
        ahead.skip(b"=");
        let is_there = end > 0 && ahead.at_separator();
        if is_there {
            self.rest = ahead.rest;
        }
        is_there
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Vec<(String, Vec<(String, String)>)> {
        challenges(field.as_bytes())
            .into_iter()
            .map(|challenge| {
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                let parameters = challenge.parameters.into_iter();
                (challenge.scheme, parameters.map(|(name, value)| (name, text(value))).collect())
            })
            .collect()
    }

    fn expected(challenges: &[(&str, &[(&str, &str)])]) -> Vec<(String, Vec<(String, String)>)> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        challenges
            .iter()
            .map(|(scheme, parameters)| {
                ((*scheme).to_owned(), parameters.iter().map(pair).collect())
            })
            .collect()
    }

    /// The example of RFC 9110, section 11.6.1.
    #[test]
    fn challenges_of_one_field_are_told_apart() {
        assert_eq!(
            read(
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\""
            ),
            expected(&[
                ("Basic", &[("realm", "simple")]),
                ("Newauth", &[("realm", "apps"), ("type", "1"), ("title", "Login to \"apps\"")]),
            ])
        );
    }

    #[test]
    fn token68_and_bare_schemes_stand_between_others() {
        assert_eq!(
            read("Negotiate, NTLM TlRMTVNTUAAC==, Digest Realm = \"a, b=c\" ,nonce=x,, Bearer abc"),
            expected(&[
                ("Negotiate", &[]),
                ("NTLM", &[]),
                ("Digest", &[("realm", "a, b=c"), ("nonce", "x")]),
                ("Bearer", &[]),
            ])
        );
        assert_eq!(read("Digest"), expected(&[("Digest", &[])]));
        assert_eq!(read(" , ,"), expected(&[]));
    }

    #[test]
    fn what_is_malformed_ends_the_field() {
        let basic = expected(&[("Basic", &[("realm", "a")])]);
        for rest in [
            "Digest realm=\"b",
            "Digest realm=\"b\\",
            "Digest realm=, nonce=x",
            "Digest realm=\"b\" nonce=x",
            "Digest realm=b;nonce=x",
            "\"",
        ] {
            let field = format!("Basic realm=\"a\", {rest}");
            let found = read(&field);
            if rest == "\"" {
                // The stray quote stands in the list of Basic's own parameters.
                assert_eq!(found, expected(&[]), "{field}");
            } else {
                assert_eq!(found, basic, "{field}");
            }
        }
        assert_eq!(read("realm=\"a\", Basic realm=\"b\""), expected(&[]));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_kept() {
        let found = challenges(b"Digest realm=\"Priv\xe9\", realm=x");
        assert_eq!(found[0].get("realm"), Some(b"Priv\xe9".as_slice()));
        assert!(found[0].is_ambiguous());
    }

    #[test]
    fn an_empty_quoted_value_is_a_value() {
        let found = challenges(b"Digest opaque=\"\"");
        assert_eq!(found[0].get("opaque"), Some(b"".as_slice()));
        assert_eq!(found[0].get("nonce"), None);
        assert!(!found[0].is_ambiguous());
    }
}
