//! Looking names up, in a way that an embedder can replace.

use std::io;
use std::net::IpAddr;

use super::BoxFuture;

/// Looks the addresses of a name up.
pub trait Resolve: Send + Sync {
    /// The addresses of a host name, in the order in which they are to be tried. Never asked for an address.
    ///
    /// # Errors
    /// Why there is none; the words are shown.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// Asks the operating system (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
