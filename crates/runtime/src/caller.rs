//! Who a call is for: what comes with each call and not with the host.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Who a call is for: the tenant whose stored connections it uses, and whatever the embedding program wants to know of it
/// again where it is asked for a connection.
#[derive(Clone, Default)]
pub struct Caller {
    tenant: Option<Arc<str>>,
    context: Option<Arc<dyn Any + Send + Sync>>,
}

impl Caller {
    /// Somebody of a tenant.
    #[must_use]
    pub fn of_tenant(tenant: &str) -> Caller {
        Caller { tenant: Some(tenant.into()), context: None }
    }

    /// With something of the embedding program's own.
    #[must_use]
    pub fn with_context<T: Any + Send + Sync>(self, context: T) -> Caller {
        Caller { context: Some(Arc::new(context)), ..self }
    }

    /// The tenant, where one is named.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// What the embedding program gave along; `None` where that is of another type.
    #[must_use]
    pub fn context<T: Any>(&self) -> Option<&T> {
        self.context.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}
