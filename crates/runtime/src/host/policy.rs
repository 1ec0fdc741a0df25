//! What a host allows.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::token::LEASE;
use crate::transport::EgressPolicy;

/// What a host allows.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whether a connection's fields may point at environment variables and files (`{"env": NAME}`,
    /// `{"file": PATH}`). `false` by default: whoever writes an invocation could read the host's secrets.
    pub secret_references: bool,
    /// The same for the fields of stored connections, which are read anew for each use. `false` by default: where tenants
    /// store connections themselves, they could read the host's secrets.
    pub stored_secret_references: bool,
    /// Whether inputs of type `file` may name files of this machine (`{"file": PATH}`). `false` by default: whoever writes an
    /// invocation could send the host's files away.
    pub file_inputs: bool,
    /// The folder that replies are kept in as files, of cards that say so; it has to be there. Without one they are given out in base64, up to 16
    /// MiB. Hosts of tenants give each its own.
    pub files: Option<PathBuf>,
    /// Where requests may go whose host a connection decides. [`HttpTransport`](crate::transport::HttpTransport)s that are given to
    /// [`HostBuilder::transport`](super::HostBuilder::transport) have a policy of their own ([`HttpTransport::egress`](crate::transport::HttpTransport::egress)).
    pub egress: EgressPolicy,
    /// For the whole call, in place of the connector's limit; further attempts and the waits before them included.
    pub total_timeout: Option<Duration>,
    /// How often a request may be sent, in place of what its card and connector say; 1 for never again.
    pub attempts: Option<NonZeroU32>,
    /// Whether the limits of services (`limits` of targets) are kept; `true` by default. An embedder that counts for
    /// itself turns it off.
    pub keeps_limits: bool,
    /// How long a request may wait for the limits of its service (`limits` of a target); as long as its call may take by
    /// default. A wait that would be longer is not begun.
    pub limit_wait: Option<Duration>,
    /// How long one host may take to renew the token of a stored connection before another one may; 30 s by default, a
    /// second at least. The same for all hosts that share a store. A token request gets two thirds of it, and 20 s at
    /// most: nobody's request is under way any more when its lease ends.
    pub token_lease: Duration,
    /// Most bytes of an invocation's text; 16 MiB by default. For whoever reads the text: the command does, a `Host` is
    /// given what was read.
    pub max_invocation_bytes: usize,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            secret_references: false,
            stored_secret_references: false,
            file_inputs: false,
            files: None,
            egress: EgressPolicy::default(),
            total_timeout: None,
            attempts: None,
            keeps_limits: true,
            limit_wait: None,
            token_lease: LEASE,
            max_invocation_bytes: 16 * 1024 * 1024,
        }
    }
}
