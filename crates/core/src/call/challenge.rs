//! Challenges (RFC 9110, section 11.6.1): the first is answered, and one more where only the server's nonce had become
//! too old.

use std::sync::Arc;

use super::signed::Signed;
use crate::failure::Error;
use crate::moment::Moment;
use crate::request::RequestSpec;
use crate::response::Reply;

/// Most answers to one request.
const MOST_ANSWERS: u8 = 2;

/// The request with an answer to the challenge of a reply; `None` where there is nothing to be answered.
pub(super) fn answer(
    call: &Signed,
    reply: &Reply,
    moment: &Moment,
) -> Result<Option<Box<RequestSpec>>, Error> {
    let course = &call.course;
    let pending = course.plan.pending.as_ref().filter(|pending| pending.answers());
    let Some(pending) = pending.filter(|_| reply.status == 401) else { return Ok(None) };
    let failed = |fault| course.auth_error(fault, call.redactor());
    // What is signed besides is signed anew: a nonce is good for one request.
    let mut request = Box::new(course.plan.request.clone());
    let signed = pending.sign(&mut request, call.token.as_ref(), moment).map_err(failed)?;
    let answer = pending.answer(&reply.headers, &mut request, moment).map_err(failed)?;
    let may = |stale| course.answered == 0 || (stale && course.answered < MOST_ANSWERS);
    let Some(answer) = answer.filter(|answer| may(answer.stale)) else { return Ok(None) };
    let derived = signed.into_iter().chain(answer.derived);
    request.redactor = Arc::new(call.redactor().with(derived));
    Ok(Some(request))
}
