//! Tenants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::problem::Code;
use crate::tag;
use crate::text::Time;
use crate::words::words;

/// The most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// The most characters of a time zone.
pub const TIMEZONE_CHARS_MAX: usize = 64;

words! {
    /// Whether a partner is paid.
    PartnerState {
        /// It is.
        Active = "active",
        /// A stop is in force for it or for everybody: its withdrawals are taken and wait.
        Stopped = "stopped",
    }
}

words! {
    /// Whether money is real.
    Mode {
        /// Real money: requests are signed.
        Live = "live",
        /// Play money: plain bearer keys are accepted as well.
        Test = "test",
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partner {
    /// `pt_...`
    pub id: String,
    /// Always `partner`.
    pub object: tag::Partner,
    /// What people call it.
    pub name: String,
    /// Whether it is paid.
    pub state: PartnerState,
    /// Whether its money is real.
    pub mode: Mode,
    /// The IANA time zone in which its days begin.
    #[schema(examples("Asia/Seoul"))]
    pub timezone: String,
    /// When it was created.
    pub created_at: Time,
}

/// Creates a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePartner {
    /// What people call it, unique in the installation; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Whether its money is real.
    pub mode: Mode,
    /// The IANA time zone in which its days begin; `Asia/Seoul` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub timezone: Option<String>,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for CreatePartner {
    const FIELDS: &'static [Field] = &[
        Field::required("name", Shape::Text(NAME_CHARS_MAX)),
        Field::required("mode", Shape::Word(Mode::WORDS, Code::WordUnknown)),
        Field::optional("timezone", Shape::Text(TIMEZONE_CHARS_MAX)),
        REASON,
    ];
}
