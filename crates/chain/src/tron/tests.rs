//! [`super::Tron`] over scripted nodes that lie, lag and fail. Nothing here waits, so no executor is needed: every future is
//! ready when it is polled, which also shows that the crate names no runtime above `http`.

mod accounts;
mod conditions;
pub(super) mod fake;
mod lies;
mod made;
mod paid_in;
mod preflight;
mod slots;
mod submit;
mod watch;
