//! A pasted curl command: what it asks for. Its credentials are dropped as they are read, each with a note.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::credentials::is_credential;
use super::fault::DraftFault;
use super::words::words;

/// A request as a curl command has it, without its credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurlCommand {
    /// In capitals.
    pub method: String,
    /// Scheme, host and port, without user; in lower case.
    pub origin: String,
    /// The path as written, with its slash; placeholders such as `{id}` stay.
    pub path: String,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// Headers, without those that a browser adds by itself; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it is sent.
    pub body: Option<String>,
    /// What was dropped, for people.
    pub notes: Vec<String>,
    /// How it logs in, as far as that can be seen.
    pub login: Option<Login>,
}

/// How a request logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …`, or `-u`
    Basic,
    /// A header of its own.
    Header(String),
    /// A parameter.
    Query(String),
}

/// What curl does with an option.
enum Meaning {
    Ignored,
    IgnoredValue,
    Method,
    Header,
    Data(Data),
    Get,
    Head,
    Url,
    UrlQuery,
    User,
    Dropped,
    DroppedValue,
    Agent,
    Unsupported(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Data {
    /// Line ends of files are taken out; of text nothing is.
    Plain,
    Raw,
    Encoded,
    Json,
}

/// Those of short name first; each with its long names.
fn meaning(option: &str) -> Option<Meaning> {
    Some(match option {
        "-X" | "--request" => Meaning::Method,
        "-H" | "--header" => Meaning::Header,
        "-d" | "--data" | "--data-ascii" => Meaning::Data(Data::Plain),
        "--data-raw" => Meaning::Data(Data::Raw),
        "--data-binary" => Meaning::Data(Data::Plain),
        "--data-urlencode" => Meaning::Data(Data::Encoded),
        "--json" => Meaning::Data(Data::Json),
        "-G" | "--get" => Meaning::Get,
        "-I" | "--head" => Meaning::Head,
        "--url" => Meaning::Url,
        "--url-query" => Meaning::UrlQuery,
        "-u" | "--user" | "--oauth2-bearer" => Meaning::User,
        "-b" | "--cookie" | "-E" | "--cert" | "--key" | "--pass" | "--aws-sigv4" | "-U"
        | "--proxy-user" => Meaning::DroppedValue,
        "--digest" | "--basic" | "--ntlm" | "--negotiate" | "--anyauth" | "-n" | "--netrc" => {
            Meaning::Dropped
        }
        "-A" | "--user-agent" | "-e" | "--referer" => Meaning::Agent,
        "-s"
        | "--silent"
        | "-S"
        | "--show-error"
        | "-L"
        | "--location"
        | "--location-trusted"
        | "-k"
        | "--insecure"
        | "--compressed"
        | "-i"
        | "--include"
        | "-v"
        | "--verbose"
        | "-f"
        | "--fail"
        | "--fail-with-body"
        | "-N"
        | "--no-buffer"
        | "-g"
        | "--globoff"
        | "-#"
        | "--progress-bar"
        | "-4"
        | "--ipv4"
        | "-6"
        | "--ipv6"
        | "-O"
        | "--remote-name"
        | "-J"
        | "--http1.1"
        | "--http2"
        | "--http2-prior-knowledge"
        | "--http3"
        | "--tlsv1.2"
        | "--tlsv1.3"
        | "--path-as-is"
        | "-q"
        | "--no-progress-meter"
        | "-j" => Meaning::Ignored,
        "-o" | "--output" | "-m" | "--max-time" | "--connect-timeout" | "--retry"
        | "--retry-delay" | "-w" | "--write-out" | "--cacert" | "-x" | "--proxy"
        | "--max-redirs" | "-c" | "--cookie-jar" | "-D" | "--dump-header" | "--resolve"
        | "--limit-rate" | "--trace-ascii" | "--stderr" => Meaning::IgnoredValue,
        "-F" | "--form" | "--form-string" => {
            Meaning::Unsupported("write the form as `multipart` of the card's body")
        }
        "-T" | "--upload-file" => {
            Meaning::Unsupported("write the file as `file` of the card's body")
        }
        "-K" | "--config" => Meaning::Unsupported("what it reads is not here"),
        "-:" | "--next" => Meaning::Unsupported("a card is one request"),
        _ => return None,
    })
}

impl CurlCommand {
    /// Reads a command as it was pasted.
    ///
    /// # Errors
    /// [`DraftFault`].
    ///
    /// # Example: a credential is dropped
    /// ```
    /// use cardhost_author::draft::CurlCommand;
    ///
    /// let read = CurlCommand::parse("curl https://api.shop.example/v1/orders?limit=10 -H 'Authorization: Bearer x'")?;
    /// assert_eq!((read.method.as_str(), read.path.as_str()), ("GET", "/v1/orders"));
    /// assert!(read.headers.is_empty());
    /// assert_eq!(read.notes, ["header `authorization` is left out: it logs in, which is the connection's to do"]);
    /// # Ok::<(), cardhost_author::draft::DraftFault>(())
    /// ```
    pub fn parse(text: &str) -> Result<CurlCommand, DraftFault> {
        let words = words(text)?;
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let name = first.rsplit('/').next().unwrap_or_default();
        if !matches!(name, "curl" | "curl.exe") {
            return Err(DraftFault::NotCurl(first.chars().take(20).collect()));
        }
        let mut reading = Reading::default();
        while let Some(word) = words.next() {
            reading.word(&word, &mut words)?;
        }
        reading.finish()
    }
}

#[derive(Default)]
struct Reading {
    method: Option<String>,
    url: Option<String>,
    data: Vec<String>,
    more_query: Vec<String>,
    is_get: bool,
    is_head: bool,
    is_json: bool,
    command: CurlCommand,
}

impl Reading {
    fn word(
        &mut self,
        word: &str,
        more: &mut dyn Iterator<Item = String>,
    ) -> Result<(), DraftFault> {
        if word == "--" {
            return Ok(());
        }
        if word.starts_with("--") || word == "-:" {
            let meaning =
                meaning(word).ok_or_else(|| DraftFault::UnknownOption(word.to_owned()))?;
            return self.option(word, &meaning, None, more);
        }
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return self.url(word);
        };
        // Several letters in one word; the first that takes a value takes the rest of the word.
        for (at, letter) in letters.char_indices() {
            let option = format!("-{letter}");
            let meaning =
                meaning(&option).ok_or_else(|| DraftFault::UnknownOption(option.clone()))?;
            let rest = &letters[at + letter.len_utf8()..];
            let takes = !matches!(
                meaning,
                Meaning::Ignored | Meaning::Get | Meaning::Head | Meaning::Dropped
            );
            let attached = (takes && !rest.is_empty()).then(|| rest.to_owned());
            let ends = takes;
            self.option(&option, &meaning, attached, more)?;
            if ends {
                break;
            }
        }
        Ok(())
    }

    fn option(
        &mut self,
        option: &str,
        meaning: &Meaning,
        attached: Option<String>,
        more: &mut dyn Iterator<Item = String>,
    ) -> Result<(), DraftFault> {
        let mut value = || {
            attached
                .clone()
                .or_else(|| more.next())
                .ok_or_else(|| DraftFault::NoValue(option.to_owned()))
        };
        match meaning {
            Meaning::Ignored => {}
            Meaning::IgnoredValue | Meaning::Agent => drop(value()?),
            Meaning::Method => self.method = Some(value()?.to_ascii_uppercase()),
            Meaning::Header => {
                let header = value()?;
                self.header(&header);
            }
            Meaning::Data(kind) => {
                let text = value()?;
                self.data(*kind, option, text)?;
            }
            Meaning::Get => self.is_get = true,
            Meaning::Head => self.is_head = true,
            Meaning::Url => {
                let url = value()?;
                self.url(&url)?;
            }
            Meaning::UrlQuery => {
                let text = value()?;
                self.more_query.push(encoded(&text));
            }
            Meaning::User => {
                drop(value()?);
                let bearer = option == "--oauth2-bearer";
                self.command.login = Some(if bearer { Login::Bearer } else { Login::Basic });
                self.dropped(&format!("`{option}`"));
            }
            Meaning::Dropped => self.dropped(&format!("`{option}`")),
            Meaning::DroppedValue => {
                drop(value()?);
                self.dropped(&format!("`{option}`"));
            }
            Meaning::Unsupported(why) => {
                return Err(DraftFault::Unsupported { option: option.to_owned(), why });
            }
        }
        Ok(())
    }

    fn dropped(&mut self, what: &str) {
        let note = format!("{what} is left out: it logs in, which is the connection's to do");
        if !self.command.notes.contains(&note) {
            self.command.notes.push(note);
        }
    }

    fn url(&mut self, text: &str) -> Result<(), DraftFault> {
        if self.url.replace(text.to_owned()).is_some() {
            return Err(DraftFault::SeveralUrls);
        }
        Ok(())
    }

    fn header(&mut self, header: &str) {
        // `name;` is an empty header, `name:` takes one of curl's own out.
        let Some((name, value)) = header.split_once(':') else { return };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if is_credential(&name) {
            let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
            let login = match (name.as_str(), scheme.as_str()) {
                ("cookie", _) => None,
                ("authorization", "bearer") => Some(Login::Bearer),
                ("authorization", "basic") => Some(Login::Basic),
                _ => Some(Login::Header(name.clone())),
            };
            self.command.login = login.or(self.command.login.take());
            return self.dropped(&format!("header `{name}`"));
        }
        let is_of_browser = ["sec-", "x-requested-with", "access-control-", "if-"]
            .iter()
            .any(|start| name.starts_with(start))
            || OF_CLIENTS.contains(&name.as_str())
            || (name == "accept"
                && (value == "*/*"
                    || value.starts_with("application/json")
                    || value.contains("*/*")));
        if !is_of_browser && !value.is_empty() {
            self.command.headers.push((name, value.to_owned()));
        }
    }

    fn data(&mut self, kind: Data, option: &str, text: String) -> Result<(), DraftFault> {
        let reads_file = text.starts_with('@') && kind != Data::Raw;
        let names_file = kind == Data::Encoded && !text.contains('=') && text.contains('@');
        if reads_file || names_file {
            let option = format!("{option} {text}");
            return Err(DraftFault::Unsupported { option, why: "put the text of the file there" });
        }
        self.is_json |= kind == Data::Json;
        self.data.push(match kind {
            Data::Encoded => encoded(&text),
            _ => text,
        });
        Ok(())
    }

    fn finish(self) -> Result<CurlCommand, DraftFault> {
        let Reading { method, url, data, more_query, is_get, is_head, is_json, mut command } = self;
        let url = url.ok_or(DraftFault::NoUrl)?;
        let (origin, path, mut query) = parts(&url)?;
        if origin.has_user {
            command.notes.push(
                "the user in the URL is left out: it logs in, which is the connection's to do"
                    .to_owned(),
            );
            command.login = Some(Login::Basic);
        }
        query.extend(more_query);
        let body = match (is_get, data.is_empty()) {
            (_, true) => None,
            (true, _) => {
                query.extend(data);
                None
            }
            // JSON that is given in pieces is joined as it is.
            (false, false) => Some(data.join(if is_json { "" } else { "&" })),
        };
        let default = if body.is_some() { "POST" } else { "GET" };
        command.method =
            method.unwrap_or_else(|| if is_head { "HEAD" } else { default }.to_owned());
        if !["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
            .contains(&command.method.as_str())
        {
            return Err(DraftFault::Method(command.method));
        }
        if is_json && !command.headers.iter().any(|(name, _)| name == "content-type") {
            command.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        for (name, value) in pairs(&query.join("&")) {
            if is_credential(&name) {
                command.login.get_or_insert(Login::Query(name.clone()));
                let note = format!(
                    "parameter `{name}` is left out: it logs in, which is the connection's to do"
                );
                command.notes.push(note);
            } else {
                command.query.push((name, value));
            }
        }
        (command.origin, command.path, command.body) = (origin.text, path, body);
        Ok(command)
    }
}

/// What HTTP clients set by themselves.
const OF_CLIENTS: [&str; 15] = [
    "accept-encoding",
    "accept-language",
    "user-agent",
    "referer",
    "origin",
    "dnt",
    "priority",
    "cache-control",
    "pragma",
    "connection",
    "host",
    "content-length",
    "te",
    "upgrade-insecure-requests",
    "transfer-encoding",
];

/// Scheme, host and port of a URL.
struct Origin {
    text: String,
    has_user: bool,
}

/// The origin, the path and the query of a URL, placeholders and all.
fn parts(text: &str) -> Result<(Origin, String, Vec<String>), DraftFault> {
    let unusable = || DraftFault::Url(text.chars().take(80).collect());
    let with_scheme =
        if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let (scheme, rest) = with_scheme.split_once("://").ok_or_else(unusable)?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(unusable());
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let end = before.find('/').unwrap_or(before.len());
    let (authority, path) = before.split_at(end);
    let (has_user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    let host = host.to_ascii_lowercase();
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(unusable());
    }
    let default = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(&host);
    let path = if path.is_empty() { "/" } else { path };
    let query = if query.is_empty() { Vec::new() } else { vec![query.to_owned()] };
    Ok((Origin { text: format!("{scheme}://{host}"), has_user }, path.to_owned(), query))
}

/// What `--data-urlencode` makes of its value.
fn encoded(text: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match text.split_once('=') {
        Some(("", content)) => encode(content),
        Some((name, content)) => format!("{name}={}", encode(content)),
        None => encode(text),
    }
}

/// The parameters of a query or form, decoded.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .filter(|(name, _)| !name.is_empty())
        .collect()
}
