//! A request in which something is to be signed before it is sent.

use std::sync::Arc;

use super::course::Course;
use super::signed::Signed;
use crate::auth::Pending;
use crate::failure::Error;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::response::Reply;
use crate::secret::Secret;
use crate::transport_fault::TransportFault;

/// A call whose request is to be completed with what depends on the time, on the whole request or on a token.
///
/// # Example: it cannot be sent
/// ```compile_fail,E0599
/// fn request(call: &cardhost_core::call::Unsigned) -> &cardhost_core::request::RequestSpec {
///     call.request()
/// }
/// ```
#[derive(Debug)]
pub struct Unsigned {
    course: Box<Course>,
    refused: Option<Box<Refused>>,
}

/// A request whose token the service has refused, and the reply that says so.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) token: Option<Secret>,
    pub(super) request: Option<Box<RequestSpec>>,
    pub(super) reply: Reply,
}

impl Unsigned {
    pub(super) fn new(course: Box<Course>) -> Unsigned {
        Unsigned { course, refused: None }
    }

    pub(super) fn refusing(course: Box<Course>, refused: Refused) -> Unsigned {
        Unsigned { course, refused: Some(Box::new(refused)) }
    }

    /// Whether it takes a token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.course.plan.pending.as_ref().and_then(Pending::renew_on).is_some()
    }

    /// The token that the service has refused; another one is needed.
    #[must_use]
    pub fn refused(&self) -> Option<&Secret> {
        self.refused.as_ref()?.token.as_ref()
    }

    /// The refusal that it comes from.
    pub(super) fn into_refused(mut self) -> Result<(Box<Course>, Refused), Unsigned> {
        match self.refused.take() {
            Some(refused) => Ok((self.course, *refused)),
            None => Err(self),
        }
    }

    /// The error of a call that ends here, before anything of its request was sent.
    #[must_use]
    pub fn on_fault(self, fault: TransportFault) -> Error {
        let signed = Signed::plain(self.course);
        let error = signed.transport_error(fault);
        signed.into_parts().0.lost(error)
    }

    /// The error of a call that ends here, with what was had of pages before.
    #[must_use]
    pub fn on_error(mut self, error: Error) -> Error {
        self.course.lost(error)
    }

    /// Completes the request; without a token, the place of one is marked.
    ///
    /// # Errors
    /// Class [`crate::error::Class::Connection`], where the credentials cannot be used.
    pub fn sign(self, token: Option<Secret>, moment: &Moment) -> Result<Signed, Error> {
        let mut course = self.course;
        let Some(pending) = &course.plan.pending else { return Ok(Signed::plain(course)) };
        let mut request = Box::new(course.plan.request.clone());
        let derived = match pending.sign(&mut request, token.as_ref(), moment) {
            Ok(derived) => derived,
            Err(fault) => {
                let error = course.auth_error(fault, &course.plan.request.redactor);
                return Err(course.lost(error));
            }
        };
        let secrets = derived.into_iter().chain(token.clone());
        request.redactor = Arc::new(request.redactor.with(secrets));
        Ok(Signed::new(course, request, token))
    }
}
