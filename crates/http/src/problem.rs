//! Every refusal on its way out. Inside it is a code and its facts; the edge puts it into the caller's language.

mod adoption;
mod ahead;
mod chain;
mod energy;
mod explanation;
mod intake;
mod order;
mod signature;
mod stake;
mod store;

use axum::response::{IntoResponse, Response};
use sluice_api::problem::{Code, Fault, Form, Refusal};
use sluice_core::time::Timestamp;

pub(crate) use adoption::{adoption, registration};
pub(crate) use ahead::ahead;
pub(crate) use chain::node_unavailable;
pub(crate) use energy::{booking, resolution};
pub(crate) use explanation::explanation;
pub(crate) use intake::{amount, intake};
pub(crate) use order::{cancel, order};
pub(crate) use signature::{hand_out, key_not_shown, refill, submission};
pub(crate) use stake::stake;

/// The latest time there is a text for.
const TIME_MAX: &str = "9999-12-31T23:59:59Z";

/// Why a request is not answered with what it asked for. A response made of it carries the refusal to the edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// What is answered.
    pub refusal: Refusal,
    /// When it is worth trying again, seconds.
    pub retry_after_s: Option<u64>,
}

impl Reject {
    /// A refusal with this code and nothing to fill in.
    pub fn new(code: Code) -> Self {
        Refusal::new(code).into()
    }

    /// Nothing there, or nothing this caller may see: the two are never told apart.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// This server is at a bound.
    pub fn overloaded() -> Self {
        let refusal = Refusal::new(Code::Overloaded).with("retry_after_s", 1);
        Self { refusal, retry_after_s: Some(1) }
    }

    /// A defect of ours. The cause is for the log alone.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "A request failed by a defect");
        Self::new(Code::Internal)
    }

    /// The caller lacks a scope.
    pub fn scope(scope: impl std::fmt::Display) -> Self {
        Refusal::new(Code::ScopeMissing).with("scope", scope).into()
    }

    /// Only keys of the platform may do it.
    pub fn platform_only() -> Self {
        Self::new(Code::PlatformOnly)
    }

    /// A time that is not between these two.
    pub fn time(
        pointer: &str,
        field: &'static str,
        value: impl ToString,
        min: Timestamp,
        max: Option<Timestamp>,
    ) -> Self {
        let max = max.map_or_else(|| TIME_MAX.to_owned(), |max| max.to_string());
        Fault::new(Code::TimeOutOfRange, pointer)
            .with("field", field)
            .with("value", value)
            .with("min", min)
            .with("max", max)
            .into()
    }

    /// A field with a value that cannot be.
    pub fn field(name: &str, expected: Form) -> Self {
        Fault::new(Code::BodyInvalid, sluice_api::problem::pointer(&[name])).with("expected", expected).into()
    }
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, retry_after_s: None }
    }
}

impl From<Fault> for Reject {
    fn from(fault: Fault) -> Self {
        Refusal::from(fault).into()
    }
}

impl IntoResponse for Reject {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}
