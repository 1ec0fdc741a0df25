//! Schemes that the embedding program brings.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::secret::Secret;

/// A scheme of an embedder's own.
///
/// It is asked once for each sending, after everything else of the request is there, and must not do I/O: what it needs
/// comes in.
///
/// # Example: a header that repeats the time and a key
/// The connector says `{ "scheme": "custom", "name": "stamp", "values": { "key": "<<connection.Key>>" } }`, and the host is
/// built with `.auth_scheme("stamp", Stamp)`.
/// ```
/// use cardhost_core::auth::{CustomScheme, CustomValues};
/// use cardhost_core::moment::Moment;
/// use cardhost_core::request::RequestSpec;
/// use cardhost_core::secret::Secret;
/// use http::{HeaderValue, Method};
///
/// struct Stamp;
///
/// impl CustomScheme for Stamp {
///     fn apply(
///         &self,
///         request: &mut RequestSpec,
///         values: &CustomValues,
///         moment: &Moment,
///     ) -> Result<Vec<Secret>, String> {
///         let key = values.get("key").ok_or("it needs the value `key`")?;
///         let stamp = format!("{}:{}", moment.unix_seconds, key.expose());
///         let mut header = HeaderValue::from_str(&stamp).map_err(|_| "the key is no header's text")?;
///         header.set_sensitive(true);
///         request.headers.insert("x-stamp", header);
///         // What must not be shown: the key itself is known to be secret already.
///         Ok(vec![Secret::from(stamp.as_str())])
///     }
/// }
///
/// let mut request = RequestSpec::new(Method::GET, "https://shop.example/orders".parse()?);
/// let values = CustomValues::from_iter([("key".to_owned(), Secret::from("k-12345"))]);
/// let moment = Moment { unix_seconds: 1_769_868_239, nonce: [0; 16] };
///
/// let hidden = Stamp.apply(&mut request, &values, &moment)?;
/// assert_eq!(request.headers["x-stamp"], "1769868239:k-12345");
/// assert_eq!(hidden.len(), 1);
/// assert!(Stamp.apply(&mut request, &CustomValues::new(), &moment).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CustomScheme: Send + Sync {
    /// Adds the credentials to the request, and gives back what they look like there, so that it is redacted.
    ///
    /// # Errors
    /// Why that cannot be done: a lower-case fragment without secrets.
    fn apply(
        &self,
        request: &mut RequestSpec,
        values: &CustomValues,
        moment: &Moment,
    ) -> Result<Vec<Secret>, String>;
}

/// The values of a custom scheme by name.
pub type CustomValues = IndexMap<String, Secret>;

/// The schemes that a host was given, by name.
#[derive(Clone, Default)]
pub struct CustomSchemes {
    known: HashMap<String, Arc<dyn CustomScheme>>,
    any: bool,
}

impl CustomSchemes {
    /// Schemes of every name that add nothing: for examples, which no host runs.
    #[must_use]
    pub fn any() -> CustomSchemes {
        CustomSchemes { known: HashMap::new(), any: true }
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<dyn CustomScheme>> {
        let nothing = || self.any.then(|| Arc::new(Nothing) as Arc<dyn CustomScheme>);
        self.known.get(name).cloned().or_else(nothing)
    }

    /// Adds a scheme.
    pub fn add(&mut self, name: &str, scheme: Arc<dyn CustomScheme>) {
        self.known.insert(name.to_owned(), scheme);
    }
}

impl fmt::Debug for CustomSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

/// Adds nothing.
struct Nothing;

impl CustomScheme for Nothing {
    fn apply(
        &self,
        _: &mut RequestSpec,
        _: &CustomValues,
        _: &Moment,
    ) -> Result<Vec<Secret>, String> {
        Ok(Vec::new())
    }
}
